//! CleanTables + Audit → Results, everything that the report shows, in one value. Next: `dossier`, `dashboard`; `pipeline` writes and
//! loads it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clean::{Audit, CleanTables};
use crate::decisions::{self, BacktestReport, DecisionParams, Decisions, Entry, Findings, Profit};
use crate::error::{Error, Result, TooLittle};
use crate::market::{Market, Rates};
use crate::mart::{self, SalesMart};
use crate::models::SupplyIndicators;
use crate::models::reference::{self, Reference};
use crate::report::{Cover, Lang};
use crate::schema::Reading;
use crate::synth::SynthParams;
use crate::trial::{self, TrialDesigns};

/// Hash of the program's sources, set by the build script.
pub const CODE: &str = env!("PFE_CODE");

/// Parameters that change the outputs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Parameters {
    /// Language of the report.
    pub lang: Lang,
    /// How dates and numbers are written, where the user says so.
    #[serde(default, skip_serializing_if = "Reading::is_default")]
    pub reading: Reading,
    /// The market whose export is read, where the user names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub market: Option<Market>,
    /// Rates at which amounts in other currencies than most of an export are converted, where the user gives some.
    #[serde(default, skip_serializing_if = "Rates::is_empty")]
    pub rates: Rates,
    /// How the data were generated; `None` for the user's own data.
    pub generated: Option<SynthParams>,
    /// Weights and budget.
    #[serde(flatten)]
    pub decisions: DecisionParams,
    /// Title, author and further text of the cover.
    #[serde(default)]
    pub cover: Cover,
    /// Report texts that the user replaced: path → hash.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub templates: BTreeMap<String, String>,
}

/// The results of a run.
#[derive(Debug, Clone)]
pub struct Results {
    /// Parameters of the run.
    pub parameters: Parameters,
    /// What reading and cleaning did.
    pub audit: Audit,
    /// The aggregated tables.
    pub mart: SalesMart,
    /// The reference model: that of the original project.
    pub reference: Reference,
    /// What models and tests find in the orders.
    pub findings: Findings,
    /// The decisions, or what the data lack to make them.
    pub decisions: Result<Decisions, TooLittle>,
    /// The backtest of such decisions at past cutoffs, or what the data lack for it.
    pub past: Result<BacktestReport, TooLittle>,
    /// What new sellers may earn, or what the data lack to tell it.
    pub entry: Result<Entry, TooLittle>,
    /// What new sellers keep of it, and what an order may cost in advertising.
    pub profit: Profit,
    /// What trials of advertising can see.
    pub trials: TrialDesigns,
}

impl Results {
    /// Computes everything from clean tables: mart, models, findings, decisions, backtest.
    ///
    /// # Errors
    /// [`Error::Input`]: no month of the data is complete. Otherwise the error of the step that fails.
    pub fn of(clean: &CleanTables, audit: Audit, parameters: Parameters) -> Result<Results> {
        Results::from_mart(mart::mart(clean)?, audit, parameters)
    }

    /// Computes everything from the mart. The mart and audit of an earlier run give its results again.
    ///
    /// # Errors
    /// [`Error::Input`]: no month of the data is complete. Otherwise the error of the step that fails.
    pub fn from_mart(mart: SalesMart, audit: Audit, parameters: Parameters) -> Result<Results> {
        let facts = || Ok::<_, Error>((reference::reference(&mart)?, decisions::findings(&mart)?));
        let decide = || decisions::decide_if_enough(&mart, &SupplyIndicators::of(&mart)?, &parameters.decisions);
        let entry = || decisions::unless_too_little(decisions::entry(&mart));
        let learn = || rayon::join(entry, || trial::trial_designs(&mart));
        let (facts, (decided, (entry, trials))) = rayon::join(facts, || rayon::join(decide, learn));
        let ((reference, findings), (decisions, past), entry, trials) = (facts?, decided?, entry?, trials?);
        let costs = &parameters.decisions.costs;
        let profit = decisions::profit(&mart, entry.as_ref().ok(), costs, audit.market.as_ref())?;
        Ok(Results { parameters, audit, mart, reference, findings, decisions, past, entry, profit, trials })
    }

    /// BLAKE3 over the program, the parameters and the inputs, hexadecimal.
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.audit, &self.parameters)
    }

    /// The parts of the fingerprint, 16 digits each: data, program and parameters.
    pub fn hashes(&self) -> [(&'static str, String); 3] {
        hashes(&self.audit, &self.parameters)
    }
}

/// See [`Results::fingerprint`].
pub(crate) fn fingerprint(audit: &Audit, parameters: &Parameters) -> String {
    let mut hasher = blake3::Hasher::new();
    for (_, hash) in hashes(audit, parameters) {
        hasher.update(hash.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

fn hashes(audit: &Audit, parameters: &Parameters) -> [(&'static str, String); 3] {
    let hash = |json: Option<String>| {
        blake3::hash(json.unwrap_or_default().as_bytes()).to_hex().chars().take(16).collect::<String>()
    };
    [
        ("data", hash(serde_json::to_string(&audit.inputs).ok())),
        ("program", CODE.into()),
        ("parameters", hash(serde_json::to_string(parameters).ok())),
    ]
}
