//! The layers of the kernel and of the runtime, as tests: a module imports only modules that stand above it in the table
//! of its `lib.rs`, and no files import each other in a circle.

#[path = "../../src/layers/reader.rs"]
mod reader;

use std::path::Path;

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
fn no_files_import_each_other_in_a_circle() {
    for (src, most) in [("src", 60), ("runtime/src", 12)] {
        let seen = reader::assert_no_circle(&kernel().join(src));
        assert!(seen > most, "{src}: {seen} imports were looked at");
    }
}
