//! Path named by the user → open file, only if it is a regular file: reading a pipe or a device could block or never end. Used by every
//! module that reads such files.

use std::fs::{File, Metadata};
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::error::{Error, Result};

/// Opens a regular file, or a link to one.
///
/// # Errors
/// [`Error::Input`] if it is not a regular file, [`Error::Io`] if it cannot be opened.
pub fn open(path: &Path) -> Result<File> {
    let read = || Error::io("read", path);
    // Checked before opening: opening a pipe blocks until a writer opens it.
    demand(path, &look(path)?)?;
    let file = File::open(path).map_err(read())?;
    demand(path, &file.metadata().map_err(read())?)?;
    Ok(file)
}

/// Reads a regular file of at most `most` bytes as text.
///
/// # Errors
/// As [`open()`]; the file is longer, or not UTF-8.
pub fn read_to_string(path: &Path, most: u64) -> Result<String> {
    let mut text = String::new();
    open(path)?.take(most + 1).read_to_string(&mut text).map_err(Error::io("read", path))?;
    match text.len() as u64 <= most {
        true => Ok(text),
        false => Err(Error::input(format!("`{}` is longer than {} MB", path.display(), most >> 20))
            .with_hint("such a file is a text that somebody wrote; name the right one")),
    }
}

/// Metadata of the file at `path`; follows links.
///
/// # Errors
/// [`Error::Input`] if a link leads nowhere, [`Error::Io`] if there is nothing.
pub(crate) fn look(path: &Path) -> Result<Metadata> {
    std::fs::metadata(path).map_err(|error| match path.is_symlink() && error.kind() != ErrorKind::PermissionDenied {
        true => Error::input(format!("`{}` is a link that leads nowhere", path.display()))
            .with_hint("remove the link, or let it point at a file"),
        false => Error::io("read", path)(error),
    })
}

/// Checks that `path` is a regular file on a disk.
///
/// # Errors
/// It is not.
pub(crate) fn demand(path: &Path, meta: &Metadata) -> Result<()> {
    let what = what(meta).or_else(|| is_of_kernel(path).then_some("a file that the system makes as it is read"));
    match what {
        None => Ok(()),
        Some(what) => Err(Error::input(format!("`{}` is {what}, not a regular file", path.display()))
            .with_hint("pfe reads files that stand on a disk: copy what it gives into one")),
    }
}

/// Whether the operating system makes the file as it is read. Such a file claims to be regular, but reading it may block, as `/proc/kmsg`
/// does. An open file, such as `/proc/self/fd/3`, counts as the file that it is.
fn is_of_kernel(path: &Path) -> bool {
    cfg!(unix) && path.canonicalize().is_ok_and(|path| path.starts_with("/proc") || path.starts_with("/sys"))
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

    #[cfg(unix)]
    #[test]
    fn links_that_lead_nowhere_are_the_users_to_mend() {
        let dir = tempfile::tempdir().unwrap();
        for target in ["nothing", "link"] {
            let link = dir.path().join("link");
            let _ = std::fs::remove_file(&link);
            std::os::unix::fs::symlink(target, &link).unwrap();
            let error = open(&link).unwrap_err();
            assert!(error.to_string().ends_with("link` is a link that leads nowhere"), "{error}");
            assert!(error.exit_code() == 2 && error.hint().is_some());
        }
        assert_eq!(open(&dir.path().join("none")).unwrap_err().exit_code(), 1);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_the_kernel_makes_is_not_read_but_an_open_file_is() {
        use std::os::fd::AsRawFd;
        for path in
            ["/proc/self/mem", "/proc/version", "/sys/kernel/notes"].map(Path::new).iter().filter(|path| path.exists())
        {
            let error = open(path).unwrap_err();
            assert!(error.exit_code() == 2 && error.to_string().contains("the system makes"), "{error}");
        }
        let mut file = tempfile::NamedTempFile::new().unwrap();
        std::io::Write::write_all(&mut file, b"x").unwrap();
        let through = format!("/proc/self/fd/{}", file.as_file().as_raw_fd());
        assert_eq!(read_to_string(Path::new(&through), 5).unwrap(), "x");
    }
}
