//! Finished run → proof that its files are unchanged and that a second run gives the same. Used by `pfe verify`, `pfe run --prove`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use polars::prelude::DataFrame;
use rayon::prelude::*;

use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::files;
use crate::graph::STEPS;
use crate::input::identity::hash_file;
use crate::mart::Methods;
use crate::pipeline::outputs::manifest::{Manifest, OutputFile, listed};
use crate::pipeline::outputs::{load, persist};
use crate::pipeline::params::Input;
use crate::pipeline::{params_of_last_run, run};
use crate::report::Templates;
use crate::table::parquet::read_frame;

/// The first difference between two runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Id of the step that made the file.
    pub step: String,
    /// The file or the input.
    pub file: String,
    /// Position in the file: column and row of a table, line of a text.
    pub place: Option<String>,
    /// Content there in the first run.
    pub old: String,
    /// Content there in the second run.
    pub new: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { step, file, place, old, new } = self;
        let place = place.as_ref().map_or(String::new(), |place| format!(", {place}"));
        write!(f, "step `{step}`, `{file}`{place}: {old} → {new}")
    }
}

/// Path of each file of the run in `out`, with what is wrong with it (`None`: intact).
///
/// # Errors
/// There is no finished run.
pub fn verify(out: &Path) -> Result<Vec<(String, Option<&'static str>)>> {
    let outputs = Manifest::load(out)?.core.outputs;
    let check = |file: OutputFile| {
        let problem = damage(out, &file);
        (file.path, problem)
    };
    Ok(outputs.into_par_iter().with_max_len(1).map(check).collect())
}

/// What is wrong with a file of the run in `out`. Reads regular files only and follows no link, because runs write nothing
/// else.
pub(crate) fn damage(out: &Path, file: &OutputFile) -> Option<&'static str> {
    let path = out.join(&file.path);
    match files::regular(out, &file.path).map_err(drop).and_then(|_| hash_file(&path).map_err(drop)) {
        Ok(hash) if hash == file.blake3 => None,
        Ok(_) => Some("was changed after the run"),
        Err(()) if path.symlink_metadata().is_err() => Some("is missing"),
        Err(()) => Some("cannot be read, or is no file that a run leaves"),
    }
}

/// Repeats the run in `out` from its data in a folder of its own, and compares. With `shuffle`, rows change their order
/// between steps.
///
/// # Errors
/// There is no finished run, its data or texts cannot be found, or a step fails.
pub fn rerun(
    out: &Path,
    data: &[PathBuf],
    templates: &Templates,
    shuffle: Option<u64>,
    progress: &(dyn Fn(&str) + Sync),
) -> Result<Option<Difference>> {
    let manifest = Manifest::load(out)?;
    manifest.read_here(out)?;
    let folder = tempfile::tempdir().map_err(Error::io("create", std::env::temp_dir()))?;
    let mut params = params_of_last_run(folder.path(), &manifest, templates);
    match (&params.input, data) {
        (Input::Places(_), []) => {
            return Err(Error::input(format!("the run in `{}` does not say where its data are", out.display()))
                .with_hint("name them with `--data`"));
        }
        (Input::Places(_), data) => params.input = Input::Places(data.to_vec()),
        (Input::Generated(_), _) => {}
    }
    if templates.hashes() != manifest.core.parameters.templates {
        return Err(Error::input(format!("the run in `{}` was made with other texts", out.display()))
            .with_hint("name the same folder with `--templates`, or none if it used none"));
    }
    params.how.shuffle = shuffle;
    run(&params, progress)?;
    compare(out, folder.path())
}

/// Makes the mart of the run in `out` again from its clean tables, on another engine, and compares. With `store`, the
/// engine reads the clean tables there. `progress` is called with each statement.
///
/// # Errors
/// There is no finished run, its files are damaged, or the engine fails.
pub fn remake_mart(
    out: &Path,
    engine: &dyn Engine,
    store: Option<&str>,
    cancel: &AtomicBool,
    progress: &dyn Fn(&str),
) -> Result<Option<Difference>> {
    let manifest = Manifest::load(out)?;
    let monthly = params_of_last_run(out, &manifest, &Templates::default()).monthly;
    let outputs = manifest.core.outputs;
    let placed = outputs.iter().map(|file| Ok((file.path.as_str(), listed(out, &file.path)?)));
    let placed: Vec<(&str, PathBuf)> = placed.collect::<Result<_>>()?;
    let methods = Methods::of(load::audit(&placed)?.market.as_ref());
    let mart = engine.mart(&load::places(&placed, store)?, &methods, cancel, progress)?;
    for (path, new_frame) in persist::mart(&mart, monthly)? {
        let file = format!("{path}.parquet");
        let old_frame = read_frame(&listed(out, &file)?)?;
        if old_frame.schema() != new_frame.schema() || !old_frame.equals_missing(&new_frame) {
            let (place, old, new) = differ(&old_frame, &new_frame).unwrap_or_default();
            return Ok(Some(Difference { step: "mart".into(), file, place: Some(place), old, new }));
        }
    }
    Ok(None)
}

/// The first difference between two finished runs, in the order of the graph; `None` if they are equal.
///
/// # Errors
/// A folder holds no finished run, or a differing file cannot be read.
pub fn compare(old: &Path, new: &Path) -> Result<Option<Difference>> {
    let (old_core, new_core) = (Manifest::load(old)?.core, Manifest::load(new)?.core);
    let short = |hash: Option<&str>| hash.map_or("nothing".into(), |hash| hash.chars().take(16).collect::<String>());
    let inputs: BTreeSet<&str> =
        old_core.inputs.iter().chain(&new_core.inputs).map(|input| input.name.as_str()).collect();
    for name in inputs {
        let [a, b] = [&old_core, &new_core].map(|core| core.inputs.iter().find(|i| i.name == name).map(|i| &*i.blake3));
        if a != b {
            let (file, old, new) = (name.to_string(), short(a), short(b));
            return Ok(Some(Difference { step: "read".into(), file, place: None, old, new }));
        }
    }
    for step in &STEPS {
        let outputs_of = |outputs: &[OutputFile]| -> Vec<OutputFile> {
            outputs.iter().filter(|file| step.makes_file(&file.path)).cloned().collect()
        };
        let (a, b) = (outputs_of(&old_core.outputs), outputs_of(&new_core.outputs));
        let paths: BTreeSet<&str> = a.iter().chain(&b).map(|file| file.path.as_str()).collect();
        for path in paths {
            let [a, b] = [&a, &b].map(|files| files.iter().find(|file| file.path == path));
            if a.map(|file| &file.blake3) == b.map(|file| &file.blake3) {
                continue;
            }
            let at = match (a, b) {
                (Some(_), Some(_)) => locate(&listed(old, path)?, &listed(new, path)?)?,
                _ => None,
            };
            let (place, old, new) = match at {
                Some((place, old, new)) => (Some(place), old, new),
                None => (None, short(a.map(|f| &*f.blake3)), short(b.map(|f| &*f.blake3))),
            };
            return Ok(Some(Difference { step: step.id.into(), file: path.into(), place, old, new }));
        }
    }
    Ok(None)
}

/// The first difference between two files: position, old content, new content.
fn locate(old: &Path, new: &Path) -> Result<Option<(String, String, String)>> {
    match old.extension().and_then(|e| e.to_str()) {
        Some("parquet") => Ok(differ(&read_frame(old)?, &read_frame(new)?)),
        Some("csv") => {
            let read = |path: &Path| -> Result<Vec<Vec<String>>> {
                let error = |e: csv::Error| Error::input(format!("cannot read `{}`: {e}", path.display()));
                let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(path).map_err(error)?;
                let row = |row: Result<csv::StringRecord, csv::Error>| {
                    Ok(row.map_err(error)?.iter().map(String::from).collect())
                };
                reader.records().map(row).collect()
            };
            let (a, b) = (read(old)?, read(new)?);
            let (Some((names, a)), Some((other, b))) = (a.split_first(), b.split_first()) else { return Ok(None) };
            Ok(first(names, other, [a.len(), b.len()], |row, column| (a[row][column].clone(), b[row][column].clone())))
        }
        Some("html" | "json" | "md" | "svg") => {
            let read = |path: &Path| std::fs::read_to_string(path).map_err(Error::io("read", path));
            let (a, b) = (read(old)?, read(new)?);
            let mut lines = a.lines().zip(b.lines()).enumerate();
            let shortened = |line: &str| line.chars().take(80).collect::<String>();
            let found = lines.find(|(_, (a, b))| a != b);
            Ok(found.map(|(line, (a, b))| (format!("line {}", line + 1), shortened(a), shortened(b))))
        }
        _ => Ok(None),
    }
}

/// The first difference between two frames: columns and types, then cells, then the number of rows.
fn differ(a: &DataFrame, b: &DataFrame) -> Option<(String, String, String)> {
    let names = |frame: &DataFrame| -> Vec<String> {
        frame.columns().iter().map(|c| format!("{} {}", c.name(), c.dtype())).collect()
    };
    let cell = |frame: &DataFrame, row: usize, column: usize| {
        frame.columns()[column].get(row).map_or(String::new(), |value| value.to_string())
    };
    let cells = |row: usize, column: usize| (cell(a, row, column), cell(b, row, column));
    first(&names(a), &names(b), [a.height(), b.height()], cells)
}

/// The first differing cell of two tables, by row and then by column.
fn first(
    names: &[String],
    other_names: &[String],
    heights: [usize; 2],
    cells: impl Fn(usize, usize) -> (String, String),
) -> Option<(String, String, String)> {
    if names != other_names {
        return Some(("columns".into(), names.join(", "), other_names.join(", ")));
    }
    for row in 0..heights[0].min(heights[1]) {
        for (column, name) in names.iter().enumerate() {
            let (old, new) = cells(row, column);
            if old != new {
                let name = name.split(' ').next().unwrap_or(name);
                return Some((format!("column `{name}`, row {}", row + 1), old, new));
            }
        }
    }
    let [a, b] = heights;
    (a != b).then(|| ("rows".into(), a.to_string(), b.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_cell_that_differs_is_named() {
        let names = ["a i64".to_string(), "b i64".to_string()];
        let cells =
            |row: usize, column: usize| ("1".to_string(), if row == 1 && column == 1 { "2" } else { "1" }.into());
        let found = first(&names, &names, [3, 3], cells);
        assert_eq!(found, Some(("column `b`, row 2".into(), "1".into(), "2".into())));
        let equal = |_: usize, _: usize| ("1".to_string(), "1".to_string());
        assert_eq!(first(&names, &names, [3, 2], equal), Some(("rows".into(), "3".into(), "2".into())));
        assert_eq!(first(&names, &names[..1], [3, 3], equal).map(|f| f.0), Some("columns".into()));
        assert_eq!(first(&names, &names, [3, 3], equal), None);
    }
}
