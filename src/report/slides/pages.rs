//! Blocks of a chapter → slides: a title per heading, and below it as much as fits. Used by `slides`.

use std::borrow::Cow;

use super::measure::{self, GAP, LINE, height};
use super::{Body, Slide, TITLE, cut};
use crate::report::document::{Block, Inline, words};
use crate::text::shortened;

/// Headings down to this level start a slide.
const OWN_SLIDE: usize = 2;
/// Steps in which the parts of a text are made equally long.
const STEPS: usize = 12;

/// The slides of a chapter: its text at its headings, its figures each on a slide.
pub(super) fn of_chapter(blocks: &[Block]) -> Vec<Slide> {
    let mut slides = Vec::new();
    let (mut title, mut text): (Vec<Inline>, Vec<Block>) = Default::default();
    for block in blocks {
        match block {
            Block::Heading(heading) if heading.level <= OWN_SLIDE => {
                slides.extend(of_text(&title, std::mem::take(&mut text)));
                let plain = words(&heading.title);
                title = match shortened(&plain, TITLE) {
                    Cow::Borrowed(_) => heading.title.clone(),
                    Cow::Owned(short) => vec![Inline::Text(short)],
                };
            }
            Block::Heading(heading) => text.push(Block::Paragraph(vec![Inline::Strong(heading.title.clone())])),
            Block::Figure { place, figure } => {
                slides.extend(of_text(&title, std::mem::take(&mut text)));
                slides.push(Slide::of_figure(place.clone(), figure.clone()));
            }
            Block::Rule => {}
            other => text.push(other.clone()),
        }
    }
    slides.extend(of_text(&title, text));
    slides
}

/// A text below its title, on as many slides as it needs.
fn of_text(title: &[Inline], text: Vec<Block>) -> Vec<Slide> {
    if text.is_empty() {
        return Vec::new();
    }
    let room = measure::room(&format!("{} (99/99)", words(title)));
    let mut pages = filled(&text, room, room);
    if pages.len() > 1 {
        // As many slides, but none nearly empty: the smallest height at which they are no more.
        let even = (1..STEPS).map(|step| filled(&text, room * step as f64 / STEPS as f64, room));
        let least = even.into_iter().find(|even| even.len() <= pages.len());
        pages = least.unwrap_or(pages);
    }
    let count = pages.len();
    let slide = |(i, blocks): (usize, Vec<Block>)| Slide {
        title: title.to_vec(),
        part: (count > 1).then_some((i + 1, count)),
        body: Body::Text(blocks),
    };
    pages.into_iter().enumerate().map(slide).collect()
}

/// Blocks in pages no taller than `room`, or than `full` if one block needs it.
fn filled(text: &[Block], room: f64, full: f64) -> Vec<Vec<Block>> {
    let mut left: Vec<Block> = items_apart(text);
    left.reverse();
    let (mut pages, mut page, mut used): (Vec<Vec<Block>>, Vec<Block>, f64) = Default::default();
    while let Some(block) = left.pop() {
        let tall = height(&block, LINE);
        if used + tall <= room || page.is_empty() && tall <= full {
            used += tall + GAP;
            page.push(block);
            continue;
        }
        // What fits on a slide of its own goes there whole, unless most of this one would stay empty.
        let free = full - used;
        let is_cut = tall > full || room == full && free > full / 2.0;
        let parts = is_cut.then(|| cut::cut(&block, LINE, free)).flatten();
        match parts {
            Some((head, rest)) => {
                page.push(head);
                left.push(rest);
            }
            // What cannot be cut stands alone.
            None if page.is_empty() => page.push(block),
            None => left.push(block),
        }
        pages.push(items_together(std::mem::take(&mut page)));
        used = 0.0;
    }
    if !page.is_empty() {
        pages.push(items_together(page));
    }
    pages
}

/// Lists with one item each, so that a slide can end between two.
fn items_apart(text: &[Block]) -> Vec<Block> {
    let mut out = Vec::new();
    for block in text {
        match block {
            Block::List { first, items } => {
                let item = |(i, item): (usize, &Vec<Block>)| Block::List {
                    first: first.map(|first| first + i as u64),
                    items: vec![item.clone()],
                };
                out.extend(items.iter().enumerate().map(item));
            }
            other => out.push(other.clone()),
        }
    }
    out
}

/// The items of one slide in one list.
fn items_together(blocks: Vec<Block>) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    for block in blocks {
        match (out.last_mut(), block) {
            (Some(Block::List { first: None, items }), Block::List { first: None, items: more }) => items.extend(more),
            (Some(Block::List { first: Some(first), items }), Block::List { first: Some(next), items: more })
                if *first + items.len() as u64 == next =>
            {
                items.extend(more);
            }
            (_, block) => out.push(block),
        }
    }
    out
}
