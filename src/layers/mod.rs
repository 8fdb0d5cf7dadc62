//! The layers of the crate, as a test: a module imports only modules that stand above it in the table of `lib.rs`.

mod reader;

use std::path::Path;

#[test]
fn imports_run_down() {
    let seen = reader::assert_imports_run_down(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(seen > 500, "{seen} imports were looked at");
}
