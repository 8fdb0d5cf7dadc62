//! Markdown → numbered blocks of the [`Document`]. Next: `html`, `typst`.

mod blocks;
mod inlines;

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, TextMergeWithOffset};

use super::document::{Block, Document};
use super::provenance::Provenance;
use super::template::{Filled, place};
use super::typography::Typographer;
use super::{Chapter, Lang, Materials, Meta, Style};
use crate::{Error, Result};

/// How deep elements may stand in one another: what a page still shows, and less than the layout of the PDF endures.
const DEEPEST: usize = 16;
const TOO_DEEP: &str = "more than 16 lists, quotes or emphases in one another";

/// Headings are numbered down to this level: 1.1.1.
const NUMBERED_LEVELS: usize = 3;

/// Reads chapters one after the other, counting sections, figures, tables and footnotes through all of them.
pub(crate) struct Reader<'a> {
    lang: Lang,
    materials: &'a Materials,
    typographer: Typographer,
    chapters: Vec<Vec<Block>>,
    notes: Vec<Vec<Block>>,
    labels: BTreeMap<String, String>,
    /// How often the words of a heading were taken for its identifier.
    slugs: BTreeMap<String, usize>,
    /// Where the numbers of the chapter come from, by the place of their mark.
    pub(crate) told: Vec<Provenance>,
    /// The same of all chapters, each once.
    numbers: Vec<Provenance>,
    /// Works cited and not listed yet: what their citations say, by key.
    cited: BTreeMap<String, String>,
    /// Cross-references to check at the end, with their places.
    references: Vec<(String, String)>,
    sections: [usize; NUMBERED_LEVELS],
    level: usize,
    figures: usize,
    tables: usize,
    /// How many elements hold the blocks being read; headings, figures and tables stand in none.
    depth: usize,
    /// How many emphases and links hold the text being read.
    inside: usize,
    in_note: bool,
}

/// An event and where it stands in the Markdown.
type Spanned<'e> = (Event<'e>, Range<usize>);

/// A footnote of a chapter: not referred to yet, with its place, or the number it got.
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
            told: Vec::new(),
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

    /// Adds what has been read: a level-1 heading opens a chapter, and so does the first block.
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

    /// The blocks of one text; they are numbered on, but not added.
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

    /// Checks the cross-references and hands the document over.
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
            downloads: Vec::new(),
        })
    }
}

/// Takes the footnote definitions out of the flow: they are read where they are referred to.
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
