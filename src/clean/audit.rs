//! Reading and cleaning → Audit: what happened to the rows, as counts and lists, never printed. Beside CleanTables; next: the report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::checks::{child_to_parent, parent_to_child, references};
use crate::input::quarantine::{Amount, Quarantined};
use crate::input::read::InputFile;
use crate::schema::contract::TableId;

/// The account of reading, cleaning and checking.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// The input files, in the order of the contract.
    pub inputs: Vec<InputFile>,
    /// Every step that can lose a row.
    pub steps: Vec<Step>,
    /// Changes that lose no row, such as translated names.
    pub changes: Vec<Change>,
    /// Missing values, with the reason from the contract.
    pub nulls: Vec<Nulls>,
    /// Values that were quarantined while their rows stay; counted over the rows read, duplicates included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<SetAside>,
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

/// A step that can lose rows. Invariant: `rows_in = rows_out + deduplicated + quarantined`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
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
pub struct SetAside {
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

/// One direction of a foreign key: how many have no partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Table and column that are counted.
    pub from: (String, String),
    /// Table and column in which partners are looked for.
    pub to: (String, String),
    /// Whether referencing rows or referenced values are counted.
    pub direction: Direction,
    /// Number without a partner.
    pub alone: usize,
    /// Number of all.
    pub total: usize,
    /// How much it matters.
    pub severity: Severity,
}

/// Direction in which a foreign key is examined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the referencing rows (children) to the referenced (parents).
    ToParent,
    /// From the referenced values (parents) to the referencing rows (children).
    ToChildren,
}

/// Share without a partner from which a warning is given.
pub const GAP: f64 = 0.02;

impl Coverage {
    /// Share without a partner, 0 to 1.
    pub fn share(&self) -> f64 {
        self.alone as f64 / self.total.max(1) as f64
    }

    /// Whether more partners are missing than in complete data. Unused entries of a list, such as zip codes without customers, are no gap.
    pub fn is_gap(&self) -> bool {
        let listed = self.direction == Direction::ToChildren && LISTS.iter().any(|list| list.name() == self.from.0);
        self.share() >= GAP && !listed
    }
}

/// Tables that list entities whether or not anything references them.
const LISTS: [TableId; 5] =
    [TableId::Geolocation, TableId::States, TableId::Categories, TableId::Products, TableId::Sellers];

impl Audit {
    /// Every foreign key in both directions, in the order of the contract.
    pub fn coverage(&self) -> Vec<Coverage> {
        let mut all = Vec::new();
        for (table, key) in references() {
            let of = |table: &str, check: &str| {
                self.quality
                    .iter()
                    .find(|c| c.table == table && c.check == check)
                    .map(|c| (c.failed, c.total, c.severity))
            };
            let child = (table.name.to_string(), key.column.to_string());
            let parent = (key.table.name().to_string(), key.references.to_string());
            let directions = [
                (of(table.name, &child_to_parent(key)), &child, &parent, Direction::ToParent),
                (of(key.table.name(), &parent_to_child(table, key)), &parent, &child, Direction::ToChildren),
            ];
            for (counted, from, to, direction) in directions {
                let coverage = |(alone, total, severity)| {
                    let (from, to) = (from.clone(), to.clone());
                    Coverage { from, to, direction, alone, total, severity }
                };
                all.extend(counted.map(coverage));
            }
        }
        all
    }
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
    pub fn values_aside(&self) -> usize {
        self.values.iter().map(|v| v.count).sum()
    }
    /// Number of failed rows, over all checks of `severity`.
    pub fn failures(&self, severity: Severity) -> usize {
        self.quality.iter().filter(|c| c.severity == severity).map(|c| c.failed).sum()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::clean::load;
    use crate::input::Source;
    use crate::synth::{SynthParams, generate};

    /// Reviews for only a tenth of the orders, and a fifth of the products removed.
    #[test]
    fn what_lacks_partners_is_measured_in_both_directions() {
        let data = tempfile::tempdir().unwrap();
        generate(&SynthParams { orders: 600, seed: 3, defects: 0.0 }, data.path()).unwrap();
        let gaps = || {
            let audit = load(&Source::open(data.path()).unwrap()).unwrap().1;
            assert_eq!(audit.coverage().len(), 2 * references().count());
            let gaps = audit.coverage().into_iter().filter(Coverage::is_gap);
            gaps.map(|gap| (format!("{} {}", gap.from.0, gap.to.0), gap.share())).collect::<BTreeMap<_, _>>()
        };
        let whole = gaps();
        assert!(whole.is_empty(), "{whole:?}");
        let thin = |file: &str, keep: fn(usize) -> bool| {
            let path = data.path().join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            let kept = text.split_inclusive('\n').enumerate().filter(|(line, _)| *line == 0 || keep(*line));
            std::fs::write(&path, kept.map(|(_, line)| line).collect::<String>()).unwrap();
        };
        thin("olist_order_reviews_dataset.csv", |line| line % 10 == 0);
        thin("olist_products_dataset.csv", |line| line % 5 > 0);
        let gaps = gaps();
        assert_eq!(gaps.keys().collect::<Vec<_>>(), ["order_items products", "orders order_reviews"]);
        assert!(gaps["orders order_reviews"] > 0.88 && gaps["order_items products"] > 0.1, "{gaps:?}");
    }
}
