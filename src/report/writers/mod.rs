//! Document → files: HTML, and Typst source and from it a PDF. End of the engine.

pub(crate) mod html;
#[cfg(feature = "pdf")]
pub(crate) mod pdf;
#[cfg(feature = "pdf")]
pub(crate) mod typst;
