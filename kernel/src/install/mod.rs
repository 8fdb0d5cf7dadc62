//! Manifest → libraries and programs on this machine, and a kernelspec. All else reads them through [`Toolchain`].
//!
//! ```text
//! manifest ─ bundle ─▶ one crate ─ build ─▶ libraries, programs ─ installation ─▶ data folder (toolchain) + kernelspec
//!                                                                  └─ doctor checks both, uninstall removes both
//! ```
//!
//! Kernels stand side by side: each has a name, a kernelspec of this name and a folder of this name in the data folder.

mod build;
mod bundle;
mod doctor;
mod installation;
mod kernelspec;
mod resolved;
mod sources;
mod toolchain;
mod uninstall;

pub use bundle::{Bundle, PFE_PRELUDE};
pub use doctor::doctor;
pub use installation::{install, project};
pub use kernelspec::Place;
pub use sources::{Stamp, fingerprint, local, reachable, sources, stamp};
pub use toolchain::{DEPENDENCIES, Extern, INSTALL, PFE, Toolchain, data_folder, is_installed, select};
pub use uninstall::{Uninstalled, uninstall};
