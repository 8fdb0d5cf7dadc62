//! Every chart, drawn with hostile data and with no data. Used by `tests`.

use super::gallery::ticks;
use crate::charts::*;
use crate::schema::contract::STATES;

const LONG: &str = "une catégorie dont le nom ne finit pas, ";

/// Charts of hostile data: infinite, missing, huge and endless values.
pub fn hostile() -> Vec<(&'static str, Svg)> {
    let name = format!("<script>alert(1)</script> & =cmd|' #set page() {{{{ 7*7 }}}} مرحبا 🎁 {}", LONG.repeat(8));
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, 0.0, -5.0, 1e-300, 3.0, 1e14];
    let about = About::new(&name, &name);
    let labels: Vec<String> = (0..60).map(|i| format!("{i} {name}")).collect();
    let refs: Vec<&str> = labels.iter().map(String::as_str).collect();
    let value = |i: usize| odd[i % odd.len()];
    let values: Vec<f64> = (0..60).map(value).collect();
    let interval = |i: usize| Some((value(i + 1), value(i + 2)));
    let sixty: Vec<Bar> =
        (0..60).map(|i| Bar { label: refs[i], value: value(i), interval: interval(i), highlight: i == 3 }).collect();
    let points: Vec<Dot> =
        (0..60).map(|i| Dot { label: refs[i], value: value(i), interval: interval(i), highlight: false }).collect();
    let plain_sixty: Vec<Bar> =
        (0..60).map(|i| Bar { label: refs[i], value: 100.0 - i as f64, ..Default::default() }).collect();
    let ticks: Vec<Tick> = refs.iter().map(|label| Tick { label, group: label }).collect();
    let bands = [Band { label: &name, low: &values, high: &values }];
    let forecast = || Some(Forecast { from: 58, values: &values, bands: &bands });
    let series: Vec<Series> =
        refs[..30].iter().map(|label| Series { label, values: &values, forecast: forecast() }).collect();
    let spans = [Span { from: 5, to: 900, label: &name }, Span { from: 9, to: 2, label: "" }];
    let events = [Event { at: 3, label: &name }, Event { at: 900, label: &name }];
    let rows: Vec<Row> = refs.iter().map(|label| Row { label, values: &odd, note: &name }).collect();
    let cloud: Vec<Dotted> = (0..60)
        .map(|i| Dotted { label: refs[i], x: value(i), y: value(i / 2), size: value(i / 3), group: i, named: true })
        .collect();
    let axis = |log| Axis { title: &name, format: &plain, log, reference: Some((value(1), &name)) };
    let states: Vec<(&str, f64)> = STATES.iter().zip(&values).map(|(s, v)| (s.0, *v)).chain([("XX", 1.0)]).collect();
    let stages: Vec<Stage> = (0..20).map(|i| Stage { label: refs[i], kept: value(i), removed: value(i + 1) }).collect();
    let steps: Vec<FlowStep> =
        (0..30).map(|i| FlowStep { name: refs[i], label: refs[i], detail: &name, inputs: &refs[i / 2..i] }).collect();
    let cells: Vec<f64> = (0..3600).map(value).collect();
    let marks = [Mark { at: f64::NAN, label: &name }, Mark { at: 2.9, label: &name }];
    vec![
        ("bad_bars", bars(&about, &Bars { bars: &sixty, ..Default::default() })),
        ("bad_sixty", bars(&about, &Bars { bars: &plain_sixty, ..Default::default() })),
        (
            "bad_lines",
            lines(
                &about,
                &Lines {
                    ticks: &ticks,
                    series: &series,
                    spans: &spans,
                    events: &events,
                    unit: &name,
                    ..Default::default()
                },
            ),
        ),
        ("bad_stacked", stacked_bars(&about, &Stacked { segments: &refs[..10], rows: &rows, ..Default::default() })),
        ("bad_dots", dots(&about, &Dots { dots: &points, reference: Some((1.0, &name)), axis: &name, format: &plain })),
        (
            "bad_scatter",
            scatter(&about, &Scatter { points: &cloud, x: axis(true), y: axis(false), groups: &refs[..9] }),
        ),
        (
            "bad_heatmap",
            heatmap(
                &about,
                &Heatmap { rows: &refs, columns: &refs, values: &cells, title: &name, missing: &name, format: &plain },
            ),
        ),
        (
            "bad_map",
            region_map(&about, &StateMap { values: &states, title: &name, missing: &name, ..Default::default() }),
        ),
        ("bad_tiles", tile_grid(&about, &StateMap { values: &states, title: &name, ..Default::default() })),
        (
            "bad_histogram",
            histogram(
                &about,
                &Histogram {
                    edges: &[-1.0, 0.5, 3.0],
                    counts: &[f64::NAN, 2.0],
                    marks: &marks,
                    x_title: &name,
                    y_title: &name,
                    ..Default::default()
                },
            ),
        ),
        ("bad_funnel", funnel(&about, &Funnel { stages: &stages, ..Default::default() })),
        ("bad_flow", flow_diagram(&about, &Flow { steps: &steps })),
    ]
}

pub fn empty() -> Vec<(&'static str, Svg)> {
    let about = About::new("vide", "");
    let nothing = [f64::NAN];
    let states = [("SP", f64::NAN)];
    let bad_edges = Histogram { edges: &[1.0], counts: &[1.0], ..Default::default() };
    vec![
        ("bars", bars(&about, &Bars::default())),
        ("lines", lines(&about, &Lines::default())),
        (
            "lines",
            lines(
                &about,
                &Lines {
                    ticks: &ticks(3),
                    series: &[Series { values: &nothing, ..Default::default() }],
                    ..Default::default()
                },
            ),
        ),
        (
            "stacked",
            stacked_bars(
                &about,
                &Stacked { rows: &[Row { values: &[0.0], ..Default::default() }], ..Default::default() },
            ),
        ),
        ("dots", dots(&about, &Dots { dots: &[Dot { value: f64::NAN, ..Default::default() }], ..Default::default() })),
        ("scatter", scatter(&about, &Scatter::default())),
        (
            "heatmap",
            heatmap(&about, &Heatmap { rows: &["a"], columns: &["b"], values: &nothing, ..Default::default() }),
        ),
        ("map", region_map(&about, &StateMap { values: &states, ..Default::default() })),
        ("tiles", tile_grid(&about, &StateMap::default())),
        ("histogram", histogram(&about, &Histogram::default())),
        ("histogram", histogram(&about, &bad_edges)),
        ("funnel", funnel(&about, &Funnel::default())),
        ("flow", flow_diagram(&about, &Flow::default())),
    ]
}
