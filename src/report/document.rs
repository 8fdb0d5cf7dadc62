//! Document: the numbered blocks from which all formats are written. Made by `markdown`. Next: `html`, `typst`, `docx`.

use std::collections::BTreeMap;

use super::chapter::provenance::Provenance;
use super::lang::Words;
use super::{Attachment, Figure, Meta, Style, Table};

/// A composed and numbered report, ready to be written in any format. Made by [`compose`](super::compose).
#[derive(Debug, Clone)]
pub struct Document {
    pub(crate) meta: Meta,
    /// Chapters; each starts with its level-1 heading.
    pub(crate) chapters: Vec<Vec<Block>>,
    /// Footnotes, numbered from 1.
    pub(crate) notes: Vec<Vec<Block>>,
    /// Text of a cross-reference to each figure, table and heading, such as `figure 3`.
    pub(crate) labels: BTreeMap<String, String>,
    /// Provenance of the numbers in the text, in order of appearance, numbered from 1.
    pub(crate) numbers: Vec<Provenance>,
    /// Page templates and style sheet; built-in unless replaced.
    pub style: Style,
    /// Whether it is a few pages without cover, contents and lists.
    pub(crate) is_brief: bool,
    /// Figures that the slides show; [`DEFAULT_FIGURES`](super::DEFAULT_FIGURES) if there are none.
    pub slides_figures: Vec<String>,
    /// Files that the HTML offers for download.
    pub downloads: Vec<Attachment>,
}

impl Document {
    /// Always fails: the build lacks the `pdf` feature.
    #[cfg(not(feature = "pdf"))]
    pub fn to_pdf(&self, _attachments: &[Attachment]) -> crate::Result<Vec<u8>> {
        Err(crate::Error::input("PDF support is not built in").with_hint("rebuild with `--features pdf`"))
    }

    /// Always fails: the build lacks the `pdf` feature.
    #[cfg(not(feature = "pdf"))]
    pub fn to_slides_pdf(&self) -> crate::Result<Vec<u8>> {
        self.to_pdf(&[])
    }

    /// Always fails: the build lacks the `docx` feature.
    #[cfg(not(feature = "docx"))]
    pub fn to_docx(&self) -> crate::Result<Vec<u8>> {
        Err(crate::Error::input("Word documents are not built in").with_hint("rebuild with `--features docx`"))
    }

    /// The date: an ISO day is written in the report's language, other text is kept.
    pub(crate) fn date(&self) -> Option<String> {
        let date = self.meta.date.as_deref()?;
        Some(self.meta.lang.date(date).unwrap_or_else(|| date.to_owned()))
    }

    /// All top-level blocks, in order.
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &Block> {
        self.chapters.iter().flatten()
    }

    /// The numbers of the text as a table. Columns: number, printed text, file and rows, name.
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

    /// Text of a cross-reference that has no text of its own.
    pub(crate) fn label<'a>(&'a self, target: &'a str) -> &'a str {
        self.labels.get(target).map_or(target, String::as_str)
    }
}

/// A block of text.
#[derive(Debug, Clone)]
pub(crate) enum Block {
    Heading(Heading),
    Paragraph(Vec<Inline>),
    /// Text without paragraph spacing: an item of a dense list.
    Plain(Vec<Inline>),
    /// A list; `first` is the number of the first item of a numbered list.
    List {
        first: Option<u64>,
        items: Vec<Vec<Block>>,
    },
    Quote(Vec<Block>),
    Remark(Remark, Vec<Block>),
    Code(String),
    Rule,
    /// Cited works by label, each with its identifier.
    Works(Vec<(String, Vec<Inline>)>),
    /// Table of [`Document::numbers`].
    Numbers,
    /// A table written in Markdown.
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

/// A heading; level 1 is a chapter.
#[derive(Debug, Clone)]
pub(crate) struct Heading {
    pub level: usize,
    /// Section number such as `3.2`; `None` if the heading is not numbered.
    pub number: Option<String>,
    pub id: String,
    pub title: Vec<Inline>,
}

/// A placed figure or table.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// `figure:id` or `table:id`, as in the chapter.
    pub id: String,
    pub number: usize,
    /// Note that the chapter adds to the title.
    pub note: Vec<Inline>,
}

/// Kind of a framed remark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Remark {
    Note,
    Important,
    Warning,
}

impl Remark {
    /// Its name in the templates, and its label.
    pub(crate) fn named(self, words: &Words) -> (&'static str, &'static str) {
        match self {
            Remark::Note => ("note", words.note),
            Remark::Important => ("important", words.important),
            Remark::Warning => ("warning", words.warning),
        }
    }
}

/// Alignment of a column.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Align {
    Left,
    Center,
    Right,
}

/// Inline text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Inline {
    Text(String),
    Code(String),
    /// A number, and its index in [`Document::numbers`].
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
    /// A cross-reference to a figure, table or heading; without text, it shows its [`Document::label`].
    Reference {
        target: String,
        text: Vec<Inline>,
    },
    /// Number of a footnote, from 1.
    Note(usize),
    Break,
}

/// The plain words, for the table of contents, identifiers and page headers.
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
