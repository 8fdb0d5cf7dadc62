//! Removes what `installation` has made, and nothing else.

use super::installation::is_installation;
use super::kernelspec::{Place, unregister};
use super::toolchain::{STATE, data_folder};
use crate::error::{Error, Result};
use crate::folders::{MARK, is_ours};
use std::path::{Path, PathBuf};

/// What [`uninstall`] has done.
#[derive(Debug, PartialEq, Eq)]
pub struct Uninstalled {
    /// Files and folders that are removed.
    pub removed: Vec<PathBuf>,
    /// Files beside them that `install` has not made, such as the history of inputs.
    pub kept: Vec<PathBuf>,
}

/// Removes the kernelspec and everything that `install` built. Removes their folders if nothing else is in them.
pub fn uninstall(place: &Place) -> Result<Uninstalled> {
    uninstall_from(&place.folder()?, &data_folder()?)
}

fn uninstall_from(kernelspec: &Path, data_folder: &Path) -> Result<Uninstalled> {
    let mut removed: Vec<PathBuf> = unregister(kernelspec)?.into_iter().collect();
    // The description goes first: if the rest fails, the kernel says that it is not installed.
    let state = data_folder.join(STATE);
    if state.is_file() {
        std::fs::remove_file(&state).map_err(Error::io("remove", &state))?;
        removed.push(state);
    }
    for folder in entries(data_folder).into_iter().filter(|path| is_installation(path)) {
        std::fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
        removed.push(folder);
    }
    let mut kept = entries(kernelspec);
    kept.extend(entries(data_folder).into_iter().filter(|path| !path.ends_with(MARK)));
    if is_ours(data_folder) && entries(data_folder) == [data_folder.join(MARK)] {
        std::fs::remove_dir_all(data_folder).map_err(Error::io("remove", data_folder))?;
        removed.push(data_folder.to_path_buf());
    }
    Ok(Uninstalled { removed, kept })
}

/// Returns the paths in a folder, sorted. There are none if the folder cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn write(path: PathBuf, text: &str) -> PathBuf {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    const SPEC: &str = r#"{ "argv": ["/data/1/pfe-kernel", "jupyter", "{connection_file}"] }"#;

    #[test]
    fn what_install_made_is_removed_with_its_folders() {
        let place = tempfile::tempdir().unwrap();
        let (spec, data) = (place.path().join("kernels/pfe"), place.path().join("data"));
        write(spec.join("kernel.json"), SPEC);
        for file in
            [MARK, STATE, "1/.pfe-kernel", "1/pfe-runtime", "1/libpfe_runtime.so", "old/pfe-cell", "old/pfe-kernel"]
        {
            write(data.join(file), "");
        }
        let removed = [spec.clone(), data.join(STATE), data.join("1"), data.join("old"), data.clone()].to_vec();
        assert_eq!(uninstall_from(&spec, &data).unwrap(), Uninstalled { removed, kept: Vec::new() });
        assert_eq!(entries(place.path()), [place.path().join("kernels")]);
        assert_eq!(uninstall_from(&spec, &data).unwrap(), Uninstalled { removed: Vec::new(), kept: Vec::new() });
    }

    #[test]
    fn what_install_has_not_made_stays() {
        let place = tempfile::tempdir().unwrap();
        let (spec, data) = (place.path().join("kernels/pfe"), place.path().join("data"));
        let elsewhere = place.path().join("elsewhere");
        write(spec.join("kernel.json"), SPEC);
        write(elsewhere.join(MARK), "");
        let mut users = vec![write(spec.join("logo.svg"), "")];
        for file in ["history.jsonl", "notes/pfe-runtime"] {
            users.push(write(data.join(file), ""));
        }
        std::fs::create_dir_all(&data).unwrap();
        symlink(&elsewhere, data.join("link")).unwrap();
        write(data.join("1").join(MARK), "");
        let done = uninstall_from(&spec, &data).unwrap();
        assert_eq!(done.removed, [spec.join("kernel.json"), data.join("1")]);
        assert_eq!(done.kept, [users[0].clone(), users[1].clone(), data.join("link"), data.join("notes")]);
        assert!(users.iter().all(|file| file.exists()) && elsewhere.join(MARK).exists());

        // A folder without a marker was there before: it stays, even empty. So does the kernelspec of another kernel.
        let other = write(spec.join("kernel.json"), r#"{ "argv": ["python3", "-m", "other"] }"#);
        std::fs::remove_dir_all(&data).unwrap();
        std::fs::create_dir(&data).unwrap();
        let done = uninstall_from(&spec, &data).unwrap();
        assert_eq!(done, Uninstalled { removed: Vec::new(), kept: vec![other, users[0].clone()] });
        assert!(data.exists());
    }
}
