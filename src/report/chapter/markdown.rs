//! Markdown → numbered blocks of the [`Document`]. Next: `html`, `typst`.

mod blocks;
mod inlines;

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, TextMergeWithOffset};

use super::provenance::Provenance;
use super::template::{Filled, place};
use super::typography::Typographer;
use crate::report::document::{Block, Document};
use crate::report::{Chapter, Lang, Materials, Meta, Style};
use crate::{Error, Result};

/// Maximum nesting of elements: pages still show it, and the PDF layout does not overflow.
const DEEPEST: usize = 16;
const TOO_DEEP: &str = "more than 16 lists, quotes or emphases in one another";

/// Headings are numbered down to this level: 1.1.1.
const NUMBERED_LEVELS: usize = 3;

/// Reads chapters in order; numbers sections, figures, tables and footnotes across all of them.
pub(crate) struct Reader<'a> {
    lang: Lang,
    materials: &'a Materials,
    typographer: Typographer,
    chapters: Vec<Vec<Block>>,
    notes: Vec<Vec<Block>>,
    labels: BTreeMap<String, String>,
    /// Heading slug → how often it was used as an identifier.
    slugs: BTreeMap<String, usize>,
    /// Provenance of the numbers of the current chapter, by the index of their mark.
    pub(crate) provenance: Vec<Provenance>,
    /// Provenance of the numbers of all chapters, each once.
    numbers: Vec<Provenance>,
    /// Cited works that are not listed yet: key → citation text.
    cited: BTreeMap<String, String>,
    /// Cross-references to check at the end, with their positions.
    references: Vec<(String, String)>,
    sections: [usize; NUMBERED_LEVELS],
    level: usize,
    figures: usize,
    tables: usize,
    /// Number of elements around the current blocks; headings, figures and tables must have none.
    depth: usize,
    /// Number of emphases and links around the current text.
    inside: usize,
    in_note: bool,
}

/// An event with its byte range in the Markdown.
type Spanned<'e> = (Event<'e>, Range<usize>);

/// A footnote of a chapter: unreferenced with its range, or its number.
enum Note<'e> {
    Unread(Vec<Spanned<'e>>, Range<usize>),
    Numbered(usize),
}

/// The chapter being read.
struct Input<'e> {
    name: &'e str,
    filled: &'e Filled,
    events: Peekable<std::vec::IntoIter<Spanned<'e>>>,
    notes: BTreeMap<String, Note<'e>>,
}

impl Input<'_> {
    fn error(&self, range: &Range<usize>, message: impl ToString) -> Error {
        Error::report(place(self.name, self.filled.line(range.start)), message)
    }
}

impl<'a> Reader<'a> {
    pub fn new(lang: Lang, materials: &'a Materials) -> Self {
        Self {
            lang,
            materials,
            typographer: Typographer::new(lang),
            chapters: Vec::new(),
            notes: Vec::new(),
            labels: BTreeMap::new(),
            slugs: BTreeMap::new(),
            provenance: Vec::new(),
            numbers: Vec::new(),
            cited: BTreeMap::new(),
            references: Vec::new(),
            sections: [0; NUMBERED_LEVELS],
            level: 0,
            figures: 0,
            tables: 0,
            depth: 0,
            inside: 0,
            in_note: false,
        }
    }

    /// Adds one chapter file.
    pub fn read(&mut self, chapter: &Chapter, filled: &Filled) -> Result<()> {
        let blocks = self.read_blocks(&chapter.name, filled)?;
        if !matches!(blocks.first(), Some(Block::Heading(heading)) if heading.level == 1) {
            let message = "a chapter starts with a level-1 heading";
            return Err(Error::report(place(&chapter.name, filled.first_line()), message));
        }
        self.add(blocks);
        Ok(())
    }

    /// Adds blocks to the document. A level-1 heading starts a new chapter; so does the very first block.
    pub fn add(&mut self, blocks: Vec<Block>) {
        for block in blocks {
            match self.chapters.last_mut() {
                Some(chapter) if !matches!(&block, Block::Heading(heading) if heading.level == 1) => {
                    chapter.push(block)
                }
                _ => self.chapters.push(vec![block]),
            }
        }
    }

    /// Parses the blocks of one text. Numbering continues, but the blocks are not added.
    pub fn read_blocks(&mut self, name: &str, filled: &Filled) -> Result<Vec<Block>> {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_GFM;
        let events = TextMergeWithOffset::new(Parser::new_ext(&filled.text, options).into_offset_iter());
        let (body, notes) = split_notes(events);
        let mut input = Input { name, filled, events: body.into_iter().peekable(), notes };
        let blocks = self.blocks(&mut input)?;
        let mut notes = input.notes.iter();
        let unread = notes.find_map(|(label, note)| match note {
            Note::Unread(_, range) => Some((label, range)),
            Note::Numbered(_) => None,
        });
        match unread {
            Some((label, range)) => {
                let message = format!("footnote `{label}` is never referred to");
                Err(input.error(range, message))
            }
            None => Ok(blocks),
        }
    }

    /// Checks the cross-references and returns the document.
    pub fn finish(self, meta: Meta) -> Result<Document> {
        for (target, place) in &self.references {
            if !self.labels.contains_key(target) {
                return Err(Error::report(place, format!("`{target}` is referred to, but no chapter has it")));
            }
        }
        Ok(Document {
            meta: meta.plain(),
            chapters: self.chapters,
            notes: self.notes,
            labels: self.labels,
            numbers: self.numbers,
            style: Style::default(),
            is_brief: false,
            slides_figures: Vec::new(),
            downloads: Vec::new(),
        })
    }
}

/// Separates footnote definitions from the text; each is read at its first reference.
fn split_notes<'e>(events: impl Iterator<Item = Spanned<'e>>) -> (Vec<Spanned<'e>>, BTreeMap<String, Note<'e>>) {
    let (mut body, mut notes) = (Vec::new(), BTreeMap::new());
    let mut note: Option<(String, Vec<_>, Range<usize>)> = None;
    for (event, range) in events {
        match event {
            Event::Start(Tag::FootnoteDefinition(label)) => note = Some((label.into_string(), Vec::new(), range)),
            Event::End(TagEnd::FootnoteDefinition) => {
                if let Some((label, events, range)) = note.take() {
                    notes.insert(label, Note::Unread(events, range));
                }
            }
            event => note.as_mut().map_or(&mut body, |(_, events, _)| events).push((event, range)),
        }
    }
    (body, notes)
}
