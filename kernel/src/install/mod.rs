//! The project → libraries and programs on this machine, and a kernelspec. All else reads them through [`Toolchain`].
//!
//! ```text
//! project ─ build ─▶ libraries, programs ─ installation ─▶ data folder (toolchain) + kernelspec
//!                                            └─ doctor checks both, uninstall removes both
//! ```

mod build;
mod doctor;
mod installation;
mod kernelspec;
mod toolchain;
mod uninstall;

pub use build::wrap_rustc;
pub use doctor::doctor;
pub use installation::{install, project};
pub use kernelspec::{NAME, Place};
pub use toolchain::{INSTALL, Toolchain, data_folder};
pub use uninstall::{Uninstalled, uninstall};
