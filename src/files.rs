//! Paths below the output folder, which other programs may have changed → files opened or created safely: links are not followed, and
//! existing files are not overwritten by accident. Used by `pipeline`, `report` and the command line.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Component, Path};

/// Whether `path`, joined to a folder, stays below that folder.
pub(crate) fn is_below(path: &str) -> bool {
    !path.is_empty() && !path.contains('\\') && Path::new(path).components().all(|c| matches!(c, Component::Normal(_)))
}

/// Metadata of what is at `path`, without following a link; `None` if nothing is there.
///
/// # Errors
/// An [`io::Error`] other than "not found".
pub(crate) fn look(path: &Path) -> io::Result<Option<Metadata>> {
    match path.symlink_metadata() {
        Ok(meta) => Ok(Some(meta)),
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(e) => Err(e),
    }
}

/// The kind of file in words, for messages.
pub(crate) fn kind(meta: &Metadata) -> &'static str {
    match meta.file_type() {
        kind if kind.is_symlink() => "a link",
        kind if kind.is_dir() => "a folder",
        kind if kind.is_file() => "a file",
        _ => "neither file nor folder",
    }
}

/// Metadata of the regular file at `path` below `root`, checked to be reached without a link.
///
/// # Errors
/// There is no regular file, or a component of the path is a link.
pub(crate) fn regular(root: &Path, path: &str) -> io::Result<Metadata> {
    let refuse = |what: &str| io::Error::new(ErrorKind::InvalidInput, what.to_string());
    if !is_below(path) {
        return Err(refuse("it leads out of the folder"));
    }
    let (mut place, mut meta) = (root.to_path_buf(), None);
    for part in Path::new(path) {
        if meta.as_ref().is_some_and(|meta: &Metadata| !meta.is_dir()) {
            return Err(refuse("a link or a file is on the way"));
        }
        place.push(part);
        meta = Some(place.symlink_metadata()?);
    }
    meta.filter(Metadata::is_file).ok_or_else(|| refuse("it is no regular file"))
}

/// Creates a file where nothing exists. A dangling link counts as existing.
///
/// # Errors
/// Something exists there, or the file cannot be created.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).open(path)
}

/// Replaces what is at `path` by a new file. A link is removed; its target stays.
///
/// # Errors
/// The file cannot be created, for example because a folder is there.
pub(crate) fn create_afresh(path: &Path) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != ErrorKind::NotFound => Err(e),
        _ => create_new(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_below_their_folder() {
        for path in ["a", "a/b.csv", "a//b"] {
            assert!(is_below(path), "{path}");
        }
        for path in ["", "/etc/passwd", "../a", "a/../b", "a/..", "..", "./a", "a\\..\\b"] {
            assert!(!is_below(path), "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_neither_read_nor_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("folder")).unwrap();
        fs::write(at("folder/file"), "mine").unwrap();
        std::os::unix::fs::symlink("folder", at("linked")).unwrap();
        std::os::unix::fs::symlink("folder/file", at("link")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
        assert!(regular(dir.path(), "folder/file").is_ok());
        for path in ["linked/file", "link", "folder", "dangling", "folder/file/x", "../x", "none"] {
            assert!(regular(dir.path(), path).is_err(), "{path}");
        }
        assert!(create_new(&at("dangling")).is_err() && create_new(&at("link")).is_err());
        create_afresh(&at("link")).unwrap();
        assert_eq!(fs::read_to_string(at("folder/file")).unwrap(), "mine");
        assert_eq!(kind(&look(&at("linked")).unwrap().unwrap()), "a link");
        assert!(look(&at("none")).unwrap().is_none());
    }
}
