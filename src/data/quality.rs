//! Checks of the clean tables, declared beside the contract: what holds, how often it does not, where. Part of the Audit.

use polars::prelude::*;
use polars::sql::{SQLContext, sql_expr};
use rayon::prelude::*;

use super::audit::{Check, Relation, Severity, Step};
use super::clean::CleanTables;
use super::contract::{ForeignKey, TABLES, Table, TableId};
use crate::error::Result;

/// How many failing rows are named.
const SAMPLES: usize = 5;

/// A demand on single rows: `fails` is an SQL predicate over the clean table, true where the demand is not met.
struct Rule {
    table: TableId,
    severity: Severity,
    check: &'static str,
    fails: &'static str,
}

const fn rule(table: TableId, severity: Severity, check: &'static str, fails: &'static str) -> Rule {
    Rule { table, severity, check, fails }
}

use Severity::{Error as Wrong, Info, Warning};

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

/// Payments of an order against its items and freight, to the centavo; orders without items or payments do not count.
const PAID_IN_FULL: &str = "
    SELECT i.order_id AS order_id, i.due - p.paid AS difference
    FROM (SELECT order_id, SUM(price_centavos + freight_centavos) AS due FROM order_items GROUP BY order_id) AS i
    JOIN (SELECT order_id, SUM(payment_centavos) AS paid FROM order_payments GROUP BY order_id) AS p
    ON i.order_id = p.order_id";

/// Runs every check, and measures the references between tables.
///
/// `steps` are those of the cleaning: rows that repeat a key were set aside by it, and are counted as failures here.
pub(super) fn check(clean: &CleanTables, steps: &[Step]) -> Result<(Vec<Check>, Vec<Relation>)> {
    let references: Vec<(&Table, &ForeignKey)> =
        TABLES.iter().flat_map(|t| t.foreign_keys.iter().map(move |fk| (t, fk))).collect();
    let (rules, rest) = rayon::join(
        || RULES.par_iter().map(|rule| rule.check(clean)).collect::<Result<Vec<_>>>(),
        || {
            let references: Result<Vec<_>> = references.par_iter().map(|(t, fk)| reference(clean, t, fk)).collect();
            Ok::<_, crate::Error>((references?, paid_in_full(clean)?, untranslated(clean)?))
        },
    );
    let (references, paid, untranslated) = rest?;
    let mut checks = rules?;
    checks.extend([paid, untranslated]);
    checks.extend(steps.iter().filter_map(unique_key));
    let mut relations = Vec::new();
    for (pair, relation) in references {
        checks.extend(pair);
        relations.push(relation);
    }
    checks.sort_by(|a, b| (&a.table, a.severity, &a.check).cmp(&(&b.table, b.severity, &b.check)));
    Ok((checks, relations))
}

fn unique_key(step: &Step) -> Option<Check> {
    let table = TABLES.iter().find(|t| t.name == step.table && step.step == "clean" && !t.key.is_empty())?;
    Some(Check {
        table: step.table.clone(),
        check: format!("the key `{}` is unique", table.key.join(" + ")),
        severity: Wrong,
        failed: step.quarantined,
        total: step.rows_in - step.deduplicated,
        samples: Vec::new(),
    })
}

impl Rule {
    fn check(&self, clean: &CleanTables) -> Result<Check> {
        let frame = clean.table(self.table);
        let table = self.table.table();
        let key: Vec<Expr> = table.key.iter().map(|k| col(*k)).collect();
        let failing = frame.clone().lazy().filter(sql_expr(self.fails)?).select(key).collect()?;
        result(table, self.check.into(), self.severity, &failing, frame.height())
    }
}

/// The outcome of a check whose failing rows are `failing`, key columns only.
fn result(table: &Table, check: String, severity: Severity, failing: &DataFrame, total: usize) -> Result<Check> {
    let sample = |row: usize| -> Result<String> {
        let values = failing.columns().iter().map(|c| Ok(c.get(row)?.str_value().into_owned()));
        Ok(values.collect::<Result<Vec<_>>>()?.join(" + "))
    };
    Ok(Check {
        table: table.name.into(),
        check,
        severity,
        failed: failing.height(),
        total,
        samples: (0..failing.height().min(SAMPLES)).map(sample).collect::<Result<_>>()?,
    })
}

fn paid_in_full(clean: &CleanTables) -> Result<Check> {
    let mut sql = SQLContext::new();
    for id in [TableId::OrderItems, TableId::OrderPayments] {
        sql.register(id.name(), clean.table(id).clone().lazy());
    }
    let compared = sql.execute(PAID_IN_FULL)?.collect()?;
    let failing = compared.clone().lazy().filter(col("difference").neq(lit(0))).select([col("order_id")]);
    let failing = failing.sort(["order_id"], SortMultipleOptions::default()).collect()?;
    let table = TableId::OrderPayments.table();
    result(table, "payments equal items plus freight".into(), Warning, &failing, compared.height())
}

fn untranslated(clean: &CleanTables) -> Result<Check> {
    let names = |id: TableId| clean.table(id).clone().lazy().select([col("product_category_name")]).drop_nulls(None);
    let used = names(TableId::Products).unique(None, UniqueKeepStrategy::Any).collect()?;
    let on = [col("product_category_name")];
    let missing = used.clone().lazy().join(names(TableId::Categories), on.clone(), on, JoinArgs::new(JoinType::Anti));
    let missing = missing.sort(["product_category_name"], SortMultipleOptions::default()).collect()?;
    result(TableId::Products.table(), "the category has a translation".into(), Warning, &missing, used.height())
}

/// Both directions of a foreign key: referring rows without partner, referred values that nobody refers to.
fn reference(clean: &CleanTables, table: &Table, key: &ForeignKey) -> Result<([Check; 2], Relation)> {
    let target = key.table.table();
    let parents = clean.table(key.table).column(key.references)?.str()?;
    let children = clean.table(table.id).column(key.column)?.str()?;
    let mut index: PlHashMap<&str, usize> = PlHashMap::with_capacity(parents.len());
    let mut values: Vec<&str> = Vec::with_capacity(parents.len());
    for parent in parents.iter().flatten() {
        index.entry(parent).or_insert_with(|| {
            values.push(parent);
            values.len() - 1
        });
    }
    let mut referring = vec![0usize; values.len()];
    let mut orphans = Vec::new();
    for child in children.iter().flatten() {
        match index.get(child) {
            Some(&i) => referring[i] += 1,
            None => orphans.push(child),
        }
    }
    let childless: Vec<&str> = values.iter().zip(&referring).filter(|(_, n)| **n == 0).map(|(v, _)| *v).collect();
    let severity = if key.strict { Wrong } else { Warning };
    let forth = format!("`{}` is in `{}`", key.column, target.name);
    let back = format!("`{}` is used by `{}.{}`", key.references, table.name, key.column);
    let failing = |values: Vec<&str>| df!("value" => values);
    let checks = [
        result(table, forth, severity, &failing(orphans.clone())?, children.len() - children.null_count())?,
        result(target, back, Info, &failing(childless)?, values.len())?,
    ];
    let per_parent = (referring.iter().min().copied().unwrap_or(0), referring.iter().max().copied().unwrap_or(0));
    let relation = Relation {
        from: (table.name.into(), key.column.into()),
        to: (target.name.into(), key.references.into()),
        per_parent,
        orphans: orphans.len(),
    };
    Ok((checks, relation))
}
