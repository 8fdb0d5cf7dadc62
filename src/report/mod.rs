//! Findings → report: chapters, values, figures and tables become one document, and the document one HTML file and one PDF.
//!
//! ```text
//! chapters + values ──template──▶ Markdown ──markdown──▶ Document ──html──▶ report.html
//!                                              typography          ──typst──▶ source ──pdf──▶ report.pdf
//! ```
//!
//! Both outputs are written from the same [`Document`], so they carry the same words, numbers and figure numbers. A chapter is
//! Markdown with placeholders (`{{ total.revenue | brl }}`). Alone in a paragraph, `![note](figure:id)` or
//! `![note](table:id)` places a numbered figure or table, the note being optional; `[](figure:id)`, `[](table:id)` and
//! `[](#heading-id)` in the text refer to them, `[](cite:key)` to a work of the bibliography, which stands where
//! `![](bibliography:works)` does; `![](provenance:numbers)` lists where the numbers of the text come from. A chapter
//! starts with a level-1 heading; `{.unnumbered}` after a heading leaves it without a number, `{#id}` names it. `> [!NOTE]`, `> [!IMPORTANT]` and `> [!WARNING]` open a framed remark.

pub(crate) mod bibliography;
pub(crate) mod cover;
pub mod limits;

pub(crate) mod document;
pub(crate) mod html;
pub(crate) mod lang;
pub(crate) mod markdown;
pub(crate) mod notebook;
#[cfg(feature = "pdf")]
pub(crate) mod pdf;
pub(crate) mod provenance;
pub(crate) mod style;
pub(crate) mod template;
pub(crate) mod templates;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
pub(crate) mod typography;
#[cfg(feature = "pdf")]
pub(crate) mod typst;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use bibliography::Work;
pub use cover::Cover;
pub use document::Document;
pub use lang::Lang;
pub use notebook::notebook;
use provenance::Provenance;
pub use style::Style;
pub use templates::Templates;
use typography::plain;

use crate::Result;
use crate::charts::Svg;
use crate::text::shortened;

/// What the cover says, and how the report is written.
#[derive(Debug, Clone, Default)]
pub struct Meta {
    /// Language of the chapters, of the fixed words and of the number formats.
    pub lang: Lang,
    /// Title of the report.
    pub title: String,
    /// Subtitle.
    pub subtitle: Option<String>,
    /// Authors, in order.
    pub authors: Vec<String>,
    /// School or organisation.
    pub school: Option<String>,
    /// Date of the report: shown in full when it is an ISO day, as it is otherwise. Never the time of the run.
    pub date: Option<String>,
    /// A warning for the cover and for the header of every page, such as "generated data".
    pub notice: Option<String>,
    /// Hash of data, code and parameters, shown on the cover.
    pub fingerprint: String,
    /// What it is made of: name and hash of each.
    pub parts: Vec<(String, String)>,
}

/// One chapter: Markdown with Tera placeholders.
#[derive(Debug, Clone)]
pub struct Chapter {
    /// File name, for messages.
    pub name: String,
    /// Markdown.
    pub text: String,
}

/// A figure that chapters may place.
#[derive(Debug, Clone)]
pub struct Figure {
    /// The drawing.
    pub svg: Svg,
    /// What the figure shows, as a finding.
    pub title: String,
    /// The same in words and numbers, for those who cannot see it.
    pub alt: String,
    /// The table that it is drawn from.
    pub source: String,
}

/// A table that chapters may place. As JSON, it is how a notebook's output keeps one: see [`TABLE_MIME`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    /// Columns, in order.
    pub columns: Vec<TableColumn>,
    /// Cells as they will be printed, one per column; a short row is filled up, a long one cut.
    pub rows: Vec<Vec<String>>,
    /// What the table shows.
    pub title: String,
    /// Where it comes from.
    pub source: String,
}

/// MIME type of a [`Table`] as JSON among the outputs of a notebook cell.
pub const TABLE_MIME: &str = "application/vnd.pfe.table+json";

/// A column of a [`Table`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TableColumn {
    /// Heading.
    pub header: String,
    /// Numbers are aligned to the right.
    pub numeric: bool,
}

/// What chapters are filled with: values for placeholders, figures and tables by identifier.
#[derive(Debug, Clone, Default)]
pub struct Materials {
    /// An object; its fields are the variables of the placeholders.
    pub values: serde_json::Value,
    /// Figures by identifier.
    pub figures: BTreeMap<String, Figure>,
    /// Tables by identifier.
    pub tables: BTreeMap<String, Table>,
    /// Works that can be cited, by key.
    pub works: BTreeMap<String, Work>,
    /// Where the numbers of the text come from, by the beginning of the names of their values.
    pub sources: BTreeMap<String, Origin>,
}

/// Where values can be found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origin {
    /// The file, or the command that prints them.
    pub file: String,
    /// Which rows or field of it, as SQL would say it; all rows where this is empty.
    pub rows: String,
}

/// A file to carry inside the PDF.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// MIME type.
    pub mime: String,
    /// What it holds.
    pub description: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Characters of a cell that are printed: more would fill pages.
const CELL: usize = 400;

// Texts that do not pass through Markdown still need what outputs refuse taken out.
impl Meta {
    fn plain(&self) -> Self {
        Self {
            lang: self.lang,
            title: plain(&self.title),
            subtitle: self.subtitle.as_deref().map(plain),
            authors: self.authors.iter().map(|author| plain(author)).collect(),
            school: self.school.as_deref().map(plain),
            date: self.date.as_deref().map(plain),
            notice: self.notice.as_deref().map(plain),
            fingerprint: plain(&self.fingerprint),
            parts: self.parts.iter().map(|(name, hash)| (plain(name), plain(hash))).collect(),
        }
    }
}

impl Figure {
    fn plain(&self) -> Self {
        Self { svg: self.svg.clone(), title: plain(&self.title), alt: plain(&self.alt), source: plain(&self.source) }
    }
}

impl Table {
    fn plain(&self) -> Self {
        let column = |column: &TableColumn| TableColumn {
            header: plain(&shortened(&column.header, CELL)),
            numeric: column.numeric,
        };
        let width = self.columns.len();
        let cells = |row: &Vec<String>| {
            let mut cells: Vec<_> = row.iter().take(width).map(|cell| plain(&shortened(cell, CELL))).collect();
            cells.resize(width, String::new());
            cells
        };
        Self {
            columns: self.columns.iter().map(column).collect(),
            rows: self.rows.iter().map(cells).collect(),
            title: plain(&self.title),
            source: plain(&self.source),
        }
    }
}

/// Fills the chapters and makes one document of them.
///
/// # Errors
/// A placeholder, figure, table or link that does not exist, raw HTML or a heading out of order; the message names the
/// chapter and the line.
pub fn compose(meta: Meta, chapters: &[Chapter], materials: &Materials) -> Result<Document> {
    let marked = chapters.iter().map(|chapter| provenance::mark(chapter, &materials.sources));
    let (chapters, told): (Vec<Chapter>, Vec<Vec<Provenance>>) = marked.unzip();
    let filled = template::fill(&chapters, &materials.values, meta.lang)?;
    let mut reader = markdown::Reader::new(meta.lang, materials);
    for ((chapter, filled), told) in chapters.iter().zip(&filled).zip(told) {
        reader.told = told;
        reader.read(chapter, filled)?;
    }
    reader.finish(meta)
}
