//! The hash of a table's rows: the same for the same schema and values, whatever file format, chunks or compression hold
//! them. Used by `pipeline` beside the hash of the bytes.

use polars::prelude::*;

use crate::error::Result;

/// BLAKE3 over the names and types of the columns and their values, hexadecimal. Rows count in their order: tables are
/// sorted by their key before they are written.
///
/// # Errors
/// A column has a type that no table of the flow has.
pub fn hash_rows(frame: &DataFrame) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(frame.height() as u64).to_le_bytes());
    for column in frame.columns() {
        text(&mut hasher, column.name());
        text(&mut hasher, &column.dtype().to_string());
        let values = column.as_materialized_series().to_physical_repr().rechunk();
        match values.dtype() {
            DataType::String => {
                let values = values.str()?;
                blocks(&mut hasher, values.iter().map(|v| v.map_or(u64::MAX, |v| v.len() as u64).to_le_bytes()));
                blocks(&mut hasher, values.iter().flatten().map(str::as_bytes));
            }
            DataType::Int64 => {
                nulls(&mut hasher, &values);
                blocks(&mut hasher, values.i64()?.iter().map(|v| v.unwrap_or(0).to_le_bytes()));
            }
            DataType::Int32 => {
                nulls(&mut hasher, &values);
                blocks(&mut hasher, values.i32()?.iter().map(|v| v.unwrap_or(0).to_le_bytes()));
            }
            DataType::Float64 => {
                nulls(&mut hasher, &values);
                blocks(&mut hasher, values.f64()?.iter().map(|v| v.unwrap_or(0.0).to_bits().to_le_bytes()));
            }
            DataType::Boolean => blocks(&mut hasher, values.bool()?.iter().map(|v| [v.map_or(2, u8::from)])),
            other => return Err(polars_err!(InvalidOperation: "no hash of rows for a column of {other}").into()),
        }
    }
    Ok(hasher.finalize().to_hex().to_string())
}

/// With its length, so that neighbours cannot trade characters.
fn text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

/// What a missing value holds is not defined: its place is hashed instead.
fn nulls(hasher: &mut blake3::Hasher, values: &Series) {
    if values.null_count() > 0 {
        blocks(hasher, values.is_null().iter().map(|v| [u8::from(v == Some(true))]));
    }
}

/// By the block: single calls would cost more than the hashing.
fn blocks(hasher: &mut blake3::Hasher, values: impl Iterator<Item = impl AsRef<[u8]>>) {
    const BLOCK: usize = 1 << 16;
    let mut block = Vec::with_capacity(2 * BLOCK);
    for value in values {
        block.extend_from_slice(value.as_ref());
        if block.len() >= BLOCK {
            hasher.update(&block);
            block.clear();
        }
    }
    hasher.update(&block);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn frame() -> DataFrame {
        df!("s" => [Some("ab"), None, Some("")], "n" => [Some(1i64), None, Some(0)], "f" => [0.5, -0.0, 1.0]).unwrap()
    }

    #[test]
    fn how_rows_are_held_does_not_count() {
        let whole = frame();
        let mut chunks = whole.slice(0, 1);
        chunks.vstack_mut(&whole.slice(1, 2)).unwrap();
        assert_eq!(hash_rows(&whole).unwrap(), hash_rows(&chunks).unwrap());
    }

    #[test]
    fn every_value_name_type_and_place_counts() {
        let other = [
            df!("s" => [Some("ab"), Some(""), None], "n" => [Some(1i64), None, Some(0)], "f" => [0.5, -0.0, 1.0]),
            df!("s" => [Some("ab"), None, Some("")], "n" => [Some(1i64), Some(0), None], "f" => [0.5, -0.0, 1.0]),
            df!("s" => [Some("ab"), None, Some("")], "n" => [Some(1i64), None, Some(0)], "f" => [0.5, 0.0, 1.0]),
            df!("t" => [Some("ab"), None, Some("")], "n" => [Some(1i64), None, Some(0)], "f" => [0.5, -0.0, 1.0]),
            df!("s" => [Some("ab"), None, Some("")], "n" => [Some(1i32), None, Some(0)], "f" => [0.5, -0.0, 1.0]),
            df!("s" => [Some("a"), Some("b"), Some("")], "n" => [Some(1i64), None, Some(0)], "f" => [0.5, -0.0, 1.0]),
        ];
        let hash = hash_rows(&frame()).unwrap();
        for frame in other {
            assert_ne!(hash_rows(&frame.unwrap()).unwrap(), hash);
        }
    }
}
