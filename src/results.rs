//! CleanTables → everything that the report shows, in one value. Next: `report`; `pipeline` writes and loads it.

use serde::{Deserialize, Serialize};

use crate::data::{Audit, CleanTables};
use crate::error::Result;
use crate::findings::{self, Findings};
use crate::mart::{self, SalesMart};
use crate::models::reference::{self, Reference};
use crate::report::Lang;
use crate::synth::SynthParams;

/// A step of the flow, for those who draw or list it.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Its name.
    pub name: &'static str,
    /// The steps whose output it takes.
    pub inputs: &'static [&'static str],
}

/// The flow.
pub static STEPS: [Step; 8] = [
    Step { name: "source", inputs: &[] },
    Step { name: "read", inputs: &["source"] },
    Step { name: "clean", inputs: &["read"] },
    Step { name: "mart", inputs: &["clean"] },
    Step { name: "reference", inputs: &["mart"] },
    Step { name: "findings", inputs: &["mart"] },
    Step { name: "tables", inputs: &["findings", "reference"] },
    Step { name: "report", inputs: &["findings", "reference"] },
];

/// Parameters that change the outputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Parameters {
    /// Language of the report.
    pub lang: Lang,
    /// How the data were generated; `None` for data of the user.
    pub generated: Option<SynthParams>,
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
    /// The original project's model.
    pub reference: Reference,
    /// What the orders say.
    pub findings: Findings,
}

impl Results {
    /// CleanTables → mart → models → findings.
    ///
    /// # Errors
    /// No month of the data is complete, or a step fails.
    pub fn of(clean: &CleanTables, audit: Audit, parameters: Parameters) -> Result<Results> {
        Results::from_mart(mart::mart(clean)?, audit, parameters)
    }

    /// What follows from the mart alone; an earlier run's mart and audit give its results again.
    ///
    /// # Errors
    /// No month of the data is complete, or a step fails.
    pub fn from_mart(mart: SalesMart, audit: Audit, parameters: Parameters) -> Result<Results> {
        let reference = reference::reference(&mart)?;
        let findings = findings::findings(&mart)?;
        Ok(Results { parameters, audit, mart, reference, findings })
    }

    /// BLAKE3 over the program's version, the parameters and the inputs, hexadecimal.
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        hasher.update(serde_json::to_string(&self.parameters).unwrap_or_default().as_bytes());
        hasher.update(serde_json::to_string(&self.audit.inputs).unwrap_or_default().as_bytes());
        hasher.finalize().to_hex().to_string()
    }
}
