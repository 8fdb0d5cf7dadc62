//! Removes what `installation` has made, and nothing else.

use super::installation::{COMPILED, is_installation};
use super::kernelspec::{Place, unregister};
use super::toolchain::{DEPENDENCIES, KERNELS, PFE, STATE, data_folder};
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

/// Removes the kernelspec `name` and everything that `install` built for it. The last kernel takes along what kernels
/// share. Removes folders if nothing else is in them.
pub fn uninstall(place: &Place, name: &str) -> Result<Uninstalled> {
    uninstall_from(&place.folder(name)?, name, &data_folder()?)
}

fn uninstall_from(kernelspec: &Path, name: &str, data_folder: &Path) -> Result<Uninstalled> {
    let mut removed: Vec<PathBuf> = unregister(kernelspec)?.into_iter().collect();
    let kernels = data_folder.join(KERNELS);
    let of_kernel = kernels.join(name);
    remove_installations(&of_kernel, is_installation, &mut removed)?;
    if name == PFE {
        // Earlier versions knew one kernel and put it into the data folder itself.
        let is_earlier = |folder: &Path| {
            is_installation(folder) && ["pfe-runtime", "pfe-cell"].iter().any(|it| folder.join(it).is_file())
        };
        remove_installations(data_folder, is_earlier, &mut removed)?;
    }
    remove_empty(&of_kernel, &mut removed)?;
    remove_empty(&kernels, &mut removed)?;
    let mut kept = [entries(kernelspec), entries(&of_kernel)].concat();
    if !kernels.exists() {
        for shared in [COMPILED, DEPENDENCIES].map(|it| data_folder.join(it)).into_iter().filter(|it| is_ours(it)) {
            std::fs::remove_dir_all(&shared).map_err(Error::io("remove", &shared))?;
            removed.push(shared);
        }
        kept.extend(entries(data_folder));
        remove_empty(data_folder, &mut removed)?;
    }
    kept.retain(|path| !path.ends_with(MARK));
    Ok(Uninstalled { removed, kept })
}

/// Removes the installations in a folder.
fn remove_installations(folder: &Path, is_one: impl Fn(&Path) -> bool, removed: &mut Vec<PathBuf>) -> Result<()> {
    // The description goes first: if the rest fails, the kernel says that it is not installed.
    let state = folder.join(STATE);
    if state.is_file() {
        std::fs::remove_file(&state).map_err(Error::io("remove", &state))?;
        removed.push(state);
    }
    for folder in entries(folder).into_iter().filter(|path| is_one(path)) {
        std::fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
        removed.push(folder);
    }
    Ok(())
}

/// Removes a folder that this program has made and that holds only its marker.
fn remove_empty(folder: &Path, removed: &mut Vec<PathBuf>) -> Result<()> {
    if is_ours(folder) && entries(folder) == [folder.join(MARK)] {
        std::fs::remove_dir_all(folder).map_err(Error::io("remove", folder))?;
        removed.push(folder.to_path_buf());
    }
    Ok(())
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
        let own = data.join("kernels/pfe");
        write(spec.join("kernel.json"), SPEC);
        for file in [".pfe-kernel", "kernels/.pfe-kernel", "compiled/.pfe-kernel", "old/pfe-cell", "old/pfe-kernel"] {
            write(data.join(file), "");
        }
        for file in [MARK, STATE, "1/.pfe-kernel", "1/pfe-runtime"] {
            write(own.join(file), "");
        }
        let removed = [
            &spec,
            &own.join(STATE),
            &own.join("1"),
            &data.join("old"),
            &own,
            &data.join("kernels"),
            &data.join("compiled"),
            &data,
        ];
        let removed: Vec<PathBuf> = removed.into_iter().cloned().collect();
        assert_eq!(uninstall_from(&spec, PFE, &data).unwrap(), Uninstalled { removed, kept: Vec::new() });
        assert_eq!(entries(place.path()), [place.path().join("kernels")]);
        assert_eq!(uninstall_from(&spec, PFE, &data).unwrap(), Uninstalled { removed: Vec::new(), kept: Vec::new() });
    }

    #[test]
    fn other_kernels_stay() {
        let place = tempfile::tempdir().unwrap();
        let (spec, data) = (place.path().join("spec/lab"), place.path().join("data"));
        write(spec.join("kernel.json"), SPEC);
        for file in [
            "kernels/lab/.pfe-kernel",
            "kernels/lab/1/.pfe-kernel",
            "kernels/pfe/1/.pfe-kernel",
            "compiled/.pfe-kernel",
        ] {
            write(data.join(file), "");
        }
        let lab = data.join("kernels/lab");
        let done = uninstall_from(&spec, "lab", &data).unwrap();
        assert_eq!(done, Uninstalled { removed: [spec, lab.join("1"), lab].to_vec(), kept: Vec::new() });
        assert!(data.join("kernels/pfe/1").exists() && data.join("compiled").exists());
    }

    #[test]
    fn what_install_has_not_made_stays() {
        let place = tempfile::tempdir().unwrap();
        let (spec, data) = (place.path().join("kernels/pfe"), place.path().join("data"));
        let elsewhere = place.path().join("elsewhere");
        write(spec.join("kernel.json"), SPEC);
        write(elsewhere.join(MARK), "");
        let own = data.join("kernels/pfe");
        let logo = write(spec.join("logo.svg"), "");
        let notes = write(own.join("notes/pfe-runtime"), "");
        let history = write(data.join("history.jsonl"), "");
        symlink(&elsewhere, own.join("link")).unwrap();
        write(own.join("1").join(MARK), "");
        let done = uninstall_from(&spec, PFE, &data).unwrap();
        assert_eq!(done.removed, [spec.join("kernel.json"), own.join("1")]);
        assert_eq!(done.kept, [logo.clone(), own.join("link"), own.join("notes")]);
        assert!([&logo, &notes, &history].iter().all(|file| file.exists()) && elsewhere.join(MARK).exists());

        // A folder without a marker was there before: it stays, even empty. So does the kernelspec of another kernel.
        let other = write(spec.join("kernel.json"), r#"{ "argv": ["python3", "-m", "other"] }"#);
        std::fs::remove_dir_all(&data).unwrap();
        std::fs::create_dir(&data).unwrap();
        let done = uninstall_from(&spec, PFE, &data).unwrap();
        assert_eq!(done, Uninstalled { removed: Vec::new(), kept: vec![other, logo] });
        assert!(data.exists());
    }
}
