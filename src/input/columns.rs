//! Names of columns in a file ↔ columns of the contract. Used wherever a header is read.

use crate::schema::contract::{Column, LogicalType, Table};

/// Whether a column of a file is a column of the contract, whatever its case, quotes, and spaces or hyphens in place of underscores. The
/// correct spelling of `lenght` is accepted; the clean name of an amount is not, since its unit would differ.
pub(crate) fn is(column: &Column, header: &str) -> bool {
    let plain = |c: char| if matches!(c, ' ' | '-') { '_' } else { c.to_ascii_lowercase() };
    let is = |name: &str| header.trim().trim_matches(['"', '\'']).chars().map(plain).eq(name.chars());
    is(column.source) || (column.kind != LogicalType::Money && is(column.name))
}

/// The columns that a file of `table` lacks, of those that it must have or of those that it may lack.
pub(crate) fn lacks(table: &Table, columns: &[String], may_lack: bool) -> Vec<&'static str> {
    let of = table.columns.iter().filter(|column| table.may_lack(column) == may_lack);
    of.filter(|column| !columns.iter().any(|name| is(column, name))).map(|column| column.source).collect()
}

/// Whether all required columns of a table are present.
pub(crate) fn has_all_required(table: &Table, columns: &[String]) -> bool {
    table.columns.iter().filter(|c| c.null.is_none()).all(|c| columns.iter().any(|h| is(c, h)))
}
