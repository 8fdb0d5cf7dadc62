//! Value of a step → its files, staged in the output folder. Next: `staging`.

use polars::prelude::DataFrame;

use super::load::SUPPLY;
use super::manifest::{DATA, OutputFile, to_json};
use super::staging::Staging;
use super::staging::streaming::StreamingParquetWriter;
use super::{by_month, csv_of_decisions, csv_of_entry, csv_of_results, profiles};
use crate::dossier::profiles::Per;
use crate::error::{Error, Result};
use crate::graph::Step;
use crate::mart::{LONG, SalesMart};
use crate::pipeline::run::context::RunContext;
use crate::report::{Document, Markdown};
use crate::schema::result_tables::TextTable;
use crate::{dashboard, parallel};

/// Stages the files of a step whose value has been made.
pub(crate) fn persist(flow: &RunContext, step: &Step) -> Result<Vec<OutputFile>> {
    let staging = flow.staging()?;
    match step.id {
        "generate" => generated(flow),
        "clean" => {
            let mut files = match &flow.cleaned()?.files {
                Some(files) => files.stage(staging)?,
                None if flow.params.monthly => staging.write_tables(&by_month::clean(&*flow.clean()?)?)?,
                None => staging.write_tables(&placed("clean", flow.clean()?.iter()))?,
            };
            let audit = &*flow.audit()?;
            if flow.params.monthly {
                files.extend(staging.write_tables(&by_month::references(audit)?)?);
            }
            for (name, rows) in &audit.quarantine {
                files.push(staging.write_csv(&format!("quarantine/{name}.csv"), &csv_of_results::quarantine(rows))?);
            }
            files.extend(write_csv(staging, csv_of_results::of_audit(audit))?);
            files.push(staging.write("audit.json", &to_json(audit))?);
            Ok(files)
        }
        "mart" => match flow.merged(|merged| merged.mart_files.stage(staging))? {
            Some(files) => Ok(files),
            None if flow.params.monthly => staging.write_tables(&by_month::mart(&*flow.mart()?)?),
            None => stage_mart(staging, &*flow.mart()?),
        },
        "supply" => Ok(vec![staging.write_parquet(SUPPLY, &flow.supply()?.to_frame()?)?]),
        "reference" => write_csv(staging, csv_of_results::of_reference(&*flow.reference()?)),
        "findings" => write_csv(staging, csv_of_results::of_findings(&*flow.findings()?, &*flow.mart()?)?),
        "decisions" => {
            let decided = flow.decided()?;
            write_csv(staging, csv_of_decisions::all(decided.0.as_ref().ok(), decided.1.as_ref().ok()))
        }
        "entrants" => {
            let profit = flow.profit()?;
            write_csv(staging, csv_of_entry::all(flow.entry()?.as_ref().as_ref().ok(), &profit))
        }
        "trials" => write_csv(staging, csv_of_results::of_trials(&*flow.trials()?)),
        "dashboard" => {
            let page = dashboard::dashboard_with(&*flow.results()?, &flow.params.templates)?;
            Ok(vec![staging.write("dashboard.html", page.as_bytes())?])
        }
        _ => match Per::of_step(step.id) {
            Some(per) => {
                let asked = flow.params.formats.profiles(step.id).cloned().unwrap_or_default();
                let results = flow.results()?;
                profiles::each(&results, &flow.params.templates, (per, &asked), |path, bytes| {
                    staging.write(path, bytes)
                })
            }
            None => {
                let files = report(step, &*flow.document()?)?;
                files.iter().map(|(path, bytes)| staging.write(path, bytes)).collect()
            }
        },
    }
}

/// The files of a step that writes the report, by their paths.
pub(crate) fn report(step: &Step, document: &Document) -> Result<Vec<(String, Vec<u8>)>> {
    let one = |path: &str, bytes: Vec<u8>| vec![(path.to_owned(), bytes)];
    Ok(match step.id {
        "report-html" => one("report.html", document.to_html()?.into_bytes()),
        "report-pdf" => one("report.pdf", document.to_pdf(&document.downloads)?),
        "report-docx" => one("report.docx", document.to_docx()?),
        "report-slides" => {
            let mut files = one("slides.html", document.to_slides_html()?.into_bytes());
            if cfg!(feature = "pdf") {
                files.extend(one("slides.pdf", document.to_slides_pdf()?));
            }
            files
        }
        "report-markdown" => {
            let Markdown { text, figures } = document.to_markdown(FIGURES);
            let figures = figures.into_iter().map(|(name, svg)| (format!("{FIGURES}/{name}"), svg.into_bytes()));
            figures.chain(one("report.md", text.into_bytes())).collect()
        }
        other => return Err(Error::input(format!("step `{other}` leaves no files"))),
    })
}

/// Folder of the figures of `report.md`.
const FIGURES: &str = "report_files";

/// The files that the generator wrote itself.
fn generated(flow: &RunContext) -> Result<Vec<OutputFile>> {
    let folder = flow.staged_data()?;
    let entries = std::fs::read_dir(&folder).map_err(Error::io("read", &folder))?;
    let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    let staging = flow.staging()?;
    parallel::map(names, |name| staging.adopt(&format!("{DATA}/{name}")))
}

fn write_csv(staging: &Staging, tables: Vec<(&'static str, TextTable)>) -> Result<Vec<OutputFile>> {
    tables.iter().map(|(name, table)| staging.write_csv(&format!("tables/{name}.csv"), table)).collect()
}

/// Stages the mart; its long tables, piece by piece.
fn stage_mart(staging: &Staging, mart: &SalesMart) -> Result<Vec<OutputFile>> {
    let stage_long = |name: &'static str| {
        let mut file = None;
        mart.long(name)?.pieces(None, |rows| {
            let file = match &mut file {
                Some(file) => file,
                None => {
                    file.insert(StreamingParquetWriter::new(staging, format!("mart/{name}.parquet"), rows.schema())?)
                }
            };
            file.append(&rows)
        })?;
        file.map(StreamingParquetWriter::finish).transpose()
    };
    let long = || parallel::map(LONG, stage_long);
    let (long, others) = parallel::both(long, || staging.write_tables(&placed("mart", mart.short())));
    let mut files = others?;
    files.extend(long?.into_iter().flatten());
    Ok(files)
}

/// Tables of the mart, with the paths of their files without extension.
pub(crate) fn mart(mart: &SalesMart, by_month: bool) -> Result<Vec<(String, DataFrame)>> {
    if by_month { by_month::mart(mart) } else { Ok(placed("mart", mart.iter()?)) }
}

/// Tables with the paths of their files, without extension.
fn placed<'a>(folder: &str, tables: impl Iterator<Item = (&'a str, &'a DataFrame)>) -> Vec<(String, DataFrame)> {
    tables.map(|(name, frame)| (format!("{folder}/{name}"), frame.clone())).collect()
}
