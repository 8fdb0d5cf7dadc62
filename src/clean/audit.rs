//! What reading and cleaning did to the rows: counted, listed, never printed. Beside CleanTables; next: the report.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::checks::{back, forth, references};
use crate::input::quarantine::Quarantined;
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
    /// Missing values, with the reason that the contract gives.
    pub nulls: Vec<Nulls>,
    /// Values that were set aside while their rows stay; of rows that were read, duplicates included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<SetAside>,
    /// Results of the quality checks.
    pub quality: Vec<Check>,
    /// Measured cardinality of every reference between tables.
    pub relations: Vec<Relation>,
    /// What was accepted but should be known.
    pub warnings: Vec<String>,
    /// The rows and values set aside, by table; of very many, the first. Written to `quarantine/*.csv`, not to the audit file.
    #[serde(skip)]
    pub quarantine: Vec<(String, Vec<Quarantined>)>,
    /// How many rows refer to each distinct value of a short table, by table and column that refer, in the order of the clean
    /// table. Written to `references/*.parquet` where a later run may go on from this one.
    #[serde(skip)]
    pub referring: BTreeMap<(TableId, &'static str), Vec<usize>>,
}

/// A step that can lose rows. Law: `rows_in = rows_out + deduplicated + quarantined`.
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
    /// Rows set aside.
    pub quarantined: usize,
}

/// A counted change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Table.
    pub table: String,
    /// Column.
    pub column: String,
    /// What was done.
    pub change: ChangeKind,
    /// Number of values, or of columns for a renaming.
    pub count: usize,
}

/// What cleaning does to values that stay.
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
    /// Missing values.
    pub missing: usize,
    /// Rows.
    pub total: usize,
    /// Why they may be missing.
    pub reason: String,
}

/// Values of a column that were set aside.
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
    /// The results are wrong where it fails.
    Error,
    /// The results stand, but the reader should know.
    Warning,
    /// A property of the marketplace.
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
    /// What is demanded, in words.
    pub check: String,
    /// How much a failure matters.
    pub severity: Severity,
    /// Rows that fail.
    pub failed: usize,
    /// Rows examined.
    pub total: usize,
    /// The keys of the first failing rows; of references, the first values that are not there.
    pub samples: Vec<String>,
}

/// A reference between two tables, measured from both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// Referring table and column.
    pub from: (String, String),
    /// Referred table and column.
    pub to: (String, String),
    /// Least and greatest number of referring rows per referred value.
    pub per_parent: (usize, usize),
    /// Referring rows that find no partner.
    pub orphans: usize,
}

/// One direction of a reference: how much of it finds no partner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Where partners are looked for from: table and column.
    pub from: (String, String),
    /// Where they are looked for.
    pub to: (String, String),
    /// What refers and what is referred to: rows that refer, or values that may be referred to.
    pub direction: Direction,
    /// Rows or values without a partner.
    pub alone: usize,
    /// All of them.
    pub total: usize,
    /// How much it matters.
    pub severity: Severity,
}

/// From which end a reference is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the rows that refer.
    ToParent,
    /// From the values that are referred to.
    ToChildren,
}

/// Share from which on it is told that partners are missing.
pub const GAP: f64 = 0.02;

impl Coverage {
    /// The share without a partner.
    pub fn share(&self) -> f64 {
        self.alone as f64 / self.total.max(1) as f64
    }

    /// Whether more partners are missing than happens where the data are whole. That something on a list is not used, as zip codes
    /// without customers, is no gap.
    pub fn is_gap(&self) -> bool {
        let listed = self.direction == Direction::ToChildren && LISTS.iter().any(|list| list.name() == self.from.0);
        self.share() >= GAP && !listed
    }
}

/// Tables that list what there is, whether something refers to it or not.
const LISTS: [TableId; 5] =
    [TableId::Geolocation, TableId::States, TableId::Categories, TableId::Products, TableId::Sellers];

impl Audit {
    /// Every reference in both directions, in the order of the contract.
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
                (of(table.name, &forth(key)), &child, &parent, Direction::ToParent),
                (of(key.table.name(), &back(table, key)), &parent, &child, Direction::ToChildren),
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
    /// Whether facts refer to rows that are not there, or to customers of whom no state is known.
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
    /// Rows set aside, over all steps.
    pub fn quarantined(&self) -> usize {
        self.steps.iter().map(|s| s.quarantined).sum()
    }
    /// Values set aside while their rows stay.
    pub fn values_aside(&self) -> usize {
        self.values.iter().map(|v| v.count).sum()
    }
    /// Failed rows of the checks of `severity`.
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

    /// Reviews for a tenth of the orders, and a fifth of the products gone.
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
