//! What `install` has built, and whether it still fits. Read by every kernel and runner.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The installed libraries and the compiler that built them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Toolchain {
    /// The compiler.
    pub rustc: PathBuf,
    /// Its `-vV`: libraries of another version cannot be linked to.
    pub version: String,
    /// Where its own libraries are.
    pub sysroot: PathBuf,
    /// Where the installed libraries are.
    pub directory: PathBuf,
    /// Crates that cells may name, and their files.
    pub externs: Vec<(String, String)>,
    /// The project the libraries were built from.
    pub project: PathBuf,
    /// A hash of its sources at that time.
    pub fingerprint: String,
}

const STATE: &str = "installed.json";

/// The folder of everything that `install` writes, apart from the kernelspec.
pub fn home() -> Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("PFE_KERNEL_HOME")
        .or_else(|| Some(variable("XDG_DATA_HOME")?.join("pfe-kernel")))
        .or_else(|| Some(variable("HOME")?.join(".local/share/pfe-kernel")))
        .ok_or_else(|| Error::message("no home folder is known").hint("set `PFE_KERNEL_HOME` to a folder"))
}

impl Toolchain {
    /// The last installation.
    pub fn load() -> Result<Toolchain> {
        let path = home()?.join(STATE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::message("the kernel is not installed").hint(INSTALL));
            }
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        let toolchain: Toolchain = serde_json::from_str(&text)
            .map_err(|error| Error::message(format!("`{}` is damaged: {error}", path.display())).hint(INSTALL))?;
        if !toolchain.runner().is_file() {
            return Err(Error::message(format!("`{}` has been removed", toolchain.runner().display())).hint(INSTALL));
        }
        Ok(toolchain)
    }

    /// Makes this the installation that kernels use.
    pub fn save(&self) -> Result<()> {
        let path = home()?.join(STATE);
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::message(error.to_string()))?;
        let part = path.with_extension("part");
        std::fs::write(&part, text).map_err(Error::io("write", &part))?;
        std::fs::rename(&part, &path).map_err(Error::io("write", &path))
    }

    /// The program that runs cells.
    pub fn runner(&self) -> PathBuf {
        self.directory.join("pfe-cell")
    }

    /// The program that prints notebooks: `pfe`.
    pub fn printer(&self) -> PathBuf {
        self.directory.join("pfe")
    }

    /// Where the program that runs cells finds its libraries.
    pub fn library_path(&self) -> OsString {
        let mut path = self.directory.clone().into_os_string();
        path.push(":");
        path.push(&self.sysroot);
        path
    }

    /// What makes rustc link to the installed libraries, and accept the options the kernel needs.
    pub fn link_arguments(&self, command: &mut Command) {
        // `-Ztrim-diagnostic-paths` and `-Ztime-passes` only change what rustc prints.
        command.env("RUSTC_BOOTSTRAP", "cell");
        let mut search = OsString::from("dependency=");
        search.push(&self.directory);
        command.arg("-L").arg(search);
        for (name, file) in &self.externs {
            let mut external = OsString::from(format!("{name}="));
            external.push(self.directory.join(file));
            command.arg("--extern").arg(external);
        }
    }

    /// Why the installation no longer fits, when it does not: the compiler is another, or the crate has changed.
    pub fn stale(&self) -> Option<String> {
        match version_of(&self.rustc) {
            Ok(version) if version == self.version => {}
            Ok(version) => {
                return Some(format!(
                    "the compiler has changed since the install: {}",
                    version.lines().next().unwrap_or_default()
                ));
            }
            Err(_) => return Some(format!("the compiler `{}` of the install is gone", self.rustc.display())),
        }
        match fingerprint(&self.project) {
            Ok(now) if now == self.fingerprint => None,
            Ok(_) => Some("the crate `pfe` has changed since the install".to_owned()),
            // Without the sources there is nothing that could have changed.
            Err(_) => None,
        }
    }
}

/// What to do when it is not.
pub const INSTALL: &str = "run `cargo run --release -p pfe-kernel -- install` in the project";

/// `rustc -vV`.
pub fn version_of(rustc: &Path) -> Result<String> {
    let output = Command::new(rustc).arg("-vV").output().map_err(Error::io("run", rustc))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A hash of what the libraries are built from.
pub fn fingerprint(project: &Path) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    for part in ["Cargo.lock", "Cargo.toml", "kernel/cell", "src"] {
        hash(&project.join(part), &mut hasher)?;
    }
    Ok(hasher.finalize().to_hex()[..16].to_owned())
}

fn hash(path: &Path, hasher: &mut blake3::Hasher) -> Result<()> {
    if path.is_dir() {
        let mut entries: Vec<_> =
            std::fs::read_dir(path).map_err(Error::io("read", path))?.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        return entries.iter().try_for_each(|entry| hash(entry, hasher));
    }
    let bytes = std::fs::read(path).map_err(Error::io("read", path))?;
    hasher.update(path.file_name().unwrap_or_default().as_encoded_bytes());
    hasher.update(&(bytes.len() as u64).to_le_bytes());
    hasher.update(&bytes);
    Ok(())
}
