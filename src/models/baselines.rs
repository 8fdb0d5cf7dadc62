//! History → baselines that a model must beat: last period, mean of three, year before, smoothing, reference model. Used by `backtest` and
//! `protocol`.

use super::forecast::{Fitted, Forecaster};
use super::panel::History;
use super::span::{DateRange, Frequency};
use crate::error::Result;
use crate::mart::month::Month;

/// Repeats the last period.
#[derive(Debug, Clone, Copy)]
pub struct LastValue;

/// Repeats the mean of the last three periods.
#[derive(Debug, Clone, Copy)]
pub struct MeanOfThree;

/// Repeats the same period of the previous year, or the last period if there is none.
#[derive(Debug, Clone, Copy)]
pub struct SeasonalNaive;

/// Simple exponential smoothing of the periods from the first sale on, by the weight (0.1, 0.2 … 0.9) that would have forecast each period
/// from those before it best.
#[derive(Debug, Clone, Copy)]
pub struct Ses;

/// The same, plus half of the slope of a straight line through the periods: the Theta method (Hyndman & Billah, International Journal of
/// Forecasting 19, 2003, equation 10). Negative forecasts are raised to 0.
#[derive(Debug, Clone, Copy)]
pub struct Theta;

/// Weights of the last period in [`Ses`].
const WEIGHTS: [f64; 9] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/// The reference model on clean sums: ordinary least squares on the numbers of year and month, per series. Negative
/// forecasts are raised to 0.
#[derive(Debug, Clone, Copy)]
pub struct YearAndMonth;

/// A fitted baseline: a rule on the periods before the origin.
struct Rule<'h> {
    history: &'h History,
    rule: fn(&History, usize, i32, Frequency, usize) -> f64,
}

impl Fitted for Rule<'_> {
    fn at(&self, origin: i32, every: Frequency, step: usize) -> Vec<f64> {
        (0..self.history.len()).map(|i| (self.rule)(self.history, i, origin, every, step)).collect()
    }
}

impl Forecaster for LastValue {
    fn name(&self) -> &'static str {
        "last value"
    }

    fn fit<'h>(&self, history: &'h History, _: usize) -> Result<Box<dyn Fitted + 'h>> {
        Ok(Box::new(Rule { history, rule: |h, i, origin, every, _| h.revenue(i, every.span(origin, 0)) }))
    }
}

impl Forecaster for MeanOfThree {
    fn name(&self) -> &'static str {
        "mean of 3"
    }

    fn fit<'h>(&self, history: &'h History, _: usize) -> Result<Box<dyn Fitted + 'h>> {
        let rule = |h: &History, i, origin, every: Frequency, _| {
            (-2..=0).map(|step| h.revenue(i, every.span(origin, step))).sum::<f64>() / 3.0
        };
        Ok(Box::new(Rule { history, rule }))
    }
}

impl Forecaster for SeasonalNaive {
    fn name(&self) -> &'static str {
        "seasonal naive"
    }

    fn fit<'h>(&self, history: &'h History, _: usize) -> Result<Box<dyn Fitted + 'h>> {
        let rule = |h: &History, i, origin, every: Frequency, step: usize| {
            let previous = match every {
                Frequency::Month => every.span(origin, step as i32 - 12),
                // 52 weeks, so that days of the week match.
                Frequency::Days30 => {
                    let span = every.span(origin, step as i32);
                    DateRange { from: span.from - 364, to: span.to - 364 }
                }
            };
            let known = previous.from >= h.start && previous.to <= origin;
            h.revenue(i, if known { previous } else { every.span(origin, 0) })
        };
        Ok(Box::new(Rule { history, rule }))
    }
}

impl Forecaster for Ses {
    fn name(&self) -> &'static str {
        "SES"
    }

    fn fit<'h>(&self, history: &'h History, _: usize) -> Result<Box<dyn Fitted + 'h>> {
        let rule = |h: &History, i, origin, every, _| smoothed(&periods(h, i, origin, every)).0;
        Ok(Box::new(Rule { history, rule }))
    }
}

impl Forecaster for Theta {
    fn name(&self) -> &'static str {
        "Theta"
    }

    fn fit<'h>(&self, history: &'h History, _: usize) -> Result<Box<dyn Fitted + 'h>> {
        let rule = |h: &History, i, origin, every, step| theta(&periods(h, i, origin, every), step);
        Ok(Box::new(Rule { history, rule }))
    }
}

/// Revenue of a series in the whole periods that end with the day `origin`, earliest first, from the first in which it sold.
fn periods(history: &History, series: usize, origin: i32, every: Frequency) -> Vec<f64> {
    let spans = (0..).map(|back| every.span(origin, -back)).take_while(|span| span.from >= history.start);
    let mut values: Vec<f64> = spans.map(|span| history.revenue(series, span)).collect();
    values.truncate(values.iter().rposition(|value| *value > 0.0).map_or(0, |first| first + 1));
    values.reverse();
    values
}

/// The smoothed level after the last value, and the weight.
fn smoothed(values: &[f64]) -> (f64, f64) {
    let Some((first, later)) = values.split_first() else { return (0.0, WEIGHTS[0]) };
    let smooth = |weight: f64| {
        let step = |(level, errors): (f64, f64), value: &f64| {
            let error = value - level;
            (level + weight * error, errors + error * error)
        };
        let (level, errors) = later.iter().fold((*first, 0.0), step);
        (level, weight, errors)
    };
    let all = WEIGHTS.map(smooth);
    // Of equals, the first.
    let best = all.into_iter().reduce(|best, next| if next.2 < best.2 { next } else { best });
    best.map_or((*first, WEIGHTS[0]), |(level, weight, _)| (level, weight))
}

fn theta(values: &[f64], step: usize) -> f64 {
    let (level, weight) = smoothed(values);
    let n = values.len() as f64;
    let (middle, mean) = ((n - 1.0) / 2.0, values.iter().sum::<f64>() / n.max(1.0));
    let (mut moment, mut spread) = (0.0, 0.0);
    for (t, value) in values.iter().enumerate() {
        let t = t as f64 - middle;
        moment += t * (value - mean);
        spread += t * t;
    }
    if spread == 0.0 {
        return level;
    }
    let drift = moment / spread / 2.0;
    (level + drift * (step as f64 - 1.0 + (1.0 - (1.0 - weight).powf(n)) / weight)).max(0.0)
}

impl Forecaster for YearAndMonth {
    fn name(&self) -> &'static str {
        "year and month"
    }

    fn fit<'h>(&self, history: &'h History, _: usize) -> Result<Box<dyn Fitted + 'h>> {
        // The revenue of a past month does not depend on what follows: one list serves every origin.
        Ok(Box::new(Lines((0..history.len()).map(|i| history.months(i)).collect())))
    }
}

/// Months in which each series sold, with its revenue, BRL.
struct Lines(Vec<Vec<(Month, f64)>>);

impl Fitted for Lines {
    fn at(&self, origin: i32, every: Frequency, step: usize) -> Vec<f64> {
        let span = every.span(origin, step as i32);
        // A period of 30 days takes from each month the fraction that its days are.
        let mut parts: Vec<(Month, f64)> = Vec::new();
        for month in (span.from..=span.to).map(Month::of_day) {
            let day = 1.0 / f64::from(month.days());
            match parts.last_mut().filter(|(last, _)| *last == month) {
                Some((_, part)) => *part += day,
                None => parts.push((month, day)),
            }
        }
        let fit = |months: &Vec<(Month, f64)>| {
            // As in the reference model's table: the first months count, and a month without a sale has no row. A month cut
            // off by the origin has none either.
            let ended = months.partition_point(|(month, _)| month.plus(1).first_day() <= origin + 1);
            let line = plane(&months[..ended]);
            parts.iter().map(|(month, part)| line(*month) * part).sum::<f64>().max(0.0)
        };
        self.0.iter().map(fit).collect()
    }
}

/// Least squares on year and month. If the months do not determine both slopes, only the month counts; a single value is
/// repeated.
fn plane(values: &[(Month, f64)]) -> impl Fn(Month) -> f64 + use<> {
    let n = values.len().max(1) as f64;
    let mean = |f: &dyn Fn(&(Month, f64)) -> f64| values.iter().map(f).sum::<f64>() / n;
    let (year, month) = (mean(&|v| f64::from(v.0.year)), mean(&|v| f64::from(v.0.month)));
    let value = mean(&|v| v.1);
    let [mut yy, mut mm, mut ym, mut yv, mut mv] = [0.0; 5];
    for (at, v) in values {
        let (y, m, v) = (f64::from(at.year) - year, f64::from(at.month) - month, v - value);
        yy += y * y;
        mm += m * m;
        ym += y * m;
        yv += y * v;
        mv += m * v;
    }
    let determinant = yy * mm - ym * ym;
    let (per_year, per_month) = if determinant > 1e-9 * yy * mm && yy > 0.0 {
        ((yv * mm - mv * ym) / determinant, (mv * yy - yv * ym) / determinant)
    } else if mm > 0.0 {
        (0.0, mv / mm)
    } else {
        (0.0, 0.0)
    };
    move |at| value + per_year * (f64::from(at.year) - year) + per_month * (f64::from(at.month) - month)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::panel::Panel;
    use crate::models::span::By;

    fn month(year: i32, month: u32) -> Month {
        Month { year, month }
    }

    /// Two orders a day; day d of 2017 and 2018 earns d centavos.
    fn history() -> History {
        let first = month(2017, 1).first_day();
        let rows: Vec<_> = (0..500).map(|d| ("a", first + d, 2, i64::from(d))).collect();
        Panel::from_rows(By::Category, &rows).unwrap().until(first + 364).unwrap()
    }

    fn at(model: &dyn Forecaster, every: Frequency, step: usize) -> f64 {
        let history = history();
        model.fit(&history, 3).unwrap().at(history.end, every, step)[0]
    }

    #[test]
    fn rules_repeat_what_they_say() {
        let sum = |days: std::ops::Range<i32>| days.sum::<i32>() as f64 / 100.0;
        for (predicted, expected) in [
            (at(&LastValue, Frequency::Month, 2), sum(334..365)),
            (at(&LastValue, Frequency::Days30, 1), sum(335..365)),
            (at(&MeanOfThree, Frequency::Days30, 3), sum(275..365) / 3.0),
            (at(&SeasonalNaive, Frequency::Month, 2), sum(31..59)),
            (at(&SeasonalNaive, Frequency::Days30, 1), sum(1..31)),
        ] {
            assert!((predicted - expected).abs() < 1e-9, "{predicted} {expected}");
        }
    }

    /// By hand: the level moves by the weight times the error; a line is continued with half its slope.
    #[test]
    fn smoothing_follows_the_last_values() {
        assert_eq!(smoothed(&[]), (0.0, 0.1));
        assert_eq!(smoothed(&[7.0]), (7.0, 0.1));
        // From 10 to 20 at once: the heaviest weight forgets fastest.
        let (level, weight) = smoothed(&[10.0, 20.0, 20.0, 20.0]);
        assert!(weight == 0.9 && (level - 19.99).abs() < 1e-12, "{level} {weight}");
        // Up and down: the lightest weight errs least.
        assert_eq!(smoothed(&[10.0, 20.0, 0.0, 20.0, 0.0]).1, 0.1);
        // A line of slope 2: level 6.222 with weight 0.9, drift 1, after two steps 1 + (1 − 0.1³)/0.9 more.
        let expected = (2.0 + 0.9 * 2.0) + 0.9 * (6.0 - 3.8) + 1.0 + 0.999 / 0.9;
        assert!((theta(&[2.0, 4.0, 6.0], 2) - expected).abs() < 1e-12, "{}", theta(&[2.0, 4.0, 6.0], 2));
        assert_eq!((theta(&[], 1), theta(&[5.0], 3), theta(&[90.0, 0.0, 0.0], 3)), (0.0, 5.0, 0.0));
    }

    #[test]
    fn lines_go_through_planes() {
        let values: Vec<_> = [(2017, 1), (2017, 7), (2018, 3)]
            .map(|(y, m)| (month(y, m), 12.0 * f64::from(y - 2000) + 3.0 * f64::from(m)))
            .to_vec();
        assert!((plane(&values)(month(2018, 6)) - 234.0).abs() < 1e-9);
        assert_eq!(plane(&[(month(2018, 1), 10.0), (month(2018, 2), 20.0)])(month(2018, 4)), 40.0);
        assert_eq!(plane(&[(month(2018, 1), 10.0)])(month(2019, 4)), 10.0);
        assert_eq!(plane(&[])(month(2019, 4)), 0.0);
    }
}
