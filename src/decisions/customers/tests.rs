//! Tests: the rule by hand, and bad input.

use super::triangle::Cell;
use super::*;
use crate::mart::month::Month;

const FIRST: Month = Month { year: 2023, month: 1 };

/// Cohorts of `customers` each over `months`; at each age, `later` of a thousand customers order again, `returned` for the first time.
fn triangle(months: usize, customers: i64, returned: impl Fn(usize) -> i64, later: impl Fn(usize) -> i64) -> Triangle {
    let cells = |length: usize| {
        let cell =
            |age| Cell { returned: returned(age) * customers / 1_000, later_orders: later(age) * customers / 1_000 };
        (0..length).map(cell).collect()
    };
    let cohorts: Vec<(i64, Vec<Cell>)> = (1..=months).rev().map(|length| (customers, cells(length))).collect();
    Triangle::of_cells(FIRST, &cohorts)
}

#[test]
fn cohorts_tell_only_what_the_data_saw() {
    let one_a_month = |_| 1;
    let cohorts = triangle(4, 1_000, one_a_month, one_a_month).cohorts();
    assert_eq!(cohorts[0].returned, [Some(2), Some(3), Some(4), None, None]);
    assert_eq!(cohorts[2].returned, [Some(2), None, None, None, None]);
    assert_eq!(cohorts[3].returned, [None; 5]);
}

#[test]
fn rates_by_hand() {
    // Two cohorts of 100 and 300: at age 0, 1 + 7 of 400 order again; at age 1, 2 of 100.
    let cell = |later_orders| Cell { returned: 0, later_orders };
    let small = Triangle::of_cells(FIRST, &[(100, vec![cell(1), cell(2)]), (300, vec![cell(7)])]);
    let rates = small.rates();
    assert_eq!(rates.by_age, [0.02, 0.02, 0.02]);
    assert!((rates.sum - 0.04).abs() < 1e-12);
    // Chance: 8/400² + 2/100² = 0.00025. Between: ±(1 − 2)/400 twice, squared, times 2: 0.000025.
    assert!((rates.error - 0.00025_f64.sqrt()).abs() < 1e-12, "{rates:?}");
    // In the next month: 100 of age 2 at the last rate, 300 of age 1.
    assert!((small.expected(&rates, 1) - 8.0).abs() < 1e-12);
    assert_eq!((small.earlier(1).months(), small.later_orders_of_earlier(1)), (1, 2));
}

/// As many customers as one likes do not make a hundredth of later orders matter.
#[test]
fn few_later_orders_are_too_few_whatever_the_number_of_customers() {
    let repeat = |customers| repeat(&triangle(18, customers, |_| 1, |_| 1), 5_000.0).unwrap();
    let large = repeat(100_000);
    assert_eq!(large.verdict, RepeatVerdict::TooFewOrders);
    assert!((large.rate - 0.013).abs() < 1e-9 && large.needed.unwrap() > 3.0 && large.detectable.unwrap() < 0.1);
    assert!((large.gain_centavos - large.gain_orders * 5_000.0).abs() < 1e-6);
    assert_eq!(repeat(1_000).verdict, RepeatVerdict::TooFewOrders);
}

/// Three customers in ten come back: a shop with many of them can learn, one with few cannot.
#[test]
fn many_later_orders_are_worth_a_trial_if_it_can_see() {
    let shop =
        |customers| repeat(&triangle(18, customers, |age| if age < 5 { 60 } else { 0 }, |_| 40), 5_000.0).unwrap();
    let large = shop(1_000);
    assert_eq!(large.verdict, RepeatVerdict::WorthATrial);
    assert!((large.rate - 0.52).abs() < 1e-9 && (large.returned_share - 0.24).abs() < 1e-9);
    let (needed, detectable) = (large.needed.unwrap(), large.detectable.unwrap());
    assert!(needed < 0.2 && detectable < 0.2, "{needed} {detectable}");
    // The next three months: every age brings 40 of a thousand.
    let expected = large.expected.unwrap();
    assert!((expected.orders - 18.0 * 1_000.0 * 0.04 * 3.0).abs() < 1e-6);
    assert!(expected.low < expected.orders && expected.orders < expected.high);
    // Nine earlier months have passed; four of them knew three that had passed before. It came out as always.
    assert_eq!((expected.held, expected.made), (4, 4));
    let small = shop(50);
    assert_eq!(small.verdict, RepeatVerdict::WorthATrial);
    let tiny =
        repeat(&triangle(18, 5, |age| if age == 1 { 200 } else { 0 }, |age| if age == 1 { 600 } else { 0 }), 5_000.0);
    let tiny = tiny.unwrap();
    assert_eq!(tiny.verdict, RepeatVerdict::TooFewCustomers);
    assert!(tiny.detectable.is_none_or(|rise| rise > MOST_RISE));
}

#[test]
fn the_smallest_visible_rise_is_that_of_the_exact_test() {
    let shop = repeat(&triangle(18, 1_000, |age| if age == 1 { 10 } else { 0 }, |_| 40), 1.0).unwrap();
    // A hundredth of 12,000 new customers come back; 97 see a rise of a half.
    assert_eq!((shop.trial_customers, shop.returned_share), (12_000, 0.01));
    let rise = shop.detectable.unwrap();
    assert!((0.42..0.5).contains(&rise), "{rise}");
}

#[test]
fn nobody_comes_back() {
    let none = repeat(&triangle(12, 200, |_| 0, |_| 0), 0.0).unwrap();
    assert_eq!((none.verdict, none.needed, none.detectable), (RepeatVerdict::TooFewOrders, None, None));
    assert_eq!((none.rate, none.low, none.gain_orders), (0.0, 0.0, 0.0));
    // Of 200 customers that were seen for eleven months, none: up to 3 events are not excluded.
    assert!((none.high - 0.015).abs() < 1e-4, "{none:?}");
    // Twelve months are just enough.
    assert_eq!(none.expected.map(|e| (e.orders, e.low, e.high > 0.0)), Some((0.0, 0.0, true)));
}

#[test]
fn everybody_comes_back_so_that_no_more_can() {
    let all = repeat(&triangle(12, 200, |age| if age == 0 { 1_000 } else { 0 }, |_| 1_000), 1.0).unwrap();
    assert_eq!((all.returned_share, all.most, all.verdict), (1.0, 0.0, RepeatVerdict::TooFewCustomers));
    assert!(all.rate.is_finite() && all.high.is_finite());
}

#[test]
fn one_customer_and_young_data_say_little() {
    let mut cohorts: Vec<(i64, Vec<Cell>)> = (1..=12).rev().map(|length| (0, vec![Cell::default(); length])).collect();
    assert_eq!(repeat(&Triangle::of_cells(FIRST, &cohorts), 0.0), None);
    cohorts[3] = (1, vec![Cell { returned: 0, later_orders: 2 }; 9]);
    let one = repeat(&Triangle::of_cells(FIRST, &cohorts), 100.0).unwrap();
    assert_eq!((one.verdict, one.detectable), (RepeatVerdict::TooFewCustomers, None));
    assert!([one.rate, one.low, one.high].iter().all(|n| n.is_finite()));
    assert_eq!(repeat(&triangle(LEAST_MONTHS - 1, 1_000, |_| 100, |_| 100), 1.0), None);
    assert_eq!(repeat(&Triangle::default(), 1.0), None);
}
