//! Contract → SQL statements that clean a table, in the dialect that Spark and Sail share. Used by `remote_cleaning`.
//!
//! Each table `t` is a chain of views. `fields_t`: its texts without surrounding spaces. `checked_t`: typed values, the first column that
//! breaks the contract with its row, and the columns with values that break it without breaking their rows. `ranked_t`: the distinct rows
//! and their ranks among rows with the same key. `t` itself: the clean rows.

use crate::input::built_in;
use crate::schema::contract::{
    Column, LogicalType, MAX_CENTAVOS, MAX_ID_LENGTH, STATES, Scope, Table, TableId, UNKNOWN_CATEGORY,
};
use crate::schema::missing::NULL_MARKS;
use crate::schema::read_options::Years;

/// Column with the text of a malformed record, one whose number of fields differs from the header's.
pub(crate) const MALFORMED: &str = "pfe_malformed";
/// Column with the index of the first column that breaks the contract, [`RECORD`] if the whole record does, null if none does.
pub(crate) const BROKEN: &str = "pfe_broken";
/// Column that marks values that break the contract without breaking their rows: a character per column, `1` for a broken value.
pub(crate) const BROKEN_VALUES: &str = "pfe_alone";
/// Stands for the record as a whole instead of a column.
pub(crate) const RECORD: i64 = -1;
/// Replaces bytes that are not UTF-8, since engines read nothing else.
pub(crate) const REPLACEMENT: char = '\u{FFFD}';
/// The largest finite double.
const GREATEST: &str = "1.7976931348623157E308D";

/// Quotes a name for SQL.
pub(crate) fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

fn list<T>(items: impl IntoIterator<Item = T>, one: impl FnMut(T) -> String) -> String {
    items.into_iter().map(one).collect::<Vec<_>>().join(", ")
}

/// SQL expression for a text without surrounding spaces.
fn trimmed(text: &str) -> String {
    format!("BTRIM({text}, ' \\t\\n\\u000C\\r')")
}

/// The marks of missing values as SQL texts, where a backslash escapes.
fn marks() -> String {
    list(NULL_MARKS, |mark| format!("'{}'", mark.replace('\\', "\\\\")))
}

/// SQL expression for the number of rows in which a condition holds.
pub(crate) fn sum(condition: &str) -> String {
    format!("SUM(CASE WHEN {condition} THEN 1 ELSE 0 END)")
}

/// The statements for one table.
pub(crate) struct Statements<'a> {
    pub(crate) table: &'static Table,
    /// The columns of the files.
    pub(crate) header: &'a [String],
    /// Position of each declared column in the header.
    pub(crate) positions: &'a [usize],
    /// Plausible years.
    pub(crate) years: Years,
}

impl Statements<'_> {
    pub(crate) fn view(&self, stage: &str) -> String {
        format!("{stage}_{}", self.table.name)
    }

    /// `fields_t`: raw texts as `r0`, `r1` …; texts of the declared columns, trimmed, as `f0`, `f1` …, with empty texts and
    /// marks of missing values as null.
    pub(crate) fn fields(&self) -> String {
        let raw = list(self.header.iter().enumerate(), |(i, name)| format!("{} AS r{i}", quoted(name)));
        let fields = list(self.positions.iter().enumerate(), |(i, position)| {
            // A column that the files lack is null.
            let text = self.header.get(*position).map_or("CAST(NULL AS STRING)".into(), |name| quoted(name));
            let text = trimmed(&text);
            format!("CASE WHEN {text} IN ('', {}) THEN NULL ELSE {text} END AS f{i}", marks())
        });
        format!("SELECT {raw}, {fields}, {MALFORMED} FROM {}", self.view("raw"))
    }

    /// `checked_t`: typed values under clean names; a value that breaks the contract without breaking its row is null.
    pub(crate) fn checked(&self) -> String {
        let (raw, fields) = (0..self.header.len(), 0..self.positions.len());
        let texts = list(raw.map(|i| format!("r{i}")).chain(fields.map(|i| format!("f{i}"))), |name| name);
        let is_present = |i: usize| self.positions[i] < self.header.len();
        // A column that the files lack cannot break the contract.
        let present = || self.table.columns.iter().enumerate().filter(|(i, _)| is_present(*i));
        let of = |scope: Scope| present().filter(move |(_, column)| column.quarantine_scope == scope);
        let breaks: String =
            of(Scope::Row).map(|(i, column)| format!(" WHEN NOT {} THEN {i}", self.fits(column, i))).collect();
        let is_broken =
            |i: usize, column: &Column| format!("CASE WHEN NOT {} THEN '1' ELSE '0' END", self.fits(column, i));
        let marks: Vec<String> = of(Scope::Value).map(|(i, column)| is_broken(i, column)).collect();
        let marks = if marks.is_empty() { "''".into() } else { format!("CONCAT({})", marks.join(", ")) };
        let values_or_null = list(self.table.columns.iter().enumerate(), |(i, column)| match column.quarantine_scope {
            Scope::Value if is_present(i) => {
                format!("CASE WHEN {} THEN {} END AS {}", self.fits(column, i), column.name, column.name)
            }
            _ => column.name.into(),
        });
        let values = list(self.table.columns.iter().enumerate(), |(i, column)| {
            format!("{} AS {}", value(column.kind, i), column.name)
        });
        format!(
            "SELECT {texts}, {MALFORMED}, {values_or_null}, CASE WHEN {MALFORMED} IS NOT NULL THEN {RECORD}{breaks} END AS {BROKEN}, \
             {marks} AS {BROKEN_VALUES} FROM (SELECT *, {values} FROM {}) AS v",
            self.view("fields")
        )
    }

    /// The columns whose broken values are quarantined while the row stays, in the order of their marks in [`BROKEN_VALUES`].
    pub(crate) fn value_columns(&self) -> Vec<usize> {
        let columns = self.table.columns.iter().enumerate();
        columns.filter(|(_, column)| column.quarantine_scope == Scope::Value).map(|(i, _)| i).collect()
    }

    /// Number of rows, of rows that break the contract, of zip prefixes whose zeros were restored; and four sums that identify the rows
    /// whatever their order.
    pub(crate) fn totals(&self) -> String {
        let text = |field: String| format!("COALESCE(CONCAT(CAST(LENGTH({field}) AS STRING), ':', {field}), '-')");
        let fields = (0..self.positions.len()).map(|i| format!("f{i}")).chain([MALFORMED.to_string()]);
        let row = format!("MD5(CONCAT({}))", list(fields, text));
        let pieces = list(0..4, |i| {
            format!("SUM(CAST(CONV(SUBSTR(row_hash, {}, 8), 16, 10) AS BIGINT)) AS piece_{i}", 1 + 8 * i)
        });
        let zips = self.table.columns.iter().enumerate().filter(|(_, column)| column.kind == LogicalType::Zip);
        let short = zips.map(|(i, column)| {
            sum(&format!("{BROKEN} IS NULL AND {} IS NOT NULL AND LENGTH({}) < 5", column.name, zip_digits(i)))
        });
        let short: Vec<String> = short.collect();
        let padded = if short.is_empty() { "0".into() } else { short.join(" + ") };
        let is_odd = |i| format!("{BROKEN} IS NULL AND NOT f{i} RLIKE '^[0-9A-Fa-f]{{32}}\\\\z'");
        let odd: String = self.ids().map(|(i, _)| format!(", {} AS odd_{i}", sum(&is_odd(i)))).collect();
        let marked = |(i, position)| {
            let (is_mark, text) = (format!("{BROKEN} IS NULL AND f{i} IS NULL"), trimmed(&format!("r{position}")));
            let mark = format!("CASE WHEN {is_mark} AND {text} <> '' THEN {text} END");
            format!(", COUNT({mark}) AS marked_{i}, MIN({mark}) AS mark_{i}")
        };
        let marked: String = self.may_be_marked().map(marked).collect();
        format!(
            "SELECT COUNT(*) AS rows_in, {} AS broken, {} AS alone, {padded} AS padded{odd}{marked}, {pieces} \
             FROM (SELECT *, {row} AS row_hash FROM {}) AS h",
            sum(&format!("{BROKEN} IS NOT NULL")),
            sum(&format!("{BROKEN} IS NULL AND INSTR({BROKEN_VALUES}, '1') > 0")),
            self.view("checked")
        )
    }

    /// The columns that may hold marks of missing values, by their position in the contract, with that in the header.
    pub(crate) fn may_be_marked(&self) -> impl Iterator<Item = (usize, usize)> {
        let columns = self.table.columns.iter().zip(self.positions).enumerate();
        let optional =
            columns.filter(|(_, (column, position))| column.null.is_some() && **position < self.header.len());
        optional.map(|(i, (_, position))| (i, *position))
    }

    /// The id columns with their positions.
    pub(crate) fn ids(&self) -> impl Iterator<Item = (usize, &'static Column)> {
        self.table.columns.iter().enumerate().filter(|(_, column)| column.kind == LogicalType::Id)
    }

    /// The rows that break the contract, or that have values which do.
    pub(crate) fn broken(&self) -> String {
        let raw = list(0..self.header.len(), |i| format!("r{i}"));
        format!(
            "SELECT {raw}, {MALFORMED}, {BROKEN}, {BROKEN_VALUES} FROM {} WHERE {BROKEN} IS NOT NULL OR INSTR({BROKEN_VALUES}, '1') > 0",
            self.view("checked")
        )
    }

    /// `ranked_t`: distinct rows, how often each occurs, and its rank among rows with the same key.
    pub(crate) fn ranked(&self) -> String {
        let columns = self.columns();
        let rank = match self.table.key {
            [] => "1".into(),
            key => {
                format!("ROW_NUMBER() OVER (PARTITION BY {} ORDER BY {})", key.join(", "), self.preferred())
            }
        };
        format!(
            "SELECT {columns}, copies, {rank} AS place FROM (SELECT {columns}, COUNT(*) AS copies FROM {} \
             WHERE {BROKEN} IS NULL GROUP BY {columns}) AS d",
            self.view("checked")
        )
    }

    /// The order of rows with one key, as in [`canonical`](crate::table::sort_dedupe::canonical): the first of them stays.
    fn preferred(&self) -> String {
        let other_columns = || self.table.columns.iter().filter(|column| !self.table.key.contains(&column.name));
        let missing: Vec<String> =
            other_columns().map(|column| format!("CASE WHEN {} IS NULL THEN 1 ELSE 0 END", column.name)).collect();
        format!("{}, {}", missing.join(" + "), list(other_columns(), |column| format!("{} NULLS FIRST", column.name)))
    }

    /// Number of readable rows, of distinct ones, and of those that repeat the key of another row.
    pub(crate) fn counts(&self) -> String {
        format!(
            "SELECT SUM(copies) AS readable, COUNT(*) AS distinct_rows, {} AS conflicts FROM {}",
            sum("place > 1"),
            self.view("ranked")
        )
    }

    /// The rows that repeat the key of another row, under source names.
    pub(crate) fn conflicts(&self) -> String {
        let texts = list(self.table.columns, |c| format!("CAST({} AS STRING) AS {}", c.name, quoted(c.source)));
        let (key, order) = (self.table.key.join(", "), self.preferred());
        let ranked = self.view("ranked");
        format!("SELECT {texts} FROM (SELECT * FROM {ranked} WHERE place > 1) AS c ORDER BY {key}, {order}")
    }

    /// `t`: one row per key, with derived columns. Unsorted: engines write the parts of a table concurrently.
    pub(crate) fn clean(&self) -> String {
        let ranked = format!("(SELECT {} FROM {} WHERE place = 1) AS c", self.columns(), self.view("ranked"));
        match self.table.id {
            TableId::Orders => format!("SELECT *, {} FROM {ranked}", derived()),
            TableId::Products => format!(
                "SELECT c.*, COALESCE(n.product_category_name_english, c.product_category_name, '{UNKNOWN_CATEGORY}') AS category \
                 FROM {ranked} LEFT JOIN {} AS n ON c.product_category_name = n.product_category_name",
                TableId::Categories.name()
            ),
            _ => format!("SELECT * FROM {ranked}"),
        }
    }

    fn columns(&self) -> String {
        list(self.table.columns, |column| column.name.to_string())
    }
}

/// The derived columns of orders, in the order of the contract.
fn derived() -> String {
    let seconds = |until: &str| {
        format!(
            "CAST(DATEDIFF(CAST({until} AS DATE), CAST(order_purchase_timestamp AS DATE)) AS BIGINT) * 86400 \
             + (HOUR({until}) - HOUR(order_purchase_timestamp)) * 3600 \
             + (MINUTE({until}) - MINUTE(order_purchase_timestamp)) * 60 \
             + (SECOND({until}) - SECOND(order_purchase_timestamp))"
        )
    };
    format!(
        "CAST(order_purchase_timestamp AS DATE) AS purchase_day, \
         MAKE_DATE(YEAR(order_purchase_timestamp), MONTH(order_purchase_timestamp), 1) AS purchase_month, \
         {} AS delivery_seconds, order_delivered_customer_date > order_estimated_delivery_date AS late_by_timestamp, \
         CAST(order_delivered_customer_date AS DATE) > CAST(order_estimated_delivery_date AS DATE) AS late_by_date, \
         {} AS approval_seconds",
        seconds("order_delivered_customer_date"),
        seconds("order_approved_at")
    )
}

/// The digits of a zip prefix before the decimals that tools write when they take it for a number.
fn zip_digits(i: usize) -> String {
    format!("SPLIT_PART(SPLIT_PART(f{i}, '.', 1), ',', 1)")
}

/// The typed value of field `i`; unspecified where the field breaks the contract.
fn value(kind: LogicalType, i: usize) -> String {
    match kind {
        LogicalType::Zip => format!("LPAD({}, 5, '0')", zip_digits(i)),
        LogicalType::Integer(..) => format!("TRY_CAST(SPLIT_PART(f{i}, '.', 1) AS BIGINT)"),
        LogicalType::Money => format!(
            "TRY_CAST(SPLIT_PART(f{i}, '.', 1) AS BIGINT) * 100 + \
             TRY_CAST(RPAD(SUBSTR(SPLIT_PART(f{i}, '.', 2), 1, 2), 2, '0') AS BIGINT)"
        ),
        LogicalType::Degrees => format!("TRY_CAST(f{i} AS DOUBLE) + 0.0D"),
        LogicalType::Timestamp => format!("TRY_CAST(REPLACE(f{i}, 'T', ' ') AS TIMESTAMP_NTZ)"),
        _ => format!("f{i}"),
    }
}

impl Statements<'_> {
    fn fits(&self, column: &Column, i: usize) -> String {
        fits(column, i, self.years)
    }
}

/// SQL condition: field `i` is valid for the column. Equals `parse` for values in canonical form.
fn fits(column: &Column, i: usize, years: Years) -> String {
    let name = column.name;
    let matches = |pattern: &str| format!("f{i} RLIKE '^{pattern}\\\\z'");
    let one_of = |words: &[&str]| format!("f{i} IN ({})", list(words, |word| format!("'{word}'")));
    let fits = match column.kind {
        LogicalType::Id => {
            let readable = format!("INSTR(f{i}, '{REPLACEMENT}') = 0 AND NOT f{i} RLIKE '\\\\p{{Cc}}'");
            format!("(LENGTH(f{i}) <= {MAX_ID_LENGTH} AND {readable})")
        }
        LogicalType::Zip => matches("[0-9]{1,5}([.,]00?)?"),
        LogicalType::State => one_of(&STATES.map(|state| state.0)),
        LogicalType::Enumeration(words) => one_of(words),
        LogicalType::Integer(lo, hi) => {
            format!("({} AND {name} BETWEEN {lo} AND {hi})", matches("[+-]?[0-9]+([.]0*)?"))
        }
        LogicalType::Money => {
            format!("({} AND {name} <= {MAX_CENTAVOS})", matches("([+]?[0-9]{1,15}([.][0-9]{0,2}0*)?|-0+([.]0*)?)"))
        }
        LogicalType::Degrees => {
            let number = matches("[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?");
            format!("({number} AND {name} BETWEEN -{GREATEST} AND {GREATEST})")
        }
        LogicalType::Timestamp => {
            let written = matches("[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}");
            let Years { first, last } = years;
            format!("({written} AND YEAR({name}) BETWEEN {first} AND {last})")
        }
        LogicalType::Text => format!("(INSTR(f{i}, '{REPLACEMENT}') = 0 AND LENGTH(f{i}) <= {})", column.max_length),
        LogicalType::Date | LogicalType::Flag => format!("INSTR(f{i}, '{REPLACEMENT}') = 0"),
    };
    let missing = if column.null.is_some() { "TRUE" } else { "FALSE" };
    format!("(CASE WHEN f{i} IS NULL THEN {missing} ELSE COALESCE({fits}, FALSE) END)")
}

/// The names of Olist's categories that the rows of the view `own` lack, as columns `k` and `n`; `columns` are those of key and name in it.
pub(crate) fn missing_names(own: &str, [key, name]: [&str; 2]) -> String {
    let (key, name) = (trimmed(&quoted(key)), trimmed(&quoted(name)));
    let rows = list(built_in::names_of_olist(), |(key, name)| format!("('{key}', '{name}')"));
    let named = format!("SELECT DISTINCT {key} AS k FROM {own} WHERE NOT {name} IN ('', {})", marks());
    format!(
        "SELECT s.k AS k, s.n AS n FROM (SELECT * FROM VALUES {rows} AS v(k, n)) AS s LEFT JOIN ({named}) AS h ON s.k = h.k \
         WHERE h.k IS NULL"
    )
}

/// The rows of the view `own` and those of `missing`, with the columns of `own`.
pub(crate) fn with_names(header: &[String], own: &str, missing: &str, [key, name]: [&str; 2]) -> String {
    let names = list(header, |column| quoted(column));
    let added = list(header, |column| match column {
        column if column == key => "k".into(),
        column if column == name => "n".into(),
        _ => "CAST(NULL AS STRING)".into(),
    });
    format!(
        "SELECT {names}, {MALFORMED} FROM {own} UNION ALL SELECT {added}, CAST(NULL AS STRING) AS {MALFORMED} FROM ({missing}) AS l"
    )
}

/// The built-in rows of a table that no file holds; no rows for a missing table.
pub(crate) fn built_in(table: &Table) -> String {
    let columns = table.columns.iter().map(|column| column.source);
    let no_value = list(columns.clone(), |column| format!("CAST(NULL AS STRING) AS {column}"));
    let no_value = format!("SELECT {no_value}, CAST(NULL AS STRING) AS {MALFORMED}");
    match &built_in::rows(table.id)[..] {
        [] => format!("SELECT * FROM ({no_value}) AS s WHERE false"),
        rows => {
            let (rows, columns) =
                (list(rows, |(key, name)| format!("('{key}', '{name}')")), list(columns, String::from));
            format!("SELECT *, CAST(NULL AS STRING) AS {MALFORMED} FROM VALUES {rows} AS s({columns})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tests with engines compare the rows; this one checks that what decides about a field is declared once.
    #[test]
    fn kinds_become_what_engines_share() {
        let table = TableId::OrderItems.table();
        let [position, price] = [1, 5].map(|i| &table.columns[i]);
        assert_eq!(value(position.kind, 1), "TRY_CAST(SPLIT_PART(f1, '.', 1) AS BIGINT)");
        assert_eq!(
            fits(position, 1, Years::default()),
            "(CASE WHEN f1 IS NULL THEN FALSE ELSE COALESCE((f1 RLIKE '^[+-]?[0-9]+([.]0*)?\\\\z' \
             AND order_item_id BETWEEN 1 AND 1000), FALSE) END)"
        );
        let price = fits(price, 5, Years::default());
        let bounded =
            "f5 RLIKE '^([+]?[0-9]{1,15}([.][0-9]{0,2}0*)?|-0+([.]0*)?)\\\\z' AND price_centavos <= 1000000000";
        assert!(price.contains(bounded), "{price}");
        assert_eq!(quoted("a`b"), "`a``b`");
    }

    /// The contract decides whether a row is quarantined, or a value alone.
    #[test]
    fn values_are_set_aside_alone_where_the_contract_says_so() {
        let table = TableId::Sellers.table();
        let header: Vec<String> = table.columns.iter().map(|column| column.source.into()).collect();
        let statements = Statements { table, header: &header, positions: &[0, 1, 2, 3], years: Years::default() };
        assert_eq!(statements.value_columns(), [1, 2, 3]);
        let checked = statements.checked();
        let (row, values) = checked.split_once(" AS pfe_broken").unwrap_or_default();
        assert!(row.contains("THEN 0 END") && !row.contains("THEN 1 "), "{checked}");
        assert!(row.contains("THEN seller_state END AS seller_state"), "{checked}");
        assert_eq!(values.matches("THEN '1'").count(), 3, "{checked}");
        let table = TableId::Orders.table();
        let dates = fits(&table.columns[3], 3, Years { first: 1990, last: 2030 });
        assert!(dates.contains("YEAR(order_purchase_timestamp) BETWEEN 1990 AND 2030"), "{dates}");
    }
}
