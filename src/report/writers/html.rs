//! Document → one HTML file with styles, fonts and figures embedded; no script, no network request.

use std::fmt::Write;
use std::sync::LazyLock;

use base64::{Engine, prelude::BASE64_STANDARD};
use tera::{Context, Tera};

use crate::Result;
use crate::charts::canvas::fonts;
use crate::charts::canvas::style::{css_rules, css_variables};
use crate::report::chapter::template::{PAGE, explain, rendered};
use crate::report::document::{Align, Block, Document, Heading, Inline, Place, words};
use crate::report::lang::Words;
use crate::report::{Attachment, Figure, Table};
use crate::text::seen;

/// CSS of the embedded fonts and of the chart palette; constant, therefore made once.
pub(crate) static BUILT_IN_CSS: LazyLock<String> = LazyLock::new(|| {
    let faces: String = fonts::WEB.iter().map(fonts::css).collect();
    let (light, dark, rules) = (css_variables(false), css_variables(true), css_rules());
    // Print uses the light palette, whatever the colour scheme of the screen.
    format!("{faces}:root{{{light}}}@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}{rules}")
});

impl Document {
    /// Writes the report as one HTML file that makes no network request.
    ///
    /// # Errors
    /// A page template cannot be filled.
    pub fn to_html(&self) -> Result<String> {
        write(self)
    }
}

/// Fills the page template (Tera, replaceable). All values are escaped already, or are escaped by Tera.
pub(crate) fn write(document: &Document) -> Result<String> {
    let meta = &document.meta;
    let mut writer = Writer::new(document);
    for chapter in &document.chapters {
        writer.chapter(chapter);
    }
    let mut page = Context::new();
    page.insert("lang", meta.lang.tag());
    page.insert("words", writer.words);
    page.insert("title", &meta.title);
    page.insert("subtitle", &meta.subtitle);
    page.insert("authors", &meta.authors);
    page.insert("school", &meta.school);
    page.insert("date", &document.date());
    page.insert("notice", &meta.notice);
    page.insert("fingerprint", &meta.fingerprint);
    page.insert("css", &*document.style.css);
    page.insert("fonts", &*BUILT_IN_CSS);
    page.insert("contents", &contents(document));
    page.insert("figures", &list(document, "figure:"));
    page.insert("tables", &list(document, "table:"));
    page.insert("downloads", &downloads(document));
    page.insert("parts", &meta.parts);
    page.insert("body", &writer.out);
    let mut tera = Tera::new();
    tera.autoescape_on(["html"]);
    let error = |e: tera::Error| explain("templates/report.html", &e);
    tera.add_raw_template("templates/report.html", &document.style.html).map_err(error)?;
    rendered(&tera, "templates/report.html", &page, PAGE)
}

/// Table of contents: nested lists of links.
fn contents(document: &Document) -> String {
    let (mut out, mut depth) = (String::new(), 0);
    for block in document.blocks() {
        let Block::Heading(heading) = block else {
            continue;
        };
        if heading.level > 2 {
            continue;
        }
        match heading.level.cmp(&depth) {
            std::cmp::Ordering::Greater => out.push_str("<ol>"),
            std::cmp::Ordering::Equal => out.push_str("</li>"),
            std::cmp::Ordering::Less => out.push_str("</li></ol></li>"),
        }
        depth = heading.level;
        let _ = write!(
            out,
            "<li><a href=\"#{}\">{}</a>",
            escape(&heading.id),
            numbered(heading, &escape(&words(&heading.title)))
        );
    }
    out.push_str(["", "</li></ol>", "</li></ol></li></ol>"][depth]);
    out
}

/// List of figures or of tables.
fn list(document: &Document, kind: &str) -> String {
    let item = |block: &Block| {
        let (place, title) = match block {
            Block::Figure { place, figure } => (place, &figure.title),
            Block::Table { place, table } => (place, &table.title),
            _ => return None,
        };
        let (id, number, title) = (escape(&place.id), place.number, escape(title));
        place
            .id
            .starts_with(kind)
            .then(|| format!("<li><a href=\"#{id}\"><span class=\"number\">{number}</span> {title}</a></li>\n"))
    };
    document.blocks().filter_map(item).collect()
}

/// Download links with the file embedded, so that nothing is fetched.
fn downloads(document: &Document) -> String {
    let item = |file: &Attachment| {
        let (name, mime, about) = (escape(&file.name), escape(&file.mime), escape(&file.description));
        let data = BASE64_STANDARD.encode(&file.bytes);
        format!("<li><a download=\"{name}\" href=\"data:{mime};base64,{data}\">{name}</a> <span>{about}</span></li>\n")
    };
    document.downloads.iter().map(item).collect()
}

fn numbered(heading: &Heading, title: &str) -> String {
    match &heading.number {
        Some(number) => format!("<span class=\"number\">{number}</span> {title}"),
        None => title.to_owned(),
    }
}

/// Writes blocks as HTML.
pub(crate) struct Writer<'a> {
    document: &'a Document,
    words: &'static Words,
    pub(crate) out: String,
    /// Footnotes that the text has already referred to; the back link leads to the first reference.
    cited: Vec<bool>,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(document: &'a Document) -> Self {
        let (out, cited) = (String::with_capacity(1 << 16), vec![false; document.notes.len()]);
        Writer { document, words: document.meta.lang.words(), out, cited }
    }

    fn chapter(&mut self, blocks: &[Block]) {
        let first_note = self.cited.iter().position(|cited| !cited).unwrap_or(self.cited.len());
        self.out.push_str("<section class=\"chapter\">\n");
        self.blocks(blocks);
        let notes = first_note..self.cited.iter().position(|cited| !cited).unwrap_or(self.cited.len());
        if !notes.is_empty() {
            let _ = write!(
                self.out,
                "<section class=\"notes\" role=\"doc-endnotes\"><h3>{}</h3>\n<ol start=\"{}\">\n",
                self.words.notes,
                notes.start + 1
            );
            for index in notes {
                let (number, back) = (index + 1, self.words.back);
                let _ = write!(self.out, "<li id=\"note-{number}\">");
                self.blocks(&self.document.notes[index]);
                let _ = writeln!(
                    self.out,
                    "<a class=\"back\" href=\"#note-ref-{number}\" aria-label=\"{back}\">↑</a></li>"
                );
            }
            self.out.push_str("</ol></section>\n");
        }
        self.out.push_str("</section>\n");
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
                let tag = format!("h{}", (heading.level + 1).min(6));
                let _ = write!(self.out, "<{tag} id=\"{}\">", escape(&heading.id));
                self.out.push_str(&numbered(heading, ""));
                self.inlines(&heading.title);
                let _ = write!(self.out, "</{tag}>");
            }
            Block::Paragraph(inlines) => self.line("p", inlines),
            Block::Plain(inlines) => self.inlines(inlines),
            Block::List { first, items } => {
                let tag = if first.is_some() { "ol" } else { "ul" };
                match first {
                    Some(first) if *first != 1 => drop(write!(self.out, "<ol start=\"{first}\">")),
                    _ => drop(write!(self.out, "<{tag}>")),
                }
                for item in items {
                    self.out.push_str("<li>");
                    self.blocks(item);
                    self.out.push_str("</li>\n");
                }
                let _ = write!(self.out, "</{tag}>");
            }
            Block::Quote(blocks) => {
                self.out.push_str("<blockquote>\n");
                self.blocks(blocks);
                self.out.push_str("</blockquote>");
            }
            Block::Remark(remark, blocks) => {
                let (class, label) = remark.named(self.words);
                let _ =
                    writeln!(self.out, "<div class=\"remark {class}\" role=\"note\"><p class=\"label\">{label}</p>");
                self.blocks(blocks);
                self.out.push_str("</div>");
            }
            Block::Code(text) => drop(write!(self.out, "<pre tabindex=\"0\"><code>{}</code></pre>", escape(text))),
            Block::Rule => self.out.push_str("<hr>"),
            Block::Works(works) => {
                self.out.push_str("<ul class=\"works\">\n");
                for (id, line) in works {
                    let _ = write!(self.out, "<li id=\"{}\">", escape(id));
                    self.inlines(line);
                    self.out.push_str("</li>\n");
                }
                self.out.push_str("</ul>");
            }
            Block::Numbers => self.numbers(),
            Block::Grid { align, head, rows } => self.grid(align, head, rows),
            Block::Figure { place, figure } => self.figure(place, figure),
            Block::Table { place, table } => self.table(place, table),
        }
    }

    fn line(&mut self, tag: &str, inlines: &[Inline]) {
        let _ = write!(self.out, "<{tag}>");
        self.inlines(inlines);
        let _ = write!(self.out, "</{tag}>");
    }

    pub(crate) fn inlines(&mut self, inlines: &[Inline]) {
        for inline in inlines {
            match inline {
                Inline::Text(text) => self.out.push_str(&escape(text)),
                Inline::Value { text, number } => {
                    let line = self.document.numbers[*number].line();
                    let _ = write!(self.out, "<span title=\"{}\">{}</span>", escape(&line), escape(text));
                }
                Inline::Code(text) => drop(write!(self.out, "<code>{}</code>", escape(text))),
                Inline::Emphasis(inner) => self.line("em", inner),
                Inline::Strong(inner) => self.line("strong", inner),
                Inline::Link { url, text } => {
                    let _ = write!(self.out, "<a href=\"{}\" rel=\"noreferrer\">", escape(url));
                    self.inlines(text);
                    self.out.push_str("</a>");
                }
                Inline::Reference { target, text } => {
                    let _ = write!(self.out, "<a href=\"#{}\">", escape(target));
                    if text.is_empty() {
                        self.out.push_str(&escape(self.document.label(target)));
                    }
                    self.inlines(text);
                    self.out.push_str("</a>");
                }
                Inline::Note(number) => {
                    let already_cited = std::mem::replace(&mut self.cited[number - 1], true);
                    let id = if already_cited { String::new() } else { format!(" id=\"note-ref-{number}\"") };
                    let _ =
                        write!(self.out, "<sup><a href=\"#note-{number}\"{id} role=\"doc-noteref\">{number}</a></sup>");
                }
                Inline::Break => self.out.push_str("<br>"),
            }
        }
    }

    fn grid(&mut self, align: &[Align], head: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) {
        let class = |column: usize| match align.get(column) {
            Some(Align::Right) => " class=\"n\"",
            Some(Align::Center) => " class=\"c\"",
            _ => "",
        };
        self.out.push_str("<div class=\"scroll\" tabindex=\"0\"><table>\n<thead><tr>");
        for (column, cell) in head.iter().enumerate() {
            let _ = write!(self.out, "<th scope=\"col\"{}>", class(column));
            self.inlines(cell);
            self.out.push_str("</th>");
        }
        self.out.push_str("</tr></thead>\n<tbody>\n");
        for row in rows {
            self.out.push_str("<tr>");
            for (column, cell) in row.iter().enumerate() {
                let _ = write!(self.out, "<td{}>", class(column));
                self.inlines(cell);
                self.out.push_str("</td>");
            }
            self.out.push_str("</tr>\n");
        }
        self.out.push_str("</tbody></table></div>");
    }

    fn numbers(&mut self) {
        let (head, rows) = self.document.numbers_grid();
        self.grid(&[Align::Right, Align::Right, Align::Left, Align::Left], &head, &rows);
    }

    fn figure(&mut self, place: &Place, figure: &Figure) {
        self.caption("plate", place, self.words.figure, &figure.title);
        let _ = write!(self.out, "<div class=\"drawing\" tabindex=\"0\">{}</div>", drawing(figure));
        self.source(place, &figure.source);
    }

    fn table(&mut self, place: &Place, table: &Table) {
        self.caption("data", place, self.words.table, &table.title);
        let class = |numeric: bool| if numeric { " class=\"n\"" } else { "" };
        let _ = write!(
            self.out,
            "<section class=\"scroll\" aria-label=\"{}\" tabindex=\"0\"><table>\n<thead><tr>",
            escape(&table.title)
        );
        for column in &table.columns {
            let _ = write!(self.out, "<th scope=\"col\"{}>{}</th>", class(column.numeric), escape(&column.header));
        }
        self.out.push_str("</tr></thead>\n<tbody>\n");
        for row in &table.rows {
            self.out.push_str("<tr>");
            for (i, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
                let (open, close) =
                    if i == 0 && !column.numeric { ("<th scope=\"row\"", "</th>") } else { ("<td", "</td>") };
                let _ = write!(self.out, "{open}{}>{}{close}", class(column.numeric), escape(cell));
            }
            self.out.push_str("</tr>\n");
        }
        self.out.push_str("</tbody></table></section>");
        self.source(place, &table.source);
    }

    fn caption(&mut self, class: &str, place: &Place, kind: &str, title: &str) {
        let (id, number, title) = (escape(&place.id), place.number, escape(title));
        let _ = writeln!(
            self.out,
            "<figure class=\"{class}\" id=\"{id}\"><figcaption><span class=\"number\">{kind}\u{a0}{number}</span> {title}</figcaption>"
        );
    }

    /// Writes the chapter's note and the source below a figure or table, and closes the figure.
    fn source(&mut self, place: &Place, source: &str) {
        self.out.push_str("\n<p class=\"source\">");
        self.inlines(&place.note);
        if !source.is_empty() {
            let space = if place.note.is_empty() { "" } else { " " };
            let _ = write!(self.out, "{space}{}{}", self.words.source, escape(source));
        }
        self.out.push_str("</p></figure>");
    }
}

/// The drawing with its alternative text.
pub(crate) fn drawing(figure: &Figure) -> String {
    let svg = figure.svg.as_str();
    let (tag, rest) = svg.split_at(svg.find([' ', '>']).unwrap_or(svg.len()));
    format!("{tag} aria-label=\"{}\"{rest}", escape(&figure.alt))
}

/// Escapes text for content and for double-quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars().filter_map(seen) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}
