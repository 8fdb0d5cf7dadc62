//! The layers of the crate, as tests: a module imports only modules that stand above it in the table of `lib.rs`, and no files import each
//! other in a circle.

mod reader;

use std::path::{Path, PathBuf};

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn imports_run_down() {
    let seen = reader::assert_imports_run_down(&src());
    assert!(seen > 500, "{seen} imports were looked at");
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let seen = reader::assert_no_circle(&src());
    assert!(seen > 1_000, "{seen} imports were looked at");
}
