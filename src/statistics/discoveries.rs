//! Chances of many tests → which of them are discoveries. Used by `decisions`.

/// A test is a discovery if its q is at most this: of the discoveries, no more than a tenth are expected to be chance.
pub(crate) const DISCOVERY: f64 = 0.1;

/// The q of each test: the smallest rate of false discoveries at which it is one (Benjamini & Hochberg, Journal of the Royal Statistical
/// Society B 57, 1995).
pub(crate) fn q_values(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*b].total_cmp(&p[*a]).then(a.cmp(b)));
    let mut q = vec![1.0; p.len()];
    let mut least = 1.0f64;
    for (after, i) in order.into_iter().enumerate() {
        least = least.min(p[i] * p.len() as f64 / (p.len() - after) as f64);
        q[i] = least;
    }
    q
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The example of the paper, table 1: at 5 %, the four smallest of fifteen are discoveries.
    #[test]
    fn the_example_of_the_paper() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528,
            0.7590, 1.0,
        ];
        let q = q_values(&p);
        assert_eq!(q.iter().filter(|q| **q <= 0.05).count(), 4);
        assert!((q[3] - 0.0095 * 15.0 / 4.0).abs() < 1e-12 && q[14] == 1.0);
        assert_eq!(q_values(&[]), [0.0; 0]);
    }

    proptest! {
        #[test]
        fn q_follows_p(p in prop::collection::vec(0.0..=1.0f64, 1..40)) {
            let q = q_values(&p);
            for i in 0..p.len() {
                // Dividing by as many as before may lose the last digit.
                prop_assert!(q[i] >= p[i] * (1.0 - f64::EPSILON) && q[i] <= 1.0);
                for j in 0..p.len() {
                    prop_assert!(p[i] > p[j] || q[i] <= q[j]);
                }
            }
        }
    }
}
