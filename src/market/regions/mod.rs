//! Where orders go: country and region as an export spells them → codes. The parts of a country are those of ISO 3166-2. Used by `lines`.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::values::folded;

/// The parts of the country to which most orders go; countries if none has nine tenths of them.
pub const AUTO: &str = "auto";
/// Countries are the regions.
pub const COUNTRIES: &str = "countries";
/// All orders go to one region.
pub const SINGLE: &str = "single";
/// The code of the only region.
pub(crate) const ALL: &str = "ALL";
/// Share of the orders that one country must have for its parts to be the regions.
const MOST: f64 = 0.9;

/// What `regions.toml` holds.
#[derive(Deserialize)]
struct Lists {
    countries: BTreeMap<String, String>,
    regions: BTreeMap<String, BTreeMap<String, String>>,
    aliases: BTreeMap<String, BTreeMap<String, String>>,
}

static LISTS: LazyLock<Lists> = LazyLock::new(|| {
    let lists = toml::from_str(include_str!("regions.toml"));
    lists.unwrap_or(Lists { countries: BTreeMap::new(), regions: BTreeMap::new(), aliases: BTreeMap::new() })
});

/// What `regions` of a description may be.
pub fn choices() -> Vec<&'static str> {
    [AUTO, COUNTRIES, SINGLE].into_iter().chain(LISTS.regions.keys().map(String::as_str)).collect()
}

/// Whether a description may say so.
pub fn is_known(choice: &str) -> bool {
    choices().contains(&choice)
}

/// A region: its code and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Region {
    /// Code: `SP`, `US-CA`, `France`.
    pub code: String,
    /// Name.
    pub name: String,
}

/// The regions of a market.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Regions {
    /// The country whose parts they are; `None` if they are countries, or one.
    pub country: Option<String>,
    /// Sorted by code.
    pub list: Vec<Region>,
    /// Spelling without case and accents → code.
    spellings: HashMap<String, String>,
}

/// Spelling → code, for codes, names and aliases.
fn spellings(names: &BTreeMap<String, String>, aliases: Option<&BTreeMap<String, String>>) -> HashMap<String, String> {
    let aliases = aliases.into_iter().flatten().map(|(alias, code)| (alias.clone(), code.clone()));
    let names = names.iter().flat_map(|(code, name)| [(folded(code), code.clone()), (folded(name), code.clone())]);
    aliases.chain(names).collect()
}

static SPELLINGS_OF_COUNTRIES: LazyLock<HashMap<String, String>> =
    LazyLock::new(|| spellings(&LISTS.countries, LISTS.aliases.get("countries")));

/// The ISO 3166-1 code of a country, however it is spelled.
pub(crate) fn country(text: &str) -> Option<&'static str> {
    SPELLINGS_OF_COUNTRIES.get(&folded(text)).map(String::as_str)
}

impl Regions {
    /// The regions of a description; `auto` takes them from the countries and places of the orders.
    pub fn choose<'a>(
        choice: &str,
        orders: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)> + Clone,
    ) -> Regions {
        match choice {
            SINGLE => Regions::of(None, BTreeMap::from([(ALL.to_string(), ALL.to_string())]), None),
            COUNTRIES => Regions::countries(),
            AUTO => Regions::of_most(orders),
            code => Regions::of_country(code),
        }
    }

    fn of(
        country: Option<&str>,
        names: BTreeMap<String, String>,
        aliases: Option<&BTreeMap<String, String>>,
    ) -> Regions {
        let spellings = spellings(&names, aliases);
        let list = names.into_iter().map(|(code, name)| Region { code, name }).collect();
        Regions { country: country.map(String::from), list, spellings }
    }

    /// Their codes are their names: a code of two letters may also be that of a state of Brazil.
    fn countries() -> Regions {
        let mut regions = Regions::of(None, LISTS.countries.clone(), LISTS.aliases.get("countries"));
        regions.recode(|region| region.name.clone());
        regions
    }

    /// Codes are those of ISO 3166-2, `US-CA`; of Brazil without the country's, as in Olist's data.
    fn of_country(code: &str) -> Regions {
        let names = LISTS.regions.get(code).cloned().unwrap_or_default();
        let mut regions = Regions::of(Some(code), names, LISTS.aliases.get(code));
        if code != "BR" {
            regions.recode(|region| format!("{code}-{}", region.code));
        }
        regions
    }

    /// Gives each region another code.
    fn recode(&mut self, code: impl Fn(&Region) -> String) {
        let new: HashMap<String, String> = self.list.iter().map(|region| (region.code.clone(), code(region))).collect();
        self.list.iter_mut().for_each(|region| region.code = new[&region.code].clone());
        self.list.sort_by(|a, b| a.code.cmp(&b.code));
        self.spellings.values_mut().for_each(|code| *code = new.get(code).cloned().unwrap_or_default());
    }

    /// The parts of the country of most orders, if it has enough of them and its parts are named; otherwise countries.
    fn of_most<'a>(orders: impl Iterator<Item = (Option<&'a str>, Option<&'a str>)> + Clone) -> Regions {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (text, _) in orders.clone() {
            if let Some(code) = text.and_then(country) {
                *counts.entry(code).or_default() += 1;
            }
        }
        let known: usize = counts.values().sum();
        if known > 0 {
            let (code, most) = counts
                .iter()
                .max_by_key(|(code, count)| (**count, std::cmp::Reverse(**code)))
                .map_or(("", 0), |(c, n)| (*c, *n));
            let regions = Regions::of_country(code);
            let named = orders
                .filter(|(_, place)| place.is_some_and(|place| regions.code(None, Some(place)).is_some()))
                .count();
            return match most as f64 >= MOST * known as f64 && named * 2 > most {
                true => regions,
                false => Regions::countries(),
            };
        }
        // No country is named: the places themselves say whose parts they are.
        let fits = |code: &&String| {
            let regions = Regions::of_country(code);
            orders
                .clone()
                .filter(|(_, place)| place.is_some_and(|place| regions.code(None, Some(place)).is_some()))
                .count()
        };
        match LISTS.regions.keys().map(|code| (fits(&code), std::cmp::Reverse(code))).max() {
            Some((1.., code)) => Regions::of_country(code.0),
            _ => Regions::choose(SINGLE, orders),
        }
    }

    /// The code of the region of an order; `None` if it is not known.
    pub fn code(&self, country_text: Option<&str>, place: Option<&str>) -> Option<String> {
        let find = |text: &str| {
            let text = folded(text);
            // `US-CA` is `CA` of the United States.
            let short = || self.country.as_ref().and_then(|code| text.strip_prefix(&format!("{}-", folded(code))));
            self.spellings.get(&text).or_else(|| self.spellings.get(short()?)).cloned()
        };
        match &self.country {
            None if self.list.len() == 1 => Some(ALL.into()),
            None => country_text.or(place).and_then(find),
            Some(own) => match country_text.and_then(country) {
                Some(code) if code != own => None,
                _ => place.and_then(find),
            },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete_and_every_alias_has_its_region() {
        assert_eq!(LISTS.countries.len(), 249);
        for (country, regions) in [("BR", 27), ("CA", 13), ("MX", 32), ("DE", 16), ("IT", 20), ("AU", 8), ("GB", 4)] {
            assert_eq!(LISTS.regions[country].len(), regions, "{country}");
        }
        for (list, aliases) in &LISTS.aliases {
            let codes = if list == COUNTRIES { &LISTS.countries } else { &LISTS.regions[list] };
            for (alias, code) in aliases {
                assert!(codes.contains_key(code), "{list}: {alias}");
                assert_eq!(*alias, folded(alias));
            }
        }
        let states = crate::schema::contract::STATES.map(|state| state.0);
        assert!(LISTS.regions["BR"].keys().eq(states.iter()));
    }

    #[test]
    fn spellings_lead_to_codes() {
        let india = Regions::of_country("IN");
        for text in ["Orissa", "ODISHA", "OD", "IN-OD"] {
            assert_eq!(india.code(None, Some(text)).as_deref(), Some("IN-OD"), "{text}");
        }
        let brazil = Regions::of_country("BR");
        assert_eq!(brazil.code(Some("Brasil"), Some("SÃO PAULO")).as_deref(), Some("SP"));
        assert_eq!(brazil.code(Some("PT"), Some("SP")), None);
        assert_eq!(Regions::countries().code(Some("France"), Some("Bretagne")).as_deref(), Some("France"));
        assert_eq!(Regions::choose(SINGLE, std::iter::empty()).code(None, None).as_deref(), Some(ALL));
    }

    #[test]
    fn the_country_of_most_orders_gives_the_regions() {
        let of = |orders: &[(Option<&'static str>, Option<&'static str>)]| {
            Regions::choose(AUTO, orders.iter().copied()).country
        };
        assert_eq!(of(&[(Some("US"), Some("OR")); 10]).as_deref(), Some("US"));
        assert_eq!(of(&[(Some("US"), Some("OR")), (Some("CA"), Some("ON"))]), None);
        // Exports name no parts of some countries.
        assert_eq!(of(&[(Some("FR"), None); 10]), None);
        assert_eq!(of(&[(None, Some("California")), (None, Some("Texas"))]).as_deref(), Some("US"));
        assert_eq!(of(&[(None, None)]), None);
    }
}
