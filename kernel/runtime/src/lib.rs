//! Cell → outputs. What every notebook cell links to, and the code of the process that runs cells.
//!
//! A bundle is the crates that cells can use. `pfe-kernel install` builds it into one dynamic library with this crate. The
//! features `polars` and `pfe` say that the bundle holds these crates: their types are then shown as tables and figures.
//!
//! The kernel compiles a cell into a small dynamic library and sends its path to this process. The process runs the
//! cell and sends its outputs back. It holds the variables between cells.
//!
//! The modules stand in layers. Each imports only modules above it in this table; a test of `pfe-kernel` holds that.
//!
//! | module | holds |
//! | --- | --- |
//! | `threads` | which cell a thread belongs to |
//! | `interrupt` | SIGINT → the cell stops at its next [`check`] |
//! | `outcome` | runs the code of a cell: done, an error from `?`, a panic, or interrupted |
//! | `store` | the variables between cells |
//! | `show` | a value → MIME bundle |
//! | `saved` | a variable → a file, and back |
//! | `table` | a DataFrame → MIME bundle |
//! | `results` | results of `pfe` → notebook tables |
//! | [`channel`] | outputs → kernel, and input from the user |
//! | `progress` | a progress bar |
//! | `generics` | generic code that cells need not compile again |
//! | `serve` | the main loop of the process |

// Unsafe code is confined to what meets the C library: `serve` (loading a cell), `interrupt` (signals), `threads` and
// `channel::printed` (functions of the C library that come before its own).
#![deny(unsafe_code)]

pub mod channel;
#[cfg(feature = "polars")]
pub mod generics;
mod interrupt;
mod outcome;
mod progress;
#[cfg(feature = "pfe")]
mod results;
pub mod saved;
mod serve;
mod show;
mod store;
#[cfg(feature = "polars")]
mod table;
mod threads;

pub use interrupt::{check, sleep};
pub use outcome::{CellError, PlainError, block_on, run};
pub use serve::serve;
pub use show::{Bundle, EvcxrDisplay, Show, Tag, ViaDebug, ViaName, ViaShow, shown};
pub use store::Store;

/// Names that every cell imports, with those of the bundle's own prelude.
pub mod prelude {
    pub use crate::channel::{Display, clear_output, display, input, password, update_display};
    pub use crate::progress::Progress;
    pub use crate::show::{Bundle, Html, Markdown, Show, ViaDebug as _, ViaName as _, ViaShow as _};
}
