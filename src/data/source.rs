//! Where the raw files are: a folder of Kaggle CSVs, Kaggle's zip, or the cloud layout. Next: `read`.
//!
//! In a folder a table may be one file, several (`orders_2017.csv`, `orders_2018.csv.gz`) or a folder of files (`orders/*.parquet`).

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use super::contract::{TABLES, Table, TableId};
use super::parts::{MAX_COMPRESSION, Parts, stem};
use crate::error::{Error, Result};

/// The located files of the ten tables. Nothing is read yet.
#[derive(Debug, Clone)]
pub struct Source {
    /// What the user named.
    pub path: PathBuf,
    files: Vec<SourceFile>,
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

#[derive(Debug, Clone)]
enum Place {
    Disk(PathBuf),
    Parts(Vec<PathBuf>),
    Zip { archive: PathBuf, index: usize },
}

impl Source {
    /// Locates the files under `path`.
    ///
    /// # Errors
    /// `path` or a table's file is missing, or the archive is damaged or hostile.
    pub fn open(path: impl AsRef<Path>) -> Result<Source> {
        let path = path.as_ref();
        let meta = std::fs::metadata(path).map_err(|_| {
            Error::input(format!("no data at `{}`", path.display())).with_hint(
                "`--data` takes a folder of Olist CSV files or Kaggle's zip; leave it out to use generated data",
            )
        })?;
        let found = if meta.is_dir() { in_folder(path)? } else { in_zip(path)? };
        let mut files = Vec::new();
        for table in &TABLES {
            match found.iter().filter(|f| f.table == table.id).min_by_key(|f| f.format != Format::Csv) {
                Some(file) => files.push(file.clone()),
                // Kaggle's download lacks the state names; the contract holds them.
                None if table.id == TableId::States => {}
                None => return Err(missing(path, table, &found)),
            }
        }
        Ok(Source { path: path.to_path_buf(), files })
    }

    /// The files, in the order of [`TableId`].
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }
}

impl SourceFile {
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
            Place::Parts(files) => read(&mut Parts::new(files.clone()), Parts::size(files)?),
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

fn missing(path: &Path, table: &Table, found: &[SourceFile]) -> Error {
    let names: Vec<_> = found.iter().map(|f| format!("`{}`", f.name)).collect();
    let hint = match names.is_empty() {
        true => "no Olist file is there; get the data from kaggle.com/datasets/olistbr/brazilian-ecommerce".to_string(),
        false => format!("files found: {}", names.join(", ")),
    };
    Error::input(format!("`{}` is missing from `{}`", table.file, path.display())).with_hint(hint)
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
    // A single plain file is read as it is.
    parts.retain(|_, files| files.len() > 1 || files.iter().any(|file| recognise(file).is_none()));
    let source = |(table, files): (TableId, Vec<String>)| {
        let path = |file: &String| Path::new(folder).join(file);
        let more = if files.len() > 1 { format!(" + {} more", files.len() - 1) } else { String::new() };
        SourceFile {
            table,
            name: format!("{}{more}", path(&files[0]).display()),
            format: Format::Csv,
            place: Place::Parts(files.iter().map(|file| root.join(path(file))).collect()),
        }
    };
    Ok(parts.into_iter().filter(|(_, files)| !files.is_empty()).map(source).collect())
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
