//! Text → its width in the embedded font; text cut and wrapped to fit. Used by `canvas` and every layout.

use std::borrow::Cow;
use std::sync::LazyLock;

use ab_glyph::{Font, FontRef};

use super::fonts;

/// Advance widths in em: a table for printable ASCII, which is nearly all text, and the font for the rest.
struct Face {
    ascii: [f64; 128],
    font: Option<FontRef<'static>>,
    em: f64,
}

impl Face {
    fn new(bytes: &'static [u8]) -> Self {
        let font = FontRef::try_from_slice(bytes).ok();
        let em = font.as_ref().and_then(|f| f.units_per_em()).map_or(1000.0, f64::from);
        let mut face = Face { ascii: [0.0; 128], font, em };
        for c in ' '..='~' {
            face.ascii[c as usize] = face.measured(c);
        }
        face
    }

    fn measured(&self, c: char) -> f64 {
        // A missing glyph comes from another font of unknown width; a full em is safe.
        let glyph = self.font.as_ref().map(|f| (f, f.glyph_id(c))).filter(|(_, id)| id.0 != 0);
        glyph.map_or(1.0, |(f, id)| f64::from(f.h_advance_unscaled(id)) / self.em)
    }

    fn advance(&self, c: char) -> f64 {
        self.ascii.get(c as usize).copied().unwrap_or_else(|| self.measured(c))
    }
}

static REGULAR: LazyLock<Face> = LazyLock::new(|| Face::new(fonts::REGULAR));
static BOLD: LazyLock<Face> = LazyLock::new(|| Face::new(fonts::BOLD));

fn face(bold: bool) -> &'static Face {
    if bold { &BOLD } else { &REGULAR }
}

/// Width of `text` at font size `size`, in the unit of `size`.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    let face = face(bold);
    text.chars().map(|c| face.advance(c)).sum::<f64>() * size
}

/// Greatest width among `texts`; 0 if there are none.
pub fn widest<'a>(texts: impl IntoIterator<Item = &'a str>, size: f64, bold: bool) -> f64 {
    texts.into_iter().map(|t| width(t, size, bold)).fold(0.0, f64::max)
}

/// `text`, shortened with an ellipsis if it is wider than `room`. The part beyond is not measured.
pub fn fit(text: &str, size: f64, bold: bool, room: f64) -> Cow<'_, str> {
    let face = face(bold);
    let mut wide = 0.0;
    let beyond = |c: char| {
        wide += face.advance(c);
        wide * size > room
    };
    if !text.chars().any(beyond) {
        return Cow::Borrowed(text);
    }
    let mut left = room / size - face.advance('…');
    let end = text
        .char_indices()
        .find(|&(_, c)| {
            left -= face.advance(c);
            left < 0.0
        })
        .map_or(text.len(), |(i, _)| i);
    Cow::Owned(format!("{}…", text[..end].trim_end()))
}

/// `text` on at most `lines` lines, broken at spaces and after underscores. The last line is shortened if necessary.
pub fn wrap(text: &str, size: f64, bold: bool, room: f64, lines: usize) -> Vec<String> {
    let face = face(bold);
    let wider = |wide: f64, text: &str| text.chars().fold(wide, |wide, c| wide + face.advance(c));
    let mut out: Vec<String> = Vec::new();
    // Width of the last line, em.
    let mut wide = 0.0;
    for word in text.split_inclusive([' ', '_']) {
        let full = out.len() >= lines;
        match out.last_mut() {
            Some(line) if wider(wide, word.trim_end()) * size <= room => line.push_str(word),
            Some(line) if full => {
                // The last line is too long and will be shortened; the rest is not measured.
                line.push_str(word);
                break;
            }
            _ => {
                out.push(word.to_string());
                wide = 0.0;
            }
        }
        wide = wider(wide, word);
    }
    out.iter().map(|line| fit(line.trim_end(), size, bold, room).into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_in_em() {
        // Source Sans 3 Regular: digits are 497/1000 em wide.
        assert!((width("0123", 10.0, false) - 4.0 * 4.97).abs() < 0.01);
        assert!(width("abc", 10.0, true) > width("abc", 10.0, false));
        assert_eq!(width("", 10.0, false), 0.0);
    }

    #[test]
    fn long_labels_are_cut_to_the_room() {
        let label = "médicament ".repeat(30);
        let cut = fit(&label, 12.0, false, 100.0);
        assert!(cut.ends_with('…') && width(&cut, 12.0, false) <= 100.0 && cut.starts_with("médicament"));
        assert_eq!(fit("court", 12.0, false, 100.0), "court");
        assert_eq!(fit("x", 12.0, false, 0.0), "…");
    }

    #[test]
    fn what_lies_beyond_the_room_costs_nothing() {
        let endless = "é ".repeat(1 << 20);
        for _ in 0..1_000 {
            assert!(fit(&endless, 12.0, false, 100.0).chars().count() < 40);
            assert_eq!(wrap(&endless, 12.0, false, 100.0, 3).len(), 3);
        }
    }

    #[test]
    fn lines_break_at_spaces_and_underscores() {
        assert_eq!(wrap("product_category_name", 10.0, false, 80.0, 2), ["product_category_", "name"]);
        let lines = wrap(&"mot ".repeat(50), 10.0, false, 80.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(lines[1].ends_with('…') && lines.iter().all(|l| width(l, 10.0, false) <= 80.0));
    }
}
