//! Finished runs → checks of them: whether outputs are fresh, whether files are intact, how two runs differ.

pub mod check;
pub mod diff;
pub mod verify;
