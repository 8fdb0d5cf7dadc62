//! The payment methods of which the mart counts sets → the queries that name them. Used by `mart`, the engines, and readers of the sets.
//!
//! The SQL files name Olist's methods. For those of another market, the same files are written with its methods in their place.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use polars::prelude::DataFrame;

use super::queries::{QUERIES, Query};
use crate::error::Result;
use crate::market::MarketFacts;
use crate::parallel::lock;
use crate::schema::contract::PAYMENT_TYPES;

/// What the columns of other methods than Olist's start with, so that none is called like another column.
const PREFIX: &str = "by_";

/// Payment methods, sorted. In the number of a set, bit `i` stands for the method at position `i`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Methods(Vec<String>);

impl Default for Methods {
    /// Olist's.
    fn default() -> Self {
        Methods(PAYMENT_TYPES.iter().map(|name| (*name).to_string()).collect())
    }
}

impl Methods {
    /// Those of a market; `None` stands for Olist.
    pub fn of(market: Option<&MarketFacts>) -> Methods {
        let names = market.map(|market| market.methods.iter().map(|method| method.word.as_str()));
        names.map_or_else(Methods::default, Methods::of_names)
    }

    /// Those that payments name, where no market is known.
    pub(crate) fn in_payments(payments: &DataFrame) -> Result<Methods> {
        let names = payments.column("payment_type")?.str()?;
        Ok(Methods::of_names(names.iter().flatten()))
    }

    /// Olist's, if all names are; otherwise these names.
    fn of_names<'a>(names: impl Iterator<Item = &'a str>) -> Methods {
        let mut sorted: Vec<&str> = Vec::new();
        for name in names {
            if let Err(at) = sorted.binary_search(&name) {
                sorted.insert(at, name);
            }
        }
        if sorted.iter().all(|name| PAYMENT_TYPES.contains(name)) {
            return Methods::default();
        }
        Methods(sorted.into_iter().map(String::from).collect())
    }

    /// Those of which a table of the mart counts sets, by its columns.
    pub(crate) fn of_sets(table: &DataFrame) -> Methods {
        let columns = table.get_column_names().into_iter().map(|name| name.as_str());
        let names = columns.filter_map(|column| match PAYMENT_TYPES.contains(&column) {
            true => Some(column),
            false => column.strip_prefix(PREFIX),
        });
        let mut names: Vec<String> = names.map(String::from).collect();
        names.sort_unstable();
        Methods(names)
    }

    /// Their words, sorted.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// The column of a method in tables of sets.
    pub(crate) fn column(name: &str) -> String {
        if PAYMENT_TYPES.contains(&name) { name.into() } else { format!("{PREFIX}{name}") }
    }

    /// The queries of the mart for these methods.
    pub fn queries(&self) -> &'static [Query] {
        /// A process reads the exports of few markets: the texts of their queries are kept to its end, as those of Olist's are.
        static WRITTEN: LazyLock<Mutex<BTreeMap<Methods, &'static [Query]>>> = LazyLock::new(Mutex::default);
        if *self == Methods::default() {
            return &QUERIES;
        }
        let mut written = lock(&WRITTEN);
        written.entry(self.clone()).or_insert_with(|| {
            let query = |query: &Query| match self.sql(query.sql) {
                sql if sql == query.sql => *query,
                sql => Query { sql: sql.leak(), ..*query },
            };
            QUERIES.iter().map(query).collect::<Vec<_>>().leak()
        })
    }

    /// A statement with these methods in the place of Olist's.
    fn sql(&self, sql: &str) -> String {
        // Tables of sets name `not_defined` last.
        const OF_SETS: [&str; 5] = ["boleto", "credit_card", "debit_card", "voucher", "not_defined"];
        let column = |name: &str| match PAYMENT_TYPES.contains(&name) {
            true => name.to_string(),
            false => format!("`{}`", Methods::column(name)),
        };
        let plain = |_: usize, name: &str| column(name);
        let selected = |_: usize, name: &str| format!("p.{0} AS {0}", column(name));
        let grouped = |_: usize, name: &str| format!("p.{}", column(name));
        let bit = |at: usize, name: &str| format!("{} * {}", 1u64 << at, column(name));
        let flag = |_: usize, name: &str| {
            format!("MAX(CASE WHEN payment_type = '{name}' THEN 1 ELSE 0 END) AS {}", column(name))
        };
        type Part<'a> = &'a dyn Fn(usize, &str) -> String;
        let lists: [(Part<'_>, &[&str], &str); 6] = [
            (&flag, PAYMENT_TYPES, ",\n           "),
            (&bit, PAYMENT_TYPES, " + "),
            (&plain, PAYMENT_TYPES, ", "),
            (&selected, &OF_SETS, ", "),
            (&grouped, &OF_SETS, ", "),
            (&plain, &OF_SETS, ", "),
        ];
        lists.iter().fold(sql.to_string(), |sql, (of, names, between)| {
            let list = |names: &[&str]| {
                names.iter().enumerate().map(|(at, name)| of(at, name)).collect::<Vec<_>>().join(between)
            };
            let own: Vec<&str> = self.0.iter().map(String::as_str).collect();
            sql.replace(&list(names), &list(&own))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn methods(names: &[&str]) -> Methods {
        Methods::of_names(names.iter().copied())
    }

    #[test]
    fn queries_name_the_methods_of_their_market_alone() {
        assert_eq!(methods(&["voucher", "boleto"]), Methods::default());
        assert!(std::ptr::eq(Methods::default().queries(), &QUERIES));
        let methods = methods(&["paypal", "cash_on_delivery", "voucher"]);
        let sql = |name: &str| methods.queries().iter().find(|query| query.name == name).unwrap();
        assert!(sql("orders_paid").sql.contains("1 * `by_cash_on_delivery` + 2 * `by_paypal` + 4 * voucher AS"));
        assert_eq!(
            sql("payment_sets").key(),
            ["state", "by_cash_on_delivery", "by_paypal", "voucher"],
            "{}",
            sql("payment_sets").sql
        );
        let code = |sql: &str| sql.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join("\n");
        for query in methods.queries() {
            for gone in ["boleto", "debit_card"] {
                assert!(!code(query.sql).contains(gone), "{}: {}", query.name, query.sql);
            }
        }
        let sets = DataFrame::empty_with_schema(&polars::prelude::Schema::from_iter(
            ["state", "voucher", "by_paypal", "by_cash_on_delivery", "orders"]
                .map(|name| polars::prelude::Field::new(name.into(), polars::prelude::DataType::Int64)),
        ));
        assert_eq!(Methods::of_sets(&sets), methods);
    }
}
