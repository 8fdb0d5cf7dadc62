//! Audit and contract → figures on data and cleaning: data model, architecture, rows kept, missing values.

use super::Studio;
use crate::charts::{
    Bar, Bars, Cardinality, Entities, Flow, FlowStep, Funnel, Stage, bars, entity_diagram, flow_diagram, funnel,
};
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
    let measured: Vec<(&crate::clean::audit::Relation, String, String)> = studio
        .results
        .audit
        .relations
        .iter()
        .map(|r| {
            let (least, most) = r.per_parent;
            let many = |n: usize| if n > 1 { "n".to_string() } else { n.to_string() };
            let at_child = if least.min(1) == most { many(most) } else { format!("{}..{}", least.min(1), many(most)) };
            (r, at_child, if r.orphans > 0 { "0..1".to_string() } else { "1".to_string() })
        })
        .collect();
    let cardinalities: Vec<Cardinality<'_>> = measured
        .iter()
        .filter_map(|(r, at_child, at_parent)| {
            let table = TABLES.iter().find(|t| t.name == r.from.0)?.id;
            Some(Cardinality { table, column: &r.from.1, at_child, at_parent })
        })
        .collect();
    let (one, many) = (studio.label("more_column"), studio.label("more_columns"));
    let more = |n: usize| format!("+ {n} {}", if n > 1 { &many } else { &one });
    let legend = [studio.label("model_keys"), studio.label("model_loose")];
    let legend: Vec<&str> = legend.iter().map(String::as_str).collect();
    let entities = Entities { cardinalities: &cardinalities, more: &more, legend: &legend };
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
    let stages: Vec<Stage<'_>> = labels
        .iter()
        .zip(removed)
        .map(|(label, removed)| {
            kept -= removed;
            Stage { label, kept: kept as f64, removed: removed as f64 }
        })
        .collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.count(v as i64);
    studio.figure("rows", "tables/audit.csv", |about| funnel(about, &Funnel { stages: &stages, format: &format }))
}

fn nulls(studio: &mut Studio<'_>) -> Result<()> {
    let mut columns: Vec<_> = studio.results.audit.nulls.iter().filter(|n| n.missing > 0).collect();
    columns.sort_by(|a, b| (b.missing * a.total).cmp(&(a.missing * b.total)).then_with(|| a.column.cmp(&b.column)));
    columns.truncate(EMPTIEST);
    let labels: Vec<String> = columns.iter().map(|n| n.column.clone()).collect();
    let bars_data: Vec<Bar<'_>> = columns
        .iter()
        .zip(&labels)
        .map(|(n, label)| Bar { label, value: n.missing as f64 / n.total as f64, ..Default::default() })
        .collect();
    let lang = studio.lang();
    let format = move |v: f64| lang.percent(v, if v < 0.01 { 2 } else { 1 });
    let data = Bars { bars: &bars_data, format: &format, keep_order: false };
    studio.figure("nulls", "audit.json", |about| bars(about, &data))
}
