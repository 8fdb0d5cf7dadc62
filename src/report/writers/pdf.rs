//! Typst source → PDF bytes, from embedded fonts, template and figures only; reads nothing from the machine.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use ::typst::diag::{FileError, FileResult, SourceDiagnostic};
use ::typst::foundations::{Bytes, Datetime, Duration, Smart};
use ::typst::syntax::{DiagSpan, FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use ::typst::text::{Font, FontBook};
use ::typst::utils::LazyHash;
use ::typst::{Library, LibraryExt, World, WorldExt};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use super::typst;
use crate::charts::canvas::fonts;
use crate::report::document::{Block, Document, Place};
use crate::report::{Attachment, Figure, lang};
use crate::{Error, Result};

/// Date of attachments when the report has none: PDF requires one, and the time of the run must not appear.
const NO_DATE: (i32, u8, u8) = (2000, 1, 1);
/// Printed for a character that no embedded font has, because PDF/A refuses missing glyphs.
const MISSING: char = '□';

impl Document {
    /// Writes the report as one tagged PDF (PDF/A-3a, PDF/UA-1) with the attachments embedded.
    ///
    /// # Errors
    /// Typst cannot read an SVG or a template, or the build lacks the `pdf` feature.
    pub fn to_pdf(&self, attachments: &[Attachment]) -> Result<Vec<u8>> {
        let files = Files {
            main: typst::write(self, attachments),
            templates: vec![("report.typ", &self.style.typst)],
            figures: self.blocks().filter_map(placed).collect(),
            attachments,
        };
        export(self, "", &files)
    }
}

/// What a PDF is made of: Typst sources, and the files that they read.
pub(crate) struct Files<'a> {
    /// The main source.
    pub main: String,
    /// Name and text of the templates.
    pub templates: Vec<(&'static str, &'a str)>,
    pub figures: Vec<(&'a Place, &'a Figure)>,
    pub attachments: &'a [Attachment],
}

fn placed(block: &Block) -> Option<(&Place, &Figure)> {
    let Block::Figure { place, figure } = block else { return None };
    Some((place, figure))
}

/// Writes the PDF of a document; `kind` tells several PDFs of one document apart.
pub(crate) fn export(document: &Document, kind: &str, files: &Files) -> Result<Vec<u8>> {
    // Typst caches all layouts for later edits, which never come here. The cache is cleared before rendering, not after, so
    // that a program that renders once is spared the work.
    ::typst::comemo::evict(0);
    let world = ReportWorld::new(files)?;
    let paged = ::typst::compile::<PagedDocument>(&world).output.map_err(|errors| world.explain(&errors))?;
    let standards = PdfStandards::new(&[PdfStandard::A_3a, PdfStandard::Ua_1]);
    let options = PdfOptions {
        ident: Smart::Custom(format!("{}\n{}{kind}", document.meta.title, document.meta.fingerprint)),
        creator: Smart::Custom(Some("pfe".into())),
        timestamp: Some(Timestamp::new_utc(date(document.meta.date.as_deref()))),
        standards: standards.map_err(|e| Error::report("the PDF", e.message()))?,
        ..PdfOptions::default()
    };
    typst_pdf::pdf(&paged, &options).map_err(|errors| world.explain(&errors))
}

fn date(date: Option<&str>) -> Datetime {
    let given = date
        .and_then(lang::parts)
        .and_then(|(year, month, day)| Datetime::from_ymd_hms(year, month as u8, day?, 0, 0, 0));
    let (year, month, day) = NO_DATE;
    given
        .or_else(|| Datetime::from_ymd_hms(year, month, day, 0, 0, 0))
        .unwrap_or_else(|| unreachable!("the date is a constant"))
}

/// What all reports share: Typst's library and the fonts, parsed at first use.
struct Base {
    library: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    /// Characters that at least one font has.
    covered: BTreeSet<u32>,
}

static BASE: LazyLock<Base> = LazyLock::new(|| {
    let faces = [fonts::REGULAR, fonts::BOLD, fonts::ITALIC, fonts::CODE];
    let fonts: Vec<Font> = faces.into_iter().flat_map(|face| Font::iter(Bytes::new(face))).collect();
    Base {
        library: LazyHash::new(Library::default()),
        book: LazyHash::new(FontBook::from_fonts(&fonts)),
        covered: fonts.iter().flat_map(|font| font.info().coverage.iter()).collect(),
        fonts,
    }
});

impl Base {
    /// Replaces characters that no font has. Markup is ASCII, so `text` may be a whole source file.
    fn printable(&self, text: &str) -> String {
        let has = |c: &char| c.is_ascii() || *c == '\u{200b}' || self.covered.contains(&u32::from(*c));
        let ignorable =
            |c: char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{fe00}'..='\u{fe0f}');
        text.chars().filter(|c| !ignorable(*c)).map(|c| if has(&c) { c } else { MISSING }).collect()
    }
}

struct ReportWorld {
    base: &'static Base,
    main: FileId,
    sources: HashMap<FileId, Source>,
    /// Figures and attachments, with their names in messages.
    files: HashMap<FileId, (String, Bytes)>,
}

impl ReportWorld {
    fn new(made_of: &Files) -> Result<Self> {
        let base = &*BASE;
        let main = id("main.typ")?;
        let mut sources = HashMap::from([(main, Source::new(main, base.printable(&made_of.main)))]);
        for (name, text) in &made_of.templates {
            let template = id(name)?;
            sources.insert(template, Source::new(template, (*text).to_string()));
        }
        let mut files = HashMap::new();
        for (place, figure) in &made_of.figures {
            let svg = base.printable(figure.svg.as_str());
            files.insert(id(&typst::figure_path(place.number))?, (place.id.clone(), Bytes::from_string(svg)));
        }
        for (index, attachment) in made_of.attachments.iter().enumerate() {
            let file = (attachment.name.clone(), Bytes::new(attachment.bytes.clone()));
            files.insert(id(&typst::attachment_path(index))?, file);
        }
        Ok(Self { base, main, sources, files })
    }

    /// The first error as one message: names the figure, or else the source line (the deepest call last).
    fn explain(&self, errors: &[SourceDiagnostic]) -> Error {
        let Some(error) = errors.first() else {
            return Error::report("the PDF", "unknown error");
        };
        if let Some((name, _)) = error.span.id().and_then(|id| self.files.get(&id)) {
            return Error::report(format!("`{name}` in the PDF"), &error.message);
        }
        let hints: String = error.hints.iter().map(|hint| format!(" ({})", hint.v)).collect();
        let spans = std::iter::once(error.span).chain(error.trace.iter().map(|point| point.span.into()));
        let place = |span: DiagSpan| {
            let source = self.sources.get(&span.id()?)?;
            let line = source.lines().byte_to_line(self.range(span)?.start)?;
            let text: String = source.text().lines().nth(line)?.trim().chars().take(120).collect();
            Some(format!("; `{}` line {}: `{text}`", source.id().vpath().get_without_slash(), line + 1))
        };
        let places: String = spans.filter_map(place).collect();
        Error::report("the PDF", format!("{}{hints}{places}", error.message))
    }
}

fn id(path: &str) -> Result<FileId> {
    let path = VirtualPath::new(path).map_err(|e| Error::report(format!("`{path}`"), e))?;
    Ok(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl World for ReportWorld {
    fn library(&self) -> &LazyHash<Library> {
        &self.base.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.base.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.sources.get(&id).cloned().ok_or_else(|| missing(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).map(|(_, bytes)| bytes.clone()).ok_or_else(|| missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.base.fonts.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

fn missing(id: FileId) -> FileError {
    FileError::NotFound(id.vpath().get_without_slash().into())
}
