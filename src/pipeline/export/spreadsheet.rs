//! TextTable → CSV that is safe to open in a spreadsheet: `tables/*.csv`, `quarantine/*.csv`, downloads, forecasts on standard
//! output. `csvCell` in `reports/dashboard/js/core/csv.js` follows the same rule.
//!
//! Text that a spreadsheet would read as a formula gets an apostrophe:
//!
//! - at the start of a cell, before `=`, `+`, `-`, `@` (full-width ones too), tab, line feed and carriage return;
//! - inside a cell, before the first four of these after a semicolon, tab or line end. A spreadsheet that splits at
//!   semicolons ignores the quotes of a cell that follows a comma.
//!
//! Numbers stay as they are. Text that already has apostrophes there gets one more, so that [`raw`] restores the original.

use std::borrow::Cow;

use crate::schema::result_tables::TextTable;

/// Characters that start a formula.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
/// Characters that a spreadsheet drops before a formula.
const DROPPED: [char; 3] = ['\t', '\n', '\r'];
/// A spreadsheet with separators other than ours may start a cell after any of these.
const SEPARATORS: [char; 4] = [';', '\t', '\n', '\r'];

/// The CSV file: comma-separated, double quotes where needed, a line feed after each row.
pub fn csv(table: &TextTable) -> Vec<u8> {
    let mut out = String::new();
    for row in table {
        for (column, cell) in row.iter().enumerate() {
            if column > 0 {
                out.push(',');
            }
            let cell = safe(cell);
            // A lone empty cell is quoted: an empty line would not count as a row.
            let alone = cell.is_empty() && row.len() == 1;
            if alone || cell.contains([',', '"', ';', '\t', '\n', '\r']) {
                out.extend(["\"", &cell.replace('"', "\"\""), "\""]);
            } else {
                out.push_str(&cell);
            }
        }
        out.push('\n');
    }
    out.into_bytes()
}

/// Puts an apostrophe wherever a spreadsheet would start a formula.
fn safe(cell: &str) -> Cow<'_, str> {
    let formulas = starts(cell, |start, before| {
        let (apostrophes, rest) = apostrophes(start);
        is_formula(rest, before) && (apostrophes > 0 || !is_number(rest))
    });
    match formulas.is_empty() {
        true => Cow::Borrowed(cell),
        false => Cow::Owned(replace_at(cell, &formulas, "'", 0)),
    }
}

/// Undoes [`csv()`]: the cell without the apostrophes that were added.
pub fn raw(cell: &str) -> Cow<'_, str> {
    let guarded = starts(cell, |start, before| {
        let (apostrophes, rest) = apostrophes(start);
        apostrophes > 0 && is_formula(rest, before)
    });
    match guarded.is_empty() {
        true => Cow::Borrowed(cell),
        false => Cow::Owned(replace_at(cell, &guarded, "", 1)),
    }
}

/// Byte positions where some spreadsheet would start a cell and `predicate` holds. `predicate` gets the text from that position
/// on and the separator before it.
fn starts(cell: &str, predicate: impl Fn(&str, Option<char>) -> bool) -> Vec<usize> {
    let inner = cell.char_indices().filter(|(_, c)| SEPARATORS.contains(c)).map(|(at, c)| (at + c.len_utf8(), Some(c)));
    let all = std::iter::once((0, None)).chain(inner);
    all.filter(|(at, before)| predicate(&cell[*at..], *before)).map(|(at, _)| at).collect()
}

fn apostrophes(start: &str) -> (usize, &str) {
    let rest = start.trim_start_matches('\'');
    (start.len() - rest.len(), rest)
}

fn is_formula(start: &str, before: Option<char>) -> bool {
    start.starts_with(FORMULA) || (before.is_none() && start.starts_with(DROPPED))
}

fn is_number(start: &str) -> bool {
    let piece = start.split(SEPARATORS).next().unwrap_or_default();
    piece.ends_with(|c: char| c.is_ascii_digit() || c == '.') && piece.parse::<f64>().is_ok()
}

/// `cell` with `replacement` in place of `removed` bytes at each of `positions`.
fn replace_at(cell: &str, positions: &[usize], replacement: &str, removed: usize) -> String {
    let (mut out, mut from) = (String::with_capacity(cell.len() + positions.len()), 0);
    for position in positions {
        out.push_str(&cell[from..*position]);
        out.push_str(replacement);
        from = position + removed;
    }
    out + &cell[from..]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_become_text_and_numbers_stay() {
        for (cell, shown) in [
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("+A1", "'+A1"),
            ("-A1", "'-A1"),
            ("\t=1", "'\t'=1"),
            ("\r\n=1", "'\r\n'=1"),
            ("＝1", "'＝1"),
            ("a;=1", "a;'=1"),
            ("a;-1.5;b\n@x", "a;-1.5;b\n'@x"),
            ("'=1", "''=1"),
            ("'-5", "''-5"),
            ("-", "'-"),
            ("-inf", "'-inf"),
            ("-5-3", "'-5-3"),
        ] {
            assert_eq!(safe(cell), shown, "{cell:?}");
            assert_eq!(raw(shown), cell, "{shown:?}");
        }
        for cell in [
            "",
            "-5",
            "-0.25",
            "+3",
            "1e-7",
            "-1.5e300",
            "'s-Hertogenbosch",
            "a=b",
            "a-b; c",
            "São Paulo",
            "5-",
            "a\n\nb",
        ] {
            assert_eq!((safe(cell), raw(cell)), (cell.into(), cell.into()));
        }
    }

    #[test]
    fn cells_are_quoted_where_a_spreadsheet_would_split_them() {
        let table =
            vec![vec!["a;b".into(), "c,d".into(), "e\tf".into(), "g\"h".into(), "i".into()], vec![String::new()]];
        assert_eq!(String::from_utf8(csv(&table)).unwrap(), "\"a;b\",\"c,d\",\"e\tf\",\"g\"\"h\",i\n\"\"\n");
    }

    proptest! {
        #[test]
        fn what_was_written_can_be_had_back(rows in prop::collection::vec(prop::collection::vec("['=+@;,\"\\-\t\r\n\\PC0-9.]{0,8}", 3), 0..6)) {
            let written = csv(&rows);
            let mut reader = ::csv::ReaderBuilder::new().has_headers(false).from_reader(&written[..]);
            let read: Vec<Vec<String>> =
                reader.records().map(|row| row.unwrap().iter().map(|cell| raw(cell).into_owned()).collect()).collect();
            prop_assert_eq!(&read, &rows);
            // A reader that splits at semicolons or line ends and ignores quotes finds no formula either.
            for piece in rows.iter().flatten().flat_map(|cell| safe(cell).split(SEPARATORS).map(str::to_owned).collect::<Vec<_>>()) {
                prop_assert!(!piece.starts_with(FORMULA) || is_number(&piece), "{piece:?}");
            }
        }
    }
}
