//! Deck → one HTML file with styles, fonts and drawings embedded. It needs no script to be read; arrow keys work where scripts run.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tera::{Context, Tera};

use super::{Body, Slide};
use crate::Result;
use crate::report::chapter::template::{PAGE, explain, rendered};
use crate::report::document::{Document, Place};
use crate::report::writers::html::{BUILT_IN_CSS, Writer, drawing, escape};

/// Name of the page template, in messages.
const TEMPLATE: &str = "templates/slides.html";

/// A slide as the page template takes it. Except for `name`, all fields are HTML.
#[derive(Serialize)]
struct Shown {
    /// Its number; the cover is the first.
    number: usize,
    /// Whether it shows a figure.
    is_figure: bool,
    /// Id of the figure in cross-references.
    id: Option<String>,
    kicker: Option<String>,
    title: String,
    /// Which part of a text it is: `2/3`.
    part: Option<String>,
    body: String,
    /// Note and source of the figure.
    source: String,
}

impl Document {
    /// Writes the slides as one HTML file that makes no network request: the summary, and the chosen figures.
    ///
    /// # Errors
    /// The report has no such figure, or the page template cannot be filled.
    pub fn to_slides_html(&self) -> Result<String> {
        let deck = self.deck()?;
        let meta = &self.meta;
        let slides: Vec<Shown> = deck.slides.iter().enumerate().map(|(i, slide)| shown(self, i + 2, slide)).collect();
        let mut page = Context::new();
        page.insert("lang", meta.lang.tag());
        page.insert("words", meta.lang.words());
        page.insert("title", &meta.title);
        page.insert("subtitle", &meta.subtitle);
        page.insert("authors", &meta.authors);
        page.insert("school", &meta.school);
        page.insert("date", &self.date());
        page.insert("notice", &meta.notice);
        page.insert("fingerprint", &meta.fingerprint);
        page.insert("css", &format!("{}\n{}", self.style.css, self.style.slides_css));
        page.insert("fonts", &*BUILT_IN_CSS);
        page.insert("script", &self.style.slides_script);
        page.insert("script_hash", &BASE64_STANDARD.encode(Sha256::digest(self.style.slides_script.as_bytes())));
        page.insert("slides", &slides);
        page.insert("count", &(slides.len() + 1));
        let mut tera = Tera::new();
        tera.autoescape_on(["html"]);
        tera.add_raw_template(TEMPLATE, &self.style.slides_html).map_err(|e| explain(TEMPLATE, &e))?;
        rendered(&tera, TEMPLATE, &page, PAGE)
    }
}

fn shown(document: &Document, number: usize, slide: &Slide) -> Shown {
    let html = |write: &dyn Fn(&mut Writer)| {
        let mut writer = Writer::new(document);
        write(&mut writer);
        writer.out
    };
    let part = slide.part.map(|(part, of)| format!("{part}/{of}"));
    let title = html(&|writer| writer.inlines(&slide.title));
    match &slide.body {
        Body::Text(blocks) => {
            let body = html(&|writer| writer.blocks(blocks));
            Shown { number, is_figure: false, id: None, kicker: None, title, part, body, source: String::new() }
        }
        Body::Figure(place, figure) => Shown {
            number,
            is_figure: true,
            id: Some(escape(&place.id)),
            kicker: Some(escape(&Slide::kicker(place, document.meta.lang.words()))),
            title,
            part,
            body: drawing(figure),
            source: html(&|writer| source(writer, document, place, &figure.source)),
        },
    }
}

fn source(writer: &mut Writer, document: &Document, place: &Place, source: &str) {
    writer.inlines(&place.note);
    if !source.is_empty() {
        let space = if place.note.is_empty() { "" } else { " " };
        writer.out.extend([space, document.meta.lang.words().source, &escape(source)]);
    }
}
