//! Properties of every model: no look-ahead, no nonsense, the same bytes on any number of threads.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::*;
use crate::input::Source;
use crate::mart::{self, SalesMart};
use crate::{clean, synth};

fn generated(orders: u64) -> SalesMart {
    let (folder, _) = synth::generated(orders, 7, 0.0);
    let (clean, _) = clean::load(&Source::open(folder.path()).unwrap()).unwrap();
    mart::mart(&clean).unwrap()
}

fn day(text: &str) -> i32 {
    text.parse::<chrono::NaiveDate>().unwrap().to_epoch_days()
}

/// The mart without any row after `cutoff`.
fn known_at(mart: &SalesMart, cutoff: i32) -> SalesMart {
    let keep = |(name, frame): (&str, &DataFrame)| {
        let known = frame.column("day").ok().map(|days| {
            let days = days.date().unwrap().physical();
            frame.filter(&days.iter().map(|d| d.is_some_and(|d| d <= cutoff)).collect()).unwrap()
        });
        (name.to_string(), known.unwrap_or_else(|| frame.clone()))
    };
    SalesMart::new(mart.iter().unwrap().map(keep).collect::<BTreeMap<_, _>>()).unwrap()
}

#[test]
fn rows_after_the_cutoff_change_no_forecast() {
    let mart = generated(6_000);
    for by in [By::Category, By::State] {
        let panel = Panel::of(&mart, by).unwrap();
        for (cutoff, every) in
            [("2018-01-31", Frequency::Month), ("2017-11-26", Frequency::Days30), ("2018-05-31", Frequency::Days30)]
        {
            let known = Panel::of(&known_at(&mart, day(cutoff)), by).unwrap();
            assert!(known.last <= day(cutoff) && panel.last > known.last);
            for model in all() {
                let params = ForecastParams { horizon: 3, every };
                let forecasts = |panel| forecast(panel, model.as_ref(), day(cutoff), &params).unwrap();
                // Debug output shows every bit of a float.
                assert_eq!(
                    format!("{:?}", forecasts(&panel)),
                    format!("{:?}", forecasts(&known)),
                    "{} {cutoff}",
                    model.name()
                );
            }
        }
    }
}

#[test]
fn shares_go_on_from_any_day() {
    let mart = generated(6_000);
    let all = SupplyIndicators::of(&mart).unwrap();
    assert_eq!(SupplyIndicators::from_frame(&all.to_frame().unwrap()).unwrap(), all);
    // The known mart lacks the last day, a month, most days, or all; sales may follow weeks without any.
    for cutoff in ["2018-08-20", "2018-07-31", "2016-12-31", "2016-01-01"].map(day) {
        let known = SupplyIndicators::of(&known_at(&mart, cutoff)).unwrap();
        let after = |from| known.extend(&mart, from).unwrap() == all;
        assert!(after(cutoff + 1) && after(cutoff - 40), "{}", span::date(cutoff));
    }
    assert_eq!(all.extend(&mart, day("2019-01-01")).unwrap(), all);
}

#[test]
fn threads_change_nothing() {
    let panel = Panel::of(&generated(4_000), By::Category).unwrap();
    let params = BacktestParams::monthly(&panel).unwrap();
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| format!("{:?}", backtest(&panel, &Linear::default(), &params).unwrap().outcomes))
    };
    let one = with(1);
    assert!(one == with(2) && one == with(8));
}

/// Forecasts of every model on a panel at a cutoff.
fn forecasts(rows: &[(&str, i32, i64, i64)], cutoff: i32) -> Vec<Forecast> {
    let panel = Panel::from_rows(By::Category, rows).unwrap();
    let params = ForecastParams { horizon: 4, every: Frequency::Days30 };
    all().iter().flat_map(|m| forecast(&panel, m.as_ref(), cutoff, &params).unwrap()).collect()
}

#[test]
fn forecasts_of_odd_series_are_sensible() {
    let start = day("2017-01-01");
    let steady = |name, days: std::ops::Range<i32>, centavos| days.map(move |d| (name, start + d, 3, centavos));
    let mut odd: Vec<(&str, i32, i64, i64)> = steady("steady", 0..400, 10_000).collect();
    odd.extend(steady("dead", 0..150, 10_000));
    odd.extend(steady("newborn", 396..400, 10_000));
    odd.extend(steady("free", 0..400, 0));
    odd.extend(steady("refunds", 0..400, -500));
    odd.push(("yacht", start + 390, 1, 900_000_000_000));
    let short: Vec<_> = steady("steady", 0..20, 10_000).collect();
    let nothing: Vec<_> = steady("free", 0..400, 0).collect();
    let alone: Vec<_> = steady("steady", 0..400, 10_000).collect();
    for rows in [odd, short, nothing, alone] {
        let cutoff = rows.iter().map(|r| r.1).max().unwrap();
        for f in forecasts(&rows, cutoff) {
            let ends = [0.0, f.lo95, f.lo80, f.forecast, f.hi80, f.hi95];
            assert!(ends.iter().all(|e| e.is_finite()) && ends.is_sorted(), "{f:?}");
        }
        let history = Panel::from_rows(By::Category, &rows).unwrap().until(cutoff).unwrap();
        let fitted = linear::FittedLinear::new(&Linear::default(), &history, 3).unwrap();
        let periods = forecast::predict(&history, &fitted, &ForecastParams { horizon: 3, every: Frequency::Days30 });
        for t in totals::totals(&history, &fitted, 3, &periods) {
            for [lo95, lo80, hi80, hi95] in [t.ends, t.own_ends] {
                let ends = [0.0, lo95, lo80, t.forecast, hi80, hi95];
                assert!(ends.iter().all(|e| e.is_finite()) && ends.is_sorted(), "{t:?}");
            }
            let sum: f64 = periods.iter().filter(|f| f.series == t.series).map(|f| f.forecast).sum();
            assert!((t.forecast - sum).abs() <= 1e-9 * sum, "{t:?}");
        }
    }
}

/// Eight series that stray by themselves and with the market, both by amounts that the intervals do not know.
#[test]
fn intervals_of_sums_hold_what_they_say() {
    let normal = |state: &mut u64| {
        let uniforms = (0..12).map(|_| {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*state >> 11) as f64 / (1u64 << 53) as f64
        });
        uniforms.sum::<f64>() - 6.0
    };
    let (start, mut state) = (day("2016-01-01"), 42);
    let mut tests = Vec::new();
    for _ in 0..40 {
        let names: Vec<String> = (0..8).map(|i| format!("series {i}")).collect();
        let mut rows = Vec::new();
        for month in 0..32 {
            let market = 0.2 * normal(&mut state);
            for (i, name) in names.iter().enumerate() {
                let level = (9.0 + i as f64 / 4.0 + market + 0.15 * normal(&mut state)).exp();
                rows.extend((0..30).map(|d| (name.as_str(), start + 30 * month + d, 5, level as i64)));
            }
        }
        let panel = Panel::from_rows(By::Category, &rows).unwrap();
        // One cutoff: others would see the same market.
        let params = BacktestParams { cutoffs: vec![start + 30 * 29 - 1], horizon: 3, every: Frequency::Days30 };
        let (_, outcomes) = compare_with_totals(&panel, &[&MeanOfThree], params).unwrap();
        tests.push(totals::test_totals(&outcomes, 30)[0].coverage80);
    }
    let mean = tests.iter().sum::<f64>() / tests.len() as f64;
    assert!((0.66..0.94).contains(&mean), "{tests:?}");
}

#[test]
fn a_steady_shop_goes_on() {
    let start = day("2017-01-01");
    let rows: Vec<_> = (0..400).flat_map(|d| [("a", start + d, 4, 20_000), ("b", start + d, 1, 10_000)]).collect();
    // The reference line mistakes the lengths of the months for a season.
    let series = 2 * 4;
    for f in forecasts(&rows, start + 399).into_iter().take(4 * series) {
        let expected = if f.series == "a" { 6_000.0 } else { 3_000.0 };
        assert!((f.forecast - expected).abs() < 0.03 * expected, "{f:?}");
    }
}

#[test]
fn the_horizon_may_be_long_but_not_nothing() {
    let start = day("2017-01-01");
    let rows: Vec<_> = (0..300).map(|d| ("a", start + d, 4, 20_000)).collect();
    let panel = Panel::from_rows(By::Category, &rows).unwrap();
    let forecasts = |horizon| {
        forecast(&panel, &Linear::default(), start + 299, &ForecastParams { horizon, every: Frequency::Days30 })
    };
    assert_eq!(forecasts(24).unwrap().len(), 24);
    assert_eq!(forecasts(0).unwrap_err().exit_code(), 2);
}

#[test]
fn coefficients_have_errors() {
    let mart = generated(6_000);
    let history = Panel::of(&mart, By::Category).unwrap().until(day("2018-05-31")).unwrap();
    let coefficients = linear::FittedLinear::new(&Linear::default(), &history, 3).unwrap().coefficients().unwrap();
    assert_eq!(coefficients.len(), 3 * linear::FEATURES.len());
    assert!(coefficients.iter().all(|c| c.value.is_finite() && c.standard_error > 0.0), "{coefficients:?}");
}

#[test]
fn a_short_history_is_refused_by_the_backtest_only() {
    let start = day("2018-01-01");
    let rows: Vec<_> = (0..100).map(|d| ("a", start + d, 4, 20_000)).collect();
    let panel = Panel::from_rows(By::Category, &rows).unwrap();
    assert_eq!(BacktestParams::monthly(&panel).unwrap_err().exit_code(), 2);
    assert!(
        forecast(&panel, &Linear::default(), start + 89, &ForecastParams { horizon: 3, every: Frequency::Month })
            .is_ok()
    );
}

/// One fit of all categories takes at most 20 ms.
#[test]
#[ignore = "takes time, and the time of a quiet machine"]
fn a_fit_is_quick() {
    let panel = Panel::of(&generated(100_000), By::Category).unwrap();
    let history = panel.until(day("2018-07-31")).unwrap();
    let started = std::time::Instant::now();
    for _ in 0..10 {
        Linear::default().fit(&history, 3).unwrap();
    }
    let each = started.elapsed().as_secs_f64() / 10.0;
    let params = ForecastParams { horizon: 3, every: Frequency::Month };
    forecast(&panel, &Linear::default(), history.cutoff, &params).unwrap();
    let with_intervals = started.elapsed().as_secs_f64() - 10.0 * each;
    assert!(each < 0.02, "{each} s, {with_intervals} s with intervals");
}
