//! Reading and cleaning → Audit: what happened to the rows, as counts and lists, never printed. Beside CleanTables; next: the report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::input::identity::InputFile;
use crate::input::quarantine::{Amount, Quarantined};
use crate::market::MarketFacts;
use crate::schema::contract::TableId;

/// The account of reading, cleaning and checking.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// The input files, in the order of the contract.
    pub inputs: Vec<InputFile>,
    /// Every step that can lose a row.
    pub steps: Vec<RowCounts>,
    /// Changes that lose no row, such as translated names.
    pub changes: Vec<Change>,
    /// Missing values, with the reason from the contract.
    pub nulls: Vec<Nulls>,
    /// Values that were quarantined while their rows stay; counted over the rows read, duplicates included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<QuarantinedValues>,
    /// The market of the export that the tables come from; `None` for Olist's tables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<MarketFacts>,
    /// Results of the quality checks.
    pub quality: Vec<Check>,
    /// Measured cardinality of every foreign key.
    pub relations: Vec<Relation>,
    /// What was accepted but should be known.
    pub warnings: Vec<String>,
    /// The quarantined rows and values by table; of very many, only the first. Written to `quarantine/*.csv`, not to the audit file.
    #[serde(skip)]
    pub quarantine: Vec<(String, Vec<Quarantined>)>,
    /// Number of rows that reference each distinct value of a short table, by referencing table and column, in the order of the clean
    /// table. Written to `references/*.parquet` if an incremental run may follow.
    #[serde(skip)]
    pub referring: BTreeMap<(TableId, &'static str), Vec<usize>>,
}

/// Rows of a table before and after a stage that can lose some. Invariant: `rows_in = rows_out + deduplicated + quarantined`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowCounts {
    /// Table.
    pub table: String,
    /// `read`, `clean` or `locate`.
    pub step: String,
    /// Rows that entered.
    pub rows_in: usize,
    /// Rows that went on.
    pub rows_out: usize,
    /// Exact duplicates removed.
    pub deduplicated: usize,
    /// Rows quarantined.
    pub quarantined: usize,
    /// What the quarantined rows amount to, for tables with an amount.
    #[serde(default, skip_serializing_if = "Amount::is_empty")]
    pub amount: Amount,
}

impl RowCounts {
    pub(crate) fn of(table: &str, step: &str, rows_in: usize, deduplicated: usize, quarantined: usize) -> RowCounts {
        let (rows_out, amount) = (rows_in - deduplicated - quarantined, Amount::default());
        RowCounts { table: table.into(), step: step.into(), rows_in, rows_out, deduplicated, quarantined, amount }
    }
}

/// A change that loses no row, with its count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Table.
    pub table: String,
    /// Column.
    pub column: String,
    /// What was done.
    pub change: ChangeKind,
    /// Number of values; for a renaming, number of columns.
    pub count: usize,
}

/// What cleaning does to values that it keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A misspelt column name was corrected.
    Renamed,
    /// Reais with decimals became integer centavos.
    ToCentavos,
    /// A zip prefix got its leading zeros back.
    ZeroPadded,
    /// A category got its English name.
    Translated,
    /// A missing category became `unknown`.
    NamedUnknown,
    /// A category without a translation kept its Portuguese name.
    Untranslated,
    /// A column was computed from others.
    Derived,
}

/// Missing values of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nulls {
    /// Table.
    pub table: String,
    /// Column.
    pub column: String,
    /// Number of missing values.
    pub missing: usize,
    /// Number of rows.
    pub total: usize,
    /// Why they may be missing.
    pub reason: String,
}

/// Quarantined values of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedValues {
    /// Table.
    pub table: String,
    /// Column, by its source name.
    pub column: String,
    /// Number of values.
    pub count: usize,
}

/// How much a failed check matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Where it fails, the results are wrong.
    Error,
    /// The results stand, but the reader should know.
    Warning,
    /// A property of the marketplace, no fault.
    Info,
}

impl Severity {
    /// Name in outputs.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        }
    }
}

/// Result of a quality check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Table.
    pub table: String,
    /// What the check demands, in words.
    pub check: String,
    /// How much a failure matters.
    pub severity: Severity,
    /// Number of rows that fail.
    pub failed: usize,
    /// Number of rows examined.
    pub total: usize,
    /// The keys of the first failing rows; for a foreign key, the first missing values.
    pub samples: Vec<String>,
}

/// A foreign key, measured in both directions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// Referencing table and column.
    pub from: (String, String),
    /// Referenced table and column.
    pub to: (String, String),
    /// Least and greatest number of referencing rows per referenced value.
    pub per_parent: (usize, usize),
    /// Number of referencing rows without a parent.
    pub orphans: usize,
}

impl Audit {
    /// Whether facts reference missing rows, or customers without a state.
    pub fn lacks_rows(&self) -> bool {
        let facts = |relation: &&Relation| {
            let ids = [TableId::OrderItems, TableId::OrderPayments, TableId::OrderReviews, TableId::Orders];
            ids.iter().any(|id| id.name() == relation.from.0)
        };
        let nowhere = |nulls: &Nulls| {
            nulls.missing > 0 && nulls.table == TableId::Customers.name() && nulls.column == "customer_state"
        };
        self.relations.iter().filter(facts).any(|relation| relation.orphans > 0) || self.nulls.iter().any(nowhere)
    }

    /// Rows read, over all tables.
    pub fn rows_in(&self) -> usize {
        self.steps.iter().filter(|s| s.step == "read").map(|s| s.rows_in).sum()
    }
    /// Exact duplicates removed, over all steps.
    pub fn deduplicated(&self) -> usize {
        self.steps.iter().map(|s| s.deduplicated).sum()
    }
    /// Rows quarantined, over all steps.
    pub fn quarantined(&self) -> usize {
        self.steps.iter().map(|s| s.quarantined).sum()
    }
    /// What the quarantined rows of a table amount to, over all steps.
    pub fn amount_of(&self, table: &str) -> Amount {
        let mut amount = Amount::default();
        self.steps.iter().filter(|step| step.table == table).for_each(|step| amount.append(step.amount));
        amount
    }
    /// Values quarantined while their rows stay.
    pub fn quarantined_values(&self) -> usize {
        self.values.iter().map(|v| v.count).sum()
    }
    /// Number of failed rows, over all checks of `severity`.
    pub fn failures(&self, severity: Severity) -> usize {
        self.quality.iter().filter(|c| c.severity == severity).map(|c| c.failed).sum()
    }
}
