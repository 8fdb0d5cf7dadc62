//! Everything that the report shows, computed from clean tables or loaded from an earlier run.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use polars::prelude::{ParquetReader, SerReader};

use super::manifest::{Manifest, Parameters};
use crate::data::{Audit, CleanTables};
use crate::error::{Error, Result};
use crate::findings::{self, Findings};
use crate::mart::{self, SalesMart};
use crate::models::reference::{self, Reference};

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
        let audit = serde_json::from_str(&text).map_err(|e| {
            Error::input(format!("cannot read `{}`: {e}", path.display())).with_hint("run `pfe run` again")
        })?;
        Results::from_mart(SalesMart::new(tables)?, audit, manifest.core.parameters)
    }

    fn from_mart(mart: SalesMart, audit: Audit, parameters: Parameters) -> Result<Results> {
        let reference = reference::reference(&mart)?;
        let findings = findings::findings(&mart)?;
        Ok(Results { parameters, audit, mart, reference, findings })
    }

    /// BLAKE3 over the program's version, the parameters and the inputs, hexadecimal.
    pub fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        hasher.update(&super::manifest::to_json(&self.parameters));
        hasher.update(&super::manifest::to_json(&self.audit.inputs));
        hasher.finalize().to_hex().to_string()
    }
}
