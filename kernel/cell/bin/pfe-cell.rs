//! The program that runs cells. `pfe-kernel install` compiles it and links it to the `pfe_cell` library beside it.

fn main() {
    std::process::exit(pfe_cell::serve())
}
