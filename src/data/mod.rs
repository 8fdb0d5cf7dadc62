//! Raw files → RawTables → CleanTables + Audit. Next: `mart`.

pub mod contract;
