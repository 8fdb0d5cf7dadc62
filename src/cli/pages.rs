//! Document → the files that the user names: an HTML page, a PDF. Used by `pfe notebook`, `pfe guide` and, to write a file, `pfe export`.

use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pfe::Error;
use pfe::report::Document;
use pfe::report::limits::{self, Limits};

use super::terminal::{Outcome, print};

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("outputs").required(true).multiple(true)))]
pub struct Pages {
    /// Write an HTML page
    #[arg(long, value_name = "FILE", group = "outputs")]
    html: Option<PathBuf>,
    /// Write a PDF
    #[arg(long, value_name = "FILE", group = "outputs")]
    pdf: Option<PathBuf>,
    /// Time limit
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Print only errors
    #[arg(long, short)]
    quiet: bool,
}

impl Pages {
    /// Refuses names that the files must not have; [`Pages::write`] does so too.
    pub fn check(&self) -> pfe::Result<()> {
        if self.html.is_some() && self.html == self.pdf {
            return Err(Error::input("the HTML page and the PDF have the same name").with_hint("name two files"));
        }
        // Each file that is named may take the place of one of its kind, and of nothing else.
        for (file, magic) in [(&self.html, "<!doctype html"), (&self.pdf, "%pdf-")] {
            file.as_deref().map_or(Ok(()), |file| may_replace(file, magic))?;
        }
        Ok(())
    }

    /// Writes the document; `what` names it in messages.
    pub fn write(&self, what: &str, document: impl FnOnce() -> pfe::Result<Document> + Send + 'static) -> Outcome {
        self.check()?;
        let (html, pdf) = (self.html.clone(), self.pdf.clone());
        let render = move || {
            let document = document()?;
            // Both are rendered before either is written.
            let html = html.map(|file| Ok((file, document.to_html()?.into_bytes())));
            let pdf = pdf.map(|file| Ok((file, document.to_pdf(&[])?)));
            html.into_iter().chain(pdf).collect::<pfe::Result<Vec<_>>>()
        };
        let files = limits::within(Limits::of(Duration::from_secs(self.timeout)), what, render)?;
        for (file, bytes) in &files {
            write_whole(file, bytes)?;
            if !self.quiet {
                print(&format!("{}\n", file.display()))?;
            }
        }
        Ok(())
    }
}

/// Refuses to replace a file of another kind, such as the notebook itself, data or a link; `magic` is how a file of this kind begins.
fn may_replace(path: &Path, magic: &str) -> pfe::Result<()> {
    let Ok(meta) = path.symlink_metadata() else { return Ok(()) };
    let mut start = vec![0; magic.len()];
    let is_same_kind = meta.is_file()
        && File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok()
        && start.eq_ignore_ascii_case(magic.as_bytes());
    match is_same_kind {
        true => Ok(()),
        false => {
            Err(Error::input(format!("`{}` is in the way: it is no such file as is to be written", path.display()))
                .with_hint("name another file, or move it away"))
        }
    }
}

/// Writes beside the file, then renames: readers see the old file or the new one.
pub fn write_whole(path: &Path, bytes: &[u8]) -> pfe::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // A temporary file is its owner's alone; this one becomes a file like any other.
    let part = tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder);
    let mut part = part.map_err(Error::io("write into", folder))?;
    part.write_all(bytes).map_err(Error::io("write", path))?;
    part.as_file().sync_all().map_err(Error::io("write", path))?;
    part.persist(path).map_err(|e| Error::io("write", path)(e.error))?;
    Ok(())
}
