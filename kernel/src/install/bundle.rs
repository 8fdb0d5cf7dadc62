//! Manifest → [`BundleCrate`]: the crates that cells can use, as one crate that re-exports them all. Next: `build`.
//!
//! Anyone's manifest makes a kernel of its own. Those of this project, `pfe` and `data`, are in `kernel/bundles`.

use super::resolved::Resolved;
use super::toolchain::RUNTIME_PRELUDE;
use crate::error::{Error, Result};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use toml::{Table, Value, toml};

/// Name of the crate that is built.
pub(super) const CRATE: &str = "pfe-bundle";

/// The prelude of the bundle `pfe`.
pub const PFE_PRELUDE: &str = include_str!("../../bundles/pfe/prelude.rs");

/// What to make a kernel of.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Name of the kernel.
    pub name: String,
    /// The manifest: its dependencies, and its own library if it has one, can be used in cells.
    pub manifest: PathBuf,
    /// Imports of every cell, as Rust source.
    pub prelude: Option<PathBuf>,
}

impl Bundle {
    /// Returns a bundle of the project: `pfe` or `data`.
    pub fn built_in(project: &Path, bundle: &str, name: Option<String>) -> Bundle {
        let folder = project.join("kernel/bundles").join(bundle);
        Bundle {
            name: name.unwrap_or_else(|| bundle.to_owned()),
            manifest: folder.join("Cargo.toml"),
            prelude: Some(folder.join("prelude.rs")),
        }
    }

    /// Checks the name: Jupyter's rule, which also makes it the name of a folder.
    pub fn check_name(name: &str) -> Result<()> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(allowed) {
            return Ok(());
        }
        Err(Error::message(format!("`{name}` cannot be the name of a kernel"))
            .hint("use lower-case letters, digits, `-`, `_` and `.`, such as `my-lab`"))
    }
}

/// The crate that is built of a manifest.
pub(super) struct BundleCrate {
    manifest: Table,
    prelude: String,
    /// Packages that are only there for the features that they turn on.
    hidden: BTreeSet<String>,
    /// Packages that the user goes on writing.
    watch: BTreeSet<String>,
    /// The files that decide what is built, apart from the sources of packages.
    pub files: Vec<PathBuf>,
    /// The lock beside the manifest or its workspace.
    pub lock: Option<PathBuf>,
}

fn read(path: &Path) -> Result<Table> {
    let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
    text.parse().map_err(|error| Error::message(format!("`{}` is not a manifest\n{error}", path.display())))
}

fn folder_of(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new("/"))
}

fn take(table: &mut Table, key: &str) -> Table {
    match table.remove(key) {
        Some(Value::Table(inner)) => inner,
        _ => Table::new(),
    }
}

fn insert(table: &mut Table, key: &str, inner: Table) {
    if !inner.is_empty() {
        table.insert(key.to_owned(), inner.into());
    }
}

/// Makes the dependencies of a manifest in `folder` mean the same anywhere else: paths are absolute, and what they
/// inherit from the `shared` dependencies of a workspace is written out.
fn written_out(dependencies: Table, folder: &Path, shared: &Table, shared_folder: &Path) -> Table {
    let is_on = |table: &Table, key: &str| table.get(key).and_then(Value::as_bool).unwrap_or(false);
    let one = |(name, dependency): (String, Value)| {
        let Value::Table(mut own) = dependency else { return Some((name, dependency)) };
        let mut base = folder;
        if own.remove("workspace").is_some() {
            base = shared_folder;
            let mut all = match shared.get(&name) {
                Some(Value::Table(table)) => table.clone(),
                Some(version) => Table::from_iter([("version".to_owned(), version.clone())]),
                None => Table::new(),
            };
            let features = [all.remove("features"), own.remove("features")].into_iter().flatten();
            let features: Vec<Value> = features.filter_map(|it| it.as_array().cloned()).flatten().collect();
            all.insert("features".to_owned(), features.into());
            all.extend(own);
            own = all;
        }
        if let Some(path) = own.get("path").and_then(Value::as_str) {
            let path = base.join(path);
            let path = std::fs::canonicalize(&path).unwrap_or(path);
            own.insert("path".to_owned(), path.display().to_string().into());
        }
        // Without the package itself, nothing turns it on.
        (!is_on(&own, "optional")).then_some((name, Value::Table(own)))
    };
    dependencies.into_iter().filter_map(one).collect()
}

impl BundleCrate {
    /// Reads the manifest of a bundle.
    pub fn read(bundle: &Bundle) -> Result<BundleCrate> {
        let path = std::fs::canonicalize(&bundle.manifest).map_err(Error::io("read", &bundle.manifest))?;
        let mut own = read(&path)?;
        let folder = folder_of(&path);
        let mut files = vec![path.clone()];
        let is_root = |folder: &&Path| {
            folder.join("Cargo.toml").is_file()
                && read(&folder.join("Cargo.toml")).is_ok_and(|it| it.contains_key("workspace"))
        };
        let root = folder.ancestors().find(is_root).unwrap_or(folder);
        let mut workspace = if root == folder { own.clone() } else { read(&root.join("Cargo.toml"))? };
        let shared = take(&mut take(&mut workspace, "workspace"), "dependencies");
        let dependencies = take(&mut own, "dependencies");
        let mut dependencies = written_out(dependencies, folder, &shared, root);
        let package = take(&mut own, "package");
        let lib = own.get("lib").and_then(|lib| lib.get("path")?.as_str()).unwrap_or("src/lib.rs");
        if let Some(name) = package.get("name").and_then(Value::as_str).filter(|_| folder.join(lib).is_file()) {
            let path = Table::from_iter([("path".to_owned(), folder.display().to_string().into())]);
            dependencies.insert(name.to_owned(), path.into());
        }
        let mut manifest = toml! {
            [package]
            version = "0.0.0"
            edition = "2024"

            [workspace]

            [lib]
            crate-type = ["dylib"]
            test = false
            doctest = false
        };
        if let Some(Value::Table(package)) = manifest.get_mut("package") {
            package.insert("name".to_owned(), CRATE.into());
        }
        manifest.insert("dependencies".to_owned(), dependencies.into());
        let platforms = take(&mut own, "target").into_iter().map(|(platform, mut it)| {
            let dependencies = it.get_mut("dependencies").and_then(Value::as_table_mut).map(std::mem::take);
            let dependencies = written_out(dependencies.unwrap_or_default(), folder, &shared, root);
            (platform, Table::from_iter([("dependencies".to_owned(), dependencies.into())]).into())
        });
        insert(&mut manifest, "target", platforms.collect());
        let patch = take(&mut workspace, "patch").into_iter().map(|(source, it)| {
            let it = it.as_table().cloned().unwrap_or_default();
            (source, written_out(it, root, &Table::new(), root).into())
        });
        insert(&mut manifest, "patch", patch.collect());
        let mut release = take(&mut take(&mut workspace, "profile"), "release");
        // Cells catch panics, and a dynamic library has no link-time optimisation.
        for refused in ["lto", "panic", "strip"] {
            release.remove(refused);
        }
        let named = |key: &str| -> BTreeSet<String> {
            let names = package.get("metadata").and_then(|it| it.get("pfe-kernel")?.get(key)?.as_array());
            names.into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
        };
        let (hidden, watch) = (named("hidden"), named("watch"));
        let mut packages = take(&mut release, "package");
        // Without optimisation, a library keeps its instances of generic functions for others, and its small functions,
        // which would be inlined where they are used.
        for name in [CRATE, "pfe-runtime"] {
            packages.insert(name.to_owned(), toml! { opt-level = 0 }.into());
        }
        // A cell waits for these after each edit, and rustc takes three times as long at level 1. A level that the manifest
        // sets for them counts.
        for name in &watch {
            packages.entry(name.clone()).or_insert_with(|| toml! { opt-level = 0 }.into());
        }
        release.insert("package".to_owned(), packages.into());
        manifest.insert("profile".to_owned(), Value::Table(Table::from_iter([("release".to_owned(), release.into())])));
        let prelude = match &bundle.prelude {
            Some(file) => {
                files.push(std::fs::canonicalize(file).map_err(Error::io("read", file))?);
                std::fs::read_to_string(file).map_err(Error::io("read", file))?
            }
            None => String::new(),
        };
        let lock = [folder, root].map(|folder| folder.join("Cargo.lock")).into_iter().find(|lock| lock.is_file());
        Ok(BundleCrate { manifest, prelude, hidden, watch, files, lock })
    }

    /// Writes the crate in `folder` and resolves its dependencies, which makes its lock complete. Then writes it again
    /// with what it takes to know them: names, and the features of the runtime that fit.
    pub fn write(&mut self, folder: &Path, project: &Path, rustc: &Path) -> Result<Resolved> {
        let source = folder.join("src");
        std::fs::create_dir_all(&source).map_err(Error::io("create", &source))?;
        let write = |name: &str, text: &str| {
            std::fs::write(folder.join(name), text).map_err(Error::io("write", folder.join(name)))
        };
        write("src/lib.rs", "")?;
        write("src/prelude.rs", &format!("{}\n{RUNTIME_PRELUDE}\n", self.prelude.trim_end()))?;
        self.set_runtime(project, &[]);
        write("Cargo.toml", &self.manifest.to_string())?;
        let mut resolved = Resolved::new(folder, rustc, &self.hidden)?;
        resolved.watch(&self.watch)?;
        if let Some(it) = resolved.watched.iter().find(|it| self.prelude.contains(&format!("{}::", it.name))) {
            return Err(Error::message(format!("the prelude names `{}`, which is watched", it.name))
                .hint("import it in a cell: the prelude is a part of what does not change"));
        }
        let features: Vec<&str> = ["pfe", "polars"].into_iter().filter(|name| resolved.fits(project, name)).collect();
        self.set_runtime(project, &features);
        write("Cargo.toml", &self.manifest.to_string())?;
        let names: Vec<&str> = resolved.externs.iter().map(|it| it.name.as_str()).collect();
        let exports = names.iter().map(|name| format!("pub use {name};\n")).collect::<String>();
        write("src/lib.rs", &format!("//! The crates of a kernel.\n\n{exports}\npub mod prelude;\n"))?;
        if !resolved.watched.is_empty() {
            self.write_for_watched(folder)?;
        }
        Ok(resolved)
    }

    /// Writes the crate that watched crates are built for, beside `folder`: the same graph, so that cargo finds the others
    /// compiled, and no library of its own.
    fn write_for_watched(&self, folder: &Path) -> Result<()> {
        let beside = folder.with_file_name("watched");
        let source = beside.join("src");
        std::fs::create_dir_all(&source).map_err(Error::io("create", &source))?;
        let mut manifest = self.manifest.clone();
        manifest.remove("lib");
        let write = |path: PathBuf, text: &str| std::fs::write(&path, text).map_err(Error::io("write", &path));
        write(beside.join("Cargo.toml"), &manifest.to_string())?;
        write(source.join("lib.rs"), "")?;
        let lock = folder.join("Cargo.lock");
        std::fs::copy(&lock, beside.join("Cargo.lock")).map_err(Error::io("copy", &lock))?;
        Ok(())
    }

    fn set_runtime(&mut self, project: &Path, features: &[&str]) {
        let path = project.join("kernel/runtime").display().to_string();
        let mut runtime = Table::from_iter([("path".to_owned(), Value::from(path))]);
        runtime.insert("features".to_owned(), features.to_vec().into());
        if let Some(Value::Table(dependencies)) = self.manifest.get_mut("dependencies") {
            dependencies.insert("pfe-runtime".to_owned(), runtime.into());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn bundle(folder: &Path, files: &[(&str, &str)]) -> Bundle {
        for (name, text) in files {
            let path = folder.join(name);
            std::fs::create_dir_all(folder_of(&path)).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Bundle { name: "lab".to_owned(), manifest: folder.join("a/Cargo.toml"), prelude: None }
    }

    #[test]
    fn a_manifest_means_the_same_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        let top = std::fs::canonicalize(folder.path()).unwrap();
        let bundle = bundle(
            &top,
            &[
                (
                    "Cargo.toml",
                    "[workspace]\nmembers = [\"a\"]\n[workspace.dependencies]\nrand = { version = \"0.9\", features = [\"std\"] }\nb = { path = \"b\" }\n[profile.release]\npanic = \"abort\"\ndebug = 1\n[patch.crates-io]\nrand = { path = \"rand\" }\n",
                ),
                ("Cargo.lock", ""),
                (
                    "a/Cargo.toml",
                    "[package]\nname = \"a\"\n[dependencies]\nserde = \"1\"\nb.workspace = true\nrand = { workspace = true, features = [\"small_rng\"] }\nleft-out = { version = \"1\", optional = true }\n",
                ),
                ("a/src/lib.rs", ""),
                ("b/Cargo.toml", ""),
            ],
        );
        let read = BundleCrate::read(&bundle).unwrap();
        let dependencies = read.manifest["dependencies"].as_table().unwrap();
        assert_eq!(dependencies.keys().collect::<Vec<_>>(), ["a", "b", "rand", "serde"]);
        assert_eq!(dependencies["a"]["path"].as_str(), top.join("a").to_str());
        assert_eq!(dependencies["b"]["path"].as_str(), top.join("b").to_str());
        assert_eq!(dependencies["rand"]["features"].as_array().unwrap().len(), 2);
        let release = read.manifest["profile"]["release"].as_table().unwrap();
        assert!(release.contains_key("debug") && !release.contains_key("panic"));
        assert_eq!(read.manifest["patch"]["crates-io"]["rand"]["path"].as_str(), top.join("rand").to_str());
        assert_eq!(read.lock, Some(top.join("Cargo.lock")));
    }

    #[test]
    fn names_are_those_that_jupyter_takes() {
        assert!(["pfe", "my-lab", "lab_2.1"].iter().all(|name| Bundle::check_name(name).is_ok()));
        assert!(["", "My-Lab", "a b", "../x", ".x", "été"].iter().all(|name| Bundle::check_name(name).is_err()));
    }
}
