//! The decisions find the planted answers of generated data, with and without defects.

use rayon::prelude::*;

use super::*;
use crate::input::Source;
use crate::models::outlook;
use crate::synth::{self, Truth};
use crate::{clean, mart};

fn generated(orders: u64, seed: u64, defects: f64) -> (SalesMart, Truth) {
    let (folder, truth) = synth::generated(orders, seed, defects);
    let (clean, _) = clean::load(&Source::open(folder.path()).unwrap()).unwrap();
    (mart::mart(&clean).unwrap(), truth)
}

/// A planted answer that was not found; `None` if all were.
fn missed(seed: u64, defects: f64) -> Option<String> {
    let (mart, truth) = generated(100_000, seed, defects);
    let decisions = decide(&mart, &DecisionParams::default()).unwrap();
    let category = decisions.winner.first().category.clone();
    let state = decisions.region.states[0].state.clone();
    let habit = findings(&mart).unwrap().unusual_payment();
    let habit = habit.map(|h| (h.state, h.method)).unwrap_or_default();
    let found = (category, state, habit);
    let planted =
        (truth.winner.category, truth.target_state.state, (truth.payment_habit.state, truth.payment_habit.method));
    (found != planted).then(|| format!("seed {seed}, defects {defects}: {found:?}, planted {planted:?}"))
}

#[test]
fn planted_answers_are_found() {
    let missed: Vec<String> =
        [(1, 0.0), (2, 0.05), (3, 0.0), (4, 0.05)].into_par_iter().filter_map(|(s, d)| missed(s, d)).collect();
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
#[ignore = "takes a minute or two"]
fn planted_answers_are_found_in_19_of_20_seeds() {
    for defects in [0.0, 0.05] {
        let missed: Vec<String> = (1..=20u64).into_par_iter().filter_map(|seed| missed(seed, defects)).collect();
        assert!(missed.len() <= 1, "{missed:#?}");
    }
}

#[test]
fn bad_questions_are_answered_clearly() {
    let (mart, _) = generated(30_000, 1, 0.0);
    let weights = Weights::default();
    let outlook = outlook(&mart).unwrap();
    let refused = |category, budget| region(&mart, &outlook, category, budget, &weights).unwrap_err();
    let error = refused(Some("beds"), None);
    assert_eq!((error.to_string().as_str(), error.exit_code()), ("there is no category `beds`", 2));
    assert!(error.hint().is_some());
    assert_eq!(refused(None, Some(0)).exit_code(), 2);
    let all = region(&mart, &outlook, None, Some(100_001), &weights).unwrap();
    let tested: i64 = all.states.iter().map(|s| s.budget_centavos).sum();
    assert!(tested > 0 && all.kept_centavos > 0 && tested + all.kept_centavos == 100_001);
    assert!((all.states.iter().map(|s| s.budget_share).sum::<f64>() - 1.0).abs() < 1e-12);
    assert!((8..=27).contains(&all.states.len()));
    let other = Weights::parse("[category]\nluck = 1.0\n[state]\nrevenue = 1.0").unwrap();
    assert_eq!(winner(&mart, &outlook, &other).unwrap_err().exit_code(), 2);
}

#[test]
fn the_best_possible_choice_has_no_regret() {
    let (mart, _) = generated(30_000, 1, 0.0);
    let strategies = look_back(&outlook(&mart).unwrap(), &Weights::default()).unwrap().strategies;
    let best = strategies.last().unwrap();
    assert_eq!((best.name, best.regret.value), ("best possible", 0.0));
    assert!(strategies.iter().all(|s| s.regret.value >= 0.0 && s.gain.value <= best.gain.value));
}
