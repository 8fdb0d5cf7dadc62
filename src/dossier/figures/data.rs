//! Audit and contract → figures on data and cleaning: data model, architecture, rows kept, missing values.

use super::{Named, Studio, strs};
use crate::charts::{Bar, Cardinality, Entities, Flow, FlowStep, Funnel, Stage, entity_diagram, flow_diagram, funnel};
use crate::clean::audit::{Nulls, Relation};
use crate::dossier::values::nulls as columns_with_nulls;
use crate::error::Result;
use crate::graph;
use crate::schema::contract::TABLES;

/// Number of columns shown, those with the most missing values.
const EMPTIEST: usize = 12;

pub(crate) fn draw(studio: &mut Studio<'_>) -> Result<()> {
    model(studio)?;
    architecture(studio)?;
    rows(studio)?;
    nulls(studio)
}

/// The data model with measured cardinalities: how many rows refer to one, and whether each refers to one.
fn model(studio: &mut Studio<'_>) -> Result<()> {
    let at_child = |r: &Relation| {
        let (least, most) = (r.per_parent.0.min(1), r.per_parent.1);
        let many = if most > 1 { "n".to_string() } else { most.to_string() };
        if least == most { many } else { format!("{least}..{many}") }
    };
    let relations = &studio.results.audit.relations;
    let measured: Vec<(&Relation, String)> = relations.iter().map(|r| (r, at_child(r))).collect();
    let cardinalities = measured.iter().filter_map(|(r, at_child)| {
        let table = TABLES.iter().find(|t| t.name == r.from.0)?.id;
        let at_parent = if r.orphans > 0 { "0..1" } else { "1" };
        Some(Cardinality { table, column: &r.from.1, at_child, at_parent })
    });
    let cardinalities: Vec<Cardinality<'_>> = cardinalities.collect();
    let (one, many) = (studio.label("more_column"), studio.label("more_columns"));
    let more = |n: usize| format!("+ {n} {}", if n > 1 { &many } else { &one });
    let legend = [studio.label("model_keys"), studio.label("model_loose")];
    let entities = Entities { cardinalities: &cardinalities, more: &more, legend: &strs(&legend) };
    studio.figure("model", "audit.json", |about| entity_diagram(about, &entities))
}

fn architecture(studio: &mut Studio<'_>) -> Result<()> {
    let nodes = graph::overview();
    let texts: Vec<(String, String)> = nodes
        .iter()
        .map(|node| format!("step_{}", node.id.replace('-', "_")))
        .map(|key| (studio.label(&key), studio.label(&format!("{key}_detail"))))
        .collect();
    let steps: Vec<FlowStep<'_>> = nodes
        .iter()
        .zip(&texts)
        .map(|(node, (label, detail))| FlowStep { name: node.id, label, detail, inputs: &node.inputs })
        .collect();
    studio.figure("architecture", "run.json", |about| flow_diagram(about, &Flow { steps: &steps }))
}

/// Rows of all tables through reading and cleaning.
fn rows(studio: &mut Studio<'_>) -> Result<()> {
    let audit = &studio.results.audit;
    let steps = |name: &'static str| audit.steps.iter().filter(move |s| s.step == name);
    let read = audit.rows_in();
    let unreadable: usize = steps("read").map(|s| s.quarantined).sum();
    let duplicates: usize = steps("clean").map(|s| s.deduplicated).sum();
    let conflicts: usize = steps("clean").map(|s| s.quarantined).sum();
    let labels = ["rows_read", "rows_readable", "rows_distinct", "rows_clean"].map(|key| studio.label(key));
    let removed = [0, unreadable, duplicates, conflicts];
    let mut kept = read;
    let stages = labels.iter().zip(removed).map(|(label, removed)| {
        kept -= removed;
        Stage { label, kept: kept as f64, removed: removed as f64 }
    });
    let stages: Vec<Stage<'_>> = stages.collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.count(v as i64);
    studio.figure("rows", "tables/audit.csv", |about| funnel(about, &Funnel { stages: &stages, format: &format }))
}

fn nulls(studio: &mut Studio<'_>) -> Result<()> {
    let mut columns: Vec<_> = columns_with_nulls(studio.results).collect();
    columns.sort_by(|a, b| (b.missing * a.total).cmp(&(a.missing * b.total)).then_with(|| a.column.cmp(&b.column)));
    columns.truncate(EMPTIEST);
    let bar = |n: &Nulls| (n.column.clone(), Bar { value: n.missing as f64 / n.total as f64, ..Bar::default() });
    let bars: Vec<Named> = columns.into_iter().map(bar).collect();
    studio.bars("nulls", "audit.json", &bars, false, |lang, v| lang.percent(v, if v < 0.01 { 2 } else { 1 }))
}
