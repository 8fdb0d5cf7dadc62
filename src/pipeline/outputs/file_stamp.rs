//! Files → stamps by which the next run skips hashing unchanged files. Used by `run::plan` and `run::context`.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::input::identity::hash_file;

/// A file that was written this shortly before it was read may have been written again with the same time.
const RECENT: Duration = Duration::from_secs(2);

/// Metadata of a file when it was hashed. A file with equal metadata counts as unchanged; `pfe verify` reads it nevertheless.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Length in bytes.
    pub bytes: u64,
    /// Last modification, nanoseconds since 1970.
    pub modified: u64,
    /// File number on its disk (inode); 0 where there is none.
    pub file: u64,
    /// BLAKE3 of the bytes, hexadecimal.
    pub blake3: String,
}

impl Stamp {
    /// Stamp of a file whose hash was `blake3`; `None` if its metadata cannot show a later change.
    pub(crate) fn of(path: &Path, blake3: &str) -> Option<Stamp> {
        let (bytes, modified, file) = identity(&path.metadata().ok()?)?;
        Some(Stamp { bytes, modified, file, blake3: blake3.into() })
    }

    /// The same for a file that others write; `None` if it may have been written while it was read.
    pub(crate) fn of_stable_file(path: &Path, blake3: &str, read_since: SystemTime) -> Option<Stamp> {
        let last_touched = last_touched(&path.metadata().ok()?)?;
        (last_touched + RECENT < read_since).then(|| Stamp::of(path, blake3)).flatten()
    }
}

/// Time of the last write, or of the move that brought the file here with an older time.
fn last_touched(meta: &Metadata) -> Option<SystemTime> {
    let modified = meta.modified().ok()?;
    #[cfg(unix)]
    {
        let changed = u64::try_from(std::os::unix::fs::MetadataExt::ctime(meta)).ok()?;
        Some(modified.max(SystemTime::UNIX_EPOCH + Duration::from_secs(changed)))
    }
    #[cfg(not(unix))]
    Some(modified)
}

/// Length, time and file number.
fn identity(meta: &Metadata) -> Option<(u64, u64, u64)> {
    #[cfg(unix)]
    let file = std::os::unix::fs::MetadataExt::ino(meta);
    #[cfg(not(unix))]
    let file = 0;
    let modified = meta.modified().ok()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    Some((meta.len(), u64::try_from(modified.as_nanos()).ok()?, file))
}

/// Stamps by name: the path in the output folder for an output, `input` and its name for an input.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamps(BTreeMap<String, Stamp>);

impl Stamps {
    pub(crate) fn insert(&mut self, name: String, stamp: Option<Stamp>) {
        self.0.extend(stamp.map(|stamp| (name, stamp)));
    }

    /// The stamp of a file, if its hash then was `blake3`.
    pub(crate) fn get(&self, name: &str, blake3: &str) -> Option<Stamp> {
        self.0.get(name).filter(|stamp| stamp.blake3 == blake3).cloned()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The hash of a file; reads the file only if it changed.
    pub(crate) fn hash(&self, name: &str, path: &Path) -> Result<String> {
        let stamp = self.0.get(name);
        match stamp.filter(|stamp| Stamp::of(path, &stamp.blake3).as_ref() == Some(stamp)) {
            Some(stamp) => Ok(stamp.blake3.clone()),
            None => hash_file(path),
        }
    }
}

/// Name of an input among the stamps.
pub(crate) fn input(name: &str) -> String {
    format!("input {name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_touched_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, "old").unwrap();
        let mut stamps = Stamps::default();
        stamps.insert("x".into(), Stamp::of(&path, "the old hash"));
        assert_eq!(stamps.hash("x", &path).unwrap(), "the old hash");
        assert_eq!(stamps.hash("y", &path).unwrap(), hash_file(&path).unwrap());
        // Another file in its place, with equal length and time.
        let time = path.metadata().unwrap().modified().unwrap();
        std::fs::write(dir.path().join("new"), "new").unwrap();
        std::fs::rename(dir.path().join("new"), &path).unwrap();
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        assert_eq!(stamps.hash("x", &path).unwrap(), hash_file(&path).unwrap());
        // A file written just now may have changed while it was read.
        assert_eq!(Stamp::of_stable_file(&path, "", SystemTime::now()), None);
        assert!(Stamp::of_stable_file(&path, "", SystemTime::now() + 2 * RECENT).is_some());
    }
}
