//! What the contract declares of a table and of a column: types, keys, references, bounds. Used by `tables`.

use polars::prelude::{DataType, TimeUnit};
use serde::{Deserialize, Serialize};

/// Logical type of a column. It decides how a field is parsed, stored, declared in SQL and generated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LogicalType {
    /// A key: any text of up to [`MAX_ID_LENGTH`] characters without control characters. Olist's ids are 32 hexadecimal digits.
    Id,
    /// Free text; may hold commas, quotes and line breaks.
    Text,
    /// First five digits of a postal code, as text: 24 % start with 0.
    Zip,
    /// Two-letter code of one of the 27 federative units, see [`STATES`](super::STATES).
    State,
    /// One value of a closed list.
    Enumeration(&'static [&'static str]),
    /// A whole number within inclusive bounds.
    Integer(i64, i64),
    /// Reais with two decimals in the file, give or take the noise of floating point; integer centavos in memory. Never negative, at most
    /// [`MAX_CENTAVOS`].
    Money,
    /// Decimal degrees, any value. Cleaning quarantines points outside Brazil (`clean::locations`).
    Degrees,
    /// An instant in local time of the marketplace, within plausible years ([`Years`](crate::schema::read_options::Years)). In every format it is a
    /// day, optionally followed by a time with or without seconds and fractions; microseconds are kept. With `Z` or an offset from UTC
    /// it is converted to local time of [`TIME_ZONE`].
    Timestamp,
    /// A day; only in derived columns.
    Date,
    /// True or false; only in derived columns.
    Flag,
}

impl LogicalType {
    /// Typical characters of a value in a file, with quotes and comma: estimates the number of rows from bytes.
    pub(crate) fn typical_width(self) -> u64 {
        match self {
            LogicalType::Id => 33,
            LogicalType::Timestamp => 20,
            LogicalType::Degrees => 18,
            LogicalType::Text | LogicalType::Enumeration(_) => 12,
            LogicalType::Zip | LogicalType::Money => 6,
            LogicalType::Integer(..) | LogicalType::State | LogicalType::Date | LogicalType::Flag => 3,
        }
    }

    /// Short name, as in the data dictionary.
    pub fn name(self) -> &'static str {
        match self {
            LogicalType::Id => "id",
            LogicalType::Text => "text",
            LogicalType::Zip => "zip",
            LogicalType::State => "state",
            LogicalType::Enumeration(_) => "word",
            LogicalType::Integer(..) => "integer",
            LogicalType::Money => "money",
            LogicalType::Degrees => "degrees",
            LogicalType::Timestamp => "timestamp",
            LogicalType::Date => "date",
            LogicalType::Flag => "flag",
        }
    }

    /// The polars type of a column of this logical type.
    pub fn dtype(self) -> DataType {
        match self {
            LogicalType::Id
            | LogicalType::Text
            | LogicalType::Zip
            | LogicalType::State
            | LogicalType::Enumeration(_) => DataType::String,
            LogicalType::Integer(..) | LogicalType::Money => DataType::Int64,
            LogicalType::Degrees => DataType::Float64,
            LogicalType::Timestamp => DataType::Datetime(TimeUnit::Microseconds, None),
            LogicalType::Date => DataType::Date,
            LogicalType::Flag => DataType::Boolean,
        }
    }
}

/// Most characters of an id.
pub const MAX_ID_LENGTH: usize = 64;

/// Most centavos of one price, freight or payment: 10 million reais. Keeps sums exact: price plus freight of one item is at most
/// 2·10⁹ < 2³¹ centavos, so that the sum over u32::MAX < 2³² items is below 2⁶³, the limit of i64.
pub const MAX_CENTAVOS: i64 = 1_000_000_000;

/// Time zone of the marketplace. Instants with an offset from UTC become local time here, with the daylight saving of their day.
pub const TIME_ZONE: chrono_tz::Tz = chrono_tz::America::Sao_Paulo;

/// What is quarantined when a value breaks the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The whole row: without the value it cannot be counted.
    Row,
    /// Only the value, which becomes null: no step needs it as a key or a fact.
    Value,
}

/// A column: its name after cleaning, its name in the source file, and the values it may hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Column {
    /// Name in the clean table.
    pub name: &'static str,
    /// Name in the source file. Differs where the source misspells (`lenght`) or where cleaning changes the unit.
    pub source: &'static str,
    /// Its logical type.
    pub kind: LogicalType,
    /// Why a value may be missing in a file; `None` if it may not be missing.
    pub null: Option<&'static str>,
    /// What is quarantined when a value breaks the contract.
    pub quarantine_scope: Scope,
    /// Most characters of a text.
    pub max_length: usize,
    /// Meaning, with the unit.
    pub doc: &'static str,
}

impl Column {
    pub(super) const fn new(name: &'static str, kind: LogicalType, doc: &'static str) -> Self {
        Column { name, source: name, kind, null: None, quarantine_scope: Scope::Row, max_length: 100, doc }
    }
    pub(super) const fn from(mut self, source: &'static str) -> Self {
        self.source = source;
        self
    }
    pub(super) const fn nullable(mut self, reason: &'static str) -> Self {
        self.null = Some(reason);
        self.quarantine_value()
    }
    /// Sets the scope to the value alone.
    pub(super) const fn quarantine_value(mut self) -> Self {
        self.quarantine_scope = Scope::Value;
        self
    }
    pub(super) const fn max_length(mut self, characters: usize) -> Self {
        self.max_length = characters;
        self
    }

    /// Whether clean rows may lack the value, because it was missing or quarantined.
    pub fn is_nullable(&self) -> bool {
        self.null.is_some() || self.quarantine_scope == Scope::Value
    }
}

/// A reference from `column` to a key column of another table.
#[derive(Debug, Clone, Copy)]
pub struct ForeignKey {
    /// Column in this table.
    pub column: &'static str,
    /// Referenced table.
    pub table: TableId,
    /// Referenced column.
    pub references: &'static str,
    /// Whether every row of the original data satisfies it. Otherwise violations are warnings and SQL declares no constraint.
    pub strict: bool,
}

/// A table of the marketplace.
#[derive(Debug)]
pub struct Table {
    /// Which one.
    pub id: TableId,
    /// Short name, used for outputs and SQL.
    pub name: &'static str,
    /// File name in Kaggle's download.
    pub file: &'static str,
    /// Other names, used in the cloud layout (`csv/<alias>.csv`).
    pub aliases: &'static [&'static str],
    /// Columns in file order.
    pub columns: &'static [Column],
    /// Columns that cleaning adds.
    pub derived: &'static [Column],
    /// Columns that identify a row (the grain); empty where the source has none.
    pub key: &'static [&'static str],
    /// References to other tables.
    pub foreign_keys: &'static [ForeignKey],
    /// Meaning of one row.
    pub doc: &'static str,
}

impl Table {
    /// Columns of the clean table, in order: those of the source, then the derived ones.
    pub fn clean_columns(&self) -> impl Iterator<Item = &'static Column> {
        self.columns.iter().chain(self.derived)
    }

    /// Whether a file may lack the column, which is then null in every row. In `geolocation` that is every column except the zip prefix.
    pub fn may_lack(&self, column: &Column) -> bool {
        column.null.is_some() || (self.id == TableId::Geolocation && column.name != self.columns[0].name)
    }

    /// Typical characters of a row in a file: estimates the number of rows from bytes.
    pub(crate) fn typical_width(&self) -> u64 {
        self.columns.iter().map(|c| c.kind.typical_width()).sum()
    }

    /// The column whose sum no step may change: the price of items, the value of payments.
    pub fn amount(&self) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.kind == LogicalType::Money)
    }

    /// The column called `name` in the clean table.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.clean_columns().find(|c| c.name == name)
    }
}

/// The ten tables, in the order in which they are read and listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum TableId {
    Customers,
    Geolocation,
    OrderItems,
    OrderPayments,
    OrderReviews,
    Orders,
    Products,
    Sellers,
    Categories,
    States,
}
