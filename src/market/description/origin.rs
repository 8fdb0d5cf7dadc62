//! Where a description says what: its file, and the line of each field. Used in messages about an export that it does not fit.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::field::Field;
use crate::text::line_of;

/// The file of a description, and the lines of its fields; empty for one that was read from no file.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    file: Option<String>,
    lines: BTreeMap<Field, usize>,
}

/// Where a description stands is no part of what it says.
impl PartialEq for Origin {
    fn eq(&self, _: &Origin) -> bool {
        true
    }
}

impl Origin {
    /// Of the text of a file.
    pub(super) fn of(text: &str, file: &str) -> Origin {
        #[derive(Default, Deserialize)]
        struct Fields {
            fields: BTreeMap<Field, Spanned<toml::Value>>,
        }
        let Fields { fields } = toml::from_str(text).unwrap_or_default();
        let lines = fields.into_iter().map(|(field, value)| (field, line_of(text, value.span().start)));
        Origin { file: Some(file.into()), lines: lines.collect() }
    }

    /// File and line of a field; `None` if there is no file.
    pub(crate) fn place(&self, field: Field) -> Option<String> {
        let file = self.file.as_deref()?;
        Some(self.lines.get(&field).map_or_else(|| format!("`{file}`"), |line| format!("`{file}`, line {line}")))
    }
}
