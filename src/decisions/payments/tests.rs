//! Coverage, delays and habits by hand, without an effect, and on the real data.

use std::path::Path;

use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::habits::{Use, cells};
use super::methods::{canceled_alike, hours, range};
use super::*;
use crate::decisions::findings;
use crate::input::Source;
use crate::models::metrics::below;
use crate::statistics::discoveries::DISCOVERY;
use crate::{clean, mart};

fn names() -> Vec<String> {
    Methods::default().names().to_vec()
}

fn bit(method: &str) -> u32 {
    1 << names().iter().position(|name| name == method).unwrap()
}

fn near(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{found}, expected {expected}");
}

#[test]
fn each_method_adds_the_orders_that_it_makes_possible() {
    let (boleto, card, voucher) = (bit("boleto"), bit("credit_card"), bit("voucher"));
    let curve = |sets: &[(u32, i64)]| -> Vec<(String, i64)> {
        let sets = sets.iter().copied().collect();
        coverage(&names(), &sets).into_iter().map(|c| (c.payment_type, c.orders_gained)).collect()
    };
    let is = |found: Vec<(String, i64)>, expected: &[(&str, i64)]| {
        let found: Vec<(&str, i64)> = found.iter().map(|(name, n)| (name.as_str(), *n)).collect();
        assert_eq!(found, expected);
    };
    // An order paid in two ways needs both.
    is(
        curve(&[(card, 70), (boleto, 20), (card | voucher, 10)]),
        &[("credit_card", 70), ("boleto", 20), ("voucher", 10)],
    );
    // Alone, neither pays anything: the one that more orders use comes first.
    is(curve(&[(card | voucher, 10), (boleto | voucher, 9)]), &[("voucher", 0), ("credit_card", 10), ("boleto", 9)]);
    is(curve(&[(card, 5)]), &[("credit_card", 5)]);
    // No shop can offer what is not recorded.
    is(curve(&[(card, 3), (bit(NOT_DEFINED), 1)]), &[("credit_card", 3)]);
    is(curve(&[]), &[]);
}

proptest! {
    /// Gains add up to what all methods cover, and none is below 0.
    #[test]
    fn gains_add_up(orders in prop::collection::btree_map(1u32..32, 1i64..1_000, 1..20)) {
        let curve = coverage(&names(), &orders);
        let offered: i64 = orders.iter().filter(|(set, _)| *set & bit(NOT_DEFINED) == 0).map(|(_, n)| n).sum();
        prop_assert_eq!(curve.iter().map(|c| c.orders_gained).sum::<i64>(), offered);
        prop_assert!(curve.iter().all(|c| c.orders_gained >= 0));
        prop_assert!(curve.is_sorted_by(|a, b| a.covered <= b.covered));
    }

    /// The ranges are fine enough: a quantile of them is that of the seconds themselves, within a fiftieth or half a minute.
    #[test]
    fn ranges_keep_the_quantiles(mut seconds in prop::collection::vec(0i64..400_000, 1..400), level in 0.0..=1.0f64) {
        let start = |second: i64| second - second.rem_euclid(range(second));
        let mut ranges = BTreeMap::new();
        seconds.iter().for_each(|second| *ranges.entry(start(*second)).or_insert(0) += 1);
        seconds.sort_unstable();
        let found = hours(&ranges, level).unwrap() * 3_600.0;
        let rank = level * (seconds.len() - 1) as f64;
        // Between the values on either side, each known up to its range.
        let [low, high] = [rank.floor(), rank.ceil()].map(|rank| seconds[rank as usize]);
        prop_assert!(found >= start(low) as f64 && found <= (start(high) + range(high)) as f64, "{} {} {}", low, found, high);
    }
}

#[test]
fn nothing_is_known_of_no_delays() {
    assert_eq!(hours(&BTreeMap::new(), 0.5), None);
    near(hours(&BTreeMap::from([(3_600, 1)]), 0.9).unwrap(), 3_900.0 / 3_600.0, 1e-12);
}

/// Orders of states: code, then numbers of orders by set of methods.
fn states<'a>(rows: &[(&'a str, &[(u32, i64)])]) -> BTreeMap<&'a str, Use> {
    let mut states: BTreeMap<&str, Use> = BTreeMap::new();
    for (state, sets) in rows {
        let state = states.entry(*state).or_default();
        sets.iter().for_each(|(set, n)| state.add(i64::from(*set), *n, names().len()));
    }
    states
}

#[test]
fn habits_by_hand() {
    let (boleto, card, voucher) = (bit("boleto"), bit("credit_card"), bit("voucher"));
    let found = cells(
        &names(),
        &states(&[
            ("A", &[(card, 700), (boleto, 250), (card | voucher, 50)]),
            ("B", &[(card, 7_950), (boleto, 1_500), (card | voucher, 550)]),
            ("C", &[(card, 795), (boleto, 150), (bit(NOT_DEFINED), 55)]),
        ]),
    );
    // Three states × three methods; what is not recorded is no method.
    assert_eq!(found.len(), 9);
    let cell = |state: &str, method: &str| {
        found.iter().find(|cell| (cell.state.as_str(), cell.payment_type.as_str()) == (state, method)).unwrap()
    };
    let a = cell("A", "boleto");
    assert_eq!((a.orders, a.state_orders, a.share, a.share_rest), (250, 1_000, 0.25, 0.15));
    assert!(a.named && a.q < 1e-10 && a.q >= a.p && a.share_rest < a.shrunk_share && a.shrunk_share < a.share);
    // B differs from the others, of which one is A; C pays with no voucher at all.
    assert!(cell("B", "boleto").named && cell("A", "credit_card").named && cell("C", "voucher").named);
    assert!(!cell("C", "boleto").named);
    assert!(
        found.iter().all(|cell| cell.named == (cell.q <= DISCOVERY && (cell.share - cell.share_rest).abs() >= 0.02))
    );
}

#[test]
fn no_habit_without_a_difference() {
    let card = bit("credit_card");
    // All orders of one method; a state without a difference; one state; none.
    let same = cells(&names(), &states(&[("A", &[(card, 900)]), ("B", &[(card, 10)])]));
    assert!(same.len() == 2 && same.iter().all(|cell| (cell.p, cell.q, cell.named) == (1.0, 1.0, false)));
    assert!(same.iter().all(|cell| (0.9..=1.0).contains(&cell.shrunk_share)), "{same:?}");
    assert!(cells(&names(), &states(&[("A", &[(card, 900)])])).is_empty());
    assert!(cells(&names(), &BTreeMap::new()).is_empty());
}

/// In how many of 200 shufflings of the states over the orders no habit is named. Orders: state and set of methods.
fn silent_shufflings(orders: &[(usize, u32)]) -> usize {
    let methods = names();
    let mut draws = ChaCha8Rng::seed_from_u64(1);
    let mut labels: Vec<usize> = orders.iter().map(|order| order.0).collect();
    let codes: Vec<String> = (0..=labels.iter().copied().max().unwrap()).map(|state| format!("{state:02}")).collect();
    let silent = |_: &usize| {
        for last in (1..labels.len()).rev() {
            labels.swap(last, below(last + 1, &mut draws));
        }
        let mut sets = vec![[0i64; 32]; codes.len()];
        labels.iter().zip(orders).for_each(|(state, order)| sets[*state][order.1 as usize] += 1);
        let mut states: BTreeMap<&str, Use> = BTreeMap::new();
        for (code, sets) in codes.iter().zip(&sets) {
            let state = states.entry(code).or_default();
            (0..).zip(sets).for_each(|(set, n)| state.add(set, *n, methods.len()));
        }
        states.retain(|_, state| state.orders > 0);
        !cells(&methods, &states).iter().any(|cell| cell.named)
    };
    (0..200).filter(silent).count()
}

#[test]
fn shuffled_states_have_no_habits() {
    let sets =
        [bit("credit_card"), bit("boleto"), bit("credit_card") | bit("voucher"), bit("voucher"), bit("debit_card")];
    let ends = [74, 94, 96, 98, 100];
    let mut draws = ChaCha8Rng::seed_from_u64(2);
    // Large and small states, as a country has.
    let orders: Vec<(usize, u32)> = (0..8_000)
        .map(|order| {
            let draw = below(100, &mut draws);
            (
                (27.0 * ((order % 100) as f64 / 100.0).powi(3)) as usize,
                sets[ends.iter().position(|end| draw < *end).unwrap()],
            )
        })
        .collect();
    let silent = silent_shufflings(&orders);
    assert!(silent >= 180, "{silent} of 200");
}

/// Figures that were found in these data independently, within 2 %.
#[test]
fn real_payments_are_as_expected() {
    let Some(data) = std::env::var_os("PFE_DATA") else { return };
    let (clean, _) = clean::load(&Source::open(Path::new(&data)).unwrap()).unwrap();
    let mart = mart::mart(&clean).unwrap();
    let found = findings(&mart).unwrap();
    // Orders, share, share of value, ticket, instalments, median and p90 of the delay, canceled share.
    for (name, expected) in [
        ("credit_card", [76_505.0, 0.769_4, 0.783_4, 163.94, 3.507, 0.271_4, 21.288, 0.005_737]),
        ("boleto", [19_784.0, 0.199_0, 0.179_2, 145.03, 1.0, 29.068, 67.273, 0.004_802]),
        ("voucher", [3_866.0, 0.038_88, 0.023_70, 98.147, 1.0, 0.306_5, 27.972, 0.046_89]),
        ("debit_card", [1_528.0, 0.015_37, 0.013_62, 142.66, 1.0, 0.852_5, 24.038, 0.004_584]),
    ] {
        let m = found.methods.iter().find(|m| m.payment_type == name).unwrap();
        let told = [
            m.orders as f64,
            m.share,
            m.share_value,
            m.ticket_centavos as f64 / 100.0,
            m.instalments_mean.unwrap(),
            m.delay_median_hours.unwrap(),
            m.delay_p90_hours.unwrap(),
            m.canceled_share.unwrap(),
        ];
        told.into_iter().zip(expected).for_each(|(told, expected)| near(told, expected, 0.02));
    }
    let of = |name: &str| found.methods.iter().find(|m| m.payment_type == name).unwrap();
    assert_eq!(of(NOT_DEFINED).delay_median_hours, None);
    near(of("credit_card").in_instalments.unwrap(), 0.67, 0.02);
    near(of("credit_card").value_in_instalments.unwrap(), 0.81, 0.02);
    let alike = canceled_alike(of("credit_card"), of("boleto"));
    assert!((0.1..0.15).contains(&alike), "{alike}");
    let curve: Vec<(&str, f64)> =
        found.payments_total.coverage.iter().map(|c| (c.payment_type.as_str(), c.covered)).collect();
    for ((name, covered), (expected, share)) in
        curve.iter().zip([("credit_card", 0.7468), ("boleto", 0.946), ("voucher", 0.9846), ("debit_card", 0.99997)])
    {
        assert_eq!(*name, expected);
        near(*covered, share, 0.001);
    }
    assert!(curve.len() == 4 && found.payments.len() == 27);
    assert!(found.payments.iter().all(|state| state.covers_in_the_order_of(&found.payments_total)));
    let discoveries: Vec<&Habit> = found.habits.iter().filter(|habit| habit.q <= DISCOVERY).collect();
    assert_eq!((found.habits.len(), discoveries.len(), found.named_habits().len()), (27 * 4, 32, 23));
    let same = discoveries.iter().filter(|habit| habit.same_sign == Some(true)).count();
    near(same as f64 / discoveries.len() as f64, 0.97, 0.02);
    // The states of the orders, shuffled.
    let frame = mart.table("orders_by_methods").unwrap();
    let codes: Vec<&str> = found.payments.iter().map(|state| state.state.as_str()).collect();
    let mut orders = Vec::new();
    for row in 0..frame.height() {
        let number = |name: &str| frame.column(name).unwrap().i64().unwrap().get(row).unwrap();
        let state = frame.column("state").unwrap().str().unwrap().get(row).unwrap();
        let state = codes.iter().position(|code| *code == state).unwrap();
        if number("methods") > 0 {
            orders.extend(std::iter::repeat_n((state, number("methods") as u32), number("orders") as usize));
        }
    }
    let silent = silent_shufflings(&orders);
    assert!(orders.len() == 99_440 && silent >= 180, "{silent} of 200 shufflings of {}", orders.len());
}
