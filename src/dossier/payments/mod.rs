//! Payment methods and growth of the states → values and tables of the report. Used by `values`, `decisions` and `tables`.

pub(crate) mod tables;
pub(crate) mod values;
