//! `pfe guide`: the user's guide as HTML, PDF, Word document or Markdown, in the style of the report.

use super::super::pages::Pages;
use super::super::terminal::Outcome;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pages: Pages,
}

pub fn run(args: &Args) -> Outcome {
    args.pages.write("the guide", pfe::guide::document)
}
