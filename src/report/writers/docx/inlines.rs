//! Inline text → runs, links, fields, footnote references. Part of `docx`.

use std::fmt::Write;

use super::body::Writer;
use super::xml::{address, escape, field, run, style};
use crate::report::document::Inline;
use crate::text::shortened;

/// What keeps the look of a field when it is updated.
const KEEP: &str = "\\* MERGEFORMAT";
/// Longest hint that Word shows, characters.
const HINT: usize = 255;

/// How a run looks.
#[derive(Clone, Copy, Default)]
struct Face {
    style: &'static str,
    bold: bool,
    italic: bool,
}

impl Face {
    fn look(self) -> String {
        let mut look = if self.style.is_empty() { String::new() } else { style(self.style) };
        look.push_str(if self.bold { "<w:b/><w:bCs/>" } else { "" });
        look.push_str(if self.italic { "<w:i/><w:iCs/>" } else { "" });
        look
    }
}

impl Writer<'_> {
    pub(super) fn inlines(&mut self, inlines: &[Inline]) {
        self.faced(inlines, Face::default());
    }

    fn faced(&mut self, inlines: &[Inline], face: Face) {
        for inline in inlines {
            match inline {
                Inline::Text(text) if text.is_empty() => {}
                Inline::Text(text) => self.out.push_str(&run(&face.look(), text)),
                Inline::Value { text, number } => self.value(text, *number, face),
                Inline::Code(text) => self.out.push_str(&run(&Face { style: self.code, ..face }.look(), text)),
                Inline::Emphasis(inner) => self.faced(inner, Face { italic: true, ..face }),
                Inline::Strong(inner) => self.faced(inner, Face { bold: true, ..face }),
                Inline::Link { url, text } => {
                    let id = self.relations.address(&address(url));
                    let _ = write!(self.out, "<w:hyperlink r:id=\"{id}\" w:history=\"1\">");
                    self.link_text(text, Face { style: "Hyperlink", ..face });
                    self.out.push_str("</w:hyperlink>");
                }
                Inline::Reference { target, text } => self.reference(target, text, face),
                Inline::Note(number) => self.note(*number),
                Inline::Break => self.out.push_str("<w:r><w:br/></w:r>"),
            }
        }
    }

    /// A number leads to its row in the table of numbers; its hint names where it comes from.
    fn value(&mut self, text: &str, number: usize, face: Face) {
        let text = run(&face.look(), text);
        if self.plain || !self.has_numbers {
            self.out.push_str(&text);
            return;
        }
        let line = self.document.numbers[number].line();
        let hint = escape(&shortened(&line, HINT));
        let name = number_name(number);
        let _ = write!(self.out, "<w:hyperlink w:anchor=\"{name}\" w:tooltip=\"{hint}\">{text}</w:hyperlink>");
    }

    fn link_text(&mut self, text: &[Inline], face: Face) {
        let plain = std::mem::replace(&mut self.plain, true);
        self.faced(text, face);
        self.plain = plain;
    }

    /// A reference with words of its own is a link; the others are fields, so that they follow what they refer to.
    fn reference(&mut self, target: &str, text: &[Inline], face: Face) {
        let (name, label, look) = (self.name(target), self.document.label(target), face.look());
        // `figure 3`: the bookmark holds the number, or for a heading its title.
        let (before, result) = label.rsplit_once('\u{a0}').unwrap_or(("", label));
        let counted = ["figure:", "table:"].iter().any(|kind| target.starts_with(kind));
        if !text.is_empty() || target.starts_with("cite:") {
            let _ = write!(self.out, "<w:hyperlink w:anchor=\"{name}\" w:history=\"1\">");
            match text {
                [] => self.out.push_str(&run(&look, label)),
                text => self.link_text(text, face),
            }
            self.out.push_str("</w:hyperlink>");
        } else if counted || self.numbered.contains(target) {
            let number = if counted { "" } else { "\\w " };
            let before = run(&look, &format!("{before}\u{a0}"));
            self.out.extend([before, field(&format!("REF {name} {number}\\h {KEEP}"), &look, result)]);
        } else {
            self.out.push_str(&field(&format!("REF {name} \\h {KEEP}"), &look, label));
        }
    }

    /// The first reference to a footnote carries it; later ones refer to that reference.
    fn note(&mut self, number: usize) {
        let (name, look) = (format!("_Note{number:05}"), style("FootnoteReference"));
        if std::mem::replace(&mut self.cited[number - 1], true) {
            self.out.push_str(&field(&format!("NOTEREF {name} \\f \\h"), &look, &number.to_string()));
        } else {
            self.bookmark(&name, |writer| {
                let _ = write!(writer.out, "<w:r><w:rPr>{look}</w:rPr><w:footnoteReference w:id=\"{number}\"/></w:r>");
            });
        }
    }
}

/// Bookmark of a row in the table of numbers.
pub(super) fn number_name(number: usize) -> String {
    format!("_Num{:05}", number + 1)
}
