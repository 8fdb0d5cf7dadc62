//! Finished run → a store, all at once: clean tables and result tables. Behind `pfe run --store`.

use std::path::Path;

use super::manifest::listed;
use super::{csv_of_results, load};
use crate::error::{Error, Result};
use crate::results::Results;
use crate::schema;
use crate::store::{Incoming, Stage, Store};

/// Writes the clean tables and the result tables of the finished run in `out`, all at once.
///
/// # Errors
/// The store fails, or a file of the run is damaged.
pub fn save_run(store: &dyn Store, out: &Path, results: &Results, progress: &(dyn Fn(&str, u64) + Sync)) -> Result<()> {
    let cleaned = load::clean_tables(out)?.into_iter().filter(|(name, _)| store.holds(Stage::Cleaned, name));
    let cleaned = cleaned.map(|(name, frame)| Incoming { schema: Stage::Cleaned, name, frame, file: None });
    let mut incoming: Vec<Incoming> = cleaned.collect();
    for (name, table) in csv_of_results::all(results)?.into_iter().filter(|(name, _)| store.holds(Stage::Results, name))
    {
        let declared = schema::result_tables::named(name)
            .ok_or_else(|| Error::report(format!("table `{name}`"), "it is declared nowhere"))?;
        let frame = declared.frame(table.get(1..).unwrap_or_default())?;
        // Stores that keep files get exactly the run's bytes.
        let path = listed(out, &format!("tables/{name}.csv"))?;
        let file = Some(std::fs::read(&path).map_err(Error::io("read", &path))?);
        incoming.push(Incoming { schema: Stage::Results, name: name.into(), frame, file });
    }
    match incoming.is_empty() {
        false => store.write_all(&incoming, progress),
        true => Err(Error::input(format!("`{}` has no place for cleaned tables and results", store.url()))
            .with_hint("name another store with `--store`")),
    }
}
