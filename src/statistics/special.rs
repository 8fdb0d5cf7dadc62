//! The special functions that exact tests and posteriors need: ln Γ, the incomplete beta and gamma functions, the quantile of a gamma
//! distribution. Used by `trial`.

/// Relative accuracy of the series and continued fractions.
const ACCURACY: f64 = 1e-15;
/// Stands for zero in a continued fraction.
const TINY: f64 = 1e-300;
/// More terms than any argument here needs: they grow with the root of the largest argument.
const TERMS: usize = 100_000;

/// ln Γ(x) for x > 0, with 15 digits (Lanczos 1964, g = 7, 9 terms).
pub(crate) fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        // Reflection.
        return (std::f64::consts::PI / (std::f64::consts::PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let terms = (1..).zip(COEFFICIENTS).map(|(i, c)| c / (x - 1.0 + f64::from(i)));
    let sum = 0.999_999_999_999_809_9 + terms.sum::<f64>();
    let t = x + 6.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x - 0.5) * t.ln() - t + sum.ln()
}

/// The regularized incomplete beta function I_x(a, b), a and b > 0, x from 0 to 1 (continued fraction; Press et al., Numerical Recipes,
/// 6.4).
pub(crate) fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    match x < (a + 1.0) / (a + b + 2.0) {
        true => front * beta_fraction(a, b, x) / a,
        false => 1.0 - front * beta_fraction(b, a, 1.0 - x) / b,
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    let nonzero = |v: f64| if v.abs() < TINY { TINY } else { v };
    let (mut c, mut d) = (1.0, 1.0 / nonzero(1.0 - (a + b) * x / (a + 1.0)));
    let mut value = d;
    for m in (1..TERMS).map(|m| m as f64) {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / nonzero(1.0 + term * d);
            c = nonzero(1.0 + term / c);
            change = c * d;
            value *= change;
        }
        if (change - 1.0).abs() < ACCURACY {
            break;
        }
    }
    value
}

/// The regularized lower incomplete gamma function P(a, x), a > 0, x ≥ 0: the distribution function of a gamma variable of shape a and
/// rate 1 (series and continued fraction; Press et al., 6.2).
pub(crate) fn incomplete_gamma(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for n in (1..TERMS).map(|n| n as f64) {
            term *= x / (a + n);
            sum += term;
            if term < sum * ACCURACY {
                break;
            }
        }
        return front * sum;
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / TINY, 1.0 / b);
    let mut value = d;
    for n in (1..TERMS).map(|n| n as f64) {
        let term = -n * (n - a);
        b += 2.0;
        let nonzero = |v: f64| if v.abs() < TINY { TINY } else { v };
        d = 1.0 / nonzero(term * d + b);
        c = nonzero(b + term / c);
        value *= c * d;
        if (c * d - 1.0).abs() < ACCURACY {
            break;
        }
    }
    1.0 - front * value
}

/// The quantile of a gamma distribution of this shape and rate 1; `level` between 0 and 1.
pub(crate) fn gamma_quantile(shape: f64, level: f64) -> f64 {
    let above = |x: f64| incomplete_gamma(shape, x) >= level;
    let mut high = shape + 1.0;
    while !above(high) {
        high *= 2.0;
    }
    smallest(0.0, high, above)
}

/// The smallest value between `low` and `high` at which `holds`, which stays true from there on and is true at `high`; to 13 digits.
pub(crate) fn smallest(low: f64, high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    smallest_to(1e-13, low, high, holds)
}

/// Like [`smallest`], to this relative accuracy: more digits of a number that will be rounded would only take time.
pub(crate) fn smallest_to(accuracy: f64, low: f64, high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (low, high);
    while high - low > accuracy * high.abs() {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if holds(middle) { high = middle } else { low = middle }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() <= 1e-11 * b.abs().max(1.0), "{a} is not {b}");
    }

    #[test]
    fn functions_have_their_values_in_the_tables() {
        close(ln_gamma(1.0), 0.0);
        close(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln());
        close(ln_gamma(11.0), 3_628_800_f64.ln());
        // I_x(1, b) = 1 − (1−x)^b; I_x(a, b) = 1 − I_{1−x}(b, a).
        close(incomplete_beta(1.0, 7.0, 0.2), 1.0 - 0.8_f64.powi(7));
        close(incomplete_beta(30.5, 12.0, 0.7), 1.0 - incomplete_beta(12.0, 30.5, 0.3));
        // P(1, x) = 1 − e⁻ˣ; P(3, x) = 1 − e⁻ˣ(1 + x + x²/2).
        close(incomplete_gamma(1.0, 0.3), 1.0 - (-0.3_f64).exp());
        close(incomplete_gamma(3.0, 7.0), 1.0 - (-7.0_f64).exp() * (1.0 + 7.0 + 24.5));
        for shape in [0.05, 0.7, 3.5, 900.0] {
            for level in [0.001, 0.1, 0.5, 0.9, 0.999] {
                close(incomplete_gamma(shape, gamma_quantile(shape, level)), level);
            }
        }
    }
}
