//! A user's query over the tables of a run → a table, values and a figure of the report. Used by `own`.
//!
//! A query is a TOML file: `sql` is read by polars, over the mart and the result tables, by their names; `title`, with placeholders, names
//! the table; `columns` are its heads. A chapter places it with `![](table:NAME)` and writes its values as `{{ own.NAME[0].column | count }}`. A
//! part `[figure]` draws the rows: `kind`, `x`, `y`, `alt`; it is placed with `![](figure:NAME)`.

use std::collections::BTreeMap;

use polars::prelude::*;
use polars::sql::SQLContext;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::cells::{is_amount, text_of};
use super::figure;
use crate::charts::About;
use crate::dossier::edition::NONE;
use crate::error::{Error, Result};
use crate::mart::SalesMart;
use crate::report::chapter::template;
use crate::report::chapter::typography::Typographer;
use crate::report::templates::QUERIES;
use crate::report::{Chapter, Currency, Figure, Lang, Materials, Origin, Table, TableColumn, Templates};
use crate::text::{listed, shortened};

/// Makes the tables that queries read beside those of the mart.
pub type MakeTables<'a> = dyn Fn() -> Result<BTreeMap<String, DataFrame>> + 'a;

/// Most rows of a query.
const ROWS: usize = 1_000;
/// Most columns of a query.
const COLUMNS: usize = 30;
/// Characters of an error of polars that a message shows.
const SHOWN: usize = 300;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    sql: String,
    title: String,
    #[serde(default)]
    columns: Vec<String>,
    figure: Option<figure::Declared>,
}

/// The queries of some templates, with their rows.
#[derive(Debug, Default)]
pub struct Queries(BTreeMap<String, (Declared, DataFrame)>);

impl Queries {
    /// Runs the queries of `templates`.
    ///
    /// # Errors
    /// [`Error::Input`]: a file is no query, or the query fails, reads files, or has too many rows or columns.
    pub(crate) fn run(templates: &Templates, mart: &SalesMart, tables: &MakeTables<'_>) -> Result<Queries> {
        let mut queries = BTreeMap::new();
        let mut known: Option<BTreeMap<String, DataFrame>> = None;
        for (path, text) in templates.added(&format!("{QUERIES}/")) {
            let name = path.trim_start_matches(QUERIES).trim_start_matches('/').trim_end_matches(".toml");
            if !is_name(name) {
                return Err(Error::input(format!("`{path}`: a query is named by letters, digits and `_`")));
            }
            let declared: Declared = toml::from_str(text).map_err(|e| {
                Error::input(format!("`{path}`: {}", e.to_string().trim_end())).with_hint(
                    "a query has `sql` and `title`, and may have `columns` and `[figure]` with `kind`, `x`, `y`, `alt`",
                )
            })?;
            if known.is_none() {
                let mut all = tables()?;
                all.extend(mart.iter()?.map(|(name, frame)| (name.to_string(), frame.clone())));
                known = Some(all);
            }
            let rows = rows(path, &declared, known.as_ref().unwrap_or(&BTreeMap::new()))?;
            queries.insert(name.to_string(), (declared, rows));
        }
        Ok(Queries(queries))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn has_rows(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|(_, rows)| rows.height() > 0)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The rows of each query as values of the report: `own.NAME[row].column`.
    pub(crate) fn values(&self) -> Result<Value> {
        let of_query = |(name, (_, rows)): (&String, &(Declared, DataFrame))| Ok((name.clone(), values_of(rows)?));
        Ok(Value::Object(self.0.iter().map(of_query).collect::<Result<Map<_, _>>>()?))
    }

    /// Adds a table for each query, its figure if it has one, and the origin of its values.
    pub(crate) fn add_to(
        &self,
        materials: &mut Materials,
        (lang, currency): (Lang, Currency),
        no_data: &str,
    ) -> Result<()> {
        for (name, (declared, rows)) in &self.0 {
            let path = format!("{QUERIES}/{name}.toml");
            if materials.tables.contains_key(name) || materials.figures.contains_key(name) {
                return Err(Error::input(format!("`{path}`: the report has a table or figure `{name}` already"))
                    .with_hint("give the file another name"));
            }
            let alt = declared.figure.as_ref().map_or("", |figure| &figure.alt);
            let text = |part: &str, text: &str| Chapter { name: format!("{path}, {part}"), text: text.into() };
            let texts = [text("title", &declared.title), text("alt", alt)];
            // Placeholders of rows cannot be filled where there are none.
            let [title, alt] = if rows.height() == 0 {
                [name.clone(), if alt.is_empty() { String::new() } else { no_data.to_string() }]
            } else {
                let filled = template::fill(&texts, &materials.values, lang, currency)?;
                [0, 1].map(|i| Typographer::new(lang).set(filled[i].text.trim()))
            };
            if let Some(figure) = &declared.figure {
                if alt.is_empty() {
                    return Err(Error::input(format!("`{path}`: the figure has no alternative text"))
                        .with_hint("say in `alt` what it shows, for readers who cannot see it"));
                }
                let about = About { title: &title, desc: &alt, no_data };
                let svg = figure.draw(&path, rows, &about, (lang, currency))?;
                let (title, source) = (title.clone(), path.clone());
                materials.figures.insert(name.clone(), Figure { svg, title, alt, source });
            }
            let columns = rows.columns().iter().enumerate().map(|(i, column)| TableColumn {
                header: declared.columns.get(i).cloned().unwrap_or_else(|| column.name().to_string()),
                numeric: column.dtype().is_primitive_numeric(),
            });
            let write = |row: usize| {
                let cell = |column: &Column| Ok(written(column.name(), &column.get(row)?, lang, currency));
                rows.columns().iter().map(cell).collect::<Result<Vec<_>>>()
            };
            let table = Table {
                columns: columns.collect(),
                rows: (0..rows.height()).map(write).collect::<Result<_>>()?,
                title,
                source: path.clone(),
            };
            materials.tables.insert(name.clone(), table);
            materials.sources.insert(format!("own.{name}"), Origin { file: path, rows: String::new() });
        }
        Ok(())
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_ascii_digit())
}

fn rows(path: &str, declared: &Declared, tables: &BTreeMap<String, DataFrame>) -> Result<DataFrame> {
    let words: Vec<String> =
        declared.sql.split(|c: char| !(c.is_alphanumeric() || c == '_')).map(str::to_lowercase).collect();
    if let Some(reads) = words.iter().find(|word| word.starts_with("read_") || word.starts_with("scan_")) {
        return Err(Error::input(format!("`{path}`: `{reads}` reads files; a query reads the tables of the run only")));
    }
    let mut sql = SQLContext::new();
    for (name, frame) in tables.iter().filter(|(name, _)| words.contains(&name.to_lowercase())) {
        sql.register(name, frame.clone().lazy());
    }
    let failed = |e: PolarsError| {
        let near = words.iter().filter(|word| !tables.contains_key(*word) && word.len() > 3).find_map(|word| {
            let near = tables.keys().map(|name| (strsim::osa_distance(word, name), name)).min()?;
            (near.0 <= 2).then(|| format!("did you mean `{}`?", near.1))
        });
        let names = || format!("tables: {}", listed(tables.keys().cloned()));
        Error::input(format!("`{path}`: {}", shortened(&e.to_string(), SHOWN))).with_hint(near.unwrap_or_else(names))
    };
    let rows =
        sql.execute(&declared.sql).and_then(|query| query.limit(ROWS as IdxSize + 1).collect()).map_err(failed)?;
    if rows.height() > ROWS || rows.width() > COLUMNS {
        return Err(Error::input(format!("`{path}` has more than {ROWS} rows or {COLUMNS} columns"))
            .with_hint("select fewer columns, or end the query with `ORDER BY … LIMIT 20`"));
    }
    if declared.columns.len() > rows.width() {
        return Err(Error::input(format!(
            "`{path}` names {} columns, and the query has {}",
            declared.columns.len(),
            rows.width()
        )));
    }
    Ok(rows)
}

/// Rows as JSON: numbers stay numbers, days and other values become text.
fn values_of(rows: &DataFrame) -> Result<Value> {
    let value = |cell: &AnyValue| match cell {
        AnyValue::Null => Value::Null,
        AnyValue::Boolean(flag) => (*flag).into(),
        number if number.is_integer() => number.extract::<i64>().into(),
        number if number.is_float() => number.extract::<f64>().into(),
        other => text_of(other).into(),
    };
    let row = |row: usize| -> Result<Value> {
        let cell = |column: &Column| Ok((column.name().to_string(), value(&column.get(row)?)));
        Ok(Value::Object(rows.columns().iter().map(cell).collect::<Result<Map<_, _>>>()?))
    };
    Ok(Value::Array((0..rows.height()).map(row).collect::<Result<_>>()?))
}

/// A cell as printed.
fn written(column: &str, cell: &AnyValue, lang: Lang, currency: Currency) -> String {
    match cell {
        AnyValue::Null => NONE.into(),
        number if number.is_integer() => {
            let number = number.extract::<i64>().unwrap_or_default();
            if is_amount(column) { lang.amount(number, 2, currency) } else { lang.count(number) }
        }
        number if number.is_float() => match number.extract::<f64>() {
            Some(number) if number.is_finite() => lang.decimal(number, 2),
            _ => NONE.into(),
        },
        other => text_of(other),
    }
}
