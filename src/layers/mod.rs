//! The layers of the crate, as a test: a module imports only modules that stand above it in the table of `lib.rs`.

mod reader;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The other modules that a module imports.
pub(crate) fn imported_by(module: &str) -> BTreeSet<String> {
    reader::files(&src()).into_iter().filter(|(_, name, _)| name == module).flat_map(|(.., imports)| imports).collect()
}

#[test]
fn imports_run_down() {
    let seen = reader::assert_imports_run_down(&src());
    assert!(seen > 500, "{seen} imports were looked at");
}
