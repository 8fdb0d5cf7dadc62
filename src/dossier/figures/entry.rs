//! What new sellers may earn and keep → figures: the short list, the milestones, the contribution, break-even costs of advertising.

use super::{Named, Studio};
use crate::charts::Bar;
use crate::decisions::entry::chances;
use crate::decisions::profit::{BreakEven, CategoryProfit};
use crate::dossier::entry::tables::milestone_name;
use crate::error::Result;
use crate::models::entrants::{CategoryChances, Chances, Milestone};
use crate::report::lang::Lang;

/// Categories of the figure of contributions.
const CONTRIBUTIONS: usize = 10;

pub(crate) fn draw(studio: &mut Studio<'_>) -> Result<()> {
    let results = studio.results;
    let entry = results.entry.as_ref().ok();
    short_list(studio, chances(&results.entry).ok())?;
    milestones(studio, entry.map(|entry| entry.entrants.milestones.as_slice()).unwrap_or_default())?;
    contributions(studio)?;
    break_even(studio)
}

/// Typical revenue of the short list, beside that of all categories.
fn short_list(studio: &mut Studio<'_>, chances: Option<&Chances>) -> Result<()> {
    let dot = |c: &CategoryChances| {
        let label = format!("{} ({})", studio.words.category(&c.category), studio.lang().percent(c.top3, 0));
        (label, Bar { value: c.typical, interval: Some(c.interval80), highlight: c.top3 >= 0.5, ..Bar::default() })
    };
    let dots: Vec<Named> = chances.map(|chances| chances.short_list().map(dot).collect()).unwrap_or_default();
    let all = studio.label("typical_of_all");
    let typical = chances.map_or(0.0, |chances| chances.pooled.mean.exp_m1());
    studio.dots("entrants", "tables/entrants_by_category.csv", &dots, "typical_axis", (typical, &all), Lang::short)
}

/// Median revenue after the first days, with its quartiles.
fn milestones(studio: &mut Studio<'_>, milestones: &[Milestone]) -> Result<()> {
    let bar = |m: &Milestone| {
        let [low, value, high] = m.rest.as_ref()?.quartiles;
        Some((milestone_name(m, studio.words), Bar { value, interval: Some((low, high)), ..Bar::default() }))
    };
    let bars: Vec<Named> = milestones.iter().filter_map(bar).collect();
    studio.bars("milestones", "tables/milestones.csv", &bars, true, Lang::short)
}

fn contributions(studio: &mut Studio<'_>) -> Result<()> {
    let dot = |(i, c): (usize, &CategoryProfit)| {
        let bar = Bar { value: c.contribution, interval: Some(c.interval80), highlight: i == 0, ..Bar::default() };
        (studio.words.category(&c.category), bar)
    };
    let dots: Vec<Named> = studio.results.profit.categories.iter().take(CONTRIBUTIONS).enumerate().map(dot).collect();
    let zero = studio.label("nothing_left");
    studio.dots("profit", "tables/profit_by_category.csv", &dots, "contribution_axis", (0.0, &zero), Lang::short)
}

/// What an order may cost in advertising, by state.
fn break_even(studio: &mut Studio<'_>) -> Result<()> {
    let states = &studio.results.profit.states;
    let values: Vec<(&str, f64)> = states.iter().map(|b: &BreakEven| (b.name.as_str(), b.break_even)).collect();
    let keys = ["break_even_axis", "no_data"];
    studio.map("break_even", "tables/break_even.csv", &values, &[], keys, |lang, v| lang.decimal(v, 0))
}
