//! Chapters + values → blocks of the Document: placeholders and their origins, typography, Markdown. Next: `writers`.

pub(crate) mod markdown;
pub(crate) mod provenance;
pub(crate) mod template;
pub(crate) mod typography;
