//! History → our model: ridge regression for each series' share of the market, times the market. Used by `outlook`, `backtest`.
//!
//! On the origin day d, `ewm_k` is the exponentially weighted mean of daily revenue with a half-life of k days, without
//! exceptional days; f is the floor. The base of a series is `b = ewm₁₄ + f`. The target is how much more the series grows
//! than the market, with one regression per horizon h (in 30-day periods):
//!
//! ```text
//! y = ln((t + f) / b) − ln(Σ(t + f) / Σb),   t = mean daily revenue over the days d + 30(h−1) + 1 … d + 30h
//! ```
//!
//! The features are those of [`FEATURES`], centred on the market with the weights b / Σb.
//!
//! Rows are weighted by b^⅔ (generalised least squares): as for the intervals, errors of revenue are assumed to grow with
//! b^⅔, so that errors of its logarithm grow with b^−⅓.
//!
//! Training origins lie every seven days back from d − 30h, so that every target is known by d. The ridge strength λ is the
//! one that would have predicted the shares of past weeks best.
//!
//! Rows enter through their normal equations `G = XᵀWX, v = XᵀWy`, which add up over origins. With `LLᵀ = G`, linfa fits
//! the few rows `Lᵀβ = L⁻¹v`, augmented by √λ·I; their least squares solution is that of all rows.
//!
//! Tried on the same months and left out, because they gained nothing or lost: Poisson (Tweedie) loss and least absolute
//! deviations; a half-life of 56 or 112 days as further features; shares of new sellers and products; concentration of
//! products; capped orders; the size of the series; weights that forget old origins; the mean with other models; and market
//! growth chosen on past weeks, which extrapolated the first year's growth (+10 % bias).

mod features;
mod ridge;

use linfa_linalg::triangular::{SolveTriangular, UPLO};
use ndarray::{Array1, Array2};

pub use self::features::FEATURES;
use self::features::{HalfLives, N, Origin, origins};
use self::ridge::{Normal, cholesky, fault};

use super::forecast::{Fitted, Forecaster, floor};
use super::panel::History;
use super::span::{DAYS, DateRange, Frequency};
use crate::error::Result;

/// Settings of the linear model.
#[derive(Debug, Clone)]
pub struct Linear {
    /// Half-life of the base, days.
    pub base: f64,
    /// Half-lives of the two features of recent revenue, days.
    pub recent: [f64; 2],
    /// Half-life of the feature of orders, days.
    pub orders: f64,
    /// Days of history before the first training origin.
    pub warm_up: i32,
    /// Ridge strengths to choose from; the middle one is taken if there is no past to choose on.
    pub lambdas: Vec<f64>,
    /// Number of last days whose mean is the level of the market.
    pub market: i32,
    /// Trend of the market: the level is multiplied by `exp(growth · g)` after one period, where g is the logarithmic
    /// growth of the last 84 days over the 84 before. Each further period adds half as much: a damped trend (Gardner and
    /// McKenzie, Management Science 31, 1985).
    pub growth: f64,
}

impl Default for Linear {
    fn default() -> Self {
        Linear {
            base: 14.0,
            recent: [7.0, 28.0],
            orders: 56.0,
            warm_up: 84,
            lambdas: vec![0.3, 1.0, 3.0],
            market: 56,
            growth: 0.1,
        }
    }
}

impl Forecaster for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn fit<'h>(&self, history: &'h History, horizon: usize) -> Result<Box<dyn Fitted + 'h>> {
        Ok(Box::new(FittedLinear::new(self, history, horizon)?))
    }
}

/// The model without its regressions: each series keeps its share of the base, times the same market. What the regressions must beat.
#[derive(Debug, Clone, Copy)]
pub struct EwmaShare;

impl Forecaster for EwmaShare {
    fn name(&self) -> &'static str {
        "EWMA share"
    }

    fn fit<'h>(&self, history: &'h History, _: usize) -> Result<Box<dyn Fitted + 'h>> {
        Ok(Box::new(FittedShares(FittedLinear::new(&Linear::default(), history, 0)?)))
    }
}

struct FittedShares<'h>(FittedLinear<'h>);

impl Fitted for FittedShares<'_> {
    fn at(&self, origin: i32, every: Frequency, step: usize) -> Vec<f64> {
        self.0.forecast(origin, every, step, |k| self.0.shares(k, &Array1::zeros(N)))
    }
}

/// A linear model fitted to a history, and also as of each earlier week.
#[derive(Debug)]
pub struct FittedLinear<'h> {
    history: &'h History,
    settings: Linear,
    /// Origins: the end of the history, then the weeks before it.
    origins: Vec<Origin>,
    horizons: Vec<Horizon>,
}

/// A coefficient of the model.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Coefficient {
    /// Horizon: number of 30-day periods ahead.
    pub step: usize,
    /// One of [`FEATURES`].
    pub feature: &'static str,
    /// Change of the logarithm of the share per unit of the feature.
    pub value: f64,
    /// Standard error, clustered by series: errors of one series may be correlated, those of different series are not.
    pub standard_error: f64,
    /// Ridge strength of the fit.
    pub lambda: f64,
}

/// The regressions of one horizon.
#[derive(Debug)]
struct Horizon {
    /// Index of the chosen ridge strength.
    chosen: usize,
    /// Coefficients by origin and ridge strength.
    coefficients: Vec<Vec<Array1<f64>>>,
}

impl<'h> FittedLinear<'h> {
    /// Fits the model for periods 1 to `horizon`.
    ///
    /// # Errors
    /// linfa cannot fit a regression.
    pub fn new(settings: &Linear, history: &'h History, horizon: usize) -> Result<FittedLinear<'h>> {
        let &Linear { base, recent, orders, .. } = settings;
        let origins = origins(HalfLives { base, recent, orders }, history);
        let mut fitted = FittedLinear { history, settings: settings.clone(), origins, horizons: Vec::new() };
        for step in 1..=horizon {
            let horizon = fitted.horizon(step)?;
            fitted.horizons.push(horizon);
        }
        Ok(fitted)
    }

    /// Fits the regressions of one horizon as of every origin, earliest first, and chooses the ridge strength.
    fn horizon(&self, step: usize) -> Result<Horizon> {
        let lambdas = &self.settings.lambdas;
        let mut sum = Normal::zeros(N);
        let mut coefficients = vec![Vec::new(); self.origins.len()];
        // Training origins whose targets are known as of origin k start at index `next`.
        let mut next = self.origins.len();
        for (k, origin) in self.origins.iter().enumerate().rev() {
            while next > 0 && self.origins[next - 1].day + DAYS * step as i32 <= origin.day {
                next -= 1;
                if self.origins[next].day >= self.history.start + self.settings.warm_up {
                    sum.add(&self.rows(next, step));
                }
            }
            coefficients[k] = sum.fit(lambdas)?;
        }
        let mut horizon = Horizon { chosen: lambdas.len() / 2, coefficients };
        let mut errors = vec![0.0; lambdas.len()];
        let first = self.history.start + self.settings.warm_up + DAYS * step as i32;
        for (k, origin) in self.origins.iter().enumerate() {
            // Regressions up to `first` had no training rows.
            if origin.day + DAYS * step as i32 <= self.history.end && origin.day > first {
                let sold = normalised(self.sold(origin.day, step).0);
                for (chosen, error) in errors.iter_mut().enumerate() {
                    let predicted = self.shares(k, &horizon.coefficients[k][chosen]);
                    *error += sold.iter().zip(&predicted).map(|(s, t)| (s - t).abs()).sum::<f64>();
                }
            }
        }
        if let Some(best) =
            (0..errors.len()).filter(|_| errors[0] > 0.0).min_by(|a, b| errors[*a].total_cmp(&errors[*b]))
        {
            horizon.chosen = best;
        }
        Ok(horizon)
    }

    /// Mean daily revenue of each series in the `step`-th period after the day, without exceptional days; and the number of
    /// days used.
    fn sold(&self, day: i32, step: usize) -> (Vec<f64>, usize) {
        let span = Frequency::Days30.span(day, step as i32);
        let days: Vec<usize> = ((span.from - self.history.start) as usize..=(span.to - self.history.start) as usize)
            .filter(|d| !self.history.exceptional[*d])
            .collect();
        let mean = |s: &super::panel::Series| {
            days.iter().map(|d| s.revenue[*d]).sum::<i64>() as f64 / 100.0 / days.len().max(1) as f64
        };
        (self.history.series.iter().map(mean).collect(), days.len())
    }

    /// Index, weight and target of each series that sells as of a training origin.
    fn training(&self, k: usize, step: usize) -> Vec<(usize, f64, f64)> {
        let (floor, origin) = (floor(self.history), &self.origins[k]);
        let (sold, days) = self.sold(origin.day, step);
        if days == 0 || floor <= 0.0 {
            return Vec::new();
        }
        let total: f64 = origin.base.iter().sum();
        let market = (sold.iter().map(|t| t + floor).sum::<f64>() / total).ln();
        let sells = |i: &usize| origin.base[*i] > 4.0 / 3.0 * floor;
        let weights = &origin.weights;
        // Weights sum to 1 per origin, so that λ has the same meaning for few series and for many.
        let total_weight: f64 = (0..sold.len()).filter(sells).map(|i| weights[i]).sum();
        let row = |i: usize| (i, weights[i] / total_weight, ((sold[i] + floor) / origin.base[i]).ln() - market);
        (0..sold.len()).filter(sells).map(row).collect()
    }

    fn rows(&self, k: usize, step: usize) -> Normal {
        let mut sum = Normal::zeros(N);
        for (i, weight, target) in self.training(k, step) {
            let x = self.origins[k].features.row(i);
            for a in 0..N {
                sum.moment[a] += weight * x[a] * target;
                for b in 0..N {
                    sum.gram[[a, b]] += weight * x[a] * x[b];
                }
            }
        }
        sum
    }

    /// Expected shares of the market as of an origin.
    fn shares(&self, k: usize, coefficients: &Array1<f64>) -> Vec<f64> {
        let (floor, origin) = (floor(self.history), &self.origins[k]);
        let growth = origin.features.dot(coefficients);
        let predicted = origin.base.iter().zip(&growth).map(|(base, g)| (base * g.exp() - floor).max(0.0));
        normalised(predicted.collect())
    }

    /// Expected daily revenue of the whole market, BRL.
    fn market(&self, origin: i32, step: usize) -> f64 {
        let mean = |from: i32, to: i32| {
            let span = DateRange { from: from.max(self.history.start), to };
            (0..self.history.len()).map(|i| self.history.revenue(i, span)).sum::<f64>() / f64::from(span.days().max(1))
        };
        let known_days = origin - self.history.start + 1;
        let level = mean(origin - self.settings.market + 1, origin);
        let (recent, previous) = (mean(origin - 83, origin), mean(origin - 167, origin - 84));
        // The earlier window must have at least 56 days.
        if known_days < 84 + 56 || recent <= 0.0 || previous <= 0.0 {
            return level;
        }
        let growth = (recent / previous).ln().clamp(-0.35, 0.35);
        level * (self.settings.growth * growth * (2.0 - 0.5f64.powi(step as i32 - 1))).exp()
    }

    /// Whether an origin is a training origin for the `step`-th period, as of the end of the history.
    fn trains(&self, origin: &Origin, step: usize) -> bool {
        let warm = self.history.start + self.settings.warm_up;
        origin.day >= warm && origin.day + DAYS * step as i32 <= self.history.end
    }

    /// Number of training origins for the `step`-th period.
    pub fn weeks(&self, step: usize) -> usize {
        self.origins.iter().filter(|o| self.trains(o, step)).count()
    }

    /// The coefficients by horizon and feature. Standard errors are clustered by series (Liang and Zeger, Biometrika 73,
    /// 1986), because targets of one series overlap.
    ///
    /// # Errors
    /// The training rows do not determine the coefficients.
    pub fn coefficients(&self) -> Result<Vec<Coefficient>> {
        let mut all = Vec::new();
        for (step, horizon) in (1..).zip(&self.horizons) {
            let (beta, lambda) = (&horizon.coefficients[0][horizon.chosen], self.settings.lambdas[horizon.chosen]);
            let mut gram = Array2::<f64>::eye(N) * lambda;
            let mut scores = Array2::<f64>::zeros((self.history.len(), N));
            for (k, origin) in self.origins.iter().enumerate().filter(|(_, o)| self.trains(o, step)) {
                gram = gram + self.rows(k, step).gram;
                for (i, weight, target) in self.training(k, step) {
                    let x = origin.features.row(i);
                    let residual = target - x.dot(beta);
                    scores.row_mut(i).scaled_add(weight * residual, &x);
                }
            }
            let root = cholesky(&gram)?;
            let half = root.solve_triangular(&scores.t().to_owned(), UPLO::Lower).map_err(fault)?;
            let root = root.reversed_axes().as_standard_layout().to_owned();
            let influence = root.solve_triangular(&half, UPLO::Upper).map_err(fault)?;
            for (j, feature) in FEATURES.iter().enumerate() {
                let standard_error = influence.row(j).iter().map(|v| v * v).sum::<f64>().sqrt();
                all.push(Coefficient { step, feature, value: beta[j], standard_error, lambda });
            }
        }
        Ok(all)
    }

    /// The market times these shares as of an origin, given by its index; 0 where the history does not reach back.
    fn forecast(&self, origin: i32, every: Frequency, step: usize, shares: impl Fn(usize) -> Vec<f64>) -> Vec<f64> {
        let k = ((self.history.end - origin) / 7) as usize;
        if k >= self.origins.len() {
            return vec![0.0; self.history.len()];
        }
        let total = self.market(origin, step) * f64::from(every.span(origin, step as i32).days());
        shares(k).into_iter().map(|share| share * total).collect()
    }
}

impl Fitted for FittedLinear<'_> {
    fn at(&self, origin: i32, every: Frequency, step: usize) -> Vec<f64> {
        let Some(horizon) = self.horizons.get(step - 1) else { return vec![0.0; self.history.len()] };
        self.forecast(origin, every, step, |k| self.shares(k, &horizon.coefficients[k][horizon.chosen]))
    }
}

fn normalised(mut values: Vec<f64>) -> Vec<f64> {
    let total: f64 = values.iter().sum();
    values.iter_mut().for_each(|v| *v = if total > 0.0 { *v / total } else { 0.0 });
    values
}
