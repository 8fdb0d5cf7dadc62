//! Manifest of a bundle → its packages, as cargo resolves them: what cells can name, what is watched. Next: `build`.

use super::sources::{local, reachable, sources};
use super::toolchain::{Extern, version_of};
use crate::error::{Error, Result};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The packages of a bundle.
pub(super) struct Resolved {
    metadata: Metadata,
    /// Crates that cells can use. Their files are known once they are built.
    pub externs: Vec<Extern>,
    /// Those that are watched, which are not a part of the library.
    pub watched: Vec<Extern>,
    /// The packages that are.
    frozen: BTreeSet<PackageId>,
}

impl Resolved {
    /// Resolves the crate in `folder`. The packages `hidden` are none that cells can use.
    pub fn new(folder: &Path, rustc: &Path, hidden: &BTreeSet<String>) -> Result<Resolved> {
        let metadata = MetadataCommand::new()
            .cargo_path(rustc.with_file_name("cargo"))
            .current_dir(folder)
            .env("RUSTC", rustc)
            .other_options(["--filter-platform".to_owned(), host(rustc)?])
            .exec()
            .map_err(|error| {
                let text = match error {
                    cargo_metadata::Error::CargoMetadata { stderr } => stderr,
                    other => other.to_string(),
                };
                Error::message(format!("cargo cannot resolve the crates of the manifest\n{}", text.trim_end()))
            })?;
        let mut externs = Vec::new();
        let root = metadata.root_package().map(|it| it.id.clone());
        let nodes = metadata.resolve.as_ref().map_or(&[][..], |it| &it.nodes);
        let node = |id| nodes.iter().find(|node| node.id == id);
        for dependency in root.and_then(node).into_iter().flat_map(|root| &root.deps) {
            let is_normal = dependency.dep_kinds.iter().any(|it| it.kind == DependencyKind::Normal);
            let package = &metadata[&dependency.pkg];
            if is_normal && !hidden.contains(package.name.as_str()) {
                let features = node(dependency.pkg.clone()).map_or(&[][..], |it| &it.features);
                externs.push(Extern {
                    name: dependency.name.clone(),
                    package: package.name.to_string(),
                    version: package.version.to_string(),
                    features: features.iter().map(ToString::to_string).collect(),
                    id: package.id.repr.clone(),
                    file: String::new(),
                });
            }
        }
        externs.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Resolved { metadata, externs, watched: Vec::new(), frozen: BTreeSet::new() })
    }

    /// Moves the crates `watch` from the externs to the watched ones.
    pub fn watch(&mut self, watch: &BTreeSet<String>) -> Result<()> {
        let refused = |name: &str, why: &str| Err(Error::message(format!("`{name}` cannot be watched: {why}")));
        let is_watched = |it: &Extern| watch.contains(&it.package);
        let (watched, externs): (Vec<Extern>, Vec<Extern>) = self.externs.drain(..).partition(is_watched);
        (self.watched, self.externs) = (watched, externs);
        let root = self.metadata.root_package().map(|it| it.id.clone());
        let nodes = self.metadata.resolve.as_ref().map_or(&[][..], |it| &it.nodes);
        let direct = nodes.iter().filter(|it| Some(&it.id) == root.as_ref()).flat_map(|it| it.dependencies.clone());
        let is_watched = |id: &PackageId| self.watched.iter().any(|it| it.id == id.repr);
        let frozen: Vec<PackageId> = direct.filter(|id| !is_watched(id)).collect();
        self.frozen = reachable(&self.metadata, frozen.clone());
        for name in watch {
            match self.watched.iter().find(|it| it.package == *name) {
                None => return refused(name, "it is not among the dependencies of the manifest"),
                Some(it) if !it.id.starts_with("path+") => return refused(name, "it is not a crate of this machine"),
                Some(it) => {
                    let over = |id: &&PackageId| {
                        reachable(&self.metadata, vec![(*id).clone()]).iter().any(|inner| inner.repr == it.id)
                    };
                    if let Some(over) = frozen.iter().find(over) {
                        let over = &self.metadata[over].name;
                        return refused(name, &format!("`{over}`, which is not watched, depends on it"));
                    }
                }
            }
        }
        Ok(())
    }

    /// Returns whether the bundle holds the crate that the runtime's feature `name` is for: in a version that it accepts,
    /// or the `pfe` of the project.
    pub fn fits(&self, project: &Path, name: &str) -> bool {
        let runtime = self.metadata.packages.iter().find(|it| it.name == "pfe-runtime");
        let wanted = runtime.and_then(|it| it.dependencies.iter().find(|it| it.name == name));
        self.externs.iter().filter(|it| it.package == name).any(|it| {
            let package = &self.metadata.packages.iter().find(|package| package.id.repr == it.id);
            match (package, wanted) {
                (Some(package), _) if name == "pfe" => package.manifest_path == project.join("Cargo.toml"),
                (Some(package), Some(wanted)) => package.source.is_some() && wanted.req.matches(&package.version),
                _ => false,
            }
        })
    }

    /// Returns whether the project's `pfe` is in the bundle.
    pub fn has_pfe(&self, project: &Path) -> bool {
        self.fits(project, "pfe")
    }

    /// Returns the manifests, build scripts and source folders of the packages of this machine, without the watched ones.
    pub fn sources(&self) -> Vec<PathBuf> {
        sources(local(&self.metadata).filter(|it| self.frozen.contains(&it.id)))
    }
}

/// Returns the platform that a compiler builds for.
fn host(rustc: &Path) -> Result<String> {
    let version = version_of(rustc)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| Error::message(format!("`{} -vV` names no host", rustc.display())))
}
