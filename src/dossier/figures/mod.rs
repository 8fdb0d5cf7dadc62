//! Results + captions → the figures of the report by identifier, drawn by `charts`. Next: `report`.

mod data;
mod decisions;
mod entry;
mod past;
mod payments;
mod reference;
mod sales;
mod service;

use std::collections::BTreeMap;

use super::edition::{Captions, Words};
use super::shop;
use crate::charts::{self, About, Atlas, Bar, Bars, Dots, Heatmap, StateMap, Svg, Tick};
use crate::decisions::Facts;
use crate::error::Result;
use crate::mart::month::Month;
use crate::report::Figure;
use crate::report::lang::Lang;
use crate::results::Results;

/// Most regions that a figure shows as bars.
const MAX_BARS: usize = 30;

/// What every figure needs.
pub(super) struct Studio<'a> {
    results: &'a Results,
    pub(super) words: &'a Words,
    captions: &'a Captions,
    /// `None` if no shapes are known of the regions.
    atlas: Option<Atlas>,
    figures: BTreeMap<String, Figure>,
}

pub(crate) fn figures(results: &Results, words: &Words, captions: &Captions) -> Result<BTreeMap<String, Figure>> {
    let atlas = shop::atlas(results, words);
    let mut studio = Studio { results, words, captions, atlas, figures: BTreeMap::new() };
    data::draw(&mut studio)?;
    sales::draw(&mut studio)?;
    service::draw(&mut studio)?;
    payments::draw(&mut studio)?;
    reference::draw(&mut studio)?;
    entry::draw(&mut studio)?;
    decisions::draw(&mut studio)?;
    past::draw(&mut studio)?;
    Ok(studio.figures)
}

/// The figures that `draw` draws.
pub(crate) fn of_part(
    results: &Results,
    words: &Words,
    captions: &Captions,
    draw: impl FnOnce(&mut Studio<'_>) -> Result<()>,
) -> Result<BTreeMap<String, Figure>> {
    let mut studio = Studio { results, words, captions, atlas: None, figures: BTreeMap::new() };
    draw(&mut studio)?;
    Ok(studio.figures)
}

impl Studio<'_> {
    /// Draws the figure `id`; `source` is the file of the output folder behind it.
    pub(super) fn figure(&mut self, id: &str, source: &str, draw: impl FnOnce(&About) -> Svg) -> Result<()> {
        let caption = self.captions.of(id)?;
        let no_data = self.words.label("no_data");
        let about = About { title: &caption.title, desc: &caption.alt, no_data: &no_data };
        let figure =
            Figure { svg: draw(&about), title: caption.title.clone(), alt: caption.alt.clone(), source: source.into() };
        self.figures.insert(id.into(), figure);
        Ok(())
    }

    /// Draws bars; `format` writes their values.
    pub(super) fn bars(
        &mut self,
        id: &str,
        source: &str,
        bars: &[Named],
        keep_order: bool,
        format: impl Fn(Lang, f64) -> String,
    ) -> Result<()> {
        let (lang, bars) = (self.lang(), labelled(bars));
        let data = Bars { bars: &bars, format: &|v| format(lang, v), keep_order };
        self.figure(id, source, |about| charts::bars(about, &data))
    }

    /// Draws dots beside a reference value; `axis` is the key of the title of their axis.
    fn dots(
        &mut self,
        id: &str,
        source: &str,
        dots: &[Named],
        axis: &str,
        reference: (f64, &str),
        format: impl Fn(Lang, f64) -> String,
    ) -> Result<()> {
        let (lang, dots, axis) = (self.lang(), labelled(dots), self.label(axis));
        let data = Dots { dots: &dots, format: &|v| format(lang, v), reference: Some(reference), axis: &axis };
        self.figure(id, source, |about| charts::dots(about, &data))
    }

    /// Draws a matrix; the keys are those of the title and of the word for an empty cell.
    fn heatmap(
        &mut self,
        id: &str,
        source: &str,
        matrix: &Matrix,
        keys: [&str; 2],
        format: impl Fn(Lang, f64) -> String,
    ) -> Result<()> {
        let (lang, [title, missing]) = (self.lang(), keys.map(|key| self.label(key)));
        let (rows, columns) = (strs(&matrix.rows), strs(&matrix.columns));
        let data = Heatmap {
            rows: &rows,
            columns: &columns,
            values: &matrix.values,
            format: &|v| format(lang, v),
            title: &title,
            missing: &missing,
        };
        self.figure(id, source, |about| charts::heatmap(about, &data))
    }

    /// Draws a map of the states, some of them outlined; the keys are those of the title and of the word for a missing value.
    fn map(
        &mut self,
        id: &str,
        source: &str,
        values: &[(&str, f64)],
        highlight: &[&str],
        keys: [&str; 2],
        format: impl Fn(Lang, f64) -> String,
    ) -> Result<()> {
        // Where no shapes are known, bars show the largest values.
        let Some(atlas) = self.atlas.clone() else {
            let mut rows: Vec<Named> = values
                .iter()
                .map(|(code, value)| {
                    let bar = Bar { value: *value, highlight: highlight.contains(code), ..Bar::default() };
                    (self.words.state(code), bar)
                })
                .collect();
            rows.sort_by(|(_, a), (_, b)| b.value.total_cmp(&a.value));
            rows.truncate(MAX_BARS);
            return self.bars(id, source, &rows, false, format);
        };
        let (lang, [title, missing]) = (self.lang(), keys.map(|key| self.label(key)));
        let format = |v: f64| format(lang, v);
        let (title, missing) = (title.as_str(), missing.as_str());
        let data = StateMap { values, format: &format, title, missing, highlight, atlas: &atlas, ..Default::default() };
        self.figure(id, source, |about| charts::region_map(about, &data))
    }

    pub(super) fn lang(&self) -> Lang {
        self.words.lang
    }

    pub(super) fn label(&self, key: &str) -> String {
        self.words.label(key)
    }
}

/// The name of a bar or dot, and the rest of it.
pub(super) type Named = (String, Bar<'static>);

fn labelled(rows: &[Named]) -> Vec<Bar<'_>> {
    rows.iter().map(|(label, row)| Bar { label, ..*row }).collect()
}

/// Names and values of a heat map.
struct Matrix {
    rows: Vec<String>,
    columns: Vec<String>,
    /// Row by row.
    values: Vec<f64>,
}

pub(super) fn strs(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// The `count` entries with the greatest `value`, greatest first.
fn greatest(facts: &[Facts], count: usize, value: impl Fn(&Facts) -> f64) -> Vec<&Facts> {
    let mut ranked: Vec<&Facts> = facts.iter().filter(|f| value(f).is_finite()).collect();
    ranked.sort_by(|a, b| value(b).total_cmp(&value(a)).then_with(|| a.name.cmp(&b.name)));
    ranked.truncate(count);
    ranked
}

pub(super) fn reais(centavos: i64) -> f64 {
    centavos as f64 / 100.0
}

/// A time axis with the initials of the months, grouped by year.
pub(super) struct MonthAxis {
    pub(super) months: Vec<Month>,
    labels: Vec<(String, String)>,
}

impl MonthAxis {
    pub(super) fn new(lang: Lang, first: Month, last: Month) -> MonthAxis {
        let months: Vec<Month> = first.through(last).collect();
        let labels = months.iter().map(|m| {
            let name = lang.month(&m.to_string()).unwrap_or_default();
            (name.chars().take(1).flat_map(char::to_uppercase).collect(), m.year.to_string())
        });
        MonthAxis { labels: labels.collect(), months }
    }

    pub(super) fn ticks(&self) -> Vec<Tick<'_>> {
        self.labels.iter().map(|(label, group)| Tick { label, group }).collect()
    }

    pub(super) fn position(&self, month: Month) -> Option<usize> {
        self.months.iter().position(|m| *m == month)
    }
}
