//! Chapters + values, figures, tables → one Document → HTML, PDF, Markdown: the document engine. `dossier` fills it.
//!
//! ```text
//! chapters + values ──template──▶ Markdown ──markdown──▶ Document ──html──▶ report.html
//!                                              typography          ──typst──▶ source ──pdf──▶ report.pdf
//!                                                                  ──markdown──▶ report.md, report_files/
//! ```
//!
//! All outputs are written from the same [`Document`], so that words, numbers and figure numbers agree.
//!
//! A chapter is Markdown with placeholders (`{{ total.revenue | brl }}`) that starts with a level-1 heading. It may hold:
//!
//! - `![note](figure:id)` or `![note](table:id)`, alone in a paragraph: places a numbered figure or table; the note is
//!   optional;
//! - `[](figure:id)`, `[](table:id)`, `[](#heading-id)`: cross-references;
//! - `[](cite:key)`: a citation of a work of the bibliography;
//! - `![](bibliography:works)`: places the bibliography;
//! - `![](provenance:numbers)`: places the list of where the numbers of the text come from;
//! - `{.unnumbered}` after a heading: leaves it without a number; `{#id}` names it;
//! - `> [!NOTE]`, `> [!IMPORTANT]`, `> [!WARNING]`: opens a framed remark.

pub(crate) mod bibliography;
pub(crate) mod chapter;
pub(crate) mod cover;
pub(crate) mod document;
pub(crate) mod lang;
pub mod limits;
pub(crate) mod notebook;
mod slides;
pub(crate) mod style;
pub(crate) mod templates;
#[cfg(test)]
mod tests;
pub(crate) mod writers;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use bibliography::Work;
use chapter::provenance::Provenance;
use chapter::typography::plain;
use chapter::{markdown, provenance, template};
pub use cover::Cover;
pub use document::Document;
pub use lang::{Currency, Lang};
pub use notebook::notebook;
pub use slides::DEFAULT_FIGURES;
pub use style::Style;
pub use templates::Templates;
pub use writers::markdown::{MARKDOWN_START, Markdown};

use crate::Result;
use crate::charts::Svg;
use crate::text::shortened;

/// Texts of the cover, and the language of the report.
#[derive(Debug, Clone, Default)]
pub struct Meta {
    /// In which amounts are written.
    pub currency: Currency,
    /// Language of the chapters, fixed words and number formats.
    pub lang: Lang,
    /// Title of the report.
    pub title: String,
    /// Subtitle.
    pub subtitle: Option<String>,
    /// Authors, in order.
    pub authors: Vec<String>,
    /// School or organisation.
    pub school: Option<String>,
    /// Date of the report: an ISO day is written in full, other text is kept. Never the time of the run.
    pub date: Option<String>,
    /// A warning on the cover and in the header of every page, such as "generated data".
    pub notice: Option<String>,
    /// Hash of data, code and parameters, shown on the cover.
    pub fingerprint: String,
    /// Origins of the report: name and hash of each.
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
    /// Title: the finding that the figure shows.
    pub title: String,
    /// Alternative text: the same in words and numbers.
    pub alt: String,
    /// Table from which the figure is drawn.
    pub source: String,
}

/// A table that chapters may place. A notebook's output holds one as JSON, see [`TABLE_MIME`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Table {
    /// Columns, in order.
    pub columns: Vec<TableColumn>,
    /// Cells as printed, one per column. Short rows are padded, long ones truncated.
    pub rows: Vec<Vec<String>>,
    /// Title: what the table shows.
    pub title: String,
    /// Source of the table.
    pub source: String,
}

/// MIME type of a [`Table`] as JSON in the outputs of a notebook cell.
pub const TABLE_MIME: &str = "application/vnd.pfe.table+json";

/// A column of a [`Table`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TableColumn {
    /// Heading.
    pub header: String,
    /// Whether the cells are numbers, which are right-aligned.
    pub numeric: bool,
}

/// What fills the chapters: values for placeholders; figures and tables by identifier.
#[derive(Debug, Clone, Default)]
pub struct Materials {
    /// A JSON object; its fields are the variables of the placeholders.
    pub values: serde_json::Value,
    /// Figures by identifier.
    pub figures: BTreeMap<String, Figure>,
    /// Tables by identifier.
    pub tables: BTreeMap<String, Table>,
    /// Works that can be cited, by key.
    pub works: BTreeMap<String, Work>,
    /// Provenance of the numbers in the text, by prefix of the names of their values.
    pub sources: BTreeMap<String, Origin>,
}

/// Where values come from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Origin {
    /// A file, or the command that prints the values.
    pub file: String,
    /// Rows or field of the file, as an SQL condition; empty for all rows.
    pub rows: String,
}

/// A file to embed in the PDF.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// MIME type.
    pub mime: String,
    /// Description of the contents.
    pub description: String,
    /// Contents.
    pub bytes: Vec<u8>,
}

/// Maximum number of printed characters per cell; longer ones would fill pages.
const CELL: usize = 400;

// Texts that bypass Markdown must still be cleaned of characters that the outputs refuse.
impl Meta {
    fn plain(&self) -> Self {
        Self {
            currency: self.currency,
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

/// Fills the chapters and composes one document.
///
/// # Errors
/// An unknown placeholder, figure, table or link; raw HTML; or a heading out of order. The message names the chapter and
/// the line.
pub fn compose(meta: Meta, chapters: &[Chapter], materials: &Materials) -> Result<Document> {
    let marked = chapters.iter().map(|chapter| provenance::mark(chapter, &materials.sources));
    let (chapters, provenance): (Vec<Chapter>, Vec<Vec<Provenance>>) = marked.unzip();
    let filled = template::fill(&chapters, &materials.values, meta.lang, meta.currency)?;
    let mut reader = markdown::Reader::new(meta.lang, materials);
    for ((chapter, filled), provenance) in chapters.iter().zip(&filled).zip(provenance) {
        reader.provenance = provenance;
        reader.read(chapter, filled)?;
    }
    reader.finish(meta)
}

/// Composes one document of texts without placeholders, figures and tables.
///
/// # Errors
/// Raw HTML, a link that leads nowhere, or a heading out of order. The message names the chapter and the line.
pub fn prose(meta: Meta, chapters: &[Chapter]) -> Result<Document> {
    let materials = Materials::default();
    let mut reader = markdown::Reader::new(meta.lang, &materials);
    for chapter in chapters {
        reader.read(chapter, &template::Filled::verbatim(chapter.text.clone()))?;
    }
    reader.finish(meta)
}
