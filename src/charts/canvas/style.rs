//! Style of all charts: palette, sizes, and the style sheet for light and dark pages. Used by `canvas` and its backend.
//!
//! The palette is safe for colour-blind readers: neighbours differ in lightness as well as in hue. Every series colour has
//! a contrast of at least 3:1 against the page.

use std::fmt::Write;

/// Width of a chart in user units. Printed 16 cm wide, one unit is 0.71 pt.
pub const WIDTH: f64 = 640.0;
/// Font size of most text; 9.2 pt in print.
pub const FONT_SIZE: f64 = 13.0;
/// Font size of ticks, notes and values in cells; 8.2 pt in print, the smallest size.
pub const SMALL: f64 = 11.5;

/// A colour by role: its CSS class, its value on a light page (and in the PDF), and its value on a dark page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ink {
    /// CSS class of filled shapes and text; for strokes, prefixed with `l-`.
    pub class: &'static str,
    /// Colour on a light page, 0xRRGGBB. Unique in the palette, because the backend finds the class by it.
    pub light: u32,
    /// Colour on a dark page, 0xRRGGBB.
    pub dark: u32,
}

const fn ink(class: &'static str, light: u32, dark: u32) -> Ink {
    Ink { class, light, dark }
}

/// The page.
pub const PAGE: Ink = ink("page", 0xffffff, 0x14181d);
/// Text.
pub const FG: Ink = ink("fg", 0x1d2733, 0xe6e9ee);
/// Secondary text.
pub const MUTED: Ink = ink("muted", 0x596575, 0xa7b0bc);
/// Axes and connectors.
pub const AXIS: Ink = ink("axis", 0x8792a1, 0x77818e);
/// Grid lines.
pub const GRID: Ink = ink("grid", 0xe3e7ec, 0x2d343d);
/// Boxes and shaded spans.
pub const SOFT: Ink = ink("soft", 0xf1f4f8, 0x1f262e);
/// Marks that recede behind an emphasised one.
pub const QUIET: Ink = ink("quiet", 0x93a8be, 0x7a8fa5);
/// Losses, and what must be noticed.
pub const ALERT: Ink = ink("alert", 0xb3341f, 0xf0907c);
/// Missing values.
pub const VOID: Ink = ink("void", 0xdfe1e4, 0x343a41);
/// Text on a dark series colour.
pub const ON_DEEP: Ink = ink("on-deep", 0xfffffe, 0x10151b);
/// Text on a lighter series colour.
pub const ON_PALE: Ink = ink("on-pale", 0x111820, 0x10151b);
/// Text on the upper half of the scale.
pub const ON_HIGH: Ink = ink("on-high", 0xfefeff, 0x0f141a);
/// Text on the lower half of the scale.
pub const ON_LOW: Ink = ink("on-low", 0x131a22, 0xf2f5f8);

/// Series colours: dark and lighter colours alternate, so that neighbours differ in greyscale.
pub const SERIES: [Ink; 8] = [
    ink("s1", 0x1f5fa8, 0x7db4ee),
    ink("s2", 0xcf7f00, 0xf0b040),
    ink("s3", 0x0e6f5f, 0x52c4ab),
    ink("s4", 0xc566a0, 0xe7a5cd),
    ink("s5", 0x8c3b1a, 0xe58a63),
    ink("s6", 0x3d97cf, 0x9bd4f5),
    ink("s7", 0x5d4590, 0xb7a2e6),
    ink("s8", 0x7d8794, 0xb4bcc6),
];

/// Colours of maps and heat maps, from low to high.
pub const SCALE: [Ink; 7] = [
    ink("q0", 0xe8f1f8, 0x1b2b3c),
    ink("q1", 0xcadff0, 0x22405c),
    ink("q2", 0xa1c7e5, 0x2b587f),
    ink("q3", 0x6fa9d5, 0x36709e),
    ink("q4", 0x3478b0, 0x68a2cf),
    ink("q5", 0x1e5c99, 0x9cc7e8),
    ink("q6", 0x113a69, 0xd3e8f8),
];

const ROLES: [Ink; 13] = [PAGE, FG, MUTED, AXIS, GRID, SOFT, QUIET, ALERT, VOID, ON_DEEP, ON_PALE, ON_HIGH, ON_LOW];

fn palette() -> impl Iterator<Item = &'static Ink> {
    ROLES.iter().chain(&SERIES).chain(&SCALE)
}

/// Colour of series `i`. The eighth, grey, serves all further series.
pub fn series(i: usize) -> Ink {
    SERIES[i.min(SERIES.len() - 1)]
}

/// Text colour that is legible on series `i`.
pub fn on_series(i: usize) -> Ink {
    if matches!(i, 1 | 3 | 5) || i >= SERIES.len() - 1 { ON_PALE } else { ON_DEEP }
}

/// Colour of class `i` of `n`. A scale with few classes still uses its whole range.
pub fn scale(i: usize, n: usize) -> Ink {
    SCALE[scale_index(i, n)]
}

/// Text colour that is legible on class `i` of `n`.
pub fn on_scale(i: usize, n: usize) -> Ink {
    if scale_index(i, n) < 4 { ON_LOW } else { ON_HIGH }
}

fn scale_index(i: usize, n: usize) -> usize {
    let top = SCALE.len() - 1;
    if n < 2 { 3 } else { (i.min(n - 1) * top + (n - 1) / 2) / (n - 1) }
}

/// CSS class of a colour of the light palette.
pub(crate) fn class((r, g, b): (u8, u8, u8)) -> Option<&'static str> {
    let rgb = u32::from_be_bytes([0, r, g, b]);
    palette().find(|ink| ink.light == rgb).map(|ink| ink.class)
}

/// Custom properties of the palette (`--chart-fg:#…;` and so on), for `:root` of a light or dark page.
pub fn css_variables(dark: bool) -> String {
    let mut css = String::new();
    for ink in palette() {
        let _ = write!(css, "--chart-{}:#{:06x};", ink.class, if dark { ink.dark } else { ink.light });
    }
    css
}

/// CSS rules that colour every class by its custom property. They override the presentation attributes.
pub fn css_rules() -> String {
    let mut css = String::new();
    for Ink { class, .. } in palette() {
        let _ =
            write!(css, ".chart .{class}{{fill:var(--chart-{class})}}.chart .l-{class}{{stroke:var(--chart-{class})}}");
    }
    css
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luminance(rgb: u32) -> f64 {
        let part = |shift: u32| {
            let v = f64::from(rgb >> shift & 0xff) / 255.0;
            if v <= 0.03928 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * part(16) + 0.7152 * part(8) + 0.0722 * part(0)
    }

    /// Contrast ratio by WCAG 2.2, from relative luminances.
    fn contrast(a: u32, b: u32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn assert_contrast(a: Ink, b: Ink, least: f64) {
        for (a_rgb, b_rgb) in [(a.light, b.light), (a.dark, b.dark)] {
            let found = contrast(a_rgb, b_rgb);
            assert!(found >= least, "{} on {}: {found:.2}", a.class, b.class);
        }
    }

    #[test]
    fn colours_are_unique() {
        let mut seen: Vec<_> = palette().map(|i| i.light).collect();
        let n = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), n);
    }

    #[test]
    fn text_and_marks_have_contrast() {
        for text in [FG, MUTED, ALERT] {
            assert_contrast(text, PAGE, 4.5);
            assert_contrast(text, SOFT, 4.5);
        }
        for (i, &ink) in SERIES.iter().enumerate() {
            assert_contrast(ink, PAGE, 3.0);
            assert_contrast(on_series(i), ink, 4.5);
        }
        for (i, &ink) in SCALE.iter().enumerate() {
            assert_contrast(on_scale(i, SCALE.len()), ink, 4.5);
        }
        for (text, fill) in [(ON_PALE, QUIET), (FG, VOID)] {
            assert_contrast(text, fill, 4.5);
        }
    }

    #[test]
    fn few_classes_span_the_scale() {
        assert_eq!((scale(0, 2), scale(1, 2)), (SCALE[0], SCALE[6]));
        assert_eq!(scale(2, 5), SCALE[3]);
        assert_eq!(scale(9, 7), SCALE[6]);
    }

    #[test]
    fn style_sheet_names_every_class() {
        let (variables, rules) = (css_variables(true), css_rules());
        for ink in palette() {
            assert!(variables.contains(&format!("--chart-{}:#{:06x};", ink.class, ink.dark)));
            assert!(rules.contains(&format!(".l-{}{{stroke:var(--chart-{0})}}", ink.class)));
        }
    }
}
