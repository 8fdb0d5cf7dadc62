//! The layers of the kernel and of the runtime, as tests: a module imports only modules that stand above it in the table
//! of its `lib.rs`, and the files of a folder import each other in no circle.

#[path = "../../src/layers/reader.rs"]
mod reader;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn kernel() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn imports_run_down() {
    for (src, most) in [("src", 60), ("runtime/src", 12)] {
        let seen = reader::assert_imports_run_down(&kernel().join(src));
        assert!(seen > most, "{src}: {seen} imports were looked at");
    }
}

#[test]
fn the_files_of_a_folder_import_each_other_in_no_circle() {
    let src = kernel().join("src");
    let mut folders: BTreeMap<PathBuf, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (file, ..) in reader::files(&src) {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let code = reader::code(&std::fs::read_to_string(src.join(&file)).unwrap());
        let imports = reader::imports(&code, "super::");
        folders.entry(file.parent().unwrap().to_owned()).or_default().insert(name, imports);
    }
    let seen: usize = folders.values().flat_map(BTreeMap::values).map(Vec::len).sum();
    assert!(seen > 60, "{seen} imports were looked at");
    for (folder, mut files) in folders {
        // Takes away what imports nothing that is left. What remains are circles and what imports them.
        let has_none = |files: &BTreeMap<String, Vec<String>>| {
            let mut found =
                files.iter().filter(|(_, imports)| !imports.iter().any(|import| files.contains_key(import)));
            found.next().map(|(name, _)| name.clone())
        };
        while let Some(name) = has_none(&files) {
            files.remove(&name);
        }
        assert!(files.is_empty(), "{}: {:?} import each other", folder.display(), files.keys());
    }
}
