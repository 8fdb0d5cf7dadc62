//! One state or category → the figures and tables of its profile. Used by `profiles`.

use std::collections::BTreeMap;

use super::Per;
use super::values::{Part, ROWS, per_unit, share};
use crate::charts::{Bar, Lines, Row, Series, Stacked, lines, stacked_bars};
use crate::decisions::{Facts, StatePayments};
use crate::dossier::edition::{Captions, NONE, Words, or_none};
use crate::dossier::figures::{MonthAxis, Named, Studio, reais, strs};
use crate::error::Result;
use crate::mart::month::Month;
use crate::report::lang::Lang;
use crate::report::{Table, TableColumn};

/// Bars of the figure of what is sold.
const BARS: usize = 6;

/// Draws the figures of a profile: what is sold, month by month, payments.
pub(super) fn draw(studio: &mut Studio<'_>, part: &Part) -> Result<()> {
    let bar = |cell: &super::sales::Cell| {
        let bar = Bar { value: reais(cell.revenue_centavos), ..Bar::default() };
        (part.name_in_mix(studio.words, &cell.name), bar)
    };
    let bars: Vec<Named> = part.mix.iter().take(BARS).map(bar).collect();
    studio.bars("part_mix", "mart/sales_by_month.parquet", &bars, false, Lang::short)?;
    months(studio, part)?;
    payments(studio, part)
}

/// Revenue of each complete month as a share of that of all of them: of the part and of the whole, so that their courses can be compared.
fn months(studio: &mut Studio<'_>, part: &Part) -> Result<()> {
    let source = "mart/sales_by_month.parquet";
    let period = part.results.findings.period;
    let axis = MonthAxis::new(studio.lang(), period.first, period.last);
    let revenue = |months: &BTreeMap<Month, i64>| -> Vec<i64> {
        axis.months.iter().map(|month| months.get(month).copied().unwrap_or(0)).collect()
    };
    let (own, whole) = (revenue(&part.months), revenue(part.whole_months));
    let (Some(own), Some(whole)) = (shares(&own), shares(&whole)) else {
        return studio.figure("part_months", source, |about| lines(about, &Lines::default()));
    };
    let [here, all, unit] = ["profile_here", "profile_whole", "profile_monthly"].map(|key| studio.label(key));
    let series =
        [Series { label: &here, values: &own, forecast: None }, Series { label: &all, values: &whole, forecast: None }];
    let (ticks, lang) = (axis.ticks(), studio.lang());
    let format = move |v: f64| lang.percent(v, 0);
    let data = Lines { ticks: &ticks, series: &series, format: &format, unit: &unit, ..Lines::default() };
    studio.figure("part_months", source, |about| lines(about, &data))
}

/// Each amount as a share of their sum; `None` if that is not above 0.
fn shares(amounts: &[i64]) -> Option<Vec<f64>> {
    let sum: i64 = amounts.iter().sum();
    (sum > 0).then(|| amounts.iter().map(|amount| *amount as f64 / sum as f64).collect())
}

/// Methods of payment, here and in the whole.
fn payments(studio: &mut Studio<'_>, part: &Part) -> Result<()> {
    let (total, lang) = (&part.results.findings.payments_total, studio.lang());
    let methods: Vec<&str> = total.methods.iter().map(|method| method.payment_type.as_str()).collect();
    let names: Vec<String> = methods.iter().map(|method| studio.words.method(method)).collect();
    let shares = |label: String, payments: &StatePayments| {
        let shares: Vec<f64> = methods.iter().map(|method| payments.share(method)).collect();
        (label, shares, format!("n = {}", lang.count(payments.orders)))
    };
    let here = part.payments.as_ref().map(|payments| shares(studio.label("profile_here"), payments));
    let rows: Vec<_> = here.into_iter().chain([shares(studio.label("profile_whole"), total)]).collect();
    let rows: Vec<Row<'_>> = rows.iter().map(|(label, values, note)| Row { label, values, note }).collect();
    let format = move |v: f64| lang.percent(v, 0);
    let data = Stacked { segments: &strs(&names), rows: &rows, format: &format, keep_order: true };
    studio.figure("part_payments", paid_in(part.per), |about| stacked_bars(about, &data))
}

/// The file that holds how orders were paid.
fn paid_in(per: Per) -> &'static str {
    match per {
        Per::State => "mart/payment_sets.parquet",
        Per::Category => "mart/payment_sets_by_category.parquet, mart/payment_sets.parquet",
    }
}

/// The tables of a profile: facts beside those of the whole, what is sold, payments.
pub(super) fn tables(part: &Part, words: &Words, captions: &Captions) -> Result<BTreeMap<String, Table>> {
    let facts_in = match part.per {
        Per::State => "tables/by_state.csv",
        Per::Category => "tables/by_category.csv, tables/by_state.csv",
    };
    let all = [
        ("part_facts", facts_in, facts(part, words)),
        ("part_mix_table", "mart/sales_by_month.parquet", mix(part, words)),
        ("part_payments_table", paid_in(part.per), methods(part, words)),
    ];
    let table = |(id, source, rows): (&str, &str, Vec<Vec<String>>)| {
        let caption = captions.of(id)?;
        let column = |(i, header): (usize, &String)| TableColumn { header: header.clone(), numeric: i > 0 };
        let columns = caption.columns.iter().enumerate().map(column).collect();
        Ok((id.to_string(), Table { columns, rows, title: caption.title.clone(), source: source.into() }))
    };
    all.into_iter().map(table).collect()
}

/// One row per fact that is known: its name, here, in the whole.
fn facts(part: &Part, words: &Words) -> Vec<Vec<String>> {
    let Some(here) = part.facts else { return vec![vec![words.label("none"), NONE.into(), NONE.into()]] };
    let (whole, lang) = (&part.results.findings.total, words.lang);
    let count = |n: i64| Some(lang.count(n));
    let amount = |centavos: Option<i64>| centavos.map(|centavos| words.brl(centavos, 2));
    let percent = |share: Option<f64>| share.map(|share| lang.percent(share, 1));
    type Value<'v> = &'v dyn Fn(&Facts) -> Option<String>;
    let rows: [(&str, Value); 10] = [
        ("orders", &|f| count(f.orders)),
        ("items", &|f| count(f.items)),
        ("revenue", &|f| amount(Some(f.revenue_centavos))),
        ("ticket", &|f| amount(per_unit(f.revenue_centavos, f.orders))),
        ("item_price", &|f| amount(per_unit(f.price_centavos, f.items))),
        ("freight", &|f| percent(share(f.freight_centavos, f.revenue_centavos)).filter(|_| whole.freight_centavos > 0)),
        ("review", &|f| f.review_mean.map(|mean| lang.decimal(mean, 2))),
        ("days", &|f| f.delivery_days_mean.map(|days| lang.decimal(days, 1))),
        ("late", &|f| percent(f.late_share)),
        ("canceled", &|f| percent(f.canceled_share)),
    ];
    let row = |(name, value): (&str, Value)| {
        let (here, whole) = (value(here), value(whole));
        let known = here.is_some() || whole.is_some();
        known.then(|| vec![words.label(&format!("profile_{name}")), or_none(here, |v| v), or_none(whole, |v| v)])
    };
    rows.into_iter().filter_map(row).collect()
}

/// What is sold: revenue, its share here and that in the whole.
fn mix(part: &Part, words: &Words) -> Vec<Vec<String>> {
    let percent = |share: Option<f64>| or_none(share, |share| words.lang.percent(share, 1));
    let row = |cell: &super::sales::Cell| {
        vec![
            part.name_in_mix(words, &cell.name),
            words.lang.count(cell.orders),
            words.brl(cell.revenue_centavos, 0),
            percent(part.share_here(cell)),
            percent(part.share_in_whole(&cell.name)),
        ]
    };
    let rows: Vec<_> = part.mix.iter().take(ROWS).map(row).collect();
    if rows.is_empty() {
        vec![vec![words.label("none"), NONE.into(), NONE.into(), NONE.into(), NONE.into()]]
    } else {
        rows
    }
}

/// Methods of payment: orders, their share here and that in the whole.
fn methods(part: &Part, words: &Words) -> Vec<Vec<String>> {
    let total = &part.results.findings.payments_total;
    let here = part.payments.as_ref().map_or(&[][..], |payments| &payments.methods);
    let rows: Vec<Vec<String>> = here
        .iter()
        .map(|method| {
            let shares = [method.share_orders, total.share(&method.payment_type)];
            let shares = shares.map(|share| words.lang.percent(share, 1));
            [words.method(&method.payment_type), words.lang.count(method.orders)].into_iter().chain(shares).collect()
        })
        .collect();
    if rows.is_empty() { vec![vec![words.label("none"), NONE.into(), NONE.into(), NONE.into()]] } else { rows }
}
