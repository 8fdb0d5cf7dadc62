//! Costs as readers write them, profit by hand, without entrants, and on the real data.

use std::path::Path;

use super::*;
use crate::decisions::entry;
use crate::input::Source;
use crate::models::entrants::pooling::Posterior;
use crate::{clean, mart, synth};

fn loaded(data: &Path) -> SalesMart {
    let (clean, _) = clean::load(&Source::open(data).unwrap()).unwrap();
    mart::mart(&clean).unwrap()
}

fn near(found: f64, expected: f64, share: f64) {
    assert!((found / expected - 1.0).abs() < share, "{found}, not {expected}");
}

#[test]
fn costs_are_read_as_far_as_they_are_known() {
    let text = "margin = 0.4\ncommission = \"unknown\"\nfee_per_order = 2\nreturn_share = 0.1\nreturn_cost = 30\n\
                [margins]\ntoys = 0.25\nbeds = \"unknown\"\n[payment_fees]\nboleto = 0.0\n";
    let costs = SellingCosts::parse(text, "c.toml").unwrap();
    let margin = |category| costs.margin_of(Some(category), None);
    assert_eq!((margin("toys").value, margin("toys").origin), (0.25, Origin::Reader));
    assert_eq!((margin("beds").value, margin("beds").origin), (costs::MARGIN, Origin::Assumed));
    assert_eq!((margin("cars").value, margin("cars").origin), (0.4, Origin::Reader));
    let paid = [("boleto".to_string(), 1), ("card".to_string(), 3)].into();
    let others = costs.others(None, &paid).unwrap();
    assert_eq!((others.commission.value, others.commission.origin), (0.2, Origin::Assumed));
    assert_eq!((others.fee_per_order.value, others.fee_per_order.origin), (2.0, Origin::Reader));
    assert_eq!((others.payment_fee.value, others.payment_fee.origin), (0.03, Origin::Assumed));
    assert_eq!(others.returns_per_order.value, 3.0);
    assert!(costs.others(None, &[("card".to_string(), 3)].into()).unwrap_err().to_string().contains("boleto"));
    // An export that names costs gives margins; in euros no fee per order is assumed.
    let market: MarketFacts = serde_json::from_value(serde_json::json!({
        "name": "m", "title": "M", "currency": "EUR", "digits": 2, "country": null, "regions": [], "open": [],
        "costs": { "toys": { "units": 3, "units_with_cost": 2, "price_hundredths": 1000, "cost_hundredths": 700 } },
    }))
    .unwrap();
    let nothing = SellingCosts::default();
    for (category, value, origin) in [
        (Some("toys"), 0.3, Origin::Export),
        (Some("beds"), costs::MARGIN, Origin::Assumed),
        (None, 0.3, Origin::Export),
    ] {
        let margin = nothing.margin_of(category, Some(&market));
        assert_eq!((margin.value, margin.origin), (value, origin), "{category:?}");
    }
    assert_eq!(nothing.others(Some(&market), &paid).unwrap().fee_per_order.value, 0.0);
    // A run's record gives the same costs again.
    let again: SellingCosts = serde_json::from_value(serde_json::to_value(&costs).unwrap()).unwrap();
    assert_eq!(again, costs);
    assert!(SellingCosts::parse("", "c.toml").unwrap().is_empty());
}

#[test]
fn costs_that_cannot_be_are_refused_with_file_and_line() {
    for (text, words) in [
        ("\nmargin = 1.2", ["`c.toml`, line 2", "`margin` is 1.2, not a share from 0 to 1"]),
        ("margin = -0.1", ["line 1", "`margin` is -0.1"]),
        ("margin = nan", ["line 1", "`margin` is nan"]),
        ("[margins]\ntoys = 40", ["line 2", "`margins.toys` is 40"]),
        ("[payment_fees]\ncard = 4", ["line 2", "`payment_fees.card` is 4"]),
        ("fee_per_order = -5", ["line 1", "not an amount from 0 on"]),
        ("fee_per_order = \"5 R$\"", ["line 1", "`fee_per_order`"]),
        ("margin = 0.4\nmarge = 0.3", ["line 2", "marge"]),
        ("margin =", ["`c.toml`, line 1", "c.toml"]),
    ] {
        let error = SellingCosts::parse(text, "c.toml").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.hint().is_some() && words.iter().all(|word| error.to_string().contains(word)), "{error}");
    }
}

/// A category that earns 1,000 in 10 orders, and one that earns 500 in 2; both are known for certain.
#[test]
fn profit_by_hand() {
    let chances = |category: &str, typical: f64, orders: f64| CategoryChances {
        category: category.into(),
        n: 10,
        median: typical,
        mean: typical,
        typical,
        interval80: (typical, typical),
        orders,
        posterior: Posterior { mean: typical.ln_1p(), variance: 0.0 },
        first: 0.0,
        top3: 1.0,
        reach: [0.0; 3],
    };
    let all = [chances("beds", 500.0, 2.0), chances("toys", 1_000.0, 10.0)];
    let known = SellingCosts::parse("margin = 0.5\nreturn_share = 0.1\nreturn_cost = 10\n", "c").unwrap();
    let costs = known.others(None, &[("card".to_string(), 1)].into()).unwrap();
    let profits = of_entrants(&all, &costs, &|category| known.margin_of(category, None));
    // 1,000 × (0.5 − 0.2) − 10 × (5 + 1); 500 × 0.3 − 2 × 6.
    assert_eq!(profits.iter().map(|p| p.category.as_str()).collect::<Vec<_>>(), ["toys", "beds"]);
    near(profits[0].contribution, 240.0, 1e-9);
    near(profits[1].contribution, 138.0, 1e-9);
    near(profits[0].interval80.0, 240.0, 1e-9);
    assert_eq!((profits[0].first, profits[0].loss, profits[0].tipping_margin), (1.0, 0.0, None));
    // 1,000 × (m − 0.2) − 60 = 138.
    near(profits[1].tipping_margin.unwrap(), 0.398, 1e-9);
    // Margins that nobody knows: the first place is no longer certain, and a loss is possible.
    let unknown = SellingCosts::default();
    let profits = of_entrants(&all, &costs, &|category| unknown.margin_of(category, None));
    assert!(profits.iter().all(|p| p.margin.is_assumed() && p.loss > 0.0 && p.first > 0.1 && p.first < 0.9));
    assert!(profits[0].interval80.0 < 140.0 && profits[0].interval80.1 > 140.0);
    assert!(of_entrants(&[], &costs, &|category| unknown.margin_of(category, None)).is_empty());
}

#[test]
fn without_entrants_orders_still_have_a_price() {
    let mart = loaded(synth::generated(3_000, 3, 0.0).0.path());
    let found = profit(&mart, None, &SellingCosts::default(), None).unwrap();
    assert!(found.categories.is_empty() && found.stays_first_to().is_none());
    assert!(!found.states.is_empty() && found.states.iter().all(|state| state.break_even.is_finite() && state.assumed));
    let known = SellingCosts::parse("[margins]\nnothing_of_the_kind = 0.3", "c.toml").unwrap();
    let error = profit(&mart, None, &known, None).unwrap_err();
    assert!(error.to_string().contains("nothing_of_the_kind") && error.hint().is_some() && error.exit_code() == 2);
}

/// Figures that were found in these data independently, within 2 %.
#[test]
fn real_profit_is_as_expected() {
    let Some(data) = std::env::var_os("PFE_DATA") else { return };
    let mart = loaded(Path::new(&data));
    let entry = entry(&mart).unwrap();
    let found = profit(&mart, Some(&entry), &SellingCosts::default(), None).unwrap();
    let [first, second] = [&found.categories[0], &found.categories[1]];
    assert_eq!((first.category.as_str(), second.category.as_str()), ("watches_gifts", "office_furniture"));
    near(first.contribution, 285.0, 0.005);
    near(second.contribution, 165.0, 0.005);
    near(found.stays_first_to().unwrap(), 0.324, 0.005);
    near(first.first, 0.38, 0.02);
    assert!(found.assumes_margins());
    let state = |code: &str| found.states.iter().find(|state| state.name == code).unwrap().break_even;
    near(state("SP"), 26.6, 0.02);
    near(state("AM"), 22.6, 0.02);
    let mut all: Vec<f64> = found.states.iter().map(|state| state.break_even).collect();
    let [low, quarter, three_quarters, high] = quantiles(&mut all, [0.0, 0.25, 0.75, 1.0]);
    assert_eq!([low, quarter, three_quarters, high].map(f64::round), [17.0, 23.0, 26.0, 32.0]);
}
