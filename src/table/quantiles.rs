//! Numbers → their median and quantiles. Used by `clean`, `mart`, `models`, `decisions` and `dossier`.

/// The median: of an even number of values, the mean of the two in the middle; 0 without values.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n => (values[(n - 1) / 2] + values[n / 2]) / 2.0,
    }
}

/// The median that is itself a value: of the two in the middle, the greater. 0 without values.
pub(crate) fn upper_median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// The quantiles at `levels`, interpolated linearly (Hyndman and Fan, The American Statistician 50, 1996, definition 7).
/// There must be a value, and levels ascend. The values are not sorted afterwards.
pub(crate) fn quantiles<const N: usize>(values: &mut [f64], levels: [f64; N]) -> [f64; N] {
    let last = values.len() - 1;
    // Values before this index are in their places.
    let mut placed = 0;
    levels.map(|level| {
        let at = level * last as f64;
        let (low, part) = (at.floor() as usize, at.fract());
        let (_, value, above) = values[placed..].select_nth_unstable_by(low - placed, f64::total_cmp);
        placed = low;
        let next = above.iter().copied().min_by(f64::total_cmp).unwrap_or(*value);
        *value + part * (next - *value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_values() {
        let mut values: Vec<f64> = (0..=40).rev().map(f64::from).collect();
        assert_eq!(quantiles(&mut values, [0.025, 0.1, 0.9, 0.975]), [1.0, 4.0, 36.0, 39.0]);
        values.reverse();
        assert_eq!(quantiles(&mut values, [0.0, 0.0, 0.0125, 1.0]), [0.0, 0.0, 0.5, 40.0]);
        assert_eq!(quantiles(&mut [7.0], [0.1, 0.9]), [7.0, 7.0]);
    }

    #[test]
    fn an_even_number_of_values_has_two_in_the_middle() {
        assert_eq!((median(&mut [9.0, 1.0, 2.0]), upper_median(&mut [9.0, 1.0, 2.0])), (2.0, 2.0));
        assert_eq!((median(&mut [4.0, 1.0]), upper_median(&mut [4.0, 1.0])), (2.5, 4.0));
        assert_eq!((median(&mut []), upper_median(&mut [])), (0.0, 0.0));
    }
}
