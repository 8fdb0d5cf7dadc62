//! Document → the files that the user names: an HTML page, a PDF, a Word document, Markdown. Used by `pfe notebook`, `pfe guide` and, to write
//! a file, `pfe export`.

use std::fs::{File, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pfe::Error;
use pfe::report::limits::{self, Limits};
use pfe::report::{Document, MARKDOWN_START, Markdown};

use zip::ZipArchive;

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
    /// Write a Word document
    #[arg(long, value_name = "FILE", group = "outputs")]
    docx: Option<PathBuf>,
    /// Write Markdown, and its figures into a folder beside it
    #[arg(long, value_name = "FILE", group = "outputs")]
    markdown: Option<PathBuf>,
    /// Time limit
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..))]
    timeout: u64,
    /// Print only errors
    #[arg(long, short)]
    quiet: bool,
}

/// How a file is known to be of a kind.
#[derive(Clone, Copy)]
enum Kind {
    /// By what it begins with.
    Start(&'static str),
    /// A zip that holds this file.
    Zip(&'static str),
}

/// A format, the file that the user names for it, and how such a file is known.
type Asked<'a> = (&'static str, Option<&'a Path>, Kind);

impl Pages {
    fn asked(&self) -> [Asked<'_>; 4] {
        [
            ("HTML page", self.html.as_deref(), Kind::Start("<!doctype html")),
            ("PDF", self.pdf.as_deref(), Kind::Start("%pdf-")),
            ("Word document", self.docx.as_deref(), Kind::Zip("word/document.xml")),
            ("Markdown", self.markdown.as_deref(), Kind::Start(MARKDOWN_START)),
        ]
    }

    /// Refuses names that the files must not have; [`Pages::write`] does so too.
    pub fn check(&self) -> pfe::Result<()> {
        let asked = self.asked();
        for (index, (what, file, kind)) in asked.iter().enumerate() {
            let Some(file) = file else { continue };
            if let Some((other, ..)) = asked[..index].iter().find(|(_, other, _)| *other == Some(*file)) {
                return Err(
                    Error::input(format!("the {other} and the {what} have the same name")).with_hint("name two files")
                );
            }
            // Each file that is named may take the place of one of its kind, and of nothing else.
            may_replace(file, *kind)?;
        }
        Ok(())
    }

    /// Writes the document; `what` names it in messages.
    pub fn write(&self, what: &str, document: impl FnOnce() -> pfe::Result<Document> + Send + 'static) -> Outcome {
        self.check()?;
        let [html, pdf, docx, markdown] = [&self.html, &self.pdf, &self.docx, &self.markdown].map(Clone::clone);
        let render = move || {
            let document = document()?;
            // All are rendered before any is written.
            let mut files = Vec::new();
            if let Some(file) = html {
                files.push((file, document.to_html()?.into_bytes()));
            }
            if let Some(file) = pdf {
                files.push((file, document.to_pdf(&[])?));
            }
            if let Some(file) = docx {
                files.push((file, document.to_docx()?));
            }
            if let Some(file) = markdown {
                files.extend(with_figures(file, &document)?);
            }
            Ok(files)
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

/// The document as Markdown, and before it its figures, which take the place of figures only.
fn with_figures(file: PathBuf, document: &Document) -> pfe::Result<Vec<(PathBuf, Vec<u8>)>> {
    let name = format!("{}_files", file.file_stem().unwrap_or_default().to_string_lossy());
    let (folder, Markdown { text, figures }) = (file.with_file_name(&name), document.to_markdown(&name));
    let figures = figures.into_iter().map(|(name, svg)| (folder.join(name), svg.into_bytes()));
    let mut files: Vec<_> = figures.collect();
    files.iter().try_for_each(|(figure, _)| may_replace(figure, Kind::Start("<svg")))?;
    if !files.is_empty() {
        std::fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
    }
    files.push((file, text.into_bytes()));
    Ok(files)
}

/// Refuses to replace a file of another kind, such as the notebook itself, data or a link.
fn may_replace(path: &Path, kind: Kind) -> pfe::Result<()> {
    let Ok(meta) = path.symlink_metadata() else { return Ok(()) };
    let is = |file: File| match kind {
        Kind::Start(magic) => {
            let (mut start, mut file) = (vec![0; magic.len()], file);
            file.read_exact(&mut start).is_ok() && start.eq_ignore_ascii_case(magic.as_bytes())
        }
        Kind::Zip(name) => ZipArchive::new(file).is_ok_and(|zip| zip.index_for_name(name).is_some()),
    };
    let is_same_kind = meta.is_file() && File::open(path).is_ok_and(is);
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
