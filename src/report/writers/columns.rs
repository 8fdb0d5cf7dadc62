//! Table → widths of its columns on a page, and for the PDF which rows need a single line. Used by `typst` and `docx`.
//!
//! Typst lays out every cell twice to find the height of its row, and once more in a column as wide as its widest cell.
//! Computing widths here from those of the letters avoids that.

use crate::charts::canvas::text::{widest, width};
use crate::report::Table;
use crate::report::document::{Inline, words};

/// Width of the text, pt: A4 minus the margins of the template.
const LINE: f64 = 413.85;
/// Padding on each side of a cell, pt: see `rows-of` in the template.
const BESIDE: f64 = 5.0;
/// Safety factor: kerning may make text wider than its letters, by less than this.
const KERNING: f64 = 1.02;

/// Width of the names in the table of numbers of a few pages, whose names are short, pt.
const BRIEF_NAMES: f64 = 128.0;

/// Font size of the table of numbers, pt.
const OF_NUMBERS: f64 = 7.2;
/// Width of a letter of code, relative to the font size: see `word-of-code` in the template.
const OF_CODE: f64 = 0.6 * 0.9;

/// Widths of the columns of a table, pt, and for each row whether its cells fit on one line.
pub(super) struct Columns {
    /// Font size, pt.
    pub(super) size: f64,
    pub(super) widths: Vec<f64>,
    /// If no cell needs a second line: the column that takes the remaining width, if any.
    whole: Option<Option<usize>>,
    fit: Vec<bool>,
}

impl Columns {
    /// If all cells fit on one line, columns are as wide as their contents, and the first text column takes the remaining
    /// width. Otherwise, columns share the line in proportion to their longest cell and the words of their heading.
    pub(super) fn of(table: &Table) -> Columns {
        let count = table.columns.len();
        let size = size(count);
        let cells = |column: usize| table.rows.iter().filter_map(move |row| Some(row.get(column)?.as_str()));
        let gaps: Vec<f64> = (0..count).map(|column| gaps(column, count)).collect();
        let longest: Vec<f64> = (0..count).map(|column| KERNING * widest(cells(column), size, false)).collect();
        let headings = table.columns.iter().map(|column| KERNING * width(&column.header, size, true));
        let needed: Vec<f64> = longest.iter().zip(headings).map(|(cells, heading)| cells.max(heading)).collect();
        let needed: Vec<f64> = needed.iter().zip(&gaps).map(|(text, gap)| text + gap).collect();
        let mut texts =
            table.columns.iter().enumerate().filter(|(_, column)| !column.numeric).map(|(column, _)| column);
        let (text, others) = (texts.next(), texts.next());
        let left = LINE - needed.iter().sum::<f64>();
        let mut widths = needed;
        let whole = (others.is_none() && left >= 0.0).then_some(text.filter(|column| *column == 0));
        if let Some(filling) = whole {
            filling.into_iter().for_each(|column| widths[column] += left);
        } else {
            // Each column gets at least its longest unbreakable word; the rest goes to the columns that need more.
            let words = |column| widest(cells(column).flat_map(|cell| cell.split(' ')), size, false);
            let heading = |column: usize| widest(table.columns[column].header.split([' ', '_']), size, true);
            let least = |column| KERNING * f64::max(words(column), heading(column)).min(LINE / 2.0) + gaps[column];
            let least: Vec<f64> = (0..count).map(least).collect();
            let more = |column: usize| (longest[column] + gaps[column] - least[column]).max(0.0);
            let more: Vec<f64> = (0..count).map(more).collect();
            let (left, needed_more) = ((LINE - least.iter().sum::<f64>()).max(0.0), more.iter().sum::<f64>());
            let part = if needed_more > left { left / needed_more } else { 1.0 };
            widths = least.iter().zip(&more).map(|(least, more)| least + part * more).collect();
            let all = widths.iter().sum::<f64>();
            widths.iter_mut().for_each(|width| *width *= LINE / all);
        }
        let fits = |(column, cell): (usize, &String)| {
            !cell.contains('\n') && KERNING * width(cell, size, false) <= widths[column] - gaps[column] + ROUNDING
        };
        let fit = table.rows.iter().map(|row| row.iter().take(count).enumerate().all(fits)).collect();
        Columns { size, widths, whole, fit }
    }

    /// Columns of the table of numbers: number, printed text, source, name.
    pub(super) fn of_numbers(rows: &[Vec<Vec<Inline>>], is_brief: bool) -> Columns {
        let [number, value, name] = [19.0, 65.0, if is_brief { BRIEF_NAMES } else { 169.0 }];
        let widths = [number, value, LINE - number - value - name, name];
        let fits = |(column, cell): (usize, &Vec<Inline>)| {
            KERNING * cell.iter().map(printed).sum::<f64>() <= widths[column] - gaps(column, widths.len())
        };
        let fit = rows.iter().map(|row| row.iter().take(widths.len()).enumerate().all(fits)).collect();
        Columns { size: OF_NUMBERS, widths: widths.into(), whole: None, fit }
    }

    /// Widths as Typst source. A template that was not `measured` has its own lines and letters.
    pub(super) fn widths(&self, measured: bool) -> String {
        let width = |(column, width): (usize, &f64)| match self.whole {
            _ if measured => points(*width) + ", ",
            Some(filling) if filling == Some(column) => "1fr, ".into(),
            Some(_) => "auto, ".into(),
            None => format!("{width:.2}fr, "),
        };
        self.widths.iter().enumerate().map(width).collect()
    }

    /// Row heights as Typst source; automatic if the template was not `measured`.
    pub(super) fn heights(&self, measured: bool) -> String {
        let heights = self.fit.iter().filter(|_| measured);
        heights.map(|fits| if *fits { "one-line, " } else { "auto, " }).collect()
    }
}

/// A length as Typst source.
pub(super) fn points(length: f64) -> String {
    format!("{length:.2}pt")
}

/// Tolerance for sums of widths, pt.
const ROUNDING: f64 = 0.01;

/// Font size of a table with so many columns, pt, as in the template: more columns, smaller letters.
pub(super) fn size(columns: usize) -> f64 {
    match columns {
        0..=6 => 9.2,
        7..=8 => 8.3,
        _ => 7.5,
    }
}

/// Width of a part of a cell in the table of numbers.
fn printed(inline: &Inline) -> f64 {
    match inline {
        Inline::Code(code) => code.chars().count() as f64 * OF_CODE * OF_NUMBERS,
        other => width(&words(std::slice::from_ref(other)), OF_NUMBERS, false),
    }
}

fn gaps(column: usize, columns: usize) -> f64 {
    BESIDE * (f64::from(column > 0) + f64::from(column + 1 < columns))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::TableColumn;

    fn table(rows: &[[&str; 2]], numeric: bool) -> Table {
        let column = |header: &str, numeric| TableColumn { header: header.into(), numeric };
        let rows = rows.iter().map(|row| row.map(str::to_owned).to_vec()).collect();
        let (title, source) = (String::new(), String::new());
        Table { columns: vec![column("Name", false), column("Orders", numeric)], rows, title, source }
    }

    #[test]
    fn what_fits_on_one_line_is_as_wide_as_it_needs_and_fills_the_line() {
        let columns = Columns::of(&table(&[["beauty", "1 234"], ["sports and leisure", "9"]], true));
        assert!((columns.widths.iter().sum::<f64>() - LINE).abs() < 1e-9);
        assert!((columns.widths[1] - KERNING * width("Orders", 9.2, true) - BESIDE).abs() < 1e-9);
        assert_eq!(columns.heights(true), "one-line, one-line, ");
        assert_eq!((columns.widths(false), columns.heights(false)), ("1fr, auto, ".into(), String::new()));
    }

    #[test]
    fn a_row_that_breaks_keeps_its_own_height() {
        let long = "every order of the category, canceled ones left out ".repeat(4);
        let columns = Columns::of(&table(&[["short", "as short"], ["long", &long]], false));
        assert!((columns.widths.iter().sum::<f64>() - LINE).abs() < 1e-9);
        assert!(columns.widths[0] < columns.widths[1]);
        assert_eq!(columns.heights(true), "one-line, auto, ");
        assert_eq!(columns.widths(false).matches("fr, ").count(), 2);
        let broken = Columns::of(&table(&[["one", "1"], ["two\nlines", "2"]], true));
        assert_eq!(broken.heights(true), "one-line, auto, ");
    }

    #[test]
    fn among_the_numbers_code_is_wider_than_text() {
        let row = |name: Inline| vec![vec![Inline::Text("1".into())], vec![], vec![], vec![name]];
        let name = "i".repeat(80);
        let columns = Columns::of_numbers(&[row(Inline::Text(name.clone())), row(Inline::Code(name))], false);
        assert_eq!(columns.heights(true), "one-line, auto, ");
    }
}
