//! Nested documents of the cloud layout → rows of the contract. Used by `read`.

use std::io::Read;

use serde_json::Value;
use serde_json::value::RawValue;

use super::build::TableBuilder;
use super::contract::Column;
use super::read::Tap;
use crate::error::{Error, Result};

/// Reads an array of documents such as `{"customer_id": …, "customer_address": {"customer_zip_code": 1151, …}}`.
///
/// # Errors
/// The file is not a JSON array of objects, or its first document lacks a column wherever it is nested.
pub(super) fn read(tap: &mut Tap<'_>, builder: &mut TableBuilder<'_>) -> Result<Vec<String>> {
    let mut bytes = Vec::new();
    tap.read_to_end(&mut bytes).map_err(Error::io("read", &builder.file))?;
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let text = std::str::from_utf8(&bytes).map_err(|e| {
        Error::input(format!("`{}` is not UTF-8 at byte {}", builder.file, e.valid_up_to()))
            .with_hint("the file is damaged; download it again")
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let documents: Vec<&RawValue> = serde_json::from_str(text).map_err(|e| {
        let hint =
            if e.is_eof() { "the file is cut off; download it again" } else { "an array of documents is expected" };
        Error::input(format!("cannot read `{}`: {e}", builder.file)).with_hint(hint)
    })?;
    let columns = builder.table.columns;
    let (mut line, mut seen) = (1, 0);
    for (index, document) in documents.iter().enumerate() {
        let start = document.get().as_ptr() as usize - text.as_ptr() as usize;
        line += text.as_bytes()[seen..start].iter().filter(|b| **b == b'\n').count() as u64;
        seen = start;
        let parsed: Value = serde_json::from_str(document.get()).unwrap_or_default();
        let fields: Vec<Option<String>> = columns.iter().map(|c| find(&parsed, c).map(text_of)).collect();
        if let (0, Some(missing)) = (index, fields.iter().position(Option::is_none)) {
            return Err(Error::input(format!(
                "column `{}` is missing from `{}`",
                columns[missing].source, builder.file
            ))
            .with_hint(format!("the first document is {}", shortened(document.get()))));
        }
        let field = |i: usize| fields[i].as_deref().unwrap_or_default().as_bytes();
        builder.push(line, field, || vec![document.get().as_bytes()])?;
    }
    Ok(Vec::new())
}

/// The value of `column`, at the top or inside a nested document. Documents say `customer_zip_code` for
/// `customer_zip_code_prefix`.
fn find<'a>(document: &'a Value, column: &Column) -> Option<&'a Value> {
    let object = document.as_object()?;
    let short = column.source.strip_suffix("_prefix").unwrap_or(column.source);
    object.get(column.source).or_else(|| object.get(short)).or_else(|| object.values().find_map(|v| find(v, column)))
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn shortened(json: &str) -> String {
    let one_line: String = json.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.chars().take(200).collect()
}
