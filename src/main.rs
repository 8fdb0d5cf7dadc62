//! The `pfe` binary.

fn main() {}
