//! A hash over everything that the program is made of, so that a report tells which code made it, and one per part with the modules
//! that it imports, so that a step runs again only when the code that it depends on has changed.

#[path = "src/layers/reader.rs"]
#[allow(clippy::unwrap_used, dead_code)]
mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&root);
    let mut files = BTreeMap::new();
    for part in ["src", "reports", "Cargo.lock", "rust-toolchain.toml"] {
        println!("cargo:rerun-if-changed={part}");
        collect(&root.join(part), part, &mut files)?;
    }
    println!("cargo:rustc-env=PFE_CODE={:016x}", hash(&files));
    fs::write(Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("texts.rs"), texts(root, files.keys()))?;
    let mut parts: BTreeMap<&str, BTreeMap<&str, &[u8]>> = BTreeMap::new();
    for (name, content) in &files {
        parts.entry(part(name)).or_default().insert(name, content);
    }
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (_, module, imported) in reader::files(&root.join("src")) {
        imports.entry(module).or_default().extend(imported);
    }
    let imports =
        |part: &&str| imports.get(*part).into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join("+");
    let parts: Vec<String> =
        parts.iter().map(|(part, files)| format!("{part}={:016x}:{}", hash(files), imports(part))).collect();
    println!("cargo:rustc-env=PFE_PARTS={}", parts.join(","));
    Ok(())
}

/// The texts of the report as Rust: a slice of pairs of path below `reports/` and text.
fn texts<'a>(root: &Path, files: impl Iterator<Item = &'a String>) -> String {
    let folders = ["en/", "fr/", "pt/", "style/", "templates/"];
    let is_text = |path: &&str| {
        folders.iter().any(|folder| path.starts_with(folder)) || ["costs.toml", "references.bib"].contains(path)
    };
    let paths =
        files.filter_map(|file| file.strip_prefix("reports/")).filter(is_text).filter(|path| !path.contains("/."));
    let pair = |path| format!("({path:?}, include_str!({:?})),\n", root.join("reports").join(path));
    format!("&[\n{}]", paths.map(pair).collect::<String>())
}

/// Folder or file of `src/`, without extension; what is outside of it stands for itself.
fn part(name: &str) -> &str {
    match name.strip_prefix("src/") {
        Some(inner) => inner.split('/').next().map_or(inner, |first| first.trim_end_matches(".rs")),
        None => name.split('/').next().unwrap_or(name),
    }
}

/// Stable for one toolchain, which rust-toolchain.toml pins.
fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Contents by path; what is not there counts as nothing: a packaged crate may lack a part.
fn collect(path: &Path, name: &str, files: &mut BTreeMap<String, Vec<u8>>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let entry = entry?;
            collect(&entry.path(), &format!("{name}/{}", entry.file_name().to_string_lossy()), files)?;
        }
    } else if path.exists() {
        files.insert(name.into(), fs::read(path)?);
    }
    Ok(())
}
