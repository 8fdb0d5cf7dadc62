//! The description of a market: one TOML file → [`Market`], with every mistake named by line. Next: `operations`.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub mod field;
mod origin;
pub mod shapes;

pub use self::field::{Field, Kind};
use self::origin::Origin;
use self::shapes::Outlines;
use super::regions;
use crate::error::{Error, Result};
use crate::regular;
use crate::schema::contract::ORDER_STATUSES;
use crate::schema::read_options::{DateOrder, DecimalMark};
use crate::text::{listed, place};

/// Longest description, bytes.
const MAX_BYTES: u64 = 1 << 20;

/// A market, as its TOML file describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Market {
    /// Short name: lower case letters, digits and `_`.
    pub name: String,
    /// What users call it.
    pub title: String,
    /// ISO 4217 code of the currency, where no column holds it.
    pub currency: String,
    /// IANA name of the time zone to which instants with an offset are converted; without it they keep the clock time that they are written with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Where orders go: a country whose parts are the regions (`US`), `countries`, `single`, or `auto`: the parts of the country of most orders.
    #[serde(default = "auto")]
    pub regions: String,
    /// GeoJSON file with the shapes of the regions, beside the description; see [`shapes`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shapes: Option<String>,
    /// What that file holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outlines: Option<Outlines>,
    /// Order of dates such as `03/04/2018`, if no value settles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dates: Option<DateOrder>,
    /// Decimal mark of numbers such as `1.230`, if no value settles it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbers: Option<DecimalMark>,
    /// The files of an export. That of the lines comes from [`Market::lines`]; the others are joined to it.
    pub files: BTreeMap<String, ExportFile>,
    /// The file whose rows are order lines.
    pub lines: String,
    /// Files that are joined to the lines, in this order.
    #[serde(default, rename = "join", skip_serializing_if = "Vec::is_empty")]
    pub joins: Vec<Join>,
    /// Items that are packed into cells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpack: Option<Unpack>,
    /// Lines that stand for several lines below them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parents: Option<Parents>,
    /// Where each field comes from.
    pub fields: BTreeMap<Field, Operation>,
    /// Where it stands, if a user wrote it.
    #[serde(skip)]
    pub(crate) origin: Origin,
}

/// A file of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportFile {
    /// Headers that a file must have to be this one; compared without case and surrounding spaces. `a|b` is one of two, `a*` any that starts so.
    pub headers: Vec<String>,
    /// Whether the market does without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Values that stand on the first row of a group only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fill: Option<Fill>,
    /// JSON only: the list whose elements are the rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<String>,
}

/// Values that stand on the first row of a group only, and hold for all of its rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fill {
    /// Column of which equal values in a row make a group.
    pub by: String,
    /// Columns to fill.
    pub columns: Vec<String>,
}

/// A file that is joined to the lines. Its columns are called `file.column` afterwards. Of rows with one key the first counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// Which file.
    pub file: String,
    /// Column of the lines.
    pub left: String,
    /// Column of the file.
    pub right: String,
}

/// Cells that hold an item each, or several: `product_id:4959|1|30`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unpack {
    /// First letters of the columns that hold items: `order_item_`.
    pub columns: String,
    /// What separates the items of a cell; without it a cell is one item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<String>,
    /// What separates the parts of an item.
    pub parts: String,
    /// Names of the parts without a name, in their order. The new columns are called `item.name`.
    pub names: Vec<String>,
    /// What separates the name of a part from its value, if parts have names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<String>,
}

/// Lines that hold the values of an order and are no item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parents {
    /// Column that tells them.
    pub column: String,
    /// Text with which its value starts; empty: parents have no value there.
    #[serde(default)]
    pub starts: String,
    /// Whether the lines below have keys of their own and belong to the parent; the first number in the value says how many they are.
    #[serde(default)]
    pub counted: bool,
}

/// Where the value of a field comes from: a column, or a closed operation on columns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Operation {
    /// The column of this name.
    Column(String),
    /// With operations.
    Steps(Box<Steps>),
}

/// Operations, applied in the order in which they are declared here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Steps {
    /// The column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Several columns: the first value that is not empty. Columns that the export lacks are passed over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub first: Vec<String>,
    /// The same value in every row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant: Option<String>,
    /// The first rule that holds gives the value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Taken off the start of a value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strip: Option<String>,
    /// Values → other values, compared without case and accents.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub map: BTreeMap<String, String>,
    /// What separates several values in a cell (`A + B`); only for payment methods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Value where none of the above gives one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<String>,
}

/// A condition on a column, and the value where it holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The column.
    pub column: String,
    /// The values for which it holds, without case and accents; empty: any value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// Texts with which a value may start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starts: Vec<String>,
    /// The value of the field.
    pub is: String,
}

impl Operation {
    /// The columns that it reads, each with whether the export may lack it.
    pub fn columns(&self) -> Vec<(&str, bool)> {
        match self {
            Operation::Column(column) => vec![(column, false)],
            Operation::Steps(steps) => {
                let first = steps.first.iter().map(|column| (column.as_str(), true));
                let rules = steps.rules.iter().map(|rule| (rule.column.as_str(), true));
                steps.column.iter().map(|column| (column.as_str(), false)).chain(first).chain(rules).collect()
            }
        }
    }
}

fn auto() -> String {
    regions::AUTO.into()
}

/// Statuses that a description may give: those of the contract, and `returned`.
pub(crate) fn statuses() -> impl Iterator<Item = &'static str> {
    ORDER_STATUSES.iter().copied()
}

impl Market {
    /// Reads a description.
    ///
    /// # Errors
    /// [`Error::Input`]: it is no TOML, has an unknown key or contradicts itself; names the file and, for TOML, the line.
    pub fn read(path: &Path) -> Result<Market> {
        let (text, name) = (regular::read_to_string(path, MAX_BYTES)?, path.display().to_string());
        let mut market = Market { origin: Origin::of(&text, &name), ..Market::parse(&text, &name)? };
        if let Some(file) = &market.shapes {
            market.outlines = Some(shapes::read(&path.with_file_name(file))?);
        }
        Ok(market)
    }

    /// Parses a description; `name` stands for it in messages.
    ///
    /// # Errors
    /// As [`Market::read`].
    pub fn parse(text: &str, name: &str) -> Result<Market> {
        let market: Market = toml::from_str(text).map_err(|error| {
            let at = place(name, text, error.span().map(|span| span.start));
            Error::input(format!("{at}: {}", error.message()))
                .with_hint("`pfe market show shopify` prints a complete one")
        })?;
        match market.problems().as_slice() {
            [] => Ok(market),
            problems => Err(Error::input(format!("`{name}`: {}", problems.join("; ")))
                .with_hint("`pfe market show shopify` prints a complete one")),
        }
    }

    /// Contradictions in it.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut check = |holds: bool, problem: &dyn Fn() -> String| problems.extend((!holds).then(problem));
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        check(is_name(&self.name), &|| {
            format!("`name` is `{}`: lower case letters, digits and `_` are expected", self.name)
        });
        let code = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase());
        check(code(&self.currency), &|| {
            format!("`currency` is `{}`: an ISO 4217 code such as `USD` is expected", self.currency)
        });
        let zone = self.time_zone.as_ref().is_none_or(|zone| zone.parse::<chrono_tz::Tz>().is_ok());
        check(zone, &|| "`time_zone` is no IANA name such as `America/New_York`".into());
        check(regions::is_known(&self.regions), &|| {
            format!("`regions` is `{}`: one of {} is expected", self.regions, listed(regions::choices()))
        });
        check(self.files.contains_key(&self.lines), &|| format!("`lines` names no file: `{}`", self.lines));
        check(self.files.get(&self.lines).is_none_or(|file| !file.optional), &|| {
            "the file of the lines is not optional".into()
        });
        for (name, file) in &self.files {
            check(!file.headers.is_empty(), &|| format!("`files.{name}` has no `headers` that identify it"));
        }
        for join in &self.joins {
            check(self.files.contains_key(&join.file), &|| format!("`join` names no file: `{}`", join.file));
        }
        for field in [Field::OrderId, Field::PurchasedAt] {
            check(self.fields.contains_key(&field), &|| format!("`fields` lacks `{}`", field.name()));
        }
        let has = |field| self.fields.contains_key(&field);
        check(has(Field::UnitPrice) || has(Field::LineTotal), &|| {
            "`fields` has neither `unit_price` nor `line_total`".into()
        });
        for (field, operation) in &self.fields {
            let Operation::Steps(steps) = operation else { continue };
            let sources =
                [steps.column.is_some(), !steps.first.is_empty(), steps.constant.is_some(), !steps.rules.is_empty()];
            let name = field.name();
            check(sources.iter().filter(|source| **source).count() == 1, &|| {
                format!("`fields.{name}` takes one of `column`, `first`, `constant` and `rules`")
            });
            check(steps.split.is_none() || *field == Field::PaymentMethod, &|| {
                format!("`fields.{name}` cannot be split")
            });
            if matches!(field, Field::Status | Field::LineStatus) {
                let given = steps.rules.iter().map(|rule| &rule.is).chain(steps.map.values()).chain(&steps.otherwise);
                for status in given.chain(&steps.constant).filter(|status| !statuses().any(|known| known == *status)) {
                    check(false, &|| {
                        format!("`fields.{name}` gives `{status}`, which is none of {}", listed(statuses()))
                    });
                }
            }
        }
        problems
    }

    /// The columns of one file that the description reads, each with whether the file may lack it. A column of a joined file is
    /// called `file.column` in the fields.
    pub(crate) fn columns_of(&self, file: &str) -> BTreeMap<String, bool> {
        let mut columns = BTreeMap::new();
        let mut add = |column: &str, may_lack: bool| {
            let of_other =
                column.split_once('.').filter(|(other, _)| self.files.contains_key(*other) && *other != self.lines);
            let column = match of_other {
                Some((other, column)) => (other == file).then_some(column),
                None => {
                    (file == self.lines && !(self.unpack.is_some() && column.starts_with("item."))).then_some(column)
                }
            };
            if let Some(column) = column {
                let entry = columns.entry(column.to_string()).or_insert(may_lack);
                *entry &= may_lack;
            }
        };
        for operation in self.fields.values() {
            for (column, may_lack) in operation.columns() {
                add(column, may_lack);
            }
        }
        for join in &self.joins {
            add(&join.left, false);
            add(&format!("{}.{}", join.file, join.right), false);
        }
        if let Some(parents) = &self.parents {
            add(&parents.column, false);
        }
        if let Some(fill) = self.files.get(file).and_then(|file| file.fill.as_ref()) {
            columns.entry(fill.by.clone()).or_insert(false);
        }
        columns
    }
}
