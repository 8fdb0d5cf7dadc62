//! What the checks have found in the ranges so far, and the foreign keys to short tables. Used by `ranges`.

use std::collections::BTreeMap;

use polars::prelude::*;

use crate::clean::audit::Nulls;
use crate::clean::checks::quality::Quality;
use crate::clean::checks::references::{Key, Reference, references};
use crate::clean::checks::rules;
use crate::clean::tables::nulls;
use crate::error::Result;
use crate::schema::contract::{Table, TableId};

/// Results of the checks on all rows so far.
#[derive(Default)]
pub(super) struct Found {
    pub(super) quality: Quality,
    pub(super) nulls: BTreeMap<TableId, Vec<Nulls>>,
}

impl Found {
    /// Runs the checks of single rows, and counts nulls.
    pub(super) fn examine(&mut self, table: &'static Table, frame: &DataFrame) -> Result<()> {
        self.quality.add(rules::rules(table, frame)?);
        let fresh = nulls(table, frame)?;
        match self.nulls.get_mut(&table.id) {
            Some(sum) => sum.iter_mut().zip(fresh).for_each(|(sum, fresh)| {
                sum.missing += fresh.missing;
                sum.total += fresh.total;
            }),
            None => drop(self.nulls.insert(table.id, fresh)),
        }
        Ok(())
    }
}

/// The foreign keys to tables of which all rows are known.
#[derive(Default)]
pub(super) struct References<'a>(pub(super) BTreeMap<Key, Reference<'a>>);

impl<'a> References<'a> {
    /// Starts with the references among the short tables.
    pub(super) fn new(short: &'a BTreeMap<TableId, DataFrame>) -> Result<References<'a>> {
        let mut by_key = References::default();
        short.iter().try_for_each(|(id, target)| by_key.add(*id, target, short))?;
        Ok(by_key)
    }

    /// Adds the foreign keys to the table `id`, whose rows are `target`; counts the references of the short tables.
    pub(super) fn add(
        &mut self,
        id: TableId,
        target: &'a DataFrame,
        short: &BTreeMap<TableId, DataFrame>,
    ) -> Result<()> {
        for (table, key) in references().filter(|(_, key)| key.table == id) {
            let mut reference = Reference::new(table, key, target)?;
            short.get(&table.id).map_or(Ok(()), |referring| reference.add(referring).map(drop))?;
            self.0.insert((table.id, key.column), reference);
        }
        Ok(())
    }

    /// Counts the references of these rows. Returns the position of each referenced value, by column.
    pub(super) fn count(&mut self, table: &Table, frame: &DataFrame) -> Result<BTreeMap<&'static str, IdxCa>> {
        let of_table = self.0.iter_mut().filter(|((id, _), _)| *id == table.id);
        of_table.map(|((_, column), reference)| Ok((*column, reference.add(frame)?))).collect()
    }
}
