//! What is declared of a result table: its name, and name, type and meaning of its columns. Used by `declared`.

/// Type of a column of a result table, and how the CSV file writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnType {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// BRL with two decimals; a decimal type in databases.
    Reais,
    /// A floating-point number with all its digits. A number that is not finite is undefined: null in stores.
    Number,
    /// `YYYY-MM-DD HH:MM:SS`.
    Timestamp,
    /// `YYYY-MM-DD`.
    Date,
}

/// A column of a result table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultColumn {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub kind: ColumnType,
    /// Whether a value may be missing: the CSV field is then empty.
    pub may_lack: bool,
    /// Meaning, with the unit.
    pub doc: &'static str,
}

/// A result table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultTable {
    /// Its name in stores, and the name of its file without the extension.
    pub name: &'static str,
    /// Its columns, in their order.
    pub columns: &'static [ResultColumn],
}
