//! Temporary folders of this program: they name their process and carry a marker, so that what a killed kernel left can be removed.

use crate::error::{Error, Result};

/// Marker file in a temporary folder of a kernel. Only folders with this file may be removed.
const MARK: &str = ".pfe-kernel";

/// Creates a temporary folder for this process. Dropping the value removes the folder.
pub(crate) fn new_folder() -> Result<tempfile::TempDir> {
    let failed = || Error::io("create a folder in", std::env::temp_dir());
    let folder =
        tempfile::Builder::new().prefix(&format!("{PREFIX}{}-", std::process::id())).tempdir().map_err(failed())?;
    std::fs::write(folder.path().join(MARK), "").map_err(failed())?;
    Ok(folder)
}

/// Prefix of the names of these temporary folders; the process id follows.
const PREFIX: &str = "pfe-kernel-";

/// Removes temporary folders that killed kernels left behind.
pub(crate) fn remove_orphaned(temporary: &std::path::Path) {
    let me = rustix::process::geteuid().as_raw();
    for entry in std::fs::read_dir(temporary).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse::<u32>().ok());
        let dead = pid.is_some_and(|pid| !std::path::Path::new(&format!("/proc/{pid}")).exists());
        // Must be a real folder, not a link, owned by this user, with a kernel's marker file.
        let is = |path: &std::path::Path, kind: fn(&std::fs::Metadata) -> bool| {
            path.symlink_metadata().is_ok_and(|meta| kind(&meta) && std::os::unix::fs::MetadataExt::uid(&meta) == me)
        };
        let ours =
            || is(&entry.path(), std::fs::Metadata::is_dir) && is(&entry.path().join(MARK), std::fs::Metadata::is_file);
        if dead && ours() {
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
