//! What to analyse, and how: the parameters of a run. Used by `run`, `cli` and notebooks.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::decisions::DecisionParams;
use crate::engine::{Engine, Polars};
use crate::graph::{Formats, Step, TIMEOUT_SECONDS};
use crate::market::{Market, Rates};
use crate::report::{Cover, Lang, Templates};
use crate::schema::Reading;
use crate::synth::SynthParams;

/// What to analyse.
#[derive(Debug, Clone)]
pub enum Input {
    /// Folders, archives or stores of the user. Each table comes from the first place that holds it.
    Places(Vec<PathBuf>),
    /// Data generated for this run, stored under `data/` of the output folder.
    Generated(SynthParams),
}

/// A run's parameters.
#[derive(Debug, Clone)]
pub struct RunParams {
    /// What to analyse.
    pub input: Input,
    /// How the values in the input are written.
    pub reading: Reading,
    /// The market whose export the input is; `None` to tell it by the headers.
    pub market: Option<Market>,
    /// Rates at which amounts in other currencies than most of an export are converted.
    pub rates: Rates,
    /// Output folder, created if needed.
    pub out: PathBuf,
    /// Language of the report.
    pub lang: Lang,
    /// Weights and budget.
    pub decisions: DecisionParams,
    /// Texts of the cover.
    pub cover: Cover,
    /// Texts of the report.
    pub templates: Templates,
    /// Which pages are written. Affects no page.
    pub formats: Formats,
    /// Whether the long tables are partitioned by month of purchase. If files were only added since the last run, an
    /// incremental run then rewrites only the months that they touch. Affects the layout of rows in files, and no result.
    pub monthly: bool,
    /// How to run; affects no output.
    pub how: How,
}

impl RunParams {
    /// Whether the step takes part in this run.
    pub(crate) fn need(&self, step: &Step) -> bool {
        let generates = step.id != "generate" || matches!(self.input, Input::Generated(_));
        generates && self.formats.need(step.id)
    }
}

/// How to run.
#[derive(Debug, Clone)]
pub struct How {
    /// Which steps run.
    pub select: Select,
    /// Whether steps that do not depend on a failed one still run.
    pub keep_going: bool,
    /// Time limit of a step.
    pub timeout: Duration,
    /// Set from outside to cancel: running steps end, no other begins.
    pub cancel: Arc<AtomicBool>,
    /// Seed for shuffling rows between steps, to prove that their order does not matter.
    pub shuffle: Option<u64>,
    /// Memory for reading, cleaning and aggregating, bytes. Larger input is processed out of core, in ranges of orders.
    pub memory: u64,
    /// Engine that aggregates the clean tables. All engines give the same bits, so that a fresh mart is reused, whichever
    /// engine made it.
    pub engine: Arc<dyn Engine>,
    /// Store (a lake or S3) that passes the clean tables to an engine that cannot see the output folder.
    pub engine_store: Option<String>,
    /// Whether the engine also reads and cleans the raw files.
    pub engine_cleans: bool,
    /// Whether to refuse data if a table, a column or a file of them would not be read.
    pub strict: bool,
}

impl Default for How {
    fn default() -> Self {
        How {
            select: Select::All,
            keep_going: false,
            timeout: Duration::from_secs(TIMEOUT_SECONDS),
            cancel: Arc::default(),
            shuffle: None,
            memory: crate::memory::share(),
            engine: Arc::new(Polars),
            engine_store: None,
            engine_cleans: false,
            strict: false,
        }
    }
}

/// Which steps run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Select {
    /// Every step that is not fresh.
    All,
    /// This step, all steps that depend on it, and every step that is not fresh.
    From(String),
    /// These steps alone, on the files of earlier runs.
    Only(Vec<String>),
}
