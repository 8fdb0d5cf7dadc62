//! A file of an export that is read as a whole, and libraries that may panic on it. Used by `records` and `workbook`.

use std::io::Read;

use crate::error::{Error, Result};
use crate::guard::guarded;
use crate::input::file::part::{FilePart, unreadable};

/// Longest file of a format that is read as a whole (JSON, workbooks), bytes.
const MAX_WHOLE: u64 = 1 << 30;

/// The bytes of a file that is read as a whole.
pub(super) fn whole(part: &FilePart) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    part.with_rows(|rows| {
        let failed = |e| unreadable(&part.name, &e);
        rows.take(MAX_WHOLE + 1).read_to_end(&mut bytes).map_err(failed)
    })?;
    if bytes.len() as u64 > MAX_WHOLE {
        return Err(Error::input(format!("`{}` is longer than {} MB", part.name, MAX_WHOLE >> 20))
            .with_hint("export it as CSV, which is read line by line"));
    }
    Ok(bytes)
}

/// Runs `read` on a library that may panic on damaged files.
pub(super) fn careful<T>(part: &FilePart, read: impl FnOnce() -> Result<T>) -> Result<T> {
    guarded(&part.name, read)
}
