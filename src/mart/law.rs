//! Tables of the mart → checks that they add up to the clean tables, to the centavo, also if rows were quarantined. Used by `sums`,
//! `incremental` and engines when a mart is complete.
//!
//! `totals` holds the sums of the clean tables. An item, payment or review counts once in every table made of all items, payments or
//! reviews; an order counts once in tables of orders. In tables by category, an order with items of several categories counts in each of
//! them: items and revenue add up over categories; orders, reviews and payments do not. Tables by category × payments agree with each
//! other.

use std::collections::BTreeMap;

use polars::prelude::*;

use super::long_table::LongTable;
use crate::error::{Error, Result};

/// The sum of some columns of a table; for `totals`, only of the row with this name.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    table: &'static str,
    columns: &'static [&'static str],
    row: Option<&'static str>,
}

/// Two sums that must be equal.
pub type Law = (Sum, Sum);

const fn sum(table: &'static str, columns: &'static [&'static str]) -> Sum {
    Sum { table, columns, row: None }
}

const fn counted(row: &'static str) -> Sum {
    Sum { table: TOTALS, columns: &["counted"], row: Some(row) }
}

const fn amount(row: &'static str) -> Sum {
    Sum { table: TOTALS, columns: &["amount"], row: Some(row) }
}

/// The table with the sums of the clean tables.
pub const TOTALS: &str = "totals";

const REVENUE: &[&str] = &["revenue_centavos"];
const PARTS: &[&str] = &["price_centavos", "freight_centavos"];

/// The laws of every mart.
pub const LAWS: &[Law] = &[
    (sum("sales_by_day", &["items"]), counted("items")),
    (sum("sales_by_day", REVENUE), amount("items")),
    (sum("sales_by_day", &["sold_revenue_centavos"]), amount("items_sold")),
    (sum("sales_by_month", &["items"]), counted("items")),
    (sum("sales_by_month", REVENUE), amount("items")),
    (sum("sales_by_month", PARTS), amount("items")),
    (sum("sales_by_month", &["sold_price_centavos", "sold_freight_centavos"]), amount("items_sold")),
    (sum("supply_by_day", REVENUE), amount("items_dated")),
    (sum("orders_by_state_month", &["orders"]), counted("orders")),
    (sum("orders_by_state_month", &["items"]), counted("items")),
    (sum("orders_by_state_month", REVENUE), amount("items")),
    (sum("orders_by_day", &["orders"]), counted("orders")),
    (sum("orders_by_postcode_day", PARTS), amount("items_dated")),
    (sum("orders_by_methods", &["orders"]), counted("orders")),
    (sum("orders_by_methods", &["items"]), counted("items")),
    (sum("orders_by_methods", REVENUE), amount("items")),
    (sum("orders_by_methods", &["reviews"]), counted("reviews")),
    (sum("orders_by_methods", &["review_score_sum"]), amount("reviews")),
    (sum("orders_by_methods", &["delivered"]), counted("orders_delivered")),
    (sum("orders_by_methods", &["delivery_seconds"]), amount("orders")),
    (sum("sales_by_methods", &["items"]), counted("items")),
    (sum("sales_by_methods", REVENUE), amount("items")),
    (sum("sales_by_methods", &["orders"]), sum("service_by_category", &["orders"])),
    (sum("sales_by_city", &["items"]), counted("items")),
    (sum("sales_by_city", REVENUE), amount("items")),
    (sum("sales_by_city", &["orders"]), sum("service_by_category", &["orders"])),
    (sum("orders_by_city", REVENUE), amount("items_sold")),
    (sum("payments", &["payments"]), counted("payments")),
    (sum("payments", &["value_centavos"]), amount("payments")),
    (sum("payments_by_state", &["payments"]), counted("payments")),
    (sum("payments_by_state", &["value_centavos"]), amount("payments")),
    (sum("payments_by_month", &["payments"]), counted("payments")),
    (sum("payments_by_month", &["value_centavos"]), amount("payments")),
    (sum("payments_by_category_month", &["payments"]), sum("payments_by_category", &["payments"])),
    (sum("payments_by_category_month", &["value_centavos"]), sum("payments_by_category", &["value_centavos"])),
    (sum("payments_by_category_month", &["installments"]), sum("payments_by_category", &["installments"])),
    (sum("payment_sets", &["orders"]), counted("orders_paid")),
    (sum("payment_delays", &["orders"]), counted("orders_paid")),
    (sum("payment_delays", &["value_centavos"]), amount("orders_paid")),
    (amount("orders_paid"), amount("payments")),
    (sum("payment_sets_by_category", &["orders"]), sum("misread_by_category", &["paid_orders"])),
    (sum("service_by_category", &["items"]), counted("items")),
    (sum("service_by_category", REVENUE), amount("items")),
    (sum("service_by_category", PARTS), amount("items")),
    (sum("service_by_state", &["orders"]), counted("orders")),
    (sum("service_by_state", &["items"]), counted("items")),
    (sum("service_by_state", REVENUE), amount("items")),
    (sum("service_by_state", PARTS), amount("items")),
    (sum("service_by_state", &["reviews"]), counted("reviews")),
    (sum("service_by_state", &["review_score_sum"]), amount("reviews")),
    (sum("service_by_state", &["delivered"]), counted("orders_delivered")),
    (sum("service_by_state", &["late"]), amount("orders_delivered")),
    (sum("sellers", &["items"]), counted("items")),
    (sum("sellers", REVENUE), amount("items")),
    (sum("sellers_by_day", &["items"]), counted("items_dated")),
    (sum("sellers_by_day", PARTS), amount("items_dated")),
    (sum("review_scores", &["reviews"]), counted("reviews_delivered")),
    (sum("delivery_days", &["orders"]), counted("orders_delivered")),
    (sum("misread", &["items"]), counted("items")),
    (sum("misread", REVENUE), amount("items")),
    (sum("misread_by_category", REVENUE), amount("items")),
    (sum("misread_by_category", &["joined_centavos"]), amount("items_paid")),
    (sum("customer_cohorts", &["orders"]), counted("orders_of_customers")),
    (sum("customer_cohorts", &["price_centavos"]), amount("orders_of_customers")),
    (sum("products", &["items"]), counted("items")),
    (sum("products", REVENUE), amount("items")),
];

impl Sum {
    /// The sum; `None` if the table is neither among `tables` nor among the `long` ones.
    fn of(
        &self,
        tables: &BTreeMap<String, DataFrame>,
        long: &BTreeMap<&'static str, LongTable>,
    ) -> Result<Option<i128>> {
        if let Some(table) = long.get(self.table) {
            return self.columns.iter().map(|column| table.sum(column)).sum::<Result<i128>>().map(Some);
        }
        let Some(frame) = tables.get(self.table) else { return Ok(None) };
        let mut total = 0i128;
        for column in self.columns {
            let numbers = frame.column(column)?.i64()?;
            total += match self.row {
                None => numbers.iter().flatten().map(i128::from).sum::<i128>(),
                Some(name) => {
                    let names = frame.column("name")?.str()?;
                    let rows = names.iter().zip(numbers.iter()).filter(|(row, _)| *row == Some(name));
                    rows.filter_map(|(_, number)| number).map(i128::from).sum()
                }
            };
        }
        Ok(Some(total))
    }

    fn name(&self) -> String {
        let row = self.row.map_or_else(String::new, |row| format!(" of {row}"));
        format!("`{}.{}`{row}", self.table, self.columns.join(" + "))
    }
}

/// Checks all laws whose tables are present.
///
/// # Errors
/// [`Error::Internal`] with the table and the difference, or a column is missing.
pub(crate) fn check(tables: &BTreeMap<String, DataFrame>, long: &BTreeMap<&'static str, LongTable>) -> Result<()> {
    for (left, right) in LAWS {
        if let (Some(found), Some(due)) = (left.of(tables, long)?, right.of(tables, long)?)
            && found != due
        {
            let difference = found - due;
            return Err(Error::Internal(format!(
                "{} adds up to {found}, {} to {due}: a difference of {difference:+}",
                left.name(),
                right.name()
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mart::queries::QUERIES;

    /// Exempt: deliberately wrong sums, sums over customers instead of orders, and `totals`, to which the others are compared.
    const NONE: [&str; 3] = ["reference_sales", "first_page", TOTALS];

    #[test]
    fn every_table_has_a_law() {
        for query in QUERIES.iter().filter(|query| query.stored && !NONE.contains(&query.name)) {
            let has = |sum: &Sum| sum.table == query.name;
            assert!(LAWS.iter().any(|(left, right)| has(left) || has(right)), "{}", query.name);
        }
    }

    #[test]
    fn a_centavo_too_few_is_named_with_its_table() {
        let totals =
            df!("name" => ["items", "orders_paid", "payments"], "counted" => [2i64, 1, 1], "amount" => [700i64, 5, 5])
                .unwrap();
        let sellers = |centavos: i64| df!("items" => [1i64, 1], "revenue_centavos" => [centavos, 400]).unwrap();
        let tables =
            |centavos| BTreeMap::from([("totals".to_string(), totals.clone()), ("sellers".into(), sellers(centavos))]);
        let none = BTreeMap::new();
        check(&tables(300), &none).unwrap();
        let error = check(&tables(299), &none).unwrap_err();
        assert_eq!(
            error.to_string(),
            "internal error: `sellers.revenue_centavos` adds up to 699, `totals.amount` of items to 700: a difference of -1"
        );
        assert_eq!(error.exit_code(), 1);
    }
}
