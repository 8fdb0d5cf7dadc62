//! Blocks → their height on a slide, in the report's font. Used by `pages` and `cut`; `slides.css` and `slides.typ` have the same sizes.
//!
//! Lengths are in points of a page of 960 × 540.

use crate::charts::canvas::text::width;
use crate::report::document::{Block, Inline, words};

/// Width of the text: the page without its margins.
pub(super) const LINE: f64 = 840.0;
/// From the top margin to the foot of the page.
const HEIGHT: f64 = 432.0;
/// Size of the text.
const TEXT: f64 = 21.0;
/// From line to line of the text.
pub(super) const LEADING: f64 = 29.0;
/// Size of a title, and from line to line of it.
const TITLE: (f64, f64) = (29.0, 35.0);
/// Below a title.
const BELOW_TITLE: f64 = 20.0;
/// Between blocks.
pub(super) const GAP: f64 = 13.0;
/// Indentation of a list.
pub(super) const INDENT: f64 = 26.0;
/// Frame of a remark: both sides; above and below with the label.
const FRAME: (f64, f64) = (40.0, 58.0);
/// Size of cells, from line to line of them, and the space of a row.
const CELL: (f64, f64, f64) = (14.0, 18.5, 9.0);
/// Size of code, width of its letters in em, and from line to line.
const CODE: (f64, f64, f64) = (16.0, 0.6, 22.0);
/// Kerning may make text wider than its letters, by less than this.
const KERNING: f64 = 1.02;

/// Height of the text below a title.
pub(super) fn room(title: &str) -> f64 {
    HEIGHT - title_lines(title) as f64 * TITLE.1 - BELOW_TITLE
}

fn title_lines(title: &str) -> usize {
    lines(&[Inline::Strong(vec![Inline::Text(title.into())])], TITLE.0, LINE).len()
}

/// Height of a block in a column.
pub(super) fn height(block: &Block, column: f64) -> f64 {
    match block {
        Block::Heading(heading) => text_height(&heading.title, column),
        Block::Paragraph(text) | Block::Plain(text) => text_height(text, column),
        Block::List { items, .. } => {
            let items = items.iter().map(|item| heights(item, column - INDENT));
            items.map(|height| height + GAP).sum::<f64>() - GAP
        }
        Block::Quote(inner) => heights(inner, column - FRAME.0),
        Block::Remark(_, inner) => heights(inner, column - FRAME.0) + FRAME.1,
        Block::Code(code) => (code_lines(code, column) as f64) * CODE.2 + 2.0 * GAP,
        Block::Rule => GAP,
        Block::Grid { head, rows, .. } => {
            let texts = |row: &Vec<Vec<Inline>>| row.iter().map(|cell| words(cell)).collect::<Vec<_>>();
            rows_height([head].into_iter().chain(rows).map(texts), column)
        }
        Block::Table { place, table } => {
            let head = table.columns.iter().map(|column| column.header.clone()).collect();
            let caption = format!("{} {}", table.title, words(&place.note));
            rows_height([head].into_iter().chain(table.rows.iter().cloned()), column)
                + text_height(&[Inline::Text(caption)], column)
                + 2.0 * LEADING
        }
        // A figure has a slide of its own; works and numbers have become paragraphs and a table.
        Block::Figure { .. } | Block::Works(_) | Block::Numbers => 0.0,
    }
}

/// Height of blocks below each other.
pub(super) fn heights(blocks: &[Block], column: f64) -> f64 {
    blocks.iter().map(|block| height(block, column) + GAP).sum::<f64>() - if blocks.is_empty() { 0.0 } else { GAP }
}

/// Width inside of a framed block.
pub(super) fn framed(column: f64) -> f64 {
    column - FRAME.0
}

/// Height of the frame of a remark.
pub(super) fn frame() -> f64 {
    FRAME.1
}

/// Lines of code that take one line each.
pub(super) fn code_lines(code: &str, column: f64) -> usize {
    let per_line = ((column - FRAME.0) / (CODE.0 * CODE.1)).floor().max(1.0) as usize;
    code.lines().map(|line| line.chars().count().div_ceil(per_line).max(1)).sum()
}

/// How many lines of code have room.
pub(super) fn code_room(room: f64) -> usize {
    ((room - 2.0 * GAP) / CODE.2).floor().max(1.0) as usize
}

fn text_height(text: &[Inline], column: f64) -> f64 {
    lines(text, TEXT, column).len() as f64 * LEADING
}

/// Height of rows whose cells share the line in equal parts: the writers share it no worse.
fn rows_height(rows: impl Iterator<Item = Vec<String>>, column: f64) -> f64 {
    let row = |cells: Vec<String>| {
        let part = column / cells.len().max(1) as f64 - 10.0;
        let lines = cells.iter().map(|cell| lines(&[Inline::Text(cell.clone())], CELL.0, part).len());
        lines.max().unwrap_or(1).max(1) as f64 * CELL.1 + CELL.2
    };
    rows.map(row).sum()
}

/// A word of a text: its width, and whether a space may be broken before it.
struct Word {
    width: f64,
    space: f64,
    /// Index of its first character in the text.
    start: usize,
    breaks: bool,
}

/// Where the lines of a text begin, as indices of its characters.
pub(super) fn text_lines(text: &[Inline], column: f64) -> Vec<usize> {
    lines(text, TEXT, column)
}

fn lines(text: &[Inline], size: f64, column: f64) -> Vec<usize> {
    let mut found = Vec::new();
    let mut word = Word { width: 0.0, space: 0.0, start: 0, breaks: false };
    let mut at = 0;
    letters(text, false, &mut |c, bold, code| {
        match c {
            ' ' | '\n' => {
                let next = Word { width: 0.0, space: wide(' ', size, bold, false), start: at + 1, breaks: c == '\n' };
                found.push(std::mem::replace(&mut word, next));
            }
            c => word.width += wide(c, size, bold, code),
        }
        at += 1;
    });
    found.push(word);
    let (mut starts, mut used): (Vec<usize>, f64) = (vec![0], 0.0);
    for (i, word) in found.iter().enumerate() {
        // A space at the end takes no line of its own.
        if i > 0 && word.width == 0.0 && !word.breaks {
            continue;
        }
        if i > 0 && (word.breaks || used + word.space + word.width > column) {
            starts.push(word.start);
            used = 0.0;
        } else if i > 0 {
            used += word.space;
        }
        used += word.width;
        // A word wider than the line breaks anywhere.
        while used > column {
            starts.push(word.start);
            used -= column * 0.97;
        }
    }
    starts
}

fn wide(c: char, size: f64, bold: bool, code: bool) -> f64 {
    let mut buffer = [0; 4];
    match code {
        true => CODE.1 * size,
        false => KERNING * width(c.encode_utf8(&mut buffer), size, bold),
    }
}

/// Calls `take` with each letter of the text, whether it is bold, and whether it is code.
pub(super) fn letters(text: &[Inline], bold: bool, take: &mut impl FnMut(char, bool, bool)) {
    for inline in text {
        match inline {
            Inline::Text(text) | Inline::Value { text, .. } => text.chars().for_each(|c| take(c, bold, false)),
            Inline::Code(text) => text.chars().for_each(|c| take(c, bold, true)),
            Inline::Emphasis(inner) => letters(inner, bold, take),
            Inline::Strong(inner) => letters(inner, true, take),
            Inline::Link { text, .. } | Inline::Reference { text, .. } => letters(text, bold, take),
            Inline::Note(_) => {}
            Inline::Break => take('\n', bold, false),
        }
    }
}
