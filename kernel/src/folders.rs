//! Folders that this program makes carry a marker: what has none is never removed. Temporary ones name their process,
//! so that those of killed kernels can be found.

use crate::error::{Error, Result};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Name of the marker file.
pub(crate) const MARK: &str = ".pfe-kernel";

/// Returns whether this program has made the folder: a real folder, not a link, of this user, with a marker.
pub(crate) fn is_ours(folder: &Path) -> bool {
    let me = rustix::process::geteuid().as_raw();
    let is = |path: &Path, kind: fn(&Metadata) -> bool| {
        path.symlink_metadata().is_ok_and(|meta| kind(&meta) && meta.uid() == me)
    };
    is(folder, Metadata::is_dir) && is(&folder.join(MARK), Metadata::is_file)
}

/// Creates a temporary folder for this process. Dropping the value removes the folder.
pub(crate) fn new_temporary() -> Result<tempfile::TempDir> {
    let failed = || Error::io("create a folder in", std::env::temp_dir());
    let folder =
        tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir().map_err(failed())?;
    std::fs::write(folder.path().join(MARK), "").map_err(failed())?;
    Ok(folder)
}

/// Prefix of the names of these temporary folders; the process id follows.
const PREFIX: &str = "pfe-kernel-";

/// Removes temporary folders that killed kernels left behind.
pub(crate) fn remove_orphaned(temporary: &Path) {
    for entry in std::fs::read_dir(temporary).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<u32>().ok());
        let dead = pid.is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists());
        if dead && is_ours(&entry.path()) {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_folders_of_kernels_that_are_gone_are_removed() {
        let temporary = tempfile::tempdir().unwrap();
        // 4194999 exceeds the highest process id of Linux, 4194304.
        let folder = |name: &str, marked: bool| {
            let folder = temporary.path().join(format!("{PREFIX}{name}"));
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join(if marked { MARK } else { "notes" }), "").unwrap();
            folder
        };
        let (gone, mine) = (folder("4194999-a", true), folder("4194999-b", false));
        let running = folder(&format!("{}-c", std::process::id()), true);
        let elsewhere = tempfile::tempdir().unwrap();
        std::fs::write(elsewhere.path().join(MARK), "").unwrap();
        let link = temporary.path().join(format!("{PREFIX}4194999-d"));
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let file = temporary.path().join(format!("{PREFIX}4194999-e"));
        std::fs::write(&file, "").unwrap();
        remove_orphaned(temporary.path());
        assert!(!gone.exists());
        assert!(
            [&mine, &running, &link, &file].iter().all(|path| path.exists()) && elsewhere.path().join(MARK).exists()
        );
    }
}
