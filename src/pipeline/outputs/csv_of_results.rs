//! Results → `tables/*.csv` and `quarantine/*.csv`. Used by `persist`; `csv_of_decisions` makes those of the decisions.
//!
//! Names and columns are a contract with users' scripts, declared in `schema::result_tables`. Units: amounts in BRL with
//! two decimals, shares 0–1; missing values are empty.

use polars::prelude::*;

use super::csv_of_decisions::{Rows, row, with_header};
use crate::clean::Audit;
use crate::decisions::customers::Cohort;
use crate::decisions::{Coverage, Customers, Facts, Findings, Habit, PaymentMethod, StateGrowth};
use crate::error::Result;
use crate::input::quarantine::Quarantined;
use crate::mart::SalesMart;
use crate::mart::month::Month;
use crate::models::reference::{Prediction, Reference};
use crate::results::Results;
use crate::schema::contract::Scope;
use crate::schema::format::{brl, optional};
use crate::schema::result_tables::TextTable;
use crate::trial::shop::LiftDesign;
use crate::trial::{RegionDesign, TrialDesigns};

/// Number of products in the list of the best.
const TOP_PRODUCTS: usize = 1_000;

/// The tables by file name, without extension.
///
/// # Errors
/// The mart is incomplete.
pub fn all(results: &Results) -> Result<Vec<(&'static str, TextTable)>> {
    let mut tables = of_reference(&results.reference);
    tables.extend(of_findings(&results.findings, &results.mart)?);
    tables.extend(of_audit(&results.audit));
    tables.extend(super::csv_of_decisions::all(results.decisions.as_ref().ok(), results.past.as_ref().ok()));
    tables.extend(super::csv_of_entry::all(results.entry.as_ref().ok(), &results.profit));
    tables.extend(of_trials(&results.trials));
    Ok(tables)
}

/// Tables of the reference model.
pub(crate) fn of_reference(reference: &Reference) -> Vec<(&'static str, TextTable)> {
    let tables = [
        ("price_predictions", predictions(reference.predictions.iter())),
        ("price_predictions_top_category", predictions(reference.top().into_iter())),
    ];
    tables.into_iter().map(with_header).collect()
}

/// Tables of the findings.
pub(crate) fn of_findings(findings: &Findings, mart: &SalesMart) -> Result<Vec<(&'static str, TextTable)>> {
    let tables = [
        ("payments_by_state", payments(findings)),
        ("payment_methods", methods(&findings.methods)),
        ("payment_coverage", coverage(findings)),
        ("payment_habits", habits(&findings.habits)),
        ("state_growth", growth(&findings.growth)),
        ("customers_repeat", vec![customers(&findings.customers)]),
        ("customer_cohorts", cohorts(&findings.customers)),
        ("by_state", facts(&findings.states)),
        ("by_category", facts(&findings.categories)),
        ("monthly_revenue", monthly_by_category(mart)?),
        ("monthly_revenue_by_state", monthly("state", mart.table("orders_by_state_month")?)?),
        ("top_products", top_products(mart)?),
    ];
    Ok(tables.into_iter().map(with_header).collect())
}

/// Tables of the audit.
pub(crate) fn of_audit(audit: &Audit) -> Vec<(&'static str, TextTable)> {
    [("audit", steps(audit)), ("quality", quality(audit))].into_iter().map(with_header).collect()
}

/// The table of trial designs.
pub(crate) fn of_trials(trials: &TrialDesigns) -> Vec<(&'static str, TextTable)> {
    let of_regions = |d: &RegionDesign| {
        let money = [d.advertised_revenue, d.break_even_budget].map(|value| format!("{value:.2}"));
        let mut row =
            row!["marketplace", d.design, d.regions, d.weeks, d.starts, d.detectable_orders, d.detectable_revenue];
        row.extend(money);
        row.extend([const { String::new() }; 4]);
        row
    };
    let of_shop = |d: &LiftDesign| {
        let mut row = row!["shop", "parts", "", d.weeks, "", d.lift, "", "", ""];
        row.extend(row![d.orders, d.orders_unknown_split, d.power, d.false_alarms]);
        row
    };
    let rows = trials.marketplace.iter().map(of_regions).chain(trials.shop.iter().map(of_shop));
    vec![with_header(("trial_designs", rows.collect()))]
}

/// Training sales are exact to the centavo. Predictions keep all digits, to be compared with those of the original project.
fn predictions<'a>(predictions: impl Iterator<Item = &'a Prediction>) -> Rows {
    let row = |p: &Prediction| {
        let sales = if p.predicted { p.sales.to_string() } else { format!("{:.2}", p.sales) };
        let Month { year, month } = p.month;
        row![p.category, sales, year, month, format!("{}-01 00:00:00", p.month)]
    };
    predictions.map(row).collect()
}

fn payments(findings: &Findings) -> Rows {
    let mut rows = Rows::new();
    for state in &findings.payments {
        let mut methods: Vec<_> = state.methods.iter().collect();
        methods.sort_by(|a, b| a.payment_type.cmp(&b.payment_type));
        rows.extend(methods.iter().map(|m| {
            let value = brl(m.value_centavos);
            row![state.state, m.payment_type, m.payments, m.orders, value, m.share_payments, m.share_value]
        }));
    }
    rows
}

fn methods(methods: &[PaymentMethod]) -> Rows {
    let row = |m: &PaymentMethod| {
        let facts = [m.instalments_mean, m.delay_median_hours, m.delay_p90_hours, m.canceled_share].map(optional);
        let ticket = brl(m.ticket_centavos);
        row![m.payment_type, m.orders, m.share, m.share_value, ticket].into_iter().chain(facts).collect()
    };
    methods.iter().map(row).collect()
}

fn coverage(findings: &Findings) -> Rows {
    let delay = |c: &Coverage| {
        let method = findings.methods.iter().find(|m| m.payment_type == c.payment_type);
        optional(method.and_then(|m| m.delay_median_hours))
    };
    let row = |(place, c): (usize, &Coverage)| {
        row![place + 1, c.payment_type, c.orders_gained, c.share_gained, c.covered, delay(c)]
    };
    findings.payments_total.coverage.iter().enumerate().map(row).collect()
}

fn habits(habits: &[Habit]) -> Rows {
    let row = |h: &Habit| {
        let mut row = row![h.state, h.payment_type, h.orders, h.state_orders, h.share, h.share_rest, h.shrunk_share];
        row.extend(row![h.p, h.q, u8::from(h.named), optional(h.same_sign.map(|same| f64::from(u8::from(same))))]);
        row
    };
    habits.iter().map(row).collect()
}

fn growth(states: &[StateGrowth]) -> Rows {
    let row = |s: &StateGrowth| {
        let change = s.change.as_ref();
        let numbers = [change.map(|c| c.growth), change.map(|c| c.low), change.map(|c| c.high), change.map(|c| c.q)];
        row![s.state, s.orders_before, s.orders_after].into_iter().chain(numbers.map(optional)).collect()
    };
    states.iter().map(row).collect()
}

fn customers(c: &Customers) -> Vec<String> {
    let mut row = row![c.customers, c.several_orders, c.returned, c.orders, c.later_orders];
    row.extend([c.price_centavos, c.later_price_centavos].map(brl));
    match &c.repeat {
        None => row.extend(const { [const { String::new() }; 16] }),
        Some(r) => {
            row.extend(row![r.months, r.rate, r.low, r.high, optional(r.needed), r.trial_customers, r.returned_share]);
            row.extend(row![optional(r.detectable), r.gain_orders, brl(r.gain_centavos.round() as i64)]);
            match &r.expected {
                None => row.extend(const { [const { String::new() }; 5] }),
                Some(e) => row.extend(row![e.orders, e.low, e.high, e.held, e.made]),
            }
            row.push(r.verdict.name().into());
        }
    }
    row
}

fn cohorts(customers: &Customers) -> Rows {
    let row = |c: &Cohort| {
        let share = |returned: Option<i64>| optional(returned.map(|n| n as f64 / c.customers as f64));
        row![c.month, c.customers].into_iter().chain(c.returned.map(share)).collect()
    };
    customers.cohorts.iter().map(row).collect()
}

fn facts(facts: &[Facts]) -> Rows {
    let row = |f: &Facts| {
        let means = [f.review_mean, f.late_share, f.delivery_days_mean, f.canceled_share].map(optional);
        row![f.name, f.orders, f.items, brl(f.revenue_centavos)].into_iter().chain(means).collect()
    };
    facts.iter().map(row).collect()
}

/// Sums over the states: an order belongs to one state.
fn monthly_by_category(mart: &SalesMart) -> Result<Rows> {
    let keys = [col("category"), col("month")];
    let sums = [col("orders"), col("items"), col("revenue_centavos")].map(|c| c.sum());
    let frame = mart.table("sales_by_month")?.clone().lazy().group_by(keys).agg(sums);
    monthly("category", &frame.sort(["category", "month"], SortMultipleOptions::default()).collect()?)
}

fn monthly(name: &str, frame: &DataFrame) -> Result<Rows> {
    let mut rows = Rows::new();
    let (names, months) = (frame.column(name)?.str()?, frame.column("month")?.date()?.physical());
    let [orders, items, revenue] =
        ["orders", "items", "revenue_centavos"].map(|c| frame.column(c).and_then(|c| c.i64()));
    let (orders, items, revenue) = (orders?, items?, revenue?);
    for row in 0..frame.height() {
        // Orders that exist only as the `order_id` of items, payments or reviews have no known month.
        let month = months.get(row).map(Month::of_day);
        let text = |part: fn(Month) -> String| month.map_or_else(String::new, part);
        let number = |column: &Int64Chunked| column.get(row).unwrap_or(0);
        let (name, revenue) = (names.get(row).unwrap_or_default(), brl(number(revenue)));
        let (year, month) = (text(|m| m.year.to_string()), text(|m| m.month.to_string()));
        rows.push(row![name, year, month, number(orders), number(items), revenue]);
    }
    Ok(rows)
}

fn top_products(mart: &SalesMart) -> Result<Rows> {
    let mut rows = Rows::new();
    let by = ["revenue_centavos", "product_id", "category"];
    let order = SortMultipleOptions::default().with_order_descending_multi([true, false, false]);
    let products = mart.table("products")?;
    // Products that cannot be among the best are not sorted.
    let mut revenue: Vec<i64> = products.column(by[0])?.i64()?.iter().map(|revenue| revenue.unwrap_or(0)).collect();
    let least = match TOP_PRODUCTS.min(revenue.len()) {
        0 => 0,
        count => *revenue.select_nth_unstable_by(count - 1, |a, b| b.cmp(a)).1,
    };
    let products = products.filter(&products.column(by[0])?.i64()?.gt_eq(least))?;
    let products = products.sort(by, order)?.head(Some(TOP_PRODUCTS));
    let (ids, categories) = (products.column("product_id")?.str()?, products.column("category")?.str()?);
    for row in 0..products.height() {
        let number = |name: &str| -> Result<i64> { Ok(products.column(name)?.i64()?.get(row).unwrap_or(0)) };
        let [id, category] = [ids, categories].map(|column| column.get(row).unwrap_or_default());
        let revenue = brl(number("revenue_centavos")?);
        rows.push(row![id, category, number("items")?, number("orders")?, revenue]);
    }
    Ok(rows)
}

fn steps(audit: &Audit) -> Rows {
    let mut steps: Vec<_> = audit.steps.iter().collect();
    steps.sort_by(|a, b| a.table.cmp(&b.table).then_with(|| b.step.cmp(&a.step)));
    steps.iter().map(|s| row![s.table, s.step, s.rows_in, s.rows_out, s.deduplicated, s.quarantined]).collect()
}

fn quality(audit: &Audit) -> Rows {
    audit.quality.iter().map(|c| row![c.table, c.check, c.severity.name(), c.failed, c.total]).collect()
}

pub(crate) fn quarantine(rows: &[Quarantined]) -> TextTable {
    let mut table = vec!["file,line,set_aside,column,value,reason,record".split(',').map(String::from).collect()];
    table.extend(rows.iter().map(|q| {
        let line = q.line.map_or(String::new(), |line| line.to_string());
        let scope = if q.scope == Scope::Row { "row" } else { "value" };
        row![q.file, line, scope, q.column, q.value, q.reason, q.record]
    }));
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clean;
    use crate::input::Source;
    use crate::results::Parameters;
    use crate::schema::result_tables;
    use crate::synth::generated;

    /// The tables can be made for any data, even for a few orders, and without a decision.
    #[test]
    fn every_table_is_what_it_is_declared() {
        let mut declared_runs = 0;
        for (orders, defects) in [(1, 0.0), (40, 0.3), (400, 0.05), (1_000, 0.2), (3_000, 0.0)] {
            let (folder, _) = generated(orders, 5, defects);
            let (clean, audit) = clean::load(&Source::open(folder.path()).unwrap()).unwrap();
            // Data with too few orders for a complete month are refused.
            let Ok(results) = Results::of(&clean, audit, Parameters::default()) else { continue };
            declared_runs += 1;
            let tables = all(&results).unwrap();
            let names: Vec<&str> = tables.iter().map(|(name, _)| *name).collect();
            let mut declared: Vec<&str> = result_tables::RESULT_TABLES.iter().map(|table| table.name).collect();
            declared.sort_by_key(|name| names.iter().position(|n| n == name));
            assert_eq!(names, declared);
            for (name, rows) in tables {
                let table = result_tables::named(name).unwrap();
                assert_eq!(rows[0], table.columns.iter().map(|column| column.name).collect::<Vec<_>>(), "{name}");
                let frame = table.frame(&rows[1..]).unwrap_or_else(|e| panic!("{orders} orders: {e}"));
                assert_eq!(frame.height(), rows.len() - 1);
            }
        }
        assert!(declared_runs >= 2);
    }

    #[test]
    fn centavos_become_reais() {
        assert_eq!([brl(0), brl(5), brl(-5), brl(1_584_355_324)], ["0.00", "0.05", "-0.05", "15843553.24"]);
    }
}
