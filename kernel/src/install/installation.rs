//! Builds the libraries of the cells in a folder of their own, then makes them the current installation.

use super::build::{build, build_printer, build_runtime_program, sysroot, tool};
use super::bundle::{Bundle, BundleCrate};
use super::kernelspec::{Place, check_free, register};
use super::sources::fingerprint;
use super::toolchain::{Toolchain, data_folder, kernel_folder, version_of};
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

/// Folder of compiled crates in the data folder, which all kernels share.
pub(super) const COMPILED: &str = "compiled";

/// Builds the libraries of a bundle and writes the kernelspec. Returns the kernelspec's folder. cargo reports progress on
/// stderr. `project` is where the sources of the runtime are.
pub fn install(project: &Path, bundle: &Bundle, place: &Place) -> Result<PathBuf> {
    Bundle::check_name(&bundle.name)?;
    check_free(place, &bundle.name)?;
    let project = std::fs::canonicalize(project).map_err(Error::io("read", project))?;
    let mut bundle_crate = BundleCrate::read(bundle)?;
    let rustc = tool(toolchain_folder(&bundle_crate.files[0], &project), "rustc")?;
    let mut folder = Folder::new(&bundle.name)?;
    let part = folder.part()?;
    let crate_folder = part.path().join("bundle");
    std::fs::create_dir_all(&crate_folder).map_err(Error::io("create", &crate_folder))?;
    // A bundle of the project has the versions of the project, and is built where the project is.
    let is_own = bundle_crate.files[0].starts_with(project.join("kernel/bundles"));
    let before = Toolchain::of(&bundle.name).ok();
    let kept = before.iter().map(|it| it.bundle().join("Cargo.lock")).find(|lock| lock.is_file());
    let lock = if is_own { Some(project.join("Cargo.lock")) } else { bundle_crate.lock.clone().or(kept) };
    if let Some(lock) = &lock {
        std::fs::copy(lock, crate_folder.join("Cargo.lock")).map_err(Error::io("read", lock))?;
    }
    let mut resolved = bundle_crate.write(&crate_folder, &project, &rustc)?;
    let target = match std::env::var_os("CARGO_TARGET_DIR") {
        Some(target) => std::path::absolute(&target).map_err(Error::io("find", &target))?,
        None if is_own => project.join("target"),
        None => folder.compiled()?,
    };
    let printer = if resolved.has_pfe(&project) { Some(build_printer(&project, &rustc)?) } else { None };
    let files = build(&crate_folder, &target, &rustc, &mut resolved.externs)?;
    let sources: Vec<PathBuf> = [std::mem::take(&mut bundle_crate.files), resolved.sources()].concat();
    let sources = if let Some(lock) = lock.filter(|_| is_own || bundle_crate.lock.is_some()) {
        [sources, vec![lock]].concat()
    } else {
        sources
    };
    let mut toolchain = Toolchain {
        version: version_of(&rustc)?,
        sysroot: sysroot(&rustc)?,
        fingerprint: fingerprint(&sources)?,
        directory: part.path().to_path_buf(),
        externs: resolved.externs,
        watched: resolved.watched,
        compiled: target,
        rustc,
        sources,
    };
    for file in &files {
        let to = part.path().join(file.file_name().unwrap_or_default());
        // Copies the library of the bundle instead of linking it: the next build overwrites the file, which kernels may be
        // using.
        let own = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("libpfe_bundle."));
        if own || std::fs::hard_link(file, &to).is_err() {
            std::fs::copy(file, &to).map_err(Error::io("copy", file))?;
        }
    }
    build_runtime_program(&toolchain, &project)?;
    if let Some(printer) = printer {
        std::fs::copy(&printer, part.path().join("pfe")).map_err(Error::io("copy", &printer))?;
    }
    let program = std::env::current_exe().map_err(Error::io("find", "pfe-kernel"))?;
    std::fs::copy(&program, part.path().join("pfe-kernel")).map_err(Error::io("copy", &program))?;
    let key =
        blake3::hash(format!("{}{}", toolchain.version, toolchain.fingerprint).as_bytes()).to_hex()[..16].to_owned();
    let directory = free_name(&folder.of_kernel, &key);
    let part = part.keep();
    std::fs::rename(&part, &directory).map_err(Error::io("write", &directory))?;
    toolchain.directory = directory;
    toolchain.save(&folder.of_kernel)?;
    folder.settle();
    remove_older(&folder.of_kernel, &[Some(toolchain.directory.clone()), before.map(|it| it.directory)]);
    register(place, &bundle.name, &toolchain.directory.join("pfe-kernel"))
}

/// Returns the folder whose toolchain builds a manifest: its own, if it asks for one, or else the project.
fn toolchain_folder<'a>(manifest: &'a Path, project: &'a Path) -> &'a Path {
    let asks = |folder: &&Path| ["rust-toolchain", "rust-toolchain.toml"].iter().any(|it| folder.join(it).is_file());
    manifest.ancestors().skip(1).find(asks).unwrap_or(project)
}

/// The folder of a kernel. Dropping the value removes it, unless there is an installation in it.
struct Folder {
    of_kernel: PathBuf,
    made: Vec<PathBuf>,
}

impl Folder {
    fn new(name: &str) -> Result<Folder> {
        let mut folder = Folder { of_kernel: kernel_folder(name)?, made: Vec::new() };
        let (data_folder, of_kernel) = (data_folder()?, folder.of_kernel.clone());
        // A folder that was there before any installation is the user's.
        for it in [data_folder, of_kernel.parent().unwrap_or(&of_kernel).to_path_buf(), of_kernel] {
            if !it.exists() {
                make(&it)?;
                folder.made.push(it);
            }
        }
        Ok(folder)
    }

    /// Creates a folder for an installation that is not yet in place. Dropping it removes it.
    fn part(&self) -> Result<tempfile::TempDir> {
        let part = tempfile::Builder::new().prefix(PART).tempdir_in(&self.of_kernel);
        let part = part.map_err(Error::io("create a folder in", &self.of_kernel))?;
        make(part.path())?;
        Ok(part)
    }

    fn compiled(&self) -> Result<PathBuf> {
        let compiled = data_folder()?.join(COMPILED);
        make(&compiled)?;
        Ok(compiled)
    }

    /// Keeps the folder.
    fn settle(&mut self) {
        self.made.clear();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        for folder in self.made.iter().rev() {
            // Only what is empty but for its marker: what a failed install leaves.
            let _ = std::fs::remove_file(folder.join(MARK));
            if std::fs::remove_dir(folder).is_err() {
                let _ = std::fs::write(folder.join(MARK), "");
            }
        }
    }
}

/// Creates a folder with a marker.
fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
    std::fs::write(folder.join(MARK), "").map_err(Error::io("write in", folder))
}

/// Returns a folder name that is not in use: a running kernel may use the existing folder.
fn free_name(folder: &Path, key: &str) -> PathBuf {
    let mut name = folder.join(key);
    let mut number = 1;
    while name.exists() {
        number += 1;
        name = folder.join(format!("{key}-{number}"));
    }
    name
}

/// Removes installations, except those in `keep`: the new one and the one before it, which running kernels may use.
fn remove_older(folder: &Path, keep: &[Option<PathBuf>]) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
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
