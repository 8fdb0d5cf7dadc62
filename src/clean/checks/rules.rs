//! Checks of rows and of sums, declared: clean table → its results. The one place to add a check.

use polars::prelude::*;
use polars::sql::{SQLContext, sql_expr};

use super::outcome::result;
use crate::clean::audit::Check;
use crate::clean::audit::Severity::{self, Error as Wrong, Info, Warning};
use crate::error::Result;
use crate::parallel;
use crate::schema::contract::{Table, TableId};

/// A check of single rows: `fails` is an SQL predicate over the clean table, true for a row that fails.
pub(crate) struct Rule {
    table: TableId,
    pub(crate) severity: Severity,
    pub(crate) check: &'static str,
    pub(crate) fails: &'static str,
}

const fn rule(table: TableId, severity: Severity, check: &'static str, fails: &'static str) -> Rule {
    Rule { table, severity, check, fails }
}

const RULES: &[Rule] = &[
    rule(TableId::Orders, Warning, "approved after the purchase", "order_approved_at < order_purchase_timestamp"),
    rule(
        TableId::Orders,
        Warning,
        "handed to the carrier after the approval",
        "order_delivered_carrier_date < order_approved_at",
    ),
    rule(
        TableId::Orders,
        Warning,
        "delivered after the hand-over to the carrier",
        "order_delivered_customer_date < order_delivered_carrier_date",
    ),
    rule(
        TableId::Orders,
        Wrong,
        "delivered after the purchase",
        "order_delivered_customer_date < order_purchase_timestamp",
    ),
    rule(
        TableId::Orders,
        Wrong,
        "promised for after the purchase",
        "order_estimated_delivery_date < order_purchase_timestamp",
    ),
    rule(
        TableId::Orders,
        Warning,
        "delivered orders have a delivery date",
        "order_status = 'delivered' AND order_delivered_customer_date IS NULL",
    ),
    rule(
        TableId::Orders,
        Warning,
        "orders with a delivery date are delivered",
        "order_status <> 'delivered' AND order_delivered_customer_date IS NOT NULL",
    ),
    rule(
        TableId::Orders,
        Warning,
        "delivered orders were approved",
        "order_status = 'delivered' AND order_approved_at IS NULL",
    ),
    rule(TableId::OrderItems, Warning, "the price is above zero", "price_centavos = 0"),
    rule(TableId::OrderItems, Info, "the customer pays freight", "freight_centavos = 0"),
    rule(TableId::OrderItems, Info, "freight costs less than the product", "freight_centavos > price_centavos"),
    rule(TableId::OrderPayments, Warning, "the amount paid is above zero", "payment_centavos = 0"),
    rule(TableId::OrderPayments, Warning, "at least one instalment", "payment_installments = 0"),
    rule(TableId::OrderPayments, Warning, "the payment method is known", "payment_type = 'not_defined'"),
    rule(
        TableId::OrderReviews,
        Wrong,
        "answered after the survey was sent",
        "review_answer_timestamp < review_creation_date",
    ),
    rule(TableId::Products, Warning, "the weight is above zero", "product_weight_g = 0"),
    rule(TableId::Products, Warning, "the product has a category", "product_category_name IS NULL"),
    rule(TableId::Products, Info, "the product was measured", "product_weight_g IS NULL"),
];

/// SQL: compares the payments of an order with its items and freight, to the centavo. Orders without items or payments are not compared.
pub(crate) const PAID_IN_FULL: &str = "
    SELECT i.order_id AS order_id, i.due - p.paid AS difference
    FROM (SELECT order_id, SUM(price_centavos + freight_centavos) AS due FROM order_items GROUP BY order_id) AS i
    JOIN (SELECT order_id, SUM(payment_centavos) AS paid FROM order_payments GROUP BY order_id) AS p
    ON i.order_id = p.order_id";

/// Name of the check in [`PAID_IN_FULL`].
pub(crate) const PAID: &str = "payments equal items plus freight";

/// Name of the check that categories of products have an English name.
pub(crate) const TRANSLATED: &str = "the category has a translation";

/// End of the name of the check that ids have Olist's form.
const FORM: &str = "` has 32 hexadecimal digits";

/// Name of the check that the ids of `column` have Olist's form. It is made where many ids have another form.
pub(crate) fn form_of(column: &str) -> String {
    format!("`{column}{FORM}")
}

/// Whether the name is one of [`form_of`].
pub(crate) fn is_of_form(check: &str) -> bool {
    check.ends_with(FORM)
}

/// The checks of single rows of a table.
pub(crate) fn rules_of(table: &Table) -> impl Iterator<Item = &'static Rule> {
    RULES.iter().filter(move |rule| rule.table == table.id)
}

/// Runs the checks of single rows on a table.
pub(crate) fn rules(table: &'static Table, frame: &DataFrame) -> Result<Vec<Check>> {
    let check = |rule: &Rule| {
        let key: Vec<Expr> = table.key.iter().map(|k| col(*k)).collect();
        let failing = frame.clone().lazy().filter(sql_expr(rule.fails)?).select(key).collect()?;
        result(table, rule.check.into(), rule.severity, &failing, frame.height())
    };
    parallel::map(rules_of(table), check)
}

pub(crate) fn paid_in_full(items: &DataFrame, payments: &DataFrame) -> Result<Check> {
    let mut sql = SQLContext::new();
    for (id, frame) in [(TableId::OrderItems, items), (TableId::OrderPayments, payments)] {
        sql.register(id.name(), frame.clone().lazy());
    }
    let compared = sql.execute(PAID_IN_FULL)?.collect()?;
    let failing = compared.clone().lazy().filter(col("difference").neq(lit(0))).select([col("order_id")]);
    let failing = failing.sort(["order_id"], SortMultipleOptions::default()).collect()?;
    let table = TableId::OrderPayments.table();
    result(table, PAID.into(), Warning, &failing, compared.height())
}

pub(crate) fn untranslated(products: &DataFrame, categories: &DataFrame) -> Result<Check> {
    let names = |frame: &DataFrame| frame.clone().lazy().select([col("product_category_name")]).drop_nulls(None);
    let used = names(products).unique(None, UniqueKeepStrategy::Any).collect()?;
    let on = [col("product_category_name")];
    let missing = used.clone().lazy().join(names(categories), on.clone(), on, JoinArgs::new(JoinType::Anti));
    let missing = missing.sort(["product_category_name"], SortMultipleOptions::default()).collect()?;
    result(TableId::Products.table(), TRANSLATED.into(), Warning, &missing, used.height())
}
