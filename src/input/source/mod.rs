//! Places (a folder of Kaggle's CSV files, Kaggle's zip, the cloud layout, stores) → Source: which file holds which table. Next: `read`.
//!
//! `find` lists the tables of one place. This module combines several places and reports everything that is missing at once.

use std::path::Path;
use std::sync::Arc;

use super::absent;
use super::find::recognize;
use super::find::{self, Near};
use super::parts::FilePart;
use super::read::InputFile;
use super::table_builder::width;
use crate::error::{Error, Result};
use crate::guard::guarded;
use crate::regular;
use crate::schema::contract::BY_MONTH;
use crate::schema::contract::{Column, TABLES, Table, TableId};
use crate::schema::read_options::Reading;
use crate::store::url::is_url;
use crate::store::{self, Stage, Store};

/// Tables that an analysis can do without.
const OPTIONAL: [TableId; 3] = [TableId::Geolocation, TableId::OrderReviews, TableId::Sellers];
/// Tables whose rows are built into the program.
const HELD: [TableId; 2] = [TableId::Categories, TableId::States];

/// The places of the ten tables. Of files, only the columns have been read.
#[derive(Debug, Clone)]
pub struct Source {
    /// The places as the user named them, secrets in URLs masked.
    pub places: Vec<String>,
    parts: Vec<Part>,
    /// Whether a missing table, column or file is an error.
    strict: bool,
    reading: Reading,
}

/// One place: its files, and the store, if it is one.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    files: Vec<SourceFile>,
    /// Files of a table that are not read, each with the reason.
    unread: Vec<(TableId, String)>,
    /// Data that no table takes, and that may be meant for tables that are missing.
    near: Vec<Near>,
    pub(crate) store: Option<SharedStore>,
}

/// A store in a shareable handle that implements `Debug`.
#[derive(Clone)]
pub(crate) struct SharedStore(pub(crate) Arc<dyn Store>);

impl std::fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.url())
    }
}

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// Comma-separated values with a header, or anything read as such: compressed, Parquet, several files.
    Csv,
    /// An array of nested documents.
    Json,
}

/// The files of one table.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The table that they hold.
    pub table: TableId,
    /// Name for messages, relative to the source.
    pub name: String,
    /// How their rows are written.
    pub format: Format,
    files: Vec<FilePart>,
    /// Number of leading files to skip, because the previous run has read them.
    known: usize,
}

impl Source {
    /// Locates the tables at a path or in the store with this URL.
    ///
    /// # Errors
    /// As [`Source::open_all`].
    pub fn open(place: impl AsRef<Path>) -> Result<Source> {
        Source::open_all(&[place])
    }

    /// Locates the tables at several places. Each table comes from the first place that holds it.
    ///
    /// # Errors
    /// [`Error::Input`]: a path, a table or a column is missing, an archive is damaged or hostile, or there is no such store. Whether a
    /// store lacks a table is known only when it is read.
    pub fn open_all<P: AsRef<Path>>(places: &[P]) -> Result<Source> {
        let located = places.iter().map(|place| locate(place.as_ref())).collect::<Result<Vec<_>>>()?;
        let (places, parts) = located.into_iter().unzip();
        let mut source = Source { places, parts, strict: false, reading: Reading::default() };
        source.name_second_places();
        // Whether a store holds a table of its own is known only when it is read.
        let tables = if source.parts.iter().all(|part| part.store.is_none()) { source.missing()? } else { Vec::new() };
        // A file that cannot be read is told once all tables are there.
        let columns = source.missing_columns().or_else(|e| if tables.is_empty() { Err(e) } else { Ok(Vec::new()) })?;
        match tables.is_empty() && columns.is_empty() {
            true => Ok(source),
            false => Err(absent::error(&source, &tables, columns)),
        }
    }

    /// The tables that an analysis needs and no place holds.
    ///
    /// # Errors
    /// A store cannot be reached.
    fn missing(&self) -> Result<Vec<&'static Table>> {
        let holds = |part: &Part, table: &Table| match (part.file(table.id), &part.store) {
            (Some(_), _) => Ok(true),
            (None, Some(SharedStore(store))) if store.holds(Stage::Raw, table.name) => {
                store.rows(Stage::Raw, table.name).map(|rows| rows.is_some())
            }
            _ => Ok(false),
        };
        let mut missing = Vec::new();
        // Kaggle's download lacks the state names; they are built in.
        for table in TABLES.iter().filter(|table| table.id != TableId::States && self.is_needed(table.id)) {
            let held = self.parts.iter().map(|part| holds(part, table)).collect::<Result<Vec<bool>>>()?;
            missing.extend((!held.contains(&true)).then_some(table));
        }
        Ok(missing)
    }

    /// Sets how dates and numbers are read.
    pub fn with(mut self, reading: Reading) -> Source {
        self.reading = reading;
        self
    }

    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// Makes it an error that a table, a column or a file is missing or not read.
    ///
    /// # Errors
    /// [`Error::Input`]: names what is missing or not read. For a store this is known only when it is read.
    pub fn strict(mut self) -> Result<Source> {
        self.strict = true;
        let held =
            TABLES.iter().filter(|t| self.parts.iter().any(|part| part.store.is_some() || part.file(t.id).is_some()));
        let held: Vec<TableId> = held.map(|t| t.id).collect();
        if let Some(table) = TABLES.iter().find(|t| t.id != TableId::States && !held.contains(&t.id)) {
            return Err(self.absent(table));
        }
        let mut told: Vec<String> = TABLES.iter().flat_map(|t| self.unread(t.id)).cloned().collect();
        for file in self.chosen() {
            for part in &file.files {
                let lost = missing_columns(file, part, true)?.map(|lost| lost.columns);
                let lost = lost.into_iter().flatten();
                told.extend(lost.map(|column| format!("column `{column}` is missing from `{}`", part.name)));
            }
        }
        match told.is_empty() {
            true => Ok(self),
            false => Err(refused(&told.join("; "))),
        }
    }

    /// The error for a missing table under `--strict`.
    fn absent(&self, table: &Table) -> Error {
        refused(&format!("`{}` is missing from `{}`", self.name_of(table), self.places.join("`, `")))
    }

    /// Accepts that no place holds `table`, if the analysis can do without it and no file may be meant for it.
    ///
    /// # Errors
    /// It cannot be accepted, or the source is strict.
    pub(crate) fn without(&self, table: &'static Table) -> Result<()> {
        match (self.is_needed(table.id), self.strict && table.id != TableId::States) {
            // Each table is read by itself, but one message names all that are missing.
            (true, _) => {
                let mut missing = self.missing()?;
                missing.extend(missing.is_empty().then_some(table));
                Err(absent::error(self, &missing, Vec::new()))
            }
            (_, true) => Err(self.absent(table)),
            _ => Ok(()),
        }
    }

    fn is_needed(&self, id: TableId) -> bool {
        let meant = self.near().any(|near| near.table == Some(id) && near.fits);
        meant || !(OPTIONAL.contains(&id) || HELD.contains(&id))
    }

    /// The name under which the places hold a table: that of its file, or its own in a database.
    pub(crate) fn name_of(&self, table: &Table) -> &'static str {
        if self.is_database() { table.name } else { table.file }
    }

    /// Whether all places are databases.
    pub(crate) fn is_database(&self) -> bool {
        self.parts.iter().all(|part| part.store.as_ref().is_some_and(|store| !store.0.keeps_files()))
    }

    /// Data that no table takes.
    pub(crate) fn near(&self) -> impl Iterator<Item = &Near> {
        self.parts.iter().flat_map(|part| &part.near)
    }

    /// The files of a table that are not read, each with the reason.
    pub(crate) fn unread(&self, id: TableId) -> impl Iterator<Item = &String> {
        let unread = self.parts.iter().flat_map(|part| &part.unread);
        unread.filter(move |(table, _)| *table == id).map(|(_, told)| told)
    }

    /// All files that are not read, each with the reason.
    pub(crate) fn all_unread(&self) -> impl Iterator<Item = &String> {
        self.parts.iter().flat_map(|part| &part.unread).map(|(_, told)| told)
    }

    /// Warns of files whose table is read from an earlier place.
    fn name_second_places(&mut self) {
        for i in 1..self.parts.len() {
            let (before, rest) = self.parts.split_at_mut(i);
            let first = |id| before.iter().zip(&self.places).find_map(|(part, place)| Some((part.file(id)?, place)));
            let second = rest[0].files.iter().filter_map(|file| Some((file, first(file.table)?)));
            let told: Vec<_> = second
                .map(|(file, (from, place))| {
                    let name = format!("{}` of `{}", file.name, self.places[i]);
                    let reason = format!("`{}` is taken from `{}` of `{place}`", file.table.name(), from.name);
                    (file.table, find::unread(&name, &reason))
                })
                .collect();
            rest[0].unread.extend(told);
        }
    }

    /// A source of the files that arrived since the previous run, and the tables that they belong to. `then` and `now` are all input files
    /// of the previous run and of this one, in the order of the contract.
    ///
    /// # Errors
    /// Why this source is not the previous one with new files appended.
    pub(crate) fn since(&self, then: &[InputFile], now: &[InputFile]) -> Result<(Source, Vec<TableId>), String> {
        let mut longer = Vec::new();
        let mut files = Vec::new();
        for (table, (then, now)) in TABLES.iter().zip(then.iter().zip(now)).filter(|(_, (a, b))| a.blake3 != b.blake3) {
            let [known, all] = [then, now].map(InputFile::hashes);
            let file = self.parts.iter().find_map(|part| part.file(table.id));
            let Some(file) = file.filter(|file| file.single().is_none() && all.starts_with(&known)) else {
                return Err(format!("`{}` is not what it was", now.name));
            };
            if !BY_MONTH.contains(&table.id) {
                return Err(format!("rows have come to `{}`", table.name));
            }
            files.push(SourceFile { name: now.name.clone(), known: known.len(), ..file.clone() });
            longer.push(table.id);
        }
        let part = Part { files, unread: Vec::new(), near: Vec::new(), store: None };
        match longer.is_empty() {
            true => Err("no file has come".into()),
            false => Ok((Source { parts: vec![part], ..self.clone() }, longer)),
        }
    }

    /// The chosen file of every table that has one, in the order of the contract.
    pub(crate) fn chosen(&self) -> impl Iterator<Item = &SourceFile> {
        TABLES.iter().filter_map(|table| self.parts.iter().find_map(|part| part.file(table.id)))
    }

    /// The chosen files on the disk, each with its name.
    pub fn files(&self) -> Vec<(&str, &Path)> {
        self.chosen().flat_map(SourceFile::files).collect()
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Estimated size of all tables as text, bytes.
    ///
    /// # Errors
    /// A file is missing, or a store cannot be reached.
    pub fn bytes(&self) -> Result<u64> {
        let of_part = |part: &Part, table: &Table| match (part.file(table.id), &part.store) {
            (Some(file), _) => file.size().map(Some),
            (None, Some(SharedStore(store))) if store.holds(Stage::Raw, table.name) => {
                Ok(store.rows(Stage::Raw, table.name)?.map(|rows| rows.saturating_mul(width(table))))
            }
            _ => Ok(None),
        };
        let of_table = |table| self.parts.iter().find_map(|part| of_part(part, table).transpose()).transpose();
        TABLES.iter().map(|table| Ok(of_table(table)?.unwrap_or(0))).sum()
    }

    /// The required columns that files lack.
    fn missing_columns(&self) -> Result<Vec<Lost>> {
        let mut lost = Vec::new();
        for file in self.chosen() {
            for part in &file.files {
                lost.extend(missing_columns(file, part, false)?);
            }
        }
        Ok(lost)
    }
}

fn refused(why: &str) -> Error {
    Error::input(format!("`--strict` refuses these data: {why}"))
        .with_hint("without `--strict` the analysis goes on, and warns of all this")
}

/// Columns that a file lacks.
pub(crate) struct Lost {
    pub(crate) table: &'static Table,
    pub(crate) name: String,
    pub(crate) columns: Vec<&'static str>,
    /// What the file seems to be instead.
    pub(crate) looks: String,
}

/// The columns that a file lacks, among the optional or the required ones. An empty file is reported by its reader.
fn missing_columns(file: &SourceFile, part: &FilePart, may_lack: bool) -> Result<Option<Lost>> {
    if file.format != Format::Csv {
        return Ok(None);
    }
    let (head, table) = (part.head()?, file.table.table());
    if head.is_empty() {
        return Ok(None);
    }
    let found = recognize::columns(&head);
    let twice = |c: &Column| found.iter().filter(|name| recognize::is(c, name)).count() > 1;
    if table.columns.iter().any(twice) {
        // A column occurs twice: the reader asks the user which one to use.
        return Ok(None);
    }
    let columns = recognize::lacks(table, &found, may_lack);
    Ok((!columns.is_empty()).then(|| Lost {
        table,
        name: part.name.clone(),
        columns,
        looks: recognize::looks(table, &head),
    }))
}

impl Part {
    pub(crate) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The files that hold `table`.
    pub(crate) fn file(&self, table: TableId) -> Option<&SourceFile> {
        self.files.iter().find(|f| f.table == table)
    }
}

/// Finds what is at a place; also returns its name for messages.
fn locate(place: &Path) -> Result<(String, Part)> {
    if let Some(url) = place.to_str().filter(|text| is_url(text)) {
        return in_store(url);
    }
    let meta = regular::look(place).map_err(|error| match error {
        Error::Input { .. } => error,
        _ => Error::input(format!("no data at `{}`", place.display())).with_hint(
            "`--data` takes a folder of Olist CSV files, Kaggle's zip or the URL of a store; leave it out to use generated \
             data",
        )
    })?;
    let found = match meta.is_dir() {
        true => find::in_folder(place)?,
        false if recognize::is_sqlite(place)? => return in_store(&format!("sqlite:{}", place.display())),
        false if recognize::is_zip(place)? => guarded(&place.display().to_string(), || find::in_zip(place))?,
        false => {
            let (what, hint) = recognize::lone(place)?;
            return Err(Error::input(what).with_hint(hint));
        }
    };
    let lake = meta.is_dir() && found.files.is_empty() && store::lake::holds(place, Stage::Raw);
    let store = match place.to_str().filter(|_| lake) {
        Some(path) => Some(SharedStore(store::open(path)?.into())),
        None => None,
    };
    Ok((place.display().to_string(), part(found, store)))
}

fn in_store(url: &str) -> Result<(String, Part)> {
    let store: Arc<dyn Store> = store::open(url)?.into();
    Ok((store.url().to_string(), part(find::in_store(&*store)?, Some(SharedStore(store)))))
}

fn part(found: find::Found, store: Option<SharedStore>) -> Part {
    Part { files: found.files, unread: found.unread, near: found.near, store }
}

impl SourceFile {
    /// The files of one table, at least one.
    pub(crate) fn new(table: TableId, format: Format, files: Vec<FilePart>) -> SourceFile {
        let more = if files.len() > 1 { format!(" + {} more", files.len() - 1) } else { String::new() };
        let first = files.first().map_or("", |file| file.name.as_str());
        SourceFile { table, name: format!("{first}{more}"), format, files, known: 0 }
    }

    /// The files to read.
    pub(crate) fn parts(&self) -> &[FilePart] {
        &self.files[self.known..]
    }

    /// Its file, if there is only one, and that is uncompressed.
    pub(crate) fn single(&self) -> Option<&FilePart> {
        match &self.files[..] {
            [file] if file.is_plain() => Some(file),
            _ => None,
        }
    }

    /// Estimated size of the text to read, bytes.
    pub(crate) fn size(&self) -> Result<u64> {
        self.parts().iter().map(|part| part.text(self.table.table())).sum()
    }

    /// Its files on the disk, each with its name; none in an archive or a store.
    pub(crate) fn files(&self) -> Vec<(&str, &Path)> {
        self.files.iter().filter_map(|part| Some((part.name.as_str(), part.path()?))).collect()
    }
}
