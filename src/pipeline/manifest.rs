//! `run.json`: what went in, what came out, and apart from these what varies from run to run.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::data::read::InputFile;
use crate::error::{Error, Result};
use crate::results::{CODE, Parameters, Results};

/// File name of the manifest; written last, so that its presence means a finished run.
pub const MANIFEST: &str = "run.json";

/// The manifest of a run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Manifest {
    /// The same for the same input, parameters and program.
    pub core: Core,
    /// What varies.
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
    /// BLAKE3 over program, parameters and inputs: the identity of the analysis.
    pub fingerprint: String,
    /// Parameters of the run.
    pub parameters: Parameters,
    /// Input files.
    pub inputs: Vec<InputFile>,
    /// Output files but this one, by path.
    pub outputs: Vec<OutputFile>,
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
}

/// What varies from run to run.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Volatile {
    /// Wall time of the whole run, seconds.
    pub seconds: f64,
    /// Threads at work.
    pub threads: usize,
    /// Wall time of each stage, seconds.
    pub stages: Vec<Stage>,
}

/// A timed stage.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Wall time.
    pub seconds: f64,
}

impl Manifest {
    pub(super) fn new(results: &Results, mut outputs: Vec<OutputFile>, volatile: Volatile) -> Manifest {
        outputs.sort_by(|a, b| a.path.cmp(&b.path));
        let core = Core {
            pfe: env!("CARGO_PKG_VERSION").into(),
            code: CODE.into(),
            fingerprint: results.fingerprint(),
            parameters: results.parameters.clone(),
            inputs: results.audit.inputs.clone(),
            outputs,
        };
        Manifest { core, volatile }
    }

    /// Reads the manifest of `out`.
    ///
    /// # Errors
    /// There is none, because no run ended there, or it is not readable.
    pub fn load(out: &Path) -> Result<Manifest> {
        let path = out.join(MANIFEST);
        let text = std::fs::read_to_string(&path).map_err(|_| {
            Error::input(format!("`{}` holds no finished run: `{MANIFEST}` is missing", out.display()))
                .with_hint("`pfe run` makes one")
        })?;
        serde_json::from_str(&text).map_err(|e| Error::input(format!("cannot read `{}`: {e}", path.display())))
    }
}

/// Pretty JSON with a final line break.
pub(super) fn to_json(value: &impl Serialize) -> Vec<u8> {
    // Only maps with keys that are no text fail, and there are none.
    let mut json = serde_json::to_vec_pretty(value).unwrap_or_default();
    json.push(b'\n');
    json
}
