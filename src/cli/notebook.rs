//! `pfe notebook`: an executed notebook as HTML, PDF, Word document or Markdown, in the style of the report.

use std::path::PathBuf;

use pfe::{regular, report};

use super::options::LangArg;
use super::pages::Pages;
use super::terminal::Outcome;

/// No notebook is longer, bytes.
const MAX_BYTES: u64 = 1 << 30;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// An executed notebook
    notebook: PathBuf,
    #[command(flatten)]
    pages: Pages,
    /// Language of fixed words and typography
    #[arg(long, value_enum, default_value = "fr")]
    lang: LangArg,
}

pub fn run(args: &Args) -> Outcome {
    args.pages.check()?;
    let text = regular::read_to_string(&args.notebook, MAX_BYTES)?;
    let name = args.notebook.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let (what, lang) = (format!("`{}`", args.notebook.display()), args.lang.into());
    args.pages.write(&what, move || report::notebook(&name, &text, lang))
}
