//! Tables and columns that a source lacks → one error that names all of them, what its files are instead, and what to do. Used by
//! `source`.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Part, Source};
use crate::error::Error;
use crate::input::columns;
use crate::input::find::found::Candidate;
use crate::input::find::recognize;
use crate::schema::contract::{Table, TableId};
use crate::schema::file_names::{self, Data};

/// Most files without the name of a table whose head is read.
const MAX_INSPECTED: usize = 50;
/// Most descriptions of files in one hint.
const SHOWN: usize = 12;

/// Columns that a file lacks.
pub(crate) struct MissingColumns {
    pub(crate) table: &'static Table,
    pub(crate) name: String,
    pub(crate) columns: Vec<&'static str>,
    /// What the file seems to be instead.
    pub(crate) description: String,
}

/// The error for tables that no place of `source` holds, and columns that its files lack.
pub(crate) fn error(source: &Source, tables: &[&'static Table], mut incomplete: Vec<MissingColumns>) -> Error {
    let misnamed = misnamed(source);
    let mut parts = source.chosen().flat_map(|file| file.parts());
    let has_complete_file = parts.any(|part| incomplete.iter().all(|file| file.name != part.name));
    let mut wrong = incomplete.iter().chain(&misnamed).peekable();
    let all_foreign = !has_complete_file && wrong.peek().is_some() && wrong.all(MissingColumns::is_foreign);
    let mut descriptions: Vec<String> =
        incomplete.iter().chain(&misnamed).map(|file| format!("`{}` {}", file.name, file.description)).collect();
    if all_foreign {
        // A foreign file is wrong under a name similar to that of a table, too.
        incomplete.extend(misnamed);
    }
    let mut messages: Vec<String> = Vec::new();
    if !tables.is_empty() {
        let places: Vec<&str> = source.places.iter().map(String::as_str).collect();
        let names: Vec<&str> = tables.iter().map(|table| source.name_of(table)).collect();
        let kind = match (source.is_database(), names.len()) {
            (false, _) => "",
            (true, 1) => "the table ",
            (true, _) => "the tables ",
        };
        let are = if names.len() == 1 { "is" } else { "are" };
        messages.push(format!("{kind}{} {are} missing from {}", listed(&names), listed(&places)));
    }
    messages.extend(incomplete.iter().map(MissingColumns::message));
    if let Some(more) = descriptions.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        descriptions.truncate(SHOWN);
        descriptions.push(format!("and {more} more"));
    }
    let hint = match (all_foreign, descriptions.len()) {
        (true, 1) => format!("this is no table of Olist's: {}", descriptions.concat()),
        (true, _) => format!("these are not Olist's tables: {}", descriptions.join("; ")),
        _ => descriptions.into_iter().chain(hints_for(source, tables)).collect::<Vec<_>>().join("; "),
    };
    Error::input(messages.join("; ")).with_hint(hint)
}

fn listed(names: &[&str]) -> String {
    format!("`{}`", names.join("`, `"))
}

impl MissingColumns {
    fn message(&self) -> String {
        match &self.columns[..] {
            [column] => format!("column `{column}` is missing from `{}`", self.name),
            columns => format!("columns `{}` are missing from `{}`", columns.join("`, `"), self.name),
        }
    }

    /// Whether the file lacks most of what its table must have.
    fn is_foreign(&self) -> bool {
        self.columns.len() * 2 > self.table.columns.iter().filter(|column| !self.table.may_lack(column)).count()
    }
}

/// Files that are named like a table that no place holds, and have other columns.
fn misnamed(source: &Source) -> Vec<MissingColumns> {
    let of = |candidate: &Candidate| {
        let table = candidate.table.filter(|_| candidate.kind == Data::Rows && !candidate.fits)?.table();
        let head = candidate.part.head().ok()?;
        let columns = columns::lacks(table, &recognize::columns(&head), false);
        Some(MissingColumns {
            table,
            name: candidate.part.name.clone(),
            columns,
            description: recognize::describe(table, &head),
        })
    };
    source.candidates().filter_map(of).collect()
}

/// Hints at how a file that may be meant for a missing table becomes one, and at what the places hold instead.
fn hints_for(source: &Source, tables: &[&'static Table]) -> Vec<String> {
    if tables.is_empty() {
        return Vec::new();
    }
    let is_missing = |id: TableId| tables.iter().any(|table| table.id == id);
    let mut hints = renamings(source, tables);
    hints.extend(workbooks(source, is_missing));
    let no_rows = |candidate: &&Candidate| {
        !matches!(candidate.kind, Data::Rows | Data::Workbook) && candidate.table.is_some_and(is_missing)
    };
    let not_rows: Vec<&str> =
        source.candidates().filter(no_rows).map(|candidate| candidate.part.name.as_str()).collect();
    let warning = |name: &&str| source.all_unread().find(|warning| warning.starts_with(&format!("`{name}`"))).cloned();
    hints.extend(not_rows.iter().filter_map(warning));
    if hints.is_empty() {
        hints.extend(found(source));
    }
    hints.extend(source.all_unread().filter(|warning| warning.contains(".zip")).cloned());
    hints
}

/// Files that a new name would make those of a missing table.
fn renamings(source: &Source, tables: &[&'static Table]) -> Vec<String> {
    let (mut similar, mut matching) = (BTreeMap::<TableId, Vec<&str>>::new(), BTreeMap::<TableId, Vec<&str>>::new());
    let rows = || source.candidates().filter(|candidate| candidate.kind == Data::Rows);
    for candidate in rows().filter(|candidate| candidate.fits) {
        if let Some(id) = candidate.table {
            similar.entry(id).or_default().push(&candidate.part.name);
        }
    }
    for candidate in rows().filter(|candidate| candidate.table.is_none()).take(MAX_INSPECTED) {
        if let Some(id) = candidate.part.head().ok().and_then(|head| recognize::table_of(&head)) {
            matching.entry(id).or_default().push(&candidate.part.name);
        }
    }
    let hint = |table: &&'static Table| {
        let new = |name: &str| match source.is_database() {
            true => format!("rename the table to `{}`", table.name),
            false => format!("rename it to `{}`", file_names::suggested_name(table, name)),
        };
        match (similar.get(&table.id).map(Vec::as_slice), matching.get(&table.id).map(Vec::as_slice)) {
            (Some([name]), _) => Some(format!("did you mean `{name}`? {}", new(name))),
            (Some(names @ [first, ..]), _) => {
                let end = file_names::suggested_name(table, first);
                let end = end.trim_start_matches(|c| c != '.');
                let name = table.name;
                Some(format!(
                    "{} look like parts of `{name}`: parts of a table are told by a number or a month, as `{name}_1{end}` and \
                     `{name}_2{end}`",
                    listed(names)
                ))
            }
            (_, Some([name])) => Some(format!("`{name}` has the columns of `{}`: {}", table.name, new(name))),
            (_, Some(names)) => Some(format!("{} have the columns of `{}`", listed(names), table.name)),
            _ => None,
        }
    };
    tables.iter().filter_map(hint).collect()
}

/// How the sheets of workbooks that are named like missing tables become tables.
fn workbooks(source: &Source, is_missing: impl Fn(TableId) -> bool) -> Option<String> {
    let books = source.candidates().filter(|candidate| candidate.kind == Data::Workbook);
    let books = books.filter_map(|candidate| {
        Some((candidate.part.name.as_str(), candidate.table.filter(|id| is_missing(*id))?.table().file))
    });
    let (books, files): (Vec<&str>, Vec<&str>) = books.unzip();
    (!books.is_empty())
        .then(|| format!("pfe reads no workbooks: save {} as CSV, named {}", listed(&books), listed(&files)))
}

/// What the places hold, if no file may be meant for a missing table.
fn found(source: &Source) -> Vec<String> {
    let files: Vec<&str> = source.parts().iter().flat_map(Part::files).map(|file| file.name.as_str()).collect();
    let others: Vec<&str> = source.candidates().map(|candidate| candidate.part.name.as_str()).take(SHOWN).collect();
    let other_files: Vec<String> =
        source.places.iter().flat_map(|place| describe_other_files(Path::new(place))).collect();
    let is_store = source.parts().iter().any(|part| part.store.is_some());
    match (source.is_database(), is_store) {
        (true, _) if !files.is_empty() || !others.is_empty() => {
            vec![format!("tables found: {}", listed(&[files, others].concat()))]
        }
        (_, true) => vec!["`pfe load --from FILES --to URL` fills a store; `--data` may name several places".into()],
        _ if !files.is_empty() => vec![format!("files found: {}", listed(&files))],
        _ if !other_files.is_empty() => other_files,
        _ => vec!["no Olist file is there; get the data from kaggle.com/datasets/olistbr/brazilian-ecommerce".into()],
    }
}

/// What the files of a folder without tables seem to be.
fn describe_other_files(folder: &Path) -> Vec<String> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.iter().filter(|path| path.is_file()).filter_map(|path| recognize::describe_other_file(path)).take(3).collect()
}
