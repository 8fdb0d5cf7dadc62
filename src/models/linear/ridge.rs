//! Rows of a regression → their normal equations, and from these the ridge regressions. Used by `linear`.

use linfa::Dataset;
use linfa::traits::Fit;
use linfa_linalg::cholesky::Cholesky;
use linfa_linalg::triangular::{SolveTriangular, UPLO};
use linfa_linear::LinearRegression;
use ndarray::{Array1, Array2, Axis, s};

use crate::error::{Error, Result};

/// Normal equations: accumulates XᵀWX and XᵀWy.
#[derive(Debug, Clone)]
pub(super) struct Normal {
    pub(super) gram: Array2<f64>,
    pub(super) moment: Array1<f64>,
}

impl Normal {
    /// No rows yet, of `n` features.
    pub(super) fn zeros(n: usize) -> Normal {
        Normal { gram: Array2::zeros((n, n)), moment: Array1::zeros(n) }
    }

    pub(super) fn add(&mut self, other: &Normal) {
        self.gram += &other.gram;
        self.moment += &other.moment;
    }

    /// Ridge regressions by linfa, one per strength, on the few rows that are equivalent to all.
    pub(super) fn fit(&self, lambdas: &[f64]) -> Result<Vec<Array1<f64>>> {
        let n = self.moment.len();
        // A constant feature makes G singular; this small diagonal does not move the other coefficients.
        let root = cholesky(&(&self.gram + &(Array2::<f64>::eye(n) * 1e-9)))?;
        let moment = self.moment.clone().insert_axis(Axis(1));
        let targets = root.solve_triangular(&moment, UPLO::Lower).map_err(fault)?;
        let fit = |lambda: &f64| {
            let (mut x, mut y) = (Array2::zeros((2 * n, n)), Array1::zeros(2 * n));
            x.slice_mut(s![..n, ..]).assign(&root.t());
            x.slice_mut(s![n.., ..]).diag_mut().fill(lambda.sqrt());
            y.slice_mut(s![..n]).assign(&targets.column(0));
            let model = LinearRegression::new().with_intercept(false);
            Ok(model.fit(&Dataset::new(x, y)).map_err(fault)?.params().clone())
        };
        lambdas.iter().map(fit).collect()
    }
}

pub(super) fn cholesky(matrix: &Array2<f64>) -> Result<Array2<f64>> {
    matrix.cholesky().map_err(fault)
}

pub(super) fn fault(error: impl std::fmt::Display) -> Error {
    Error::Model { model: "the linear model".into(), message: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: usize = 5;

    /// The rows behind the normal equations, fitted by ridge: (XᵀX + λI)β = Xᵀy must hold.
    #[test]
    fn few_rows_stand_for_many() {
        let x = Array2::from_shape_fn((40, N), |(i, j)| ((i * (j + 3) + j) % 7) as f64 - 3.0);
        let y = Array1::from_shape_fn(40, |i| ((i * 5) % 11) as f64);
        let normal = Normal { gram: x.t().dot(&x), moment: x.t().dot(&y) };
        let lambdas = [0.0, 0.3, 10.0];
        for (beta, lambda) in normal.fit(&lambdas).unwrap().iter().zip(lambdas) {
            let left = normal.gram.dot(beta) + beta * lambda;
            assert!(left.iter().zip(&normal.moment).all(|(l, r)| (l - r).abs() < 1e-4), "{left} {}", normal.moment);
        }
    }
}
