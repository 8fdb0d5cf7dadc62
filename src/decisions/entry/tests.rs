//! The comparison of rules by hand, without an effect, without data, and on the real data.

use std::path::Path;

use super::looks::{Look, ratios};
use super::*;
use crate::error::Error;
use crate::input::Source;
use crate::{clean, mart, synth};

fn loaded(data: &Path) -> SalesMart {
    let (clean, _) = clean::load(&Source::open(data).unwrap()).unwrap();
    mart::mart(&clean).unwrap()
}

/// Two looks at three categories. In the first, entrants earn e⁴, e² | e¹ | e¹; nobody entered the second category in the second.
#[test]
fn ratios_by_hand() {
    let look = |outcomes: Vec<(usize, usize, f64)>| Look {
        orders: vec![vec![0, 1, 2], vec![1, 2, 0]],
        outcomes,
        means: vec![3.0, 2.0, 1.0],
    };
    let looks = [look(vec![(0, 0, 4.0), (1, 0, 2.0), (2, 1, 1.0), (3, 2, 1.0)]), look(vec![(4, 0, 1.0), (5, 2, 3.0)])];
    let logs = |weight: &dyn Fn(usize) -> f64| -> Vec<[Option<f64>; 3]> {
        let all = ratios(&looks, |look, _| &look.orders, weight);
        all.into_iter().map(|row| row.map(|ratio| ratio.map(|ratio| (ratio.ln() * 1e9).round() / 1e9))).collect()
    };
    // All candidates: means 2 and 2. The first category: 3 and 1. The second: 1 and nobody.
    assert_eq!(logs(&|_| 1.0), [[Some(0.0), Some(0.0), Some(0.0)], [Some(-1.0), Some(0.0), Some(0.0)]]);
    // Without the last entrant, the second look has the first category alone.
    let weight = |entrant: usize| if entrant == 5 { 0.0 } else { 1.0 };
    assert_eq!(logs(&weight)[0][0], Some(0.5));
    assert_eq!(logs(&|_| 0.0), [[None; 3]; 2]);
    assert!(ratios(&[], |look: &Look, _| &look.orders, |_| 1.0).is_empty());
}

/// Generated sellers earn alike whatever they sell, or are too few to tell.
#[test]
fn results_are_the_same_on_any_number_of_threads() {
    let mart = loaded(synth::generated(20_000, 3, 0.0).0.path());
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        // Debug output shows every bit of a float.
        pool.install(|| format!("{:?}", entry(&mart)))
    };
    let one = on(1);
    assert_eq!(one, on(3));
    assert!(!one.contains("NaN"), "{one}");
}

#[test]
fn young_data_say_what_they_lack() {
    let mart = loaded(synth::generated(300, 3, 0.0).0.path());
    match entry(&mart) {
        Ok(entry) => assert!(entry.backtest.is_err(), "{:?}", entry.backtest),
        Err(error) => assert!(matches!(error, Error::TooLittle(TooLittle::Entrants)), "{error}"),
    }
}

/// Figures that were found in these data independently, within 2 %; intervals and shuffles depend on the draws.
#[test]
fn real_choices_are_as_expected() {
    let Some(data) = std::env::var_os("PFE_DATA") else { return };
    let entry = entry(&loaded(Path::new(&data))).unwrap();
    let past = entry.backtest.unwrap();
    assert_eq!((past.leader.as_str(), past.cutoffs.len()), ("watches_gifts", 7));
    let found = |check: Check, rule: &str, top: usize| {
        past.results.iter().find(|r| (r.check, r.rule, r.top) == (check, rule, top)).unwrap()
    };
    let near = |found: f64, expected: f64| assert!((found / expected - 1.0).abs() < 0.02, "{found}, not {expected}");
    for (check, rule, ratios) in [
        (Check::Past, ENTRANTS, [3.86, 2.27, 1.71]),
        (Check::WithoutLeader, ENTRANTS, [1.33, 1.45, 1.45]),
        (Check::Past, "largest category", [3.04, 1.13, 1.11]),
    ] {
        for (top, ratio) in [1, 3, 5].into_iter().zip(ratios) {
            near(found(check, rule, top).ratio, ratio);
        }
    }
    let fastest = "fastest growth last quarter";
    near(found(Check::Past, fastest, 1).ratio, 0.59);
    near(found(Check::Past, fastest, 3).ratio, 1.08);
    let locked = found(Check::Locked, ENTRANTS, 5);
    assert_eq!(locked.entrants, 15);
    assert!((2.2..2.4).contains(&locked.ratio), "{}", locked.ratio);
    let rank = past.rank_correlation.unwrap();
    assert!((0.08..0.09).contains(&rank.value) && (0.16..0.18).contains(&rank.p), "{rank:?}");
    for (check, top, low, high) in [
        (Check::Past, 1, 2.3, 6.7),
        (Check::Past, 3, 1.6, 3.3),
        (Check::Past, 5, 1.4, 2.1),
        (Check::WithoutLeader, 3, 1.15, 1.9),
    ] {
        let interval = found(check, ENTRANTS, top).interval90.unwrap();
        assert!((interval.0 / low - 1.0).abs() < 0.1 && (interval.1 / high - 1.0).abs() < 0.12, "{interval:?}");
    }
    for top in [1, 3, 5] {
        let shuffled = found(Check::Past, ENTRANTS, top).shuffled.unwrap();
        assert!((shuffled.mean - 1.0).abs() < 0.05 && shuffled.p < 0.01, "{shuffled:?}");
        near(found(Check::Past, "random", 5).ratio, 1.0);
    }
    let luck = found(Check::WithoutLeader, ENTRANTS, 1).shuffled.unwrap();
    assert!((0.03..0.15).contains(&luck.p), "{luck:?}");
}
