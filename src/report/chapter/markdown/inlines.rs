//! Markdown events → inline text: emphasis, code, links, cross-references, footnotes. Part of `markdown`.

use std::ops::Range;

use pulldown_cmark::{Event, Tag};

use super::{DEEPEST, Input, Note, Reader, Spanned, TOO_DEEP};
use crate::Result;
use crate::report::chapter::template::place;
use crate::report::chapter::typography::{Typographer, is_escaped, marked, unescape_value};
use crate::report::document::{Block, Inline};

pub(super) const IMAGE: &str = "a figure is placed by `![note](figure:id)`, a table by \
                                `![note](table:id)`, alone in its paragraph";

impl Reader<'_> {
    /// Reads a line and the event that closes it.
    pub(super) fn closed_line(&mut self, input: &mut Input<'_>) -> Result<Vec<Inline>> {
        let line = self.line(input)?;
        match input.events.next() {
            Some((Event::End(_), _)) | None => Ok(line),
            Some((event, range)) => Err(input.error(&range, format!("{event:?} is not supported here"))),
        }
    }

    pub(super) fn line(&mut self, input: &mut Input<'_>) -> Result<Vec<Inline>> {
        self.typographer.start();
        self.inlines(input)
    }

    fn inlines(&mut self, input: &mut Input<'_>) -> Result<Vec<Inline>> {
        let mut inlines = Vec::new();
        while let Some((event, range)) = input.events.next_if(|(event, _)| is_inline(event)) {
            if let Event::Text(text) = &event
                && !text.contains("[^")
            {
                self.text(text, &mut inlines);
                continue;
            }
            inlines.push(match event {
                Event::Text(_) => {
                    return Err(input.error(&range, "this footnote is not defined"));
                }
                Event::SoftBreak => Inline::Text(self.typographer.set(" ")),
                Event::HardBreak => Inline::Break,
                Event::Code(text) => {
                    self.typographer.pass();
                    Inline::Code(unescape_value(&text))
                }
                Event::FootnoteReference(label) => Inline::Note(self.note(&label, &range, input)?),
                Event::Start(Tag::Emphasis) => Inline::Emphasis(self.inner(input)?),
                Event::Start(Tag::Strong) => Inline::Strong(self.inner(input)?),
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let text = self.inner(input)?;
                    self.link(&unescape_value(&dest_url), text, &range, input)?
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

    /// Adds text with its numbers and their provenance. A mark follows the escaped value to which it belongs.
    fn text(&mut self, text: &str, inlines: &mut Vec<Inline>) {
        let mut rest = text;
        while let Some((at, mark)) = rest.char_indices().find(|(_, c)| marked(*c).is_some()) {
            let (before, after) = (&rest[..at], &rest[at + mark.len_utf8()..]);
            let plain = before.trim_end_matches(is_escaped);
            self.plain(plain, inlines);
            let value = self.typographer.set(&before[plain.len()..]);
            let index = marked(mark).filter(|index| *index < self.provenance.len() && !value.is_empty());
            inlines.push(match index {
                Some(index) => Inline::Value { number: self.number(index, &value), text: value },
                None => Inline::Text(value),
            });
            rest = after;
        }
        self.plain(rest, inlines);
    }

    /// Index in the report's numbers of a number marked in the chapter.
    fn number(&mut self, index: usize, text: &str) -> usize {
        let provenance = &self.provenance[index];
        let place = self.numbers.iter().position(|n| n.name == provenance.name).unwrap_or_else(|| {
            self.numbers.push(provenance.clone());
            self.numbers.len() - 1
        });
        let texts = &mut self.numbers[place].texts;
        if !texts.iter().any(|known| known == text) {
            texts.push(text.to_owned());
        }
        place
    }

    fn plain(&mut self, text: &str, inlines: &mut Vec<Inline>) {
        if !text.is_empty() {
            inlines.push(Inline::Text(self.typographer.set(text)));
        }
    }

    /// Reads the contents of an inline element, up to its end.
    fn inner(&mut self, input: &mut Input<'_>) -> Result<Vec<Inline>> {
        if self.inside == DEEPEST {
            let at = input.events.peek().map_or(0..0, |(_, range)| range.clone());
            return Err(input.error(&at, TOO_DEEP));
        }
        self.inside += 1;
        let inner = self.inlines(input);
        self.inside -= 1;
        input.events.next();
        inner
    }

    fn link(&mut self, url: &str, text: Vec<Inline>, range: &Range<usize>, input: &Input<'_>) -> Result<Inline> {
        let target = if ["figure:", "table:", "cite:"].iter().any(|kind| url.starts_with(kind)) {
            Some(url)
        } else {
            url.strip_prefix('#')
        };
        if let Some(target) = target {
            if let Some(key) = target.strip_prefix("cite:") {
                self.cite(key).map_err(|message| input.error(range, message))?;
            }
            self.references.push((target.to_owned(), place(input.name, input.filled.line(range.start))));
            self.typographer.pass();
            return Ok(Inline::Reference { target: target.to_owned(), text });
        }
        if !["https://", "http://", "mailto:"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(input.error(
                range,
                format!("link to `{url}`: expected `https:`, `mailto:`, `figure:`, `table:`, `cite:` or `#`"),
            ));
        }
        if text.is_empty() {
            return Err(input.error(range, format!("the link to `{url}` has no text")));
        }
        Ok(Inline::Link { url: url.to_owned(), text })
    }

    /// Number of a footnote. The text of the footnote is read at its first reference.
    fn note(&mut self, label: &str, range: &Range<usize>, input: &mut Input<'_>) -> Result<usize> {
        let message = match input.notes.get_mut(label) {
            Some(Note::Numbered(number)) => return Ok(*number),
            Some(Note::Unread(_, _)) if self.in_note => "a footnote refers to another footnote",
            Some(note) => {
                let number = self.notes.len() + 1;
                if let Note::Unread(events, _) = std::mem::replace(note, Note::Numbered(number)) {
                    let text = self.note_text(events, input)?;
                    self.notes.push(text);
                }
                return Ok(number);
            }
            None => "this footnote is not defined",
        };
        Err(input.error(range, message))
    }

    fn note_text<'e>(&mut self, events: Vec<Spanned<'e>>, input: &mut Input<'e>) -> Result<Vec<Block>> {
        let mut note = Input {
            name: input.name,
            filled: input.filled,
            events: events.into_iter().peekable(),
            notes: std::mem::take(&mut input.notes),
        };
        let typographer = Typographer::new(self.lang);
        let around = std::mem::replace(&mut self.typographer, typographer);
        self.in_note = true;
        let blocks = self.blocks(&mut note);
        self.in_note = false;
        self.typographer = around;
        input.notes = note.notes;
        blocks
    }
}

/// Drops comments; refuses all other HTML.
pub(super) fn only_comment(html: &str) -> Result<(), &'static str> {
    let html = html.trim();
    let comment = html.starts_with("<!--") && html.find("-->").is_some_and(|end| end + 3 == html.len());
    if comment { Ok(()) } else { Err("raw HTML is not allowed in chapters; only comments, `<!-- … -->`, are") }
}

pub(super) fn is_inline(event: &Event<'_>) -> bool {
    match event {
        Event::Start(tag) => matches!(tag, Tag::Emphasis | Tag::Strong | Tag::Link { .. } | Tag::Image { .. }),
        Event::End(_) | Event::Rule => false,
        _ => true,
    }
}
