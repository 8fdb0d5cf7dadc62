//! Document → Typst source that consists only of function calls and string literals. Next: `pdf`.
//!
//! The body is code, not markup. Text appears only in string literals, in which just the backslash and the quote have a
//! meaning, so that no word can become a heading, a call or a reference. `reports/templates/report.typ` defines the look;
//! the source calls its functions.

use crate::report::document::{Align, Block, Document, Heading, Inline, Place, words};
use crate::report::lang::Words;
use crate::report::{Attachment, Style};
use crate::text::seen;

use super::columns::{self, Columns, points};

/// Deepest level of headings in the table of contents: `depth` in the template.
const LISTED: usize = 2;

/// The main source file, with figures numbered in the order of the document.
pub(crate) fn write(document: &Document, attachments: &[Attachment]) -> String {
    let mut writer = Writer::new(document);
    writer.marks = document.chapters.iter().flatten().any(|block| matches!(block, Block::Numbers));
    writer.measured = document.style.typst == Style::default().typst;
    writer.cover(attachments);
    for chapter in &document.chapters {
        writer.chapter(chapter);
    }
    writer.out
}

/// Path of a figure for Typst. It is a number, because Typst never forgets a path.
pub(crate) fn figure_path(number: usize) -> String {
    format!("figure-{number}.svg")
}

/// Path of an attachment for Typst, by its index.
pub(crate) fn attachment_path(index: usize) -> String {
    format!("attachment-{index}")
}

/// Label of a row in the table of numbers.
fn number_label(place: usize) -> String {
    format!("number:{}", place + 1)
}

/// Writes blocks as calls of the template's functions.
pub(crate) struct Writer<'a> {
    document: &'a Document,
    words: &'static Words,
    pub(crate) out: String,
    /// Footnotes that the text has already referred to; the first reference carries the text.
    cited: Vec<bool>,
    /// Whether numbers link to the table of numbers: there is one, and they are not in a heading or link.
    marks: bool,
    /// Function of the template for inline code.
    code: &'static str,
    /// Whether the template is the one for which letters and margins were measured.
    measured: bool,
}

impl<'a> Writer<'a> {
    /// A writer for a template of its own lines and letters, without marks at numbers.
    pub(crate) fn new(document: &'a Document) -> Self {
        Writer {
            document,
            words: document.meta.lang.words(),
            out: String::with_capacity(1 << 16),
            cited: vec![false; document.notes.len()],
            marks: false,
            code: "raw(",
            measured: false,
        }
    }

    fn cover(&mut self, attachments: &[Attachment]) {
        let (meta, words) = (&self.document.meta, self.words);
        let optional = |text: Option<&str>| text.map_or("none".to_owned(), literal);
        let authors: String = meta.authors.iter().map(|author| literal(author) + ", ").collect();
        let part = |(name, hash): &(String, String)| format!("({}, {}), ", literal(name), literal(hash));
        let parts: String = meta.parts.iter().map(part).collect();
        let date = self.document.date();
        let has = |kind: fn(&Block) -> bool| self.document.blocks().any(kind);
        let fields = [
            ("lang", literal(meta.lang.code())),
            ("title", literal(&meta.title)),
            ("subtitle", optional(meta.subtitle.as_deref())),
            ("authors", format!("({authors})")),
            ("school", optional(meta.school.as_deref())),
            ("date", optional(date.as_deref())),
            ("notice", optional(meta.notice.as_deref())),
            ("fingerprint", literal(&meta.fingerprint)),
            ("fingerprint-word", literal(words.fingerprint)),
            ("parts", format!("({parts})")),
            ("figure-word", literal(words.figure)),
            ("table-word", literal(words.table)),
            ("contents", literal(words.contents)),
            ("figures", optional(has(|block| matches!(block, Block::Figure { .. })).then_some(words.figures))),
            ("tables", optional(has(|block| matches!(block, Block::Table { .. })).then_some(words.tables))),
            ("foretold", self.foretold()),
        ];
        self.out.push_str("#import \"report.typ\": *\n#show: report.with(\n");
        for (name, value) in fields {
            self.push(&["  ", name, ": ", &value, ",\n"]);
        }
        if self.document.is_brief {
            self.out.push_str("  brief: true,\n");
        }
        self.out.push_str(")\n");
        for (index, Attachment { name, mime, description, .. }) in attachments.iter().enumerate() {
            let (name, mime, description) = (literal(name), literal(mime), literal(description));
            let path = literal(&attachment_path(index));
            let options =
                ["mime-type: ", &mime, ", description: ", &description, ", relationship: \"data\")\n"].concat();
            self.push(&["#pdf.attach(", &name, ", read(", &path, ", encoding: none), ", &options]);
        }
    }

    /// Lines of the table of contents and lists with their levels, as they will read without page numbers.
    fn foretold(&self) -> String {
        let (mut contents, mut figures, mut tables) = (String::new(), String::new(), String::new());
        for block in self.document.blocks() {
            let (list, level, prefix, text) = match block {
                Block::Heading(Heading { level, number, title, .. }) if *level <= LISTED => {
                    (&mut contents, *level, number.clone().unwrap_or_default(), words(title))
                }
                Block::Figure { place, figure } => {
                    (&mut figures, 1, format!("{} {}", self.words.figure, place.number), figure.title.clone())
                }
                Block::Table { place, table } => {
                    (&mut tables, 1, format!("{} {}", self.words.table, place.number), table.title.clone())
                }
                _ => continue,
            };
            list.extend(["(", &level.to_string(), ", ", &literal(&format!("{prefix} {text}")), "), "]);
        }
        format!("(contents: ({contents}), figures: ({figures}), tables: ({tables}))")
    }

    fn chapter(&mut self, blocks: &[Block]) {
        self.out.push_str(if self.document.is_brief { "#({\n" } else { "#chapter({\n" });
        self.blocks(blocks);
        self.out.push_str("})\n");
    }

    pub(crate) fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
            self.out.push('\n');
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(heading) => {
                let numbered = if heading.number.is_some() { "true" } else { "false" };
                self.push(&["section(", &heading.level.to_string(), ", ", numbered, ", ", &literal(&heading.id), ", "]);
                self.without_marks(|writer| writer.content(&heading.title));
                self.out.push(')');
            }
            Block::Paragraph(inlines) => self.call("par", inlines),
            Block::Plain(inlines) => self.content(inlines),
            Block::List { first, items } => {
                let tight = !items.iter().flatten().any(|block| matches!(block, Block::Paragraph(_)));
                match first {
                    Some(first) => self.push(&["enum(start: ", &first.to_string(), ", "]),
                    None => self.push(&["list("]),
                }
                self.push(&["tight: ", if tight { "true" } else { "false" }]);
                for item in items {
                    self.out.push_str(", {");
                    self.blocks(item);
                    self.out.push('}');
                }
                self.out.push(')');
            }
            Block::Quote(blocks) => self.framed(&["quote(block: true, "], blocks),
            Block::Remark(remark, blocks) => {
                let (kind, label) = remark.named(self.words);
                self.framed(&["remark(\"", kind, "\", ", &literal(label), ", "], blocks);
            }
            Block::Code(text) => self.push(&["raw(block: true, ", &literal(text), ")"]),
            Block::Rule => self.out.push_str("rule()"),
            Block::Works(works) => {
                for (id, line) in works {
                    self.push(&["work(", &literal(id), ", "]);
                    self.content(line);
                    self.out.push_str(")\n");
                }
            }
            Block::Numbers => self.numbers(),
            Block::Grid { align, head, rows } => self.grid(align, head, rows),
            Block::Figure { place, figure } => {
                let path = literal(&figure_path(place.number));
                self.placed("drawing", place, &figure.title, &figure.source);
                // A few pages have no room for large figures.
                let width = if self.document.is_brief { "84%" } else { "100%" };
                self.push(&["image(", &path, ", alt: ", &literal(&figure.alt), ", width: ", width, "))"]);
            }
            Block::Table { place, table } => {
                self.placed("data", place, &table.title, &table.source);
                self.out.push('(');
                for column in &table.columns {
                    self.out.push_str(if column.numeric { "right, " } else { "left, " });
                }
                self.out.push_str("), ");
                self.columns(&Columns::of(table));
                self.out.push('(');
                for column in &table.columns {
                    // Column names may break after an underscore.
                    self.push(&[&literal(&column.header).replace('_', "_\u{200b}"), ", "]);
                }
                self.out.push(')');
                for row in &table.rows {
                    for cell in row {
                        self.push(&[", ", &literal(cell)]);
                    }
                    self.out.push('\n');
                }
                self.out.push(')');
            }
        }
    }

    fn framed(&mut self, call: &[&str], blocks: &[Block]) {
        self.push(call);
        self.out.push_str("{\n");
        self.blocks(blocks);
        self.out.push_str("})");
    }

    fn grid(&mut self, align: &[Align], head: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) {
        self.push(&["grid-of(", &points(columns::size(align.len())), ", ("]);
        for align in align {
            self.out.push_str(match align {
                Align::Left => "left, ",
                Align::Center => "center, ",
                Align::Right => "right, ",
            });
        }
        self.out.push_str("), (");
        for cell in head {
            self.content(cell);
            self.out.push_str(", ");
        }
        self.out.push(')');
        for cell in rows.iter().flatten() {
            self.out.push_str(", ");
            self.content(cell);
        }
        self.out.push(')');
    }

    /// Writes font size, widths and heights of a table.
    fn columns(&mut self, columns: &Columns) {
        let (widths, heights) = (columns.widths(self.measured), columns.heights(self.measured));
        self.push(&[&points(columns.size), ", (", &widths, "), (", &heights, "), "]);
    }

    /// Writes the table of numbers; each row has the label to which its marks link.
    fn numbers(&mut self) {
        let (head, rows) = self.document.numbers_grid();
        let code = std::mem::replace(&mut self.code, "word-of-code(");
        self.out.push_str("numbers-of(");
        self.columns(&Columns::of_numbers(&rows, self.document.is_brief));
        self.out.push('(');
        for cell in &head {
            self.content(cell);
            self.out.push_str(", ");
        }
        self.out.push(')');
        for (place, row) in rows.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                if column == 0 {
                    self.push(&[", labelled(", &literal(&number_label(place)), ", "]);
                    self.content(cell);
                    self.out.push(')');
                } else {
                    self.out.push_str(", ");
                    self.content(cell);
                }
            }
            self.out.push('\n');
        }
        self.out.push(')');
        self.code = code;
    }

    /// Starts a call for a figure or table, with identifier, title, note and source.
    fn placed(&mut self, function: &str, place: &Place, title: &str, source: &str) {
        self.push(&[function, "(", &literal(&place.id), ", ", &literal(title), ", {"]);
        self.inlines(&place.note);
        if !source.is_empty() {
            let space = if place.note.is_empty() { "" } else { " " };
            self.push(&[&literal(space), ";", &literal(self.words.source), ";", &literal(source)]);
        }
        self.out.push_str("}, ");
    }

    fn call(&mut self, function: &str, inlines: &[Inline]) {
        self.push(&[function, "("]);
        self.content(inlines);
        self.out.push(')');
    }

    /// Writes a code block that joins its parts; `[]` keeps it content even if it is empty or one string.
    pub(crate) fn content(&mut self, inlines: &[Inline]) {
        self.out.push_str("{[];");
        self.inlines(inlines);
        self.out.push('}');
    }

    pub(crate) fn inlines(&mut self, inlines: &[Inline]) {
        for inline in inlines {
            match inline {
                Inline::Value { text, number } if self.marks => {
                    let (label, place) = (literal(&number_label(*number)), (number + 1).to_string());
                    self.push(&["number(", &label, ", ", &literal(&place), ", ", &literal(text), ")"]);
                }
                Inline::Text(text) | Inline::Value { text, .. } => self.push(&[&literal(text)]),
                Inline::Code(text) => self.push(&[self.code, &literal(text), ")"]),
                Inline::Emphasis(inner) => self.call("emph", inner),
                Inline::Strong(inner) => self.call("strong", inner),
                Inline::Link { url, text } => {
                    self.push(&["outside(", &literal(url), ", "]);
                    self.without_marks(|writer| writer.content(text));
                    self.out.push(')');
                }
                Inline::Reference { target, text } => {
                    self.push(&["link(label(", &literal(target), "), "]);
                    if text.is_empty() {
                        self.push(&[&literal(self.document.label(target))]);
                    } else {
                        self.without_marks(|writer| writer.content(text));
                    }
                    self.out.push(')');
                }
                Inline::Note(number) => {
                    let id = literal(&format!("note:{number}"));
                    if std::mem::replace(&mut self.cited[number - 1], true) {
                        self.push(&["footnote(label(", &id, "))"]);
                    } else {
                        self.push(&["labelled(", &id, ", footnote({[];"]);
                        match &*self.document.notes[number - 1] {
                            // A paragraph would leave the number alone on its line.
                            [Block::Paragraph(inlines)] => self.inlines(inlines),
                            blocks => self.blocks(blocks),
                        }
                        self.out.push_str("}))");
                    }
                }
                Inline::Break => self.out.push_str("linebreak()"),
            }
            self.out.push(';');
        }
    }

    fn without_marks(&mut self, write: impl FnOnce(&mut Self)) {
        let marks = std::mem::take(&mut self.marks);
        write(self);
        self.marks = marks;
    }

    pub(crate) fn push(&mut self, parts: &[&str]) {
        self.out.extend(parts.iter().copied());
    }
}

/// A word longer than this may break anywhere, so that it stays on the page.
const LONG_WORD: usize = 48;

/// A Typst string literal.
pub(crate) fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut word = 0;
    for c in text.chars().filter_map(seen) {
        word = if c.is_whitespace() { 0 } else { word + 1 };
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
        if word >= LONG_WORD {
            out.push('\u{200b}');
        }
    }
    out.push('"');
    out
}
