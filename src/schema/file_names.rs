//! File name → the table it stands for: the whole table, a part, or a name that is only similar; and what else it may hold. Used by
//! `input::find`.

use super::contract::{TABLES, Table, TableId};
use super::ddl::Stage;

/// Format of the rows of a file, by its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rows {
    /// Text with a header, compressed or not.
    Csv,
    /// Parquet, read to the same rows as CSV.
    Parquet,
    /// Nested documents, in an array or one after the other, compressed or not.
    Json,
}

/// What a file holds that no table takes, by the end of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Data {
    /// `pedidos.csv`: rows in a format that pfe reads.
    Rows,
    /// `orders.xlsx`
    Workbook,
    /// `shop.sqlite`
    Database,
    /// `orders.tar.gz`
    Archive,
    /// `orders.feather`, or `orders.dat`: a table's name, and an unknown format.
    Foreign,
    /// `orders.csv.bak`
    Backup,
    /// `orders.csv.crdownload`
    Unfinished,
}

/// How a file name matches the name of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NameMatch {
    /// `olist_orders_dataset.csv`, `Orders.CSV`.
    Table(TableId),
    /// `orders_2018-01.csv`, `orders_part2.csv`.
    Part(TableId),
    /// `orders (1).csv`: a browser's name for a second download.
    Copy(TableId),
    /// `orders_late.csv`: the table's name and other words.
    Similar(TableId),
    /// `ordesr.csv`: differs from the table's name by a letter or two.
    Misspelled(TableId),
}

impl NameMatch {
    pub(crate) fn table(self) -> TableId {
        match self {
            NameMatch::Table(id)
            | NameMatch::Part(id)
            | NameMatch::Copy(id)
            | NameMatch::Similar(id)
            | NameMatch::Misspelled(id) => id,
        }
    }
}

/// Extensions of compressed files, which follow that of the format.
const COMPRESSED: [&str; 2] = [".gz", ".zst"];
const PARQUET: &str = ".parquet";
/// Extensions of text with a header.
const TEXT: [&str; 3] = [".csv", ".tsv", ".txt"];
/// Extensions of documents: an array of them, or one in each line.
const JSON: [&str; 3] = [".json", ".jsonl", ".ndjson"];
/// Extensions of data in formats that pfe does not read beside other files; the longer of two that fit comes first.
const DATA: [(&str, Data); 27] = [
    (".xlsx", Data::Workbook),
    (".xlsm", Data::Workbook),
    (".xlsb", Data::Workbook),
    (".xls", Data::Workbook),
    (".ods", Data::Workbook),
    (".sqlite", Data::Database),
    (".sqlite3", Data::Database),
    (".db", Data::Database),
    (".duckdb", Data::Database),
    (".mdb", Data::Database),
    (".accdb", Data::Database),
    (".parquet.gz", Data::Foreign),
    (".parquet.zst", Data::Foreign),
    (".feather", Data::Foreign),
    (".arrow", Data::Foreign),
    (".orc", Data::Foreign),
    (".avro", Data::Foreign),
    (".zip", Data::Archive),
    (".tar.gz", Data::Archive),
    (".tgz", Data::Archive),
    (".tar", Data::Archive),
    (".7z", Data::Archive),
    (".rar", Data::Archive),
    (".bz2", Data::Archive),
    (".xz", Data::Archive),
    (".gz", Data::Archive),
    (".zst", Data::Archive),
];
/// What programs put behind the name of a file that they keep or have not finished.
const MARKS: [(&str, Data); 12] = [
    ("~", Data::Backup),
    (".bak", Data::Backup),
    (".backup", Data::Backup),
    (".old", Data::Backup),
    (".orig", Data::Backup),
    (".save", Data::Backup),
    (".crdownload", Data::Unfinished),
    (".download", Data::Unfinished),
    (".part", Data::Unfinished),
    (".partial", Data::Unfinished),
    (".filepart", Data::Unfinished),
    (".tmp", Data::Unfinished),
];
/// Extensions of files that hold no data, whatever their name.
const DOCUMENTS: [&str; 32] = [
    "bib", "cfg", "css", "doc", "docx", "gif", "htm", "html", "ini", "ipynb", "jpeg", "jpg", "js", "log", "md", "odt",
    "pdf", "png", "ppt", "pptx", "py", "r", "rst", "sh", "sql", "svg", "tex", "toml", "webp", "xml", "yaml", "yml",
];
/// Files that describe data: those that pfe writes, and Kaggle's.
const ABOUT: [&str; 6] =
    ["audit.json", "datapackage.json", "dataset-metadata.json", "ro-crate-metadata.json", "run.json", "truth.json"];
/// First words of the names of files that describe data.
const DESCRIBES: [&str; 3] = ["readme", "licence", "license"];

/// Highest number of letters by which a misspelt name may differ.
const MAX_EDITS: usize = 2;
/// Shortest name that is matched approximately: shorter names are too close to other words.
const SHORTEST: usize = 6;

/// Whether a file is compressed, by its name.
pub(crate) fn is_compressed(file_name: &str) -> bool {
    let name = file_name.to_lowercase();
    COMPRESSED.iter().any(|end| name.ends_with(end))
}

/// Whether a file is Parquet, by its name.
pub(crate) fn is_parquet(file_name: &str) -> bool {
    file_name.to_lowercase().ends_with(PARQUET)
}

/// A file's name in lower case without extensions, and the format that they name; `None` if they name none.
pub(crate) fn stem(file_name: &str) -> Option<(String, Rows)> {
    let name = file_name.to_lowercase();
    let plain = COMPRESSED.iter().find_map(|end| name.strip_suffix(end));
    let text = plain.unwrap_or(&name);
    let rows = |end: &str, rows| Some((text.strip_suffix(end)?.to_string(), rows));
    let parquet = || if plain.is_none() { rows(PARQUET, Rows::Parquet) } else { None };
    let json = || JSON.iter().find_map(|end| rows(end, Rows::Json));
    TEXT.iter().find_map(|end| rows(end, Rows::Csv)).or_else(json).or_else(parquet)
}

/// The kind of data in a file that no table takes, and its name in lower case without the extensions that show the kind; `None` if it
/// holds no data.
pub(crate) fn data(file_name: &str) -> Option<(String, Data)> {
    let name = file_name.to_lowercase();
    // `~$` starts the name of the file by which Excel locks a workbook.
    let skipped = name.starts_with(['.', '_']) || name.starts_with("~$") || ABOUT.contains(&&*name);
    if skipped || DESCRIBES.iter().any(|word| name.starts_with(word)) {
        return None;
    }
    let mark = MARKS.iter().find_map(|(mark, data)| Some((name.strip_suffix(mark)?, *data)));
    let (name, marked) = mark.map_or((name.as_str(), None), |(name, data)| (name, Some(data)));
    let known = || DATA.iter().find_map(|(end, data)| Some((name.strip_suffix(end)?.to_string(), *data)));
    let found = stem(name).map(|(stem, _)| (stem, Data::Rows)).or_else(known);
    let (stem, data) = found.or_else(|| {
        let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
        let is_of_table =
            matches!(match_name(stem), Some(NameMatch::Table(_) | NameMatch::Part(_) | NameMatch::Copy(_)));
        (is_of_table && !DOCUMENTS.contains(&end)).then(|| (stem.into(), Data::Foreign))
    })?;
    Some((stem, marked.unwrap_or(data)))
}

/// Whether a file is text that may be prose as well as rows, by its name.
pub(crate) fn may_be_prose(file_name: &str) -> bool {
    let name = file_name.to_lowercase();
    COMPRESSED.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name).ends_with(".txt")
}

/// A name that stands for the whole of `table`, with the extensions of the file `file_name`.
pub(crate) fn suggested_name(table: &Table, file_name: &str) -> String {
    let (own, _) = table.file.rsplit_once('.').unwrap_or((table.file, ""));
    // Extensions are ASCII: their length is the same in lower case.
    let length = |stem: &str| file_name.to_lowercase().len().saturating_sub(stem.len());
    let ends = stem(file_name).and_then(|(stem, _)| file_name.get(file_name.len().checked_sub(length(&stem))?..));
    format!("{own}{}", ends.unwrap_or(".csv"))
}

/// The table with exactly this name: Kaggle's, or a short name of the cloud layout, in any case.
pub(crate) fn named(stem: &str) -> Option<TableId> {
    let words = words(stem);
    let core = core(&words);
    TABLES.iter().find(|t| t.name == core || t.aliases.contains(&core)).map(|t| t.id)
}

/// Matches a name without extensions with the names of the tables.
pub(crate) fn match_name(stem: &str) -> Option<NameMatch> {
    if let Some(id) = named(stem) {
        return Some(NameMatch::Table(id));
    }
    if let Some(id) = before_copy_mark(stem).and_then(named) {
        return Some(NameMatch::Copy(id));
    }
    let words = words(stem);
    let head = words.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    if head.len() < words.len()
        && let Some(id) = named(head).or_else(|| named(head.strip_suffix("part")?.trim_end_matches('_')))
    {
        return Some(NameMatch::Part(id));
    }
    similar(&words)
}

/// `orders` of `orders (1)`.
fn before_copy_mark(stem: &str) -> Option<&str> {
    let (name, number) = stem.trim_end().strip_suffix(')')?.rsplit_once('(')?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then(|| name.trim_end())
}

/// Lower-case letters and digits; every other character becomes an underscore.
fn words(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

/// Removes the parts that all of Kaggle's names share.
fn core(words: &str) -> &str {
    let words = words.strip_prefix("olist_").unwrap_or(words);
    words.strip_suffix("_dataset").unwrap_or(words)
}

/// The longest table name among the words; otherwise a table name that is nearly the same.
fn similar(words: &str) -> Option<NameMatch> {
    let names = TABLES.iter().flat_map(|table| {
        // `state` is too common a word to name a table.
        let short = table.aliases.iter().filter(move |_| table.id != TableId::States).copied();
        [table.name].into_iter().chain(short).map(move |name| (name, table.id))
    });
    let among = format!("_{words}_");
    let within = names.clone().filter(|(name, _)| among.contains(&format!("_{name}_")));
    if let Some((_, id)) = within.max_by_key(|(name, _)| name.len()) {
        return Some(NameMatch::Similar(id));
    }
    let core = core(words);
    let misspelled =
        names.filter(|(name, _)| name.len() >= SHORTEST).map(|(name, id)| (strsim::osa_distance(core, name), id));
    misspelled.min().filter(|(distance, _)| *distance <= MAX_EDITS).map(|(_, id)| NameMatch::Misspelled(id))
}

/// Deepest folders of a place that are searched; the folder of a table, or of a lake, may lie one deeper.
const DEEPEST: usize = 3;
/// Most files of a place that are looked at: more is no folder of tables.
pub(crate) const MAX_FILES: usize = 10_000;

/// Whether to list the folder at this path within a place. Hidden folders hold no data; in the folders of a lake only those of tables do.
pub(crate) fn is_worth_listing(folder: &str) -> bool {
    let names: Vec<&str> = folder.split('/').filter(|name| !name.is_empty()).collect();
    let Some((last, above)) = names.split_last() else { return true };
    if names.iter().any(|name| name.starts_with('.')) {
        return false;
    }
    match above.iter().position(|name| Stage::named(name).is_some()) {
        Some(i) => i <= DEEPEST && i + 1 == above.len() && table_folder(last).is_some(),
        None if above.len() < DEEPEST => true,
        None => above.len() == DEEPEST && (table_folder(last).is_some() || Stage::named(last).is_some()),
    }
}

/// Whether a file may hold rows of the user. Files that pfe or an engine writes to the folders of a lake do not: their columns differ from
/// those of the source. `path` is its path within the place.
pub(crate) fn may_be_raw(path: &str) -> bool {
    let names: Vec<&str> = path.split('/').collect();
    let Some((own, folders)) = names.split_last() else { return true };
    let Some((i, stage)) = folders.iter().enumerate().find_map(|(i, name)| Some((i, Stage::named(name)?))) else {
        return true;
    };
    match &folders[i + 1..] {
        [] => !is_parquet(own) && stem(own).is_some_and(|(stem, _)| match_name(&stem).is_some()),
        [table] => table_folder(table).is_some() && (stage == Stage::Raw || !is_parquet(own)),
        _ => false,
    }
}

/// The table whose files a folder of this name holds: `orders`, or `orders.parquet` as Spark names it.
pub(crate) fn table_folder(name: &str) -> Option<TableId> {
    named(name).or_else(|| named(&stem(name)?.0))
}

#[cfg(test)]
mod tests;
