//! The model of the entrants by hand, its symmetric and empty cases, and its figures on the real data.

use std::collections::BTreeMap;
use std::path::Path;

use polars::prelude::*;

use super::pooling::{LEAST, fit, places};
use super::sellers::last_whole_day;
use super::*;
use crate::input::Source;
use crate::mart::period::Period;
use crate::statistics::normal::upper_tail;
use crate::{Error, clean, mart, synth};

fn loaded(data: &Path) -> SalesMart {
    let (clean, _) = clean::load(&Source::open(data).unwrap()).unwrap();
    mart::mart(&clean).unwrap()
}

/// Generated data, and the first day on which a seller is an entrant there.
fn generated() -> (SalesMart, i32) {
    let mart = loaded(synth::generated(3_000, 5, 0.0).0.path());
    let from = Period::of(&mart).unwrap().first.plus(1).first_day();
    (mart, from)
}

/// A mart whose sellers sold this: seller, day, category, orders, centavos. All else is of `mart`.
fn sold(mart: &SalesMart, rows: &[(&str, i32, &str, i64, i64)]) -> SalesMart {
    let mut tables: BTreeMap<String, DataFrame> =
        mart.iter().unwrap().map(|(name, frame)| (name.to_string(), frame.clone())).collect();
    let texts = |text: fn(&(&str, i32, &str, i64, i64)) -> String| rows.iter().map(text).collect::<Vec<_>>();
    // An even number of orders comes later in the day.
    let numbers = |number: fn(&(&str, i32, &str, i64, i64)) -> i64| rows.iter().map(number).collect::<Vec<_>>();
    let frame = df!(
        "seller_id" => texts(|row| row.0.into()), "category" => texts(|row| row.2.into()),
        "minute" => numbers(|row| 600 * (1 - row.3 % 2)), "orders" => numbers(|row| row.3), "items" => numbers(|row| row.3),
        "price_centavos" => numbers(|row| row.4), "freight_centavos" => numbers(|_| 0)
    );
    let days: Vec<i32> = rows.iter().map(|row| row.1).collect();
    let days = Int32Chunked::from_vec("day".into(), days).into_date().into_column();
    let frame = frame.unwrap().hstack(&[days]).unwrap();
    let order = ["seller_id", "day", "minute", "category"];
    tables.insert("sellers_by_day".into(), frame.sort(order, SortMultipleOptions::default()).unwrap());
    SalesMart::new(tables).unwrap()
}

fn day(text: &str) -> i32 {
    text.parse::<chrono::NaiveDate>().unwrap().to_epoch_days()
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{found}, expected {expected}");
}

/// Means 1, 3 and 5 of four entrants each, which lie √3 around them: σ² = 4, so that the means vary by σ²/n = 1 through chance alone. They
/// vary by 4, hence τ² = 3 and B = 3/4.
#[test]
fn three_categories_by_hand() {
    let around = |mean: f64| [-1.0, 1.0, 1.0, -1.0].map(|sign| mean + sign * f64::sqrt(3.0));
    // A tenfold of the entrants with a tenfold of the variance makes candidates of the categories and keeps σ²/n.
    let entrants = [1.0, 3.0, 5.0].into_iter().enumerate().flat_map(|(category, mean)| {
        let wide = f64::sqrt(13.0 * 3.0 / 4.0);
        let four = around(mean).map(|y| mean + (y - mean) / f64::sqrt(3.0) * wide);
        std::iter::repeat_n(four, 3).flatten().chain([mean]).map(move |y| (category, y))
    });
    let fitted = fit(3, entrants).unwrap();
    // Of 13 entrants, 12 lie √(39/4) from the mean: Σ = 117, over 12 degrees of freedom 39/4 = 9.75, over 13 entrants 3/4.
    near(fitted.pooled.within, 9.75, 1e-12);
    near(fitted.pooled.mean, 3.0, 1e-12);
    near(fitted.pooled.between, 4.0 - 0.75, 1e-9);
    let (category, best) = fitted.ranked[0];
    let trust = 3.25 / 4.0;
    assert_eq!(category, 2);
    near(best.mean, 3.0 + trust * 2.0, 1e-9);
    near(best.variance, trust * 0.75 + (1.0 - trust).powi(2) * 4.0 / 3.0, 1e-9);
}

#[test]
fn equal_categories_have_equal_chances() {
    let entrants = (0..4).flat_map(|category| (0..20).map(move |i| (category, f64::from(i % 5))));
    let fitted = fit(4, entrants).unwrap();
    assert_eq!(fitted.pooled.between, 0.0);
    let posteriors: Vec<Posterior> = fitted.ranked.iter().map(|(_, posterior)| *posterior).collect();
    assert!(posteriors.iter().all(|posterior| *posterior == posteriors[0]));
    for [first, top3] in places(4, |i, draws| draws.mean(&posteriors[i])) {
        assert!((first - 0.25).abs() < 0.015 && (top3 - 0.75).abs() < 0.015, "{first} {top3}");
    }
    // Two categories are both among the first three.
    assert!(places(2, |i, draws| draws.mean(&posteriors[i])).iter().all(|[_, top3]| *top3 == 1.0));
}

#[test]
fn too_few_or_equal_entrants_fit_nothing() {
    let entrants = |categories: usize, each: usize, varies: f64| {
        (0..categories * each).map(move |i| (i % categories, varies * (i / categories) as f64))
    };
    assert!(fit(2, entrants(2, LEAST, 1.0)).is_some());
    assert!(fit(2, entrants(2, LEAST - 1, 1.0)).is_none());
    assert!(fit(2, entrants(1, 50, 1.0)).is_none());
    assert!(fit(2, entrants(2, 50, 0.0)).is_none());
    assert!(fit(30, entrants(30, 1, 1.0)).is_none());
    assert!(fit(0, entrants(1, 0, 1.0)).is_none());
}

/// Values of the normal distribution from tables.
#[test]
fn tails_of_the_normal_distribution() {
    for (x, tail) in [(0.0, 0.5), (1.0, 0.158_655_254), (-1.0, 0.841_344_746), (1.959_964, 0.025), (4.0, 3.167_124e-5)]
    {
        near(upper_tail(x), tail, 1e-6);
    }
    near(upper_tail(NORMAL90), 0.1, 1e-6);
}

#[test]
fn an_export_that_fades_out_ends_with_its_last_whole_week() {
    // Day 3 is a Sunday; the data begin on Monday, day 4.
    let orders = |tail: &[i64]| [vec![20; 70], tail.to_vec()].concat();
    assert_eq!(last_whole_day(&orders(&[]), 4), 73);
    assert_eq!(last_whole_day(&orders(&[20, 20, 20]), 4), 76);
    assert_eq!(last_whole_day(&orders(&[20, 15, 10, 8, 6, 3, 2, 1, 0, 0, 1]), 4), 73);
    // A weekend without orders is no end.
    assert_eq!(last_whole_day(&[[20, 20, 20, 20, 20, 0, 0]; 9].concat(), 4), 66);
    // Few orders may be missing by chance.
    assert_eq!(last_whole_day(&[vec![1; 70], vec![0; 9], vec![1]].concat(), 4), 83);
    assert_eq!(last_whole_day(&[5, 5], 4), 5);
}

/// Entrants, old sellers and late ones; a first day with several categories; orders on the last and the first day outside a window.
#[test]
fn sellers_by_hand() {
    let (mart, from) = generated();
    // Sales of many sellers on every day, so that the data end where they end.
    let mut rows: Vec<(String, i32, &str, i64, i64)> =
        (0..300).map(|age| (format!("z{age}"), from + age, "toys", 1, 100)).collect();
    let mut add = |id: &str, age: i32, category, orders, centavos| {
        rows.push((id.to_string(), from + age, category, orders, centavos));
    };
    // Three orders in one minute, one of a category that is not known; two more, ten hours later.
    add("a", 5, "unknown", 1, 1_000);
    add("a", 5, "toys", 3, 2_000);
    add("a", 5, "beds", 2, 1_000);
    add("a", 5 + 27, "toys", 1, 500);
    add("a", 5 + 28, "toys", 4, 700);
    add("a", 5 + 89, "toys", 1, 50);
    add("a", 5 + 90, "toys", 9, 9_999);
    add("b", 0, "unknown", 1, 100);
    let rows: Vec<_> = rows.iter().map(|(id, day, category, n, c)| (id.as_str(), *day, *category, *n, *c)).collect();
    let entrants = entrants(&sold(&mart, &rows)).unwrap();
    let last = from + 299;
    assert_eq!((entrants.entered.from, entrants.entered.to), (from, last - 89));
    let sellers = &entrants.sellers;
    assert_eq!(sellers.categories, ["beds", "toys"]);
    let a = &sellers.all[0];
    assert_eq!((a.category, a.first_day), (Some(1), from + 5));
    assert_eq!([Span::Days28, Span::Days30, Span::Days90].map(|span| a.orders(span)), [7, 11, 12]);
    assert_eq!([Span::Days28, Span::Days30, Span::Days90].map(|span| a.revenue(span)), [45.0, 52.0, 52.5]);
    assert_eq!(sellers.all[1].category, None);
    // a, b and the 211 that enter early enough; of b, the category is not known.
    assert_eq!((entrants.summary.entrants, entrants.summary.with_category), (213, 212));
    // There is one category: no choice.
    assert_eq!(entrants.chances.as_ref().unwrap_err(), &TooLittle::Entrants);
    let found: Vec<(usize, Option<f64>)> =
        entrants.milestones.iter().map(|m| (m.n, m.rest.as_ref().map(|rest| rest.nothing))).collect();
    assert_eq!(found, [(211, Some(1.0)), (0, None), (1, Some(0.0)), (0, None), (0, None)]);
    assert_eq!(sellers.until(1, from + 6).iter().sum::<i64>(), 2_700);
    assert_eq!(sellers.until(1, last + 90).len(), 300);
    assert!(sellers.until(1, from - 1).is_empty());
}

#[test]
fn data_without_entrants_say_so() {
    let (mart, from) = generated();
    let young: Vec<(String, i32)> = (0..60).map(|age| (format!("s{age}"), from + age)).collect();
    let rows: Vec<_> = young.iter().map(|(id, day)| (id.as_str(), *day, "toys", 1, 100)).collect();
    let old = [("a", from - 20, "toys", 1, 100), ("a", from + 300, "toys", 1, 100)];
    for rows in [&rows[..], &[], &old] {
        assert!(matches!(entrants(&sold(&mart, rows)), Err(Error::TooLittle(TooLittle::Entrants))));
    }
}

/// Figures that were found in these data independently, within 2 %.
#[test]
fn real_entrants_are_as_expected() {
    let Some(data) = std::env::var_os("PFE_DATA") else { return };
    let found = entrants(&loaded(Path::new(&data))).unwrap();
    assert_eq!((found.entered.from, found.entered.to), (day("2017-02-01"), day("2018-05-22")));
    assert_eq!((found.summary.entrants, found.summary.with_category), (2_210, 2_107));
    near(found.summary.revenue_mean, 1_436.0, 0.02);
    for (quartile, expected) in found.summary.revenue_quartiles.into_iter().zip([166.0, 493.0, 1_300.0]) {
        near(quartile, expected, 0.02);
    }
    near(found.summary.orders_mean, 8.9, 0.02);
    assert_eq!(found.summary.orders_median, 4.0);
    near(found.summary.one_order, 0.22, 0.02);
    let chances = found.chances.as_ref().unwrap();
    near(chances.pooled.mean, 6.240, 0.001);
    near(chances.pooled.within, 2.037, 0.001);
    near(chances.pooled.between, 0.279, 0.002);
    let first = &chances.categories[0];
    assert_eq!(first.category, "watches_gifts");
    near(first.typical, 1_581.0, 0.002);
    near(first.interval80.0, 1_200.0, 0.002);
    near(first.interval80.1, 2_083.0, 0.002);
    near(first.first, 0.79, 0.02);
    near(first.top3, 0.98, 0.01);
    assert!(chances.categories[1..].iter().all(|category| category.first < 0.1));
    assert!((3..=10).contains(&chances.short_list().count()));
    let milestone = |i: usize| found.milestones[i].rest.clone().unwrap();
    for (i, nothing, middle) in [(0, 0.50, 3.85), (1, 0.24, 220.0), (2, 0.08, 712.0), (3, 0.033, 1_803.0)] {
        near(milestone(i).nothing, nothing, 0.02);
        near(milestone(i).quartiles[1], middle, 0.01);
    }
}
