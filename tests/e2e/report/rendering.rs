//! Rendering alone: results in memory → HTML, PDF and dashboard.
//!
//! Not part of `tests/run`, because it needs the whole machine. `cargo test --release --features spark --test e2e rendering
//! -- --ignored --nocapture` prints seconds; it uses the real data if `PFE_DATA` names them.

use std::thread;
use std::time::Instant;

use pfe::pipeline::outputs::attachments;
use pfe::pipeline::{Input, RunParams, run};
use pfe::report::{Cover, Lang, Templates};
use pfe::results::Results;
use pfe::synth::SynthParams;
use pfe::{dashboard, dossier};

const TIMES: usize = 11;

#[test]
#[ignore = "measures, and wants the whole machine"]
fn rendering_alone() {
    let out = tempfile::tempdir().unwrap();
    let input = std::env::var_os("PFE_DATA")
        .map_or_else(|| Input::Generated(SynthParams::default()), |data| Input::Places(vec![data.into()]));
    let params = RunParams {
        market: None,
        input,
        reading: Default::default(),
        rates: Default::default(),
        out: out.path().into(),
        lang: Lang::Fr,
        decisions: Default::default(),
        cover: Cover::default(),
        templates: Templates::default(),
        formats: Default::default(),
        monthly: false,
        how: Default::default(),
    };
    let results = run(&params, &|_| ()).unwrap().unwrap().results().unwrap();
    let first = render(&results);
    let mut seconds: Vec<f64> = (0..TIMES).map(|_| render(&results)).collect();
    seconds.sort_by(f64::total_cmp);
    eprintln!(
        "HTML, PDF and dashboard: {first:.3} s the first time, {:.3} s at the median of {TIMES} more",
        seconds[TIMES / 2]
    );
}

/// Renders as a run does: the dashboard in parallel with the report.
fn render(results: &Results) -> f64 {
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| dashboard::dashboard(results).unwrap());
        let mut document = dossier::dossier(results).unwrap();
        document.downloads = attachments::all(results).unwrap();
        scope.spawn({
            let document = document.clone();
            move || document.to_html().unwrap()
        });
        document.to_pdf(&document.downloads).unwrap();
    });
    start.elapsed().as_secs_f64()
}
