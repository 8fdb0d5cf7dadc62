//! An amount → its parts by weight, exact to the smallest unit. Used by `lines` and `tables`.

/// Splits an amount by weights, exactly: the largest remainders get the last units. Equal weights if all are zero.
pub(crate) fn shared(amount: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from((*weight).max(0))).sum();
    let weights: Vec<i128> =
        weights.iter().map(|weight| if sum == 0 { 1 } else { i128::from((*weight).max(0)) }).collect();
    let sum = sum.max(if sum == 0 { weights.len() as i128 } else { 1 });
    let (sign, whole) = (amount.signum(), i128::from(amount).abs());
    let mut parts: Vec<(i128, i128)> =
        weights.iter().map(|weight| (whole * weight / sum, whole * weight % sum)).collect();
    let missing = whole - parts.iter().map(|(part, _)| part).sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|at| (std::cmp::Reverse(parts[*at].1), *at));
    for at in by_remainder.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        parts[at].0 += 1;
    }
    parts.into_iter().map(|(part, _)| sign * i64::try_from(part).unwrap_or(i64::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_add_up_and_the_largest_remainders_come_first() {
        assert_eq!(shared(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(shared(100, &[1, 2]), [33, 67]);
        assert_eq!(shared(-10, &[1, 1, 1]), [-4, -3, -3]);
        assert_eq!(shared(5, &[0, 0]), [3, 2]);
        assert_eq!(shared(0, &[3, 4]), [0, 0]);
        assert_eq!(shared(7, &[]), Vec::<i64>::new());
        for (amount, weights) in [(1_234_567, vec![3, 5, 7, 11]), (99, vec![i64::MAX / 4, 1, 0])] {
            assert_eq!(shared(amount, &weights).iter().sum::<i64>(), amount);
        }
    }
}
