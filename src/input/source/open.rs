//! Places → Source: what is at each of them, and one error for all that is missing. Used by everything that reads data.

use std::path::Path;
use std::sync::Arc;

use super::absent::MissingColumns;
use super::{Part, SharedStore, Source, absent};
use crate::error::{Error, Result};
use crate::guard::guarded;
use crate::input::columns;
use crate::input::export::{self, Export};
use crate::input::file::part::FilePart;
use crate::input::file::source_file::{Format, SourceFile};
use crate::input::find;
use crate::input::find::found::Found;
use crate::input::find::found::unread;
use crate::input::find::recognize;
use crate::market::Market;
use crate::regular;
use crate::schema::contract::{Column, TABLES, Table, TableId};
use crate::schema::read_options::Reading;
use crate::store::url::is_url;
use crate::store::{self, Stage, Store};

/// Tables that an analysis can do without.
const OPTIONAL: [TableId; 3] = [TableId::Geolocation, TableId::OrderReviews, TableId::Sellers];

/// Tables whose rows are built into the program.
const BUILT_IN: [TableId; 2] = [TableId::Categories, TableId::States];

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
        Source::open_as(places, None)
    }

    /// [`Source::open_all`], but takes what is there for an export of `market`; without one, the market is told by the headers.
    ///
    /// # Errors
    /// As [`Source::open_all`]; or it is no export of `market`.
    pub fn open_as<P: AsRef<Path>>(places: &[P], market: Option<&Market>) -> Result<Source> {
        let located = places.iter().map(|place| locate(place.as_ref(), market)).collect::<Result<Vec<_>>>()?;
        let (places, parts) = located.into_iter().unzip();
        let mut source = Source { places, parts, strict: false, reading: Reading::default() };
        source.warn_of_second_places();
        // Whether a store holds a table of its own is known only when it is read.
        let tables = if source.parts.iter().all(|part| part.store.is_none()) { source.missing()? } else { Vec::new() };
        // A file that cannot be read is an error only if no table is missing.
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
            let present = self.parts.iter().map(|part| holds(part, table)).collect::<Result<Vec<bool>>>()?;
            missing.extend((!present.contains(&true)).then_some(table));
        }
        Ok(missing)
    }

    /// Makes it an error that a table, a column or a file is missing or not read.
    ///
    /// # Errors
    /// [`Error::Input`]: names what is missing or not read. For a store this is known only when it is read.
    pub fn strict(mut self) -> Result<Source> {
        self.strict = true;
        let present =
            TABLES.iter().filter(|t| self.parts.iter().any(|part| part.store.is_some() || part.file(t.id).is_some()));
        let present: Vec<TableId> = present.map(|t| t.id).collect();
        if let Some(table) = TABLES.iter().find(|t| t.id != TableId::States && !present.contains(&t.id)) {
            return Err(self.missing_error(table));
        }
        let mut problems: Vec<String> = TABLES.iter().flat_map(|t| self.unread(t.id)).cloned().collect();
        for file in self.chosen() {
            for part in &file.files {
                let columns = missing_columns(file, part, true)?.map(|missing| missing.columns);
                let columns = columns.into_iter().flatten();
                problems.extend(columns.map(|column| format!("column `{column}` is missing from `{}`", part.name)));
            }
        }
        match problems.is_empty() {
            true => Ok(self),
            false => Err(refused(&problems.join("; "))),
        }
    }

    /// The error for a missing table under `--strict`.
    fn missing_error(&self, table: &Table) -> Error {
        refused(&format!("`{}` is missing from `{}`", self.name_of(table), self.places.join("`, `")))
    }

    /// Accepts that no place holds `table`, if the analysis can do without it and no file may be meant for it.
    ///
    /// # Errors
    /// It cannot be accepted, or the source is strict.
    pub(crate) fn accept_missing(&self, table: &'static Table) -> Result<()> {
        match (self.is_needed(table.id), self.strict && table.id != TableId::States) {
            // Each table is read by itself, but one message names all that are missing.
            (true, _) => {
                let mut missing = self.missing()?;
                missing.extend(missing.is_empty().then_some(table));
                Err(absent::error(self, &missing, Vec::new()))
            }
            (_, true) => Err(self.missing_error(table)),
            _ => Ok(()),
        }
    }

    fn is_needed(&self, id: TableId) -> bool {
        let has_candidate = self.candidates().any(|candidate| candidate.table == Some(id) && candidate.fits);
        has_candidate || !(OPTIONAL.contains(&id) || BUILT_IN.contains(&id))
    }

    /// Warns of files whose table is read from an earlier place.
    fn warn_of_second_places(&mut self) {
        for i in 1..self.parts.len() {
            let (earlier, rest) = self.parts.split_at_mut(i);
            let first = |id| earlier.iter().zip(&self.places).find_map(|(part, place)| Some((part.file(id)?, place)));
            let second = rest[0].files.iter().filter_map(|file| Some((file, first(file.table)?)));
            let warnings: Vec<_> = second
                .map(|(file, (from, place))| {
                    let name = format!("{}` of `{}", file.name, self.places[i]);
                    let reason = format!("`{}` is taken from `{}` of `{place}`", file.table.name(), from.name);
                    (file.table, unread(&name, &reason))
                })
                .collect();
            rest[0].unread.extend(warnings);
        }
    }

    /// The required columns that files lack.
    fn missing_columns(&self) -> Result<Vec<MissingColumns>> {
        let mut missing = Vec::new();
        for file in self.chosen() {
            for part in &file.files {
                missing.extend(missing_columns(file, part, false)?);
            }
        }
        Ok(missing)
    }
}

fn refused(problems: &str) -> Error {
    Error::input(format!("`--strict` refuses these data: {problems}"))
        .with_hint("without `--strict` the analysis goes on, and warns of all this")
}

/// The columns that a file lacks, among the optional or the required ones. An empty file is reported by its reader.
fn missing_columns(file: &SourceFile, part: &FilePart, may_lack: bool) -> Result<Option<MissingColumns>> {
    if file.format != Format::Csv {
        return Ok(None);
    }
    let (head, table) = (part.head()?, file.table.table());
    if head.is_empty() {
        return Ok(None);
    }
    let found = recognize::columns(&head);
    let twice = |c: &Column| found.iter().filter(|name| columns::is(c, name)).count() > 1;
    if table.columns.iter().any(twice) {
        // A column occurs twice: the reader asks the user which one to use.
        return Ok(None);
    }
    let columns = columns::lacks(table, &found, may_lack);
    Ok((!columns.is_empty()).then(|| MissingColumns {
        table,
        name: part.name.clone(),
        columns,
        description: recognize::describe(table, &head),
    }))
}

/// Finds what is at a place; also returns its name for messages.
fn locate(place: &Path, market: Option<&Market>) -> Result<(String, Part)> {
    if let Some(url) = place.to_str().filter(|text| is_url(text)) {
        return in_store(url);
    }
    let meta = regular::look(place).map_err(|error| match error {
        Error::Input { .. } => error,
        _ => Error::input(format!("no data at `{}`", place.display())).with_hint(
            "`--data` takes a folder of Olist CSV files, Kaggle's zip, a shop's export or the URL of a store; leave it out to \
             use generated data",
        )
    })?;
    let at = place.display().to_string();
    let is_file = !meta.is_dir();
    if is_file && recognize::is_sqlite(place)? {
        return in_store(&format!("sqlite:{at}"));
    }
    let is_archive = is_file && recognize::is_zip(place)?;
    let found = match (is_file, is_archive) {
        (true, false) => None,
        (_, true) => Some(guarded(&at, || find::in_zip(place))?),
        _ => Some(find::in_folder(place)?),
    };
    if market.is_some() || !found.as_ref().is_some_and(holds_orders) {
        let files = find::files(place, is_file, is_archive)?;
        if let Some(export) = export::find(&at, &export::candidates(files), market)? {
            return Ok((at, of_export(export)));
        }
    }
    let Some(found) = found else {
        let (description, mut hint) = recognize::describe_single_file(place)?;
        for (name, missing) in export::nearest(&export::candidates(find::files(place, true, false)?)) {
            hint = format!("{hint}; for an export of `{name}` it lacks `{}`", missing.join("`, `"));
        }
        return Err(Error::input(description).with_hint(hint));
    };
    let lake = meta.is_dir() && found.files.is_empty() && store::lake::holds(place, Stage::Raw);
    let store = match place.to_str().filter(|_| lake) {
        Some(path) => Some(SharedStore(store::open(path)?.into())),
        None => None,
    };
    Ok((at, part(found, store)))
}

/// Whether a file holds the contract's orders, by its columns or the names in its documents: the names of files are used by other shops too.
fn holds_orders(found: &Found) -> bool {
    let orders = found.files.iter().find(|file| file.table == TableId::Orders);
    orders.is_some_and(|file| {
        let head = || file.files.first().and_then(|part| part.head().ok()).unwrap_or_default();
        let quoted = |text: &str| text.split('"').skip(1).step_by(2).map(String::from).collect();
        let names: Vec<String> = match file.format {
            Format::Csv => recognize::columns(&head()),
            Format::Json => quoted(&String::from_utf8_lossy(&head())),
        };
        columns::has_all_required(file.table.table(), &names)
    })
}

fn of_export(export: Export) -> Part {
    let export = Arc::new(export);
    let store: Arc<dyn Store> = Arc::clone(&export) as Arc<dyn Store>;
    Part {
        files: Vec::new(),
        unread: Vec::new(),
        candidates: Vec::new(),
        store: Some(SharedStore(store)),
        export: Some(export),
    }
}

fn in_store(url: &str) -> Result<(String, Part)> {
    let store: Arc<dyn Store> = store::open(url)?.into();
    Ok((store.url().to_string(), part(find::in_store(&*store)?, Some(SharedStore(store)))))
}

fn part(found: Found, store: Option<SharedStore>) -> Part {
    Part { files: found.files, unread: found.unread, candidates: found.candidates, store, export: None }
}
