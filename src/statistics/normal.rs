//! The standard normal distribution. Used by `models::entrants` and `decisions::growth`.

/// 95 % quantile: half the width of a 90 % interval, and the bound of a one-sided one.
pub(crate) const Z95: f64 = 1.644_853_626_951_472;

/// Probability that a standard normal number exceeds `x`, to 10⁻⁷: half of erfc(x/√2), by the Chebyshev fit in Press et al., Numerical
/// Recipes in C, 2nd edition, section 6.2.
pub(crate) fn upper_tail(x: f64) -> f64 {
    const FIT: [f64; 10] = [
        -1.265_512_23,
        1.000_023_68,
        0.374_091_96,
        0.096_784_18,
        -0.186_288_06,
        0.278_868_07,
        -1.135_203_98,
        1.488_515_87,
        -0.822_152_23,
        0.170_872_77,
    ];
    let z = x.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.5 * z);
    let tail = t * (FIT.iter().rev().fold(0.0, |sum, c| sum * t + c) - z * z).exp() / 2.0;
    if x >= 0.0 { tail } else { 1.0 - tail }
}

/// Probability that a standard normal number is at least as far from 0 as `x`.
pub(crate) fn two_sided(x: f64) -> f64 {
    2.0 * upper_tail(x.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_has_its_tail() {
        assert!((upper_tail(Z95) - 0.05).abs() < 1e-7 && (two_sided(-Z95) - 0.1).abs() < 2e-7);
    }
}
