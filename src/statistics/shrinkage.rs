//! Estimates with their variances → the same, drawn towards their common mean. Used by `decisions::payments`.

/// Each estimate, drawn towards the mean of all as far as it is uncertain beside the variance between them, which is estimated by moments
/// (DerSimonian & Laird, Controlled Clinical Trials 7, 1986, eq. 8). Variances are above 0.
pub(crate) fn shrunk(estimates: &[(f64, f64)]) -> Vec<f64> {
    let sum = |value: &dyn Fn(f64, f64) -> f64| estimates.iter().map(|(y, v)| value(*y, *v)).sum::<f64>();
    let weights = sum(&|_, v| 1.0 / v);
    let mean = sum(&|y, v| y / v) / weights;
    let excess = sum(&|y, v| (y - mean).powi(2) / v) - (estimates.len() as f64 - 1.0);
    let room = weights - sum(&|_, v| 1.0 / (v * v)) / weights;
    let between = if room > 0.0 { (excess / room).max(0.0) } else { 0.0 };
    let mean = sum(&|y, v| y / (v + between)) / sum(&|_, v| 1.0 / (v + between));
    estimates.iter().map(|(y, v)| mean + between / (between + v) * (y - mean)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Variance 1 each: weights 3, mean 2, Q = 8, between = (8 − 2) / (3 − 1) = 3, a trust of 3/4.
    #[test]
    fn three_by_hand() {
        assert_eq!(shrunk(&[(0.0, 1.0), (2.0, 1.0), (4.0, 1.0)]), [0.5, 2.0, 3.5]);
    }

    #[test]
    fn what_chance_explains_is_the_mean() {
        assert_eq!(shrunk(&[(1.0, 4.0), (2.0, 4.0)]), [1.5, 1.5]);
        assert_eq!(shrunk(&[(1.0, 4.0)]), [1.0]);
        assert_eq!(shrunk(&[]), [0.0; 0]);
    }
}
