//! Zip archive → its files, checked against the bytes that the archive really has. Used by `find` and `part`.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use crate::error::{Error, Result};
use crate::guard::MAX_COMPRESSION;
use crate::guard::{Guarded, guarded};
use crate::regular;
use crate::schema::file_names;

/// The entries by name and index. Leaves out folders, links and hidden files.
///
/// # Errors
/// The archive is damaged, encrypted or hostile.
pub(crate) fn entries(archive: &Path) -> Result<Vec<(String, usize)>> {
    let mut zip = open(archive)?;
    let shown = archive.display();
    if zip.has_duplicate_names() {
        return Err(Error::input(format!("`{shown}` holds two entries of one name"))
            .with_hint("only one of them can be read; unpack the archive, and name the folder with the right one"));
    }
    // Declared sizes limit how far entries may unpack, so they must be consistent with the archive.
    if zip.has_overlapping_entries().map_err(|e| damaged(archive, &e))? {
        return Err(Error::input(format!("`{shown}` declares more bytes than it holds: its entries overlap"))
            .with_hint("such an archive is damaged, or made to fill disks; download it again"));
    }
    let mut found = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(|e| damaged(archive, &e))?;
        let name = entry.name().map_err(|e| damaged(archive, &e))?.replace('\\', "/");
        if entry.enclosed_name().is_none() || name.split('/').any(|part| part == "..") {
            return Err(Error::input(format!("`{shown}` holds an entry that points outside of it: `{name}`"))
                .with_hint("such an archive is not Kaggle's; download it again"));
        }
        if entry.size() > MAX_COMPRESSION.saturating_mul(entry.compressed_size().max(1)) {
            let (size, packed) = (entry.size(), entry.compressed_size());
            return Err(Error::input(format!("`{name}` in `{shown}` would unpack to {size} bytes from {packed}"))
                .with_hint("no table compresses so well; download the archive again"));
        }
        let hidden = name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX");
        if !entry.is_file() || hidden {
            continue;
        }
        if entry.encrypted() && file_names::stem(&name).is_some() {
            return Err(Error::input(format!("`{name}` in `{shown}` is encrypted"))
                .with_hint("unpack the archive with its password, and name the folder"));
        }
        found.push((name, index));
    }
    Ok(found)
}

/// Whether the archive is an Excel workbook.
pub(crate) fn is_workbook(archive: &Path) -> bool {
    open(archive).is_ok_and(|zip| zip.file_names().flatten().any(|name| name == "xl/workbook.xml"))
}

/// Calls `read` with the unpacked bytes of an entry, and their number.
///
/// # Errors
/// The archive is damaged; the entry is longer than declared; `read` fails.
pub(crate) fn with_entry<T>(
    archive: &Path,
    index: usize,
    name: &str,
    read: impl FnOnce(&mut dyn Read, u64) -> Result<T>,
) -> Result<T> {
    let zip = &mut open(archive)?;
    let entry = guarded(name, move || zip.by_index(index).map_err(|e| damaged(archive, &e)))?;
    let size = entry.size();
    // One byte more than declared proves that the declaration is false.
    let mut limited = Guarded(entry).take(size.saturating_add(1));
    let result = read(&mut limited, size)?;
    match limited.limit() {
        0 => Err(Error::input(format!("`{name}` in `{}` is longer than it declares", archive.display()))
            .with_hint("such an archive is damaged, or made to fill disks; download it again")),
        _ => Ok(result),
    }
}

/// Compressed and unpacked size of an entry, bytes.
pub(crate) fn sizes(archive: &Path, index: usize) -> Result<(u64, u64)> {
    let mut zip = open(archive)?;
    let entry = zip.by_index_raw(index).map_err(|e| damaged(archive, &e))?;
    Ok((entry.compressed_size(), entry.size()))
}

fn open(archive: &Path) -> Result<ZipArchive<BufReader<File>>> {
    ZipArchive::new(BufReader::new(regular::open(archive)?)).map_err(|e| damaged(archive, &e))
}

fn damaged(archive: &Path, error: &ZipError) -> Error {
    Error::input(format!("`{}` is not a readable zip archive: {error}", archive.display()))
        .with_hint("`--data` takes a folder of Olist CSV files or Kaggle's zip")
}
