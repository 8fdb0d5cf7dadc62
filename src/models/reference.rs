//! SalesMart → Reference: the original project's price predictions, reproduced to show their errors.
//!
//! For each order, the model keeps only the item with the greatest `order_item_id` and takes `order_item_id × (price +
//! freight)` as its sales. It sums them by category and month and fits, per category, a straight line on the numbers of
//! year and month. What is wrong with it:
//!
//! - `order_item_id` is a position in the order, not a quantity. Multiplying every item gives 18.06 M BRL instead of 15.84
//!   M on the real data, and orders of several categories are credited to the category of the last item alone.
//! - The last months (August to October 2018 in the real data) are incomplete and enter as if sales had collapsed.
//! - With year and month as two numbers, sales jump from December to January. There is no season, no saturation, no lower
//!   bound: a prediction can be negative.
//! - Canceled orders count as sales.

use std::collections::BTreeMap;

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::mart::SalesMart;
use crate::mart::month::Month;

/// First predicted month.
pub const FIRST_PREDICTED: Month = Month { year: 2018, month: 9 };
/// Number of predicted months: up to 2021-12.
pub const HORIZON: i32 = 40;
/// Number of categories in the list of the best.
pub const TOP: usize = 10;

/// Lines and predictions of the model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reference {
    /// Fitted lines by category.
    pub lines: Vec<Line>,
    /// By category: the training months, then the predicted months.
    pub predictions: Vec<Prediction>,
}

/// A fitted line: `sales = intercept + per_year × year + per_month × month`, BRL.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    /// English category.
    pub category: String,
    /// BRL in year 0, month 0.
    pub intercept: f64,
    /// BRL per year.
    pub per_year: f64,
    /// BRL per month of the year.
    pub per_month: f64,
    /// Whether the training months do not determine the line; the least-norm solution then takes its place.
    pub singular: bool,
}

/// Sales of a category in a month.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// English category.
    pub category: String,
    /// Sales, BRL.
    pub sales: f64,
    /// The month.
    pub month: Month,
    /// Whether the month is predicted, rather than a training month.
    pub predicted: bool,
}

impl Reference {
    /// The categories with the greatest sales in the last predicted month, greatest first.
    pub fn top(&self) -> Vec<&Prediction> {
        let last = FIRST_PREDICTED.plus(HORIZON - 1);
        let mut top: Vec<&Prediction> = self.predictions.iter().filter(|p| p.predicted && p.month == last).collect();
        top.sort_by(|a, b| b.sales.total_cmp(&a.sales).then_with(|| a.category.cmp(&b.category)));
        top.truncate(TOP);
        top
    }
}

/// Fits the lines and predicts.
///
/// # Errors
/// The mart is incomplete, or linfa cannot fit a line.
pub fn reference(mart: &SalesMart) -> Result<Reference> {
    let sales = mart.table("reference_sales")?;
    let months = sales.column("month")?.date()?.physical();
    let mut series: BTreeMap<&str, Vec<(Month, f64)>> = BTreeMap::new();
    for ((category, month), centavos) in
        sales.column("category")?.str()?.iter().zip(months.iter()).zip(sales.column("sales_centavos")?.i64()?.iter())
    {
        let (Some(category), Some(month), Some(centavos)) = (category, month, centavos) else { continue };
        series.entry(category).or_default().push((Month::of_day(month), centavos as f64 / 100.0));
    }
    let mut result = Reference { lines: Vec::new(), predictions: Vec::new() };
    for (category, training) in series {
        let line = fit(category, &training)?;
        let row = |month, sales, predicted| Prediction { category: category.into(), sales, month, predicted };
        result.predictions.extend(training.iter().map(|&(month, sales)| row(month, sales, false)));
        result.predictions.extend((0..HORIZON).map(|h| FIRST_PREDICTED.plus(h)).map(|m| row(m, line.at(m), true)));
        result.lines.push(line);
    }
    Ok(result)
}

impl Line {
    /// Sales in `month`, BRL; negative if the line falls below 0.
    pub fn at(&self, month: Month) -> f64 {
        self.intercept + self.per_year * f64::from(month.year) + self.per_month * f64::from(month.month)
    }
}

/// Ordinary least squares with an intercept on year and month.
fn fit(category: &str, training: &[(Month, f64)]) -> Result<Line> {
    let features: Vec<[i64; 2]> = training.iter().map(|(m, _)| [i64::from(m.year), i64::from(m.month)]).collect();
    let targets: Array1<f64> = training.iter().map(|(_, sales)| *sales).collect();
    let ols = |x: Array2<f64>| {
        LinearRegression::new()
            .fit(&Dataset::new(x, targets.clone()))
            .map_err(|e| Error::Model { model: format!("the reference line of `{category}`"), message: e.to_string() })
    };
    let [[a, b], [_, c]] = scatter(&features);
    let line = |intercept, per_year, per_month, singular| Line {
        category: category.into(),
        intercept,
        per_year,
        per_month,
        singular,
    };
    if a * c - b * b != 0 {
        let x = Array2::from_shape_fn((features.len(), 2), |(row, k)| features[row][k] as f64);
        let fitted = ols(x)?;
        return Ok(line(fitted.intercept(), fitted.params()[0], fitted.params()[1], false));
    }
    if a == 0 && c == 0 {
        return Ok(line(targets.mean().unwrap_or(0.0), 0.0, 0.0, true));
    }
    // The months lie on one line in the plane of year and month; the least-norm solution points along it.
    let direction = if a > 0 { [a as f64, b as f64] } else { [0.0, 1.0] };
    let x = Array2::from_shape_fn((features.len(), 1), |(row, _)| {
        direction[0] * features[row][0] as f64 + direction[1] * features[row][1] as f64
    });
    let fitted = ols(x)?;
    let slope = fitted.params()[0];
    Ok(line(fitted.intercept(), slope * direction[0], slope * direction[1], true))
}

/// `n²` times the covariance matrix of the features, in exact integers.
fn scatter(features: &[[i64; 2]]) -> [[i64; 2]; 2] {
    let n = features.len() as i64;
    let sum = |f: &dyn Fn(&[i64; 2]) -> i64| features.iter().map(f).sum::<i64>();
    let entry = |i: usize, j: usize| n * sum(&|x| x[i] * x[j]) - sum(&|x| x[i]) * sum(&|x| x[j]);
    [[entry(0, 0), entry(0, 1)], [entry(1, 0), entry(1, 1)]]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(year: i32, month: u32) -> Month {
        Month { year, month }
    }

    #[test]
    fn a_plane_is_found_exactly() {
        let training: Vec<_> = [(2017, 1), (2017, 7), (2018, 3), (2018, 5)]
            .map(|(y, m)| (month(y, m), 100.0 + 12.0 * f64::from(y) + 3.0 * f64::from(m)))
            .to_vec();
        let line = fit("x", &training).unwrap();
        assert!(!line.singular);
        assert!((line.per_year - 12.0).abs() < 1e-8 && (line.per_month - 3.0).abs() < 1e-8);
    }

    #[test]
    fn a_single_year_leaves_the_year_out() {
        let line = fit("x", &[(month(2018, 1), 10.0), (month(2018, 2), 20.0), (month(2018, 3), 30.0)]).unwrap();
        assert!(line.singular);
        assert!((line.per_month - 10.0).abs() < 1e-9 && line.per_year == 0.0);
    }

    /// With two months, the least-norm line passes through both; its slope is split over year and month as they differ.
    #[test]
    fn two_months_give_the_line_of_least_norm() {
        let line = fit("x", &[(month(2017, 4), 10.0), (month(2018, 6), 20.0)]).unwrap();
        assert!(line.singular);
        assert!((line.per_year - 2.0).abs() < 1e-9 && (line.per_month - 4.0).abs() < 1e-9);
        assert!((line.at(month(2018, 6)) - 20.0).abs() < 1e-7);
    }

    #[test]
    fn one_month_is_repeated() {
        let line = fit("x", &[(month(2018, 4), 10.0)]).unwrap();
        assert_eq!((line.intercept, line.per_year, line.per_month), (10.0, 0.0, 0.0));
    }
}
