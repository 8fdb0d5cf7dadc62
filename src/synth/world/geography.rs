//! States → cities → zip prefixes → addresses, and rows of the geolocation file. Used by `catalog` and `orders`.

use super::cities::{CITIES, TOWN_FIRST, TOWN_LAST, plain};
use crate::synth::rng::{Alias, Keyed, Source};
use crate::synth::shape::{ORIGINAL_ORDERS, STATES};
use crate::synth::write::Rows;

/// Most zip prefixes: those with a location in the original.
const MAX_PREFIXES: u64 = 19_000;
/// Rows of the original's geolocation file without exact duplicates; the generated file does not grow beyond that.
const ORIGINAL_POINTS: u64 = 738_332;
const MAX_POINTS: u64 = 1_000_000;
/// Number of points outside Brazil in the original.
const STRAY_POINTS: u64 = 33;

/// Factor from hundredths of a degree to millionths, the unit of positions.
const MICRO: i64 = 10_000;

/// A city, its name with and without accents.
#[derive(Debug)]
struct City {
    accented: String,
    plain: String,
}

/// A zip prefix.
#[derive(Debug)]
struct Prefix {
    zip: u32,
    state: usize,
    city: usize,
    /// Latitude and longitude.
    at: [i64; 2],
    /// First row of its points in the geolocation file; they end before those of the next prefix.
    first_point: u64,
}

/// An address.
#[derive(Debug, Clone, Copy)]
pub struct Home<'a> {
    /// Zip prefix.
    pub zip: u32,
    /// City without accents.
    pub city: &'a str,
    /// Index into [`STATES`].
    pub state: usize,
}

/// All addresses.
#[derive(Debug)]
pub struct Geography {
    cities: Vec<City>,
    prefixes: Vec<Prefix>,
    /// For each state, its first prefix and the weights of its prefixes.
    states: Vec<(usize, Alias)>,
    points: u64,
}

/// A prefix whose points are not yet counted.
struct Draft {
    prefix: Prefix,
    weight: u64,
    located: bool,
}

impl Geography {
    /// As many prefixes as suit this number of orders.
    pub fn new(orders: u64, seed: Keyed) -> Self {
        let wanted = (orders * MAX_PREFIXES / ORIGINAL_ORDERS).min(MAX_PREFIXES);
        let all: u64 = STATES.iter().map(|s| s.zips).sum();
        let mut cities = Vec::new();
        let mut drafts: Vec<Draft> = Vec::new();
        let mut states = Vec::new();
        for (state, shape) in STATES.iter().enumerate() {
            let count = ((shape.zips * wanted + all / 2) / all).max(3);
            let first = drafts.len();
            settle(state, count, seed, &mut cities, &mut drafts);
            states.push((first, Alias::new(drafts[first..].iter().map(|d| d.weight))));
        }

        // Points are distributed by population; every located prefix has at least one.
        let located = drafts.iter().filter(|d| d.located).count() as u64;
        let target = (orders * ORIGINAL_POINTS / ORIGINAL_ORDERS).min(MAX_POINTS).max(located);
        let mut weight_so_far = 0u128;
        let mut located_so_far = 0;
        let weigh =
            |d: &Draft| if d.located { u128::from(d.weight) * u128::from(STATES[d.prefix.state].customers) } else { 0 };
        let weights: u128 = drafts.iter().map(weigh).sum();
        for draft in &mut drafts {
            draft.prefix.first_point = located_so_far + (u128::from(target - located) * weight_so_far / weights) as u64;
            weight_so_far += weigh(draft);
            located_so_far += u64::from(draft.located);
        }
        let prefixes: Vec<Prefix> = drafts.into_iter().map(|d| d.prefix).collect();
        Geography { cities, prefixes, states, points: target }
    }

    /// Number of rows of the geolocation file.
    pub fn points(&self) -> u64 {
        self.points
    }

    /// A random address in a state.
    #[inline]
    pub fn home(&self, state: usize, source: &mut impl Source) -> Home<'_> {
        let (first, alias) = &self.states[state];
        let prefix = &self.prefixes[first + alias.pick(source)];
        Home { zip: prefix.zip, city: &self.cities[prefix.city].plain, state }
    }

    /// Writes the geolocation rows of this range.
    pub fn write(&self, range: std::ops::Range<u64>, source: &mut impl Source, rows: &mut Rows) {
        let mut at = self.prefixes.partition_point(|p| p.first_point <= range.start) - 1;
        for row in range {
            while self.prefixes.get(at + 1).is_some_and(|next| next.first_point <= row) {
                at += 1;
            }
            let prefix = &self.prefixes[at];
            let city = &self.cities[prefix.city];
            let stray = source.below(ORIGINAL_POINTS) < STRAY_POINTS;
            rows.zip(prefix.zip);
            for (axis, centre) in prefix.at.into_iter().enumerate() {
                // Most points are within two kilometres, some within ten: not all typed addresses are accurate.
                let sigma = if source.below(20) == 0 { 12 } else { 2 };
                let micro = centre + source.normal() / 8 * sigma / 8;
                // Some streets are mistaken for those of the same name in Portugal.
                rows.degrees(
                    if stray { [39_000_000, -8_500_000][axis] + micro / 50 } else { micro },
                    source.below(100_000_000),
                );
            }
            // One in six inhabitants of a city with an accent types it.
            rows.text(if source.below(6) == 0 { &city.accented } else { &city.plain });
            rows.text(STATES[prefix.state].code);
            rows.end();
        }
    }
}

/// Lays out the prefixes of a state: first its main cities, then towns of a few prefixes each.
fn settle(state: usize, count: u64, seed: Keyed, cities: &mut Vec<City>, drafts: &mut Vec<Draft>) {
    let shape = &STATES[state];
    let mut draws = seed.draws(state as u64);
    let mut placed = 0;
    let mut place = |draws: &mut dyn FnMut(u64) -> u64,
                     city: usize,
                     centre: [i64; 2],
                     many: u64,
                     share: u64,
                     spread: i64,
                     town: bool| {
        for _ in 0..many {
            let span = u64::from(shape.zip_range.1 - shape.zip_range.0) + 1;
            let slot = |i: u64| i * span / count;
            let zip = slot(placed) + draws(slot(placed + 1) - slot(placed));
            placed += 1;
            let near = |centre: i64, draw: u64| centre + (draw as i64 - 1_000) * spread / 1_000;
            let at = [near(centre[0], draws(2_001)), near(centre[1], draws(2_001))];
            // Heavy-tailed sizes: some prefixes are a whole quarter, others a street.
            let size = [2, 3, 4, 5, 6, 8, 12, 24][draws(8) as usize] * (50 + draws(100));
            drafts.push(Draft {
                prefix: Prefix { zip: shape.zip_range.0 + zip as u32, state, city, at, first_point: 0 },
                weight: (share * size / many).max(1),
                // One prefix in a hundred has no location in the original; all of them are small.
                located: !(town && draws(200) == 0),
            });
        }
    };
    let mut below = |n: u64| draws.below(n);

    let main = CITIES.iter().find(|(code, _)| *code == shape.code).map_or(&[][..], |(_, main)| main);
    let mut rest = count;
    let mut rest_share = 1_000;
    for &(name, share, prefixes, lat, lng) in main {
        let many = (count * prefixes / 1_000).max(1).min(rest.saturating_sub(1));
        if many == 0 {
            continue;
        }
        cities.push(City { accented: name.into(), plain: plain(name) });
        place(&mut below, cities.len() - 1, [lat * MICRO, lng * MICRO], many, share * 1_000, 60_000, false);
        rest -= many;
        rest_share -= share;
    }
    let towns = rest;
    while rest > 0 {
        let many = (1 + below(3)).min(rest);
        let [south, north, west, east] = shape.bounds;
        let centre = [south + below((north - south) as u64 + 1) as i64, west + below((east - west) as u64 + 1) as i64];
        let first = TOWN_FIRST[below(TOWN_FIRST.len() as u64) as usize];
        let last = TOWN_LAST[below(TOWN_LAST.len() as u64) as usize];
        let name = format!("{first} {last}");
        cities.push(City { plain: plain(&name), accented: name });
        let share = rest_share * 1_000 * many / towns;
        place(&mut below, cities.len() - 1, centre.map(|c| c * MICRO), many, share, 30_000, true);
        rest -= many;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::synth::rng::Stream;

    #[test]
    fn prefixes_are_distinct_and_lie_in_their_state() {
        let geography = Geography::new(100_000, Keyed::new(1, 1));
        assert!((18_900..19_300).contains(&geography.prefixes.len()), "{}", geography.prefixes.len());
        assert_eq!(geography.points(), 742_482);
        assert!(geography.prefixes.windows(2).all(|w| w[0].state != w[1].state || w[0].zip < w[1].zip));
        for prefix in &geography.prefixes {
            let (low, high) = STATES[prefix.state].zip_range;
            assert!((low..=high).contains(&prefix.zip));
        }
        let mut source = Stream::new(1, 1, 1);
        let capital = (0..1_000).filter(|_| geography.home(25, &mut source).city == "sao paulo").count();
        assert!((270..480).contains(&capital), "{capital}");
    }
}
