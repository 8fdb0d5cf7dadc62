//! The user's guide: a tutorial, how-to guides, the reference, explanations. Markdown → Document. Next: `report::writers`.
//!
//! `pfe guide` writes the same as HTML, PDF, Word document or Markdown. A test runs the commands of [`tutorial`] and [`how_to`]; [`reference`](mod@reference) holds
//! what is declared in the program, and a test compares both.

#[cfg(test)]
mod tests;

use crate::Result;
use crate::report::{Chapter, Document, Lang, Meta, prose};

/// Declares a part of the guide. The links between the parts are defined before those at the end of the file, which name files.
macro_rules! part {
    ($name:ident, $file:literal $(, { $($inner:item)* })?) => {
        #[doc = "[tutorial]: crate::guide::tutorial\n[how-to]: crate::guide::how_to\n[reference]: crate::guide::reference"]
        #[doc = "[commands]: crate::guide::reference::commands\n[columns]: crate::guide::reference::columns"]
        #[doc = "[market-file]: crate::guide::reference::market_file\n[explanation]: crate::guide::explanation\n"]
        #[doc = include_str!($file)]
        pub mod $name {
            $($($inner)*)?
        }
    };
}

part!(tutorial, "tutorial.md");
part!(how_to, "how_to.md");
part!(reference, "reference.md", {
    part!(commands, "commands.md");
    part!(columns, "columns.md");
    part!(market_file, "market_file.md");
});
part!(explanation, "explanation.md");

/// File, text, and the name that links between the parts have for it.
const PARTS: [(&str, &str, &str); 7] = [
    ("tutorial.md", include_str!("tutorial.md"), "[tutorial]: #tutorial"),
    ("how_to.md", include_str!("how_to.md"), "[how-to]: #how-to-guides"),
    ("explanation.md", include_str!("explanation.md"), "[explanation]: #explanation"),
    ("reference.md", include_str!("reference.md"), "[reference]: #reference"),
    ("commands.md", include_str!("commands.md"), "[commands]: #commands"),
    ("columns.md", include_str!("columns.md"), "[columns]: #tables-and-columns"),
    ("market_file.md", include_str!("market_file.md"), "[market-file]: #the-market-file"),
];

/// The guide as one document.
///
/// # Errors
/// A part holds what a document cannot print, or a link that leads nowhere.
pub fn document() -> Result<Document> {
    let links: String = PARTS.iter().map(|(_, _, link)| format!("{link}\n")).collect();
    let chapter =
        |(name, text, _): &(&str, &str, &str)| Chapter { name: (*name).into(), text: format!("{links}\n{text}") };
    let meta = Meta { lang: Lang::En, title: "pfe".into(), subtitle: Some("User’s guide".into()), ..Meta::default() };
    prose(meta, &PARTS.each_ref().map(chapter))
}
