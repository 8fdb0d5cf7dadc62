//! Audit → how many rows and values have no partner, for every foreign key in both directions. Used by the command line and the report.

use super::audit::{Audit, Severity};
use super::checks::references::{child_to_parent, parent_to_child, references};
use crate::schema::contract::TableId;

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
    pub unmatched: usize,
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
        self.unmatched as f64 / self.total.max(1) as f64
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
                let coverage = |(unmatched, total, severity)| {
                    let (from, to) = (from.clone(), to.clone());
                    Coverage { from, to, direction, unmatched, total, severity }
                };
                all.extend(counted.map(coverage));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::clean::load;
    use crate::input::Source;
    use crate::synth::{SynthParams, generate};

    /// Reviews for only a tenth of the orders, and a fifth of the products removed.
    #[test]
    fn what_lacks_partners_is_measured_in_both_directions() {
        let data = tempfile::tempdir().unwrap();
        generate(&SynthParams { orders: 600, seed: 3, ..Default::default() }, data.path()).unwrap();
        let gaps = || {
            let audit = load(&Source::open(data.path()).unwrap()).unwrap().1;
            assert_eq!(audit.coverage().len(), 2 * references().count());
            let gaps = audit.coverage().into_iter().filter(Coverage::is_gap);
            gaps.map(|gap| (format!("{} {}", gap.from.0, gap.to.0), gap.share())).collect::<BTreeMap<_, _>>()
        };
        let complete = gaps();
        assert!(complete.is_empty(), "{complete:?}");
        let thin_out = |file: &str, keep: fn(usize) -> bool| {
            let path = data.path().join(file);
            let text = std::fs::read_to_string(&path).unwrap();
            let kept = text.split_inclusive('\n').enumerate().filter(|(line, _)| *line == 0 || keep(*line));
            std::fs::write(&path, kept.map(|(_, line)| line).collect::<String>()).unwrap();
        };
        thin_out("olist_order_reviews_dataset.csv", |line| line % 10 == 0);
        thin_out("olist_products_dataset.csv", |line| line % 5 > 0);
        let gaps = gaps();
        assert_eq!(gaps.keys().collect::<Vec<_>>(), ["order_items products", "orders order_reviews"]);
        assert!(gaps["orders order_reviews"] > 0.88 && gaps["order_items products"] > 0.1, "{gaps:?}");
    }
}
