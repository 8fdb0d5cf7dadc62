//! Raw files that a remote engine reads → clean tables there + Audit: what `clean` does, as portable SQL. Next: `mart`.
//!
//! The rows stay on the engine. Only counts and quarantined rows are transferred. Engines do not report line numbers of quarantined rows.

mod checks;
mod files;
mod raw;
mod server;
mod sql;

use std::collections::BTreeMap;

#[cfg(feature = "spark")]
pub(crate) use self::files::{HINT, RawFiles};
use self::raw::Raw;
pub use self::server::Folders;
pub(crate) use self::server::Server;
use self::server::{numbers, write};
use self::sql::Statements;
#[cfg(feature = "spark")]
pub(crate) use self::sql::{MALFORMED, quoted};
use crate::clean::audit::{Audit, Change, ChangeKind, RowCounts};
use crate::clean::tables::{audit_of, some_order};
use crate::error::Result;
use crate::input::identity::InputFile;
use crate::input::source::Source;
use crate::schema::contract::{TABLES, Table, TableId, ZIP_LOCATIONS};
use crate::schema::read_options::Years;

/// Identifies the files of the tables by their rows: the hash does not depend on their order.
pub(crate) fn identify(server: &dyn Server, source: &Source) -> Result<Vec<(TableId, InputFile)>> {
    TABLES.iter().map(|table| Ok((table.id, Raw::read(server, source, table)?.file))).collect()
}

/// Cleans the tables of `source` into the folders that `to` names.
///
/// # Errors
/// As [`load`](crate::clean::load); a table is not in CSV files with a path, or the server fails.
pub(crate) fn clean(server: &dyn Server, source: &Source, to: &Folders<'_>) -> Result<Audit> {
    let mut cleaned = BTreeMap::new();
    for table in in_order() {
        let raw = Raw::read(server, source, table)?;
        cleaned.insert(table.id, (raw.clean(server, to)?, raw));
    }
    some_order(cleaned[&TableId::Orders].0.steps[1].rows_out)?;
    let named = names(server)?;
    server.progress(ZIP_LOCATIONS);
    let (points, raw) = &cleaned[&TableId::Geolocation];
    let outside = checks::outside(server, &raw.files.name)?;
    let located = RowCounts::of(ZIP_LOCATIONS, "locate", points.steps[1].rows_out, 0, outside.rows);
    write(server, ZIP_LOCATIONS, to, &checks::located())?;
    let (table_audits, raw): (Vec<_>, Vec<_>) = cleaned.into_values().unzip();
    let warnings = raw.into_iter().flat_map(|raw| raw.warnings).collect();
    let mut audit = audit_of(table_audits, warnings, named, (located, outside));
    checks::check(server, &mut audit)?;
    Ok(audit)
}

/// The statements that clean files whose columns are those of the contract, with the name of each result.
pub(crate) fn statements() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for table in in_order() {
        let header: Vec<String> = table.columns.iter().map(|column| column.source.into()).collect();
        let positions: Vec<usize> = (0..header.len()).collect();
        let years = Years::default();
        let statements = Statements { table, header: &header, positions: &positions, years };
        all.push((statements.view("fields"), statements.fields()));
        all.push((statements.view("checked"), statements.checked()));
        all.push((statements.view("ranked"), statements.ranked()));
        all.push((table.name.into(), statements.clean()));
    }
    all.push((ZIP_LOCATIONS.into(), checks::located()));
    all
}

/// The tables in the order of cleaning: products need the English names of categories.
fn in_order() -> impl Iterator<Item = &'static Table> {
    let (last, first): (Vec<_>, Vec<_>) = TABLES.iter().partition(|table| table.id == TableId::Products);
    first.into_iter().chain(last)
}

/// How the categories of products got their names.
fn names(server: &dyn Server) -> Result<Vec<Change>> {
    let (products, names) = (TableId::Products.name(), TableId::Categories.name());
    let counts = server.rows(
        "cannot count the categories",
        &format!(
            "SELECT COUNT(n.product_category_name) AS translated, COUNT(p.product_category_name) AS named, COUNT(*) AS products \
             FROM {products} AS p LEFT JOIN {names} AS n ON p.product_category_name = n.product_category_name"
        ),
    )?;
    let [translated, named, all] = numbers(&counts, ["translated", "named", "products"])?;
    let changes = [
        (ChangeKind::Translated, translated),
        (ChangeKind::NamedUnknown, all - named),
        (ChangeKind::Untranslated, named - translated),
    ];
    let change =
        |(change, count)| Change { table: products.into(), column: "product_category_name".into(), change, count };
    Ok(changes.into_iter().filter(|(_, count)| *count > 0).map(change).collect())
}
