//! A user's own chapters and queries → chapters among the others, tables and values. Used by `dossier`.
//!
//! A chapter is a Markdown file in the folder of its language. It may start with front matter between two lines `+++`, in TOML:
//! `order` says where it stands (9.5: after chapter 9), `title` is its heading, `needs` names queries that must have rows: without
//! them, the chapter is left out. Without `order`, the number at the start of the file's name counts.

mod cells;
mod figure;
mod query;
#[cfg(test)]
mod tests;

use serde::Deserialize;

pub use self::query::{MakeTables, Queries};
use crate::error::{Error, Result};
use crate::report::Chapter;
use crate::text::listed;

/// Mark of the front matter.
const MARK: &str = "+++";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrontMatter {
    order: Option<f64>,
    title: Option<String>,
    #[serde(default)]
    needs: Vec<String>,
}

/// Inserts the added chapters, as (path, text), where their order says.
pub(super) fn insert_chapters<'a>(
    chapters: &mut Vec<Chapter>,
    added: impl Iterator<Item = (&'a str, &'a str)>,
    queries: &Queries,
) -> Result<()> {
    let mut ordered: Vec<(f64, Chapter)> = chapters.drain(..).map(|chapter| (number(&chapter.name), chapter)).collect();
    for (path, text) in added {
        let (front, text) = parsed(path, text)?;
        if let Some(missing) = front.needs.iter().find(|name| !queries.has(name)) {
            let known: Vec<String> = queries.names().map(str::to_owned).collect();
            let error = Error::input(format!("`{path}` needs the query `{missing}`, which is not among the templates"));
            return Err(if known.is_empty() { error } else { error.with_hint(format!("there are {}", listed(known))) });
        }
        if front.needs.iter().all(|name| queries.has_rows(name)) {
            let chapter = Chapter { name: path.into(), text };
            ordered.push((front.order.unwrap_or_else(|| number(path)), chapter));
        }
    }
    // Stable: of chapters with one number, the built-in ones come first.
    ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
    chapters.extend(ordered.into_iter().map(|(_, chapter)| chapter));
    Ok(())
}

/// The number at the start of a file's name; a chapter without one comes last.
fn number(path: &str) -> f64 {
    let name = path.rsplit('/').next().unwrap_or(path);
    let digits: String = name.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(f64::MAX)
}

/// Front matter and text of a chapter. The text keeps its line numbers.
fn parsed(path: &str, text: &str) -> Result<(FrontMatter, String)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.lines();
    if lines.next().map(str::trim_end) != Some(MARK) {
        return Ok((FrontMatter::default(), text.to_string()));
    }
    let Some(end) = lines.position(|line| line.trim_end() == MARK) else {
        return Err(Error::input(format!("`{path}`, line 1: the front matter has no end"))
            .with_hint(format!("close it with a line `{MARK}`")));
    };
    // An empty line in place of the mark: messages name lines of the file.
    let head: String = text.lines().skip(1).take(end).flat_map(|line| ["\n", line]).collect();
    let front: FrontMatter = toml::from_str(&head).map_err(|e| {
        Error::input(format!("`{path}`: {}", e.to_string().trim_end()))
            .with_hint("front matter may hold `order`, `title` and `needs`")
    })?;
    if front.order.is_some_and(|order| !order.is_finite()) {
        return Err(Error::input(format!("`{path}`: `order` is no number")));
    }
    let heading = front.title.as_ref().map_or(String::new(), |title| format!("# {}", title.replace(['\n', '\r'], " ")));
    let blank = "\n".repeat(end + 1);
    let body: String = text.lines().skip(end + 2).flat_map(|line| ["\n", line]).collect();
    Ok((front, format!("{blank}{heading}{body}\n")))
}
