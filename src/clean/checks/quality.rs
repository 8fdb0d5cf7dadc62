//! Results of all checks so far → Audit. Used wherever tables are checked, whole or in parts.

use std::collections::BTreeMap;

use super::outcome::add;
use super::references::{Key, Measured, references};
use crate::clean::audit::Severity::Error as Wrong;
use crate::clean::audit::{Audit, Check, Relation, RowCounts};
use crate::error::Result;
use crate::input::built_in::MISSING;
use crate::schema::contract::{TABLES, TableId};

/// Results of the checks so far. Ranges of rows must be added in their order, since the first failures are named.
#[derive(Default)]
pub(crate) struct Quality {
    pub(crate) checks: Vec<Check>,
    measured: BTreeMap<Key, Measured>,
}

impl Quality {
    pub(crate) fn add(&mut self, checks: Vec<Check>) {
        for check in checks {
            match self.checks.iter_mut().find(|c| c.table == check.table && c.check == check.check) {
                Some(previous) => add(previous, check),
                None => self.checks.push(check),
            }
        }
    }

    pub(crate) fn measure(&mut self, key: Key, measured: Measured) {
        match self.measured.get_mut(&key) {
            Some(previous) => previous.add(measured),
            None => drop(self.measured.insert(key, measured)),
        }
    }

    /// Writes all checks and relations to `audit`, in the order of the contract. Rows that repeat a key count as failures here; cleaning
    /// has quarantined them.
    ///
    /// # Errors
    /// [`Error::Input`]: (almost) all items or payments refer to no order.
    pub(crate) fn finish(mut self, audit: &mut Audit) -> Result<()> {
        let (steps, mut checks) = (&audit.steps, self.checks);
        checks.append(&mut audit.quality);
        checks.extend(steps.iter().filter_map(unique_key));
        let mut relations = Vec::new();
        for (table, key) in references() {
            let Some(measured) = self.measured.remove(&(table.id, key.column)) else { continue };
            if PAID_BY_ORDER.contains(&table.id) && key.table == TableId::Orders {
                measured.refuse_disconnected(table, key)?;
            }
            let Measured { child_to_parent, parent_to_child, per_parent, referring, .. } = measured;
            // A missing table is reported once, not again by every row that references it.
            let missing = |id: TableId| audit.inputs.get(id as usize).is_some_and(|file| file.name == MISSING);
            if missing(table.id) || missing(key.table) {
                continue;
            }
            audit.referring.extend(referring.map(|referring| ((table.id, key.column), referring)));
            relations.push(Relation {
                from: (table.name.into(), key.column.into()),
                to: (key.table.name().into(), key.references.into()),
                per_parent: per_parent.unwrap_or_default(),
                orphans: child_to_parent.failed,
            });
            checks.extend([child_to_parent, parent_to_child]);
        }
        checks.sort_by(|a, b| (&a.table, a.severity, &a.check).cmp(&(&b.table, b.severity, &b.check)));
        (audit.quality, audit.relations) = (checks, relations);
        Ok(())
    }
}

/// The tables of amounts, which say nothing without their orders.
const PAID_BY_ORDER: [TableId; 2] = [TableId::OrderItems, TableId::OrderPayments];

fn unique_key(step: &RowCounts) -> Option<Check> {
    let table = TABLES.iter().find(|t| t.name == step.table && step.step == "clean" && !t.key.is_empty())?;
    Some(Check {
        table: step.table.clone(),
        check: format!("the key `{}` is unique", table.key.join(" + ")),
        severity: Wrong,
        failed: step.quarantined,
        total: step.rows_in - step.deduplicated,
        samples: Vec::new(),
    })
}
