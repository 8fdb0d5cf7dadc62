//! Checks what the kernel needs: an installation that fits, tools, a kernelspec.

use super::kernelspec::{Place, program_of};
use super::toolchain::{INSTALL, Toolchain};
use std::process::Command;

/// Checks the requirements of the kernel `name`. Each line is `(ok, requirement, what to do if it is missing)`.
pub fn doctor(place: &Place, name: &str) -> Vec<(bool, String, Option<String>)> {
    let mut lines = Vec::new();
    let mut line = |good: bool, what: String, todo: &str| lines.push((good, what, (!good).then(|| todo.to_owned())));
    match Toolchain::of(name) {
        Err(error) => line(false, error.to_string().lines().next().unwrap_or_default().to_owned(), INSTALL),
        Ok(toolchain) => {
            let rustc = toolchain.version.lines().next().unwrap_or_default().to_owned();
            line(true, format!("libraries built by {rustc} in `{}`", toolchain.directory.display()), "");
            match toolchain.stale() {
                Some(reason) => line(false, reason, INSTALL),
                None => line(true, "compiler and crates are those of the install".to_owned(), ""),
            }
            let source = toolchain.sysroot.join("../../src/rust/library").exists();
            line(
                source,
                "rust-src, for completion of the standard library".to_owned(),
                "run `rustup component add rust-src`",
            );
        }
    }
    let linker = Command::new("cc").arg("--version").output().is_ok();
    line(linker, "a C compiler, which links cells".to_owned(), "install `gcc` or `clang`");
    match place.folder(name).map(|folder| folder.join("kernel.json")) {
        Ok(file) => match program_of(&file) {
            None => line(false, format!("no kernelspec at `{}`", file.display()), INSTALL),
            Some(program) => line(program.is_file(), format!("kernelspec at `{}`", file.display()), INSTALL),
        },
        Err(error) => line(false, error.to_string(), "give `--prefix FOLDER`"),
    }
    lines
}
