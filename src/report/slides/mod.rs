//! Document → Deck: the summary in pieces that fit, and the chosen figures. Next: its writers, HTML and PDF.
//!
//! Both outputs are written from the same [`Deck`], whose pages are measured in the report's font, so that they hold the same words.

mod cut;
mod html;
mod measure;
mod pages;
#[cfg(feature = "pdf")]
mod pdf;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

#[cfg(test)]
use super::document::words;
use super::document::{Block, Document, Heading, Inline, Place};
use super::{Figure, lang};
use crate::text::{listed, shortened};
use crate::{Error, Result};

/// Figures that slides show unless others are chosen; those that the report does not place, or for which there are no data, are left out.
pub const DEFAULT_FIGURES: [&str; 8] =
    ["entrants", "milestones", "months", "categories", "states", "fan_winner", "scores", "instalments"];

/// Longest title of a slide, characters.
const TITLE: usize = 160;

/// The slides after the cover.
#[derive(Debug)]
pub(crate) struct Deck {
    pub slides: Vec<Slide>,
}

/// A slide.
#[derive(Debug)]
pub(crate) struct Slide {
    pub title: Vec<Inline>,
    /// Which part of a text that takes several slides, and of how many.
    pub part: Option<(usize, usize)>,
    pub body: Body,
}

/// What stands below the title of a slide.
#[derive(Debug)]
pub(crate) enum Body {
    Text(Vec<Block>),
    Figure(Place, Figure),
}

impl Document {
    /// The slides: the summary, which is the first chapter, and the chosen figures in this order; [`DEFAULT_FIGURES`] if none is chosen.
    ///
    /// # Errors
    /// The report has no such figure.
    pub(crate) fn deck(&self) -> Result<Deck> {
        let chosen = self.chosen(&self.slides_figures)?;
        let placed: Vec<(&Place, &Figure)> = self.blocks().filter_map(placed).collect();
        let of_id = |id: &String| placed.iter().find(|(place, _)| place.id == *id).copied();
        let summary = self.chapters.first().map_or(&[][..], Vec::as_slice);
        let in_summary = summary.iter().filter_map(placed_id);
        let shown: BTreeSet<String> = in_summary.chain(chosen.iter().cloned()).collect();
        let mut slides = pages::of_chapter(&self.settled(summary, &shown));
        let in_text: BTreeSet<String> = summary.iter().filter_map(placed_id).collect();
        let figures = chosen.iter().filter(|id| !in_text.contains(*id)).filter_map(of_id);
        slides.extend(figures.map(|(place, figure)| {
            let place = Place { note: self.inlines(&place.note, &shown), ..place.clone() };
            Slide::of_figure(place, figure.clone())
        }));
        Ok(Deck { slides })
    }

    /// Ids of the chosen figures, `figure:…`.
    fn chosen(&self, chosen: &[String]) -> Result<Vec<String>> {
        let id = |name: &str| format!("figure:{name}");
        if chosen.is_empty() {
            let drawn = |(place, figure): (&Place, &Figure)| figure.svg.has_shapes().then(|| place.id.clone());
            let drawn: BTreeSet<String> = self.blocks().filter_map(placed).filter_map(drawn).collect();
            return Ok(DEFAULT_FIGURES.into_iter().map(id).filter(|id| drawn.contains(id)).collect());
        }
        let placed: Vec<String> = self.blocks().filter_map(placed_id).collect();
        if let Some(unknown) = chosen.iter().find(|name| !placed.contains(&id(name))) {
            let names = placed.iter().map(|id| id.trim_start_matches("figure:"));
            return Err(Error::input(format!("this report has no figure `{}`", shortened(unknown, TITLE)))
                .with_hint(format!("its figures are {}", listed(names))));
        }
        let mut ids: Vec<String> = Vec::new();
        for name in chosen {
            if !ids.contains(&id(name)) {
                ids.push(id(name));
            }
        }
        Ok(ids)
    }

    /// Blocks without notes and with only those links that lead to a figure on a slide: what they say stays in the text.
    fn settled(&self, blocks: &[Block], shown: &BTreeSet<String>) -> Vec<Block> {
        let inlines = |of: &[Inline]| self.inlines(of, shown);
        let cells = |row: &Vec<Vec<Inline>>| row.iter().map(|cell| inlines(cell)).collect::<Vec<_>>();
        let mut out = Vec::new();
        for block in blocks {
            out.push(match block {
                Block::Heading(heading) => {
                    Block::Heading(Heading { title: inlines(&heading.title), ..heading.clone() })
                }
                Block::Paragraph(text) => Block::Paragraph(inlines(text)),
                Block::Plain(text) => Block::Plain(inlines(text)),
                Block::List { first, items } => {
                    let items = items.iter().map(|item| self.settled(item, shown)).collect();
                    Block::List { first: *first, items }
                }
                Block::Quote(inner) => Block::Quote(self.settled(inner, shown)),
                Block::Remark(remark, inner) => Block::Remark(*remark, self.settled(inner, shown)),
                Block::Works(works) => {
                    out.extend(works.iter().map(|(_, line)| Block::Paragraph(inlines(line))));
                    continue;
                }
                Block::Numbers => {
                    let (head, rows) = self.numbers_grid();
                    Block::Grid { align: Vec::new(), head, rows }
                }
                Block::Grid { align, head, rows } => {
                    Block::Grid { align: align.clone(), head: cells(head), rows: rows.iter().map(cells).collect() }
                }
                Block::Figure { place, figure } => {
                    let place = Place { note: inlines(&place.note), ..place.clone() };
                    Block::Figure { place, figure: figure.clone() }
                }
                Block::Table { place, table } => {
                    let place = Place { note: inlines(&place.note), ..place.clone() };
                    Block::Table { place, table: table.clone() }
                }
                Block::Code(_) | Block::Rule => block.clone(),
            });
        }
        out
    }

    fn inlines(&self, of: &[Inline], shown: &BTreeSet<String>) -> Vec<Inline> {
        let mut out = Vec::with_capacity(of.len());
        for inline in of {
            match inline {
                Inline::Emphasis(inner) => out.push(Inline::Emphasis(self.inlines(inner, shown))),
                Inline::Strong(inner) => out.push(Inline::Strong(self.inlines(inner, shown))),
                Inline::Link { url, text } => {
                    out.push(Inline::Link { url: url.clone(), text: self.inlines(text, shown) })
                }
                Inline::Reference { target, text } => {
                    let text = match text.is_empty() {
                        true => vec![Inline::Text(self.label(target).to_owned())],
                        false => self.inlines(text, shown),
                    };
                    match shown.contains(target) {
                        true => out.push(Inline::Reference { target: target.clone(), text }),
                        false => out.extend(text),
                    }
                }
                // There is no foot of the page for a note: it stands in brackets.
                Inline::Note(number) => {
                    let paragraphs = self.notes.get(number - 1).into_iter().flatten();
                    out.push(Inline::Text(" (".into()));
                    for (i, block) in paragraphs.enumerate() {
                        if let Block::Paragraph(text) | Block::Plain(text) = block {
                            out.extend((i > 0).then(|| Inline::Text(" ".into())));
                            out.extend(self.inlines(text, &BTreeSet::new()));
                        }
                    }
                    out.push(Inline::Text(")".into()));
                }
                other => out.push(other.clone()),
            }
        }
        out
    }
}

fn placed(block: &Block) -> Option<(&Place, &Figure)> {
    let Block::Figure { place, figure } = block else { return None };
    Some((place, figure))
}

fn placed_id(block: &Block) -> Option<String> {
    placed(block).map(|(place, _)| place.id.clone())
}

impl Slide {
    fn of_figure(place: Place, figure: Figure) -> Slide {
        let title = vec![Inline::Text(shortened(&figure.title, TITLE).into_owned())];
        Slide { title, part: None, body: Body::Figure(place, figure) }
    }

    /// The title in plain words, with its part.
    #[cfg(test)]
    fn name(&self) -> String {
        let title = words(&self.title);
        match self.part {
            Some((part, of)) => format!("{title} ({part}/{of})"),
            None => title,
        }
    }

    /// What stands above the title of a figure: `Figure 7`.
    fn kicker(place: &Place, words: &lang::Words) -> String {
        format!("{}\u{a0}{}", words.figure, place.number)
    }
}
