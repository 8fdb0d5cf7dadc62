//! `reports/map` → the 27 states: their outlines, and their places on a grid of tiles. Used by `map`.

use std::sync::LazyLock;

use crate::charts::canvas::Point;

/// Width and height of the map in its own units.
pub(crate) const SIZE: Point = (1226.0, 1278.0);

/// A state: its code and its rings, the largest ring first.
pub(crate) struct Outline {
    pub code: &'static str,
    pub rings: Vec<Vec<Point>>,
}

/// The outlines in drawing order. The Federal District is an enclave and comes last.
pub(crate) static OUTLINES: LazyLock<Vec<Outline>> =
    LazyLock::new(|| parse(include_str!("../../../reports/map/brazil.svg")));

/// The outlines as (code, path data).
pub(crate) fn paths() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../../../reports/map/brazil.svg").lines().filter_map(path_data)
}

/// Parses the map: one `<path id="CODE" d="Mx,y x,y…Z…"/>` per line, with absolute coordinates and straight lines.
fn parse(svg: &'static str) -> Vec<Outline> {
    svg.lines().filter_map(path).collect()
}

fn path_data(line: &'static str) -> Option<(&'static str, &'static str)> {
    let (code, rest) = line.strip_prefix("<path id=\"")?.split_once('"')?;
    let (_, d) = rest.split_once("d=\"")?;
    Some((code, d.split_once('"')?.0))
}

fn path(line: &'static str) -> Option<Outline> {
    let (code, d) = path_data(line)?;
    let ring = |part: &str| -> Option<Vec<Point>> { part.strip_prefix('M')?.split(' ').map(point).collect() };
    let rings: Option<Vec<_>> = d.split('Z').filter(|part| !part.is_empty()).map(ring).collect();
    Some(Outline { code, rings: rings? })
}

fn point(text: &str) -> Option<Point> {
    let (x, y) = text.split_once(',')?;
    Some((x.parse().ok()?, y.parse().ok()?))
}

impl Outline {
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

/// Column and row of every state on a grid of 7 × 8 tiles, near its position on the map.
pub(crate) const TILES: [(&str, u8, u8); 27] = [
    ("AC", 0, 2),
    ("AL", 6, 3),
    ("AM", 1, 1),
    ("AP", 3, 0),
    ("BA", 4, 2),
    ("CE", 5, 1),
    ("DF", 4, 3),
    ("ES", 5, 4),
    ("GO", 3, 3),
    ("MA", 3, 1),
    ("MG", 4, 4),
    ("MS", 2, 3),
    ("MT", 2, 2),
    ("PA", 2, 1),
    ("PB", 6, 2),
    ("PE", 5, 2),
    ("PI", 4, 1),
    ("PR", 3, 5),
    ("RJ", 4, 5),
    ("RN", 6, 1),
    ("RO", 1, 2),
    ("RR", 1, 0),
    ("RS", 3, 7),
    ("SC", 3, 6),
    ("SE", 5, 3),
    ("SP", 3, 4),
    ("TO", 3, 2),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::contract::STATES;

    #[test]
    fn every_state_has_an_outline_and_a_tile() {
        let mut drawn: Vec<_> = OUTLINES.iter().map(|o| o.code).collect();
        drawn.sort_unstable();
        let known: Vec<_> = STATES.iter().map(|s| s.0).collect();
        assert_eq!(drawn, known);
        assert_eq!(TILES.map(|t| t.0).to_vec(), known);
        let mut places: Vec<_> = TILES.iter().map(|t| (t.1, t.2)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 27);
        assert!(TILES.iter().all(|t| t.1 < 7 && t.2 < 8));
    }

    #[test]
    fn outlines_lie_on_the_map() {
        for o in OUTLINES.iter() {
            assert!(!o.rings.is_empty() && o.rings.iter().all(|r| r.len() >= 3), "{}", o.code);
            let inside = |&(x, y): &Point| (0.0..=SIZE.0).contains(&x) && (0.0..=SIZE.1).contains(&y);
            assert!(o.rings.iter().flatten().all(inside), "{}", o.code);
            assert!(o.encloses(o.middle()), "{}", o.code);
        }
    }

    #[test]
    fn the_map_lies_as_brazil_does() {
        let middle = |code| OUTLINES.iter().find(|o| o.code == code).map(|o| o.middle()).unwrap_or_default();
        assert!(middle("RR").1 < middle("SP").1 && middle("SP").1 < middle("RS").1);
        assert!(middle("AC").0 < middle("MT").0 && middle("MT").0 < middle("PE").0);
    }
}
