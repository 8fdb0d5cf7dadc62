//! The outline of a region: its rings, where a code fits on it, and how it is cut. Used by `shapes`.

use std::fmt::Write;

use crate::charts::canvas::Point;

/// A region: its code and its rings, the largest ring first.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outline {
    pub code: String,
    pub rings: Vec<Vec<Point>>,
}

impl Outline {
    /// Parses path data: `Mx,y x,y…Z…`; `None` if it is anything else.
    pub(crate) fn of(code: &str, d: &str) -> Option<Outline> {
        let ring = |part: &str| -> Option<Vec<Point>> { part.strip_prefix('M')?.split(' ').map(point).collect() };
        let rings: Option<Vec<_>> = d.split('Z').filter(|part| !part.is_empty()).map(ring).collect();
        Some(Outline { code: code.into(), rings: rings? })
    }

    /// Of rings in any order, those that enclose something; `None` if there is none.
    pub(crate) fn largest_first(code: String, mut rings: Vec<Vec<Point>>) -> Option<Outline> {
        rings.iter_mut().for_each(Vec::dedup);
        rings.retain(|ring| ring.len() > 2 && area(ring) > 0.0);
        rings.sort_by(|a, b| area(b).total_cmp(&area(a)));
        (!rings.is_empty()).then_some(Outline { code, rings })
    }

    /// Its path data.
    pub(crate) fn path(&self) -> String {
        let mut d = String::new();
        for ring in &self.rings {
            for (i, (x, y)) in ring.iter().enumerate() {
                let _ = write!(d, "{}{x},{y}", if i == 0 { 'M' } else { ' ' });
            }
            d.push('Z');
        }
        d
    }

    /// Centroid of the largest ring.
    pub(crate) fn middle(&self) -> Point {
        let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
        for (a, b) in self.sides() {
            let cross = a.0 * b.1 - b.0 * a.1;
            area += cross;
            x += (a.0 + b.0) * cross;
            y += (a.1 + b.1) * cross;
        }
        (x / (3.0 * area), y / (3.0 * area))
    }

    /// Whether the largest ring encloses `p`: an odd number of its sides lies to the right of it.
    pub(crate) fn encloses(&self, p: Point) -> bool {
        let right = |&(a, b): &(Point, Point)| {
            (a.1 > p.1) != (b.1 > p.1) && p.0 < a.0 + (p.1 - a.1) / (b.1 - a.1) * (b.0 - a.0)
        };
        self.sides().filter(right).count() % 2 == 1
    }

    fn sides(&self) -> impl Iterator<Item = (Point, Point)> {
        let ring: &[Point] = self.rings.first().map_or(&[], Vec::as_slice);
        ring.iter().copied().zip(ring.iter().copied().cycle().skip(1))
    }
}

fn point(text: &str) -> Option<Point> {
    let (x, y) = text.split_once(',')?;
    Some((x.parse().ok()?, y.parse().ok()?))
}

fn area(ring: &[Point]) -> f64 {
    let sides = ring.iter().zip(ring.iter().cycle().skip(1));
    (sides.map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0).abs()
}

/// The part of a ring within a box, by Sutherland and Hodgman (1974): cut at one side after the other.
pub(crate) fn within(ring: &[Point], low: Point, high: Point) -> Vec<Point> {
    type Side = (fn(Point) -> f64, f64, f64);
    let sides: [Side; 4] =
        [(|p| p.0, low.0, 1.0), (|p| p.0, high.0, -1.0), (|p| p.1, low.1, 1.0), (|p| p.1, high.1, -1.0)];
    sides.iter().fold(ring.to_vec(), |ring, (of, limit, sign)| {
        let depth = |p: Point| (of(p) - limit) * sign;
        let mut kept = Vec::with_capacity(ring.len());
        for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let (from, to) = (depth(a), depth(b));
            if from >= 0.0 {
                kept.push(a);
            }
            if (from >= 0.0) != (to >= 0.0) {
                let share = from / (from - to);
                kept.push((a.0 + share * (b.0 - a.0), a.1 + share * (b.1 - a.1)));
            }
        }
        kept
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_data_and_back() {
        let d = "M0,0 4,0 4,4 0,4ZM6,6 7,6 7,7Z";
        let outline = Outline::of("A", d).unwrap();
        assert_eq!(outline.path(), d);
        assert_eq!(outline.middle(), (2.0, 2.0));
        assert!(outline.encloses((1.0, 1.0)) && !outline.encloses((5.0, 1.0)));
        for bad in ["m0,0 1,1Z", "M0,0 x,1Z", "M0 1Z"] {
            assert_eq!(Outline::of("A", bad), None, "{bad}");
        }
    }

    #[test]
    fn rings_are_cut_at_the_box() {
        let square = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)];
        let cut = within(&square, (2.0, 1.0), (9.0, 9.0));
        assert_eq!(area(&cut), 6.0);
        assert!(cut.iter().all(|p| p.0 >= 2.0 && p.1 >= 1.0));
        assert!(within(&square, (5.0, 5.0), (9.0, 9.0)).is_empty());
        assert_eq!(Outline::largest_first("A".into(), vec![vec![(0.0, 0.0); 5]]), None);
    }
}
