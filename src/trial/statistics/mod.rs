//! The statistics of trials: numbers in, numbers out. Used by the files beside this folder.

pub mod binomial;
pub(crate) mod draws;
pub mod matched;
pub mod roll;
