//! CleanTables → Quality: checks declared beside the contract, how many rows fail each, and which fail first. Part of the Audit.

pub(crate) mod outcome;
pub(crate) mod quality;
pub(crate) mod references;
pub(crate) mod rules;

use self::quality::Quality;
use self::references::{Reference, references};
use self::rules::{paid_in_full, rules, untranslated};
use super::clean_tables::CleanTables;
use crate::error::Result;
use crate::parallel;
use crate::schema::contract::{TABLES, TableId};

/// Runs every check and measures every foreign key.
pub(crate) fn check(clean: &CleanTables) -> Result<Quality> {
    let (rules, rest) = parallel::both(
        || parallel::map(&TABLES, |t| rules(t, clean.table(t.id))),
        || {
            let paid = paid_in_full(clean.table(TableId::OrderItems), clean.table(TableId::OrderPayments))?;
            let named = untranslated(clean.table(TableId::Products), clean.table(TableId::Categories))?;
            let measured = parallel::map(references(), |(table, key)| {
                let mut reference = Reference::new(table, key, clean.table(key.table))?;
                reference.add(clean.table(table.id))?;
                Ok(((table.id, key.column), reference.measured()))
            });
            Ok::<_, crate::Error>((paid, named, measured?))
        },
    );
    let (paid, named, measured) = rest?;
    let mut quality = Quality::default();
    quality.add(rules?.concat());
    quality.add(vec![paid, named]);
    measured.into_iter().for_each(|(key, measured)| quality.measure(key, measured));
    Ok(quality)
}
