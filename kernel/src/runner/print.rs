//! Executed notebook → HTML and PDF. Runs the program `pfe` that `install` built, which uses the renderer of the
//! report. A separate program, so that neither the kernel nor the cells link to Typst.

use crate::error::{Error, Result};
use crate::install::{INSTALL, Toolchain};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Prints a saved notebook in each of `formats` (`html`, `pdf`), beside the notebook. Returns the paths of the files.
pub fn print(notebook: &Path, formats: &[&str], lang: &str) -> Result<Vec<PathBuf>> {
    if formats.is_empty() {
        return Ok(Vec::new());
    }
    let printer = Toolchain::load()?.printer();
    if !printer.is_file() {
        return Err(Error::message(format!("`{}` has been removed", printer.display())).hint(INSTALL));
    }
    let files: Vec<PathBuf> = formats.iter().map(|format| notebook.with_extension(format)).collect();
    let mut command = Command::new(&printer);
    command.arg("notebook").arg(notebook).args(["--quiet", "--lang", lang]);
    for (format, file) in formats.iter().zip(&files) {
        command.arg(format!("--{format}")).arg(file);
    }
    let output = command.output().map_err(Error::io("run", &printer))?;
    if output.status.success() {
        return Ok(files);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    Err(Error::message(format!(
        "cannot print `{}`: {}",
        notebook.display(),
        message.trim().trim_start_matches("error: ")
    )))
}
