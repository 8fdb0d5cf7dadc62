//! `pfe notebook`: an executed notebook as an HTML page and as a PDF, in the style of the report.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pfe::data::regular;
use pfe::{Error, report};

use super::{LangArg, Outcome, print};

/// No notebook is longer, bytes.
const LONGEST: u64 = 1 << 30;

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("outputs").required(true).multiple(true)))]
pub struct Args {
    /// An executed notebook
    notebook: PathBuf,
    /// Write an HTML page
    #[arg(long, value_name = "FILE", group = "outputs")]
    html: Option<PathBuf>,
    /// Write a PDF
    #[arg(long, value_name = "FILE", group = "outputs")]
    pdf: Option<PathBuf>,
    /// Language of the fixed words and of the typography
    #[arg(long, value_enum, default_value = "fr")]
    lang: LangArg,
    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(args: &Args) -> Outcome {
    let text = regular::read_to_string(&args.notebook, LONGEST)?;
    let name = args.notebook.file_stem().unwrap_or_default().to_string_lossy();
    let document = report::notebook(&name, &text, args.lang.into())?;
    // Both are rendered before either is written.
    let html = args.html.as_ref().map(|file| Ok((file, document.to_html()?.into_bytes())));
    let pdf = args.pdf.as_ref().map(|file| Ok((file, document.to_pdf(&[])?)));
    let files = html.into_iter().chain(pdf).collect::<pfe::Result<Vec<_>>>()?;
    for (file, bytes) in &files {
        write_whole(file, bytes)?;
        if !args.quiet {
            print(&format!("{}\n", file.display()))?;
        }
    }
    Ok(())
}

/// Writes beside the file and renames, so that it is whole at any time.
fn write_whole(path: &Path, bytes: &[u8]) -> pfe::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is its owner's alone; this one becomes a file like any other.
    let part = tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder);
    let part = part.map_err(Error::io("write into", folder))?;
    std::fs::write(part.path(), bytes).map_err(Error::io("write", path))?;
    part.as_file().sync_all().map_err(Error::io("write", path))?;
    part.persist(path).map_err(|e| Error::io("write", path)(e.error))?;
    Ok(())
}
