//! Cover, contents, lists of figures and tables → the first pages of a Word document. Part of `docx`.

use std::fmt::Write;

use super::body::{Look, Writer};
use super::xml::{FIELD_END, field, field_start, run, style};
use crate::report::document::{Block, Heading, words};

/// Deepest level of headings in the table of contents.
const LISTED: usize = 2;

/// Lists of at most so many entries begin where the last one ends.
const SHORT: usize = 12;

/// An entry of a table of contents or list.
struct Entry {
    style: &'static str,
    /// Bookmark of what it names.
    name: String,
    number: String,
    title: String,
}

impl Writer<'_> {
    pub(super) fn front(&mut self) {
        self.cover();
        let (mut contents, mut figures, mut tables) = (Vec::new(), Vec::new(), Vec::new());
        for block in self.document.blocks() {
            let (list, style, id, number, title) = match block {
                Block::Heading(Heading { level, number, id, title }) if *level <= LISTED => {
                    let style = if *level == 1 { "TOC1" } else { "TOC2" };
                    let number = number.as_ref().map_or(String::new(), |number| format!("{number}\t"));
                    (&mut contents, style, id, number, words(title))
                }
                Block::Figure { place, figure } => {
                    let number = format!("{}\u{a0}{}\u{2002}", self.words.figure, place.number);
                    (&mut figures, "TableofFigures", &place.id, number, figure.title.clone())
                }
                Block::Table { place, table } => {
                    let number = format!("{}\u{a0}{}\u{2002}", self.words.table, place.number);
                    (&mut tables, "TableofFigures", &place.id, number, table.title.clone())
                }
                _ => continue,
            };
            list.push(Entry { style, name: self.name(id), number, title });
        }
        let words = self.words;
        self.out.push_str(
            "<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val=\"Table of Contents\"/><w:docPartUnique/></w:docPartObj></w:sdtPr><w:sdtContent>\n",
        );
        self.listed(words.contents, &format!("TOC \\o \"1-{LISTED}\" \\h \\z"), &contents);
        self.out.push_str("</w:sdtContent></w:sdt>\n");
        self.listed(words.figures, &format!("TOC \\h \\z \\c \"{}\"", words.figure), &figures);
        self.listed(words.tables, &format!("TOC \\h \\z \\c \"{}\"", words.table), &tables);
    }

    fn cover(&mut self) {
        let (meta, date) = (&self.document.meta, self.document.date());
        let optional = |style, text: &Option<String>| text.iter().map(|text| (style, text.clone())).collect::<Vec<_>>();
        let mut lines = optional("CoverLine", &meta.school);
        lines.push(("Title", meta.title.clone()));
        lines.extend(optional("Subtitle", &meta.subtitle));
        lines.extend(optional("CoverNotice", &meta.notice));
        lines.extend(meta.authors.iter().map(|author| ("CoverAuthor", author.clone())));
        lines.extend(optional("CoverLine", &date));
        for (style, text) in lines {
            self.paragraph(Look { style, ..Look::default() }, |writer| writer.out.push_str(&run("", &text)));
        }
        if !meta.fingerprint.is_empty() {
            let hashes = [(self.words.fingerprint.to_owned(), meta.fingerprint.clone())];
            let hashes: Vec<_> = hashes.iter().chain(&meta.parts).cloned().collect();
            self.paragraph(Look { style: "CoverOrigin", ..Look::default() }, |writer| {
                for (place, (name, hash)) in hashes.iter().enumerate() {
                    writer.out.push_str(if place > 0 { "<w:r><w:br/></w:r>" } else { "" });
                    writer.out.extend([run("", &format!("{name} ")), run(&style("VerbatimSmall"), hash)]);
                }
            });
        }
    }

    /// Writes a table of contents or a list, on a new page unless it is a short list, as a field that is filled in already. Page
    /// numbers come when the field is updated.
    fn listed(&mut self, title: &str, code: &str, entries: &[Entry]) {
        if entries.is_empty() {
            return;
        }
        let look = match code.contains("\\o") || entries.len() > SHORT {
            true => Look {
                style: "TOCHeading",
                before: "<w:pageBreakBefore/>",
                after: "<w:spacing w:before=\"0\" w:after=\"240\"/>",
            },
            false => Look { style: "TOCHeading", ..Look::default() },
        };
        self.paragraph(look, |writer| writer.out.push_str(&run("", title)));
        for (place, Entry { style, name, number, title }) in entries.iter().enumerate() {
            self.paragraph(Look { style, ..Look::default() }, |writer| {
                if place == 0 {
                    writer.out.push_str(&field_start(code));
                }
                let _ = write!(writer.out, "<w:hyperlink w:anchor=\"{name}\" w:history=\"1\">");
                match number.strip_suffix('\t') {
                    Some(number) => writer.out.extend([run("", number), TAB.to_owned()]),
                    None if !number.is_empty() => writer.out.push_str(&run("", number)),
                    None => {}
                }
                writer.out.extend([run("", title), TAB.to_owned(), field(&format!("PAGEREF {name} \\h"), "", "")]);
                writer.out.push_str("</w:hyperlink>");
                if place + 1 == entries.len() {
                    writer.out.push_str(FIELD_END);
                }
            });
        }
    }
}

const TAB: &str = "<w:r><w:tab/></w:r>";
