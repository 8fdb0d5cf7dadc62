//! The current installation: where its parts are, and whether it is up to date. Every kernel and runner loads it.

use super::sources::fingerprint;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A crate that cells can use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extern {
    /// Its name in cells.
    pub name: String,
    /// File name of its library or of its metadata.
    pub file: String,
    /// Its package, by name, version and features.
    pub package: String,
    /// Its version.
    pub version: String,
    /// Its features that are on.
    pub features: Vec<String>,
    /// cargo's identifier of the package.
    pub id: String,
}

impl Extern {
    /// Its folder, if it is a crate of this machine.
    fn folder(&self) -> Option<PathBuf> {
        let id = self.id.strip_prefix("path+file://")?;
        Some(PathBuf::from(id.split('#').next()?))
    }
}

/// The installed libraries and the compiler that built them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Toolchain {
    /// Path of the compiler.
    pub rustc: PathBuf,
    /// Output of `rustc -vV`. A compiler of another version cannot link to these libraries.
    pub version: String,
    /// Folder of the compiler's own libraries.
    pub sysroot: PathBuf,
    /// Folder of the installed libraries.
    pub directory: PathBuf,
    /// Crates that cells can use, with their file names.
    pub externs: Vec<Extern>,
    /// Crates that are watched: cells can use them too, but they are not a part of the libraries. Their files are known once
    /// they are built, from [`Toolchain::watched_crate`].
    #[serde(default)]
    pub watched: Vec<Extern>,
    /// Folder where cargo has compiled the crates, and compiles the watched ones again.
    #[serde(default)]
    pub compiled: PathBuf,
    /// Files and folders that the libraries were built from, apart from packages of registries.
    pub sources: Vec<PathBuf>,
    /// Hash of the sources at build time.
    pub fingerprint: String,
}

/// Last line of the prelude of every bundle.
pub(super) const RUNTIME_PRELUDE: &str = "pub use pfe_runtime::prelude::*;";

/// Name of the file in the data folder that describes the current installation.
pub(super) const STATE: &str = "installed.json";

/// Returns the folder for everything that `install` writes, except the kernelspec.
pub fn data_folder() -> Result<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("PFE_KERNEL_HOME")
        .or_else(|| Some(variable("XDG_DATA_HOME")?.join("pfe-kernel")))
        .or_else(|| Some(variable("HOME")?.join(".local/share/pfe-kernel")))
        .ok_or_else(|| Error::message("no home folder is known").hint("set `PFE_KERNEL_HOME` to a folder"))
}

/// Name of the kernel that this process serves.
static KERNEL: OnceLock<String> = OnceLock::new();

/// Name of the kernel of this project's notebooks, which is used if no other one is asked for.
pub const PFE: &str = "pfe";

/// Says which kernel this process serves. The first call counts.
pub fn select(name: &str) {
    let _ = KERNEL.set(name.to_owned());
}

/// Returns whether a kernel of this name is installed.
pub fn is_installed(name: &str) -> bool {
    kernel_folder(name).is_ok_and(|folder| folder.join(STATE).is_file())
}

/// Returns the folder of the kernel `name` in the data folder.
pub(super) fn kernel_folder(name: &str) -> Result<PathBuf> {
    Ok(data_folder()?.join(KERNELS).join(name))
}

/// Folder of the crates that `:dep` has built, in the data folder.
pub const DEPENDENCIES: &str = "dependencies";

/// Folder of the kernels in the data folder.
pub(super) const KERNELS: &str = "kernels";

impl Toolchain {
    /// Loads the current installation of the kernel that this process serves.
    pub fn load() -> Result<Toolchain> {
        Toolchain::of(KERNEL.get().map_or(PFE, String::as_str))
    }

    /// Loads the current installation of the kernel `name`.
    pub fn of(name: &str) -> Result<Toolchain> {
        let path = kernel_folder(name)?.join(STATE);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let which = if name == PFE { String::new() } else { format!(" `{name}`") };
                return Err(Error::message(format!("the kernel{which} is not installed")).hint(INSTALL));
            }
            Err(error) => return Err(Error::io("read", &path)(error)),
        };
        let toolchain: Toolchain = serde_json::from_str(&text)
            .map_err(|error| Error::message(format!("`{}` is damaged: {error}", path.display())).hint(INSTALL))?;
        if !toolchain.runtime_program().is_file() {
            return Err(
                Error::message(format!("`{}` has been removed", toolchain.runtime_program().display())).hint(INSTALL)
            );
        }
        Ok(toolchain)
    }

    /// Makes this the current installation. Replaces the file atomically.
    pub(super) fn save(&self, folder: &Path) -> Result<()> {
        let path = folder.join(STATE);
        let text = serde_json::to_string_pretty(self).map_err(|error| Error::message(error.to_string()))?;
        let part = path.with_extension("part");
        std::fs::write(&part, text).map_err(Error::io("write", &part))?;
        std::fs::rename(&part, &path).map_err(Error::io("write", &path))
    }

    /// Path of the program that runs cells.
    pub fn runtime_program(&self) -> PathBuf {
        self.directory.join("pfe-runtime")
    }

    /// Path of the program that prints notebooks: `pfe`, of this kernel or else of the kernel `pfe`.
    pub fn printer(&self) -> PathBuf {
        let own = self.directory.join("pfe");
        if own.is_file() { own } else { Toolchain::of(PFE).map_or(own, |of_pfe| of_pfe.directory.join("pfe")) }
    }

    /// Folder of the crate that the libraries were built as, with its manifest and its lock.
    pub fn bundle(&self) -> PathBuf {
        self.directory.join("bundle")
    }

    /// Folder of the crate that the watched crates are built for: it has the dependencies and the lock of the bundle.
    pub fn watched_crate(&self) -> PathBuf {
        self.directory.join("watched")
    }

    /// Folders of the watched crates.
    pub fn watched_folders(&self) -> Vec<PathBuf> {
        self.watched.iter().filter_map(Extern::folder).collect()
    }

    /// Says which crates the results of cells rest on that may be edited: the watched ones, if there are any.
    pub fn rests_on(&self) -> Option<String> {
        let one = |it: &Extern| {
            let folder = it.folder().unwrap_or_default();
            format!("`{}` {} in `{}`", it.package, it.version, folder.display())
        };
        let all: Vec<String> = self.watched.iter().map(one).collect();
        let hash = fingerprint(&self.watched_folders()).unwrap_or_else(|_| "gone".to_owned());
        (!all.is_empty()).then(|| format!("rests on crates that can be edited: {} (sources {hash})", all.join(", ")))
    }

    /// Returns the imports of every cell, apart from those of the kernel itself.
    pub fn prelude(&self) -> Option<String> {
        let text = std::fs::read_to_string(self.bundle().join("src/prelude.rs")).ok()?;
        Some(text.replace(RUNTIME_PRELUDE, "").trim_end().to_owned() + "\n")
    }

    /// `LD_LIBRARY_PATH` for the program that runs cells.
    pub fn library_path(&self) -> OsString {
        let mut path = self.directory.clone().into_os_string();
        path.push(":");
        path.push(&self.sysroot);
        path
    }

    /// Adds the arguments that link a crate to the installed libraries. Allows rustc's unstable options.
    pub fn link_arguments(&self, command: &mut Command) {
        // The unstable options in use, `-Ztrim-diagnostic-paths` and `-Ztime-passes`, change only what rustc prints.
        command.env("RUSTC_BOOTSTRAP", "cell");
        let mut search = OsString::from("dependency=");
        search.push(&self.directory);
        command.arg("-L").arg(search);
        for Extern { name, file, .. } in &self.externs {
            let mut external = OsString::from(format!("{name}="));
            external.push(self.directory.join(file));
            command.arg("--extern").arg(external);
        }
    }

    /// Returns why the installation is stale, if it is: the compiler or a crate of this machine has changed.
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
        match fingerprint(&self.sources) {
            Ok(now) if now == self.fingerprint => None,
            Ok(_) => Some(self.changed()),
            // The sources are not there: the installation cannot be compared with them.
            Err(_) => None,
        }
    }

    fn changed(&self) -> String {
        let is_local = |it: &&Extern| it.id.starts_with("path+") && it.package != "pfe-runtime";
        let local: Vec<String> = self.externs.iter().filter(is_local).map(|it| format!("`{}`", it.package)).collect();
        match local.as_slice() {
            [] => "the manifest has changed since the install".to_owned(),
            [one] => format!("the crate {one} has changed since the install"),
            all => format!("one of the crates {} has changed since the install", all.join(", ")),
        }
    }
}

/// Hint for a missing or stale installation.
pub const INSTALL: &str =
    "run `cargo run --release -p pfe-kernel -- install` in the project, with the options of the kernel";

/// Returns the output of `rustc -vV`.
pub fn version_of(rustc: &Path) -> Result<String> {
    let output = Command::new(rustc).arg("-vV").output().map_err(Error::io("run", rustc))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
