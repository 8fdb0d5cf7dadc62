//! SQL file of the mart → constructs on which polars, Spark, Sail and DuckDB do not agree bit for bit. Its tests check all files of `mart`.
//!
//! The check reads tokens, not grammar. It refuses everything that is not known to be shared, with the reason, so that a new construct
//! is first measured on all engines.

use std::fmt;

/// A construct that the engines do not share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Line in the file, from 1.
    pub line: usize,
    /// The construct as written.
    pub construct: String,
    /// Why it is refused, and what to write instead.
    pub reason: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: `{}`: {}", self.line, self.construct, self.reason)
    }
}

/// Functions that give the same result on all engines for the arguments that occur in the mart.
const FUNCTIONS: [&str; 10] =
    ["CAST", "COALESCE", "COUNT", "EXTRACT", "FLOOR", "LENGTH", "MAX", "MIN", "SUBSTR", "SUM"];
/// Keywords that may precede a bracket but are not functions.
const NO_FUNCTIONS: [&str; 16] = [
    "AND", "AS", "BY", "CASE", "ELSE", "FROM", "HAVING", "IN", "JOIN", "NOT", "ON", "OR", "OVER", "SELECT", "THEN",
    "WHEN",
];
/// Functions that require OVER, and agree there.
const NUMBERINGS: [&str; 3] = ["DENSE_RANK", "RANK", "ROW_NUMBER"];

const SUMS: &str = "float sums depend on the order of the rows: keep the sum and the count, divide after the mart";
const DATES: &str = "polars lacks it: use EXTRACT(YEAR …) or EXTRACT(MONTH …), or a column that cleaning derives";
const FRAME: &str = "polars knows no other frame than from the first row to the present one";
const TYPES: &str = "amounts are integer centavos; floats appear after the mart only";
const UNORDERED_CUT: &str =
    "which rows are kept depends on the engine unless the order is total: number them in a subquery";

/// Words that some engine refuses or interprets differently.
const REFUSED: [(&str, &str); 33] = [
    ("AVG", SUMS),
    ("CROSS", "polars refuses constant predicates and cartesian products in joins"),
    ("CUBE", "polars refuses it: write one query per grouping"),
    ("CURRENT_DATE", "the same data must give the same mart on any day"),
    ("CURRENT_TIMESTAMP", "the same data must give the same mart at any time"),
    ("DATEDIFF", DATES),
    ("DATE_TRUNC", DATES),
    ("DECIMAL", TYPES),
    ("DOUBLE", TYPES),
    ("FETCH", UNORDERED_CUT),
    ("FLOAT", TYPES),
    ("GROUPING", "polars refuses it: write one query per grouping"),
    ("LATERAL", "polars refuses it: join with a subquery"),
    ("LIMIT", UNORDERED_CUT),
    ("MEDIAN", "percentiles are interpolated in different ways, and polars refuses them"),
    ("MONTH", DATES),
    ("NTILE", "polars refuses it"),
    ("NUMERIC", TYPES),
    ("OFFSET", UNORDERED_CUT),
    ("PERCENTILE_APPROX", "percentiles are interpolated in different ways, and polars refuses them"),
    ("PERCENTILE_CONT", "percentiles are interpolated in different ways, and polars refuses them"),
    ("PERCENTILE_DISC", "percentiles are interpolated in different ways, and polars refuses them"),
    ("QUALIFY", "not on all engines: filter on the number in a query around it"),
    ("RANDOM", "the same data must give the same mart"),
    ("RANGE", FRAME),
    ("REAL", TYPES),
    ("RECURSIVE", "polars refuses recursive queries"),
    ("REGEXP_REPLACE", "polars refuses it, and the dialects of patterns differ: clean text in `data`"),
    ("ROLLUP", "polars refuses it: write one query per grouping"),
    ("ROUND", "halves go to the even number on some engines and up on others: stay with integers"),
    ("ROWS", FRAME),
    ("TO_DATE", DATES),
    ("YEAR", DATES),
];

/// Tables with one row per item and with one row per payment: joining them would multiply rows.
const ITEMS: [&str; 2] = ["ORDER_ITEMS", "ITEMS_SOLD"];
const PAYMENTS: [&str; 1] = ["ORDER_PAYMENTS"];

/// Checks an SQL file of the mart. `keyed` is whether its rows have a key, which its ORDER BY declares.
pub fn lint(sql: &str, keyed: bool) -> Vec<Fault> {
    let mut lint = Lint { faults: Vec::new(), scopes: vec![Scope::default()] };
    if !sql.starts_with("--") {
        lint.fault(1, sql.lines().next().unwrap_or_default(), "a file starts with a comment on its grain");
    }
    let tokens = tokens(sql);
    for (i, token) in tokens.iter().enumerate() {
        let previous = i.checked_sub(1).map_or("", |i| tokens[i].word.as_str());
        lint.visit(token, previous, tokens.get(i + 1).map_or("", |t| t.word.as_str()));
    }
    if let (Some(query), Some(last)) = (lint.scopes.first(), tokens.last()) {
        let (grouped, ordered) = (query.grouped, query.ordered);
        if keyed && grouped > ordered {
            let reason = "rows of groups come in any order: ORDER BY the full key, as many columns as GROUP BY has";
            lint.fault(last.line, &last.word, reason);
        }
    }
    lint.faults
}

/// A query or a pair of brackets.
#[derive(Default)]
struct Scope {
    /// The word before the bracket.
    opener: String,
    clause: String,
    tables: Vec<String>,
    /// Number of expressions of GROUP BY and of ORDER BY.
    grouped: usize,
    ordered: usize,
}

struct Lint {
    faults: Vec<Fault>,
    scopes: Vec<Scope>,
}

impl Lint {
    fn fault(&mut self, line: usize, construct: &str, reason: &'static str) {
        self.faults.push(Fault { line, construct: construct.into(), reason });
    }

    fn visit(&mut self, token: &Token, previous: &str, next: &str) {
        let Token { line, word } = token;
        let called = next == "(" && !NO_FUNCTIONS.contains(&word.as_str());
        let name = word.starts_with(|c: char| c.is_alphabetic() || c == '_') && previous != ".";
        let in_extract = self.scopes.last().is_some_and(|s| s.opener == "EXTRACT");
        // `year` and `month` may be column names.
        let part = ["YEAR", "MONTH"].contains(&word.as_str()) && !called;
        let refused = REFUSED.iter().find(|(refused, _)| name && !part && refused == word);
        if let Some((_, reason)) = refused.filter(|_| !in_extract) {
            self.fault(*line, word, reason);
        } else if name && called && !FUNCTIONS.contains(&word.as_str()) && !NUMBERINGS.contains(&word.as_str()) {
            self.fault(*line, word, "not among the functions that were found to agree on all engines");
        }
        if in_extract && previous == "(" && !["YEAR", "MONTH", "HOUR", "MINUTE"].contains(&word.as_str()) {
            self.fault(*line, word, "only years, months, hours and minutes are counted alike everywhere");
        }
        match word.as_str() {
            "(" => return self.scopes.push(Scope { opener: previous.into(), ..Scope::default() }),
            ")" if self.scopes.len() > 1 => drop(self.scopes.pop()),
            ")" => self.fault(*line, word, "no bracket is open"),
            "/" if self.scopes.last().is_none_or(|s| s.opener != "FLOOR") => {
                self.fault(*line, word, "integers are divided in different ways: FLOOR(a / b)");
            }
            ";" => self.fault(*line, word, "a file is one query"),
            "::" => self.fault(*line, word, "not on all engines: CAST(… AS …)"),
            "\"" | "`" => self.fault(*line, word, "engines quote names differently: use plain ones"),
            "DESC" if self.scopes.last().is_some_and(|s| s.opener == "OVER") => {
                self.fault(*line, word, "polars refuses mixed directions in OVER: order by the negative");
            }
            number if number.starts_with(|c: char| c.is_ascii_digit()) && number.contains(['.', 'E']) => {
                self.fault(*line, word, TYPES);
            }
            _ => {}
        }
        self.clauses(token, previous);
    }

    /// Checks the clauses of the current query: joins, groups and orders.
    fn clauses(&mut self, token: &Token, previous: &str) {
        let Some(scope) = self.scopes.last_mut().filter(|s| s.opener != "EXTRACT") else { return };
        let word = token.word.as_str();
        let constant = word.starts_with(|c: char| c.is_ascii_digit() || c == '\'') || ["TRUE", "FALSE"].contains(&word);
        match word {
            // The two sides of a UNION are not joined.
            "UNION" => scope.tables.clear(),
            "FROM" | "JOIN" | "ON" | "WHERE" | "HAVING" | "SELECT" | "GROUP" | "ORDER" => scope.clause = word.into(),
            "BY" | "," if scope.clause == "GROUP" => scope.grouped += 1,
            "BY" | "," if scope.clause == "ORDER" => scope.ordered += 1,
            _ if constant && scope.clause == "ON" => {
                self.fault(token.line, word, "polars refuses constants in ON: filter in a subquery");
            }
            _ if ["FROM", "JOIN"].contains(&previous) => {
                scope.tables.push(word.into());
                let has = |names: &[&str]| scope.tables.iter().any(|t| names.contains(&t.as_str()));
                if has(&ITEMS) && has(&PAYMENTS) {
                    let reason =
                        "an order with several payments would count its items several times: group one of them first";
                    self.fault(token.line, word, reason);
                }
            }
            _ => {}
        }
    }
}

/// A word in capitals, a number, a quoted text, or a sign.
struct Token {
    line: usize,
    word: String,
}

fn tokens(sql: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (line, text) in sql.lines().enumerate() {
        let code = text.split("--").next().unwrap_or_default();
        let mut rest = code.trim_start();
        while let Some(first) = rest.chars().next() {
            let word = |c: char| c.is_alphanumeric() || c == '_';
            let length = match first {
                '\'' => rest[1..].find('\'').map_or(rest.len(), |end| end + 2),
                c if c.is_ascii_digit() => rest.find(|c: char| !word(c) && c != '.').unwrap_or(rest.len()),
                c if word(c) => rest.find(|c: char| !word(c)).unwrap_or(rest.len()),
                ':' if rest.starts_with("::") => 2,
                c => c.len_utf8(),
            };
            let (token, next) = rest.split_at(length);
            tokens.push(Token { line: line + 1, word: token.to_uppercase() });
            rest = next.trim_start();
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mart::QUERIES;

    #[test]
    fn the_files_of_the_mart_are_portable() {
        let faults: Vec<String> = QUERIES
            .iter()
            .flat_map(|s| lint(s.sql, s.kind.adds_up()).into_iter().map(|f| format!("{}.sql, {f}", s.name)))
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }

    #[test]
    fn what_engines_do_not_share_is_refused_with_its_line() {
        for (sql, line, construct) in [
            ("SELECT a FROM t", 1, "SELECT a FROM t"),
            ("-- x\nSELECT a\nFROM t LIMIT 3", 3, "LIMIT"),
            ("-- x\nSELECT AVG(a) AS m FROM t", 2, "AVG"),
            ("-- x\nSELECT ROUND(a) AS m FROM t", 2, "ROUND"),
            ("-- x\nSELECT SQRT(a) AS m FROM t", 2, "SQRT"),
            ("-- x\nSELECT YEAR(a) AS y FROM t", 2, "YEAR"),
            ("-- x\nSELECT EXTRACT(DOW FROM a) AS d FROM t", 2, "DOW"),
            ("-- x\nSELECT a / 2 AS h FROM t", 2, "/"),
            ("-- x\nSELECT 0.5 * a AS h FROM t", 2, "0.5"),
            ("-- x\nSELECT CAST(a AS DOUBLE) AS h FROM t", 2, "DOUBLE"),
            ("-- x\nSELECT a::bigint AS h FROM t", 2, "::"),
            ("-- x\nSELECT \"a\" FROM t", 2, "\""),
            ("-- x\nSELECT a FROM t; SELECT b FROM t", 2, ";"),
            ("-- x\nWITH RECURSIVE r AS (SELECT a FROM t) SELECT a FROM r", 2, "RECURSIVE"),
            ("-- x\nSELECT ROW_NUMBER() OVER (ORDER BY a, b DESC) AS n FROM t", 2, "DESC"),
            ("-- x\nSELECT SUM(a) OVER (ORDER BY b ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM t", 2, "ROWS"),
            ("-- x\nSELECT a FROM t JOIN u\nON t.a = u.a AND u.b = 1", 3, "1"),
            ("-- x\nSELECT a, b, COUNT(*) AS n FROM t GROUP BY a, b\nORDER BY a", 3, "A"),
            (
                "-- x\nSELECT i.a FROM items_sold AS i\nJOIN order_payments AS p ON i.order_id = p.order_id",
                3,
                "ORDER_PAYMENTS",
            ),
        ] {
            let faults = lint(sql, true);
            assert!(faults.iter().any(|f| f.line == line && f.construct == construct), "{sql}: {faults:?}");
        }
    }

    #[test]
    fn what_they_share_is_let_in() {
        for sql in [
            "-- limit, avg(x)\nSELECT t.year AS y, 'LIMIT 1' AS text FROM t",
            "-- x\nSELECT a FROM (SELECT a, ROW_NUMBER() OVER (PARTITION BY a ORDER BY b, c) AS n FROM t) AS r WHERE n = 1",
            "-- x\nSELECT COALESCE(a, 0) AS a, COUNT(*) AS n FROM t GROUP BY COALESCE(a, 0) ORDER BY a",
            "-- x\nSELECT a FROM (SELECT DISTINCT order_id FROM items_sold) AS i JOIN order_payments AS p ON i.order_id = p.order_id",
            "-- x\nSELECT COUNT(*) AS n FROM order_items UNION ALL SELECT COUNT(*) AS n FROM order_payments ORDER BY n",
            "-- x\nSELECT FLOOR(a / 86400) AS d, CAST(EXTRACT(YEAR FROM b) AS BIGINT) AS y FROM t",
        ] {
            assert_eq!(lint(sql, true), [], "{sql}");
        }
    }
}
