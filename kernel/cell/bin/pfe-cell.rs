//! The process that runs cells. Compiled by `pfe-kernel install`, linked to the library beside it.

fn main() {
    std::process::exit(pfe_cell::serve())
}
