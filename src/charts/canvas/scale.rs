//! Values → positions on an axis with round ticks, and values → classes of a colour scale. Used by the charts.

/// Whether an axis can show the value. Beyond 10¹⁵, a double no longer distinguishes neighbouring amounts.
pub fn drawable(v: f64) -> bool {
    v.is_finite() && v.abs() < 1e15
}

/// An axis: round bounds, round ticks, and the two positions that it connects.
#[derive(Debug, Clone)]
pub struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    log: bool,
    /// Round values within the bounds, ascending.
    pub ticks: Vec<f64>,
}

impl Scale {
    /// A linear axis over `values` and 0 with about `count` intervals; `None` if no value can be drawn.
    pub fn from_zero(values: impl IntoIterator<Item = f64>, count: usize, span: (f64, f64)) -> Option<Scale> {
        let (low, high) = extent(values)?;
        Some(Self::linear((low.min(0.0), high.max(0.0)), count, span))
    }

    /// A linear axis over `values`, which need not include 0.
    pub fn over(values: impl IntoIterator<Item = f64>, count: usize, span: (f64, f64)) -> Option<Scale> {
        Some(Self::linear(extent(values)?, count, span))
    }

    fn linear((low, high): (f64, f64), count: usize, (from, to): (f64, f64)) -> Scale {
        // A single value gets room on both sides.
        let (low, high) = if low < high { (low, high) } else { (low - 0.5, high + 0.5) };
        let step = round_step((high - low) / count.max(1) as f64);
        let (first, last) = ((low / step).floor(), (high / step).ceil());
        // Multiplication keeps the ticks exact, unlike repeated addition; `+ 0.0` turns −0 into 0.
        let ticks: Vec<f64> = (0..=(last - first) as usize).map(|i| (first + i as f64) * step + 0.0).collect();
        Scale { low: first * step, high: last * step, from, to, log: false, ticks }
    }

    /// A logarithmic axis over the values above 0; `None` if there are none.
    pub fn log(values: impl IntoIterator<Item = f64>, (from, to): (f64, f64)) -> Option<Scale> {
        let (low, high) = extent(values.into_iter().filter(|&v| v > 0.0))?;
        let decades = high.log10() - low.log10();
        let ticks = if decades > 2.5 {
            rounds(low / 10.0, high * 10.0, &[1.0])
        } else {
            rounds(low / 2.5, high * 2.5, &[1.0, 2.0, 5.0])
        };
        let low_tick = ticks.iter().copied().rfind(|&t| t <= low).unwrap_or(low);
        let high_tick = ticks.iter().copied().find(|&t| t >= high).unwrap_or(high);
        // The bounds are close to the data, because an empty decade would waste space.
        let (low, high) = ((low / 1.3).max(low_tick), (high * 1.3).min(high_tick));
        let (low, high) = if low < high { (low, high) } else { (low / 2.0, high * 2.0) };
        let ticks = ticks.into_iter().filter(|t| (low..=high).contains(t)).collect();
        Some(Scale { low, high, from, to, log: true, ticks })
    }

    /// Position of `v`, clamped to the axis.
    pub fn at(&self, v: f64) -> f64 {
        let v = v.clamp(self.low, self.high);
        let t = if self.log {
            (v.ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (v - self.low) / (self.high - self.low)
        };
        self.from + t * (self.to - self.from)
    }
}

fn extent(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    values.into_iter().filter(|&v| drawable(v)).fold(None, |e, v| {
        let (low, high) = e.unwrap_or((v, v));
        Some((v.min(low), v.max(high)))
    })
}

/// The smallest of 1, 2 or 5 × 10ⁿ that is at least `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.max(1e-12).log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|f| f * power >= step * (1.0 - 1e-9)).unwrap_or(10.0);
    factor * power
}

/// The numbers `factor` × 10ⁿ strictly between `low` and `high`, ascending. Both bounds must be above 0.
fn rounds(low: f64, high: f64, factors: &[f64]) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    (first..=last)
        .flat_map(|n| factors.iter().map(move |f| if n < 0 { f / 10f64.powi(-n) } else { f * 10f64.powi(n) }))
        .filter(|v| low < *v && *v < high)
        .collect()
}

/// At most six round limits between classes of `values`, ascending: evenly spaced, or growing if a few values are much
/// greater than the rest. Class `i` holds the values from limit `i − 1` (included) to limit `i` (excluded).
pub fn limits(values: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|&v| drawable(v)).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else {
        return Vec::new();
    };
    if low >= high {
        return Vec::new();
    }
    if low > 0.0 && high / sorted[sorted.len() / 2] > 5.0 {
        let series: [&[f64]; 3] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
        if let Some(found) = series.iter().map(|f| rounds(low, high, f)).find(|l| (1..=6).contains(&l.len())) {
            return found;
        }
    }
    // The finest even step with at most six limits.
    let inside = |count| {
        let mut limits = Scale::linear((low, high), count, (0.0, 1.0)).ticks;
        limits.retain(|t| low < *t && *t < high);
        limits
    };
    (1..=10).rev().map(inside).find(|limits| limits.len() <= 6).unwrap_or_default()
}

/// The class of `v` between `limits`.
pub fn class_of(v: f64, limits: &[f64]) -> usize {
    limits.partition_point(|&limit| limit <= v)
}

/// Ascending positions at least `pitch` apart, as close to `wanted` (ascending) as `bounds` allow.
pub fn spread(wanted: &[f64], pitch: f64, (low, high): (f64, f64)) -> Vec<f64> {
    let mut ys = wanted.to_vec();
    let mut floor = low;
    for y in &mut ys {
        *y = y.max(floor);
        floor = *y + pitch;
    }
    let mut ceiling = high;
    for y in ys.iter_mut().rev() {
        *y = y.min(ceiling);
        ceiling = *y - pitch;
    }
    ys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_enclose_the_values() {
        let s = Scale::from_zero([3.0, 97.0, f64::NAN, f64::INFINITY], 5, (100.0, 0.0)).unwrap();
        assert_eq!(s.ticks, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!((s.at(0.0), s.at(50.0), s.at(1e9)), (100.0, 50.0, 0.0));
        let s = Scale::over([-0.13, 0.21], 4, (0.0, 1.0)).unwrap();
        assert_eq!(s.ticks, [-0.2, -0.1, 0.0, 0.1, 0.2, 0.30000000000000004]);
    }

    #[test]
    fn degenerate_values_still_give_an_axis() {
        for values in [vec![0.0], vec![5.0], vec![1e-300], vec![-1e14, 1e14], vec![7.0; 3]] {
            let s = Scale::over(values.iter().copied(), 5, (0.0, 10.0)).unwrap();
            assert!(values.iter().all(|&v| (0.0..=10.0).contains(&s.at(v))), "{values:?} {s:?}");
            assert!(s.ticks.len() < 20);
        }
        assert!(Scale::over([f64::NAN, f64::NEG_INFINITY], 5, (0.0, 1.0)).is_none());
        assert!(Scale::log([0.0, -1.0], (0.0, 1.0)).is_none());
        for v in [5.0, 1e-300, 1e-310] {
            let s = Scale::log([v, 1e14], (0.0, 1.0)).unwrap();
            assert!((0.0..=1.0).contains(&s.at(v)) && s.at(1e14) > 0.9, "{s:?}");
        }
    }

    #[test]
    fn log_ticks_are_powers_of_ten() {
        let s = Scale::log([180.0, 1_250_000.0], (0.0, 1.0)).unwrap();
        assert_eq!(s.ticks, [1e3, 1e4, 1e5, 1e6]);
        assert_eq!(Scale::log([12.0, 90.0], (0.0, 1.0)).unwrap().ticks, [10.0, 20.0, 50.0, 100.0]);
    }

    #[test]
    fn limits_follow_the_spread() {
        assert_eq!(limits(&[4.0, 4.05, 4.1, 4.2, 4.27]).len(), 5);
        assert_eq!(limits(&[3.3, 4.1, 4.59]).len(), 6);
        let spread: Vec<f64> = (0..27).map(|i| 10_000.0 * 1.27f64.powi(i)).collect();
        let found = limits(&spread);
        assert_eq!(found, [3e4, 1e5, 3e5, 1e6, 3e6]);
        assert_eq!((class_of(1e4, &found), class_of(3e4, &found), class_of(9e9, &found)), (0, 1, 5));
        assert!(limits(&[3.0, 3.0]).is_empty() && limits(&[]).is_empty());
    }

    #[test]
    fn spread_positions_do_not_touch_and_stay_inside() {
        let ys = spread(&[10.0, 10.0, 11.0, 95.0, 99.0], 15.0, (0.0, 100.0));
        assert!(ys.windows(2).all(|w| w[1] - w[0] >= 15.0 - 1e-9), "{ys:?}");
        assert!(ys[0] >= 0.0 && ys[4] <= 100.0);
        assert_eq!(spread(&[20.0, 50.0], 15.0, (0.0, 100.0)), [20.0, 50.0]);
    }
}
