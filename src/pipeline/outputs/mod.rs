//! Values of steps → the output folder: its files, its writer lock, its manifest, and the commit that publishes all at once.

pub mod attachments;
pub(crate) mod by_month;
mod csv_of_decisions;
mod csv_of_entry;
pub mod csv_of_results;
pub mod file_stamp;
pub(crate) mod load;
pub mod manifest;
pub(crate) mod persist;
pub(crate) mod profiles;
pub mod publish;
pub(crate) mod salt;
pub(crate) mod staging;
