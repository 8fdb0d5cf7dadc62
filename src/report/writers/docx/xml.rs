//! Text → XML that any reader accepts. Used by all of `docx`.

use crate::text::seen;

/// Namespaces that the parts declare.
pub(super) const NAMESPACES: &str = "xmlns:w=\"http://schemas.openxmlformats.org/wordprocessingml/2006/main\" \
    xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\" \
    xmlns:wp=\"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing\"";

/// Text as character data, also for attributes in double quotes. Line ends and tabs become spaces; hidden characters go, and those
/// that XML 1.0 forbids become U+FFFD.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars().filter_map(seen) {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\r' | '\t' => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// An address as a relationship must name it: what is no character of an address is encoded.
pub(super) fn address(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    let is_hex = |at: usize| url.as_bytes().get(at).is_some_and(u8::is_ascii_hexdigit);
    for (at, byte) in url.bytes().enumerate() {
        match byte {
            b'%' if is_hex(at + 1) && is_hex(at + 2) => out.push('%'),
            b'&' => out.push_str("&amp;"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(byte.into()),
            _ if b"-._~:/?#@!$'()*+,;=".contains(&byte) => out.push(byte.into()),
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// A run of text; `look` holds its properties.
pub(super) fn run(look: &str, text: &str) -> String {
    let look = if look.is_empty() { String::new() } else { format!("<w:rPr>{look}</w:rPr>") };
    format!("<w:r>{look}<w:t xml:space=\"preserve\">{}</w:t></w:r>", escape(text))
}

/// The properties of a run that has this character style.
pub(super) fn style(name: &str) -> String {
    format!("<w:rStyle w:val=\"{name}\"/>")
}

/// A field with the result that it shows until it is updated.
pub(super) fn field(code: &str, look: &str, result: &str) -> String {
    field_around(code, &run(look, result))
}

/// A field whose result consists of runs.
pub(super) fn field_around(code: &str, runs: &str) -> String {
    let (begin, end) = (field_start(code), FIELD_END);
    format!("{begin}{runs}{end}")
}

/// What stands before the result of a field.
pub(super) fn field_start(code: &str) -> String {
    format!(
        "<w:r><w:fldChar w:fldCharType=\"begin\"/></w:r><w:r><w:instrText xml:space=\"preserve\"> {} </w:instrText></w:r>\
         <w:r><w:fldChar w:fldCharType=\"separate\"/></w:r>",
        escape(code)
    )
}

/// What stands after the result of a field.
pub(super) const FIELD_END: &str = "<w:r><w:fldChar w:fldCharType=\"end\"/></w:r>";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_xml_forbids_is_left() {
        assert_eq!(
            escape("<a b=\"c\"> & \u{0}\u{1b}\u{ffff}\u{202e}\n\u{9b}é"),
            "&lt;a b=&quot;c&quot;&gt; &amp; \u{fffd}\u{fffd}\u{fffd} \u{fffd}é"
        );
        assert_eq!(
            address("https://a.b/c d?e=é&f=%20%zz\"<[]>"),
            "https://a.b/c%20d?e=%C3%A9&amp;f=%20%25zz%22%3C%5B%5D%3E"
        );
    }
}
