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
        }
    }
}
