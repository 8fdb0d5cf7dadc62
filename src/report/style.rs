//! The page templates and the style sheet, built in from `reports/` and replaceable one by one.

use std::borrow::Cow;

/// How the report looks: [`Default`] is the built-in style.
#[derive(Debug, Clone)]
pub struct Style {
    /// `reports/templates/report.html`: the HTML page, a Tera template.
    pub html: Cow<'static, str>,
    /// `reports/style/report.css`: its style sheet.
    pub css: Cow<'static, str>,
    /// `reports/templates/report.typ`: the PDF, a Typst module.
    pub typst: Cow<'static, str>,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            html: include_str!("../../reports/templates/report.html").into(),
            css: include_str!("../../reports/style/report.css").into(),
            typst: include_str!("../../reports/templates/report.typ").into(),
        }
    }
}
