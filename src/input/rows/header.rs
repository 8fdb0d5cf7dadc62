//! Header of a file → the positions of the declared columns, and warnings about missing and unknown columns. Part of `table_builder`.

use super::table_builder::TableBuilder;
use crate::error::{Error, Result};
use crate::input::columns;
use crate::schema::contract::Column as Declared;

impl TableBuilder<'_> {
    /// The position of each declared column in the file, or the number of columns where the file lacks it; and one warning per column that
    /// is missing or unknown to the contract.
    pub(crate) fn locate(&mut self, header: &[String]) -> Result<(Vec<usize>, Vec<String>)> {
        let listed = || header.iter().map(|h| format!("`{h}`")).collect::<Vec<_>>().join(", ");
        let (mut positions, mut warnings) = (Vec::new(), Vec::new());
        for column in self.table.columns {
            let found: Vec<usize> = (0..header.len()).filter(|&i| columns::is(column, &header[i])).collect();
            match found[..] {
                [position] => positions.push(position),
                [] if self.table.may_lack(column) => {
                    positions.push(header.len());
                    warnings.push(self.lacks(column));
                }
                [] => {
                    return Err(Error::input(format!("column `{}` is missing from `{}`", column.source, self.part))
                        .with_hint(format!("columns found: {}", listed())));
                }
                _ => {
                    return Err(Error::input(format!("column `{}` stands twice in `{}`", column.source, self.part))
                        .with_hint(format!("columns found: {}", listed())));
                }
            }
        }
        self.may_be_null(|i| positions[i] == header.len());
        let extra = (0..header.len()).filter(|i| !positions.contains(i));
        let warning = |i: usize| match (i, header[i].to_lowercase().as_str()) {
            (0, "" | "index" | "unnamed: 0") => format!("the index column of `{}` was left out", self.file),
            _ => format!("unknown column `{}` of `{}` was left out", header[i], self.file),
        };
        warnings.extend(extra.map(warning));
        Ok((positions, warnings))
    }

    /// The warning that the file lacks a column.
    pub(crate) fn lacks(&self, column: &Declared) -> String {
        format!("column `{}` is missing from `{}`: it is empty", column.source, self.file)
    }
}
