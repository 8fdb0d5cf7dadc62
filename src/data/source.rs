//! Where the raw tables are: a folder of Kaggle CSVs, Kaggle's zip, the cloud layout, or stores. Next: `read`.
//!
//! In a folder a table may be one file, several (`orders_2017.csv`, `orders_2018.csv.gz`) or a folder of files (`orders/*.parquet`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::contract::{TABLES, Table, TableId};
use super::months::BY_MONTH;
use super::parts::{MAX_COMPRESSION, Parts, stem};
use super::read::InputFile;
use super::reading::Reading;
use crate::error::{Error, Result};
use crate::store::url::is_url;
use crate::store::{self, Schema, Store, StoredFile};

/// The places of the ten tables. Nothing is read yet.
#[derive(Debug, Clone)]
pub struct Source {
    /// What the user named, the secrets of URLs masked.
    pub places: Vec<String>,
    parts: Vec<Part>,
    reading: Reading,
}

/// One place: the files that it has, and the store that it is.
#[derive(Debug, Clone)]
pub(super) struct Part {
    files: Vec<SourceFile>,
    pub(super) store: Option<Shelf>,
}

/// A store that can be shared and shown.
#[derive(Clone)]
pub(super) struct Shelf(pub(super) Arc<dyn Store>);

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.url())
    }
}

/// How the rows of a file are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values with a header, or what is read as such: compressed, Parquet, several files.
    Csv,
    /// An array of nested documents.
    Json,
}

/// One table's file.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// The table it holds.
    pub table: TableId,
    /// Name for messages, relative to the source.
    pub name: String,
    /// How its rows are written.
    pub format: Format,
    place: Place,
}

/// One of the files of a table.
#[derive(Debug, Clone)]
pub(super) struct FilePart {
    /// Relative to the source.
    pub(super) name: String,
    pub(super) path: PathBuf,
}

#[derive(Debug, Clone)]
enum Place {
    Disk(PathBuf),
    /// All files of a table, of which the first so many are left out.
    Parts(Vec<FilePart>, usize),
    Zip {
        archive: PathBuf,
        index: usize,
    },
    Stored(Arc<dyn StoredFile>),
}

impl Source {
    /// Locates the tables at a path or the URL of a store.
    ///
    /// # Errors
    /// The path or a table's file is missing, the archive is damaged or hostile, or there is no such store.
    pub fn open(place: impl AsRef<Path>) -> Result<Source> {
        Source::open_all(&[place])
    }

    /// Locates the tables at several places: each comes from the first that holds it.
    ///
    /// # Errors
    /// As [`Source::open`]. That a store lacks a table is only known when it is read.
    pub fn open_all<P: AsRef<Path>>(places: &[P]) -> Result<Source> {
        let located = places.iter().map(|place| locate(place.as_ref())).collect::<Result<Vec<_>>>()?;
        let (places, parts) = located.into_iter().unzip();
        let source = Source { places, parts, reading: Reading::default() };
        if source.parts.iter().all(|part| part.store.is_none()) {
            for table in TABLES.iter().filter(|t| source.parts.iter().all(|part| part.file(t.id).is_none())) {
                // Kaggle's download lacks the state names; the contract holds them.
                if table.id != TableId::States {
                    return Err(source.missing(table));
                }
            }
        }
        Ok(source)
    }

    /// The same, where values are read as the user says.
    pub fn with(mut self, reading: Reading) -> Source {
        self.reading = reading;
        self
    }

    pub(super) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The files that have come since an earlier load, as a source of the tables that they belong to. `then` and `now` are all
    /// that were and are there, in the order of the contract.
    ///
    /// # Errors
    /// Why the earlier load is not a beginning of one of this source.
    pub(super) fn since(&self, then: &[InputFile], now: &[InputFile]) -> Result<(Source, Vec<TableId>), String> {
        let mut grown = Vec::new();
        let mut files = Vec::new();
        for (table, (then, now)) in TABLES.iter().zip(then.iter().zip(now)).filter(|(_, (a, b))| a.blake3 != b.blake3) {
            let [known, all] = [then, now].map(InputFile::hashes);
            let file = self.parts.iter().find_map(|part| part.file(table.id));
            let Some(SourceFile { place: Place::Parts(parts, _), .. }) = file.filter(|_| all.starts_with(&known))
            else {
                return Err(format!("`{}` is not what it was", now.name));
            };
            if !BY_MONTH.contains(&table.id) {
                return Err(format!("rows have come to `{}`", table.name));
            }
            let place = Place::Parts(parts.clone(), known.len());
            files.push(SourceFile { table: table.id, name: now.name.clone(), format: Format::Csv, place });
            grown.push(table.id);
        }
        match grown.is_empty() {
            true => Err("no file has come".into()),
            false => {
                let parts = vec![Part { files, store: None }];
                Ok((Source { places: self.places.clone(), parts, reading: self.reading }, grown))
            }
        }
    }

    /// The files on the disk that hold the tables, each with its name.
    pub fn files(&self) -> Vec<(&str, &Path)> {
        let all = TABLES.iter().filter_map(|table| self.parts.iter().find_map(|part| part.file(table.id)));
        all.flat_map(SourceFile::files).collect()
    }

    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// About how many bytes of text the files of the tables hold; tables of a store that is no folder of files count nothing.
    ///
    /// # Errors
    /// A file is missing.
    pub fn bytes(&self) -> Result<u64> {
        let files = TABLES.iter().filter_map(|table| self.parts.iter().find_map(|part| part.file(table.id)));
        files.map(|file| file.with_reader(|_, size| Ok(size))).sum()
    }

    /// The error that no place holds a table.
    pub(super) fn missing(&self, table: &Table) -> Error {
        let places = self.places.join("`, `");
        let names: Vec<_> = self.parts.iter().flat_map(|p| &p.files).map(|f| format!("`{}`", f.name)).collect();
        let hint = match (names.is_empty(), self.parts.iter().any(|p| p.store.is_some())) {
            (_, true) => "`pfe load --from FILES --to URL` fills a store; `--data` may name several places".to_string(),
            (true, _) => {
                "no Olist file is there; get the data from kaggle.com/datasets/olistbr/brazilian-ecommerce".into()
            }
            (false, _) => format!("files found: {}", names.join(", ")),
        };
        Error::input(format!("`{}` is missing from `{places}`", table.file)).with_hint(hint)
    }
}

impl Part {
    /// The file of a table; CSV comes first.
    pub(super) fn file(&self, table: TableId) -> Option<&SourceFile> {
        self.files.iter().filter(|f| f.table == table).min_by_key(|f| f.format != Format::Csv)
    }
}

/// What is at a place, and how it is called.
fn locate(place: &Path) -> Result<(String, Part)> {
    if let Some(url) = place.to_str().filter(|text| is_url(text)) {
        let store: Arc<dyn Store> = store::open(url)?.into();
        return Ok((store.url().to_string(), Part { files: in_store(&*store)?, store: Some(Shelf(store)) }));
    }
    let meta = std::fs::metadata(place).map_err(|_| {
        Error::input(format!("no data at `{}`", place.display())).with_hint(
            "`--data` takes a folder of Olist CSV files, Kaggle's zip or the URL of a store; leave it out to use generated \
             data",
        )
    })?;
    let files = if meta.is_dir() { in_folder(place)? } else { in_zip(place)? };
    let lake = meta.is_dir() && files.is_empty() && store::lake::holds(place, Schema::Raw);
    let store = match place.to_str().filter(|_| lake) {
        Some(path) => Some(Shelf(store::open(path)?.into())),
        None => None,
    };
    Ok((place.display().to_string(), Part { files, store }))
}

fn in_store(store: &dyn Store) -> Result<Vec<SourceFile>> {
    let recognised = |file: Box<dyn StoredFile>| {
        let name = file.name().to_string();
        let (table, format) = recognise(name.rsplit('/').next()?)?;
        Some(SourceFile { table, name, format, place: Place::Stored(file.into()) })
    };
    Ok(store.files()?.into_iter().filter_map(recognised).collect())
}

impl SourceFile {
    /// The files that the table consists of, if it may have several.
    pub(super) fn parts(&self) -> Option<&[FilePart]> {
        match &self.place {
            Place::Parts(files, known) => Some(&files[*known..]),
            _ => None,
        }
    }

    /// The rows of its files, if it may have several, and about how many bytes they hold.
    ///
    /// # Errors
    /// A file cannot be read.
    pub(super) fn joined(&self, reading: &Reading) -> Result<Option<(Parts, u64)>> {
        let Place::Parts(files, known) = &self.place else { return Ok(None) };
        let paths: Vec<PathBuf> = files.iter().map(|part| part.path.clone()).collect();
        let size = Parts::size(&paths[*known..])?;
        Ok(Some((Parts::after(paths, *known, (self.table.table(), *reading))?, size)))
    }

    /// The files on the disk of which it consists, each with its name; none in an archive or a store.
    pub(super) fn files(&self) -> Vec<(&str, &Path)> {
        match &self.place {
            Place::Disk(path) => vec![(&self.name, path)],
            Place::Parts(files, _) => files.iter().map(|part| (part.name.as_str(), part.path.as_path())).collect(),
            Place::Zip { .. } | Place::Stored(_) => Vec::new(),
        }
    }

    /// Its URL, where a store keeps it that engines reach, too.
    pub(super) fn url(&self) -> Option<String> {
        match &self.place {
            Place::Stored(file) => file.place(),
            _ => None,
        }
    }

    /// Where it stands, if it is a file by itself.
    pub(super) fn on_disk(&self) -> Option<&Path> {
        match &self.place {
            Place::Disk(path) => Some(path),
            _ => None,
        }
    }

    /// Opens the file, or its entry in the archive, and hands `read` its bytes and their number.
    ///
    /// # Errors
    /// The file cannot be opened, or the archive is damaged.
    pub fn with_reader<T>(&self, read: impl FnOnce(&mut dyn Read, u64) -> Result<T>) -> Result<T> {
        match &self.place {
            Place::Disk(path) => {
                let mut file = File::open(path).map_err(Error::io("read", path))?;
                let size = file.metadata().map_err(Error::io("read", path))?.len();
                read(&mut file, size)
            }
            Place::Stored(file) => read(&mut *file.open(), file.size()),
            Place::Parts(files, known) => {
                let paths: Vec<PathBuf> = files.iter().map(|part| part.path.clone()).collect();
                let size = Parts::size(&paths[*known..])?;
                read(&mut Parts::after(paths, *known, (self.table.table(), Reading::default()))?, size)
            }
            Place::Zip { archive, index } => {
                let mut zip = open_zip(archive)?;
                let entry = zip.by_index(*index).map_err(|e| damaged(archive, e))?;
                let size = entry.size();
                // One byte more than declared shows that the declaration lied.
                let mut limited = entry.take(size + 1);
                let result = read(&mut limited, size)?;
                match limited.limit() {
                    0 => Err(Error::input(format!(
                        "`{}` in `{}` is longer than it declares",
                        self.name,
                        archive.display()
                    ))),
                    _ => Ok(result),
                }
            }
        }
    }
}

/// The table that a file name stands for: Kaggle's name, or a short name of the cloud layout.
fn recognise(file_name: &str) -> Option<(TableId, Format)> {
    let (stem, extension) = file_name.rsplit_once('.')?;
    let format = match extension {
        "csv" => Format::Csv,
        "json" => Format::Json,
        _ => return None,
    };
    Some((named(stem)?, format))
}

/// The table of this name.
fn named(stem: &str) -> Option<TableId> {
    let stem = stem.trim_start_matches("olist_").trim_end_matches("_dataset");
    TABLES.iter().find(|t| t.name == stem || t.aliases.contains(&stem)).map(|t| t.id)
}

/// The table that a file is a part of: its name, perhaps followed by a number or a month, such as `orders_2018-01.csv.gz`.
fn part_of(file_name: &str) -> Option<TableId> {
    named(stem(file_name)?.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '-' | '_' | '.')))
}

/// The tables that are several files, compressed or Parquet, in this folder or in folders of their own.
fn in_parts(root: &Path, folder: &str, names: &[String]) -> Result<Vec<SourceFile>> {
    let mut parts: BTreeMap<TableId, Vec<String>> = BTreeMap::new();
    for name in names {
        if let Some(table) = part_of(name) {
            parts.entry(table).or_default().push(name.clone());
        } else if let Some(table) = named(name).filter(|_| root.join(folder).join(name).is_dir()) {
            let files = listed(&root.join(folder).join(name))?.into_iter().filter(|file| stem(file).is_some());
            parts.entry(table).or_default().extend(files.map(|file| format!("{name}/{file}")));
        }
    }
    for (&table, files) in &parts {
        one_whole(&root.join(folder), table, files)?;
    }
    // A single plain file is read as it is.
    parts.retain(|_, files| files.len() > 1 || files.iter().any(|file| recognise(file).is_none()));
    let source = |(table, files): (TableId, Vec<String>)| {
        let path = |file: &String| Path::new(folder).join(file);
        let more = if files.len() > 1 { format!(" + {} more", files.len() - 1) } else { String::new() };
        SourceFile {
            table,
            name: format!("{}{more}", path(&files[0]).display()),
            format: Format::Csv,
            place: Place::Parts(
                files
                    .iter()
                    .map(|file| FilePart { name: path(file).display().to_string(), path: root.join(path(file)) })
                    .collect(),
                0,
            ),
        }
    };
    Ok(parts.into_iter().filter(|(_, files)| !files.is_empty()).map(source).collect())
}

/// A table that is there twice, as `orders.csv` beside `orders.csv.gz`, must not count twice.
fn one_whole(dir: &Path, table: TableId, files: &[String]) -> Result<()> {
    // Of a folder of files, the folder.
    let mut wholes: Vec<&str> = files.iter().filter_map(|file| file.split('/').next()).collect();
    wholes.dedup();
    wholes.retain(|name| named(stem(name).unwrap_or(name)) == Some(table));
    if wholes.len() < 2 {
        return Ok(());
    }
    let (table, wholes) = (table.name(), wholes.join("`, `"));
    Err(Error::input(format!("two files say they are the whole of `{table}`: `{wholes}` in `{}`", dir.display()))
        .with_hint(format!("remove one; parts of a table are told by a number: `{table}_1.csv`, `{table}_2.csv`")))
}

/// Names in a folder, sorted.
fn listed(dir: &Path) -> Result<Vec<String>> {
    let entries = std::fs::read_dir(dir).map_err(Error::io("read", dir))?;
    let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort();
    Ok(names)
}

fn in_folder(root: &Path) -> Result<Vec<SourceFile>> {
    let mut found = Vec::new();
    for folder in ["", "csv", "json"] {
        let dir = root.join(folder);
        if !dir.is_dir() {
            continue;
        }
        let names = listed(&dir)?;
        // Before the single files, which would be one part of several.
        found.extend(in_parts(root, folder, &names)?);
        for file in names {
            if let Some((table, format)) = recognise(&file) {
                let name = Path::new(folder).join(&file);
                found.push(SourceFile {
                    table,
                    name: name.display().to_string(),
                    format,
                    place: Place::Disk(root.join(&name)),
                });
            }
        }
    }
    Ok(found)
}

fn in_zip(archive: &Path) -> Result<Vec<SourceFile>> {
    let mut zip = open_zip(archive)?;
    let mut found = Vec::new();
    for index in 0..zip.len() {
        let entry = zip.by_index_raw(index).map_err(|e| damaged(archive, e))?;
        let full_name = entry.name().map_err(|e| damaged(archive, e))?.into_owned();
        let Some(name) = entry.enclosed_name() else {
            return Err(Error::input(format!(
                "`{}` holds an entry that points outside of it: `{full_name}`",
                archive.display()
            ))
            .with_hint("such an archive is not Kaggle's; download it again"));
        };
        if entry.size() > MAX_COMPRESSION.saturating_mul(entry.compressed_size().max(1)) {
            return Err(Error::input(format!(
                "`{full_name}` in `{}` would unpack to {} bytes from {}",
                archive.display(),
                entry.size(),
                entry.compressed_size()
            ))
            .with_hint("no table compresses so well; download the archive again"));
        }
        let Some(file) = name.file_name().and_then(|f| f.to_str()) else { continue };
        if let Some((table, format)) = recognise(file) {
            let place = Place::Zip { archive: archive.to_path_buf(), index };
            found.push(SourceFile { table, name: full_name, format, place });
        }
    }
    Ok(found)
}

fn open_zip(archive: &Path) -> Result<zip::ZipArchive<BufReader<File>>> {
    let file = File::open(archive).map_err(Error::io("read", archive))?;
    zip::ZipArchive::new(BufReader::new(file)).map_err(|e| damaged(archive, e))
}

fn damaged(archive: &Path, error: zip::result::ZipError) -> Error {
    Error::input(format!("`{}` is not a readable zip archive: {error}", archive.display()))
        .with_hint("`--data` takes a folder of Olist CSV files or Kaggle's zip")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_of_all_layouts_are_recognised() {
        for table in &TABLES {
            assert_eq!(recognise(table.file), Some((table.id, Format::Csv)));
            assert_eq!(recognise(&format!("{}.csv", table.aliases[0])), Some((table.id, Format::Csv)));
        }
        assert_eq!(recognise("customers.json"), Some((TableId::Customers, Format::Json)));
        assert_eq!(recognise("README.md"), None);
        for part in ["orders_2018-01.csv.gz", "olist_orders_dataset.csv.zst", "orders.parquet", "orders-0001.csv"] {
            assert_eq!(part_of(part), Some(TableId::Orders), "{part}");
        }
        assert_eq!(["orders_old.csv", "orders_2018.json"].map(part_of), [None, None]);
    }
}
