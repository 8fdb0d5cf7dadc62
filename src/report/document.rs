//! The semantic document: what both outputs are written from. Filled by `markdown`; written by `html` and `typst`.

use std::collections::BTreeMap;

use super::provenance::Provenance;
use super::{Attachment, Figure, Meta, Style, Table};
use crate::Result;

/// A report, composed and numbered, ready to be written as HTML and PDF. Made by [`compose`](super::compose).
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) meta: Meta,
    /// Each one starts with its level-1 heading.
    pub(crate) chapters: Vec<Vec<Block>>,
    /// Footnotes; the first has number 1.
    pub(crate) notes: Vec<Vec<Block>>,
    /// What a cross-reference to each figure, table and heading says: `figure 3`.
    pub(crate) labels: BTreeMap<String, String>,
    /// Where the numbers of the text come from, in its order; the first has number 1.
    pub(crate) numbers: Vec<Provenance>,
    /// Page templates and style sheet; the built-in ones unless replaced.
    pub style: Style,
    /// Files that the HTML offers for download.
    pub downloads: Vec<Attachment>,
}

impl Document {
    /// The whole report as one HTML file that asks nothing from the network.
    ///
    /// # Errors
    /// A page template that cannot be filled.
    pub fn to_html(&self) -> Result<String> {
        super::html::write(self)
    }

    /// The whole report as one tagged PDF (PDF/A-3a, PDF/UA-1) that carries the attachments.
    ///
    /// # Errors
    /// An SVG or a template that Typst cannot read, or a build without the `pdf` feature.
    #[cfg(feature = "pdf")]
    pub fn to_pdf(&self, attachments: &[Attachment]) -> Result<Vec<u8>> {
        super::pdf::export(self, attachments)
    }

    /// Without the `pdf` feature: an error that says so.
    #[cfg(not(feature = "pdf"))]
    pub fn to_pdf(&self, _attachments: &[Attachment]) -> Result<Vec<u8>> {
        Err(crate::Error::input("PDF support is not built in").with_hint("rebuild with `--features pdf`"))
    }

    /// The date in the words of the language when it is an ISO day, as it is otherwise.
    pub(crate) fn date(&self) -> Option<String> {
        let date = self.meta.date.as_deref()?;
        Some(self.meta.lang.date(date).unwrap_or_else(|| date.to_owned()))
    }

    /// All blocks that are not inside another one, in order.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.chapters.iter().flatten()
    }

    /// The numbers of the text as a table: number, what is printed, file and rows, name.
    pub(crate) fn numbers_grid(&self) -> (Vec<Vec<Inline>>, Vec<Vec<Vec<Inline>>>) {
        let words = self.meta.lang.words();
        let text = |text: &str| Inline::Text(text.to_owned());
        let code = |text: &str| Inline::Code(text.to_owned());
        let head = [words.number, words.value, words.rows, words.name].map(|word| vec![text(word)]);
        let row = |(place, Provenance { name, origin, texts }): (usize, &Provenance)| {
            let mut from = vec![code(&origin.file)];
            if !origin.rows.is_empty() {
                from.extend([text(", "), code(&origin.rows)]);
            }
            vec![vec![text(&(place + 1).to_string())], vec![text(&texts.join(" · "))], from, vec![code(name)]]
        };
        (head.into(), self.numbers.iter().enumerate().map(row).collect())
    }

    /// What a reference without a text of its own says.
    pub(crate) fn label<'a>(&'a self, target: &'a str) -> &'a str {
        self.labels.get(target).map_or(target, String::as_str)
    }
}

/// A part of the text that stands by itself.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    Heading(Heading),
    Paragraph(Vec<Inline>),
    /// Text without the space of a paragraph: an item of a dense list.
    Plain(Vec<Inline>),
    /// `first` is the number of the first item of a numbered list.
    List {
        first: Option<u64>,
        items: Vec<Vec<Block>>,
    },
    Quote(Vec<Block>),
    Remark(Remark, Vec<Block>),
    Code(String),
    Rule,
    /// The works that are cited, each with its identifier, by label.
    Works(Vec<(String, Vec<Inline>)>),
    /// The [`Document::numbers`].
    Numbers,
    /// A table written in the chapter.
    Grid {
        align: Vec<Align>,
        head: Vec<Vec<Inline>>,
        rows: Vec<Vec<Vec<Inline>>>,
    },
    Figure {
        place: Place,
        figure: Figure,
    },
    Table {
        place: Place,
        table: Table,
    },
}

/// A heading: 1 is a chapter.
#[derive(Debug, Clone)]
pub(crate) struct Heading {
    pub level: usize,
    /// `3.2`; none if the heading is not numbered.
    pub number: Option<String>,
    pub id: String,
    pub title: Vec<Inline>,
}

/// Where a figure or table stands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// `figure:id` or `table:id`, as chapters write it.
    pub id: String,
    pub number: usize,
    /// What the chapter adds to its title.
    pub note: Vec<Inline>,
}

/// Kind of a framed remark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Remark {
    Note,
    Important,
    Warning,
}

/// Alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Align {
    Left,
    Center,
    Right,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Inline {
    Text(String),
    Code(String),
    /// A number, and its place among the [`Document::numbers`].
    Value {
        text: String,
        number: usize,
    },
    Emphasis(Vec<Inline>),
    Strong(Vec<Inline>),
    Link {
        url: String,
        text: Vec<Inline>,
    },
    /// To a figure, table or heading of the report; without text it says its [`Document::label`].
    Reference {
        target: String,
        text: Vec<Inline>,
    },
    /// Number of a footnote, from 1.
    Note(usize),
    Break,
}

/// The words alone: for the table of contents, identifiers and page headers.
pub(crate) fn words(inlines: &[Inline]) -> String {
    let word = |inline: &Inline| match inline {
        Inline::Text(text) | Inline::Code(text) | Inline::Value { text, .. } => text.clone(),
        Inline::Emphasis(inner) | Inline::Strong(inner) => words(inner),
        Inline::Link { text, .. } | Inline::Reference { text, .. } => words(text),
        Inline::Note(_) => String::new(),
        Inline::Break => " ".into(),
    };
    inlines.iter().map(word).collect()
}
