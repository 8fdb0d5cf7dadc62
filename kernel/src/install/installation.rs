//! Builds the libraries of the cells in a folder of their own, then makes them the current installation.

use super::build::{build, build_printer, build_runtime_program, externs, sysroot, tool};
use super::kernelspec::{Place, register};
use super::toolchain::{STATE, Toolchain, data_folder, fingerprint, version_of};
use crate::error::{Error, Result};
use crate::folders::{MARK, is_ours};
use std::path::{Path, PathBuf};

/// Returns the folder of the project that this program was built from.
pub fn project() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest).to_path_buf()
}

/// Prefix of the names of folders that are not yet in place.
const PART: &str = "part-";

/// Builds the libraries and writes the kernelspec. Returns the kernelspec's folder. cargo reports progress on stderr.
pub fn install(project: &Path, place: &Place) -> Result<PathBuf> {
    let project = std::fs::canonicalize(project).map_err(Error::io("read", project))?;
    let rustc = tool(&project, "rustc")?;
    let printer = build_printer(&project, &rustc)?;
    let files = build(&project, &rustc)?;
    let mut toolchain = Toolchain {
        version: version_of(&rustc)?,
        sysroot: sysroot(&rustc)?,
        fingerprint: fingerprint(&project)?,
        directory: PathBuf::new(),
        externs: externs(&files)?,
        rustc,
        project,
    };
    let data_folder = data_folder()?;
    // A folder that was there before any installation is the user's.
    let ours = !data_folder.exists() || data_folder.join(STATE).is_file();
    std::fs::create_dir_all(&data_folder).map_err(Error::io("create", &data_folder))?;
    let mark = |folder: &Path| std::fs::write(folder.join(MARK), "").map_err(Error::io("write in", folder));
    if ours {
        mark(&data_folder)?;
    }
    let part = tempfile::Builder::new()
        .prefix(PART)
        .tempdir_in(&data_folder)
        .map_err(Error::io("create a folder in", &data_folder))?;
    mark(part.path())?;
    for file in &files {
        let to = part.path().join(file.file_name().unwrap_or_default());
        // Copies `pfe_runtime` instead of linking it: the next build overwrites the file, which kernels may be using.
        let own = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libpfe_runtime."));
        if own || std::fs::hard_link(file, &to).is_err() {
            std::fs::copy(file, &to).map_err(Error::io("copy", file))?;
        }
    }
    toolchain.directory = part.path().to_path_buf();
    build_runtime_program(&toolchain)?;
    std::fs::copy(&printer, toolchain.printer()).map_err(Error::io("copy", &printer))?;
    let key =
        blake3::hash(format!("{}{}", toolchain.version, toolchain.fingerprint).as_bytes()).to_hex()[..16].to_owned();
    let directory = free_name(&data_folder, &key);
    let part = part.keep();
    std::fs::rename(&part, &directory).map_err(Error::io("write", &directory))?;
    toolchain.directory = directory;
    let program = toolchain.directory.join("pfe-kernel");
    let own = std::env::current_exe().map_err(Error::io("find", "pfe-kernel"))?;
    std::fs::copy(&own, &program).map_err(Error::io("copy", &own))?;
    let before = Toolchain::load().ok().map(|toolchain| toolchain.directory);
    toolchain.save()?;
    remove_older(&data_folder, &[Some(toolchain.directory.clone()), before]);
    register(place, &program)
}

/// Returns a folder name that is not in use: a running kernel may use the existing folder.
fn free_name(data_folder: &Path, key: &str) -> PathBuf {
    let mut name = data_folder.join(key);
    let mut number = 1;
    while name.exists() {
        number += 1;
        name = data_folder.join(format!("{key}-{number}"));
    }
    name
}

/// Removes installations, except those in `keep`: the new one and the one before it, which running kernels may use.
fn remove_older(data_folder: &Path, keep: &[Option<PathBuf>]) {
    for entry in std::fs::read_dir(data_folder).into_iter().flatten().flatten() {
        let path = entry.path();
        // Another `install` may be at work in a folder that is not yet in place.
        let in_place = !entry.file_name().as_encoded_bytes().starts_with(PART.as_bytes());
        if in_place && is_installation(&path) && !keep.contains(&Some(path.clone())) {
            let _ = std::fs::remove_dir_all(path);
        }
    }
}

/// Returns whether [`install`] has made the folder. Earlier versions had no marker, and `pfe-cell` ran the cells.
pub(super) fn is_installation(folder: &Path) -> bool {
    is_ours(folder) || folder.join("pfe-cell").is_file() && folder.join("pfe-kernel").is_file() && !folder.is_symlink()
}
