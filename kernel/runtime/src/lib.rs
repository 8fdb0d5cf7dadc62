//! Cell → outputs. The library that every notebook cell links to, and the code of the process that runs cells.
//!
//! The kernel compiles a cell into a small dynamic library and sends its path to this process. The process runs the
//! cell and sends its outputs back. It holds the variables between cells.
//!
//! The modules stand in layers. Each imports only modules above it in this table; a test of `pfe-kernel` holds that.
//!
//! | module | holds |
//! | --- | --- |
//! | `interrupt` | SIGINT → the cell stops at its next [`check`] |
//! | `outcome` | runs the code of a cell: done, an error from `?`, a panic, or interrupted |
//! | `store` | the variables between cells |
//! | `show` | a value → MIME bundle |
//! | `table` | a DataFrame → MIME bundle |
//! | `results` | results of `pfe` → notebook tables |
//! | [`channel`] | outputs → kernel, and input from the user |
//! | `progress` | a progress bar |
//! | [`generics`] | generic code that cells need not compile again |
//! | `serve` | the main loop of the process |

// Unsafe code is confined to `serve` (loading a cell) and `interrupt` (one signal handler).
#![deny(unsafe_code)]

pub mod channel;
pub mod generics;
mod interrupt;
mod outcome;
mod progress;
mod results;
mod serve;
mod show;
mod store;
mod table;

pub use interrupt::{check, sleep};
pub use outcome::{CellError, PlainError, block_on, run};
pub use serve::serve;
pub use show::{Bundle, Show, Tag, ViaDebug, ViaName, ViaShow};
pub use store::Store;
pub use {linfa, linfa_linear, ndarray, pfe, plotters, polars, tokio};

/// Names that every cell imports.
pub mod prelude {
    pub use crate::channel::{Display, clear_output, display, input, password, update_display};
    pub use crate::progress::Progress;
    pub use crate::show::{Bundle, Html, Markdown, Show, ViaDebug as _, ViaName as _, ViaShow as _};
    pub use pfe::prelude::*;
}
