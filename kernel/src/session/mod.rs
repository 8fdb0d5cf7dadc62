//! A notebook session: runs cells one after another and keeps their variables and items. `jupyter` and `runner` use it.
//!
//! ```text
//! source ─ execute ─▶ commands
//!                └──▶ compile_loop ─▶ library ─ cell_process (pipe, interrupter) ─▶ events → Watcher
//!                                                     └─▶ report → state, or Failure (failure, relocate)
//! ```

mod cell_process;
mod commands;
mod compile_loop;
mod events;
mod execute;
mod failure;
mod interrupter;
mod pipe;
mod relocate;
mod state;
mod timings;

pub use events::{Event, Watcher, note};
pub use failure::Failure;
pub use state::{Session, Stopper};
pub use timings::Timings;
