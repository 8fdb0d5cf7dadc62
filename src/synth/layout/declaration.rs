//! `layouts.toml` → how the files of each market look: headers, dates, amounts, what stands where besides the fields. Next: `plan`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Result};

/// How the files of a market look. What its columns mean, its description says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layout {
    /// Forms of dates, as `strftime` writes them. Orders take turns.
    pub dates: Vec<String>,
    /// Names of the months for `%B`, if they are not English.
    #[serde(default)]
    pub months: Vec<String>,
    /// An example of an amount: `1,234.50`, `R$1234.50`. One with more than two decimals stands for the noise of single precision.
    #[serde(default = "plain")]
    pub amounts: String,
    /// The number of an order.
    #[serde(default = "order")]
    pub order: String,
    /// What tells customers apart.
    #[serde(default = "person")]
    pub customer: String,
    /// How Brazil, where all orders go, is called.
    pub country: String,
    /// How its states are called.
    #[serde(default)]
    pub regions: Spelling,
    /// The columns that later lines of an order repeat; without it all of them.
    pub repeated: Option<Vec<String>>,
    /// What parents hold in the column that tells them.
    pub parent: Option<String>,
    /// A product that stands for freight, in a line of its own.
    pub freight_product: Option<String>,
    /// Whether canceled lines have negative quantities.
    #[serde(default)]
    pub negative: bool,
    /// The files by their names in the description.
    pub files: BTreeMap<String, LayoutFile>,
}

/// A file of a layout.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LayoutFile {
    /// Its name; `.json` makes it JSON.
    pub name: String,
    /// What a row is.
    #[serde(default)]
    pub rows: Grain,
    /// Names of the columns, between commas.
    pub header: String,
    /// What separates the cells.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// How it is encoded.
    #[serde(default)]
    pub encoding: Encoding,
    /// What stands before the header.
    #[serde(default)]
    pub before: String,
    /// What stands behind the rows.
    #[serde(default)]
    pub after: String,
    /// What stands in columns that no field fills, or where a field has no value.
    #[serde(default)]
    pub cells: BTreeMap<String, String>,
}

/// What a row of a file is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// A line of an order.
    #[default]
    Lines,
    /// An order.
    Orders,
    /// A customer.
    Customers,
    /// A product.
    Products,
}

/// How a file is encoded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// UTF-8 after a byte-order mark.
    Utf8Mark,
    /// Windows' code page of Western Europe.
    Windows1252,
}

/// How states are called.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// `SP`
    #[default]
    Code,
    /// `São Paulo`
    Name,
    /// `SÃO PAULO`
    Capitals,
}

fn plain() -> String {
    "1234.50".into()
}

fn order() -> String {
    "{order}".into()
}

fn person() -> String {
    "{person}".into()
}

fn comma() -> char {
    ','
}

impl Layout {
    /// The layout of a market.
    ///
    /// # Errors
    /// [`Error::Input`]: there is none of this name.
    pub fn of(market: &str) -> Result<Layout> {
        let mut layouts: BTreeMap<String, Layout> = toml::from_str(include_str!("layouts.toml"))
            .map_err(|error| Error::input(format!("the layouts of markets cannot be read: {error}")))?;
        layouts.remove(market).ok_or_else(|| {
            let names: Vec<&str> = layouts.keys().map(String::as_str).collect();
            Error::input(format!("no layout of a market `{market}` is known"))
                .with_hint(format!("choose one of olist, {}", names.join(", ")))
        })
    }
}
