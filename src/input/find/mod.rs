//! The files of a place (folder, archive or store) → its tables, and the files that are not read. Used by `source`.
//!
//! Files form groups: the files at the top, those of `csv/` and `json/`, those of every other folder one level down, and those of every
//! archive. Within a group, a table may be one file, several (`orders_2017.csv`, `orders_2018.csv.gz`) or a folder of files
//! (`orders/*.parquet`). A table comes from the first group that holds it, from text rather than documents. Files that look like more of
//! a table are reported, never dropped silently.

pub(crate) mod archive;
pub(crate) mod recognize;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::parts::{FilePart, Place};
use super::source::{Format, SourceFile};
use crate::error::{Error, Result};
use crate::regular;
use crate::schema::contract::TableId;
use crate::schema::ddl::Stage;
use crate::schema::file_names::{self, Rows, Says, says, table_folder};
use crate::store::Store;

/// Folders that a run writes beside `run.json`: they are not input data.
const OF_A_RUN: [&str; 6] = ["clean", "mart", "models", "quarantine", "references", "tables"];
const RUN: &str = "run.json";

/// The content of a place.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The files of each table that the place holds.
    pub(crate) files: Vec<SourceFile>,
    /// Files that look like rows of a table but are not read, each with the reason.
    pub(crate) unread: Vec<(TableId, String)>,
    /// Files that may be meant for a table that the place lacks.
    pub(crate) near: Vec<(TableId, String)>,
}

/// A file and its path within the place.
type Listed = (String, Place);

/// Finds the tables of a folder.
///
/// # Errors
/// Something with the name of a table is not a regular file; a table is there twice.
pub(crate) fn in_folder(root: &Path) -> Result<Found> {
    let (mut files, mut broken) = (Vec::new(), Vec::new());
    let of_a_run = root.join(RUN).exists();
    for (name, path) in listed(root)? {
        if !path.is_dir() {
            match name.to_lowercase().ends_with(".zip") && path.is_file() {
                true => match archive::entries(&path) {
                    Ok(entries) => files.extend(packed(&path, entries, &format!("{name}/"))),
                    Err(error) => broken.push((TableId::Orders, unread(&name, &error.to_string()))),
                },
                false => files.extend(file(name, path)?),
            }
        } else if table_folder(&name).is_some() {
            files.extend(folder(&name, &path)?);
        } else if !(of_a_run && OF_A_RUN.contains(&name.as_str())) {
            let inner = listed(&path);
            broken.extend(inner.as_ref().err().map(|error| (TableId::Orders, unread(&name, &error.to_string()))));
            for (inner, path) in inner.unwrap_or_default() {
                let full = format!("{name}/{inner}");
                match (path.is_dir(), table_folder(&inner).is_some()) {
                    (true, true) => files.extend(folder(&full, &path)?),
                    // Parquet files of a lake are skipped: their columns differ from those of the source.
                    (false, _) if !(Stage::named(&name).is_some() && file_names::is_parquet(&inner)) => {
                        files.extend(file(full, path)?);
                    }
                    _ => {}
                }
            }
        }
    }
    let mut found = tables(files, &root.display().to_string())?;
    found.unread.extend(broken);
    Ok(found)
}

/// Finds the tables of an archive.
///
/// # Errors
/// As [`in_folder`]; the archive is damaged, encrypted or hostile.
pub(crate) fn in_zip(path: &Path) -> Result<Found> {
    let entries = packed(path, archive::entries(path)?, "");
    tables(entries.collect(), &path.display().to_string())
}

/// Finds the tables that a store keeps as files, or that other programs wrote to it.
///
/// # Errors
/// As [`in_folder`]; the store fails.
pub(crate) fn in_store(store: &dyn Store) -> Result<Found> {
    let files = store.files()?.into_iter().map(|file| (file.name().to_string(), Place::Stored(Arc::from(file))));
    tables(files.collect(), store.url())
}

fn packed(path: &Path, entries: Vec<(String, usize)>, prefix: &str) -> impl Iterator<Item = Listed> {
    entries
        .into_iter()
        .map(move |(name, index)| (format!("{prefix}{name}"), Place::Zip { archive: path.into(), index }))
}

/// The entries of a folder by name, sorted, and their paths; hidden ones are left out.
fn listed(dir: &Path) -> Result<Vec<(String, std::path::PathBuf)>> {
    let entries = std::fs::read_dir(dir).map_err(Error::io("read", dir))?;
    let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names.into_iter().map(|name| (name.clone(), dir.join(name))).collect())
}

/// The files in the folder of a table.
fn folder(name: &str, dir: &Path) -> Result<Vec<Listed>> {
    let files = listed(dir)?.into_iter().filter(|(_, path)| !path.is_dir());
    let files = files.map(|(inner, path)| file(format!("{name}/{inner}"), path));
    Ok(files.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// The file, if its name is that of rows of a table.
fn file(name: String, path: std::path::PathBuf) -> Result<Option<Listed>> {
    let (dir, own) = name.rsplit_once('/').unwrap_or(("", &name));
    let of_table = dir.rsplit('/').next().is_some_and(|dir| table_folder(dir).is_some());
    let holds = file_names::stem(own).and_then(|(stem, _)| says(&stem));
    if holds.is_none() && !of_table {
        return Ok(None);
    }
    regular::demand(&path, &std::fs::metadata(&path).map_err(Error::io("read", &path))?)?;
    Ok(Some((name, Place::Disk(path))))
}

/// The files of one group for one table in one format.
#[derive(Default)]
struct Share {
    files: Vec<FilePart>,
    /// Names of files or folders that claim to be the whole table.
    wholes: BTreeSet<String>,
    copies: Vec<FilePart>,
}

/// The files of one group by table and format.
type Shares = BTreeMap<(TableId, Format), Share>;

/// Assigns the files of a place to tables; `at` names the place in messages.
fn tables(mut files: Vec<Listed>, at: &str) -> Result<Found> {
    files.sort_by(|(a, _), (b, _)| order(a).cmp(&order(b)));
    // In the order of groups; within a group, text comes before documents.
    let mut groups: Vec<(String, Shares)> = Vec::new();
    let mut like = Vec::new();
    let mut found = Found::default();
    for (name, place) in files {
        let (group, own) = split(&name);
        if groups.last().is_none_or(|(last, _)| last != group) {
            groups.push((group.into(), Shares::new()));
        }
        let Some((_, shares)) = groups.last_mut() else { continue };
        let (outer, inner) = own.split_once('/').unwrap_or((own, own));
        let of_others = matches!(&place, Place::Stored(file) if file.is_table());
        let rows = match of_others {
            true => Some((inner.to_lowercase(), Rows::Csv)),
            false => file_names::stem(inner),
        };
        let format = if matches!(rows, Some((_, Rows::Json))) { Format::Json } else { Format::Csv };
        let file = FilePart { name: name.clone(), place };
        let says = match (&rows, own.contains('/')) {
            (Some((_, Rows::Json)) | None, true) => {
                // Marker files of engines, such as `_SUCCESS`, are not data.
                let noted = inner.starts_with('_') || inner.ends_with(".crc");
                let reason = "the files of a table's folder are CSV or Parquet";
                found.unread.extend(table_folder(outer).filter(|_| !noted).map(|id| (id, unread(&name, reason))));
                continue;
            }
            (Some(_), true) => table_folder(outer).map(Says::Whole),
            (Some((stem, _)), false) => says(stem),
            (None, false) => None,
        };
        let Some(says) = says else { continue };
        let share = shares.entry((says.table(), format));
        match says {
            Says::Whole(_) => {
                let share = share.or_default();
                share.files.push(file);
                share.wholes.insert(outer.into());
            }
            Says::Part(_) if format == Format::Csv => share.or_default().files.push(file),
            Says::Copy(_) => share.or_default().copies.push(file),
            Says::Part(_) | Says::Like(_) | Says::Near(_) => like.push((says, name)),
        }
    }
    let mut taken: BTreeMap<TableId, SourceFile> = BTreeMap::new();
    let mut spare: Vec<(TableId, String, Vec<FilePart>)> = Vec::new();
    for format in [Format::Csv, Format::Json] {
        for (group, shares) in &mut groups {
            for (&(id, _), share) in shares.iter_mut().filter(|((_, of), _)| *of == format) {
                one_whole(at, group, id, &share.wholes)?;
                if share.files.is_empty() && !share.copies.is_empty() {
                    share.files.push(share.copies.remove(0));
                }
                spare.push((id, String::new(), std::mem::take(&mut share.copies)));
                let files = std::mem::take(&mut share.files);
                if files.is_empty() || taken.contains_key(&id) {
                    spare.push((id, group.clone(), files));
                } else {
                    taken.insert(id, SourceFile::new(id, format, files));
                }
            }
        }
    }
    found.unread.extend(second(spare, &taken));
    for (says, name) in like {
        match (taken.get(&says.table()), says) {
            (None, _) => found.near.push((says.table(), name)),
            (Some(_), Says::Near(_)) => {}
            (Some(_), says) => {
                let table = says.table().name();
                let reason = format!(
                    "it is named like `{table}`, but files of one table differ by a number or a month alone, as `{table}_2.csv`"
                );
                found.unread.push((says.table(), unread(&name, &reason)));
            }
        }
    }
    found.files = taken.into_values().collect();
    Ok(found)
}

/// The warnings about second copies. An archive is named only once: it often lies beside its own files.
fn second(
    spare: Vec<(TableId, String, Vec<FilePart>)>,
    taken: &BTreeMap<TableId, SourceFile>,
) -> impl Iterator<Item = (TableId, String)> {
    let (mut told, mut archives) = (Vec::new(), BTreeMap::<String, Vec<(TableId, &str)>>::new());
    for (id, group, files) in spare {
        let Some(from) = taken.get(&id).filter(|_| !files.is_empty()) else { continue };
        match group.split('/').next().filter(|name| name.to_lowercase().ends_with(".zip")) {
            Some(archive) => archives.entry(archive.into()).or_default().push((id, from.name.as_str())),
            None => told.extend(
                files
                    .iter()
                    .map(|file| (id, unread(&file.name, &format!("`{}` is taken from `{}`", id.name(), from.name)))),
            ),
        }
    }
    told.extend(archives.into_iter().map(|(archive, tables)| {
        let (ids, from): (Vec<TableId>, Vec<&str>) = tables.into_iter().unzip();
        let names: Vec<&str> = ids.iter().map(|id| id.name()).collect();
        let (names, from) = (names.join("`, `"), from.join("`, `"));
        (ids[0], unread(&archive, &format!("its tables `{names}` are taken from `{from}`")))
    }));
    told.into_iter()
}

/// Follows the file name in every warning about a file that is not read.
pub(crate) const NOT_READ: &str = "` is not read: ";

pub(crate) fn unread(name: &str, reason: &str) -> String {
    format!("`{name}{NOT_READ}{reason}")
}

/// The group of a file, and its path within the group, including the folder of its table.
fn split(name: &str) -> (&str, &str) {
    let Some((dir, _)) = name.rsplit_once('/') else { return ("", name) };
    let (above, last) = dir.rsplit_once('/').map_or(("", dir), |(above, last)| (above, last));
    match table_folder(last) {
        Some(_) => (above, name[above.len()..].trim_start_matches('/')),
        None => (dir, &name[dir.len() + 1..]),
    }
}

/// Sort key of files: nearer groups first, among these the cloud layout's, archives last; within a group by name.
fn order(name: &str) -> (usize, usize, &str, &str) {
    let (group, own) = split(name);
    let depth = if group.is_empty() { 0 } else { 1 + group.matches('/').count() };
    let rank = match group {
        "csv" => 0,
        "json" => 1,
        _ if group.to_lowercase().contains(".zip") => 3,
        _ => 2,
    };
    (depth, rank, group, own)
}

/// Refuses a table that is there twice, such as `orders.csv` beside `orders.csv.gz`: its rows must not count twice.
fn one_whole(at: &str, group: &str, table: TableId, wholes: &BTreeSet<String>) -> Result<()> {
    if wholes.len() < 2 {
        return Ok(());
    }
    let at = Path::new(at).join(group);
    let (table, wholes) = (table.name(), wholes.iter().map(String::as_str).collect::<Vec<_>>().join("`, `"));
    Err(Error::input(format!("two files say they are the whole of `{table}`: `{wholes}` in `{}`", at.display()))
        .with_hint(format!("remove one; parts of a table are told by a number: `{table}_1.csv`, `{table}_2.csv`")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::store::{Incoming, Stage, StoredFile, TakeFrame};

    /// Runs the assignment on files with these names, in any order.
    fn found(names: &[&str]) -> Found {
        let files = names.iter().map(|name| (name.to_string(), Place::Disk(name.into())));
        tables(files.collect(), "data").unwrap()
    }

    fn files(found: &Found, id: TableId) -> Vec<&str> {
        let file = found.files.iter().find(|file| file.table == id);
        file.map_or_else(Vec::new, |file| file.parts().iter().map(|part| part.name.as_str()).collect())
    }

    #[test]
    fn a_table_has_all_its_files_in_every_group() {
        for group in ["", "csv/", "some folder/", "archive (1).zip/"] {
            let names = ["orders.csv", "orders_2018.csv", "order_items/b.parquet", "order_items/a.csv"];
            let names = names.map(|name| format!("{group}{name}"));
            let found = found(&names.each_ref().map(String::as_str));
            assert_eq!(files(&found, TableId::Orders), [&names[0], &names[1]]);
            assert_eq!(files(&found, TableId::OrderItems), [&names[3], &names[2]]);
            assert!(found.unread.is_empty() && found.near.is_empty());
        }
    }

    #[test]
    fn what_is_not_read_is_named() {
        let found = found(&[
            "orders.csv",
            "orders_late.csv",
            "orders (1).csv",
            "orders_2.json",
            "csv/orders.csv",
            "json/orders.json",
            "backup/orders_2017.csv",
            "products/_SUCCESS",
            "products/1.csv",
            "products/notes.xlsx",
            "notes.csv",
            "ordesr.csv",
        ]);
        assert_eq!(files(&found, TableId::Orders), ["orders.csv"]);
        let named: BTreeSet<&str> = found.unread.iter().filter_map(|(_, told)| told.split('`').nth(1)).collect();
        let expected = [
            "backup/orders_2017.csv",
            "csv/orders.csv",
            "json/orders.json",
            "orders (1).csv",
            "orders_2.json",
            "orders_late.csv",
            "products/notes.xlsx",
        ];
        assert_eq!(named.into_iter().collect::<Vec<_>>(), expected);
        assert!(found.unread.iter().all(|(_, told)| told.contains(NOT_READ)));
    }

    #[test]
    fn an_archive_beside_its_files_is_told_once() {
        let found =
            found(&["orders.csv", "sellers.csv", "a.zip/orders.csv", "a.zip/sellers.csv", "a.zip/products.csv"]);
        assert_eq!(files(&found, TableId::Products), ["a.zip/products.csv"]);
        let [(_, told)] = &found.unread[..] else { panic!("{:?}", found.unread) };
        assert_eq!(
            told,
            "`a.zip` is not read: its tables `orders`, `sellers` are taken from `orders.csv`, `sellers.csv`"
        );
    }

    #[test]
    fn names_that_may_be_meant_are_kept_for_the_message() {
        let found = found(&["order_reviews_translated.csv", "ordesr.csv"]);
        assert!(found.files.is_empty());
        let near: Vec<_> = found.near.iter().map(|(id, name)| (*id, name.as_str())).collect();
        assert_eq!(near, [(TableId::OrderReviews, "order_reviews_translated.csv"), (TableId::Orders, "ordesr.csv")]);
    }

    #[test]
    fn two_wholes_are_refused() {
        for other in ["olist_orders_dataset.csv", "ORDERS.csv.gz", "orders/part-1.csv", "orders.parquet/x.parquet"] {
            let files = ["orders.csv", other].map(|name| (name.to_string(), Place::Disk(name.into())));
            let error = tables(files.to_vec(), "data").unwrap_err();
            assert!(error.to_string().starts_with("two files say they are the whole of `orders`"), "{error}");
        }
    }

    #[derive(Debug)]
    struct Object(&'static str);

    impl StoredFile for Object {
        fn name(&self) -> &str {
            self.0
        }
        fn size(&self) -> u64 {
            0
        }
        fn open(&self) -> Box<dyn Read> {
            Box::new(std::io::empty())
        }
    }

    #[test]
    fn stores_are_searched_as_folders_are() {
        struct Bucket;
        impl Store for Bucket {
            fn url(&self) -> &str {
                "s3://bucket"
            }
            fn read_blocks(&self, _: Stage, _: &str, _: &mut TakeFrame<'_>) -> Result<bool> {
                Ok(false)
            }
            fn rows(&self, _: Stage, _: &str) -> Result<Option<u64>> {
                Ok(None)
            }
            fn write_all(&self, _: &[Incoming], _: &(dyn Fn(&str, u64) + Sync)) -> Result<()> {
                Ok(())
            }
            fn files(&self) -> Result<Vec<Box<dyn StoredFile>>> {
                let names =
                    ["csv/orders.csv", "csv/orders_2018.csv.gz", "csv/orders_late.csv", "csv/sellers/1.parquet"];
                Ok(names.map(|name| Box::new(Object(name)) as Box<dyn StoredFile>).into())
            }
        }
        let found = in_store(&Bucket).unwrap();
        assert_eq!(files(&found, TableId::Orders), ["csv/orders.csv", "csv/orders_2018.csv.gz"]);
        assert_eq!(files(&found, TableId::Sellers), ["csv/sellers/1.parquet"]);
        assert!(found.unread[0].1.starts_with("`csv/orders_late.csv` is not read"));
    }
}
