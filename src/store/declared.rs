//! Tables as the contract declares them: their columns, and the checks that a frame passes before it is stored. Used by the stores.

use polars::prelude::DataFrame;

use crate::error::{Error, Result};
use crate::schema::contract::{Column, TABLES, ZIP_LOCATION_COLUMNS, ZIP_LOCATIONS};
use crate::schema::ddl::Stage;
use crate::text::listed;

/// Declared columns of a table, for cleaned tables with those that cleaning adds. `None` for a table that the contract does not
/// declare: its columns are free.
pub(crate) fn columns(schema: Stage, table: &str) -> Option<Vec<&'static Column>> {
    let known = TABLES.iter().find(|t| t.name == table);
    match schema {
        Stage::Raw => known.map(|t| t.columns.iter().collect()),
        Stage::Cleaned if table == ZIP_LOCATIONS => Some(ZIP_LOCATION_COLUMNS.iter().collect()),
        Stage::Cleaned => known.map(|t| t.clean_columns().collect()),
        Stage::Results => None,
    }
}

/// A column's name in frames and tables of the schema.
pub(crate) fn name_of(schema: Stage, column: &'static Column) -> &'static str {
    if schema == Stage::Raw { column.source } else { column.name }
}

/// Selects the contract's columns, in its order, and checks their types. Result tables stay as they are. `place` names the table in
/// messages.
///
/// # Errors
/// A column is missing, has another type, or lacks a required value.
pub(crate) fn by_contract(schema: Stage, table: &str, frame: DataFrame, place: &str) -> Result<DataFrame> {
    let Some(columns) = columns(schema, table) else {
        return match schema {
            Stage::Results => Ok(frame),
            _ => Err(Error::input(format!("there is no table `{table}` in `{}`", schema.name()))
                .with_hint("`pfe ddl sqlite` shows all tables")),
        };
    };
    let mut picked = Vec::with_capacity(columns.len());
    for declared in columns {
        let name = name_of(schema, declared);
        let column = frame.column(name).map_err(|_| {
            Error::input(format!("column `{name}` is missing from `{place}`"))
                .with_hint(format!("columns found: {}", listed(frame.get_column_names())))
        })?;
        let expected = declared.kind.dtype();
        if *column.dtype() != expected {
            let is = column.dtype();
            return Err(Error::input(format!("column `{name}` of `{place}` holds {is} where {expected} is expected"))
                .with_hint("load the table again"));
        }
        if !declared.is_nullable() && column.null_count() > 0 {
            return Err(Error::input(format!("column `{name}` of `{place}` lacks values that are required"))
                .with_hint("load the table again"));
        }
        picked.push(column.clone());
    }
    Ok(DataFrame::new(frame.height(), picked)?)
}

/// Checks a table's name: letters, digits and underscores only, so that it is a safe file name, object key and identifier.
pub(crate) fn checked_name(table: &str) -> Result<&str> {
    let plain = table.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match plain && (1..=48).contains(&table.len()) {
        true => Ok(table),
        false => Err(Error::input(format!("`{}` is no name of a table", table.escape_debug()))
            .with_hint("names have up to 48 letters, digits and underscores")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_of_other_columns_are_refused() {
        let frame = polars::df!("geolocation_state" => ["SP"], "name" => ["x"]).unwrap();
        let error = by_contract(Stage::Raw, "states_name", frame, "here").unwrap_err();
        assert_eq!(error.to_string(), "column `state_name` is missing from `here`");
    }
}
