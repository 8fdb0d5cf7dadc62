//! The files of a place (folder, archive or store) → its tables, and the files that are not read. Used by `source`.
//!
//! Files form groups: the files at the top, those of `csv/` and `json/`, those of every other folder, and those of every archive. Within
//! a group, a table may be one file, several (`orders_2017.csv`, `orders_2018.csv.gz`) or a folder of files (`orders/*.parquet`). A table
//! comes from the nearest group that holds it, from text rather than documents. Every other file that holds data by its name is
//! reported, never dropped silently.

pub(crate) mod found;
mod others;
pub(crate) mod recognize;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use self::found::{Candidate, Found, Listed, unread};
use self::others::NO_NAME;
use self::walk::Walk;
use super::file::archive;
use super::file::part::{FilePart, Place};
use super::file::source_file::{Format, SourceFile};
use crate::error::{Error, Result};
use crate::schema::contract::TableId;
use crate::schema::file_names::{self, Data, NameMatch, Rows, data, match_name, may_be_raw, table_folder};
use crate::store::Store;

/// Finds the tables of a folder.
///
/// # Errors
/// Something with the name of a table is not a regular file; a table is there twice.
pub(crate) fn in_folder(root: &Path) -> Result<Found> {
    let mut walk = Walk::default();
    walk.folder(root, "")?;
    let mut found = tables(walk.files, &root.display().to_string())?;
    found.unread.extend(walk.broken);
    Ok(found)
}

/// Finds the tables of an archive.
///
/// # Errors
/// As [`in_folder`]; the archive is damaged, encrypted or hostile.
pub(crate) fn in_zip(path: &Path) -> Result<Found> {
    let entries = walk::packed(path, archive::entries(path)?, "");
    tables(entries.collect(), &path.display().to_string())
}

/// All files of a place that hold data by their names, for exports of other shops.
///
/// # Errors
/// As [`in_folder`] and [`in_zip`].
pub(crate) fn files(place: &Path, is_file: bool, is_archive: bool) -> Result<Vec<FilePart>> {
    let listed: Vec<Listed> = match (is_file, is_archive) {
        // A workbook is a zip archive as well.
        (_, true) if !archive::is_workbook(place) => walk::packed(place, archive::entries(place)?, "").collect(),
        (true, _) => {
            let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
            vec![(name, Place::Disk(place.into()))]
        }
        _ => {
            let mut walk = Walk::default();
            walk.folder(place, "")?;
            walk.files
        }
    };
    Ok(listed.into_iter().map(|(name, place)| FilePart { name, place }).collect())
}

/// Finds the tables that a store keeps as files, or that other programs wrote to it.
///
/// # Errors
/// As [`in_folder`]; the store fails.
pub(crate) fn in_store(store: &dyn Store) -> Result<Found> {
    let files = store.files()?.into_iter().filter(|file| may_be_raw(file.name()));
    let files = files.map(|file| (file.name().to_string(), Place::Stored(Arc::from(file))));
    tables(files.collect(), store.url())
}

/// The files of one group for one table in one format.
#[derive(Default)]
struct TableFiles {
    files: Vec<FilePart>,
    /// Names of files or folders that claim to be the whole table.
    whole_names: BTreeSet<String>,
    copies: Vec<FilePart>,
}

/// The files of one group by table and format.
type GroupTables = BTreeMap<(TableId, Format), TableFiles>;

/// Assigns the files of a place to tables; `at` names the place in messages.
fn tables(mut files: Vec<Listed>, at: &str) -> Result<Found> {
    files.sort_by(|(a, _), (b, _)| order(a).cmp(&order(b)));
    // In the order of groups; within a group, text comes before documents.
    let mut groups: Vec<(String, GroupTables)> = Vec::new();
    let (mut similar, mut unmatched) = (Vec::new(), Vec::new());
    let mut found = Found::default();
    for (name, place) in files {
        let (group, path) = split(&name);
        if groups.last().is_none_or(|(last, _)| last != group) {
            groups.push((group.into(), GroupTables::new()));
        }
        let Some((_, tables_of_group)) = groups.last_mut() else { continue };
        let (outer, inner) = path.split_once('/').unwrap_or((path, path));
        let is_store_table = matches!(&place, Place::Stored(file) if file.is_table());
        let rows = match is_store_table {
            true => Some((inner.to_lowercase(), Rows::Csv)),
            false => file_names::stem(inner),
        };
        let format = if matches!(rows, Some((_, Rows::Json))) { Format::Json } else { Format::Csv };
        let file = FilePart { name: name.clone(), place };
        let name_match = match (&rows, path.contains('/')) {
            (Some((_, Rows::Json)) | None, true) => {
                // Marker files of engines, such as `_SUCCESS`, are not data.
                let is_marker = inner.starts_with('_') || inner.ends_with(".crc");
                let reason = "the files of a table's folder are CSV or Parquet";
                found.unread.extend(table_folder(outer).filter(|_| !is_marker).map(|id| (id, unread(&name, reason))));
                continue;
            }
            (Some(_), true) => table_folder(outer).map(NameMatch::Table),
            (Some((stem, _)), false) => match_name(stem),
            (None, false) => None,
        };
        let Some(name_match) = name_match else {
            unmatched.extend(data(inner).filter(|_| !is_store_table).map(|data| (data, file.clone())));
            found.candidates.extend(is_store_table.then(|| Candidate {
                table: None,
                kind: Data::Rows,
                part: file,
                fits: false,
            }));
            continue;
        };
        let table_files = tables_of_group.entry((name_match.table(), format));
        match name_match {
            NameMatch::Table(_) => {
                let table_files = table_files.or_default();
                table_files.files.push(file);
                table_files.whole_names.insert(outer.into());
            }
            NameMatch::Part(_) if format == Format::Csv => table_files.or_default().files.push(file),
            NameMatch::Copy(_) => table_files.or_default().copies.push(file),
            NameMatch::Part(_) | NameMatch::Similar(_) | NameMatch::Misspelled(_) => similar.push((name_match, file)),
        }
    }
    let mut chosen: BTreeMap<TableId, SourceFile> = BTreeMap::new();
    let mut duplicates: Vec<(TableId, String, Vec<FilePart>)> = Vec::new();
    for format in [Format::Csv, Format::Json] {
        for (group, tables_of_group) in &mut groups {
            for (&(id, _), table_files) in tables_of_group.iter_mut().filter(|((_, of), _)| *of == format) {
                refuse_second_whole(at, group, id, &table_files.whole_names)?;
                if table_files.files.is_empty() && !table_files.copies.is_empty() {
                    table_files.files.push(table_files.copies.remove(0));
                }
                duplicates.push((id, String::new(), std::mem::take(&mut table_files.copies)));
                let files = std::mem::take(&mut table_files.files);
                if files.is_empty() || chosen.contains_key(&id) {
                    duplicates.push((id, group.clone(), files));
                } else {
                    chosen.insert(id, SourceFile::new(id, format, files));
                }
            }
        }
    }
    found.unread.extend(duplicate_warnings(duplicates, &chosen));
    for (name_match, part) in similar {
        let id = name_match.table();
        match (chosen.get(&id), name_match) {
            (None, _) => {
                let fits = part.head().map_or(true, |head| recognize::may_be(id.table(), &head));
                let candidate = Candidate { table: Some(id), kind: Data::Rows, part, fits };
                // A table that is not there is asked for, unless the file proves to be another.
                found.unread.extend((!fits).then(|| (id, unread(&candidate.part.name, NO_NAME))));
                found.candidates.push(candidate);
            }
            (Some(file), _) if is_source(&part, file) => {}
            (Some(_), NameMatch::Misspelled(_)) => unmatched.push(((String::new(), Data::Rows), part)),
            (Some(_), _) => {
                let table = id.name();
                let reason = format!(
                    "it is named like `{table}`, but files of one table differ by a number or a month alone, as `{table}_2.csv`"
                );
                found.unread.push((id, unread(&part.name, &reason)));
            }
        }
    }
    others::report(unmatched, &chosen, &mut found);
    found.files = chosen.into_values().collect();
    Ok(found)
}

/// Whether a view that stands for a table reads its rows from `part`.
fn is_source(part: &FilePart, of: &SourceFile) -> bool {
    of.parts().iter().any(|view| matches!(&view.place, Place::Stored(view) if view.reads(&part.name)))
}

/// The warnings about second copies. An archive is named only once: it often lies beside its own files.
fn duplicate_warnings(
    duplicates: Vec<(TableId, String, Vec<FilePart>)>,
    chosen: &BTreeMap<TableId, SourceFile>,
) -> impl Iterator<Item = (TableId, String)> {
    let (mut warnings, mut archives) = (Vec::new(), BTreeMap::<String, Vec<(TableId, &str)>>::new());
    for (id, group, files) in duplicates {
        let Some(from) = chosen.get(&id).filter(|_| !files.is_empty()) else { continue };
        match group.split('/').next().filter(|name| name.to_lowercase().ends_with(".zip")) {
            Some(archive) => archives.entry(archive.into()).or_default().push((id, from.name.as_str())),
            None => warnings.extend(
                files
                    .iter()
                    .map(|file| (id, unread(&file.name, &format!("`{}` is taken from `{}`", id.name(), from.name)))),
            ),
        }
    }
    warnings.extend(archives.into_iter().map(|(archive, tables)| {
        let (ids, from): (Vec<TableId>, Vec<&str>) = tables.into_iter().unzip();
        let names: Vec<&str> = ids.iter().map(|id| id.name()).collect();
        let (names, from) = (names.join("`, `"), from.join("`, `"));
        (ids[0], unread(&archive, &format!("its tables `{names}` are taken from `{from}`")))
    }));
    warnings.into_iter()
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
    let (group, path) = split(name);
    let depth = if group.is_empty() { 0 } else { 1 + group.matches('/').count() };
    let rank = match group {
        "csv" => 0,
        "json" => 1,
        _ if group.to_lowercase().contains(".zip") => 3,
        _ => 2,
    };
    (depth, rank, group, path)
}

/// Refuses a table that is there twice, such as `orders.csv` beside `orders.csv.gz`: its rows must not count twice.
fn refuse_second_whole(at: &str, group: &str, table: TableId, whole_names: &BTreeSet<String>) -> Result<()> {
    if whole_names.len() < 2 {
        return Ok(());
    }
    let at = Path::new(at).join(group);
    let (table, whole_names) = (table.name(), whole_names.iter().map(String::as_str).collect::<Vec<_>>().join("`, `"));
    Err(Error::input(format!("two files say they are the whole of `{table}`: `{whole_names}` in `{}`", at.display()))
        .with_hint(format!("remove one; parts of a table are told by a number: `{table}_1.csv`, `{table}_2.csv`")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
