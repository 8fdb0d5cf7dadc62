//! CleanTables → Quality: checks declared beside the contract, how many rows fail each, and which fail first. Part of the Audit.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::*;
use polars::sql::{SQLContext, sql_expr};

use super::audit::{Audit, Check, Relation, Severity, Step};
use super::clean_tables::CleanTables;
use crate::error::{Error, Result};
use crate::input::built_in::MISSING;
use crate::parallel;
use crate::schema::contract::BY_MONTH;
use crate::schema::contract::{ForeignKey, TABLES, Table, TableId};
use crate::table::interner::Interner;

/// Most failing rows that a check names.
pub(crate) const SAMPLES: usize = 5;

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

/// Runs every check and measures every foreign key.
pub(crate) fn check(clean: &CleanTables) -> Result<Quality> {
    let (rules, rest) = parallel::both(
        || parallel::map(&TABLES, |t| rules(t, clean.table(t.id))),
        || {
            let paid = paid_in_full(clean.table(TableId::OrderItems), clean.table(TableId::OrderPayments))?;
            let named = untranslated(clean.table(TableId::Products), clean.table(TableId::Categories))?;
            let measured = parallel::map(references(), |(table, key)| {
                let mut reference = Reference::new(table, key, clean.table(key.table))?;
                reference.add(clean.table(table.id))?;
                Ok(((table.id, key.column), reference.measured()))
            });
            Ok::<_, crate::Error>((paid, named, measured?))
        },
    );
    let (paid, named, measured) = rest?;
    let mut quality = Quality::default();
    quality.add(rules?.concat());
    quality.add(vec![paid, named]);
    measured.into_iter().for_each(|(key, measured)| quality.measure(key, measured));
    Ok(quality)
}

/// Every foreign key of the contract, with its table.
pub(crate) fn references() -> impl Iterator<Item = (&'static Table, &'static ForeignKey)> {
    TABLES.iter().flat_map(|t| t.foreign_keys.iter().map(move |key| (t, key)))
}

/// A foreign key: its table and column.
pub(crate) type Key = (TableId, &'static str);

/// Results of the checks so far. Ranges of rows must be added in their order, since the first failures are named.
#[derive(Default)]
pub(crate) struct Quality {
    pub(crate) checks: Vec<Check>,
    measured: BTreeMap<Key, Measured>,
}

impl Quality {
    pub(crate) fn add(&mut self, checks: Vec<Check>) {
        for check in checks {
            match self.checks.iter_mut().find(|c| c.table == check.table && c.check == check.check) {
                Some(known) => add(known, check),
                None => self.checks.push(check),
            }
        }
    }

    pub(crate) fn measure(&mut self, key: Key, measured: Measured) {
        match self.measured.get_mut(&key) {
            Some(known) => known.add(measured),
            None => drop(self.measured.insert(key, measured)),
        }
    }

    /// Writes all checks and relations to `audit`, in the order of the contract. Rows that repeat a key count as failures here; cleaning
    /// has quarantined them.
    ///
    /// # Errors
    /// [`Error::Input`]: (almost) all items or payments refer to no order.
    pub(crate) fn finish(mut self, audit: &mut Audit) -> Result<()> {
        let (steps, mut checks) = (&audit.steps, self.checks);
        checks.append(&mut audit.quality);
        checks.extend(steps.iter().filter_map(unique_key));
        let mut relations = Vec::new();
        for (table, key) in references() {
            let Some(measured) = self.measured.remove(&(table.id, key.column)) else { continue };
            if PAID_BY_ORDER.contains(&table.id) && key.table == TableId::Orders {
                measured.refuse_lost(table, key)?;
            }
            let Measured { child_to_parent, parent_to_child, per_parent, referring, .. } = measured;
            // A missing table is reported once, not again by every row that references it.
            let missing = |id: TableId| audit.inputs.get(id as usize).is_some_and(|file| file.name == MISSING);
            if missing(table.id) || missing(key.table) {
                continue;
            }
            audit.referring.extend(referring.map(|referring| ((table.id, key.column), referring)));
            relations.push(Relation {
                from: (table.name.into(), key.column.into()),
                to: (key.table.name().into(), key.references.into()),
                per_parent: per_parent.unwrap_or_default(),
                orphans: child_to_parent.failed,
            });
            checks.extend([child_to_parent, parent_to_child]);
        }
        checks.sort_by(|a, b| (&a.table, a.severity, &a.check).cmp(&(&b.table, b.severity, &b.check)));
        (audit.quality, audit.relations) = (checks, relations);
        Ok(())
    }
}

/// The tables of amounts, which say nothing without their orders.
const PAID_BY_ORDER: [TableId; 2] = [TableId::OrderItems, TableId::OrderPayments];
/// References fail as a whole where at least this share of the rows, in percent, has no partner; fewer rows than the second prove nothing.
const LOST: usize = 99;
const FEWEST: usize = 20;

/// The case of the letters in ids, if all of them share one.
fn case(ids: &[String]) -> Option<&'static str> {
    let all = |is: fn(&char) -> bool| {
        let letters = |id: &String| id.chars().filter(|c| c.is_alphabetic()).all(|c| is(&c));
        ids.iter().any(|id| id.contains(char::is_alphabetic)) && ids.iter().all(letters)
    };
    match (all(|c| c.is_uppercase()), all(|c| c.is_lowercase())) {
        (true, false) => Some("upper"),
        (false, true) => Some("lower"),
        _ => None,
    }
}

/// Merges the result of the same check on later rows.
fn add(check: &mut Check, later: Check) {
    check.failed += later.failed;
    check.total += later.total;
    check.samples.extend(later.samples);
    check.samples.truncate(SAMPLES);
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

/// The result of a check; `failing` has the key columns of the failing rows.
fn result(table: &Table, check: String, severity: Severity, failing: &DataFrame, total: usize) -> Result<Check> {
    Ok(outcome(table, check, severity, (failing.height(), total), samples(failing)?))
}

/// The first rows, each as text.
pub(crate) fn samples(rows: &DataFrame) -> Result<Vec<String>> {
    let sample = |row: usize| -> Result<String> {
        let values = rows.columns().iter().map(|c| Ok(c.get(row)?.str_value().into_owned()));
        Ok(values.collect::<Result<Vec<_>>>()?.join(" + "))
    };
    (0..rows.height().min(SAMPLES)).map(sample).collect()
}

/// The result of a check from its counts, failed and total, and its samples.
pub(crate) fn outcome(
    table: &Table,
    check: String,
    severity: Severity,
    (failed, total): (usize, usize),
    samples: Vec<String>,
) -> Check {
    Check { table: table.name.into(), check, severity, failed, total, samples }
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

/// Name of the child → parent check: each reference finds its row.
pub(crate) fn child_to_parent(key: &ForeignKey) -> String {
    format!("`{}` is in `{}`", key.column, key.table.name())
}

/// Name of the parent → child check: each value is referenced by rows of `from`.
pub(crate) fn parent_to_child(from: &Table, key: &ForeignKey) -> String {
    format!("`{}` is used by `{}.{}`", key.references, from.name, key.column)
}

/// Measures a foreign key in both directions.
pub(crate) struct Reference<'a> {
    table: &'static Table,
    key: &'static ForeignKey,
    /// The values of the referenced column.
    values: Interner<'a>,
    /// Number of referencing rows, per value.
    pub(crate) referring: Vec<usize>,
    /// Number of rows that reference something, and of orphans among them; the first missing values in alphabetical order, which unlike the
    /// first rows can be merged from those of parts.
    pub(crate) total: usize,
    pub(crate) orphans: usize,
    pub(crate) samples: BTreeSet<String>,
}

impl<'a> Reference<'a> {
    /// `target` is the referenced table.
    pub(crate) fn new(table: &'static Table, key: &'static ForeignKey, target: &'a DataFrame) -> Result<Reference<'a>> {
        let values = Interner::of(target.column(key.references)?.str()?.iter().flatten());
        let referring = vec![0; values.texts().len()];
        Ok(Reference { table, key, values, referring, total: 0, orphans: 0, samples: BTreeSet::new() })
    }

    /// Counts the rows of `referring`. Returns the position of each row's value among the distinct values; where these are a key, that is
    /// the row in `target`.
    pub(crate) fn add(&mut self, referring: &DataFrame) -> Result<IdxCa> {
        let children = referring.column(self.key.column)?.str()?;
        self.total += children.len() - children.null_count();
        let places = self.values.find(children);
        for (child, place) in children.iter().zip(&places) {
            match (child, place) {
                (_, Some(place)) => self.referring[*place as usize] += 1,
                (Some(child), None) => {
                    self.orphans += 1;
                    let first =
                        self.samples.len() < SAMPLES || self.samples.last().is_some_and(|last| child < last.as_str());
                    if first && self.samples.insert(child.into()) && self.samples.len() > SAMPLES {
                        self.samples.pop_last();
                    }
                }
                (None, None) => {}
            }
        }
        Ok(places.into_iter().collect())
    }

    /// Results in both directions: referencing rows without a parent, and values without a child.
    pub(crate) fn measured(self) -> Measured {
        let values = self.values.texts();
        let unused = || values.iter().zip(&self.referring).filter(|(_, n)| **n == 0).map(|(value, _)| *value);
        let counted = Counted {
            total: self.total,
            orphans: self.orphans,
            samples: self.samples.into_iter().collect(),
            values: values.len(),
            unused: unused().count(),
            first_unused: unused().take(SAMPLES).map(String::from).collect(),
            per_parent: self.referring.iter().min().copied().zip(self.referring.iter().max().copied()),
        };
        let mut measured = Measured::new(self.table, self.key, counted);
        let alike = |sample: &String| self.values.texts().iter().any(|value| value.eq_ignore_ascii_case(sample));
        measured.folds = measured.is_lost() && measured.child_to_parent.samples.iter().any(alike);
        measured.referring = (!BY_MONTH.contains(&self.key.table)).then_some(self.referring);
        measured
    }
}

/// Counts of a foreign key in both directions.
pub(crate) struct Counted {
    /// Rows that reference something, those among them without a parent, and the first missing values.
    pub(crate) total: usize,
    pub(crate) orphans: usize,
    pub(crate) samples: Vec<String>,
    /// Referenced values, those among them without a child, and the first of these.
    pub(crate) values: usize,
    pub(crate) unused: usize,
    pub(crate) first_unused: Vec<String>,
    /// Least and greatest number of children per value; `None` if there are no values.
    pub(crate) per_parent: Option<(usize, usize)>,
}

/// Results of a foreign key on some rows.
pub(crate) struct Measured {
    pub(crate) child_to_parent: Check,
    pub(crate) parent_to_child: Check,
    /// Least and greatest number of children per value; `None` if there are no values.
    pub(crate) per_parent: Option<(usize, usize)>,
    /// Number of children per value, for a short parent table.
    pub(crate) referring: Option<Vec<usize>>,
    /// Whether nearly all references lead nowhere, but the first missing values are there in another case.
    pub(crate) folds: bool,
}

impl Measured {
    pub(crate) fn new(from: &Table, key: &ForeignKey, counted: Counted) -> Measured {
        let Counted { total, orphans, samples, values, unused, first_unused, per_parent } = counted;
        let severity = if key.strict { Wrong } else { Warning };
        Measured {
            child_to_parent: outcome(from, child_to_parent(key), severity, (orphans, total), samples),
            parent_to_child: outcome(
                key.table.table(),
                parent_to_child(from, key),
                Info,
                (unused, values),
                first_unused,
            ),
            per_parent,
            referring: None,
            folds: false,
        }
    }

    /// Whether (almost) all references lead nowhere.
    fn is_lost(&self) -> bool {
        let Check { failed, total, .. } = self.child_to_parent;
        total >= FEWEST && failed * 100 >= total * LOST
    }

    /// # Errors
    /// (Almost) all references lead nowhere: these are not the rows of the same data.
    fn refuse_lost(&self, table: &Table, key: &ForeignKey) -> Result<()> {
        if !self.is_lost() {
            return Ok(());
        }
        let Check { failed, total, samples, .. } = &self.child_to_parent;
        let (column, parent) = (key.column, key.table.name());
        let like = |samples: &[String]| samples.first().map_or(String::new(), |id| format!(", such as `{id}`"));
        let others = match self.parent_to_child.samples.first() {
            Some(id) => format!("; `{parent}` holds ids such as `{id}`"),
            None => String::new(),
        };
        let told = format!(
            "{failed} of the {total} rows of `{}` have an `{column}` that is not in `{parent}`{}{others}",
            table.name,
            like(samples)
        );
        // A range of orders holds the ids of one case alone, so that only their look tells that the case differs.
        let hint = match (case(samples), case(&self.parent_to_child.samples)) {
            (Some(child), Some(other)) if child != other => format!(
                "`{column}` is in {child} case in `{}` and in {other} case in `{parent}`: write it alike in both",
                table.name
            ),
            _ if self.folds => format!("the same ids are there in another case: write `{column}` alike in all files"),
            _ => "the files are not of the same data, or the ids of one of them were changed".into(),
        };
        Err(Error::input(told).with_hint(hint))
    }

    /// Clears the parent → child results, which are valid only if all children were counted.
    pub(crate) fn only_child_to_parent(mut self) -> Measured {
        (self.parent_to_child.failed, self.parent_to_child.total, self.per_parent) = (0, 0, None);
        self.parent_to_child.samples.clear();
        self
    }

    /// Clears the child → parent results, which are valid only if all parents were known.
    pub(crate) fn only_parent_to_child(mut self) -> Measured {
        (self.child_to_parent.failed, self.child_to_parent.total) = (0, 0);
        self.child_to_parent.samples.clear();
        self
    }

    fn add(&mut self, later: Measured) {
        self.child_to_parent.failed += later.child_to_parent.failed;
        self.child_to_parent.total += later.child_to_parent.total;
        let samples: BTreeSet<String> =
            self.child_to_parent.samples.drain(..).chain(later.child_to_parent.samples).collect();
        self.child_to_parent.samples.extend(samples.into_iter().take(SAMPLES));
        self.folds |= later.folds;
        add(&mut self.parent_to_child, later.parent_to_child);
        self.per_parent = match (self.per_parent, later.per_parent) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }
}
