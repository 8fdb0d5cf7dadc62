//! Rows of a table → a hash that depends only on schema and values, not on file format, chunks or compression. Used by `pipeline` beside
//! the hash of the bytes.

use polars::prelude::*;

use crate::error::Result;

/// BLAKE3 over column names, types and values, hexadecimal. The order of the rows counts: tables are sorted by their key before they
/// are written.
///
/// # Errors
/// [`Error::Polars`](crate::Error::Polars): a column has a type that no table of the flow has.
pub fn hash_rows(frame: &DataFrame) -> Result<String> {
    let mut hasher = RowHasher::default();
    hasher.add(frame)?;
    Ok(hasher.finish())
}

/// Computes [`hash_rows`] over rows that arrive in pieces.
#[derive(Default)]
pub struct RowHasher {
    rows: u64,
    columns: Vec<ColumnHasher>,
}

/// The hashers of one column. Null positions and text lengths are hashed apart from the values, so that pieces can follow each other.
struct ColumnHasher {
    name: String,
    shape: blake3::Hasher,
    values: blake3::Hasher,
}

impl RowHasher {
    /// Adds rows; the columns must be the same in every call.
    ///
    /// # Errors
    /// [`Error::Polars`](crate::Error::Polars): a column has a type that no table of the flow has.
    pub fn add(&mut self, rows: &DataFrame) -> Result<()> {
        for (place, column) in rows.columns().iter().enumerate() {
            if place == self.columns.len() {
                let name = format!("{}\n{}", column.name(), column.dtype());
                self.columns.push(ColumnHasher { name, shape: blake3::Hasher::new(), values: blake3::Hasher::new() });
            }
            self.columns[place].add(&column.as_materialized_series().to_physical_repr().rechunk(), self.rows)?;
        }
        self.rows += rows.height() as u64;
        Ok(())
    }

    /// Number of rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The hash of all rows.
    pub fn finish(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.rows.to_le_bytes());
        for column in &self.columns {
            text(&mut hasher, &column.name);
            hasher.update(column.shape.finalize().as_bytes()).update(column.values.finalize().as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}

impl ColumnHasher {
    /// Adds values; `before` is the number of rows already added.
    fn add(&mut self, values: &Series, before: u64) -> Result<()> {
        let ColumnHasher { shape, values: hasher, .. } = self;
        match values.dtype() {
            DataType::String => {
                let values = values.str()?;
                blocks(shape, values.iter().map(|v| v.map_or(u64::MAX, |v| v.len() as u64).to_le_bytes()));
                blocks(hasher, values.iter().flatten().map(str::as_bytes));
            }
            DataType::Int64 => {
                nulls(shape, values, before);
                blocks(hasher, values.i64()?.iter().map(|v| v.unwrap_or(0).to_le_bytes()));
            }
            DataType::Int32 => {
                nulls(shape, values, before);
                blocks(hasher, values.i32()?.iter().map(|v| v.unwrap_or(0).to_le_bytes()));
            }
            DataType::Float64 => {
                nulls(shape, values, before);
                blocks(hasher, values.f64()?.iter().map(|v| v.unwrap_or(0.0).to_bits().to_le_bytes()));
            }
            DataType::Boolean => blocks(hasher, values.bool()?.iter().map(|v| [v.map_or(2, u8::from)])),
            other => return Err(polars_err!(InvalidOperation: "no hash of rows for a column of {other}").into()),
        }
        Ok(())
    }
}

/// Hashes a text with its length, so that characters cannot move between neighbours unnoticed.
fn text(hasher: &mut blake3::Hasher, text: &str) {
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
}

/// Hashes the positions of nulls: the stored value under a null is undefined.
fn nulls(hasher: &mut blake3::Hasher, values: &Series, before: u64) {
    if values.null_count() > 0 {
        let missing = values.is_null();
        let places = (before..).zip(missing.iter()).filter(|(_, missing)| *missing == Some(true));
        blocks(hasher, places.map(|(place, _)| place.to_le_bytes()));
    }
}

/// Hashes values in blocks: a call per value would cost more than the hashing itself.
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
        let mut pieces = RowHasher::default();
        (0..3).for_each(|row| pieces.add(&whole.slice(row, 1)).unwrap());
        assert_eq!((pieces.finish(), pieces.rows()), (hash_rows(&whole).unwrap(), 3));
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
