//! A block that is too tall → a head that fits and the rest. Used by `pages`.

use super::measure::{self, GAP, INDENT, LEADING, height};
use crate::report::document::{Block, Inline};

/// Cuts a block so that its head is no taller than `room`, if it can; `None` for a block that cannot be cut or of which nothing would fit.
pub(super) fn cut(block: &Block, column: f64, room: f64) -> Option<(Block, Block)> {
    match block {
        Block::Paragraph(text) | Block::Plain(text) => {
            let (head, rest) = cut_text(text, column, room)?;
            Some((Block::Paragraph(head), Block::Paragraph(rest)))
        }
        Block::List { first, items } => {
            let (head, rest, is_continued) = cut_items(items, column - INDENT, room)?;
            let next = first.map(|first| first + head.len() as u64 - u64::from(is_continued));
            Some((Block::List { first: *first, items: head }, Block::List { first: next, items: rest }))
        }
        Block::Quote(inner) => {
            let (head, rest) = cut_blocks(inner, measure::framed(column), room)?;
            Some((Block::Quote(head), Block::Quote(rest)))
        }
        Block::Remark(remark, inner) => {
            let (head, rest) = cut_blocks(inner, measure::framed(column), room - measure::frame())?;
            Some((Block::Remark(*remark, head), Block::Remark(*remark, rest)))
        }
        Block::Code(code) => {
            let (mut lines, most) = (0, measure::code_room(room));
            let fits = |line: &&str| {
                lines += measure::code_lines(line, column).max(1);
                lines <= most
            };
            let head: Vec<&str> = code.lines().take_while(fits).collect();
            let rest: Vec<&str> = code.lines().skip(head.len()).collect();
            (!head.is_empty() && !rest.is_empty()).then(|| (Block::Code(head.join("\n")), Block::Code(rest.join("\n"))))
        }
        Block::Grid { align, head, rows } => {
            let of = |rows: &[_]| Block::Grid { align: align.clone(), head: head.clone(), rows: rows.to_vec() };
            let most = fitting(rows.len(), |count| height(&of(&rows[..count]), column) <= room)?;
            Some((of(&rows[..most]), of(&rows[most..])))
        }
        Block::Table { place, table } => {
            let of = |rows: &[Vec<String>]| {
                let mut table = table.clone();
                table.rows = rows.to_vec();
                Block::Table { place: place.clone(), table }
            };
            let most = fitting(table.rows.len(), |count| height(&of(&table.rows[..count]), column) <= room)?;
            let (head, mut rest) = (of(&table.rows[..most]), of(&table.rows[most..]));
            if let Block::Table { place, .. } = &mut rest {
                // Two parts must not have the same name.
                place.id.push('+');
            }
            Some((head, rest))
        }
        _ => None,
    }
}

/// The greatest number of rows, at least one and not all, that fit.
fn fitting(rows: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    (1..rows).rev().find(|count| fits(*count))
}

type Items = Vec<Vec<Block>>;

/// Items of a list that fit and the rest, and whether the first of the rest continues the last that fits.
fn cut_items(items: &[Vec<Block>], column: f64, room: f64) -> Option<(Items, Items, bool)> {
    let (mut head, mut used) = (Items::new(), 0.0);
    for (i, item) in items.iter().enumerate() {
        let tall = measure::heights(item, column);
        if used + tall <= room {
            used += tall + GAP;
            head.push(item.clone());
            continue;
        }
        let mut rest = items[i + 1..].to_vec();
        let parts = cut_blocks(item, column, room - used).filter(|_| room - used >= 2.0 * LEADING);
        let is_continued = parts.is_some();
        let (first, second) = parts.unwrap_or_else(|| (Vec::new(), item.clone()));
        head.extend((!first.is_empty()).then_some(first));
        rest.insert(0, second);
        return (!head.is_empty()).then_some((head, rest, is_continued));
    }
    None
}

fn cut_blocks(blocks: &[Block], column: f64, room: f64) -> Option<(Vec<Block>, Vec<Block>)> {
    let (mut head, mut used) = (Vec::new(), 0.0);
    for (i, block) in blocks.iter().enumerate() {
        let tall = height(block, column);
        if used + tall <= room {
            used += tall + GAP;
            head.push(block.clone());
            continue;
        }
        let mut rest = blocks[i + 1..].to_vec();
        match cut(block, column, room - used) {
            Some((first, second)) => {
                head.push(first);
                rest.insert(0, second);
            }
            None => rest.insert(0, block.clone()),
        }
        return (!head.is_empty()).then_some((head, rest));
    }
    None
}

/// Cuts a text after the last line that fits.
fn cut_text(text: &[Inline], column: f64, room: f64) -> Option<(Vec<Inline>, Vec<Inline>)> {
    let starts = measure::text_lines(text, column);
    let most = (room / LEADING).floor().max(0.0) as usize;
    let mut at = *starts.get(most).filter(|_| most > 0)?;
    // Within a word that is wider than the line, all its lines begin at the word.
    if at == 0 {
        at = (column / LEADING).floor() as usize * most;
    }
    let mut left = at;
    let (head, rest) = split(text, &mut left);
    (!rest.is_empty()).then_some((head, rest))
}

/// Text up to its character `left`, and the rest.
fn split(text: &[Inline], left: &mut usize) -> (Vec<Inline>, Vec<Inline>) {
    let (mut head, mut rest) = (Vec::new(), Vec::new());
    for inline in text {
        let mut length = 0;
        measure::letters(std::slice::from_ref(inline), false, &mut |_, _, _| length += 1);
        if !rest.is_empty() || *left == 0 && length > 0 {
            rest.push(inline.clone());
            continue;
        }
        if length <= *left {
            *left -= length;
            head.push(inline.clone());
            continue;
        }
        let inner = |wrap: &dyn Fn(Vec<Inline>) -> Inline, text: &[Inline], left: &mut usize| {
            let (first, second) = split(text, left);
            (wrap(first), wrap(second))
        };
        let text_at = |text: &str, left: usize| {
            let at = text.char_indices().nth(left).map_or(text.len(), |(at, _)| at);
            (text[..at].trim_end().to_owned(), text[at..].to_owned())
        };
        let (first, second) = match inline {
            Inline::Text(text) => {
                let (first, second) = text_at(text, *left);
                (Inline::Text(first), Inline::Text(second))
            }
            Inline::Code(text) => {
                let (first, second) = text_at(text, *left);
                (Inline::Code(first), Inline::Code(second))
            }
            Inline::Emphasis(text) => inner(&Inline::Emphasis, text, left),
            Inline::Strong(text) => inner(&Inline::Strong, text, left),
            Inline::Link { url, text } => inner(&|text| Inline::Link { url: url.clone(), text }, text, left),
            Inline::Reference { target, text } => {
                inner(&|text| Inline::Reference { target: target.clone(), text }, text, left)
            }
            // A number is not broken: it goes to the next slide.
            other => {
                rest.push(other.clone());
                *left = 0;
                continue;
            }
        };
        *left = 0;
        head.push(first);
        rest.push(second);
    }
    (head, rest)
}
