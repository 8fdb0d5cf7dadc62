//! Mart and facts → figures on sales by month, category and state.

use std::collections::BTreeMap;

use super::{Matrix, MonthAxis, Named, Studio, greatest, reais};
use crate::charts::{Bar, Event, Lines, Series, Span, lines};
use crate::decisions::{Facts, LEAST_SHARE, StateGrowth};
use crate::error::Result;
use crate::mart::month::Month;
use crate::mart::period::orders_by_day;
use crate::report::lang::Lang;
use crate::table::quantiles::upper_median;

const TOP: usize = 15;
/// Number of states, and of categories, in the heat map of both.
const CROSSED: usize = 14;
/// A day with this many times the median daily orders of its month is marked as an event.
const PEAK: f64 = 3.0;

pub(crate) fn draw(studio: &mut Studio<'_>) -> Result<()> {
    by_month(studio)?;
    by_category(studio)?;
    category_months(studio)?;
    growth(studio)?;
    by_state(studio)?;
    state_growth(studio)?;
    state_category(studio)
}

/// Revenue by month, summed over the states.
fn monthly(studio: &Studio<'_>) -> Result<BTreeMap<Month, i64>> {
    let frame = studio.results.mart.table("orders_by_state_month")?;
    let mut months = BTreeMap::new();
    let revenue = frame.column("revenue_centavos")?.i64()?.iter();
    for (day, centavos) in frame.column("month")?.date()?.physical().iter().zip(revenue) {
        if let (Some(day), Some(centavos)) = (day, centavos) {
            *months.entry(Month::of_day(day)).or_insert(0) += centavos;
        }
    }
    Ok(months)
}

fn by_month(studio: &mut Studio<'_>) -> Result<()> {
    let months = monthly(studio)?;
    let period = studio.results.findings.period;
    let (Some(first), Some(last)) = (months.keys().next().copied(), months.keys().next_back().copied()) else {
        return studio.figure("months", "mart/orders_by_state_month.parquet", |about| lines(about, &Lines::default()));
    };
    let axis = MonthAxis::new(studio.lang(), first, last);
    let values: Vec<f64> = axis.months.iter().map(|m| reais(months.get(m).copied().unwrap_or(0))).collect();
    let incomplete = studio.label("incomplete");
    let mut spans = Vec::new();
    if let Some(from) = axis.position(period.first).filter(|i| *i > 0) {
        spans.push(Span { from: 0, to: from - 1, label: &incomplete });
    }
    if let Some(from) = axis.position(period.last.plus(1)) {
        spans.push(Span { from, to: axis.months.len() - 1, label: &incomplete });
    }
    let peak = peak_month(studio)?;
    let peak_label = studio.label("peak");
    let events: Vec<Event<'_>> =
        peak.and_then(|m| axis.position(m)).map(|at| Event { at, label: &peak_label }).into_iter().collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.short(v);
    let unit = studio.label("monthly_revenue");
    let series = [Series { label: "", values: &values, forecast: None }];
    let ticks = axis.ticks();
    let data = Lines {
        ticks: &ticks,
        series: &series,
        spans: &spans,
        events: &events,
        format: &format,
        unit: &unit,
        ..Default::default()
    };
    studio.figure("months", "mart/orders_by_state_month.parquet", |about| lines(about, &data))
}

/// The month of the busiest day, if that day is exceptional: Black Friday in the real data.
fn peak_month(studio: &Studio<'_>) -> Result<Option<Month>> {
    let days = orders_by_day(&studio.results.mart)?;
    let Some((&day, &most)) = days.iter().max_by_key(|(day, n)| (**n, std::cmp::Reverse(**day))) else {
        return Ok(None);
    };
    let month = Month::of_day(day);
    let same = days.range(month.first_day()..month.first_day() + month.days());
    let usual = upper_median(&mut same.map(|(_, n)| *n as f64).collect::<Vec<_>>());
    Ok((most as f64 >= PEAK * usual).then_some(month))
}

fn by_category(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let winner = studio.results.decisions.as_ref().ok().map(|d| d.winner.first().category.as_str());
    let top = greatest(&findings.categories, TOP, |f| reais(f.revenue_centavos));
    let bar = |f: &Facts| {
        let highlight = Some(f.name.as_str()) == winner;
        (studio.words.category(&f.name), Bar { value: reais(f.revenue_centavos), highlight, ..Bar::default() })
    };
    let bars: Vec<Named> = top.into_iter().map(bar).collect();
    studio.bars("categories", "tables/by_category.csv", &bars, false, Lang::short)
}

fn category_months(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let top = greatest(&findings.categories, TOP, |f| reais(f.revenue_centavos));
    let frame = studio.results.mart.table("sales_by_month")?;
    let mut cells: BTreeMap<(&str, Month), i64> = BTreeMap::new();
    let names = frame.column("category")?.str()?.iter().zip(frame.column("month")?.date()?.physical().iter());
    for ((name, day), centavos) in names.zip(frame.column("revenue_centavos")?.i64()?.iter()) {
        if let (Some(name), Some(day), Some(centavos)) = (name, day, centavos) {
            *cells.entry((name, Month::of_day(day))).or_insert(0) += centavos;
        }
    }
    let months: Vec<Month> = findings.period.months().collect();
    let cell = |f: &Facts, month: Month| cells.get(&(f.name.as_str(), month)).map_or(f64::NAN, |c| reais(*c));
    let matrix = Matrix {
        rows: top.iter().map(|f| studio.words.category(&f.name)).collect(),
        columns: months.iter().map(|m| format!("{:02}/{:02}", m.month, m.year % 100)).collect(),
        values: top.iter().flat_map(|f| months.iter().map(|m| cell(f, *m))).collect(),
    };
    let keys = ["monthly_revenue", "no_sale"];
    studio.heatmap("category_months", "mart/sales_by_month.parquet", &matrix, keys, Lang::short)
}

/// Growth of the largest categories, with its lower bound.
fn growth(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let winner = findings.leading_category().map(|f| f.name.as_str());
    let top = greatest(&findings.categories, TOP, |f| reais(f.recent_revenue_centavos));
    let bar = |f: &Facts| {
        let (growth, highlight) = (f.growth.as_ref()?, Some(f.name.as_str()) == winner);
        let interval = Some((growth.at_least, growth.at_most));
        Some((studio.words.category(&f.name), Bar { value: growth.rate, interval, highlight, ..Bar::default() }))
    };
    let bars: Vec<Named> = top.into_iter().filter_map(bar).collect();
    studio.bars("growth", "mart/sales_by_month.parquet", &bars, false, percent)
}

fn by_state(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let values: Vec<(&str, f64)> =
        findings.states.iter().map(|f| (f.name.as_str(), reais(f.revenue_centavos))).collect();
    let growing: Vec<&str> = findings.growing_states().into_iter().map(|state| state.state.as_str()).collect();
    studio.map("states", "tables/by_state.csv", &values, &growing, ["revenue", "no_data"], Lang::short)
}

/// Growth of the larger states' orders relative to that of all other states: few orders have intervals that would hide all others.
fn state_growth(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let least = LEAST_SHARE * findings.growth.iter().map(|s| s.orders_after).sum::<i64>() as f64;
    let dot = |s: &StateGrowth| {
        let change = s.change.as_ref().filter(|_| s.orders_after as f64 >= least)?;
        let (interval, highlight) = (Some((change.low, change.high)), s.is_named());
        Some((studio.words.state_code(&s.state), Bar { value: change.growth, interval, highlight, ..Bar::default() }))
    };
    let dots: Vec<Named> = findings.growth.iter().filter_map(dot).collect();
    let others = studio.label("others");
    studio.dots("state_growth", "tables/state_growth.csv", &dots, "growth_axis", (0.0, &others), percent)
}

/// Revenue by state and category, the greatest of both.
fn state_category(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let states = greatest(&findings.states, CROSSED, |f| reais(f.revenue_centavos));
    let categories = greatest(&findings.categories, CROSSED, |f| reais(f.revenue_centavos));
    let frame = studio.results.mart.table("sales_by_day")?;
    let mut sums: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let names = frame.column("state")?.str()?.iter().zip(frame.column("category")?.str()?.iter());
    for ((state, category), centavos) in names.zip(frame.column("revenue_centavos")?.i64()?.iter()) {
        if let (Some(state), Some(category), Some(centavos)) = (state, category, centavos) {
            *sums.entry((state, category)).or_insert(0) += centavos;
        }
    }
    // Shown as a share of the state's revenue; otherwise the largest state would hide all others.
    let share = |state: &Facts, category: &str| {
        let sum = sums.get(&(state.name.as_str(), category)).copied()?;
        (state.revenue_centavos > 0).then(|| sum as f64 / state.revenue_centavos as f64)
    };
    let matrix = Matrix {
        rows: categories.iter().map(|f| studio.words.category(&f.name)).collect(),
        columns: states.iter().map(|f| studio.words.state_code(&f.name)).collect(),
        values: categories.iter().flat_map(|c| states.iter().map(|s| share(s, &c.name).unwrap_or(f64::NAN))).collect(),
    };
    let keys = ["state_share", "no_sale"];
    studio.heatmap("state_category", "mart/sales_by_day.parquet", &matrix, keys, percent)
}

fn percent(lang: Lang, share: f64) -> String {
    lang.percent(share, 0)
}
