//! Packages of this machine → the files that they are built from, and a hash of them. Next: `toolchain`, `:dep`.

use crate::error::{Error, Result};
use cargo_metadata::{Metadata, Package, PackageId, TargetKind};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Returns the packages of a graph that are built from folders of this machine.
pub fn local(metadata: &Metadata) -> impl Iterator<Item = &Package> {
    let root = metadata.root_package().map(|it| it.id.clone());
    metadata.packages.iter().filter(move |it| it.source.is_none() && Some(&it.id) != root.as_ref())
}

/// Returns the packages that those of `from` depend on, and these themselves.
pub fn reachable(metadata: &Metadata, from: Vec<PackageId>) -> BTreeSet<PackageId> {
    let nodes = metadata.resolve.as_ref().map_or(&[][..], |it| &it.nodes);
    let (mut found, mut next) = (BTreeSet::new(), from);
    while let Some(id) = next.pop() {
        if found.insert(id.clone()) {
            next.extend(nodes.iter().filter(|it| it.id == id).flat_map(|it| it.dependencies.iter().cloned()));
        }
    }
    found
}

/// Returns the manifests, build scripts and source folders of packages.
pub fn sources<'a>(packages: impl Iterator<Item = &'a Package>) -> Vec<PathBuf> {
    let mut sources = BTreeSet::new();
    for package in packages {
        sources.insert(package.manifest_path.clone().into_std_path_buf());
        for target in &package.targets {
            let path = target.src_path.as_std_path();
            if target.is_kind(TargetKind::CustomBuild) {
                sources.insert(path.to_path_buf());
            } else if !target.is_test() && !target.is_bench() && !target.is_example() && !target.is_bin() {
                sources.insert(path.parent().unwrap_or(Path::new("/")).to_path_buf());
            }
        }
    }
    sources.into_iter().collect()
}

/// Hashes files, and the files of folders.
pub fn fingerprint(sources: &[PathBuf]) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    for file in files(sources)? {
        let bytes = std::fs::read(&file).map_err(Error::io("read", &file))?;
        hasher.update(file.file_name().unwrap_or_default().as_encoded_bytes());
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
    }
    Ok(hasher.finalize().to_hex()[..16].to_owned())
}

/// When files were written, and how long they are: cheaper than a hash, and the same if nothing has happened to them.
pub type Stamp = Vec<(PathBuf, Option<SystemTime>, u64)>;

/// Returns the stamp of files and folders. One that is not there has none.
pub fn stamp(sources: &[PathBuf]) -> Stamp {
    let files = sources.iter().flat_map(|it| files(std::slice::from_ref(it)).unwrap_or_default());
    files
        .map(|file| {
            let about = std::fs::metadata(&file).ok();
            let (written, length) = (about.as_ref().and_then(|it| it.modified().ok()), about.map_or(0, |it| it.len()));
            (file, written, length)
        })
        .collect()
}

/// Returns the files, in a fixed order. Of folders, leaves out what cargo builds, what editors and git keep, and notebooks:
/// they may lie beside a crate, and change whenever they are saved.
fn files(sources: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in sources {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = std::fs::read_dir(path).map_err(Error::io("read", path))?.flatten();
        let is_source = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            !(name.starts_with('.') || name.ends_with('~') || name.ends_with(".ipynb") || name == "target")
                && path.exists()
        };
        let mut inner: Vec<_> = entries.map(|entry| entry.path()).filter(is_source).collect();
        inner.sort();
        files.extend(self::files(&inner)?);
    }
    Ok(files)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_sources_change_the_hash() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().to_path_buf();
        let write = |name: &str, text: &str| std::fs::write(top.join(name), text).unwrap();
        let both = || (fingerprint(std::slice::from_ref(&top)).unwrap(), stamp(std::slice::from_ref(&top)));
        std::fs::create_dir_all(top.join("target")).unwrap();
        write("lib.rs", "a");
        let before = both();
        for name in ["book.ipynb", ".lib.rs.swp", "lib.rs~", "target/x"] {
            write(name, "b");
        }
        assert!(both() == before);
        write("lib.rs", "ab");
        let edited = both();
        assert!(edited.0 != before.0 && edited.1 != before.1);
        assert!(fingerprint(&[top.join("none")]).is_err());
    }
}
