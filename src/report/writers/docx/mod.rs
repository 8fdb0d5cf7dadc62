//! Document → a Word document (Office Open XML), byte for byte the same each time. End of the engine.
//!
//! Headings are numbered by Word itself, so that a section that someone adds gets its number; so are captions, footnotes and lists, and
//! references to them are fields. All fields hold their results already, apart from page numbers, which only a layout knows.

mod body;
mod figures;
mod front;
mod inlines;
mod lists;
mod package;
mod tables;
#[cfg(test)]
mod tests;
mod xml;

use std::fmt::Write;

use self::body::Writer;
use self::figures::Drawing;
use self::package::{Package, Relations};
use self::xml::{NAMESPACES, escape, field, run, style};
use crate::Result;
use crate::report::document::Document;
use crate::report::lang;

/// A4 with the margins of the PDF, in twentieths of a point.
const PAGE: &str = "<w:pgSz w:w=\"11906\" w:h=\"16838\"/><w:pgMar w:top=\"1588\" w:right=\"1814\" w:bottom=\"1474\" w:left=\"1814\" \
    w:header=\"794\" w:footer=\"737\" w:gutter=\"0\"/><w:titlePg/>";

impl Document {
    /// Writes the report as a Word document.
    ///
    /// # Errors
    /// A drawing cannot be read, or the build lacks the `docx` feature.
    pub fn to_docx(&self) -> Result<Vec<u8>> {
        write(self)
    }
}

fn write(document: &Document) -> Result<Vec<u8>> {
    let drawings = figures::drawings(document)?;
    let mut writer = Writer::new(document, &drawings);
    let (body, mut relations) = writer.part(|writer| {
        writer.front();
        for chapter in &document.chapters {
            writer.blocks(chapter);
        }
    });
    let (notes, of_notes) = writer.part(Writer::notes);
    let mut package = Package::default();
    let mut of_package = Relations::default();
    of_package.part("officeDocument", "word/document.xml");
    of_package.core("docProps/core.xml");
    of_package.part("extended-properties", "docProps/app.xml");
    package.relations("", &of_package);
    for kind in ["styles", "numbering", "settings", "fontTable", "footnotes"] {
        relations.part(kind, &format!("{kind}.xml"));
    }
    let (header, footer) = (relations.part("header", "header.xml"), relations.part("footer", "footer.xml"));
    let section = format!(
        "<w:sectPr><w:headerReference w:type=\"default\" r:id=\"{header}\"/><w:footerReference w:type=\"default\" r:id=\"{footer}\"/>{PAGE}</w:sectPr>"
    );
    let main = format!("<w:document {NAMESPACES}><w:body>\n{body}{section}</w:body></w:document>");
    package.xml("word/document.xml", "document.main", &main);
    package.relations("word/document.xml", &relations);
    package.xml("word/footnotes.xml", "footnotes", &format!("<w:footnotes {NAMESPACES}>{notes}</w:footnotes>"));
    package.relations("word/footnotes.xml", &of_notes);
    package.xml("word/numbering.xml", "numbering", &lists::numbering(&writer.lists));
    let (_, styles) = include_str!("styles.xml").split_once("?>\n").unwrap_or_default();
    package.xml("word/styles.xml", "styles", &styles.replace("{lang}", tag(document)));
    package.xml("word/settings.xml", "settings", &settings());
    package.xml("word/header.xml", "header", &page_header(document));
    let page = field("PAGE", "", "1");
    let footer = format!("<w:ftr {NAMESPACES}><w:p><w:pPr><w:pStyle w:val=\"Footer\"/></w:pPr>{page}</w:p></w:ftr>");
    package.xml("word/footer.xml", "footer", &footer);
    package.xml("docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml", &core(document));
    package.xml("docProps/app.xml", "application/vnd.openxmlformats-officedocument.extended-properties+xml", APP);
    for Drawing { number, svg, png, .. } in drawings {
        package.media(format!("word/media/figure-{number}.svg"), svg);
        package.media(format!("word/media/figure-{number}.png"), png);
    }
    package.fonts();
    package.zip()
}

const APP: &str = "<Properties xmlns=\"http://schemas.openxmlformats.org/officeDocument/2006/extended-properties\">\
    <Application>pfe</Application></Properties>";

/// The language with a country, as Word's spelling needs it.
fn tag(document: &Document) -> &'static str {
    match document.meta.lang.code() {
        "fr" => "fr-FR",
        "en" => "en-GB",
        "pt" => "pt-BR",
        other => other,
    }
}

fn settings() -> String {
    format!(
        "<w:settings {NAMESPACES}><w:embedTrueTypeFonts/><w:defaultTabStop w:val=\"720\"/><w:autoHyphenation/>\
         <w:footnotePr><w:footnote w:id=\"-1\"/><w:footnote w:id=\"0\"/></w:footnotePr>\
         <w:compat><w:compatSetting w:name=\"compatibilityMode\" w:uri=\"http://schemas.microsoft.com/office/word\" w:val=\"15\"/></w:compat>\
         </w:settings>"
    )
}

/// Title of the report, and the notice.
fn page_header(document: &Document) -> String {
    let meta = &document.meta;
    let notice = meta
        .notice
        .as_ref()
        .map_or(String::new(), |notice| format!("<w:r><w:tab/></w:r>{}", run(&style("NoticeChar"), notice)));
    let title = run("", &meta.title);
    format!("<w:hdr {NAMESPACES}><w:p><w:pPr><w:pStyle w:val=\"Header\"/></w:pPr>{title}{notice}</w:p></w:hdr>")
}

/// Title, authors, language. The date is that of the report, never the time of the run.
fn core(document: &Document) -> String {
    let meta = &document.meta;
    let mut out = String::from(
        "<cp:coreProperties xmlns:cp=\"http://schemas.openxmlformats.org/package/2006/metadata/core-properties\" \
         xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:dcterms=\"http://purl.org/dc/terms/\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\">",
    );
    let authors = Some(meta.authors.join("; ")).filter(|authors| !authors.is_empty());
    let fields = [("title", Some(meta.title.clone())), ("subject", meta.subtitle.clone()), ("creator", authors)];
    for (name, text) in fields.into_iter().chain([("language", Some(tag(document).to_owned()))]) {
        if let Some(text) = text {
            let _ = write!(out, "<dc:{name}>{}</dc:{name}>", escape(&text));
        }
    }
    if let Some((year @ 1601..=9999, month @ 1..=12, Some(day @ 1..=31))) = meta.date.as_deref().and_then(lang::parts) {
        for name in ["created", "modified"] {
            let day = format!("{year:04}-{month:02}-{day:02}T00:00:00Z");
            let _ = write!(out, "<dcterms:{name} xsi:type=\"dcterms:W3CDTF\">{day}</dcterms:{name}>");
        }
    }
    out + "</cp:coreProperties>"
}
