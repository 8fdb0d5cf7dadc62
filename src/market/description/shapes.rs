//! The user's GeoJSON → shapes of regions for the maps. Part of `description`; `tables` keeps those of regions that are known.
//!
//! A file is a `FeatureCollection` (or one `Feature`) of polygons in degrees, as RFC 7946 has it. The region of a feature is the first of
//! [`KEYS`] among its properties, or its `id`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::market::regions::Regions;
use crate::regular;
use crate::text::shortened;

/// Largest file, bytes.
const MAX_BYTES: u64 = 32 << 20;
/// Most corners of all polygons.
const MAX_POINTS: usize = 2_000_000;
/// Width of the map in its own units: finer than any page shows.
const WIDTH: f64 = 1000.0;
/// Most corners that are kept, so that a page stays small.
const KEPT_POINTS: usize = 30_000;
/// Properties that may name the region of a feature.
pub const KEYS: [&str; 5] = ["code", "iso_3166_2", "region", "state", "name"];

type Point = (f64, f64);

impl PartialEq for Outlines {
    fn eq(&self, other: &Outlines) -> bool {
        (&self.file, &self.blake3) == (&other.file, &other.blake3)
    }
}

/// Shapes of regions on one plane, as SVG path data with absolute coordinates and straight lines.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RegionShapes {
    /// Width and height.
    pub size: (f64, f64),
    /// Code of each region and its path, the largest first.
    pub paths: Vec<(String, String)>,
}

/// The polygons of a file, with how it names their regions. Records of a run keep the hash alone.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Outlines {
    /// Name of the file.
    pub file: String,
    /// BLAKE3 of the file, hexadecimal.
    pub blake3: String,
    /// Name of each region and its outer rings, degrees.
    #[serde(skip)]
    rings: Vec<(String, Vec<Vec<Point>>)>,
}

/// Reads the shapes.
///
/// # Errors
/// [`Error::Input`]: the file is too large, no GeoJSON, or holds no polygon, or a coordinate is out of range; names file and place.
pub fn read(path: &Path) -> Result<Outlines> {
    let text = regular::read_to_string(path, MAX_BYTES)?;
    let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    parse(&text, &file)
}

fn parse(text: &str, file: &str) -> Result<Outlines> {
    let wrong = |what: String| {
        Error::input(format!("`{file}`: {what}")).with_hint(format!(
            "shapes are a GeoJSON `FeatureCollection` of `Polygon` and `MultiPolygon` in degrees, each with its region in one of the \
             properties `{}` or in `id`",
            KEYS.join("`, `")
        ))
    };
    // The parser refuses what is nested more than 128 times.
    let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|e| wrong(e.to_string()))?;
    let features: &[Value] = match (value["type"].as_str(), value["features"].as_array()) {
        (Some("FeatureCollection"), Some(features)) => features,
        (Some("Feature"), _) => std::slice::from_ref(&value),
        (kind, _) => {
            let kind = kind.map_or_else(|| "missing".into(), |kind| format!("`{}`", shortened(kind, 40)));
            return Err(wrong(format!("its `type` is {kind}, not `FeatureCollection`")));
        }
    };
    let mut found: BTreeMap<String, Vec<Vec<Point>>> = BTreeMap::new();
    let mut points = 0;
    for (number, feature) in features.iter().enumerate() {
        let at = format!("feature {}", number + 1);
        let geometry = &feature["geometry"];
        let polygons: Vec<&Value> = match (geometry["type"].as_str(), geometry["coordinates"].as_array()) {
            (Some("Polygon"), Some(_)) => vec![&geometry["coordinates"]],
            (Some("MultiPolygon"), Some(polygons)) => polygons.iter().collect(),
            // Points and lines have no area: labels, capitals, rivers.
            _ => continue,
        };
        let name = name(feature).ok_or_else(|| wrong(format!("{at} does not say which region it is")))?;
        for polygon in polygons {
            let ring = ring(&polygon[0]).map_err(|what| wrong(format!("{at} ({}): {what}", shortened(&name, 40))))?;
            points += ring.len();
            if points > MAX_POINTS {
                return Err(wrong(format!(
                    "it has more than {MAX_POINTS} corners: simplify it, for instance with mapshaper"
                )));
            }
            found.entry(name.clone()).or_default().push(ring);
        }
    }
    match found.is_empty() {
        true => Err(wrong("it has no polygon".into())),
        false => {
            let blake3 = blake3::hash(text.as_bytes()).to_hex().to_string();
            Ok(Outlines { file: file.into(), blake3, rings: found.into_iter().collect() })
        }
    }
}

/// How a feature names its region.
fn name(feature: &Value) -> Option<String> {
    let properties = feature["properties"].as_object();
    let property =
        |key: &&str| properties?.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, value)| value);
    let named = KEYS.iter().find_map(property).unwrap_or(&feature["id"]);
    match named {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().into()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The corners of a ring, the first not repeated.
fn ring(value: &Value) -> std::result::Result<Vec<Point>, String> {
    let corners = value.as_array().ok_or("a polygon has no rings")?;
    let corner = |corner: &Value| match (corner[0].as_f64(), corner[1].as_f64()) {
        (Some(x), Some(y)) if x.abs() <= 180.0 && y.abs() <= 90.0 => Ok((x, y)),
        (Some(x), Some(y)) => {
            Err(format!("the corner {x}, {y} is out of range: longitudes lie within ±180, latitudes within ±90"))
        }
        _ => Err("a corner is no pair of numbers".into()),
    };
    let mut ring = corners.iter().map(corner).collect::<std::result::Result<Vec<Point>, String>>()?;
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    if ring.len() < 3 { Err("a ring has fewer than three corners".into()) } else { Ok(ring) }
}

impl Outlines {
    /// The shapes of `regions` on a plane: degrees of longitude are as wide as they are in the middle of the map. `None` if no feature
    /// names one of them.
    pub fn of(&self, regions: &Regions) -> Option<RegionShapes> {
        let mut by_code: BTreeMap<String, Vec<&Vec<Point>>> = BTreeMap::new();
        for (name, rings) in &self.rings {
            if let Some(code) = regions.code(Some(name), Some(name)).or_else(|| regions.code(None, Some(name))) {
                by_code.entry(code).or_default().extend(rings);
            }
        }
        let all = || by_code.values().flatten().flat_map(|ring| ring.iter());
        let least = |of: fn(&Point) -> f64| all().map(of).min_by(f64::total_cmp);
        let most = |of: fn(&Point) -> f64| all().map(of).max_by(f64::total_cmp);
        let (west, east, south, north) = (least(|p| p.0)?, most(|p| p.0)?, least(|p| p.1)?, most(|p| p.1)?);
        let stretch = ((south + north) / 2.0).to_radians().cos().max(0.05);
        let width = ((east - west) * stretch).max(f64::MIN_POSITIVE);
        // A narrow map is as tall as a wide one is wide.
        let scale = WIDTH / width.max(north - south);
        let count = all().count();
        let step = count.div_ceil(KEPT_POINTS);
        let place = |&(x, y): &Point| (((x - west) * stretch * scale).round(), ((north - y) * scale).round());
        let mut shapes: Vec<(f64, String, String)> = Vec::new();
        for (code, rings) in &by_code {
            let mut rings: Vec<(f64, Vec<Point>)> =
                rings.iter().map(|ring| simpler(ring.iter().map(place), step)).collect();
            rings.retain(|(area, _)| *area > 0.0);
            rings.sort_by(|a, b| b.0.total_cmp(&a.0));
            if let Some((largest, _)) = rings.first() {
                shapes.push((*largest, code.clone(), rings.iter().map(|(_, ring)| path(ring)).collect()));
            }
        }
        shapes.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        let size = (((east - west) * stretch * scale).round(), ((north - south) * scale).round());
        let paths: Vec<(String, String)> = shapes.into_iter().map(|(_, code, path)| (code, path)).collect();
        (!paths.is_empty()).then_some(RegionShapes { size, paths })
    }
}

/// Every `step`-th corner that differs from the one before, and the area within. What would vanish keeps all its corners.
fn simpler(ring: impl Iterator<Item = Point>, step: usize) -> (f64, Vec<Point>) {
    let mut all: Vec<Point> = ring.collect();
    all.dedup();
    let few: Vec<Point> = all.iter().copied().step_by(step).collect();
    let ring = if area(&few) > 0.0 { few } else { all };
    (area(&ring), ring)
}

fn area(ring: &[Point]) -> f64 {
    let sides = ring.iter().zip(ring.iter().cycle().skip(1));
    (sides.map(|(a, b)| a.0 * b.1 - b.0 * a.1).sum::<f64>() / 2.0).abs()
}

fn path(ring: &[Point]) -> String {
    let corners: Vec<String> = ring.iter().map(|(x, y)| format!("{x},{y}")).collect();
    format!("M{}Z", corners.join(" "))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn feature(properties: &str, geometry: &str) -> String {
        format!(r#"{{"type":"Feature","properties":{properties},"geometry":{geometry}}}"#)
    }

    fn collection(features: &[String]) -> String {
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    }

    fn square(west: f64, south: f64) -> String {
        let [east, north] = [west + 2.0, south + 2.0];
        format!(
            r#"{{"type":"Polygon","coordinates":[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]}}"#
        )
    }

    #[test]
    fn features_become_the_shapes_of_known_regions() {
        let text = collection(&[
            feature(r#"{"NAME":"California"}"#, &square(-120.0, 36.0)),
            feature(r#"{"code":"US-OR"}"#, &square(-120.0, 42.0)),
            feature(r#"{"name":"Atlantis"}"#, &square(-40.0, 30.0)),
            feature(r#"{"name":"Sacramento"}"#, r#"{"type":"Point","coordinates":[-121.5,38.6]}"#),
        ]);
        let shapes = parse(&text, "us.geojson").unwrap().of(&Regions::choose("US", std::iter::empty())).unwrap();
        let codes: Vec<&str> = shapes.paths.iter().map(|(code, _)| code.as_str()).collect();
        assert_eq!(codes, ["US-CA", "US-OR"]);
        assert_eq!(shapes.size.1, WIDTH);
        // Oregon lies north: its upper left corner is that of the map.
        assert!(shapes.paths[1].1.contains("0,0"), "{}", shapes.paths[1].1);
        let of_france = parse(&text, "us.geojson").unwrap().of(&Regions::choose("FR", std::iter::empty()));
        assert_eq!(of_france, None);
    }

    #[test]
    fn hostile_shapes_are_refused_with_their_place() {
        let refused = |text: &str| parse(text, "x.geojson").unwrap_err().to_string();
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        let of = |geometry: &str| refused(&collection(&[feature(r#"{"code":"CA"}"#, geometry)]));
        for (message, expected) in [
            (refused("no json"), "`x.geojson`: expected"),
            (refused(&deep), "recursion limit"),
            (refused(r#"{"type":"Topology"}"#), "`Topology`, not `FeatureCollection`"),
            (refused(&collection(&[])), "no polygon"),
            (of(r#"{"type":"Point","coordinates":[1,2]}"#), "no polygon"),
            (of("null"), "no polygon"),
            (of(&square(179.0, 0.0)), "feature 1 (CA): the corner 181, 0 is out of range"),
            (of(r#"{"type":"Polygon","coordinates":[[[0,0],[1,null],[1,1]]]}"#), "no pair of numbers"),
            (of(r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,0]]]}"#), "fewer than three corners"),
            (of(r#"{"type":"MultiPolygon","coordinates":[[]]}"#), "has no rings"),
            (refused(&collection(&[feature("{}", &square(0.0, 0.0))])), "feature 1 does not say which region"),
        ] {
            assert!(message.contains(expected), "{expected}: {message}");
        }
    }

    #[test]
    fn fine_shapes_become_coarse() {
        let corners: Vec<String> = (0..200_000)
            .map(|n| {
                let angle = f64::from(n) / 200_000.0 * std::f64::consts::TAU;
                format!("[{},{}]", 2.0 + angle.cos(), 46.0 + angle.sin())
            })
            .collect();
        let geometry = format!(r#"{{"type":"Polygon","coordinates":[[{}]]}}"#, corners.join(","));
        let outlines = parse(&collection(&[feature(r#"{"name":"Bretagne"}"#, &geometry)]), "a.geojson").unwrap();
        let shapes = outlines.of(&Regions::choose("FR", std::iter::empty())).unwrap();
        assert!(shapes.paths[0].1.matches(' ').count() < KEPT_POINTS, "{}", shapes.paths[0].1.len());
    }
}
