//! The kernelspec: the file by which Jupyter finds the kernel, and the places where it may stand.

use crate::error::{Error, Result};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where to install the kernelspec. Same options as `jupyter kernelspec install`.
#[derive(Clone, Debug, Default)]
pub struct Place {
    /// `--prefix FOLDER`.
    pub prefix: Option<PathBuf>,
    /// `--sys-prefix`: the Python environment in use.
    pub sys_prefix: bool,
}

impl Place {
    /// Returns the folder of the kernelspec `name`.
    pub(super) fn folder(&self, name: &str) -> Result<PathBuf> {
        let share = match (&self.prefix, self.sys_prefix) {
            (Some(prefix), _) => prefix.join("share/jupyter"),
            (None, true) => python_prefix()?.join("share/jupyter"),
            (None, false) => match std::env::var_os("JUPYTER_DATA_DIR") {
                Some(folder) => PathBuf::from(folder),
                None => PathBuf::from(
                    std::env::var_os("HOME")
                        .ok_or_else(|| Error::message("no home folder is known").hint("give `--prefix FOLDER`"))?,
                )
                .join(".local/share/jupyter"),
            },
        };
        Ok(share.join("kernels").join(name))
    }
}

fn python_prefix() -> Result<PathBuf> {
    let output = Command::new("python3")
        .args(["-c", "import sys; print(sys.prefix)"])
        .output()
        .map_err(Error::io("run", "python3"))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

/// Refuses a name under which another program is registered.
pub(super) fn check_free(place: &Place, name: &str) -> Result<()> {
    let folder = place.folder(name)?;
    match program_of(&folder.join("kernel.json")) {
        Some(program) if !program.ends_with("pfe-kernel") => {
            Err(Error::message(format!("`{name}` is the name of another kernel, in `{}`", folder.display()))
                .hint("choose another name with `--name`"))
        }
        _ => Ok(()),
    }
}

/// Registers `program` as the kernel `name`. Returns the kernelspec's folder.
pub(super) fn register(place: &Place, name: &str, program: &Path) -> Result<PathBuf> {
    let folder = place.folder(name)?;
    std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    let spec = json!({
        "argv": [program, "--kernel", name, "jupyter", "{connection_file}"],
        "display_name": format!("Rust ({name})"),
        "language": "rust",
        "interrupt_mode": "message",
        "metadata": { "debugger": false },
    });
    let file = folder.join("kernel.json");
    let text = serde_json::to_string_pretty(&spec).map_err(|error| Error::message(error.to_string()))?;
    std::fs::write(&file, text + "\n").map_err(Error::io("write", &file))?;
    Ok(folder)
}

/// Removes the kernelspec in `folder` if it is ours. Returns what it removed: the folder, or only the file if there are
/// others beside it.
pub(super) fn unregister(folder: &Path) -> Result<Option<PathBuf>> {
    let file = folder.join("kernel.json");
    if program_of(&file).is_none_or(|program| !program.ends_with("pfe-kernel")) {
        return Ok(None);
    }
    std::fs::remove_file(&file).map_err(Error::io("remove", &file))?;
    Ok(Some(if std::fs::remove_dir(folder).is_ok() { folder.to_path_buf() } else { file }))
}

/// Returns the program that a kernelspec starts.
pub(super) fn program_of(kernelspec: &Path) -> Option<PathBuf> {
    let text = std::fs::read_to_string(kernelspec).ok()?;
    let spec: Value = serde_json::from_str(&text).ok()?;
    Some(PathBuf::from(spec["argv"][0].as_str()?))
}
