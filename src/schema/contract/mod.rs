//! The contract of the ten tables: one declaration from which reading, cleaning, quality checks, DDL, the generator and the data-model
//! diagram derive. Start of the flow. Next: `input::source`, `input::read`.
//!
//! One rule for all formats: a value meets the contract as the text that a CSV file would hold. Numbers of Parquet, JSON and databases
//! become all their digits; instants carry their fraction of a second, if any, and `Z` if they are in UTC; a missing value is an empty
//! field or one of the marks in `missing`; bytes stay as they are. What is invalid in a CSV file is invalid in every format.

mod declaration;
mod states;
mod tables;

pub use declaration::{Column, ForeignKey, LogicalType, MAX_CENTAVOS, MAX_ID_LENGTH, Scope, TIME_ZONE, Table, TableId};
pub use states::{STATES, is_state};
pub(crate) use tables::OF_ITEMS;
pub use tables::{
    BY_MONTH, DOCUMENTS, NOT_DEFINED, ORDER_STATUSES, PAYMENT_TYPES, TABLES, UNKNOWN, UNKNOWN_CATEGORY,
    ZIP_LOCATION_COLUMNS, ZIP_LOCATIONS, is_sold,
};
