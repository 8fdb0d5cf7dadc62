//! Embedded fonts of the report: the same files serve the charts (plotters), the PDF (Typst) and the HTML (CSS).

use base64::{Engine, prelude::BASE64_STANDARD};

/// Family name in Typst, CSS and SVG.
pub const FAMILY: &str = "Source Sans 3";
/// Family name of the font for code.
pub const CODE_FAMILY: &str = "Source Code Pro";
/// Source Sans 3 Regular, TrueType.
pub const REGULAR: &[u8] = include_bytes!("../../../reports/fonts/SourceSans3-Regular.ttf");
/// Source Sans 3 Bold, TrueType.
pub const BOLD: &[u8] = include_bytes!("../../../reports/fonts/SourceSans3-Bold.ttf");
/// Source Sans 3 Italic, TrueType.
pub const ITALIC: &[u8] = include_bytes!("../../../reports/fonts/SourceSans3-Italic.ttf");
/// Source Code Pro Regular, TrueType, for code in the PDF.
pub const CODE: &[u8] = include_bytes!("../../../reports/fonts/SourceCodePro-Regular.ttf");

/// The same faces for CSS: weight, style and WOFF2 bytes.
pub const WEB: [(u16, &str, &[u8]); 3] = [
    (400, "normal", include_bytes!("../../../reports/fonts/SourceSans3-Regular.woff2")),
    (400, "italic", include_bytes!("../../../reports/fonts/SourceSans3-Italic.woff2")),
    (700, "normal", include_bytes!("../../../reports/fonts/SourceSans3-Bold.woff2")),
];

/// A face of [`WEB`] as a CSS rule with its bytes embedded.
pub(crate) fn css((weight, style, bytes): &(u16, &str, &[u8])) -> String {
    let data = BASE64_STANDARD.encode(bytes);
    format!(
        "@font-face{{font-family:\"{FAMILY}\";font-weight:{weight};font-style:{style};src:url(data:font/woff2;base64,{data}) format(\"woff2\")}}\n"
    )
}
