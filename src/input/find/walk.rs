//! A folder → the files in it and in its folders, without those that a run of pfe wrote. Used by `find`.

use std::path::{Path, PathBuf};

use super::found::{Listed, unread};
use crate::error::{Error, Result};
use crate::input::file::archive;
use crate::input::file::part::Place;
use crate::regular;
use crate::schema::contract::TableId;
use crate::schema::ddl::Stage;
use crate::schema::file_names::{
    self, MAX_FILES, NameMatch, data, is_worth_listing, match_name, may_be_raw, table_folder,
};

/// Folders that a run writes beside `run.json`: they are not input data.
const OF_A_RUN: [&str; 6] = ["clean", "mart", "models", "quarantine", "references", "tables"];
const RUN: &str = "run.json";

/// The files of a folder and the folders in it.
#[derive(Default)]
pub(super) struct Walk {
    pub(super) files: Vec<Listed>,
    /// Archives and folders that cannot be read.
    pub(super) broken: Vec<(TableId, String)>,
}

impl Walk {
    /// `prefix` is the path of `dir` within the place, with `/` at its end.
    pub(super) fn folder(&mut self, dir: &Path, prefix: &str) -> Result<()> {
        let (is_top, of_a_run) = (prefix.is_empty(), dir.join(RUN).exists());
        let Some(entries) = self.listed(dir, prefix)? else { return Ok(()) };
        for (file_name, path) in entries {
            let name = format!("{prefix}{file_name}");
            if path.is_dir() {
                let of_lake = name.split('/').any(|name| Stage::named(name).is_some());
                // Links to folders are followed at the top and in lakes: others may lead back.
                let skipped = (of_a_run && OF_A_RUN.contains(&file_name.as_str()))
                    || (!is_top && !of_lake && path.is_symlink())
                    || self.files.len() >= MAX_FILES;
                if !skipped && is_worth_listing(&name) {
                    self.folder(&path, &format!("{name}/"))?;
                }
            } else if is_top && file_name.to_lowercase().ends_with(".zip") && path.is_file() {
                self.archive(&name, &path);
            } else if may_be_raw(&name) {
                self.files.extend(file(name, path)?);
            }
        }
        Ok(())
    }

    fn archive(&mut self, name: &str, path: &Path) {
        let of_data = |entry: &str| {
            let file_name = entry.rsplit('/').next().unwrap_or(entry);
            match_file(file_name).is_some() || data(file_name).is_some()
        };
        match archive::entries(path) {
            Ok(entries) if entries.iter().any(|(entry, _)| of_data(entry)) => {
                self.files.extend(packed(path, entries, &format!("{name}/")));
            }
            Ok(_) => self.broken.push((TableId::Orders, unread(name, "no table is in it"))),
            Err(error) => self.broken.push((TableId::Orders, unread(name, &error.to_string()))),
        }
    }

    /// The entries of a folder. A folder below the top that cannot be listed is reported and skipped.
    fn listed(&mut self, dir: &Path, prefix: &str) -> Result<Option<Vec<(String, PathBuf)>>> {
        match listed(dir) {
            Err(error) if !prefix.is_empty() => {
                self.broken.push((TableId::Orders, unread(prefix.trim_end_matches('/'), &error.to_string())));
                Ok(None)
            }
            entries => entries.map(Some),
        }
    }
}

pub(super) fn packed(path: &Path, entries: Vec<(String, usize)>, prefix: &str) -> impl Iterator<Item = Listed> {
    entries
        .into_iter()
        .map(move |(name, index)| (format!("{prefix}{name}"), Place::Zip { archive: path.into(), index }))
}

/// The entries of a folder by name, sorted, and their paths; hidden ones are left out.
fn listed(dir: &Path) -> Result<Vec<(String, PathBuf)>> {
    let entries = std::fs::read_dir(dir).map_err(Error::io("read", dir))?;
    let mut names: Vec<String> = entries.flatten().filter_map(|e| e.file_name().into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.'));
    names.sort();
    Ok(names.into_iter().map(|name| (name.clone(), dir.join(name))).collect())
}

/// Matches the name of a file with the names of the tables.
fn match_file(file_name: &str) -> Option<NameMatch> {
    file_names::stem(file_name).and_then(|(stem, _)| match_name(&stem))
}

/// The file, unless it is neither rows of a table nor a regular file.
fn file(name: String, path: PathBuf) -> Result<Option<Listed>> {
    let (dir, file_name) = name.rsplit_once('/').unwrap_or(("", &name));
    let of_table = dir.rsplit('/').next().is_some_and(|dir| table_folder(dir).is_some());
    if match_file(file_name).is_some() || of_table {
        regular::demand(&path, &regular::look(&path)?)?;
    } else if !path.is_file() {
        return Ok(None);
    }
    Ok(Some((name, Place::Disk(path))))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::in_folder;
    use super::*;

    #[test]
    fn folders_are_searched_and_a_text_is_named_if_it_has_rows() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write("a/b/orders.csv", "order_id\n");
        write("a/b/pedidos.txt", "a;b\n1;2\n");
        write("a/b/about.txt", "Two tables, of 2018.\nThey are small.\n");
        write("1/2/3/4/sellers.csv", "too deep\n");
        // What a run and a load have written is no input.
        write("out/run.json", "{}");
        write("out/quarantine/orders.csv", "x\n");
        write("out/tables/winner.csv", "x\n");
        write("lake/results/winner.csv", "x\n");
        write("lake/cleaned_data/orders.parquet", "x\n");
        let found = in_folder(dir.path()).unwrap();
        let [orders] = &found.files[..] else { panic!("{:?}", found.files) };
        assert_eq!((orders.table, orders.name.as_str()), (TableId::Orders, "a/b/orders.csv"));
        assert_eq!(found.unread.len(), 1, "{:?}", found.unread);
        assert_eq!(found.unread[0].1, "`a/b/pedidos.txt` is not read: no table has such a name");
    }
}
