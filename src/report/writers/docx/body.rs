//! Blocks → the body of a Word document. Part of `docx`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::figures::Drawing;
use super::lists::{DEEPEST, NUMBERED, OF_BULLETS};
use super::package::Relations;
use super::xml::{escape, field, run, style};
use crate::report::Figure;
use crate::report::document::{Block, Document, Heading, Inline, Place, Remark};
use crate::report::lang::Words;
use crate::text::seen;

/// Width of the text, in the units of drawings (12,700 to a point).
const LINE: f32 = 413.9 * 12_700.0;
/// Indent of framed paragraphs, as in their styles.
const FRAME: usize = 284;
/// What tells quoted code, such as the output of a notebook's cell, from other code.
const QUOTED: &str =
    "<w:pBdr><w:left w:val=\"single\" w:sz=\"16\" w:space=\"10\" w:color=\"DCDFDF\"/></w:pBdr><w:ind w:left=\"284\"/>";

/// Properties of a paragraph: those before the numbering, and those after it, in the order that Word demands.
#[derive(Clone, Copy, Default)]
pub(super) struct Look<'s> {
    pub(super) style: &'s str,
    pub(super) before: &'s str,
    pub(super) after: &'s str,
}

pub(super) const KEEP_NEXT: &str = "<w:keepNext/>";

pub(super) struct Writer<'a> {
    pub(super) document: &'a Document,
    pub(super) words: &'static Words,
    pub(super) out: String,
    pub(super) relations: Relations,
    /// Width and height of each figure, relative to the width of the text.
    sizes: BTreeMap<usize, (f32, f32)>,
    /// Bookmarks of what is referred to.
    names: BTreeMap<&'a str, String>,
    /// Headings with a number.
    pub(super) numbered: BTreeSet<&'a str>,
    bookmarks: usize,
    drawings: usize,
    /// Level and first number of each numbered list.
    pub(super) lists: Vec<(usize, u64)>,
    /// Whether there is a table of numbers, so that those of the text lead there.
    pub(super) has_numbers: bool,
    /// Whether numbers lead nowhere: in headings and links.
    pub(super) plain: bool,
    /// Style of paragraphs without one of their own.
    base: &'static str,
    /// Level of the innermost list.
    list: Option<usize>,
    /// List and level whose mark the next paragraph has.
    mark: Option<(usize, usize)>,
    /// Whether the next paragraph begins a footnote.
    begins_note: bool,
    /// Style of inline code.
    pub(super) code: &'static str,
    /// Footnotes that the text has referred to.
    pub(super) cited: Vec<bool>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(document: &'a Document, drawings: &[Drawing]) -> Self {
        let name = |(place, target): (usize, &'a String)| (target.as_str(), format!("_Ref{:05}", place + 1));
        let numbered = document.blocks().filter_map(|block| match block {
            Block::Heading(Heading { number: Some(_), id, .. }) => Some(id.as_str()),
            _ => None,
        });
        Writer {
            document,
            words: document.meta.lang.words(),
            out: String::new(),
            relations: Relations::default(),
            sizes: drawings.iter().map(|drawing| (drawing.number, drawing.size)).collect(),
            names: document.labels.keys().enumerate().map(name).collect(),
            numbered: numbered.collect(),
            bookmarks: 0,
            drawings: 0,
            lists: Vec::new(),
            has_numbers: document.blocks().any(|block| matches!(block, Block::Numbers)),
            plain: false,
            base: "BodyText",
            list: None,
            mark: None,
            begins_note: false,
            code: "VerbatimChar",
            cited: vec![false; document.notes.len()],
        }
    }

    /// What `write` writes, as a part with relationships of its own.
    pub(super) fn part(&mut self, write: impl FnOnce(&mut Self)) -> (String, Relations) {
        (self.out, self.relations) = (String::with_capacity(1 << 18), Relations::default());
        write(self);
        (std::mem::take(&mut self.out), std::mem::take(&mut self.relations))
    }

    pub(super) fn blocks(&mut self, blocks: &[Block]) {
        for block in blocks {
            self.block(block);
        }
    }

    fn block(&mut self, block: &Block) {
        match block {
            Block::Heading(heading) => self.heading(heading),
            Block::Paragraph(inlines) | Block::Plain(inlines) => {
                let style = if self.list.is_some() && self.base == "BodyText" { "ListParagraph" } else { self.base };
                self.paragraph(Look { style, ..Look::default() }, |writer| writer.inlines(inlines));
            }
            Block::List { first, items } => self.list(*first, items),
            Block::Quote(blocks) => self.within("Quote", blocks),
            Block::Remark(remark, blocks) => self.remark(*remark, blocks),
            Block::Code(text) => {
                let text = lines(text);
                let after = if self.base == "Quote" { QUOTED } else { "" };
                let look = Look { style: "SourceCode", before: "", after };
                self.paragraph(look, |writer| writer.out.push_str(&text));
            }
            Block::Rule => self.paragraph(Look { style: "Rule", ..Look::default() }, |_| {}),
            Block::Works(works) => {
                for (id, line) in works {
                    self.paragraph(Look { style: "Bibliography", ..Look::default() }, |writer| {
                        writer.bookmarked(id, |writer| writer.inlines(line));
                    });
                }
            }
            Block::Numbers => self.numbers(),
            Block::Grid { align, head, rows } => self.grid(align, head, rows),
            Block::Figure { place, figure } => self.figure(place, figure),
            Block::Table { place, table } => self.table(place, table),
        }
    }

    fn within(&mut self, base: &'static str, blocks: &[Block]) {
        let before = std::mem::replace(&mut self.base, base);
        self.blocks(blocks);
        self.base = before;
    }

    /// Writes a paragraph. The first one of a list's item has its mark; the others stand below its text.
    pub(super) fn paragraph(&mut self, look: Look<'_>, write: impl FnOnce(&mut Self)) {
        let Look { style, before, after } = look;
        let _ = write!(self.out, "<w:p><w:pPr><w:pStyle w:val=\"{style}\"/>{before}");
        let mark = self.mark.take();
        if let Some((list, level)) = mark {
            let _ = write!(self.out, "<w:numPr><w:ilvl w:val=\"{level}\"/><w:numId w:val=\"{list}\"/></w:numPr>");
        }
        // A frame stands where a paragraph begins: in one, the marks of a list stand where its text does.
        let framed = if ["BodyText", "FootnoteText"].contains(&self.base) { 0 } else { FRAME };
        match (mark, self.list) {
            (Some((_, level)), _) if framed > 0 => {
                let (left, hanging) = (framed + 360 * (level + 1), if level == 0 { 360 } else { 300 });
                let _ = write!(self.out, "<w:ind w:left=\"{left}\" w:hanging=\"{hanging}\"/>");
            }
            (None, Some(level)) if after.is_empty() => {
                let _ = write!(self.out, "<w:ind w:left=\"{}\"/>", framed + 360 * (level + 1));
            }
            _ => {}
        }
        let _ = write!(self.out, "{after}</w:pPr>");
        if std::mem::take(&mut self.begins_note) {
            let mark = style_of("FootnoteReference");
            let _ = write!(self.out, "<w:r>{mark}<w:footnoteRef/></w:r>{}", run("", " "));
        }
        write(self);
        self.out.push_str("</w:p>\n");
    }

    fn heading(&mut self, heading: &Heading) {
        let style = format!("Heading{}", heading.level.min(6));
        // Word counts a section without a chapter otherwise: its number is text.
        let counted = |number: &String| heading.level <= NUMBERED && number.split('.').all(|part| part != "0");
        let by_word = heading.number.as_ref().is_some_and(counted);
        let none = "<w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"0\"/></w:numPr>";
        let before = if by_word || heading.level > NUMBERED { "" } else { none };
        self.plain = true;
        self.paragraph(Look { style: &style, before, after: "" }, |writer| {
            if let Some(number) = heading.number.as_ref().filter(|_| !by_word) {
                writer.out.push_str(&run("", &format!("{number} ")));
            }
            writer.bookmarked(&heading.id, |writer| writer.inlines(&heading.title));
        });
        self.plain = false;
    }

    fn list(&mut self, first: Option<u64>, items: &[Vec<Block>]) {
        let level = self.list.map_or(0, |level| (level + 1).min(DEEPEST));
        // An item may begin with a list: its own mark stands alone.
        self.empty_item();
        let number = match first {
            None => OF_BULLETS,
            Some(first) => {
                self.lists.push((level, first));
                OF_BULLETS + self.lists.len()
            }
        };
        let around = self.list.replace(level);
        for item in items {
            self.mark = Some((number, level));
            self.blocks(item);
            self.empty_item();
        }
        self.list = around;
    }

    fn empty_item(&mut self) {
        if self.mark.is_some() {
            self.paragraph(Look { style: "ListParagraph", ..Look::default() }, |_| {});
        }
    }

    fn remark(&mut self, remark: Remark, blocks: &[Block]) {
        let (_, label) = remark.named(self.words);
        let (base, label_style) = match remark {
            Remark::Note => ("RemarkNote", "LabelNote"),
            Remark::Important => ("RemarkImportant", "LabelImportant"),
            Remark::Warning => ("RemarkWarning", "LabelWarning"),
        };
        let label = run(&style(label_style), label);
        let look = Look { style: base, before: KEEP_NEXT, after: "<w:spacing w:before=\"200\" w:after=\"40\"/>" };
        self.paragraph(look, |writer| writer.out.push_str(&label));
        self.within(base, blocks);
        self.gap();
    }

    /// Space below what has none, and between tables, which Word would join.
    pub(super) fn gap(&mut self) {
        self.paragraph(Look { style: "Gap", ..Look::default() }, |_| {});
    }

    fn figure(&mut self, place: &Place, figure: &Figure) {
        self.caption(place, self.words.figure, &figure.title);
        let (width, height) = self.sizes.get(&place.number).copied().unwrap_or((1.0, 1.0));
        let [width, height] = [width, height].map(|share| (share * LINE) as u64);
        self.drawings += 1;
        let (id, number, alt) = (self.drawings, place.number, escape(&figure.alt));
        let [png, svg] =
            ["png", "svg"].map(|kind| self.relations.part("image", &format!("media/figure-{number}.{kind}")));
        let name = format!("{} {number}", self.words.figure);
        let named = format!("id=\"{id}\" name=\"{name}\" descr=\"{alt}\"");
        let drawing = format!(
            "<w:r><w:drawing><wp:inline distT=\"0\" distB=\"0\" distL=\"0\" distR=\"0\"><wp:extent cx=\"{width}\" cy=\"{height}\"/>\
             <wp:docPr {named}/><wp:cNvGraphicFramePr><a:graphicFrameLocks xmlns:a=\"{DRAWING}\" noChangeAspect=\"1\"/></wp:cNvGraphicFramePr>\
             <a:graphic xmlns:a=\"{DRAWING}\"><a:graphicData uri=\"{PICTURE}\"><pic:pic xmlns:pic=\"{PICTURE}\">\
             <pic:nvPicPr><pic:cNvPr {named}/><pic:cNvPicPr/></pic:nvPicPr>\
             <pic:blipFill><a:blip r:embed=\"{png}\"><a:extLst><a:ext uri=\"{{96DAC541-7B7A-43D3-8B79-37D633B846F1}}\">\
             <asvg:svgBlip xmlns:asvg=\"http://schemas.microsoft.com/office/drawing/2016/SVG/main\" r:embed=\"{svg}\"/></a:ext></a:extLst></a:blip>\
             <a:stretch><a:fillRect/></a:stretch></pic:blipFill>\
             <pic:spPr><a:xfrm><a:off x=\"0\" y=\"0\"/><a:ext cx=\"{width}\" cy=\"{height}\"/></a:xfrm>\
             <a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
        );
        let look = Look { style: "Figure", before: KEEP_NEXT, after: "" };
        self.paragraph(look, |writer| writer.out.push_str(&drawing));
        self.source(place, &figure.source);
    }

    /// Writes the title of a figure or table. Its number is a field with a bookmark, to which references lead.
    pub(super) fn caption(&mut self, place: &Place, kind: &str, title: &str) {
        let look = style("CaptionNumber");
        let number = field(&format!("SEQ {kind} \\* ARABIC"), &look, &place.number.to_string());
        let (kind, title) = (run(&look, &format!("{kind}\u{a0}")), run("", &format!("\u{2002}{title}")));
        self.paragraph(Look { style: "Caption", ..Look::default() }, |writer| {
            writer.out.push_str(&kind);
            writer.bookmarked(&place.id, |writer| writer.out.push_str(&number));
            writer.out.push_str(&title);
        });
    }

    /// Writes the chapter's note and the source below a figure or table.
    pub(super) fn source(&mut self, place: &Place, source: &str) {
        let space = if place.note.is_empty() { "" } else { " " };
        let source = if source.is_empty() { String::new() } else { format!("{space}{}{source}", self.words.source) };
        self.paragraph(Look { style: "Source", ..Look::default() }, |writer| {
            writer.inlines(&place.note);
            writer.inlines(&[Inline::Text(source)]);
        });
    }

    /// Writes the footnotes, after what Word has between text and notes.
    pub(super) fn notes(&mut self) {
        for (kind, id, mark) in [("separator", -1, "separator"), ("continuationSeparator", 0, "continuationSeparator")]
        {
            let _ = writeln!(
                self.out,
                "<w:footnote w:type=\"{kind}\" w:id=\"{id}\"><w:p><w:r><w:{mark}/></w:r></w:p></w:footnote>"
            );
        }
        let document = self.document;
        for (index, blocks) in document.notes.iter().enumerate() {
            let _ = write!(self.out, "<w:footnote w:id=\"{}\">", index + 1);
            self.begins_note = true;
            if !matches!(blocks.first(), Some(Block::Paragraph(_) | Block::Plain(_))) {
                self.paragraph(Look { style: "FootnoteText", ..Look::default() }, |_| {});
            }
            self.within("FootnoteText", blocks);
            self.out.push_str("</w:footnote>\n");
        }
    }

    /// Name of the bookmark of what is referred to.
    pub(super) fn name(&self, target: &str) -> String {
        self.names.get(target).cloned().unwrap_or_default()
    }

    /// Writes what a reference to `target` leads to.
    fn bookmarked(&mut self, target: &str, write: impl FnOnce(&mut Self)) {
        let name = self.name(target);
        self.bookmark(&name, write);
    }

    /// Writes something under a bookmark.
    pub(super) fn bookmark(&mut self, name: &str, write: impl FnOnce(&mut Self)) {
        self.bookmarks += 1;
        let id = self.bookmarks;
        let _ = write!(self.out, "<w:bookmarkStart w:id=\"{id}\" w:name=\"{name}\"/>");
        write(self);
        let _ = write!(self.out, "<w:bookmarkEnd w:id=\"{id}\"/>");
    }
}

const DRAWING: &str = "http://schemas.openxmlformats.org/drawingml/2006/main";
const PICTURE: &str = "http://schemas.openxmlformats.org/drawingml/2006/picture";

fn style_of(name: &str) -> String {
    format!("<w:rPr>{}</w:rPr>", style(name))
}

/// Code as one run: its lines and tabs.
fn lines(text: &str) -> String {
    let mut out = String::from("<w:r>");
    for (index, line) in text.lines().enumerate() {
        out.push_str(if index > 0 { "<w:br/>" } else { "" });
        for (index, part) in line.split('\t').enumerate() {
            out.push_str(if index > 0 { "<w:tab/>" } else { "" });
            let part: String = part.chars().filter_map(seen).collect();
            let _ = write!(out, "<w:t xml:space=\"preserve\">{}</w:t>", escape(&part));
        }
    }
    out + "</w:r>"
}
