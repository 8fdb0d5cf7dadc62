//! Cell → outputs. The library that every notebook cell links to, and the code of the process that runs cells.
//!
//! The kernel compiles a cell into a small dynamic library and sends its path to this process. The process runs the
//! cell and sends its outputs back ([`channel`]). It holds the variables between cells ([`Store`]).

// Unsafe code is confined to `serve` (loading a cell) and `interrupt` (one signal handler).
#![deny(unsafe_code)]

pub mod channel;
mod findings;
pub mod generics;
mod interrupt;
mod outcome;
mod progress;
mod serve;
mod show;
mod store;
mod table;

pub use interrupt::{check, sleep};
pub use outcome::{CellError, block_on, run};
pub use serve::serve;
pub use show::{Bundle, Show, Tag, ViaDebug, ViaName, ViaShow};
pub use store::Store;
pub use {linfa, linfa_linear, ndarray, pfe, plotters, polars};

/// Names that every cell imports.
pub mod prelude {
    pub use crate::channel::{Display, clear_output, display, input, password, update_display};
    pub use crate::progress::Progress;
    pub use crate::show::{Bundle, Html, Markdown, Show, ViaDebug as _, ViaName as _, ViaShow as _};
    pub use pfe::prelude::*;
}
