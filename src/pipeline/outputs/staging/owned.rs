//! Output folder → which of its files are pfe's: those in the manifest or in the mark of an interrupted commit. Used by `staging`.
//!
//! All other files are the user's and stay. A run is refused if it would write to the name of one of them.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::graph::{STEPS, Step};
use crate::pipeline::outputs::manifest::{DATA, Manifest};
use crate::schema::contract::{TABLES, ZIP_LOCATIONS};
use crate::synth::TRUTH_FILE;
use crate::{files, mart};

/// Mark in the folder during a commit. The manifest comes last; until then, the mark lists our files.
pub(crate) const UNFINISHED: &str = ".unfinished-pfe-run";

/// Contents of [`UNFINISHED`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Version of the program.
    pub(crate) pfe: String,
    /// Paths within the folder, of this run and of the previous one.
    pub(crate) files: BTreeSet<String>,
}

/// Our files.
#[derive(Debug, Default)]
pub(crate) struct Owned {
    /// Paths within the folder; some may not exist.
    pub(crate) files: BTreeSet<String>,
    /// Whether a run was interrupted during its commit.
    pub(crate) interrupted: bool,
}

impl Owned {
    /// Reads manifest and mark of `out`.
    ///
    /// # Errors
    /// The manifest or the mark is not ours.
    pub(crate) fn of(out: &Path) -> Result<Owned> {
        let mut owned = Owned::default();
        if let Some(manifest) = Manifest::find(out)? {
            owned.files.extend(manifest.core.outputs.into_iter().map(|file| file.path));
        }
        let path = out.join(UNFINISHED);
        if let Some(meta) = files::look(&path).map_err(Error::io("read", &path))? {
            let text = if meta.is_file() { fs::read(&path).unwrap_or_default() } else { Vec::new() };
            let mark = serde_json::from_slice::<Mark>(&text).ok();
            let mark = mark.filter(|mark| mark.files.iter().all(|file| STEPS.iter().any(|step| step.makes_file(file))));
            owned.files.extend(mark.ok_or_else(|| in_the_way(out, UNFINISHED, &meta))?.files);
            owned.interrupted = true;
        }
        Ok(owned)
    }

    /// Checks that no file of the user's has a name that one of `steps` would write.
    ///
    /// # Errors
    /// The first such file or folder.
    pub(crate) fn check(&self, out: &Path, steps: &[&Step]) -> Result<()> {
        let places: BTreeSet<&str> = steps.iter().flat_map(|step| step.makes).copied().collect();
        let names: BTreeSet<&str> = places.iter().filter_map(|place| place.split('/').next()).collect();
        for name in names {
            let Some(meta) = look(&out.join(name))? else { continue };
            // A name with files below it is a folder of ours.
            match places.iter().any(|place| place.split_once('/').is_some_and(|(folder, _)| folder == name)) {
                false => self.check_file(out, name, &meta)?,
                true if !meta.is_dir() => return Err(in_the_way(out, name, &meta)),
                true => {
                    let ours = |inner: &str| is_taken(name, inner) || self.lists(&format!("{name}/{inner}"));
                    self.check_folder(out, name, &ours)?;
                }
            }
        }
        Ok(())
    }

    /// Whether `path` is a file of ours, or a folder that holds one.
    fn lists(&self, path: &str) -> bool {
        self.files.contains(path) || self.files.iter().any(|file| is_within(file, path))
    }

    fn check_file(&self, out: &Path, path: &str, meta: &Metadata) -> Result<()> {
        match meta.is_file() && self.files.contains(path) {
            true => Ok(()),
            false => Err(in_the_way(out, path, meta)),
        }
    }

    /// Checks the entries of a folder whose names concern us.
    fn check_folder(&self, out: &Path, folder: &str, concerns: &dyn Fn(&str) -> bool) -> Result<()> {
        let place = out.join(folder);
        let mut names: Vec<_> = fs::read_dir(&place).map_err(Error::io("read", &place))?.flatten().collect();
        names.sort_by_key(|entry| entry.file_name());
        for name in names.iter().map(fs::DirEntry::file_name) {
            let name = name.to_string_lossy();
            if !concerns(&name) {
                continue;
            }
            let path = format!("{folder}/{name}");
            let Some(meta) = look(&out.join(&path))? else { continue };
            // Folder of a table with several files: every file in it would be read as rows of the table.
            match meta.is_dir() && !self.files.contains(&path) && !name.contains('.') {
                true => self.check_folder(out, &path, &|_| true)?,
                false => self.check_file(out, &path, &meta)?,
            }
        }
        Ok(())
    }
}

/// Whether `path` is within `folder`.
fn is_within(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether a run may write a file called `name` to this folder.
fn is_taken(folder: &str, name: &str) -> bool {
    let mut tables = TABLES.iter().map(|table| table.name).chain([ZIP_LOCATIONS]);
    let file = |table: &str| name == table || name.strip_prefix(table) == Some(".parquet");
    match folder {
        "clean" => name == "places.json" || tables.any(file),
        "references" => tables.any(|table| name.strip_prefix(table).is_some_and(|rest| rest.starts_with('.'))),
        "quarantine" => tables.any(|table| name.strip_suffix(".csv") == Some(table)),
        "mart" => mart::QUERIES.iter().any(|query| file(query.name)),
        "by_state" | "by_category" => name.ends_with(".html") || name.ends_with(".pdf"),
        "report_files" => name.ends_with(".svg"),
        // A file with the name of a table in it would be read as a part of that table.
        DATA => name == TRUTH_FILE || tables.any(|table| name.contains(table)),
        _ => {
            let path = format!("{folder}/{name}");
            STEPS.iter().any(|step| step.makes.contains(&path.as_str()))
        }
    }
}

fn look(path: &Path) -> Result<Option<Metadata>> {
    files::look(path).map_err(Error::io("read", path))
}

/// The error for a file that exists and is not ours.
pub(crate) fn in_the_way(out: &Path, path: &str, meta: &Metadata) -> Error {
    let (place, kind) = (out.join(path), files::kind(meta));
    Error::input(format!("`{}` is in the way: {kind} that no run of pfe has left there", place.display())).with_hint(
        "pfe replaces and removes nothing but what the last run has listed in `run.json`: move it away, or choose another folder with \
         `--out`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::outputs::manifest::MANIFEST;

    /// The steps of a run, with or without generated data.
    fn steps(generated: bool) -> Vec<&'static Step> {
        STEPS.iter().filter(|step| step.runs_unasked() && (generated || step.id != "generate")).collect()
    }

    fn owned(files: &[&str]) -> Owned {
        Owned { files: files.iter().map(|file| file.to_string()).collect(), interrupted: false }
    }

    #[test]
    fn what_is_not_in_the_way_is_left_alone() {
        let out = tempfile::tempdir().unwrap();
        for name in [
            "notes.txt",
            "tables/notes.xlsx",
            "tables/by_state.xlsx",
            "clean/mine/f.txt",
            "clean/orders.csv",
            "mart/x.sql",
            "models/mine.pkl",
            "quarantine/notes.csv",
            "references/papers.bib",
            "data/olist_orders_dataset.csv",
        ] {
            let path = out.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "mine").unwrap();
        }
        owned(&[]).check(out.path(), &steps(false)).unwrap();
        let error = owned(&[]).check(out.path(), &steps(true)).unwrap_err().to_string();
        assert!(error.contains("data/olist_orders_dataset.csv` is in the way: a file"), "{error}");
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        for name in [
            "audit.json",
            "report.pdf",
            "tables/by_state.csv",
            "tables/by_state.csv/x",
            "clean/orders.parquet",
            "clean/orders/2018-01.parquet",
            "clean/orders/mine.parquet",
            "clean/places.json",
            "mart/products.parquet",
            "models/supply.parquet",
            "quarantine/orders.csv",
            "references/order_items.order_id.parquet",
            "tables",
            "clean",
        ] {
            let out = tempfile::tempdir().unwrap();
            let path = out.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, "mine").unwrap();
            let error = owned(&["tables/audit.csv"]).check(out.path(), &steps(false)).unwrap_err();
            let named = name.trim_end_matches("/x");
            assert!(error.to_string().contains(&format!("{named}` is in the way")), "{name}: {error}");
            if path.is_file()
                && name.contains(['.', '/'])
                && !name.ends_with("/x")
                && name != "clean/orders/mine.parquet"
            {
                owned(&[name]).check(out.path(), &steps(false)).unwrap();
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_nothing_that_a_run_has_left() {
        let (out, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(other.path(), out.path().join("tables")).unwrap();
        assert!(
            owned(&["tables/by_state.csv"])
                .check(out.path(), &steps(false))
                .unwrap_err()
                .to_string()
                .contains("a link")
        );
        fs::remove_file(out.path().join("tables")).unwrap();
        fs::write(other.path().join("x"), "mine").unwrap();
        std::os::unix::fs::symlink(other.path().join("x"), out.path().join("audit.json")).unwrap();
        assert!(owned(&["audit.json"]).check(out.path(), &steps(false)).unwrap_err().to_string().contains("a link"));
        std::os::unix::fs::symlink(other.path().join("x"), out.path().join(UNFINISHED)).unwrap();
        assert!(Owned::of(out.path()).unwrap_err().to_string().contains("a link"));
    }

    #[test]
    fn an_empty_mark_or_any_json_makes_nothing_ours() {
        let out = tempfile::tempdir().unwrap();
        for text in ["", "{}", r#"{"pfe": "1", "files": ["../x"]}"#, r#"{"pfe": "1", "files": ["notes.txt"]}"#] {
            fs::write(out.path().join(UNFINISHED), text).unwrap();
            assert!(Owned::of(out.path()).unwrap_err().to_string().contains("is in the way"), "{text}");
        }
        fs::write(out.path().join(UNFINISHED), r#"{"pfe": "1", "files": ["tables/audit.csv"]}"#).unwrap();
        let found = Owned::of(out.path()).unwrap();
        assert!(found.interrupted && found.files.contains("tables/audit.csv"));
        fs::remove_file(out.path().join(UNFINISHED)).unwrap();
        for text in ["", "{", r#"{"a":1}"#, "[]"] {
            fs::write(out.path().join(MANIFEST), text).unwrap();
            assert!(Owned::of(out.path()).unwrap_err().to_string().contains("is no manifest of pfe"), "{text}");
        }
    }
}
