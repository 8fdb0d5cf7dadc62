//! Document → files: HTML, Markdown, a Word document, and Typst source and from it a PDF. End of the engine.

#[cfg(any(feature = "docx", feature = "pdf"))]
mod columns;
#[cfg(feature = "docx")]
pub(crate) mod docx;
pub(crate) mod html;
pub(crate) mod markdown;
#[cfg(feature = "pdf")]
pub(crate) mod pdf;
#[cfg(feature = "pdf")]
pub(crate) mod typst;
