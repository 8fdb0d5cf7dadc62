//! The error that the dates of one table are in a form that is not read → one that names all files whose dates are. Used by `read`.

use super::Source;
use crate::error::Error;
use crate::input::find::recognize;
use crate::input::quarantine::{BREAK, not_dates};
use crate::schema::parse::NOT_A_DATE;

/// The same error for every table of the source whose files have such dates, so that it is reported once. Other errors stay as they are.
pub(crate) fn explained(source: &Source, error: Error) -> Error {
    let message = error.to_string();
    if !message.contains(BREAK) || !message.contains(NOT_A_DATE) {
        return error;
    }
    let mut found = Vec::new();
    for file in source.chosen() {
        for part in file.parts() {
            let undated = part.head().ok().and_then(|head| recognize::undated(file.table.table(), &head));
            found.extend(undated.map(|(column, value)| (part.name.clone(), column, value)));
        }
    }
    let Some((name, column, value)) = found.first() else { return error };
    // The message is about a file whose head has readable dates: broken values further down are an error of that file alone.
    if !found.iter().any(|(name, ..)| message.contains(&format!("`{name}"))) {
        return error;
    }
    let names: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
    let names = names.join("`, `");
    Error::input(format!(
        "the dates of `{names}` have a form that pfe does not read; the first is `{value}` in column `{column}` of `{name}`"
    ))
    .with_hint(not_dates(value))
}
