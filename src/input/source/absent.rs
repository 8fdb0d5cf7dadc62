//! Tables and columns that a source lacks → one error that names all of them, what its files are instead, and the way in. Used by
//! `source`.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Part, Source};
use crate::error::Error;
use crate::input::columns;
use crate::input::find::found::Near;
use crate::input::find::recognize;
use crate::schema::contract::{Table, TableId};
use crate::schema::file_names::{self, Data};

/// Most files without the name of a table that are looked into.
const LOOKED_INTO: usize = 50;
/// Most descriptions of files in one hint.
const SHOWN: usize = 12;

/// Columns that a file lacks.
pub(crate) struct Lost {
    pub(crate) table: &'static Table,
    pub(crate) name: String,
    pub(crate) columns: Vec<&'static str>,
    /// What the file seems to be instead.
    pub(crate) looks: String,
}

/// The error for tables that no place of `source` holds, and columns that its files lack.
pub(crate) fn error(source: &Source, tables: &[&'static Table], mut lost: Vec<Lost>) -> Error {
    let strangers = strangers(source);
    let mut parts = source.chosen().flat_map(|file| file.parts());
    let is_whole = parts.any(|part| lost.iter().all(|lost| lost.name != part.name));
    let mut wrong = lost.iter().chain(&strangers).peekable();
    let of_others = !is_whole && wrong.peek().is_some() && wrong.all(Lost::is_of_others);
    let mut looks: Vec<String> =
        lost.iter().chain(&strangers).map(|lost| format!("`{}` {}", lost.name, lost.looks)).collect();
    if of_others {
        // Under names like those of tables they are as wrong as under the names themselves.
        lost.extend(strangers);
    }
    let mut told: Vec<String> = Vec::new();
    if !tables.is_empty() {
        let places: Vec<&str> = source.places.iter().map(String::as_str).collect();
        let names: Vec<&str> = tables.iter().map(|table| source.name_of(table)).collect();
        let kind = match (source.is_database(), names.len()) {
            (false, _) => "",
            (true, 1) => "the table ",
            (true, _) => "the tables ",
        };
        let are = if names.len() == 1 { "is" } else { "are" };
        told.push(format!("{kind}{} {are} missing from {}", listed(&names), listed(&places)));
    }
    told.extend(lost.iter().map(Lost::told));
    if let Some(more) = looks.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        looks.truncate(SHOWN);
        looks.push(format!("and {more} more"));
    }
    let hint = match (of_others, looks.len()) {
        (true, 1) => format!("this is no table of Olist's: {}", looks.concat()),
        (true, _) => format!("these are not Olist's tables: {}", looks.join("; ")),
        _ => looks.into_iter().chain(way_in(source, tables)).collect::<Vec<_>>().join("; "),
    };
    Error::input(told.join("; ")).with_hint(hint)
}

fn listed(names: &[&str]) -> String {
    format!("`{}`", names.join("`, `"))
}

impl Lost {
    fn told(&self) -> String {
        match &self.columns[..] {
            [column] => format!("column `{column}` is missing from `{}`", self.name),
            columns => format!("columns `{}` are missing from `{}`", columns.join("`, `"), self.name),
        }
    }

    /// Whether the file lacks most of what its table must have.
    fn is_of_others(&self) -> bool {
        self.columns.len() * 2 > self.table.columns.iter().filter(|column| !self.table.may_lack(column)).count()
    }
}

/// Files that are named like a table that no place holds, and have other columns.
fn strangers(source: &Source) -> Vec<Lost> {
    let of = |near: &Near| {
        let table = near.table.filter(|_| near.kind == Data::Rows && !near.fits)?.table();
        let head = near.part.head().ok()?;
        let columns = columns::lacks(table, &recognize::columns(&head), false);
        Some(Lost { table, name: near.part.name.clone(), columns, looks: recognize::looks(table, &head) })
    };
    source.near().filter_map(of).collect()
}

/// How to make a table of a file that may be meant for it, and what else is there.
fn way_in(source: &Source, tables: &[&'static Table]) -> Vec<String> {
    if tables.is_empty() {
        return Vec::new();
    }
    let is_missing = |id: TableId| tables.iter().any(|table| table.id == id);
    let mut hints = renamings(source, tables);
    hints.extend(workbooks(source, is_missing));
    let no_rows =
        |near: &&Near| !matches!(near.kind, Data::Rows | Data::Workbook) && near.table.is_some_and(is_missing);
    let not_rows: Vec<&str> = source.near().filter(no_rows).map(|near| near.part.name.as_str()).collect();
    let told = |name: &&str| source.all_unread().find(|told| told.starts_with(&format!("`{name}`"))).cloned();
    hints.extend(not_rows.iter().filter_map(told));
    if hints.is_empty() {
        hints.extend(found(source));
    }
    hints.extend(source.all_unread().filter(|told| told.contains(".zip")).cloned());
    hints
}

/// Files that a new name would make those of a missing table.
fn renamings(source: &Source, tables: &[&'static Table]) -> Vec<String> {
    let (mut like, mut whole) = (BTreeMap::<TableId, Vec<&str>>::new(), BTreeMap::<TableId, Vec<&str>>::new());
    let rows = || source.near().filter(|near| near.kind == Data::Rows);
    for near in rows().filter(|near| near.fits) {
        if let Some(id) = near.table {
            like.entry(id).or_default().push(&near.part.name);
        }
    }
    for near in rows().filter(|near| near.table.is_none()).take(LOOKED_INTO) {
        if let Some(id) = near.part.head().ok().and_then(|head| recognize::whole(&head)) {
            whole.entry(id).or_default().push(&near.part.name);
        }
    }
    let hint = |table: &&'static Table| {
        let new = |name: &str| match source.is_database() {
            true => format!("rename the table to `{}`", table.name),
            false => format!("rename it to `{}`", file_names::whole(table, name)),
        };
        match (like.get(&table.id).map(Vec::as_slice), whole.get(&table.id).map(Vec::as_slice)) {
            (Some([name]), _) => Some(format!("did you mean `{name}`? {}", new(name))),
            (Some(names @ [first, ..]), _) => {
                let end = file_names::whole(table, first);
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
    let books = source.near().filter(|near| near.kind == Data::Workbook);
    let books =
        books.filter_map(|near| Some((near.part.name.as_str(), near.table.filter(|id| is_missing(*id))?.table().file)));
    let (books, files): (Vec<&str>, Vec<&str>) = books.unzip();
    (!books.is_empty())
        .then(|| format!("pfe reads no workbooks: save {} as CSV, named {}", listed(&books), listed(&files)))
}

/// What is there, if nothing of it may be meant.
fn found(source: &Source) -> Vec<String> {
    let files: Vec<&str> = source.parts().iter().flat_map(Part::files).map(|file| file.name.as_str()).collect();
    let others: Vec<&str> = source.near().map(|near| near.part.name.as_str()).take(SHOWN).collect();
    let aside: Vec<String> = source.places.iter().flat_map(|place| aside(Path::new(place))).collect();
    let is_store = source.parts().iter().any(|part| part.store.is_some());
    match (source.is_database(), is_store) {
        (true, _) if !files.is_empty() || !others.is_empty() => {
            vec![format!("tables found: {}", listed(&[files, others].concat()))]
        }
        (_, true) => vec!["`pfe load --from FILES --to URL` fills a store; `--data` may name several places".into()],
        _ if !files.is_empty() => vec![format!("files found: {}", listed(&files))],
        _ if !aside.is_empty() => aside,
        _ => vec!["no Olist file is there; get the data from kaggle.com/datasets/olistbr/brazilian-ecommerce".into()],
    }
}

/// What the files of a folder without tables seem to be.
fn aside(folder: &Path) -> Vec<String> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    files.sort();
    files.iter().filter(|path| path.is_file()).filter_map(|path| recognize::aside(path)).take(3).collect()
}
