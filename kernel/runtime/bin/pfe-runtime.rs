//! The program that runs cells. `pfe-kernel install` compiles it and links it to the library of the bundle beside it.

extern crate pfe_bundle as _;

fn main() {
    std::process::exit(pfe_runtime::serve())
}
