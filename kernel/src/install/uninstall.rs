//! Removes what `installation` has made.

use super::kernelspec::Place;
use super::toolchain::data_folder;
use crate::error::{Error, Result};
use std::path::PathBuf;

/// Removes the kernelspec and everything that `install` built. Returns the removed folders.
pub fn uninstall(place: &Place) -> Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for folder in [place.folder()?, data_folder()?] {
        if folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(Error::io("remove", &folder))?;
            removed.push(folder);
        }
    }
    Ok(removed)
}
