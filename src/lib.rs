//! From raw marketplace orders to three decisions: what to sell, where to advertise, how to get paid.
//!
//! The flow has one direction, and each stage has types of its own; each arrow is one or two public functions.
//!
//! ```text
//! files, archives, stores → RawTables → CleanTables + Audit → SalesMart → ForecastSet, Backtest → Decisions → Document → HTML, PDF, dashboard
//!        input/              input/           clean/            mart/          models/         decisions/   dossier/    report/, dashboard/
//! ```
//!
//! The modules stand in layers. Each imports only modules above it in this table; a test holds that.
//!
//! | module | holds |
//! | --- | --- |
//! | [`error`] | the error type, its exit codes and hints; masking of secrets |
//! | [`text`] | text from data, made safe to show and shortened |
//! | [`memory`] | heaps given back, limits of the process |
//! | `parallel` | work side by side on a fixed number of threads |
//! | `files` | files of the output folder: links are refused |
//! | `guard` | panics of libraries become errors; limits against hostile archives |
//! | [`regular`] | files that the user names: regular files only |
//! | [`schema`] | the contract of the tables, SQL types, parsing and formatting of values, declared result tables |
//! | [`graph`] | the steps of a run, declared once: what each needs and makes |
//! | [`table`] | frames: Parquet with stable bytes, row hashes, sort, merge, interning |
//! | `statistics` | exact tests, false discoveries, shrinkage, special functions: numbers in, numbers out |
//! | [`store`] | where tables live: lake, SQLite, MySQL, PostgreSQL, S3, DynamoDB |
//! | [`market`] | what kind of shop exported the orders: a description → the contract's raw tables |
//! | [`synth`] | generated data with planted answers, in the layout of any market |
//! | [`input`] | finding, opening and reading raw tables; quarantine |
//! | [`clean`] | raw tables → clean tables and audit; `incremental` and `partition` are two more ways to the same |
//! | [`mart`] | portable SQL: clean tables → sales mart, and the laws that it keeps |
//! | [`engine`] | the mart's SQL on the engine that the user names: polars, through `mart::sums`, or Spark Connect, which can also clean |
//! | [`models`] | panels, forecasters, backtests, the reference model |
//! | [`trial`] | how to learn where advertising pays: designs, plans, verdicts |
//! | [`decisions`] | what to sell, where to advertise, how to get paid |
//! | [`charts`] | data → SVG |
//! | [`report`] | the document engine: Markdown, HTML, Typst, bibliography, typography |
//! | [`results`] | all results of a run, as report and dashboard take them |
//! | [`dossier`] | this report: chapters, values, figures, tables |
//! | [`dashboard`] | this dashboard |
//! | [`pipeline`] | runs of the graph, the output folder, inspection, export |
//! | [`guide`] | the user's guide: tutorial, how-to guides, reference, explanations |
//! | [`notebook`] | a folder → tables in one call, columns of a frame → figure in one line |
//! | [`prelude`] | what a notebook imports |

// Some parts serve only some of the stores.
#![cfg_attr(not(feature = "stores"), allow(dead_code))]

pub mod charts;
pub mod clean;
pub mod dashboard;
pub mod decisions;
pub mod dossier;
pub mod engine;
pub mod error;
mod files;
pub mod graph;
mod guard;
pub mod guide;
pub mod input;
#[cfg(test)]
mod layers;
pub mod market;
pub mod mart;
pub mod memory;
pub mod models;
pub mod notebook;
mod parallel;
pub mod pipeline;
pub mod prelude;
pub mod regular;
pub mod report;
pub mod results;
pub mod schema;
mod statistics;
pub mod store;
pub mod synth;
pub mod table;
pub mod text;
pub mod trial;

pub use error::{Error, Result, TooLittle};
