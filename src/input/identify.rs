//! Source → identities of its files, without parsing them: what `read` would say that it has read. Used by `pipeline`.

use rayon::prelude::*;

use super::identity::{Hash, InputFile, hash_part};
use super::read::read_blocks;
use super::source::Source;
use crate::error::Result;
use crate::schema::contract::{TABLES, TableId};

/// Computes what [`RawTable::file`](super::raw_table::RawTable::file) will be. A file is hashed but not parsed; the rows of a store must be read.
///
/// # Errors
/// As [`read`](super::read::read); or `hash` fails.
pub fn identify(source: &Source, id: TableId, hash: &Hash<'_>) -> Result<InputFile> {
    let first = source.parts().iter().find(|part| part.store.is_some() || part.file(id).is_some());
    let Some(file) = first.and_then(|part| part.file(id)) else {
        // Reads the rows for their hash and drops them.
        return Ok(read_blocks(source, id, &mut |_, _| Ok(()))?.0.file);
    };
    match file.single() {
        Some(part) => hash_part(part, hash),
        None => Ok(InputFile::joined(
            &file.name,
            file.parts().iter().map(|part| hash_part(part, hash)).collect::<Result<_>>()?,
        )),
    }
}

/// [`identify`] for all tables.
///
/// # Errors
/// As [`identify`].
pub fn identify_all(source: &Source, hash: &Hash<'_>) -> Result<Vec<(TableId, InputFile)>> {
    TABLES.par_iter().with_max_len(1).map(|table| Ok((table.id, identify(source, table.id, hash)?))).collect()
}
