//! Where the raw tables are: a folder of Kaggle CSVs, Kaggle's zip, the cloud layout, or stores. Next: `read`.
//!
//! What a place holds is found by `find`; here places come together, and what is missing of them is told at once.

use std::path::Path;
use std::sync::Arc;

use super::find;
use super::find::recognize;
use super::parts::FilePart;
use super::read::InputFile;
use super::table_builder::width;
use crate::error::{Error, Result};
use crate::guard::guarded;
use crate::schema::contract::BY_MONTH;
use crate::schema::contract::{Column, TABLES, Table, TableId};
use crate::schema::read_options::Reading;
use crate::store::url::is_url;
use crate::store::{self, Stage, Store};

/// Tables without which the rest of an analysis stands.
const OPTIONAL: [TableId; 3] = [TableId::Geolocation, TableId::OrderReviews, TableId::Sellers];
/// Tables whose rows the program holds.
const HELD: [TableId; 2] = [TableId::Categories, TableId::States];

/// The places of the ten tables. Nothing is read yet but the columns of files.
#[derive(Debug, Clone)]
pub struct Source {
    /// What the user named, the secrets of URLs masked.
    pub places: Vec<String>,
    parts: Vec<Part>,
    /// Whether nothing may be missing.
    strict: bool,
    reading: Reading,
}

/// One place: the files that it has, and the store that it is.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    files: Vec<SourceFile>,
    /// What is not read of it, and why.
    unread: Vec<(TableId, String)>,
    /// Files that may be meant for tables that are missing.
    near: Vec<(TableId, String)>,
    pub(crate) store: Option<SharedStore>,
}

/// A store that can be shared and shown.
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
    /// Comma-separated values with a header, or what is read as such: compressed, Parquet, several files.
    Csv,
    /// An array of nested documents.
    Json,
}

/// The files of one table.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The table they hold.
    pub table: TableId,
    /// Name for messages, relative to the source.
    pub name: String,
    /// How their rows are written.
    pub format: Format,
    files: Vec<FilePart>,
    /// So many of the first are left out.
    known: usize,
}

impl Source {
    /// Locates the tables at a path or the URL of a store.
    ///
    /// # Errors
    /// As [`Source::open_all`].
    pub fn open(place: impl AsRef<Path>) -> Result<Source> {
        Source::open_all(&[place])
    }

    /// Locates the tables at several places: each comes from the first that holds it.
    ///
    /// # Errors
    /// A path, a table or a column is missing, an archive is damaged or hostile, or there is no such store. That a store lacks a
    /// table is only known when it is read.
    pub fn open_all<P: AsRef<Path>>(places: &[P]) -> Result<Source> {
        let located = places.iter().map(|place| locate(place.as_ref())).collect::<Result<Vec<_>>>()?;
        let (places, parts) = located.into_iter().unzip();
        let mut source = Source { places, parts, strict: false, reading: Reading::default() };
        source.name_second_places();
        if source.parts.iter().all(|part| part.store.is_none()) {
            let absent = |t: &&Table| source.parts.iter().all(|part| part.file(t.id).is_none());
            // Kaggle's download lacks the state names; the contract holds them.
            let absent = TABLES.iter().filter(absent).filter(|t| t.id != TableId::States);
            let lost: Vec<&Table> = absent.filter(|t| source.is_needed(t.id)).collect();
            if !lost.is_empty() {
                return Err(source.missing(&lost));
            }
        }
        source.demand_columns()?;
        Ok(source)
    }

    /// The same, where values are read as the user says.
    pub fn with(mut self, reading: Reading) -> Source {
        self.reading = reading;
        self
    }

    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The same source, of which every table, column and file must be read.
    ///
    /// # Errors
    /// What is missing, or not read. Of a store, this is only known when it is read.
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

    /// The error that a table is missing where `--strict` demands it.
    fn absent(&self, table: &Table) -> Error {
        refused(&format!("`{}` is missing from `{}`", table.file, self.places.join("`, `")))
    }

    /// A table that no place holds: whether the rest of the analysis can do without, and nothing there is meant for it.
    ///
    /// # Errors
    /// It cannot, or `--strict` was asked for.
    pub(crate) fn without(&self, table: &Table) -> Result<()> {
        match (self.is_needed(table.id), self.strict && table.id != TableId::States) {
            (true, _) => Err(self.missing(&[table])),
            (_, true) => Err(self.absent(table)),
            _ => Ok(()),
        }
    }

    fn is_needed(&self, id: TableId) -> bool {
        let meant = self.parts.iter().any(|part| part.near.iter().any(|(near, _)| *near == id));
        meant || !(OPTIONAL.contains(&id) || HELD.contains(&id))
    }

    /// What is not read of a table, and why.
    pub(crate) fn unread(&self, id: TableId) -> impl Iterator<Item = &String> {
        let unread = self.parts.iter().flat_map(|part| &part.unread);
        unread.filter(move |(table, _)| *table == id).map(|(_, told)| told)
    }

    /// Names the files of a place whose table comes from a place before it.
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

    /// The files that have come since an earlier load, as a source of the tables that they belong to. `then` and `now` are all
    /// that were and are there, in the order of the contract.
    ///
    /// # Errors
    /// Why the earlier load is not a beginning of one of this source.
    pub(crate) fn since(&self, then: &[InputFile], now: &[InputFile]) -> Result<(Source, Vec<TableId>), String> {
        let mut grown = Vec::new();
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
            grown.push(table.id);
        }
        let part = Part { files, unread: Vec::new(), near: Vec::new(), store: None };
        match grown.is_empty() {
            true => Err("no file has come".into()),
            false => Ok((Source { parts: vec![part], ..self.clone() }, grown)),
        }
    }

    /// The file of every table that has one, in the order of the contract.
    fn chosen(&self) -> impl Iterator<Item = &SourceFile> {
        TABLES.iter().filter_map(|table| self.parts.iter().find_map(|part| part.file(table.id)))
    }

    /// The files on the disk that hold the tables, each with its name.
    pub fn files(&self) -> Vec<(&str, &Path)> {
        self.chosen().flat_map(SourceFile::files).collect()
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// About how many bytes of text the tables are.
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

    /// # Errors
    /// Files lack columns that must be there: all columns of all files, and what these look like.
    fn demand_columns(&self) -> Result<()> {
        let mut lost = Vec::new();
        for file in self.chosen().filter(|file| file.format == Format::Csv) {
            for part in &file.files {
                lost.extend(missing_columns(file, part, false)?);
            }
        }
        if lost.is_empty() {
            return Ok(());
        }
        let told: Vec<String> = lost.iter().map(Lost::told).collect();
        let looks: Vec<String> = lost.iter().map(|lost| format!("`{}` {}", lost.name, lost.looks)).collect();
        Err(Error::input(told.join("; ")).with_hint(looks.join("; ")))
    }

    /// The error that no place holds some tables.
    fn missing(&self, tables: &[&Table]) -> Error {
        let listed = |names: &[&str]| format!("`{}`", names.join("`, `"));
        let files: Vec<&str> = tables.iter().map(|table| table.file).collect();
        let places: Vec<&str> = self.places.iter().map(String::as_str).collect();
        let meant = |id| self.parts.iter().flat_map(|part| &part.near).filter(move |(near, _)| *near == id);
        let rename = |table: &Table, name: &str| format!("did you mean `{name}`? rename it to `{}`", table.file);
        let near = tables.iter().flat_map(|table| meant(table.id).map(|(_, name)| rename(table, name)));
        let near: Vec<String> = near.collect();
        let names: Vec<&str> = self.parts.iter().flat_map(|p| &p.files).map(|f| f.name.as_str()).collect();
        let aside: Vec<String> = self.places.iter().flat_map(|place| aside(Path::new(place))).collect();
        let mut hint = match (names.is_empty(), self.parts.iter().any(|p| p.store.is_some())) {
            _ if !near.is_empty() => near.join("; "),
            (_, true) => "`pfe load --from FILES --to URL` fills a store; `--data` may name several places".to_string(),
            (true, _) if !aside.is_empty() => aside.join("; "),
            (true, _) => {
                "no Olist file is there; get the data from kaggle.com/datasets/olistbr/brazilian-ecommerce".into()
            }
            (false, _) => format!("files found: {}", listed(&names)),
        };
        let broken = self.parts.iter().flat_map(|part| &part.unread).filter(|(_, told)| told.contains(".zip"));
        broken.for_each(|(_, told)| hint += &format!("; {told}"));
        let are = if files.len() == 1 { "is" } else { "are" };
        Error::input(format!("{} {are} missing from {}", listed(&files), listed(&places))).with_hint(hint)
    }
}

fn refused(why: &str) -> Error {
    Error::input(format!("`--strict` refuses these data: {why}"))
        .with_hint("without `--strict` the analysis goes on, and warns of all this")
}

/// What the files of a folder are that holds no table.
fn aside(folder: &Path) -> Vec<String> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.iter().filter(|path| path.is_file()).filter_map(|path| recognize::aside(path)).take(3).collect()
}

/// Columns that a file lacks.
struct Lost {
    name: String,
    columns: Vec<&'static str>,
    /// What the file is instead.
    looks: String,
}

impl Lost {
    fn told(&self) -> String {
        match &self.columns[..] {
            [column] => format!("column `{column}` is missing from `{}`", self.name),
            columns => format!("columns `{}` are missing from `{}`", columns.join("`, `"), self.name),
        }
    }
}

/// Which columns a file lacks, of those that it may lack or of the others. An empty file is told by whoever reads it.
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
        // Which of the two it should be, whoever reads it asks.
        return Ok(None);
    }
    let of = table.columns.iter().filter(|column| table.may_lack(column) == may_lack);
    let lost = of.filter(|column| !found.iter().any(|name| recognize::is(column, name)));
    let columns: Vec<&str> = lost.map(|column| column.source).collect();
    if columns.is_empty() {
        return Ok(None);
    }
    let looks = match recognize::of_bytes(&head) {
        Some(what) => format!("looks like {what}"),
        None => recognize::of_columns(table, &found),
    };
    Ok(Some(Lost { name: part.name.clone(), columns, looks }))
}

impl Part {
    /// The files of a table.
    pub(crate) fn file(&self, table: TableId) -> Option<&SourceFile> {
        self.files.iter().find(|f| f.table == table)
    }
}

/// What is at a place, and how it is called.
fn locate(place: &Path) -> Result<(String, Part)> {
    if let Some(url) = place.to_str().filter(|text| is_url(text)) {
        return in_store(url);
    }
    let meta = std::fs::metadata(place).map_err(|_| {
        Error::input(format!("no data at `{}`", place.display())).with_hint(
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
    /// Files of one table, of which there is at least one.
    pub(crate) fn new(table: TableId, format: Format, files: Vec<FilePart>) -> SourceFile {
        let more = if files.len() > 1 { format!(" + {} more", files.len() - 1) } else { String::new() };
        let first = files.first().map_or("", |file| file.name.as_str());
        SourceFile { table, name: format!("{first}{more}"), format, files, known: 0 }
    }

    /// The files to be read.
    pub(crate) fn parts(&self) -> &[FilePart] {
        &self.files[self.known..]
    }

    /// The one file that it is, whose bytes are those of its rows.
    pub(crate) fn single(&self) -> Option<&FilePart> {
        match &self.files[..] {
            [file] if file.is_plain() => Some(file),
            _ => None,
        }
    }

    /// About how many bytes of text there are to be read.
    pub(crate) fn size(&self) -> Result<u64> {
        self.parts().iter().map(|part| part.text(self.table.table())).sum()
    }

    /// The files on the disk of which it consists, each with its name; none in an archive or a store.
    pub(crate) fn files(&self) -> Vec<(&str, &Path)> {
        self.files.iter().filter_map(|part| Some((part.name.as_str(), part.path()?))).collect()
    }
}
