//! Points of `geolocation` → one location per zip prefix. Part of `tables`.

use std::collections::BTreeMap;

use polars::prelude::*;

use crate::error::Result;
use crate::input::quarantine::as_csv;
use crate::input::quarantine::{Quarantine, Quarantined};
use crate::schema::contract::{Scope, TableId, ZIP_LOCATION_COLUMNS};
use crate::table::quantiles::median;

/// Bounds of Brazil with its islands, decimal degrees (IBGE): Arroio Chuí, Monte Caburaí, Nascente do Moa, Ilha da Trindade.
pub(crate) const LATITUDES: std::ops::RangeInclusive<f64> = -33.76..=5.28;
pub(crate) const LONGITUDES: std::ops::RangeInclusive<f64> = -74.0..=-28.8;

/// Computes for every prefix the median point and the most frequent city and state. Points outside Brazil are quarantined.
///
/// `geolocation` must be sorted by prefix; `lines` are the lines of its rows in `file`. Ties of the most frequent name go to the
/// alphabetically first.
pub(crate) fn locate(geolocation: &DataFrame, file: &str, lines: &[u32]) -> Result<(DataFrame, Quarantine)> {
    let [zip, lat, lng, city, state] = [0, 1, 2, 3, 4].map(|i| TableId::Geolocation.table().columns[i].name);
    let (zips, cities, states) =
        (geolocation.column(zip)?.str()?, geolocation.column(city)?.str()?, geolocation.column(state)?.str()?);
    let (lats, lngs) = (geolocation.column(lat)?.f64()?, geolocation.column(lng)?.f64()?);

    let mut out = Locations::default();
    let mut group = Group::default();
    let mut outside = Quarantine::default();
    let points = zips.iter().zip(lats.iter()).zip(lngs.iter()).zip(cities.iter().zip(states.iter()));
    for ((((zip, lat), lng), (city, state)), line) in points.zip(lines) {
        // Whole columns may be missing; a point without coordinates is skipped.
        let (Some(zip), Some(lat), Some(lng)) = (zip, lat, lng) else { continue };
        if LATITUDES.contains(&lat) && LONGITUDES.contains(&lng) {
            if group.zip != zip {
                out.push(&mut group);
                group.zip = zip;
            }
            group.add(lat, lng, city, state);
        } else {
            let names = (city.unwrap_or_default(), state.unwrap_or_default());
            outside.add(outside_brazil(file, Some(*line), zip, (lat, lng), names));
        }
    }
    out.push(&mut group);
    Ok((out.into_frame()?, outside))
}

/// The quarantine entry for a point outside Brazil.
#[cold]
pub(crate) fn outside_brazil(
    file: &str,
    line: Option<u32>,
    zip: &str,
    (lat, lng): (f64, f64),
    (city, state): (&str, &str),
) -> Quarantined {
    let columns = TableId::Geolocation.table().columns;
    let (column, value) = match LATITUDES.contains(&lat) {
        true => (columns[2].source, lng),
        false => (columns[1].source, lat),
    };
    let record = as_csv([zip, &lat.to_string(), &lng.to_string(), city, state].iter());
    let (line, value) = (line.map(u64::from), value.to_string());
    Quarantined::new(file.into(), line, Scope::Row, (column, &value), "outside Brazil".into(), &record)
}

/// The points of one prefix.
#[derive(Default)]
struct Group<'a> {
    zip: &'a str,
    lats: Vec<f64>,
    lngs: Vec<f64>,
    cities: BTreeMap<&'a str, usize>,
    states: BTreeMap<&'a str, usize>,
}

impl<'a> Group<'a> {
    fn add(&mut self, lat: f64, lng: f64, city: Option<&'a str>, state: Option<&'a str>) {
        self.lats.push(lat);
        self.lngs.push(lng);
        if let Some(city) = city {
            *self.cities.entry(city).or_default() += 1;
        }
        if let Some(state) = state {
            *self.states.entry(state).or_default() += 1;
        }
    }
}

/// The columns of the result.
#[derive(Default)]
struct Locations<'a> {
    zips: Vec<&'a str>,
    lats: Vec<f64>,
    lngs: Vec<f64>,
    cities: Vec<Option<&'a str>>,
    states: Vec<Option<&'a str>>,
    points: Vec<i64>,
}

impl<'a> Locations<'a> {
    /// Appends the location of a complete group, and empties the group.
    fn push(&mut self, group: &mut Group<'a>) {
        if group.lats.is_empty() {
            return;
        }
        self.zips.push(group.zip);
        self.points.push(group.lats.len() as i64);
        self.lats.push(median(&mut group.lats));
        self.lngs.push(median(&mut group.lngs));
        self.cities.push(most_frequent(&group.cities));
        self.states.push(most_frequent(&group.states));
        *group = Group {
            lats: std::mem::take(&mut group.lats),
            lngs: std::mem::take(&mut group.lngs),
            ..Default::default()
        };
        group.lats.clear();
        group.lngs.clear();
    }

    fn into_frame(self) -> Result<DataFrame> {
        let [zip, lat, lng, city, state, points] = ZIP_LOCATION_COLUMNS.map(|c| c.name);
        Ok(
            df!(zip => self.zips, lat => self.lats, lng => self.lngs, city => self.cities, state => self.states, points => self.points)?,
        )
    }
}

/// The most frequent name; `None` if no point has one.
fn most_frequent<'a>(counts: &BTreeMap<&'a str, usize>) -> Option<&'a str> {
    let greatest = counts.values().max();
    counts.iter().find(|(_, n)| Some(*n) == greatest).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_gets_its_median_and_points_outside_go() {
        let c = TableId::Geolocation.table().columns;
        let points = df!(
            c[0].name => ["01000", "01000", "01000", "02000", "02000"],
            c[1].name => [-23.0, -24.0, 41.6, -10.0, -11.0],
            c[2].name => [-46.0, -46.5, -8.4, -50.0, -50.0],
            c[3].name => [Some("b"), Some("a"), Some("porto"), None, None],
            c[4].name => [Some("SP"), None, Some("SP"), Some("TO"), Some("TO")],
        )
        .unwrap();
        let (located, outside) = locate(&points, "points.csv", &[2, 3, 4, 5, 6]).unwrap();
        assert_eq!(located.height(), 2);
        assert_eq!(located.column("latitude").unwrap().f64().unwrap().get(0), Some(-23.5));
        assert_eq!(located.column("city").unwrap().str().unwrap().get(0), Some("a"));
        // A point stays when its city alone is quarantined.
        assert_eq!(located.column("city").unwrap().str().unwrap().get(1), None);
        assert_eq!(located.column("points").unwrap().i64().unwrap().to_vec(), [Some(2), Some(2)]);
        let first = &outside.listed[0];
        assert_eq!((outside.rows, first.line, first.value.as_str()), (1, Some(4), "41.6"));
    }
}
