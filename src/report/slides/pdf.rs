//! Deck → Typst source → one tagged PDF. `reports/templates/slides.typ` defines the look.

use super::{Body, Deck, Slide};
use crate::Result;
use crate::report::document::Document;
use crate::report::writers::pdf::{Files, export};
use crate::report::writers::typst::{Writer, figure_path, literal};

impl Document {
    /// Writes the slides as one tagged PDF (PDF/A-3a, PDF/UA-1): the summary, and the chosen figures.
    ///
    /// # Errors
    /// The report has no such figure, Typst cannot read an SVG or a template, or the build lacks the `pdf` feature.
    pub fn to_slides_pdf(&self) -> Result<Vec<u8>> {
        let deck = self.deck()?;
        let placed = |slide: &'_ Slide| match &slide.body {
            Body::Figure(place, figure) => Some((place.clone(), figure.clone())),
            Body::Text(_) => None,
        };
        let placed: Vec<_> = deck.slides.iter().filter_map(placed).collect();
        let files = Files {
            main: source(self, &deck),
            templates: vec![("report.typ", &self.style.typst), ("slides.typ", &self.style.slides_typst)],
            figures: placed.iter().map(|(place, figure)| (place, figure)).collect(),
            attachments: &[],
        };
        export(self, "\nslides", &files)
    }
}

fn source(document: &Document, deck: &Deck) -> String {
    let (meta, words) = (&document.meta, document.meta.lang.words());
    let optional = |text: Option<&str>| text.map_or("none".to_owned(), literal);
    let authors: String = meta.authors.iter().map(|author| literal(author) + ", ").collect();
    let date = document.date();
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
    ];
    let mut writer = Writer::new(document);
    writer.out.push_str("#import \"slides.typ\": *\n#show: deck.with(\n");
    for (name, value) in fields {
        writer.push(&["  ", name, ": ", &value, ",\n"]);
    }
    writer.out.push_str(")\n");
    for slide in &deck.slides {
        let part = slide.part.map_or_else(|| "none".to_owned(), |(part, of)| literal(&format!("{part}/{of}")));
        match &slide.body {
            Body::Text(blocks) => {
                writer.out.push_str("#text-slide(");
                writer.content(&slide.title);
                writer.push(&[", ", &part, ", {\n"]);
                writer.blocks(blocks);
                writer.out.push_str("})\n");
            }
            Body::Figure(place, figure) => {
                let (id, kicker) = (literal(&place.id), literal(&Slide::kicker(place, words)));
                writer.push(&["#figure-slide(", &id, ", ", &kicker, ", "]);
                writer.content(&slide.title);
                writer.out.push_str(", {[];");
                writer.inlines(&place.note);
                if !figure.source.is_empty() {
                    let space = if place.note.is_empty() { "" } else { " " };
                    writer.push(&[&literal(space), ";", &literal(words.source), ";", &literal(&figure.source), ";"]);
                }
                let (path, alt) = (literal(&figure_path(place.number)), literal(&figure.alt));
                writer.push(&["}, size => image(", &path, ", alt: ", &alt, ", fit: \"contain\", ..size))\n"]);
            }
        }
    }
    writer.out
}
