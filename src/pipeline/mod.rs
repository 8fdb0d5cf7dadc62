//! The whole flow in one call: raw files → results → files in the output folder, with a manifest that proves them.

mod attachments;
pub mod check;
mod decision_tables;
pub mod diff;
pub mod manifest;
mod output;
pub mod tables;

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use polars::prelude::{DataFrame, ParquetReader, SerReader};
use rayon::prelude::*;

use crate::data::{self, Source};
use crate::error::{Error, Result};
use crate::findings::DecisionParams;
use crate::mart::{self, SalesMart};
use crate::report::{self, Cover, Lang, Templates};
use crate::results::{Parameters, Results};
use crate::synth::{self, SynthParams};
use manifest::{Manifest, Volatile};
use output::Staging;

/// What to analyse.
#[derive(Debug, Clone)]
pub enum Input {
    /// Folders, archives or stores of the user: each table comes from the first that holds it.
    Places(Vec<PathBuf>),
    /// Data made up on the spot; they are kept under `data/` of the output folder.
    Generated(SynthParams),
}

/// A run's parameters.
#[derive(Debug, Clone)]
pub struct RunParams {
    /// What to analyse.
    pub input: Input,
    /// Output folder, created if needed.
    pub out: PathBuf,
    /// Language of the report.
    pub lang: Lang,
    /// Weights and budget.
    pub decisions: DecisionParams,
    /// What the cover says.
    pub cover: Cover,
    /// Texts of the report.
    pub templates: Templates,
}

/// What a run leaves behind.
#[derive(Debug)]
pub struct Outcome {
    /// The results, as the report shows them.
    pub results: Results,
    /// The manifest, as written to `run.json`.
    pub manifest: Manifest,
    /// Whether the folder held the remains of a run that did not end.
    pub unfinished_before: bool,
}

/// Runs everything. `progress` is told the name of each stage as it begins.
///
/// Nothing of the output folder changes until all files are written beside their places; then they are moved in, the
/// manifest last.
///
/// # Errors
/// The input is not usable, or the folder cannot be written to; the folder is then as before.
pub fn run(params: &RunParams, progress: &(dyn Fn(&str) + Sync)) -> Result<Outcome> {
    params.decisions.check()?;
    let mut clock = Clock { progress, started: Instant::now(), volatile: Volatile::default() };
    let staging = Staging::new(&params.out)?;
    let source = match &params.input {
        Input::Places(places) => Source::open_all(places)?,
        Input::Generated(synth) => {
            let kept = params.out.join(output::DATA);
            if kept.exists() && !kept.join(synth::TRUTH_FILE).exists() {
                return Err(Error::input(format!("`{}` holds data that were not generated", kept.display()))
                    .with_hint("analyse them with `--data`, or choose another folder with `--out`"));
            }
            clock.stage("generate");
            let folder = staging.path(output::DATA);
            synth::generate(synth, &folder)?;
            Source::open(folder)?
        }
    };
    clock.stage("read");
    let raw = data::read(&source)?;
    clock.stage("clean");
    let (clean, audit) = data::clean(raw)?;
    let generated = match &params.input {
        Input::Generated(synth) => Some(synth.clone()),
        Input::Places(_) => None,
    };
    let parameters = Parameters {
        lang: params.lang,
        generated,
        decisions: params.decisions.clone(),
        cover: params.cover.clone(),
        templates: params.templates.hashes(),
    };
    // The clean tables are written while the mart and the report are made: one needs the disk, the other the processor.
    let (clean_files, made) = rayon::join(
        || write_frames(&staging, "clean", clean.iter()),
        || {
            clock.stage("aggregate");
            let mart = mart::mart(&clean)?;
            clock.stage("decide");
            let (mart_files, results) = rayon::join(
                || write_frames(&staging, "mart", mart.iter()),
                || Results::from_mart(mart.clone(), audit, parameters),
            );
            let (mut files, results) = (mart_files?, results?);
            clock.stage("report");
            files.extend(write_results(&staging, &results, &params.templates)?);
            Ok::<_, crate::Error>((results, files))
        },
    );
    let (results, mut files) = made?;
    files.extend(clean_files?);
    clock.stage("finish");
    let manifest = Manifest::new(&results, files, clock.end());
    let unfinished_before = staging.commit(&manifest)?;
    Ok(Outcome { results, manifest, unfinished_before })
}

/// Reads the mart and the audit of the finished run in `out`, and derives the rest from them.
///
/// # Errors
/// There is no finished run, or its files are damaged.
pub fn load(out: &Path) -> Result<Results> {
    let manifest = Manifest::load(out)?;
    let mut tables = BTreeMap::new();
    for step in mart::STEPS.iter().filter(|s| s.stored) {
        let path = out.join("mart").join(step.name).with_extension("parquet");
        let file = File::open(&path).map_err(Error::io("read", &path))?;
        tables.insert(step.name.to_string(), ParquetReader::new(file).finish()?);
    }
    let path = out.join("audit.json");
    let text = std::fs::read_to_string(&path).map_err(Error::io("read", &path))?;
    let audit = serde_json::from_str(&text)
        .map_err(|e| Error::input(format!("cannot read `{}`: {e}", path.display())).with_hint("run `pfe run` again"))?;
    Results::from_mart(SalesMart::new(tables)?, audit, manifest.core.parameters)
}

/// Renders the report of an earlier run again, from its results alone; `cover` replaces what its cover said.
///
/// # Errors
/// The folder holds no finished run.
pub fn rerender(out: &Path, lang: Lang, cover: Option<Cover>, templates: &Templates) -> Result<Vec<PathBuf>> {
    let mut results = load(out)?;
    results.parameters.lang = lang;
    if let Some(cover) = cover {
        results.parameters.cover = cover;
    }
    results.parameters.templates = templates.hashes();
    let staging = Staging::new(out)?;
    let files = write_report(&staging, &results, templates)?;
    staging.commit_report(files, &results)
}

fn write_results(staging: &Staging, results: &Results, templates: &Templates) -> Result<Vec<manifest::OutputFile>> {
    let mut files = tables::write(staging, results)?;
    files.push(staging.write("audit.json", &manifest::to_json(&results.audit))?);
    files.extend(write_report(staging, results, templates)?);
    Ok(files)
}

fn write_report(staging: &Staging, results: &Results, templates: &Templates) -> Result<Vec<manifest::OutputFile>> {
    let mut report = report::dossier_with(results, templates)?;
    report.downloads = attachments::all(results)?;
    let html = || {
        let html = staging.write("report.html", report.to_html()?.as_bytes())?;
        let dashboard = report::dashboard_with(results, templates)?;
        Ok::<_, Error>(vec![html, staging.write("dashboard.html", dashboard.as_bytes())?])
    };
    // Whoever built without Typst asked for no PDF; the command line says that there is none.
    if cfg!(not(feature = "pdf")) {
        return html();
    }
    let (html, pdf) = rayon::join(html, || staging.write("report.pdf", &report.to_pdf(&report.downloads)?));
    let mut files = html?;
    files.push(pdf?);
    Ok(files)
}

fn write_frames<'a>(
    staging: &Staging,
    folder: &str,
    frames: impl Iterator<Item = (&'a str, &'a DataFrame)>,
) -> Result<Vec<manifest::OutputFile>> {
    let frames: Vec<_> = frames.collect();
    frames
        .par_iter()
        .with_max_len(1)
        .map(|(name, frame)| staging.write_parquet(&format!("{folder}/{name}.parquet"), frame))
        .collect()
}

/// Names the stages and times them.
struct Clock<'a> {
    progress: &'a (dyn Fn(&str) + Sync),
    started: Instant,
    volatile: Volatile,
}

impl Clock<'_> {
    fn stage(&mut self, name: &str) {
        (self.progress)(name);
        self.lap(Some(name));
    }

    fn lap(&mut self, next: Option<&str>) {
        let elapsed = self.started.elapsed().as_secs_f64();
        if let Some(last) = self.volatile.stages.last_mut() {
            last.seconds = elapsed - last.seconds;
        }
        // Until it ends, a stage holds the moment at which it began.
        self.volatile.stages.extend(next.map(|name| manifest::Stage { name: name.into(), seconds: elapsed }));
    }

    fn end(mut self) -> Volatile {
        self.lap(None);
        self.volatile.seconds = self.started.elapsed().as_secs_f64();
        self.volatile.threads = rayon::current_num_threads();
        self.volatile
    }
}
