//! A hash over everything that the program is made of, so that a report tells which code made it.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
    let root = Path::new(&root);
    let mut files = BTreeMap::new();
    for part in ["src", "reports", "Cargo.lock"] {
        println!("cargo:rerun-if-changed={part}");
        collect(&root.join(part), part, &mut files)?;
    }
    // Stable for one toolchain, which rust-toolchain.toml pins.
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    println!("cargo:rustc-env=PFE_CODE={:016x}", hasher.finish());
    Ok(())
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
