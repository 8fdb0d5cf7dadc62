//! History → features of all series at the end of a day. Used by `linear`.

use ndarray::Array2;

use crate::models::forecast::{FLOOR_ORDERS, POWER, floor, past_origins};
use crate::models::panel::History;

/// Names of the features, in the order of the coefficients.
pub const FEATURES: [&str; 5] =
    ["last week", "last month", "orders × ticket", "concentration of sellers", "silent products"];

pub(super) const N: usize = FEATURES.len();

/// Half-lives, days, of the means behind the features: of the base, of recent revenue and of orders.
#[derive(Debug, Clone, Copy)]
pub(super) struct HalfLives {
    pub(super) base: f64,
    pub(super) recent: [f64; 2],
    pub(super) orders: f64,
}

/// Features of all series at the end of a day.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) day: i32,
    pub(super) base: Vec<f64>,
    /// Regression weight of each series: its share of the base, to the power ⅔.
    pub(super) weights: Vec<f64>,
    /// Shape: series × features; centred.
    pub(super) features: Array2<f64>,
}

/// The end of the history and the weeks before it, latest first.
pub(super) fn origins(half_lives: HalfLives, history: &History) -> Vec<Origin> {
    let mut days = vec![history.end];
    days.extend(past_origins(history, 0));
    let mut origins: Vec<Origin> = days
        .into_iter()
        .map(|day| Origin { day, base: Vec::new(), weights: Vec::new(), features: Array2::zeros((history.len(), N)) })
        .collect();
    let (floor, ticket) = (floor(history), history.ticket);
    let days: Vec<usize> = origins.iter().map(|o| (o.day - history.start) as usize).collect();
    for (i, series) in history.series.iter().enumerate() {
        let reais = |d: usize| series.revenue[d] as f64 / 100.0;
        let base = smooth(half_lives.base, history, &days, reais);
        let recent = half_lives.recent.map(|half_life| smooth(half_life, history, &days, reais));
        let orders = smooth(half_lives.orders, history, &days, |d| series.orders[d] as f64);
        let mut sums = (0, 0);
        let mut tickets = vec![0.0; origins.len()];
        let mut at = days.len();
        for d in 0..history.days() {
            sums = (sums.0 + series.revenue[d], sums.1 + series.orders[d]);
            while at > 0 && days[at - 1] == d {
                at -= 1;
                tickets[at] = (sums.0 as f64 / 100.0 + ticket) / (sums.1 as f64 + 1.0);
            }
        }
        for (k, origin) in origins.iter_mut().enumerate() {
            let b = base[k] + floor;
            origin.base.push(b);
            if floor > 0.0 {
                let mut x = origin.features.row_mut(i);
                x[0] = ((recent[0][k] + floor) / b).ln();
                x[1] = ((recent[1][k] + floor) / b).ln();
                x[2] = ((orders[k] + FLOOR_ORDERS) * tickets[k] / b).ln();
                x[3] = series.supply.seller_hhi[days[k]];
                x[4] = series.supply.inactive_share[days[k]];
            }
        }
    }
    for origin in &mut origins {
        let total: f64 = origin.base.iter().sum();
        origin.weights = origin.base.iter().map(|base| (base / total).powf(POWER)).collect();
        for mut column in origin.features.columns_mut() {
            let mean = column.iter().zip(&origin.base).map(|(x, b)| x * b).sum::<f64>() / total.max(f64::MIN_POSITIVE);
            column -= mean;
        }
    }
    origins
}

/// Exponentially weighted mean of daily values, without exceptional days, at the days `days` (descending).
fn smooth(half_life: f64, history: &History, days: &[usize], value: impl Fn(usize) -> f64) -> Vec<f64> {
    let keep = 0.5f64.powf(1.0 / half_life);
    let (mut sum, mut weight) = (0.0, 0.0);
    let mut means = vec![0.0; days.len()];
    let mut at = days.len();
    for d in 0..history.days() {
        sum *= keep;
        weight *= keep;
        if !history.exceptional[d] {
            sum += value(d);
            weight += 1.0;
        }
        while at > 0 && days[at - 1] == d {
            at -= 1;
            means[at] = if weight > 0.0 { sum / weight } else { 0.0 };
        }
    }
    means
}
