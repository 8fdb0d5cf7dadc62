//! The staging folder: opened, and its files created, synced and removed. Used by `staging`.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::owned::in_the_way;
use crate::error::{Error, Result};
use crate::files;

/// Staging folder: files of a run until all are complete.
const STAGING: &str = ".pfe-run";

/// File in it that marks it as ours, not the user's.
const STAGED_BY: &str = "staged-by";

/// Contents of that file.
const PFE: &str = "pfe\n";

/// Staging folder of an unfinished run of `out`.
pub(crate) fn staged(out: &Path) -> PathBuf {
    out.join(STAGING)
}

/// Opens the staging folder; returns whether it existed.
///
/// # Errors
/// The folder is the user's, or holds something that no run stages.
pub(super) fn open(out: &Path, dir: &Path) -> Result<bool> {
    let failed = Error::io("create", dir);
    let Some(meta) = files::look(dir).map_err(Error::io("read", dir))? else {
        let made =
            fs::create_dir(dir).and_then(|()| files::create_new(&dir.join(STAGED_BY))?.write_all(PFE.as_bytes()));
        return made.map(|()| false).map_err(failed);
    };
    let mark = dir.join(STAGED_BY);
    let read = files::regular(dir, STAGED_BY).ok().and_then(|_| fs::read_to_string(&mark).ok());
    // A run may have been killed before it wrote the mark's contents.
    let begun = || fs::read_dir(dir).is_ok_and(|entries| entries.flatten().all(|entry| entry.path() == mark));
    match (meta.is_dir(), read.as_deref()) {
        (true, Some(PFE)) => {}
        (true, text) if text.is_none_or(|text| PFE.starts_with(text)) && begun() => {
            files::create_afresh(&mark).and_then(|mut file| file.write_all(PFE.as_bytes())).map_err(failed)?;
        }
        _ => return Err(in_the_way(out, STAGING, &meta)),
    }
    check_staged(out, STAGING)?;
    Ok(true)
}

/// Only files and folders are staged: writing through a link would change files elsewhere.
fn check_staged(out: &Path, folder: &str) -> Result<()> {
    let place = out.join(folder);
    for entry in fs::read_dir(&place).map_err(Error::io("read", &place))? {
        let entry = entry.map_err(Error::io("read", &place))?;
        let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
        let meta = entry.path().symlink_metadata().map_err(Error::io("read", entry.path()))?;
        match () {
            () if meta.is_dir() => check_staged(out, &path)?,
            () if meta.is_file() => {}
            () => return Err(in_the_way(out, &path, &meta)),
        }
    }
    Ok(())
}

pub(super) fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("write", folder))
}

/// Replaces the remains of an earlier run, which may be a hard link to another file.
pub(super) fn create(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    files::create_afresh(path)
}

/// Removes a file, a link itself, or a folder with its contents.
pub(super) fn remove(path: &Path) -> Result<()> {
    let is_dir = path.symlink_metadata().is_ok_and(|meta| meta.is_dir());
    let removed = if is_dir { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("replace", path)(e)),
        _ => Ok(()),
    }
}
