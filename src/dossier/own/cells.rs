//! Cells of a user's query: which are amounts, and their texts. Used by `figure` and `query`.

use polars::prelude::AnyValue;

/// End of the name of a column of whole hundredths of the currency.
pub(super) const HUNDREDTHS: &str = "_centavos";

/// Whether a column holds whole hundredths of the currency.
pub(super) fn is_amount(column: &str) -> bool {
    column.ends_with(HUNDREDTHS)
}

/// The text of a cell.
pub(super) fn text_of(cell: &AnyValue) -> String {
    cell.get_str().map_or_else(|| cell.to_string(), str::to_owned)
}
