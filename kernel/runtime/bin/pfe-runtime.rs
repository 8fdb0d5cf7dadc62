//! The program that runs cells. `pfe-kernel install` compiles it and links it to the `pfe_runtime` library beside it.

fn main() {
    std::process::exit(pfe_runtime::serve())
}
