//! Markdown events → blocks: paragraphs, headings, lists, figures, tables. Part of `markdown`.

use std::collections::BTreeMap;
use std::ops::Range;

use pulldown_cmark::{Alignment, BlockQuoteKind, Event, Tag};

use super::inlines::{IMAGE, is_inline, only_comment};
use super::{DEEPEST, Input, NUMBERED_LEVELS, Reader, TOO_DEEP};
use crate::Result;
use crate::report::chapter::typography::unescape_value;
use crate::report::document::{Align, Block, Heading, Inline, Place, Remark, words};
use crate::text::listed;

const INSIDE: &str = "a heading, figure or table cannot stand inside a list, quote or footnote";

impl Reader<'_> {
    /// Reads blocks up to the end of the events or of the enclosing element.
    pub(super) fn blocks(&mut self, input: &mut Input<'_>) -> Result<Vec<Block>> {
        if self.depth > DEEPEST {
            let at = input.events.peek().map_or(0..0, |(_, range)| range.clone());
            return Err(input.error(&at, TOO_DEEP));
        }
        self.depth += 1;
        let blocks = self.inner_blocks(input);
        self.depth -= 1;
        blocks
    }

    fn inner_blocks(&mut self, input: &mut Input<'_>) -> Result<Vec<Block>> {
        let mut blocks = Vec::new();
        while let Some((event, _)) = input.events.peek() {
            if is_inline(event) {
                blocks.push(Block::Plain(self.line(input)?));
                continue;
            }
            let Some((event, range)) = input.events.next() else {
                break;
            };
            match event {
                Event::End(_) => break,
                Event::Rule => blocks.push(Block::Rule),
                Event::Start(Tag::HtmlBlock) => {
                    let mut html = String::new();
                    while let Some((Event::Html(part), _)) = input.events.next() {
                        html.push_str(&part);
                    }
                    only_comment(&html).map_err(|message| input.error(&range, message))?;
                }
                Event::Start(Tag::Heading { .. }) if self.depth > 1 => {
                    return Err(input.error(&range, INSIDE));
                }
                Event::Start(tag) => blocks.push(self.block(tag, range, input)?),
                other => return Err(input.error(&range, format!("{other:?} is not supported"))),
            }
        }
        Ok(blocks)
    }

    fn block(&mut self, tag: Tag<'_>, range: Range<usize>, input: &mut Input<'_>) -> Result<Block> {
        Ok(match tag {
            Tag::Paragraph => match input.events.peek() {
                Some((Event::Start(Tag::Image { .. }), _)) => self.placed(input)?,
                _ => Block::Paragraph(self.closed_line(input)?),
            },
            Tag::Heading { level, id, classes, .. } => {
                let title = self.closed_line(input)?;
                let numbered = !classes.iter().any(|class| &**class == "unnumbered");
                self.heading(level as usize, title, id.as_deref(), numbered)
                    .map_err(|message| input.error(&range, message))?
            }
            Tag::List(first) => {
                let mut items = Vec::new();
                while let Some((Event::Start(Tag::Item), _)) = input.events.next() {
                    items.push(self.blocks(input)?);
                }
                Block::List { first, items }
            }
            Tag::BlockQuote(kind) => {
                let blocks = self.blocks(input)?;
                match kind {
                    None => Block::Quote(blocks),
                    Some(BlockQuoteKind::Note | BlockQuoteKind::Tip) => Block::Remark(Remark::Note, blocks),
                    Some(BlockQuoteKind::Important) => Block::Remark(Remark::Important, blocks),
                    Some(BlockQuoteKind::Warning | BlockQuoteKind::Caution) => Block::Remark(Remark::Warning, blocks),
                }
            }
            Tag::CodeBlock(_) => {
                let mut text = String::new();
                while let Some((Event::Text(part), _)) = input.events.next() {
                    text.push_str(&unescape_value(&part));
                }
                Block::Code(text.trim_end().to_owned())
            }
            Tag::Table(alignments) => self.grid(&alignments, input)?,
            other => return Err(input.error(&range, format!("{other:?} is not supported"))),
        })
    }

    fn heading(&mut self, level: usize, title: Vec<Inline>, id: Option<&str>, numbered: bool) -> Result<Block, String> {
        if level > self.level + 1 {
            return Err(format!("the heading jumps from level {} to {level}", self.level));
        }
        if title.iter().any(|inline| matches!(inline, Inline::Note(_))) {
            return Err("a heading cannot hold a footnote".into());
        }
        self.level = level;
        let number = (numbered && level <= NUMBERED_LEVELS).then(|| {
            self.sections[level - 1] += 1;
            self.sections[level..].fill(0);
            let numbers: Vec<_> = self.sections[..level].iter().map(usize::to_string).collect();
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
            Some(id) => unescape_value(id),
            None => self.free_id(&words(&title)),
        };
        self.labels.insert(id.clone(), label);
        Ok(Block::Heading(Heading { level, number, id, title }))
    }

    /// A free identifier made from the words of a heading.
    fn free_id(&mut self, title: &str) -> String {
        let parts: Vec<_> = title.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
        let slug = if parts.is_empty() { "section".to_owned() } else { parts.join("-").to_lowercase() };
        let labels = &self.labels;
        let count = self.slugs.entry(slug.clone()).or_default();
        loop {
            *count += 1;
            let id = if *count == 1 { slug.clone() } else { format!("{slug}-{count}") };
            if !labels.contains_key(&id) {
                return id;
            }
        }
    }

    /// A figure or table: `![note](figure:id)` or `![note](table:id)`, alone in its paragraph.
    fn placed(&mut self, input: &mut Input<'_>) -> Result<Block> {
        let Some((Event::Start(Tag::Image { dest_url, .. }), range)) = input.events.next() else {
            unreachable!("the caller has seen an image");
        };
        let id = unescape_value(&dest_url);
        let note = self.closed_line(input)?;
        if !matches!(input.events.next(), Some((Event::End(_), _))) {
            return Err(input.error(&range, format!("`{id}` must stand alone in its paragraph")));
        }
        let materials = self.materials;
        let block = match id.split_once(':') {
            _ if self.depth > 1 => Err(INSIDE.to_owned()),
            Some(("figure", key)) => find("figure", key, &materials.figures).and_then(|figure| {
                if !figure.svg.as_str().starts_with("<svg") {
                    return Err(format!("the drawing of `{id}` is not SVG"));
                }
                let place = self.place(&id, note)?;
                let figure = figure.plain();
                Ok(Block::Figure { place, figure })
            }),
            Some(("table", key)) => find("table", key, &materials.tables).and_then(|table| {
                let place = self.place(&id, note)?;
                let table = table.plain();
                Ok(Block::Table { place, table })
            }),
            Some(("bibliography", _)) => Ok(Block::Works(self.works())),
            Some(("provenance", _)) => Ok(Block::Numbers),
            _ => Err(IMAGE.to_owned()),
        };
        block.map_err(|message| input.error(&range, message))
    }

    /// Records that a work is cited, with its citation text.
    pub(super) fn cite(&mut self, key: &str) -> Result<(), String> {
        let Some(work) = self.materials.works.get(key) else {
            return Err(format!("there is no work `{key}` to cite; known: {}", listed(self.materials.works.keys())));
        };
        let label = self.typographer.set(&unescape_value(&work.label(self.lang.words().and)));
        self.cited.insert(key.to_owned(), label);
        Ok(())
    }

    /// The works cited so far, by label.
    fn works(&mut self) -> Vec<(String, Vec<Inline>)> {
        let and = self.lang.words().and;
        let mut cited: Vec<(String, String)> =
            std::mem::take(&mut self.cited).into_iter().map(|(key, label)| (label, key)).collect();
        cited.sort();
        let entry = |(label, key): (String, String)| {
            let id = format!("cite:{key}");
            self.labels.insert(id.clone(), label);
            let work = self.materials.works.get(&key)?;
            let (before, after) = work.around_title(and);
            let mut line = vec![Inline::Text(before), Inline::Emphasis(vec![Inline::Text(work.title().into())])];
            line.push(Inline::Text(after));
            if let Some(url) = work.url() {
                line.push(Inline::Text(" ".into()));
                line.push(Inline::Link { url: url.into(), text: vec![Inline::Text(url.into())] });
            }
            Some((id, line))
        };
        cited.into_iter().filter_map(entry).collect()
    }

    /// Assigns the next number of its kind, and the label for cross-references.
    fn place(&mut self, id: &str, note: Vec<Inline>) -> Result<Place, String> {
        let words = self.lang.words();
        let (count, word) = match id.starts_with("figure:") {
            true => (&mut self.figures, words.figure),
            false => (&mut self.tables, words.table),
        };
        *count += 1;
        let (id, number) = (id.to_owned(), *count);
        let label = format!("{}\u{a0}{number}", word.to_lowercase());
        match self.labels.insert(id.clone(), label) {
            Some(_) => Err(format!("`{id}` is placed twice")),
            None => Ok(Place { id, number, note }),
        }
    }

    fn grid(&mut self, alignments: &[Alignment], input: &mut Input<'_>) -> Result<Block> {
        let align = alignments.iter().map(|alignment| match alignment {
            Alignment::None | Alignment::Left => Align::Left,
            Alignment::Center => Align::Center,
            Alignment::Right => Align::Right,
        });
        let mut rows = Vec::new();
        while let Some((Event::Start(Tag::TableHead | Tag::TableRow), _)) = input.events.next() {
            let mut row = Vec::new();
            while let Some((Event::Start(Tag::TableCell), _)) = input.events.next() {
                row.push(self.closed_line(input)?);
            }
            rows.push(row);
        }
        let head = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
        Ok(Block::Grid { align: align.collect(), head, rows })
    }
}

fn find<'m, T>(kind: &str, key: &str, known: &'m BTreeMap<String, T>) -> Result<&'m T, String> {
    known.get(key).ok_or_else(|| format!("there is no {kind} `{key}`; known: {}", listed(known.keys())))
}
