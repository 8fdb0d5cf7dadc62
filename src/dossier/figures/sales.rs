//! Mart and facts → figures on sales by month, category and state.

use std::collections::BTreeMap;

use super::{MonthAxis, Studio, greatest, reais, short};
use crate::charts::{
    Bar, Bars, Dot, Dots, Event, Heatmap, Lines, Series, Span, StateMap, bars, brazil_map, dots, heatmap, lines,
};
use crate::decisions::LEAST_SHARE;
use crate::error::Result;
use crate::mart::month::Month;
use crate::mart::period::orders_by_day;

const TOP: usize = 15;
/// Number of states, and of categories, in the heat map of both.
const CROSSED: usize = 14;
/// A day with this many times the median daily orders of its month is marked as an event.
const PEAK: i64 = 3;

pub(crate) fn draw(studio: &mut Studio<'_>) -> Result<()> {
    by_month(studio)?;
    by_category(studio)?;
    category_months(studio)?;
    growth(studio)?;
    by_state(studio)?;
    leads(studio)?;
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
    let format = move |v: f64| short(lang, v);
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
    let mut same: Vec<i64> = days.range(month.first_day()..month.first_day() + month.days()).map(|(_, n)| *n).collect();
    same.sort_unstable();
    Ok((most >= PEAK * same[same.len() / 2]).then_some(month))
}

fn by_category(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let winner = studio.results.decisions.as_ref().ok().map(|d| d.winner.first().category.as_str());
    let top = greatest(&findings.categories, TOP, |f| reais(f.revenue_centavos));
    let names: Vec<String> = top.iter().map(|f| studio.words.category(&f.name)).collect();
    let data: Vec<Bar<'_>> = top
        .iter()
        .zip(&names)
        .map(|(f, label)| Bar {
            label,
            value: reais(f.revenue_centavos),
            highlight: Some(f.name.as_str()) == winner,
            ..Default::default()
        })
        .collect();
    let lang = studio.lang();
    let format = move |v: f64| short(lang, v);
    studio.figure("categories", "tables/by_category.csv", |about| {
        bars(about, &Bars { bars: &data, format: &format, keep_order: false })
    })
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
    let lang = studio.lang();
    let months: Vec<Month> = findings.period.months().collect();
    let columns: Vec<String> = months.iter().map(|m| format!("{:02}/{:02}", m.month, m.year % 100)).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let rows: Vec<String> = top.iter().map(|f| studio.words.category(&f.name)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let values: Vec<f64> = top
        .iter()
        .flat_map(|f| months.iter().map(|m| cells.get(&(f.name.as_str(), *m)).map_or(f64::NAN, |c| reais(*c))))
        .collect();
    let format = move |v: f64| short(lang, v);
    let (title, missing) = (studio.label("monthly_revenue"), studio.label("no_sale"));
    let data =
        Heatmap { rows: &rows, columns: &columns, values: &values, format: &format, title: &title, missing: &missing };
    studio.figure("category_months", "mart/sales_by_month.parquet", |about| heatmap(about, &data))
}

/// Growth of the largest categories, with its lower bound.
fn growth(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let winner = findings.leading_category().map(|f| f.name.as_str());
    let top = greatest(&findings.categories, TOP, |f| reais(f.recent_revenue_centavos));
    let named: Vec<(String, &crate::decisions::Facts)> =
        top.into_iter().map(|f| (studio.words.category(&f.name), f)).collect();
    let data: Vec<Bar<'_>> = named
        .iter()
        .filter_map(|(label, f)| {
            let growth = f.growth.as_ref()?;
            let highlight = Some(f.name.as_str()) == winner;
            Some(Bar { label, value: growth.rate, interval: Some((growth.at_least, growth.at_most)), highlight })
        })
        .collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.percent(v, 0);
    studio.figure("growth", "mart/sales_by_month.parquet", |about| {
        bars(about, &Bars { bars: &data, format: &format, keep_order: false })
    })
}

fn by_state(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let values: Vec<(&str, f64)> =
        findings.states.iter().map(|f| (f.name.as_str(), reais(f.revenue_centavos))).collect();
    let target: Vec<&str> = findings.growing_state().map(|f| f.name.as_str()).into_iter().collect();
    let lang = studio.lang();
    let format = move |v: f64| short(lang, v);
    let (title, missing) = (studio.label("revenue"), studio.label("no_data"));
    let data = StateMap {
        values: &values,
        format: &format,
        title: &title,
        missing: &missing,
        highlight: &target,
        ..Default::default()
    };
    studio.figure("states", "tables/by_state.csv", |about| brazil_map(about, &data))
}

/// Growth of the larger states' orders relative to that of all other states.
fn leads(studio: &mut Studio<'_>) -> Result<()> {
    let findings = &studio.results.findings;
    let target = findings.growing_state().map(|f| f.name.as_str());
    let data: Vec<Dot<'_>> = findings
        .known_states()
        .filter_map(|f| {
            let lead = f.lead.as_ref().filter(|l| l.share >= LEAST_SHARE)?;
            let highlight = Some(f.name.as_str()) == target;
            Some(Dot { label: &f.name, value: lead.rate, interval: Some((lead.at_least, lead.at_most)), highlight })
        })
        .collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.percent(v, 0);
    let (axis, others) = (studio.label("lead_axis"), studio.label("others"));
    let data = Dots { dots: &data, format: &format, reference: Some((0.0, &others)), axis: &axis };
    studio.figure("leads", "mart/orders_by_state_month.parquet", |about| dots(about, &data))
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
    let share = |state: &crate::decisions::Facts, category: &str| {
        let sum = sums.get(&(state.name.as_str(), category)).copied()?;
        (state.revenue_centavos > 0).then(|| sum as f64 / state.revenue_centavos as f64)
    };
    let values: Vec<f64> =
        categories.iter().flat_map(|c| states.iter().map(|s| share(s, &c.name).unwrap_or(f64::NAN))).collect();
    let rows: Vec<String> = categories.iter().map(|f| studio.words.category(&f.name)).collect();
    let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
    let columns: Vec<String> = states.iter().map(|f| studio.words.state_code(&f.name)).collect();
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.percent(v, 0);
    let (title, missing) = (studio.label("state_share"), studio.label("no_sale"));
    let data =
        Heatmap { rows: &rows, columns: &columns, values: &values, format: &format, title: &title, missing: &missing };
    studio.figure("state_category", "mart/sales_by_day.parquet", |about| heatmap(about, &data))
}
