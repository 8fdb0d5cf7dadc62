//! Markdown → numbered blocks of the [`Document`]. Next: `html`, `typst`.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Range;

use pulldown_cmark::{Alignment, BlockQuoteKind, Event, Options, Parser, Tag, TextMergeWithOffset};

use super::document::{Align, Block, Document, Heading, Inline, Place, Remark, words};
use super::template::{Filled, place};
use super::typography::{Typographer, plain, unveil};
use super::{Chapter, Figure, Lang, Materials, Meta, Style, Table, TableColumn};
use crate::{Error, Result};

/// Headings are numbered down to this level: 1.1.1.
const NUMBERED_LEVELS: usize = 3;

/// Reads chapters one after the other, counting sections, figures, tables and footnotes through all of them.
pub(super) struct Reader<'a> {
    lang: Lang,
    materials: &'a Materials,
    typographer: Typographer,
    chapters: Vec<Vec<Block>>,
    notes: Vec<Vec<Block>>,
    labels: BTreeMap<String, String>,
    /// Cross-references to check at the end, with their places.
    references: Vec<(String, String)>,
    sections: [usize; NUMBERED_LEVELS],
    level: usize,
    figures: usize,
    tables: usize,
    /// How many elements hold the blocks being read; headings, figures and tables stand in none.
    depth: usize,
    in_note: bool,
}

type Events<'e> = Peekable<std::vec::IntoIter<(Event<'e>, Range<usize>)>>;

/// A footnote of a chapter: not referred to yet, or the number it got.
enum Note<'e> {
    Unread(Vec<(Event<'e>, Range<usize>)>, usize),
    Numbered(usize),
}

/// The chapter being read.
struct Input<'e> {
    name: &'e str,
    filled: &'e Filled,
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
            references: Vec::new(),
            sections: [0; NUMBERED_LEVELS],
            level: 0,
            figures: 0,
            tables: 0,
            depth: 0,
            in_note: false,
        }
    }

    /// Adds one chapter file.
    pub fn read(&mut self, chapter: &Chapter, filled: &Filled) -> Result<()> {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_GFM;
        let events =
            TextMergeWithOffset::new(Parser::new_ext(&filled.text, options).into_offset_iter());
        let (body, notes) = split_notes(events);
        let mut input = Input {
            name: &chapter.name,
            filled,
            notes,
        };
        let start = body.first().map_or(0..0, |(_, range)| range.clone());
        let blocks = self.blocks(&mut body.into_iter().peekable(), &mut input)?;
        if !matches!(blocks.first(), Some(Block::Heading(heading)) if heading.level == 1) {
            return Err(input.error(&start, "a chapter starts with a level-1 heading"));
        }
        for block in blocks {
            match (&block, self.chapters.last_mut()) {
                (Block::Heading(heading), _) if heading.level == 1 => {
                    self.chapters.push(vec![block])
                }
                (_, Some(chapter)) => chapter.push(block),
                (_, None) => unreachable!("the first block is a level-1 heading"),
            }
        }
        for (label, note) in &input.notes {
            if let Note::Unread(_, start) = note {
                return Err(input.error(
                    &(*start..*start),
                    format!("footnote `{label}` is never referred to"),
                ));
            }
        }
        Ok(())
    }

    /// Checks the cross-references and hands the document over.
    pub fn finish(self, meta: Meta) -> Result<Document> {
        for (target, place) in &self.references {
            if !self.labels.contains_key(target) {
                return Err(Error::report(
                    place,
                    format!("`{target}` is referred to, but no chapter has it"),
                ));
            }
        }
        let meta = Meta {
            lang: meta.lang,
            title: plain(&meta.title),
            subtitle: meta.subtitle.as_deref().map(plain),
            authors: meta.authors.iter().map(|author| plain(author)).collect(),
            school: meta.school.as_deref().map(plain),
            date: meta.date.as_deref().map(plain),
            notice: meta.notice.as_deref().map(plain),
            fingerprint: plain(&meta.fingerprint),
        };
        Ok(Document {
            meta,
            chapters: self.chapters,
            notes: self.notes,
            labels: self.labels,
            style: Style::default(),
        })
    }

    /// Blocks up to the end of the events or of the element that holds them.
    fn blocks(&mut self, events: &mut Events<'_>, input: &mut Input<'_>) -> Result<Vec<Block>> {
        self.depth += 1;
        let blocks = self.inner_blocks(events, input);
        self.depth -= 1;
        blocks
    }

    fn inner_blocks(
        &mut self,
        events: &mut Events<'_>,
        input: &mut Input<'_>,
    ) -> Result<Vec<Block>> {
        let mut blocks = Vec::new();
        while let Some((event, _)) = events.peek() {
            if is_inline(event) {
                blocks.push(Block::Plain(self.line(events, input)?));
                continue;
            }
            let Some((event, range)) = events.next() else {
                break;
            };
            match event {
                Event::End(_) => break,
                Event::Rule => blocks.push(Block::Rule),
                Event::Start(Tag::HtmlBlock) => {
                    let mut html = String::new();
                    while let Some((Event::Html(part), _)) = events.next() {
                        html.push_str(&part);
                    }
                    only_comment(&html).map_err(|message| input.error(&range, message))?;
                }
                Event::Start(Tag::Heading { .. }) if self.depth > 1 => {
                    return Err(input.error(&range, INSIDE));
                }
                Event::Start(tag) => blocks.push(self.block(tag, range, events, input)?),
                other => return Err(input.error(&range, format!("{other:?} is not supported"))),
            }
        }
        Ok(blocks)
    }

    fn block(
        &mut self,
        tag: Tag<'_>,
        range: Range<usize>,
        events: &mut Events<'_>,
        input: &mut Input<'_>,
    ) -> Result<Block> {
        Ok(match tag {
            Tag::Paragraph => match events.peek() {
                Some((Event::Start(Tag::Image { .. }), _)) => self.placed(events, input)?,
                _ => Block::Paragraph(self.closed_line(events, input)?),
            },
            Tag::Heading {
                level, id, classes, ..
            } => {
                let title = self.closed_line(events, input)?;
                let numbered = !classes.iter().any(|class| &**class == "unnumbered");
                self.heading(level as usize, title, id.as_deref(), numbered)
                    .map_err(|message| input.error(&range, message))?
            }
            Tag::List(first) => {
                let mut items = Vec::new();
                while let Some((Event::Start(Tag::Item), _)) = events.next() {
                    items.push(self.blocks(events, input)?);
                }
                Block::List { first, items }
            }
            Tag::BlockQuote(kind) => {
                let blocks = self.blocks(events, input)?;
                match kind {
                    None => Block::Quote(blocks),
                    Some(BlockQuoteKind::Note | BlockQuoteKind::Tip) => {
                        Block::Remark(Remark::Note, blocks)
                    }
                    Some(BlockQuoteKind::Important) => Block::Remark(Remark::Important, blocks),
                    Some(BlockQuoteKind::Warning | BlockQuoteKind::Caution) => {
                        Block::Remark(Remark::Warning, blocks)
                    }
                }
            }
            Tag::CodeBlock(_) => {
                let mut text = String::new();
                while let Some((Event::Text(part), _)) = events.next() {
                    text.push_str(&unveil(&part));
                }
                Block::Code(text.trim_end().to_owned())
            }
            Tag::Table(alignments) => self.grid(&alignments, events, input)?,
            other => return Err(input.error(&range, format!("{other:?} is not supported"))),
        })
    }

    fn heading(
        &mut self,
        level: usize,
        title: Vec<Inline>,
        id: Option<&str>,
        numbered: bool,
    ) -> Result<Block, String> {
        if level > self.level + 1 {
            return Err(format!(
                "the heading jumps from level {} to {level}",
                self.level
            ));
        }
        if title.iter().any(|inline| matches!(inline, Inline::Note(_))) {
            return Err("a heading cannot hold a footnote".into());
        }
        self.level = level;
        let number = (numbered && level <= NUMBERED_LEVELS).then(|| {
            self.sections[level - 1] += 1;
            self.sections[level..].fill(0);
            let numbers: Vec<_> = self.sections[..level]
                .iter()
                .map(usize::to_string)
                .collect();
            numbers.join(".")
        });
        let label = match &number {
            Some(number) => format!("{}\u{a0}{number}", self.lang.words().section.to_lowercase()),
            None => words(&title),
        };
        let id = match id {
            Some(id) if self.labels.contains_key(id) => {
                return Err(format!("two headings have the identifier `{id}`"));
            }
            Some(id) => unveil(id),
            None => self.free_id(&words(&title)),
        };
        self.labels.insert(id.clone(), label);
        Ok(Block::Heading(Heading {
            level,
            number,
            id,
            title,
        }))
    }

    /// An identifier made of the words of a heading.
    fn free_id(&self, title: &str) -> String {
        let parts: Vec<_> = title
            .split(|c: char| !c.is_alphanumeric())
            .filter(|part| !part.is_empty())
            .collect();
        let slug = if parts.is_empty() {
            "section".to_owned()
        } else {
            parts.join("-").to_lowercase()
        };
        let taken = |id: &String| self.labels.contains_key(id);
        if !taken(&slug) {
            return slug;
        }
        (2..)
            .map(|n| format!("{slug}-{n}"))
            .find(|id| !taken(id))
            .unwrap_or(slug)
    }

    /// `![note](figure:id)` or `![note](table:id)`, alone in its paragraph.
    fn placed(&mut self, events: &mut Events<'_>, input: &mut Input<'_>) -> Result<Block> {
        let Some((Event::Start(Tag::Image { dest_url, .. }), range)) = events.next() else {
            unreachable!("the caller has seen an image");
        };
        if self.depth > 1 {
            return Err(input.error(&range, INSIDE));
        }
        let id = unveil(&dest_url);
        let note = self.closed_line(events, input)?;
        let Some((Event::End(_), _)) = events.next() else {
            return Err(input.error(&range, format!("`{id}` must stand alone in its paragraph")));
        };
        let (kind, key) = id.split_once(':').unwrap_or((&id, ""));
        let words = self.lang.words();
        let unknown = |kind: &str, known: Vec<&String>| {
            let known: Vec<_> = known.into_iter().map(|id| format!("`{id}`")).collect();
            input.error(
                &range,
                format!("there is no {kind} `{key}`; known: {}", known.join(", ")),
            )
        };
        let (label, block) = match kind {
            "figure" => {
                let figures = &self.materials.figures;
                let figure = figures
                    .get(key)
                    .ok_or_else(|| unknown(kind, figures.keys().collect()))?;
                self.figures += 1;
                let place = Place {
                    id: id.clone(),
                    number: self.figures,
                    note,
                };
                (
                    words.figure,
                    Block::Figure {
                        place,
                        figure: clean_figure(figure),
                    },
                )
            }
            "table" => {
                let tables = &self.materials.tables;
                let table = tables
                    .get(key)
                    .ok_or_else(|| unknown(kind, tables.keys().collect()))?;
                if table
                    .rows
                    .iter()
                    .any(|row| row.len() != table.columns.len())
                {
                    return Err(input.error(
                        &range,
                        format!("table `{key}` has a row that does not fit its columns"),
                    ));
                }
                self.tables += 1;
                let place = Place {
                    id: id.clone(),
                    number: self.tables,
                    note,
                };
                (
                    words.table,
                    Block::Table {
                        place,
                        table: clean_table(table),
                    },
                )
            }
            _ => return Err(input.error(&range, IMAGE)),
        };
        let number = if kind == "figure" {
            self.figures
        } else {
            self.tables
        };
        if self
            .labels
            .insert(
                id.clone(),
                format!("{}\u{a0}{number}", label.to_lowercase()),
            )
            .is_some()
        {
            return Err(input.error(&range, format!("`{id}` is placed twice")));
        }
        Ok(block)
    }

    fn grid(
        &mut self,
        alignments: &[Alignment],
        events: &mut Events<'_>,
        input: &mut Input<'_>,
    ) -> Result<Block> {
        let align = alignments.iter().map(|alignment| match alignment {
            Alignment::None | Alignment::Left => Align::Left,
            Alignment::Center => Align::Center,
            Alignment::Right => Align::Right,
        });
        let mut rows = Vec::new();
        while let Some((Event::Start(Tag::TableHead | Tag::TableRow), _)) = events.next() {
            let mut row = Vec::new();
            while let Some((Event::Start(Tag::TableCell), _)) = events.next() {
                row.push(self.closed_line(events, input)?);
            }
            rows.push(row);
        }
        let head = if rows.is_empty() {
            Vec::new()
        } else {
            rows.remove(0)
        };
        Ok(Block::Grid {
            align: align.collect(),
            head,
            rows,
        })
    }

    /// A line of its own and the event that closes it.
    fn closed_line(
        &mut self,
        events: &mut Events<'_>,
        input: &mut Input<'_>,
    ) -> Result<Vec<Inline>> {
        let line = self.line(events, input)?;
        match events.next() {
            Some((Event::End(_), _)) | None => Ok(line),
            Some((event, range)) => {
                Err(input.error(&range, format!("{event:?} is not supported here")))
            }
        }
    }

    fn line(&mut self, events: &mut Events<'_>, input: &mut Input<'_>) -> Result<Vec<Inline>> {
        self.typographer.start();
        self.inlines(events, input)
    }

    fn inlines(&mut self, events: &mut Events<'_>, input: &mut Input<'_>) -> Result<Vec<Inline>> {
        let mut inlines = Vec::new();
        while let Some((event, range)) = events.next_if(|(event, _)| is_inline(event)) {
            inlines.push(match event {
                Event::Text(text) if text.contains("[^") => {
                    return Err(input.error(&range, "this footnote is not defined"));
                }
                Event::Text(text) => Inline::Text(self.typographer.set(&text)),
                Event::SoftBreak => Inline::Text(self.typographer.set(" ")),
                Event::HardBreak => Inline::Break,
                Event::Code(text) => {
                    self.typographer.pass();
                    Inline::Code(unveil(&text))
                }
                Event::FootnoteReference(label) => Inline::Note(self.note(&label, input)?),
                Event::Start(Tag::Emphasis) => Inline::Emphasis(self.inner(events, input)?),
                Event::Start(Tag::Strong) => Inline::Strong(self.inner(events, input)?),
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let text = self.inner(events, input)?;
                    self.link(&unveil(&dest_url), text, &range, input)?
                }
                Event::Start(Tag::Image { .. }) => return Err(input.error(&range, IMAGE)),
                Event::InlineHtml(html) | Event::Html(html) => {
                    only_comment(&html).map_err(|message| input.error(&range, message))?;
                    continue;
                }
                other => return Err(input.error(&range, format!("{other:?} is not supported"))),
            });
        }
        Ok(inlines)
    }

    /// What an inline element holds, and its end.
    fn inner(&mut self, events: &mut Events<'_>, input: &mut Input<'_>) -> Result<Vec<Inline>> {
        let inner = self.inlines(events, input)?;
        events.next();
        Ok(inner)
    }

    fn link(
        &mut self,
        url: &str,
        text: Vec<Inline>,
        range: &Range<usize>,
        input: &Input<'_>,
    ) -> Result<Inline> {
        let target = if url.starts_with("figure:") || url.starts_with("table:") {
            Some(url)
        } else {
            url.strip_prefix('#')
        };
        if let Some(target) = target {
            self.references.push((
                target.to_owned(),
                place(input.name, input.filled.line(range.start)),
            ));
            self.typographer.pass();
            return Ok(Inline::Reference {
                target: target.to_owned(),
                text,
            });
        }
        if !["https://", "http://", "mailto:"]
            .iter()
            .any(|scheme| url.starts_with(scheme))
        {
            return Err(input.error(
                range,
                format!(
                    "link to `{url}`: expected `https:`, `mailto:`, `figure:`, `table:` or `#`"
                ),
            ));
        }
        if text.is_empty() {
            return Err(input.error(range, format!("the link to `{url}` has no text")));
        }
        Ok(Inline::Link {
            url: url.to_owned(),
            text,
        })
    }

    /// The number of a footnote; its text is read when it is first referred to.
    fn note(&mut self, label: &str, input: &mut Input<'_>) -> Result<usize> {
        let number = self.notes.len() + 1;
        match input.notes.insert(label.to_owned(), Note::Numbered(number)) {
            Some(Note::Unread(_, start)) if self.in_note => {
                Err(input.error(&(start..start), "a footnote refers to this footnote"))
            }
            Some(Note::Unread(events, _)) => {
                self.in_note = true;
                self.notes.push(Vec::new());
                let around = std::mem::replace(&mut self.typographer, Typographer::new(self.lang));
                self.notes[number - 1] = self.blocks(&mut events.into_iter().peekable(), input)?;
                self.typographer = around;
                self.in_note = false;
                Ok(number)
            }
            Some(Note::Numbered(earlier)) => {
                input
                    .notes
                    .insert(label.to_owned(), Note::Numbered(earlier));
                Ok(earlier)
            }
            None => Err(Error::report(
                format!("`{}`", input.name),
                format!("footnote `{label}` is not defined"),
            )),
        }
    }
}

const INSIDE: &str = "a heading, figure or table cannot stand inside a list, quote or footnote";
const IMAGE: &str = "a figure is placed by `![note](figure:id)`, a table by `![note](table:id)`, alone in its paragraph";

/// Comments are dropped; any other HTML is refused.
fn only_comment(html: &str) -> Result<(), &'static str> {
    let html = html.trim();
    let comment =
        html.starts_with("<!--") && html.find("-->").is_some_and(|end| end + 3 == html.len());
    if comment {
        Ok(())
    } else {
        Err("raw HTML is not allowed in chapters; only comments, `<!-- … -->`, are")
    }
}

fn is_inline(event: &Event<'_>) -> bool {
    match event {
        Event::Start(tag) => matches!(
            tag,
            Tag::Emphasis | Tag::Strong | Tag::Link { .. } | Tag::Image { .. }
        ),
        Event::End(_) | Event::Rule => false,
        _ => true,
    }
}

/// Takes the footnote definitions out of the flow: they are read where they are referred to.
fn split_notes<'e>(
    events: impl Iterator<Item = (Event<'e>, Range<usize>)>,
) -> (Vec<(Event<'e>, Range<usize>)>, BTreeMap<String, Note<'e>>) {
    let (mut body, mut notes) = (Vec::new(), BTreeMap::new());
    let mut note: Option<(String, Vec<_>, usize)> = None;
    for (event, range) in events {
        match event {
            Event::Start(Tag::FootnoteDefinition(label)) => {
                note = Some((label.into_string(), Vec::new(), range.start))
            }
            Event::End(pulldown_cmark::TagEnd::FootnoteDefinition) => {
                if let Some((label, events, start)) = note.take() {
                    notes.insert(label, Note::Unread(events, start));
                }
            }
            event => note
                .as_mut()
                .map_or(&mut body, |(_, events, _)| events)
                .push((event, range)),
        }
    }
    (body, notes)
}

fn clean_figure(figure: &Figure) -> Figure {
    Figure {
        svg: figure.svg.clone(),
        title: plain(&figure.title),
        alt: plain(&figure.alt),
        source: plain(&figure.source),
    }
}

fn clean_table(table: &Table) -> Table {
    let column = |column: &TableColumn| TableColumn {
        header: plain(&column.header),
        numeric: column.numeric,
    };
    Table {
        columns: table.columns.iter().map(column).collect(),
        rows: table
            .rows
            .iter()
            .map(|row| row.iter().map(|cell| plain(cell)).collect())
            .collect(),
        title: plain(&table.title),
        source: plain(&table.source),
    }
}
