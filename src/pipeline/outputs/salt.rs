//! The secret with which the keys of persons in an export are hashed: a file beside the output folder, so that runs repeat and outputs can be
//! passed on without it. Used by `run` and `inspect`.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::input::Source;
use crate::market::Salt;

/// Bytes of the secret, in hexadecimal digits.
const LENGTH: usize = 64;

/// The source, whose persons are hashed with the secret of `out` if it reads an export.
///
/// # Errors
/// The secret cannot be read or written.
pub(crate) fn salted(source: Source, out: &Path) -> Result<Source> {
    if !source.is_export() {
        return Ok(source);
    }
    let path = beside(out)?;
    let secret = match fs::read(&path) {
        Ok(secret) if secret.len() == LENGTH => secret,
        Ok(_) => {
            return Err(Error::input(format!("`{}` is no secret of pfe", path.display()))
                .with_hint("move it away: pfe keeps there what it hashes the keys of customers with"));
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => created(&path)?,
        Err(error) => return Err(Error::io("read", &path)(error)),
    };
    Ok(source.hashed_with(&Salt::new(&secret)))
}

/// `out.salt` beside `out`.
fn beside(out: &Path) -> Result<PathBuf> {
    let absolute = std::path::absolute(out).map_err(Error::io("read", out))?;
    let mut name = absolute.file_name().unwrap_or_default().to_os_string();
    name.push(".salt");
    Ok(absolute.with_file_name(name))
}

/// Writes a new secret that only its owner can read.
fn created(path: &Path) -> Result<Vec<u8>> {
    let secret = Salt::secret();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    }
    let written = options.open(path).and_then(|mut file| file.write_all(secret.as_bytes()));
    written.map_err(Error::io("write", path))?;
    Ok(secret.into_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_stays_and_others_cannot_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = beside(&folder.path().join("out")).unwrap();
        let first = created(&path).unwrap();
        assert_eq!(first.len(), LENGTH);
        assert_eq!(fs::read(&path).unwrap(), first);
        assert!(created(&path).is_err());
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
            assert_eq!(mode & 0o077, 0);
        }
    }
}
