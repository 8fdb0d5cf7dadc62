//! Clean tables on a server → locations and results of the checks, equal to those of `clean::locations` and `clean::checks`. Used by
//! `remote_cleaning`.

use super::server::{Server, numbers};
use super::sql::sum;
use crate::clean::audit::{Audit, Nulls, Severity};
use crate::clean::checks::outcome::{SAMPLES, outcome, samples};
use crate::clean::checks::quality::Quality;
use crate::clean::checks::references::{Counted, Measured, references};
use crate::clean::checks::rules::{PAID, PAID_IN_FULL, TRANSLATED, rules_of};
use crate::clean::locations::{LATITUDES, LONGITUDES, outside_brazil};
use crate::error::Result;
use crate::input::quarantine::{Quarantine, Quarantined};
use crate::schema::contract::{ForeignKey, TABLES, Table, TableId};

/// What fails when the server refuses a statement.
const FAILURE: &str = "cannot check the tables";

/// SQL condition: the point lies in Brazil.
fn inside() -> String {
    let between =
        |range: &std::ops::RangeInclusive<f64>| format!("BETWEEN {:?}D AND {:?}D", range.start(), range.end());
    format!("geolocation_lat {} AND geolocation_lng {}", between(&LATITUDES), between(&LONGITUDES))
}

/// Quarantines the points outside Brazil.
pub(crate) fn outside(server: &dyn Server, file: &str) -> Result<Quarantine> {
    let columns = TableId::Geolocation.table().columns;
    let names = columns.iter().map(|column| column.name).collect::<Vec<_>>().join(", ");
    let statement = format!("SELECT {names} FROM geolocation WHERE NOT ({}) ORDER BY {names}", inside());
    let rows = server.rows("cannot locate the zip prefixes", &statement)?;
    let text =
        |i: usize, row| -> Result<&str> { Ok(rows.column(columns[i].name)?.str()?.get(row).unwrap_or_default()) };
    let degrees =
        |i: usize, row| -> Result<f64> { Ok(rows.column(columns[i].name)?.f64()?.get(row).unwrap_or_default()) };
    let point = |row| -> Result<Quarantined> {
        let (zip, city, state) = (text(0, row)?, text(3, row)?, text(4, row)?);
        Ok(outside_brazil(file, None, zip, (degrees(1, row)?, degrees(2, row)?), (city, state)))
    };
    let mut outside = Quarantine::default();
    for row in 0..rows.height() {
        outside.add(point(row)?);
    }
    Ok(outside)
}

/// The statement for one location per zip prefix.
pub(crate) fn located() -> String {
    let inside = inside();
    let middle = |place: &str, degrees: &str| {
        let value = format!("CASE WHEN {place} BETWEEN (points + 1) DIV 2 AND points DIV 2 + 1 THEN {degrees} END");
        format!("(MIN({value}) + MAX({value})) / 2.0D")
    };
    let most_frequent = |name: &str| {
        format!(
            "SELECT zip, name FROM (SELECT zip, name, ROW_NUMBER() OVER (PARTITION BY zip ORDER BY n DESC, name) AS place FROM \
             (SELECT geolocation_zip_code_prefix AS zip, geolocation_{name} AS name, COUNT(*) AS n FROM geolocation \
             WHERE {inside} AND geolocation_{name} IS NOT NULL GROUP BY geolocation_zip_code_prefix, geolocation_{name}) AS g) AS r \
             WHERE place = 1"
        )
    };
    format!(
        "SELECT m.zip AS zip_code_prefix, m.latitude AS latitude, m.longitude AS longitude, c.name AS city, s.name AS state, \
         m.points AS points FROM (SELECT zip, {} AS latitude, {} AS longitude, MAX(points) AS points FROM \
         (SELECT geolocation_zip_code_prefix AS zip, geolocation_lat AS lat, geolocation_lng AS lng, \
         ROW_NUMBER() OVER (PARTITION BY geolocation_zip_code_prefix ORDER BY geolocation_lat) AS north, \
         ROW_NUMBER() OVER (PARTITION BY geolocation_zip_code_prefix ORDER BY geolocation_lng) AS east, \
         COUNT(*) OVER (PARTITION BY geolocation_zip_code_prefix) AS points FROM geolocation WHERE {inside}) AS p GROUP BY zip) AS m \
         LEFT JOIN ({}) AS c ON m.zip = c.zip LEFT JOIN ({}) AS s ON m.zip = s.zip",
        middle("north", "lat"),
        middle("east", "lng"),
        most_frequent("city"),
        most_frequent("state"),
    )
}

/// Runs every check on the clean tables, and measures the foreign keys.
pub(crate) fn check(server: &dyn Server, audit: &mut Audit) -> Result<()> {
    let mut quality = Quality::default();
    for table in &TABLES {
        server.progress(&format!("checks of {}", table.name));
        audit.nulls.extend(rules(server, table, &mut quality)?);
    }
    let total = |of: &str| -> Result<usize> {
        let counted = server.rows(FAILURE, &format!("SELECT COUNT(*) AS n FROM ({of}) AS c"))?;
        Ok(numbers(&counted, ["n"])?[0])
    };
    let demand = |table: TableId, check: &str, (failing, key): (&str, &str), of: &str| -> Result<_> {
        let (failed, of) = (total(failing)?, total(of)?);
        let first = first(server, failed, failing, key)?;
        Ok(outcome(table.table(), check.into(), Severity::Warning, (failed, of), first))
    };
    let unequal = format!("SELECT order_id FROM ({PAID_IN_FULL}) AS c WHERE difference <> 0");
    let used = "SELECT DISTINCT product_category_name FROM products WHERE product_category_name IS NOT NULL";
    let unnamed = format!(
        "SELECT u.product_category_name AS product_category_name FROM ({used}) AS u LEFT JOIN {} AS n \
         ON u.product_category_name = n.product_category_name WHERE n.product_category_name IS NULL",
        TableId::Categories.name()
    );
    quality.add(vec![
        demand(TableId::OrderPayments, PAID, (&unequal, "order_id"), PAID_IN_FULL)?,
        demand(TableId::Products, TRANSLATED, (&unnamed, "product_category_name"), used)?,
    ]);
    for (table, key) in references() {
        server.progress(&format!("references of {}", table.name));
        quality.measure((table.id, key.column), measure(server, table, key)?);
    }
    quality.finish(audit)
}

/// Counts missing values, and runs the checks of single rows.
fn rules(server: &dyn Server, table: &'static Table, quality: &mut Quality) -> Result<Vec<Nulls>> {
    let optional: Vec<_> = table.columns.iter().filter_map(|column| Some((column.name, column.null?))).collect();
    let rules: Vec<_> = rules_of(table).collect();
    let counts = optional.iter().map(|(column, _)| format!("{column} IS NULL"));
    let counts = counts.chain(rules.iter().map(|rule| rule.fails.to_string())).enumerate();
    let counts = counts.map(|(i, holds)| format!(", {} AS n{i}", sum(&holds)));
    let statement = format!("SELECT COUNT(*) AS total{} FROM {}", counts.collect::<String>(), table.name);
    let counts = server.rows(FAILURE, &statement)?;
    let count = |name: &str| -> Result<usize> { Ok(numbers(&counts, [name])?[0]) };
    let total = count("total")?;
    for (i, rule) in rules.iter().enumerate() {
        let failed = count(&format!("n{}", optional.len() + i))?;
        let keys = table.key.join(", ");
        let first = first(server, failed, &format!("SELECT {keys} FROM {} WHERE {}", table.name, rule.fails), &keys)?;
        quality.add(vec![outcome(table, rule.check.into(), rule.severity, (failed, total), first)]);
    }
    let nulls = |(i, (column, reason)): (usize, &(&str, &str))| {
        let missing = count(&format!("n{i}"))?;
        let (table, column, reason) = (table.name.into(), (*column).into(), (*reason).into());
        Ok(Nulls { table, column, missing, total, reason })
    };
    optional.iter().enumerate().map(nulls).collect()
}

/// Measures a foreign key in both directions.
fn measure(server: &dyn Server, table: &'static Table, key: &'static ForeignKey) -> Result<Measured> {
    let joined = format!(
        "(SELECT {} AS v, COUNT(*) AS n FROM {} WHERE {} IS NOT NULL GROUP BY {}) AS c FULL OUTER JOIN \
         (SELECT DISTINCT {} AS v FROM {}) AS p ON c.v = p.v",
        key.column,
        table.name,
        key.column,
        key.column,
        key.references,
        key.table.name()
    );
    let counts = server.rows(
        FAILURE,
        &format!(
            "SELECT SUM(c.n) AS total, SUM(CASE WHEN p.v IS NULL THEN c.n ELSE 0 END) AS orphans, COUNT(p.v) AS parents, \
             {} AS unused, MIN(CASE WHEN p.v IS NOT NULL THEN COALESCE(c.n, 0) END) AS least, \
             MAX(CASE WHEN p.v IS NOT NULL THEN COALESCE(c.n, 0) END) AS most FROM {joined}",
            sum("c.v IS NULL")
        ),
    )?;
    let [total, orphans, values, unused, least, most] =
        numbers(&counts, ["total", "orphans", "parents", "unused", "least", "most"])?;
    let orphan_values = format!("SELECT c.v AS v FROM {joined} WHERE p.v IS NULL");
    let unused_values = format!("SELECT p.v AS v FROM {joined} WHERE c.v IS NULL");
    let counted = Counted {
        total,
        orphans,
        samples: first(server, orphans, &orphan_values, "v")?,
        values,
        unused,
        first_unused: first(server, unused, &unused_values, "v")?,
        per_parent: (values > 0).then_some((least, most)),
    };
    Ok(Measured::new(table, key, counted))
}

/// The first rows of a statement in the order of `key`, as text. Does not query if the number of rows is 0.
fn first(server: &dyn Server, rows: usize, statement: &str, key: &str) -> Result<Vec<String>> {
    if rows == 0 {
        return Ok(Vec::new());
    }
    let ordered = format!("SELECT * FROM ({statement}) AS f ORDER BY {key} LIMIT {SAMPLES}");
    samples(&server.rows(FAILURE, &ordered)?)
}
