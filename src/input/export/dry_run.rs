//! An export → what a description reads from it, or a description to start from, without writing anything. Used by `pfe market`.

use std::path::Path;

use crate::error::{Error, Result};
use crate::input::file::part::FilePart;
use crate::input::find;
use crate::input::find::recognize;
use crate::market::check::{Checked, check};
use crate::market::propose::propose;
use crate::market::{Market, Rates, Sheet};
use crate::regular;
use crate::schema::read_options::Reading;

/// What a description reads from the export at a place, without writing anything.
///
/// # Errors
/// [`Error::Input`]: the export is not of this market, or cannot be read; as `market::check`.
pub fn checked_export(place: &Path, market: &Market, reading: &Reading, rates: &Rates) -> Result<Checked> {
    let at = place.display().to_string();
    let export = super::find(&at, &super::candidates(files_at(place)?), Some(market))?;
    let export = export.ok_or_else(|| Error::input(format!("there is no export at `{at}`")))?;
    check(export.market(), &export.sheet()?, reading, rates)
}

/// A description to start from, for the export at a place whose file has most rows.
///
/// # Errors
/// [`Error::Input`]: no file there is a table, or one cannot be read.
pub fn proposed_market(place: &Path, name: &str) -> Result<String> {
    let candidates = super::candidates(files_at(place)?);
    let sheets = candidates.iter().map(super::Candidate::sheet).collect::<Result<Vec<_>>>()?;
    let longest = sheets.into_iter().max_by_key(Sheet::height).ok_or_else(|| {
        Error::input(format!("no file at `{}` is a table", place.display()))
            .with_hint("pfe reads CSV in any form, JSON and workbooks")
    })?;
    Ok(propose(name, &longest))
}

/// All files at a place that may be an export.
fn files_at(place: &Path) -> Result<Vec<FilePart>> {
    let is_file = !regular::look(place)?.is_dir();
    find::files(place, is_file, is_file && recognize::is_zip(place)?)
}
