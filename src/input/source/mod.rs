//! Places (a folder of Kaggle's CSV files, Kaggle's zip, the cloud layout, stores) → Source: which file holds which table. Next: `read`.
//!
//! `find` lists the tables of one place. `open` combines several places and reports everything that is missing at once.

pub(crate) mod absent;
mod open;
pub(crate) mod undated;

use std::path::Path;
use std::sync::Arc;

use super::export::Export;
use super::file::source_file::SourceFile;
use super::find::found::Candidate;
use super::identity::InputFile;
use crate::error::Result;
use crate::market::tables::Salt;
use crate::market::{MarketFacts, Rates};
use crate::schema::contract::BY_MONTH;
use crate::schema::contract::{TABLES, Table, TableId};
use crate::schema::read_options::Reading;
use crate::store::{Stage, Store};

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
    candidates: Vec<Candidate>,
    pub(crate) store: Option<SharedStore>,
    /// The export that `store` reads, if the place holds one of another market.
    pub(crate) export: Option<Arc<Export>>,
}

/// A store in a shareable handle that implements `Debug`.
#[derive(Clone)]
pub(crate) struct SharedStore(pub(crate) Arc<dyn Store>);

impl std::fmt::Debug for SharedStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.url())
    }
}

impl Source {
    /// Sets how dates and numbers are read.
    pub fn with(mut self, reading: Reading) -> Source {
        self.reading = reading;
        self.exports().for_each(|export| export.read_as(reading));
        self
    }

    /// Sets the salt with which the keys of persons in an export are hashed; without one, they differ from process to process.
    pub fn hashed_with(self, salt: &Salt) -> Source {
        self.exports().for_each(|export| export.hash_with(salt.clone()));
        self
    }

    /// Sets the rates at which amounts of an export in other currencies than most are converted; without a rate, they are set aside.
    pub fn converted_with(self, rates: &Rates) -> Source {
        self.exports().for_each(|export| export.convert_with(rates.clone()));
        self
    }

    /// The exports of other markets.
    pub(crate) fn exports(&self) -> impl Iterator<Item = &Arc<Export>> {
        self.parts.iter().filter_map(|part| part.export.as_ref())
    }

    /// Whether a place holds the export of another market.
    pub(crate) fn is_export(&self) -> bool {
        self.exports().next().is_some()
    }

    /// What the report says of the market; `None` for Olist's tables.
    ///
    /// # Errors
    /// The export cannot be read.
    pub fn market(&self) -> Result<Option<MarketFacts>> {
        self.exports().next().map(|export| export.facts()).transpose()
    }

    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
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
    pub(crate) fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        self.parts.iter().flat_map(|part| &part.candidates)
    }

    /// The files of a table that are not read, each with the reason.
    pub(crate) fn unread(&self, id: TableId) -> impl Iterator<Item = &String> {
        let unread = self.parts.iter().flat_map(|part| &part.unread);
        unread.filter(move |(table, _)| *table == id).map(|(_, warning)| warning)
    }

    /// All files that are not read, each with the reason.
    pub(crate) fn all_unread(&self) -> impl Iterator<Item = &String> {
        self.parts.iter().flat_map(|part| &part.unread).map(|(_, warning)| warning)
    }

    /// A source of the files that arrived since the previous run, and the tables that they belong to. `previous` and `current` are
    /// all input files of the previous run and of this one, in the order of the contract.
    ///
    /// # Errors
    /// Why this source is not the previous one with new files appended.
    pub(crate) fn new_files(
        &self,
        previous: &[InputFile],
        current: &[InputFile],
    ) -> Result<(Source, Vec<TableId>), String> {
        let mut extended = Vec::new();
        let mut files = Vec::new();
        for (table, (old, new)) in
            TABLES.iter().zip(previous.iter().zip(current)).filter(|(_, (a, b))| a.blake3 != b.blake3)
        {
            let [read, all] = [old, new].map(InputFile::hashes);
            let file = self.parts.iter().find_map(|part| part.file(table.id));
            let Some(file) = file.filter(|file| file.single().is_none() && all.starts_with(&read)) else {
                return Err(format!("`{}` is not what it was", new.name));
            };
            if !BY_MONTH.contains(&table.id) {
                return Err(format!("rows have come to `{}`", table.name));
            }
            files.push(SourceFile { name: new.name.clone(), already_read: read.len(), ..file.clone() });
            extended.push(table.id);
        }
        let part = Part { files, unread: Vec::new(), candidates: Vec::new(), store: None, export: None };
        match extended.is_empty() {
            true => Err("no file has come".into()),
            false => Ok((Source { parts: vec![part], ..self.clone() }, extended)),
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
                Ok(store.rows(Stage::Raw, table.name)?.map(|rows| rows.saturating_mul(table.typical_width())))
            }
            _ => Ok(None),
        };
        let of_table = |table| self.parts.iter().find_map(|part| of_part(part, table).transpose()).transpose();
        TABLES.iter().map(|table| Ok(of_table(table)?.unwrap_or(0))).sum()
    }
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
