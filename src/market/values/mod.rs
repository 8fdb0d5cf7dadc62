//! Text of an export → values: whether there is one, whole numbers, units of currencies; amounts and dates in files of their own. Used by
//! `lines`, `operations` and `propose`.

pub(crate) mod amounts;
pub(crate) mod dates;
mod months;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::schema::missing::null_mark;

/// `text` in lower case and without accents and surrounding spaces: how names and values are compared.
pub(crate) fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.trim().to_ascii_lowercase();
    }
    text.trim().nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}

/// A value of a cell, without surrounding spaces; `None` if it is empty or a mark of a missing value. `="0012"`, a formula with which
/// exports keep spreadsheets from reading a number, is its text.
pub(crate) fn present(text: Option<&str>) -> Option<&str> {
    let text = text?.trim();
    let quoted = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    Some(quoted.map_or(text, str::trim)).filter(|text| !text.is_empty() && null_mark(text).is_none())
}

/// Decimals of the smallest unit of a currency (ISO 4217).
pub fn minor_digits(currency: &str) -> u32 {
    const NONE: [&str; 16] = [
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    ];
    const THREE: [&str; 7] = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
    match currency {
        _ if NONE.contains(&currency) => 0,
        _ if THREE.contains(&currency) => 3,
        _ => 2,
    }
}

/// A whole number, written with or without a decimal zero.
pub(crate) fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = [".0", ".00", ",0", ",00"].iter().find_map(|zeros| text.strip_suffix(zeros)).unwrap_or(text);
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_that_is_a_text_is_this_text() {
        let read = |text: &'static str| present(Some(text));
        assert_eq!(
            [read(" =\"0012\" "), read("=\"\""), read("=1+1"), read("NaN")],
            [Some("0012"), None, Some("=1+1"), None]
        );
    }
}
