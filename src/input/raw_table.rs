//! RawTables: the ten tables as the files hold them, typed, with the counts and warnings of reading. Made by `read`; next: `clean`.

use std::collections::BTreeMap;

use polars::prelude::DataFrame;

use super::identity::InputFile;
use super::quarantine::Quarantine;
use super::rows::conversions::Conversion;
use crate::schema::contract::{TIME_ZONE, TableId};

/// The ten tables as the files hold them: typed, duplicates included, columns under their source names.
#[derive(Debug, Clone)]
pub struct RawTables {
    /// One entry per table.
    pub tables: BTreeMap<TableId, RawTable>,
    /// What was accepted but should be known, such as unknown columns and built-in tables.
    pub warnings: Vec<String>,
}

/// One table as its files hold it.
#[derive(Debug, Clone)]
pub struct RawTable {
    /// The readable rows; columns in the order of the contract.
    pub frame: DataFrame,
    /// Line in the file of each row of `frame`, from 1. With several files, lines count on from one to the next.
    pub lines: Vec<u32>,
    /// Number of rows in the file, without the header.
    pub rows_in: usize,
    /// Number of zip prefixes whose leading zeros were restored.
    pub padded_zips: usize,
    /// Number of ids that are not 32 hexadecimal digits, by column.
    pub odd_ids: Vec<(&'static str, usize)>,
    /// Number of values that were not taken as they are written, by column and by what was done to them.
    pub conversions: Vec<(&'static str, Conversion, usize)>,
    /// Rows and values that break the contract.
    pub quarantine: Quarantine,
    /// The file that the rows come from.
    pub file: InputFile,
}

impl RawTable {
    /// One note for each column and for what was done to its values.
    pub fn notes(&self) -> Vec<String> {
        let file = self.file.data();
        let note = |(column, conversion, count): &(&str, Conversion, usize)| {
            let values = if *count == 1 { "value" } else { "values" };
            let of = format!("{count} {values} of `{column}` in `{file}`");
            let (is, was) = if *count == 1 { ("is", "was") } else { ("are", "were") };
            match conversion {
                Conversion::Missing(mark) => format!("{of} {is} read as missing, such as `{mark}`"),
                Conversion::Rounded => format!("{of} {was} rounded by less than a millionth"),
                Conversion::Fraction => {
                    let has = if *count == 1 { "has" } else { "have" };
                    format!("{of} {has} fractions of a second, which no duration counts")
                }
                Conversion::LocalTime => {
                    format!("{of} had an offset from UTC and became local time of {TIME_ZONE}")
                }
            }
        };
        self.conversions.iter().map(note).collect()
    }
}
