//! Templates → Style: page templates and style sheet, built in from `reports/` and replaceable one by one.

use super::Templates;

/// Page templates and style sheet of the report. [`Default`] is the built-in style.
#[derive(Debug, Clone)]
pub struct Style {
    /// `reports/templates/report.html`: the HTML page, a Tera template.
    pub html: String,
    /// `reports/style/report.css`: its style sheet.
    pub css: String,
    /// `reports/templates/report.typ`: the PDF, a Typst module.
    pub typst: String,
    /// `reports/templates/slides.html`: the slides as a page, a Tera template.
    pub slides_html: String,
    /// `reports/style/slides.css`: what their style adds to that of the report.
    pub slides_css: String,
    /// `reports/templates/slides.js`: the script by which arrow keys turn them.
    pub slides_script: String,
    /// `reports/templates/slides.typ`: the slides as PDF, a Typst module.
    pub slides_typst: String,
}

impl Default for Style {
    fn default() -> Self {
        Style::of(&Templates::default())
    }
}

impl Style {
    /// The style of `templates`.
    pub fn of(templates: &Templates) -> Style {
        let text = |path: &str| templates.text(path).to_owned();
        Style {
            html: text("templates/report.html"),
            css: text("style/report.css"),
            typst: text("templates/report.typ"),
            slides_html: text("templates/slides.html"),
            slides_css: text("style/slides.css"),
            slides_script: text("templates/slides.js"),
            slides_typst: text("templates/slides.typ"),
        }
    }
}
