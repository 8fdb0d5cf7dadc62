//! What a newcomer types first: a run on made-up data, a check of the machine, completions, manual pages, the guide.

pub mod demo;
pub mod doctor;
pub mod guide;
pub mod manual;
