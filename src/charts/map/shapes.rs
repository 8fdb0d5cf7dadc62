//! `reports/map`, or shapes of the user's → outlines of regions. Used by `map` and the dashboard.

use std::sync::LazyLock;

use super::outline::{Outline, within};
use crate::charts::canvas::Point;
use crate::market::MarketFacts;

/// Share of the map's extent that is left free around the countries that it is about.
const MARGIN: f64 = 0.06;
/// Width of a part that is cut out of the world, in its own units.
const CUT_WIDTH: f64 = 1000.0;

/// Outlines of regions on one plane.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shapes {
    /// Width and height.
    pub size: Point,
    /// In drawing order: what lies within another comes later.
    pub outlines: Vec<Outline>,
    /// Key of the credit in the words of the report; empty for shapes of the user's.
    pub credit: &'static str,
}

/// Country, credit and outlines of each built-in map; the one without a country is that of all countries.
const BUILT_IN: [(&str, &str, &str); 12] = [
    ("", "map_credit_world", include_str!("../../../reports/map/countries/world.svg")),
    ("AU", "map_credit_natural_earth", include_str!("../../../reports/map/countries/au.svg")),
    ("BR", "map_credit", include_str!("../../../reports/map/brazil.svg")),
    ("CA", "map_credit_natural_earth", include_str!("../../../reports/map/countries/ca.svg")),
    ("DE", "map_credit_natural_earth", include_str!("../../../reports/map/countries/de.svg")),
    ("ES", "map_credit_natural_earth", include_str!("../../../reports/map/countries/es.svg")),
    ("FR", "map_credit_natural_earth", include_str!("../../../reports/map/countries/fr.svg")),
    ("GB", "map_credit_natural_earth", include_str!("../../../reports/map/countries/gb.svg")),
    ("IN", "map_credit_india", include_str!("../../../reports/map/countries/in.svg")),
    ("IT", "map_credit_natural_earth", include_str!("../../../reports/map/countries/it.svg")),
    ("MX", "map_credit_natural_earth", include_str!("../../../reports/map/countries/mx.svg")),
    ("US", "map_credit_us", include_str!("../../../reports/map/countries/us.svg")),
];

/// The states of Brazil. The Federal District is an enclave and comes last.
pub(crate) static BRAZIL: LazyLock<Shapes> = LazyLock::new(|| Shapes::built_in("BR").unwrap_or_default());

impl Shapes {
    /// The built-in map of a country; of all countries for an empty text.
    fn built_in(country: &str) -> Option<Shapes> {
        let (_, credit, svg) = BUILT_IN.iter().find(|(known, ..)| *known == country)?;
        parse(svg, credit)
    }

    /// The map for data of `market`, with the regions in `wanted` on it; `None` if no shapes of its regions are known.
    pub(crate) fn of(market: Option<&MarketFacts>, wanted: &[&str]) -> Option<Shapes> {
        let Some(market) = market else { return Some(BRAZIL.clone()) };
        let shapes = match (&market.shapes, &market.country) {
            (Some(own), _) => {
                let outlines = own.paths.iter().filter_map(|(code, d)| Outline::of(code, d));
                Some(Shapes { size: own.size, outlines: outlines.collect(), credit: "" })
            }
            (None, Some(country)) => Shapes::built_in(country),
            (None, None) if market.regions.len() > 1 => Shapes::built_in("").and_then(|world| world.around(wanted)),
            (None, None) => None,
        }?;
        // A map that shows none of them says nothing.
        shapes.outlines.iter().any(|outline| wanted.contains(&outline.code.as_str())).then_some(shapes)
    }

    /// The part of the map around the main lands of these regions; `None` if none of them is on it.
    fn around(&self, wanted: &[&str]) -> Option<Shapes> {
        let lands = self.outlines.iter().filter(|outline| wanted.contains(&outline.code.as_str()));
        let points: Vec<Point> = lands.filter_map(|outline| outline.rings.first()).flatten().copied().collect();
        let least = |of: fn(&Point) -> f64| points.iter().map(of).min_by(f64::total_cmp);
        let most = |of: fn(&Point) -> f64| points.iter().map(of).max_by(f64::total_cmp);
        let (left, right, top, bottom) = (least(|p| p.0)?, most(|p| p.0)?, least(|p| p.1)?, most(|p| p.1)?);
        let margin = MARGIN * (right - left).max(bottom - top);
        let low = ((left - margin).max(0.0), (top - margin).max(0.0));
        let high = ((right + margin).min(self.size.0), (bottom + margin).min(self.size.1));
        let scale = CUT_WIDTH / (high.0 - low.0);
        let place = |&(x, y): &Point| (((x - low.0) * scale).round(), ((y - low.1) * scale).round());
        let cut = |outline: &Outline| {
            let rings = outline.rings.iter().map(|ring| within(ring, low, high));
            let rings = rings.map(|ring| ring.iter().map(place).collect::<Vec<Point>>());
            Outline::largest_first(outline.code.clone(), rings.collect())
        };
        let size = (CUT_WIDTH, ((high.1 - low.1) * scale).round());
        Some(Shapes { size, outlines: self.outlines.iter().filter_map(cut).collect(), credit: self.credit })
    }
}

/// Parses a map: one `<path id="CODE" d="Mx,y x,y…Z…"/>` per line, with absolute coordinates and straight lines.
fn parse(svg: &str, credit: &'static str) -> Option<Shapes> {
    let (_, rest) = svg.split_once("viewBox=\"0 0 ")?;
    let (width, height) = rest.split_once('"')?.0.split_once(' ')?;
    let path = |line: &str| {
        let (code, rest) = line.strip_prefix("<path id=\"")?.split_once('"')?;
        let (_, d) = rest.split_once("d=\"")?;
        Outline::of(&code.replace("&quot;", "\"").replace("&amp;", "&"), d.split_once('"')?.0)
    };
    let size = (width.parse().ok()?, height.parse().ok()?);
    Some(Shapes { size, outlines: svg.lines().filter_map(path).collect(), credit })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::market::regions::Regions;
    use crate::schema::contract::STATES;

    /// Regions that a map leaves out: overseas, military addresses, and Ladakh, which the map of India has with its neighbour.
    const NOT_DRAWN: [&str; 17] = [
        "ES-CE", "ES-ML", "FR-971", "FR-972", "FR-973", "FR-974", "FR-976", "IN-LA", "US-AA", "US-AE", "US-AP",
        "US-AS", "US-GU", "US-MP", "US-PR", "US-VI", "-",
    ];

    #[test]
    fn every_map_has_the_regions_of_its_country_and_no_others() {
        for (country, ..) in BUILT_IN.iter().filter(|(country, ..)| !country.is_empty()) {
            let shapes = Shapes::built_in(country).unwrap();
            let drawn: BTreeSet<&str> = shapes.outlines.iter().map(|outline| outline.code.as_str()).collect();
            assert_eq!(drawn.len(), shapes.outlines.len(), "{country}: a region has two outlines");
            let regions = Regions::choose(country, std::iter::empty());
            let known: BTreeSet<&str> = regions.list.iter().map(|region| region.code.as_str()).collect();
            let expected: BTreeSet<&str> = known.into_iter().filter(|code| !NOT_DRAWN.contains(code)).collect();
            assert_eq!(drawn, expected, "{country}");
        }
        let states: BTreeSet<&str> = STATES.iter().map(|state| state.0).collect();
        assert_eq!(BRAZIL.outlines.iter().map(|o| o.code.as_str()).collect::<BTreeSet<_>>(), states);
        let world = Shapes::built_in("").unwrap();
        let names = Regions::choose("countries", std::iter::empty());
        let known = |outline: &Outline| names.list.iter().any(|region| region.code == outline.code);
        assert!(world.outlines.len() > 200 && world.outlines.iter().all(known));
    }

    #[test]
    fn outlines_lie_on_their_maps() {
        for (country, _, svg) in BUILT_IN {
            let shapes = Shapes::built_in(country).unwrap();
            assert_eq!(shapes.outlines.len(), svg.matches("<path").count(), "{country}");
            for outline in &shapes.outlines {
                assert!(
                    !outline.rings.is_empty() && outline.rings.iter().all(|ring| ring.len() >= 3),
                    "{}",
                    outline.code
                );
                let on_map = |&(x, y): &Point| (0.0..=shapes.size.0).contains(&x) && (0.0..=shapes.size.1).contains(&y);
                assert!(outline.rings.iter().flatten().all(on_map), "{}", outline.code);
            }
        }
    }

    #[test]
    fn maps_lie_as_their_countries_do() {
        let middle = |country: &str, code: &str| {
            let shapes = Shapes::built_in(country).unwrap();
            shapes.outlines.iter().find(|outline| outline.code == code).map(Outline::middle).unwrap()
        };
        for (country, north, south, west, east) in [
            ("BR", "RR", "RS", "AC", "PE"),
            ("US", "US-MN", "US-TX", "US-OR", "US-ME"),
            ("DE", "DE-SH", "DE-BY", "DE-SL", "DE-SN"),
            ("FR", "FR-HDF", "FR-20R", "FR-PDL", "FR-BFC"),
            ("IT", "IT-32", "IT-82", "IT-21", "IT-75"),
            ("GB", "GB-SCT", "GB-ENG", "GB-NIR", "GB-ENG"),
            ("", "Norway", "Argentina", "United States", "Japan"),
        ] {
            assert!(middle(country, north).1 < middle(country, south).1, "{country}: {north} lies north of {south}");
            assert!(middle(country, west).0 < middle(country, east).0, "{country}: {west} lies west of {east}");
        }
    }

    #[test]
    fn the_world_is_cut_to_the_countries_that_matter() {
        let world = Shapes::built_in("").unwrap();
        let cut = world.around(&["France", "Germany"]).unwrap();
        let codes: Vec<&str> = cut.outlines.iter().map(|outline| outline.code.as_str()).collect();
        assert!(codes.contains(&"Belgium") && !codes.contains(&"Japan"), "{codes:?}");
        assert_eq!(cut.size.0, CUT_WIDTH);
        let inside = |&(x, y): &Point| (0.0..=cut.size.0).contains(&x) && (0.0..=cut.size.1).contains(&y);
        assert!(cut.outlines.iter().flat_map(|outline| outline.rings.iter().flatten()).all(inside));
        assert!(world.around(&["Atlantis"]).is_none());
    }
}
