//! Inputs, parameters and outputs of a run → `run.json`; what varies between equal runs stands apart. Used by `staging`, `inspect`.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file_stamp::Stamps;
use crate::clean::Audit;
use crate::error::{Error, Result};
use crate::files;
use crate::graph::STEPS;
use crate::input::identity::InputFile;
use crate::pipeline::run::key::Record;
use crate::results::{self, CODE, Parameters};

/// Folder of generated data.
pub(crate) const DATA: &str = "data";
/// File name of the manifest. It is written after all files that it lists, so that its presence means a finished run;
/// stores and RO-Crate metadata follow.
pub const MANIFEST: &str = "run.json";

/// The manifest of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// Equal for equal input, parameters and program.
    pub core: Core,
    /// What varies between equal runs.
    pub volatile: Volatile,
}

/// The deterministic part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Core {
    /// Version of the program.
    pub pfe: String,
    /// Hash of the program's sources.
    #[serde(default)]
    pub code: String,
    /// BLAKE3 over program, parameters and inputs: identity of the analysis.
    pub fingerprint: String,
    /// Parameters of the run.
    pub parameters: Parameters,
    /// Input files.
    pub inputs: Vec<InputFile>,
    /// Output files by path, without the manifest itself.
    pub outputs: Vec<OutputFile>,
    /// Key and parts of each step that left files, in the order of the graph.
    #[serde(default)]
    pub steps: Vec<Record>,
}

/// An output file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Path within the output folder.
    pub path: String,
    /// Length in bytes.
    pub bytes: u64,
    /// BLAKE3 of the bytes, hexadecimal.
    pub blake3: String,
    /// Rows of a table, independent of how the file encodes them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Rows>,
}

/// Rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    /// Number of rows.
    pub count: u64,
    /// Hash over columns and values, see [`crate::table::row_hash::hash_rows`].
    pub blake3: String,
}

/// What varies between equal runs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Volatile {
    /// Wall time of the whole run, seconds.
    pub seconds: f64,
    /// Number of worker threads.
    pub threads: usize,
    /// Log of the steps, in the order of the graph.
    #[serde(default)]
    pub steps: Vec<StepLog>,
    /// Stamps by which the next run skips hashing unchanged files.
    #[serde(default, skip_serializing_if = "Stamps::is_empty")]
    pub stamps: Stamps,
}

/// Log entry of a step.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StepLog {
    /// Id of the step.
    pub step: String,
    /// Outcome.
    pub did: Did,
    /// Why it ran or did not.
    pub why: String,
    /// Wall time in seconds: computing and writing, or reading back what is reused.
    pub seconds: f64,
    /// Rows read or written, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// Outcome of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Did {
    /// It ran.
    Ran,
    /// Its earlier output was reused.
    Reused,
    /// No step needed it.
    Skipped,
    /// It failed.
    Failed,
}

impl Manifest {
    pub(crate) fn new(
        audit: &Audit,
        parameters: &Parameters,
        mut outputs: Vec<OutputFile>,
        steps: Vec<Record>,
        volatile: Volatile,
    ) -> Manifest {
        outputs.sort_by(|a, b| a.path.cmp(&b.path));
        let core = Core {
            pfe: env!("CARGO_PKG_VERSION").into(),
            code: CODE.into(),
            fingerprint: results::fingerprint(audit, parameters),
            parameters: parameters.clone(),
            inputs: audit.inputs.clone(),
            outputs,
            steps,
        };
        Manifest { core, volatile }
    }

    /// Reads the manifest of `out`.
    ///
    /// # Errors
    /// There is none, because no run has finished there, or it is not ours.
    pub fn load(out: &Path) -> Result<Manifest> {
        Manifest::find(out)?.ok_or_else(|| {
            Error::input(format!("`{}` holds no finished run: `{MANIFEST}` is missing", out.display()))
                .with_hint("`pfe run` makes one")
        })
    }

    /// Reads the manifest of `out`, if there is one. Accepts only paths of files that a run writes.
    ///
    /// # Errors
    /// It is not ours, or it is damaged.
    pub(crate) fn find(out: &Path) -> Result<Option<Manifest>> {
        let path = out.join(MANIFEST);
        let Some(meta) = files::look(&path).map_err(Error::io("read", &path))? else { return Ok(None) };
        if !meta.is_file() {
            return Err(foreign_manifest(out, &format!("it is {}", files::kind(&meta))));
        }
        let text = std::fs::read(&path).map_err(Error::io("read", &path))?;
        let manifest: Manifest = serde_json::from_slice(&text).map_err(|e| foreign_manifest(out, &e.to_string()))?;
        match manifest.core.outputs.iter().find(|file| !STEPS.iter().any(|step| step.makes_file(&file.path))) {
            None => Ok(Some(manifest)),
            Some(file) => {
                let reason = format!("it lists `{}`, which no run writes", file.path.escape_debug());
                Err(foreign_manifest(out, &reason))
            }
        }
    }

    /// Checks that this process read the data of the run in `out`, so that it can recognise them.
    ///
    /// # Errors
    /// A remote engine read them.
    pub(crate) fn read_here(&self, out: &Path) -> Result<()> {
        if !self.core.inputs.iter().any(InputFile::is_of_rows) {
            return Ok(());
        }
        Err(Error::input(format!("an engine elsewhere has cleaned the data of the run in `{}`", out.display())).with_hint(
            "`pfe plan --engine URL --engine-cleans` says whether they have changed, `pfe verify --engine URL` makes the mart \
             again, `pfe diff` compares with another run",
        ))
    }
}

/// Pretty JSON with a final line break.
pub(crate) fn to_json(value: &impl Serialize) -> Vec<u8> {
    // Only maps with keys that are not text fail, and there are none.
    let mut json = serde_json::to_vec_pretty(value).unwrap_or_default();
    json.push(b'\n');
    json
}
/// The error for a manifest that is damaged or not ours.
fn foreign_manifest(out: &Path, reason: &str) -> Error {
    Error::input(format!("`{}` is no manifest of pfe: {reason}", out.join(MANIFEST).display())).with_hint(
        "without one, pfe does not know which files of the folder are its own: choose another folder with `--out`, or remove this one",
    )
}

/// Path of a file that a manifest lists.
///
/// # Errors
/// The file is missing, or is not of a kind that a run writes.
pub(crate) fn listed(out: &Path, path: &str) -> Result<PathBuf> {
    let place = out.join(path);
    files::regular(out, path).map_err(Error::io("read", &place))?;
    Ok(place)
}
