//! Options that several commands share: what is analysed, what makes the tables, how data are generated, what a report looks like.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::{PossibleValue, PossibleValuesParser};
use pfe::dossier::profiles::Per;
use pfe::graph::{FORMATS, Formats, ProfileFiles};
use pfe::pipeline::{How, Input, RunParams};
use pfe::report::{Cover, Lang, Templates};
use pfe::schema::ddl::Dialect;
use pfe::store::passwords::check_passwords;
use pfe::synth::SynthParams;
use pfe::{engine, memory, regular};

use super::analysis::decisions::DecisionArgs;
use super::data::reading::ReadingArgs;
use super::terminal::MAX_TEXT_BYTES;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum LangArg {
    Fr,
    En,
    Pt,
}

impl From<LangArg> for Lang {
    fn from(lang: LangArg) -> Lang {
        match lang {
            LangArg::Fr => Lang::Fr,
            LangArg::En => Lang::En,
            LangArg::Pt => Lang::Pt,
        }
    }
}

/// What one report each is written for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PerArg {
    State,
    Category,
}

impl From<PerArg> for Per {
    fn from(per: PerArg) -> Per {
        match per {
            PerArg::State => Per::State,
            PerArg::Category => Per::Category,
        }
    }
}

/// What aggregates the clean tables.
#[derive(Debug, clap::Args)]
pub struct EngineArgs {
    /// Engine that aggregates the clean tables: `polars` (this process), or `sc://host:port`, a Spark Connect server
    /// that can read them; the results are identical
    #[arg(long, value_name = "URL")]
    pub engine: Option<String>,
    /// Store through which a server that cannot read the output folder gets the clean tables: `lake:DIR` or `s3://…`
    #[arg(long, value_name = "URL", requires = "engine")]
    pub engine_store: Option<String>,
}

/// What makes the tables of a run.
#[derive(Debug, clap::Args)]
pub struct Makers {
    #[command(flatten)]
    pub engine: EngineArgs,
    /// Also read and clean the raw files on the server; only quarantined rows pass through this process. The server
    /// must be able to read `--data` (CSV files, compressed or not) and to write to `--out` or to the store of
    /// `--engine-store`
    #[arg(long, requires = "engine", conflicts_with = "monthly")]
    pub engine_cleans: bool,
    /// Memory for reading, cleaning and aggregating; larger input is processed in ranges of orders through temporary
    /// files in the output folder, with the same result [default: 4096, or half of the memory limit]
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    pub memory: Option<u64>,
}

impl Makers {
    /// A run of all steps by them.
    pub fn how(&self) -> pfe::Result<How> {
        Ok(How {
            engine: engine::open(self.engine.engine.as_deref().unwrap_or("polars"))?,
            engine_store: self.engine.engine_store.clone(),
            engine_cleans: self.engine_cleans,
            memory: self.memory.map_or_else(memory::share, |megabytes| megabytes << 20),
            ..How::default()
        })
    }
}

/// The data that are analysed, and the outputs.
#[derive(Debug, clap::Args)]
pub struct Subject {
    /// Data: a folder of Olist CSV files, Kaggle's zip, a folder with `csv/` and `json/`, a SQLite file, or the URL of
    /// a store; may be repeated: each table is read from the first that holds it. Without it, data are generated
    #[arg(long, value_name = "PATH|URL", conflicts_with_all = ["orders", "seed", "defects"])]
    pub data: Vec<PathBuf>,
    /// Output folder
    #[arg(long, value_name = "DIR", default_value = "out")]
    pub out: PathBuf,
    /// Language of the report
    #[arg(long, value_enum, default_value = "fr")]
    pub lang: LangArg,
    #[command(flatten)]
    reading: ReadingArgs,
    #[command(flatten)]
    generated: Generated,
    #[command(flatten)]
    decisions: DecisionArgs,
    /// TOML file with the cover's title, subtitle, authors, school and date
    #[arg(long, value_name = "FILE")]
    parameters: Option<PathBuf>,
    /// Folder of report files that replace the built-in ones; `pfe report --init-templates` writes a set to start from
    #[arg(long, value_name = "DIR")]
    pub templates: Option<PathBuf>,
    #[command(flatten)]
    formats: FormatArgs,
    /// Write one file per month of purchase for each long table; when only new files have arrived since the last such
    /// run, read those and rewrite only the months that they change
    #[arg(long)]
    pub monthly: bool,
}

impl Subject {
    pub fn params(&self, how: How) -> pfe::Result<RunParams> {
        check_passwords(self.data.iter().filter_map(|place| place.to_str()))?;
        let input = match self.data.is_empty() {
            false => Input::Places(self.data.clone()),
            true => Input::Generated(self.generated.params()),
        };
        Ok(RunParams {
            input,
            reading: self.reading.reading(),
            market: self.reading.market()?,
            rates: self.reading.rates()?,
            out: self.out.clone(),
            lang: self.lang.into(),
            decisions: self.decisions.params()?,
            cover: self.formats.cover(cover(self.parameters.as_ref())?, || Ok(Cover::default()))?.unwrap_or_default(),
            templates: templates(self.templates.as_deref())?,
            formats: self.formats.formats()?.unwrap_or_default(),
            monthly: self.monthly,
            how: How { strict: self.reading.strict, ..how },
        })
    }
}

/// In which formats the pages are written.
#[derive(Debug, clap::Args)]
pub struct FormatArgs {
    /// Formats of report and dashboard, separated by commas; pages of the last run in other formats are removed
    /// [default: html,pdf,dashboard, or for `pfe report` those of the run]
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', value_parser = names())]
    formats: Vec<String>,
    /// Figures of the slides of `--formats slides`, by their identifiers, separated by commas, in this order [default: those of the
    /// parameters, or a choice of pfe's]
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    slides_figures: Vec<String>,
}

fn names() -> PossibleValuesParser {
    PossibleValuesParser::new(FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.about)))
}

impl FormatArgs {
    /// The formats, where some are named.
    pub fn formats(&self) -> pfe::Result<Option<Formats>> {
        let named = || Formats::named(self.formats.iter().map(String::as_str));
        (!self.formats.is_empty()).then(named).transpose()
    }

    /// The formats of reports on one state or category.
    pub fn of_profiles(&self, only: &[String]) -> pfe::Result<ProfileFiles> {
        if let Some(other) = self.formats.iter().find(|name| !["html", "pdf"].contains(&name.as_str())) {
            return Err(pfe::Error::input(format!("reports per state or category are not written as `{other}`"))
                .with_hint("name html, pdf or both"));
        }
        Formats::named(self.formats.iter().map(String::as_str))?;
        let asked = |name: &str| self.formats.iter().any(|format| format == name);
        Ok(match self.formats.is_empty() {
            true => ProfileFiles { only: only.to_vec(), ..ProfileFiles::default() },
            false => ProfileFiles { only: only.to_vec(), html: asked("html"), pdf: asked("pdf") },
        })
    }

    /// The cover with the figures of the slides, where some are named; `of_run` gives the cover where no file does.
    pub fn cover(
        &self,
        given: Option<Cover>,
        of_run: impl FnOnce() -> pfe::Result<Cover>,
    ) -> pfe::Result<Option<Cover>> {
        if self.slides_figures.is_empty() {
            return Ok(given);
        }
        let cover = given.map_or_else(of_run, Ok)?;
        Ok(Some(Cover { slides_figures: self.slides_figures.clone(), ..cover }))
    }
}

/// How data are generated.
#[derive(Debug, clap::Args)]
pub struct Generated {
    /// Number of generated orders
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    orders: u64,
    /// Seed of the generator
    #[arg(long, value_name = "S", default_value_t = 42)]
    seed: u64,
    /// Rate of each kind of defect, 0 to 1
    #[arg(long, value_name = "RATE", default_value_t = 0.0)]
    defects: f64,
}

impl Generated {
    pub fn params(&self) -> SynthParams {
        SynthParams { orders: self.orders, seed: self.seed, defects: self.defects, ..Default::default() }
    }
}

/// The cover's parameters of a file.
pub fn cover(path: Option<&PathBuf>) -> pfe::Result<Option<Cover>> {
    let read = |path: &PathBuf| Cover::parse(&regular::read_to_string(path, MAX_TEXT_BYTES)?);
    path.map(read).transpose()
}

/// The texts of a folder, or the built-in ones.
pub fn templates(dir: Option<&Path>) -> pfe::Result<Templates> {
    dir.map_or_else(|| Ok(Templates::default()), Templates::read)
}

/// A SQL dialect, as an argument.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum DialectArg {
    Mysql,
    Postgres,
    Sqlite,
}

impl From<DialectArg> for Dialect {
    fn from(dialect: DialectArg) -> Self {
        match dialect {
            DialectArg::Mysql => Dialect::Mysql,
            DialectArg::Postgres => Dialect::Postgres,
            DialectArg::Sqlite => Dialect::Sqlite,
        }
    }
}
