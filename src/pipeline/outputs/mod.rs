//! Values of steps → the output folder: its files, its writer lock, its manifest, and the commit that publishes all at once.

pub mod attachments;
pub(crate) mod by_month;
mod decision_tables;
pub mod file_stamp;
pub(crate) mod load;
pub mod manifest;
pub(crate) mod persist;
pub mod publish;
pub mod result_tables;
pub(crate) mod staging;
