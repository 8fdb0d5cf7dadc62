//! Document → GitHub-flavoured Markdown for wikis, with its figures as SVG files. End of the engine.
//!
//! Text is escaped wherever a character might mean markup, so that no value of the data becomes a link, a heading, a cell or HTML.

mod escape;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::escape::{address, code, escape, fenced, prefixed, started};
use crate::report::document::{Align, Block, Document, Heading, Inline, Place, words};
use crate::report::lang::Words;
use crate::report::{Figure, Table};

/// How a file of this writer begins.
pub const MARKDOWN_START: &str = "<!-- written by pfe -->";

/// A document as Markdown.
#[derive(Debug, Clone)]
pub struct Markdown {
    /// The text.
    pub text: String,
    /// Names of the figures' files, and their SVG.
    pub figures: Vec<(String, String)>,
}

impl Document {
    /// Writes the report as GitHub-flavoured Markdown. `folder` is where the text looks for its figures.
    pub fn to_markdown(&self, folder: &str) -> Markdown {
        let mut writer = Writer {
            document: self,
            words: self.meta.lang.words(),
            folder: address(folder),
            anchors: anchors(self),
            files: BTreeSet::new(),
            figures: Vec::new(),
            out: String::with_capacity(1 << 17),
            in_cell: false,
            cited: vec![false; self.notes.len()],
        };
        writer.front();
        for chapter in &self.chapters {
            writer.chapter(chapter);
        }
        Markdown { text: writer.out.trim_end().to_owned() + "\n", figures: writer.figures }
    }
}

/// Targets of cross-references → unique names for links, of letters, digits and hyphens.
fn anchors(document: &Document) -> BTreeMap<&str, String> {
    let mut taken = BTreeSet::new();
    let mut anchors = BTreeMap::new();
    for target in document.labels.keys() {
        let name = free(target, &mut taken);
        anchors.insert(target.as_str(), name);
    }
    anchors
}

/// A name that is not taken, made of the letters and digits of a text.
fn free(text: &str, taken: &mut BTreeSet<String>) -> String {
    let name: String = text.chars().map(|c| if c.is_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let numbered = (2..).map(|count| format!("{name}-{count}"));
    let name = [name.clone()].into_iter().chain(numbered).find(|name| !taken.contains(name)).unwrap_or(name);
    taken.insert(name.clone());
    name
}

struct Writer<'a> {
    document: &'a Document,
    words: &'static Words,
    /// Where the figures are, as links name it.
    folder: String,
    anchors: BTreeMap<&'a str, String>,
    /// Names of figures' files so far.
    files: BTreeSet<String>,
    figures: Vec<(String, String)>,
    out: String,
    /// Whether the text is in a cell of a table, where code is cut by `|`.
    in_cell: bool,
    /// Footnotes that the text has already referred to.
    cited: Vec<bool>,
}

impl Writer<'_> {
    fn front(&mut self) {
        let meta = &self.document.meta;
        let date = self.document.date();
        self.push(&[MARKDOWN_START, "\n\n# ", &escape(&meta.title), "\n\n"]);
        for line in [&meta.subtitle, &meta.school].into_iter().flatten() {
            self.push(&[&started(&escape(line)), "\n\n"]);
        }
        for line in [(!meta.authors.is_empty()).then(|| meta.authors.join(", ")), date].into_iter().flatten() {
            self.push(&[&started(&escape(&line)), "\n\n"]);
        }
        if let Some(notice) = &meta.notice {
            self.push(&["> **", &escape(notice), "**\n\n"]);
        }
        if !meta.fingerprint.is_empty() {
            self.push(&[self.words.fingerprint, " ", &code(&meta.fingerprint, false)]);
            for (name, hash) in &meta.parts {
                self.push(&[" · ", &escape(name), " ", &code(hash, false)]);
            }
            self.out.push_str("\n\n");
        }
        self.contents();
        self.list("figure:", self.words.figures);
        self.list("table:", self.words.tables);
    }

    /// Table of contents: chapters and their sections.
    fn contents(&mut self) {
        self.push(&["**", self.words.contents, "**\n\n"]);
        let document = self.document;
        for block in document.blocks() {
            if let Block::Heading(Heading { level, number, id, title }) = block
                && *level <= 2
            {
                let number = number.as_ref().map_or(String::new(), |number| format!("{number} "));
                let (indent, anchor) = ("  ".repeat(level - 1), self.anchor(id));
                self.push(&[&indent, "- [", &escape(&number), &escape(&words(title)), "](#", &anchor, ")\n"]);
            }
        }
        self.out.push('\n');
    }

    /// List of figures or of tables.
    fn list(&mut self, kind: &str, title: &str) {
        let item = |block: &Block| match block {
            Block::Figure { place, figure } => Some((place.id.clone(), place.number, figure.title.clone())),
            Block::Table { place, table } => Some((place.id.clone(), place.number, table.title.clone())),
            _ => None,
        };
        let items = self.document.blocks().filter_map(item).filter(|(id, ..)| id.starts_with(kind));
        let items: Vec<_> = items.collect();
        if items.is_empty() {
            return;
        }
        self.push(&["**", title, "**\n\n"]);
        for (id, number, title) in items {
            let anchor = self.anchor(&id);
            self.push(&["- [", &number.to_string(), " ", &escape(&title), "](#", &anchor, ")\n"]);
        }
        self.out.push('\n');
    }

    fn anchor(&self, target: &str) -> String {
        self.anchors.get(target).cloned().unwrap_or_default()
    }

    fn chapter(&mut self, blocks: &[Block]) {
        let first = self.first_uncited();
        self.blocks(blocks);
        for index in first..self.first_uncited() {
            let document = self.document;
            let note = self.apart(|writer| writer.blocks(&document.notes[index]));
            let prefix = format!("[^{}]: ", index + 1);
            self.push(&[&prefixed(&note, &prefix, "    "), "\n"]);
        }
    }

    fn first_uncited(&self) -> usize {
        self.cited.iter().position(|cited| !cited).unwrap_or(self.cited.len())
    }

    /// What `write` writes, without adding it.
    fn apart(&mut self, write: impl FnOnce(&mut Self)) -> String {
        let before = std::mem::take(&mut self.out);
        write(self);
        std::mem::replace(&mut self.out, before)
    }

    fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    /// Writes a block and an empty line.
    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(heading) => {
                let (marks, anchor) = ("#".repeat((heading.level + 1).min(6)), self.anchor(&heading.id));
                let title = self.line(&heading.title).replace("\\\n", " ");
                let number = heading.number.as_ref().map_or(String::new(), |number| format!("{number} "));
                self.push(&["<a id=\"", &anchor, "\"></a>\n\n", &marks, " ", &number, &title]);
            }
            Block::Paragraph(inlines) | Block::Plain(inlines) => {
                let line = self.line(inlines);
                self.out.push_str(&started(&line));
            }
            Block::List { first, items } => {
                for (index, item) in items.iter().enumerate() {
                    let marker = first.map_or("- ".to_owned(), |first| format!("{}. ", first + index as u64));
                    let text = self.apart(|writer| writer.blocks(item));
                    let text = prefixed(&text, &marker, &" ".repeat(marker.len()));
                    let tight = item.len() < 2;
                    self.push(&[text.trim_end(), if tight { "\n" } else { "\n\n" }]);
                }
                self.out.truncate(self.out.trim_end().len());
            }
            Block::Quote(blocks) => {
                let text = self.apart(|writer| writer.blocks(blocks));
                self.out.push_str(&prefixed(&text, "> ", "> "));
            }
            Block::Remark(remark, blocks) => {
                let (_, label) = remark.named(self.words);
                let text = self.apart(|writer| writer.blocks(blocks));
                self.out.push_str(&prefixed(&format!("**{label}**\n\n{text}"), "> ", "> "));
            }
            Block::Code(text) => self.out.push_str(&fenced(text)),
            Block::Rule => self.out.push_str("---"),
            Block::Works(works) => {
                for (id, line) in works {
                    let (anchor, line) = (self.anchor(id), self.line(line));
                    self.push(&["- <a id=\"", &anchor, "\"></a>", &line, "\n"]);
                }
            }
            Block::Numbers => {
                let (head, rows) = self.document.numbers_grid();
                self.grid(&[Align::Right, Align::Right, Align::Left, Align::Left], &head, &rows);
            }
            Block::Grid { align, head, rows } => self.grid(align, head, rows),
            Block::Figure { place, figure } => self.figure(place, figure),
            Block::Table { place, table } => self.table(place, table),
        }
        self.out.truncate(self.out.trim_end_matches('\n').len());
        self.out.push_str("\n\n");
    }

    fn figure(&mut self, place: &Place, figure: &Figure) {
        self.caption(place, self.words.figure, &figure.title);
        let key = place.id.split_once(':').map_or("", |(_, key)| key);
        let ascii: String = key.chars().map(|c| if c.is_ascii() { c } else { '-' }).collect();
        let file = free(&ascii, &mut self.files) + ".svg";
        let folder = self.folder.clone();
        self.push(&["![", &escape(&figure.alt), "](", &folder, "/", &address(&file), ")\n"]);
        self.figures.push((file, figure.svg.standalone()));
        self.source(place, &figure.source);
    }

    fn table(&mut self, place: &Place, table: &Table) {
        self.caption(place, self.words.table, &table.title);
        let align = table.columns.iter().map(|column| if column.numeric { Align::Right } else { Align::Left });
        self.start(&align.collect::<Vec<_>>(), table.columns.iter().map(|column| escape(&column.header)));
        for row in &table.rows {
            self.row(row.iter().map(|cell| escape(cell)));
        }
        self.source(place, &table.source);
    }

    fn grid(&mut self, align: &[Align], head: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) {
        self.in_cell = true;
        let line = |writer: &mut Self, cells: &[Vec<Inline>]| -> Vec<String> {
            cells.iter().map(|cell| writer.line(cell).replace("\\\n", "<br>")).collect()
        };
        let cells = line(self, head);
        self.start(align, cells.into_iter());
        for row in rows {
            let cells = line(self, row);
            self.row(cells.into_iter());
        }
        self.in_cell = false;
    }

    /// Writes the head of a table.
    fn start(&mut self, align: &[Align], head: impl Iterator<Item = String>) {
        self.row(head);
        self.row(align.iter().map(|align| match align {
            Align::Left => ":---".into(),
            Align::Center => ":---:".into(),
            Align::Right => "---:".into(),
        }));
    }

    fn row(&mut self, cells: impl Iterator<Item = String>) {
        for cell in cells {
            self.push(&["| ", &cell, " "]);
        }
        self.out.push_str("|\n");
    }

    fn caption(&mut self, place: &Place, kind: &str, title: &str) {
        let (anchor, number) = (self.anchor(&place.id), place.number.to_string());
        self.push(&["<a id=\"", &anchor, "\"></a>\n\n**", kind, "\u{a0}", &number, "** ", &escape(title), "\n\n"]);
    }

    /// Writes the chapter's note and the source below a figure or table.
    fn source(&mut self, place: &Place, source: &str) {
        let mut note = self.line(&place.note);
        if !source.is_empty() {
            let space = if note.is_empty() { "" } else { " " };
            note += &format!("{space}{}{}", self.words.source, escape(source));
        }
        if !note.is_empty() {
            self.push(&["\n", &started(&note), "\n"]);
        }
    }

    /// Inline text on one line, apart from line breaks that it asks for.
    fn line(&mut self, inlines: &[Inline]) -> String {
        self.apart(|writer| writer.inlines(inlines))
    }

    fn inlines(&mut self, inlines: &[Inline]) {
        for (place, inline) in inlines.iter().enumerate() {
            match inline {
                Inline::Text(text) | Inline::Value { text, .. } => self.out.push_str(&escape(text)),
                Inline::Code(text) => {
                    let code = code(text, self.in_cell);
                    self.out.push_str(&code);
                }
                Inline::Emphasis(inner) => self.marked("*", "em", inner, inlines.get(place + 1)),
                Inline::Strong(inner) => self.marked("**", "strong", inner, inlines.get(place + 1)),
                Inline::Link { url, text } => {
                    let text = self.line(text);
                    self.push(&["[", &text, "](", &address(url), ")"]);
                }
                Inline::Reference { target, text } => {
                    let text = if text.is_empty() { escape(self.document.label(target)) } else { self.line(text) };
                    let anchor = self.anchor(target);
                    self.push(&["[", &text, "](#", &anchor, ")"]);
                }
                Inline::Note(number) => {
                    self.cited[number - 1] = true;
                    self.push(&["[^", &number.to_string(), "]"]);
                }
                Inline::Break => self.out.push_str("\\\n"),
            }
        }
    }

    /// Writes emphasis by marks, or by tags where marks would not be read as such: a mark beside punctuation counts only next to a
    /// space.
    fn marked(&mut self, mark: &str, tag: &str, inner: &[Inline], next: Option<&Inline>) {
        let text = self.line(inner);
        let spaced = match next {
            None => true,
            Some(Inline::Text(text)) => text.starts_with(char::is_whitespace),
            Some(_) => false,
        };
        let opens = |c: char| c.is_alphanumeric() || (c != '*' && self.out.ends_with(' '));
        let closes = |c: char| c.is_alphanumeric() || (c != '*' && spaced);
        let read = [text.chars().next().is_some_and(opens), text.chars().next_back().is_some_and(closes)] == [true; 2];
        let spaces = text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace);
        if read && !spaces && !self.out.ends_with('*') {
            self.push(&[mark, &text, mark]);
        } else {
            self.push(&["<", tag, ">", &text, "</", tag, ">"]);
        }
    }

    fn push(&mut self, parts: &[&str]) {
        self.out.extend(parts.iter().copied());
    }
}
