//! The plan of a trial, as `trial.toml` holds it: written by `design`, read by `verdict`, edited by its reader.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::sales::RegionKind;
use crate::error::{Error, Result};
use crate::text::place;

/// Characters of a code that are not taken for another.
const CLEAR: &[u8; 31] = b"23456789ABCDEFGHJKLMNPQRSTUVWXY";
/// Random characters of a code.
const RANDOM: usize = 4;
/// Characters of an arm's name that its code begins with.
const OF_NAME: usize = 8;
/// No trial is longer, weeks.
pub const MAX_WEEKS: u32 = 104;
/// No money is more.
pub const MAX_MONEY: f64 = 1e12;

/// A trial: common facts, and one of three ways to learn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Money for advertising during the trial.
    pub budget: f64,
    /// First day, `YYYY-MM-DD`.
    #[serde(with = "day")]
    pub start: NaiveDate,
    /// Length.
    pub weeks: u32,
    /// Seed of the assignment and of the codes.
    pub seed: u64,
    /// A shop that advertises in several places, each with a coupon code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Codes>,
    /// A shop that advertises in a part of the country and compares the orders of both parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// A marketplace that advertises in one region of each pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regions: Option<Regions>,
}

/// See [`Plan::codes`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Codes {
    /// What an order leaves before advertising is paid.
    pub contribution: f64,
    /// Median cost of an order that is assumed before any order is seen.
    pub cost_per_order: f64,
    /// Standard deviation of its logarithm between arms, assumed.
    pub log_sd: f64,
    /// The places, or campaigns.
    pub arms: Vec<Arm>,
}

/// An arm of a trial with codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Its name.
    pub name: String,
    /// The coupon code that its advertising shows.
    pub code: String,
    /// Money for its test.
    pub test: f64,
    /// Money spent so far; by the calendar of the plan if it is not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<f64>,
}

/// See [`Plan::parts`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parts {
    /// What an order leaves before advertising is paid.
    pub contribution: f64,
    /// Regions that are advertised; all others are compared.
    pub treated: Vec<String>,
    /// Their share of the orders without advertising, if it is known; otherwise as many weeks before the trial tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
}

/// See [`Plan::regions`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regions {
    /// What the regions are.
    pub by: RegionKind,
    /// Part of the revenue that is left before advertising is paid.
    pub margin: f64,
    /// Regions that are advertised.
    pub treated: Vec<String>,
    /// Regions that are not.
    pub control: Vec<String>,
    /// Sums of the 26 weeks before, advertised and other regions.
    pub revenue_before: [f64; 2],
    /// The same of orders.
    pub orders_before: [f64; 2],
    /// Standard deviation of the log effect of trials without advertising, on revenue.
    pub revenue_spread: f64,
    /// The same on orders.
    pub orders_spread: f64,
}

/// Which of the three ways.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Way<'a> {
    Codes(&'a Codes),
    Parts(&'a Parts),
    Regions(&'a Regions),
}

impl Plan {
    /// Parses a plan; `name` stands for the file in messages.
    ///
    /// # Errors
    /// [`Error::Input`]: it is no TOML, has an unknown or missing key, or contradicts itself; names the file and the line.
    pub fn parse(text: &str, name: &str) -> Result<Plan> {
        let hint = "`pfe trial design --plan FILE` writes a complete one";
        let plan: Plan = toml::from_str(text).map_err(|error| {
            let at = place(name, text, error.span().map(|span| span.start));
            Error::input(format!("{at}: {}", error.message())).with_hint(hint)
        })?;
        match plan.problem() {
            None => Ok(plan),
            Some(problem) => Err(Error::input(format!("`{name}`: {problem}")).with_hint(hint)),
        }
    }

    /// The first contradiction in it.
    fn problem(&self) -> Option<String> {
        let money = |name: &str, value: f64| {
            (!(value > 0.0 && value < MAX_MONEY)).then(|| format!("`{name}` is {value}, not an amount above 0"))
        };
        let share = |name: &str, value: f64| {
            (!(value > 0.0 && value < 1.0)).then(|| format!("`{name}` is {value}, not between 0 and 1"))
        };
        let is_code = self.currency.len() == 3 && self.currency.bytes().all(|b| b.is_ascii_uppercase());
        let mut problems = vec![
            (!is_code)
                .then(|| format!("`currency` is `{}`: an ISO 4217 code such as `BRL` is expected", self.currency)),
            money("budget", self.budget),
            (!(1..=MAX_WEEKS).contains(&self.weeks))
                .then(|| format!("`weeks` is {}: 1 to {MAX_WEEKS} are expected", self.weeks)),
        ];
        match self.way() {
            None => problems.push(Some("exactly one of `[codes]`, `[parts]` and `[regions]` is expected".into())),
            Some(Way::Codes(codes)) => {
                problems.extend([
                    money("codes.contribution", codes.contribution),
                    money("codes.cost_per_order", codes.cost_per_order),
                    (!(codes.log_sd > 0.0 && codes.log_sd <= 3.0))
                        .then(|| format!("`codes.log_sd` is {}: above 0 and at most 3 are expected", codes.log_sd)),
                    (codes.arms.len() < 2).then(|| "`codes.arms` has fewer than two arms".into()),
                    repeated(codes.arms.iter().map(|arm| arm.name.as_str())).map(|n| format!("arm `{n}` comes twice")),
                    repeated(codes.arms.iter().map(|arm| arm.code.as_str())).map(|c| format!("code `{c}` comes twice")),
                    codes.arms.iter().any(|arm| arm.code.trim().is_empty()).then(|| "an arm has no code".into()),
                ]);
                problems.extend(codes.arms.iter().map(|arm| money("test", arm.test)));
                let bad = codes.arms.iter().filter_map(|arm| arm.spent).find(|s| !(0.0..MAX_MONEY).contains(s));
                problems.push(bad.map(|spent| format!("`spent` is {spent}, not an amount")));
                let some = codes.arms.iter().filter(|arm| arm.spent.is_some()).count();
                problems.push(
                    (some != 0 && some != codes.arms.len()).then(|| "`spent` is given for some arms only".into()),
                );
            }
            Some(Way::Parts(parts)) => problems.extend([
                money("parts.contribution", parts.contribution),
                parts.share.and_then(|value| share("parts.share", value)),
                parts.treated.is_empty().then(|| "`parts.treated` names no region".into()),
                repeated(parts.treated.iter().map(String::as_str)).map(|name| format!("region `{name}` comes twice")),
            ]),
            Some(Way::Regions(regions)) => {
                problems.extend([
                    share("regions.margin", regions.margin),
                    (regions.treated.is_empty() || regions.control.is_empty())
                        .then(|| "`regions` needs regions with and without advertising".into()),
                    repeated(regions.treated.iter().chain(&regions.control).map(String::as_str))
                        .map(|name| format!("region `{name}` comes twice")),
                ]);
                let sums = regions.revenue_before.iter().chain(&regions.orders_before);
                let values = sums.chain([&regions.revenue_spread, &regions.orders_spread]);
                problems.extend(values.map(|value| money("a sum or spread of `regions`", *value)));
            }
        }
        problems.into_iter().flatten().next()
    }

    /// Which of the three ways it is; `None` if not exactly one is given.
    pub(crate) fn way(&self) -> Option<Way<'_>> {
        match (&self.codes, &self.parts, &self.regions) {
            (Some(codes), None, None) => Some(Way::Codes(codes)),
            (None, Some(parts), None) => Some(Way::Parts(parts)),
            (None, None, Some(regions)) => Some(Way::Regions(regions)),
            _ => None,
        }
    }

    /// The last day.
    pub fn last_day(&self) -> NaiveDate {
        self.start + Days::new(7 * u64::from(self.weeks) - 1)
    }

    /// The file: what its reader has to know as comments, then the keys.
    ///
    /// # Errors
    /// [`Error::Internal`]: a value has no place in TOML.
    pub fn to_toml(&self) -> Result<String> {
        let explained = match self.way() {
            Some(Way::Codes(_)) => {
                "# Show each arm's code in its advertising alone. `test` is the money of its test; write `spent` (the money so far) into\n\
                 # every arm if you spend otherwise than planned. `contribution`, `cost_per_order` and `log_sd` are assumptions until\n\
                 # you put your own numbers there."
            }
            Some(Way::Parts(_)) => {
                "# Advertise in the regions of `treated` alone, and change nothing else. `share` is their share of the orders without\n\
                 # advertising; without it, the orders of as many weeks before the trial tell. `contribution` is an assumption until you\n\
                 # put your own number there."
            }
            _ => {
                "# Advertise in the regions of `treated` alone, and change nothing else. The sums before and the spreads come from the data:\n\
                 # leave them. `margin` is an assumption until you put your own number there."
            }
        };
        let keys = toml::to_string(self).map_err(|error| Error::Internal(format!("the plan is no TOML: {error}")))?;
        Ok(format!(
            "# A trial, from {} to {}. Read it afterwards: pfe trial read THIS_FILE --orders orders.csv\n{explained}\n{keys}",
            self.start,
            self.last_day()
        ))
    }
}

/// The first name that comes a second time, whatever its case.
fn repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = std::collections::BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(folded(name)))
}

/// How names and codes are compared: without case and surrounding blanks.
pub(crate) fn folded(text: &str) -> String {
    text.trim().to_uppercase()
}

/// A coupon code for each arm: the letters of its name, then random characters.
pub(crate) fn codes(names: &[String], seed: u64) -> Vec<String> {
    let mut draws = super::statistics::draws::Draws::new(seed);
    let code = |name: &String| {
        let letters = name.chars().filter(char::is_ascii_alphanumeric).take(OF_NAME);
        let random: String = (0..RANDOM).map(|_| char::from(CLEAR[draws.below(CLEAR.len())])).collect();
        format!("{}-{random}", letters.collect::<String>().to_uppercase())
    };
    names.iter().map(code).collect()
}

/// Days as `YYYY-MM-DD`.
pub(super) mod day {
    use chrono::NaiveDate;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(day: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&day.to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::custom(format!("`{text}` is no day such as 2026-03-01")))
    }
}
