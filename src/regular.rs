//! Path named by the user → open file, only if it is a regular file: reading a pipe or a device could block or never end. Used by every
//! module that reads such files.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};

/// Opens a regular file, or a link to one.
///
/// # Errors
/// [`Error::Input`] if it is not a regular file, [`Error::Io`] if it cannot be opened.
pub fn open(path: &Path) -> Result<File> {
    let read = || Error::io("read", path);
    // Checked before opening: opening a pipe blocks until a writer opens it.
    demand(path, &std::fs::metadata(path).map_err(read())?)?;
    let file = File::open(path).map_err(read())?;
    demand(path, &file.metadata().map_err(read())?)?;
    Ok(file)
}

/// Reads a regular file of at most `most` bytes as text.
///
/// # Errors
/// As [`open`]; the file is longer, or not UTF-8.
pub fn read_to_string(path: &Path, most: u64) -> Result<String> {
    let mut text = String::new();
    open(path)?.take(most + 1).read_to_string(&mut text).map_err(Error::io("read", path))?;
    match text.len() as u64 <= most {
        true => Ok(text),
        false => Err(Error::input(format!("`{}` is longer than {} MB", path.display(), most >> 20))
            .with_hint("such a file is a text that somebody wrote; name the right one")),
    }
}

/// Checks that `path` is a regular file.
///
/// # Errors
/// It is not.
pub(crate) fn demand(path: &Path, meta: &Metadata) -> Result<()> {
    match what(meta) {
        None => Ok(()),
        Some(what) => Err(Error::input(format!("`{}` is {what}, not a regular file", path.display()))
            .with_hint("pfe reads files that stand on a disk: copy what it gives into one")),
    }
}

/// What a file is that is not a regular file, in words.
fn what(meta: &Metadata) -> Option<&'static str> {
    let kind = meta.file_type();
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some("a device");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
    }
    match (kind.is_file(), kind.is_dir()) {
        (true, _) => None,
        (_, true) => Some("a folder"),
        _ => Some("something else"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_some_length_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let error = open(dir.path()).unwrap_err();
        assert!(error.to_string().ends_with("is a folder, not a regular file"), "{error}");
        #[cfg(unix)]
        assert!(open(Path::new("/dev/zero")).unwrap_err().to_string().contains("is a device"));
        let path = dir.path().join("a.toml");
        std::fs::write(&path, "x = 1").unwrap();
        assert_eq!(read_to_string(&path, 5).unwrap(), "x = 1");
        assert!(read_to_string(&path, 4).is_err());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&path, dir.path().join("link")).unwrap();
            assert_eq!(read_to_string(&dir.path().join("link"), 5).unwrap(), "x = 1");
        }
    }
}
