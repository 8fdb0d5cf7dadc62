//! First bytes or columns of a file → a description of its content, for messages about a wrong file. Used by `find` and `source`.

use std::io::Read;
use std::path::Path;

use crate::error::{Error, Result};
use crate::input::columns::{has_all_required, is, lacks};
use crate::input::dialect;
use crate::input::file::archive;
use crate::input::quarantine::shortened;
use crate::regular;
use crate::schema::contract::{LogicalType, TABLES, Table, TableId};
use crate::schema::{dates, file_names};

/// Bytes from which a file is recognized.
const HEAD: u64 = 1 << 12;
/// Characters at the start of a file that belong to names of columns.
const NAME_CHARACTERS: usize = 8;
/// Lines above the columns, such as a title, that a message names.
const ABOVE: usize = 20;
/// Shortest head that may end within a line: that of `FilePart::head`.
const FULL_HEAD: usize = 1 << 16;
/// Most columns that a message names.
const SHOWN: usize = 12;
/// Most characters of a column name that a message shows.
const MAX_NAME_LENGTH: usize = 40;
/// Describes a text that is not a table.
const UNKNOWN: &str = "is no data that pfe knows";
const LONE: &str = "is a lone table";
const SQLITE: &[u8] = b"SQLite format 3\0";

/// What a file is by its first bytes; `None` if they are ordinary text.
pub(crate) fn of_bytes(head: &[u8]) -> Option<&'static str> {
    let is = |magic: &[u8]| head.starts_with(magic);
    let binary = match () {
        () if is(SQLITE) => "a SQLite file",
        () if is(b"PK\x03\x04") => "a zip archive",
        () if is(b"PAR1") => "a Parquet file",
        () if is(b"\x1f\x8b") => "a gzip file",
        () if is(b"\x28\xb5\x2f\xfd") => "a zstd file",
        () if is(b"\xd0\xcf\x11\xe0") => "an old Excel or Word file",
        () if is(b"%PDF") => "a PDF",
        () if is(b"7z\xbc\xaf") || is(b"Rar!") => "a 7z or RAR archive",
        () if is_utf32(head) => "text in UTF-32, which is not read: save it as UTF-8",
        () if head.get(257..262) == Some(b"ustar") => "a tar archive",
        () => "",
    };
    if !binary.is_empty() {
        return Some(binary);
    }
    let text = String::from_utf8_lossy(head).trim_start_matches('\u{feff}').trim_start().to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    match () {
        () if begins(&["<!doctype html", "<html"]) => Some("a web page"),
        () if begins(&["<?xml", "<"]) => Some("XML"),
        () if begins(&["{", "["]) => Some("JSON"),
        () if is_sql(&text) => Some("SQL"),
        () => None,
    }
}

/// Whether three of four bytes at the start are zero, as in names of columns in UTF-32.
fn is_utf32(head: &[u8]) -> bool {
    let mut characters = head.chunks_exact(4).take(NAME_CHARACTERS).peekable();
    let is_mark = |bytes: &[u8]| [[0xff, 0xfe, 0, 0], [0, 0, 0xfe, 0xff]].iter().any(|mark| bytes == mark);
    let is_ascii =
        |bytes: &[u8]| bytes.iter().filter(|byte| **byte == 0).count() == 3 && (bytes[1], bytes[2]) == (0, 0);
    characters.next_if(|first| is_mark(first));
    characters.peek().is_some() && characters.all(is_ascii)
}

/// Whether a text is SQL, by its first word outside comments.
fn is_sql(text: &str) -> bool {
    const STATEMENTS: [&str; 12] = [
        "create ",
        "insert into",
        "drop ",
        "begin",
        "pragma ",
        "set ",
        "use ",
        "select ",
        "with ",
        "alter ",
        "copy ",
        "start transaction",
    ];
    let line = |line: &&str| !line.is_empty() && !line.starts_with("--") && !line.starts_with("/*");
    let first = text.lines().map(str::trim).find(line);
    let comment = text.starts_with("--") || text.starts_with("/*");
    first.map_or(comment, |line| STATEMENTS.iter().any(|word| line.starts_with(word) || line == word.trim()))
}

/// What a file with these columns is, if it was taken for `table`; in words for a message.
fn of_columns(table: &Table, columns: &[String]) -> String {
    let matches = |t: &Table| t.columns.iter().filter(|c| columns.iter().any(|h| is(c, h))).count();
    let matching = matches(table);
    if let Some(other) = TABLES.iter().find(|t| has_all_required(t, columns) && matches(t) > matching) {
        return format!("has the columns of `{}`", other.name);
    }
    let shown = columns
        .iter()
        .take(SHOWN)
        .map(|c| format!("`{}`", shortened(c, MAX_NAME_LENGTH)))
        .collect::<Vec<_>>()
        .join(", ");
    let more = columns.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    match matching {
        0 => format!("is a table of something else, with the columns {shown}{more}"),
        _ => format!("has the columns {shown}{more}"),
    }
}

/// Whether a file with this head may hold the rows of a table: it has all columns that the table must have. Documents are not examined.
pub(crate) fn may_be(table: &Table, head: &[u8]) -> bool {
    of_bytes(head) == Some("JSON") || lacks(table, &columns(head), false).is_empty()
}

/// The table of which a file with this head has all required columns; `None` if several tables are joined in the file.
pub(crate) fn table_of(head: &[u8]) -> Option<TableId> {
    let columns = columns(head);
    let mut matching = TABLES.iter().filter(|table| has_all_required(table, &columns));
    matching.next().filter(|_| matching.next().is_none()).map(|table| table.id)
}

/// What a file with this head seems to be, if it was taken for `table`; in words for a message.
pub(crate) fn describe(table: &Table, head: &[u8]) -> String {
    if let Some(what) = of_bytes(head) {
        return format!("looks like {what}");
    }
    match line_of_columns(table, &decoded(head)) {
        Some(line) => format!("has its columns in line {line}: remove the lines above them"),
        None => of_columns(table, &columns(head)),
    }
}

/// The line below the first one that holds all required columns, from 1: a title may stand above it.
fn line_of_columns(table: &Table, text: &str) -> Option<usize> {
    let starts = text.match_indices('\n').map(|(end, _)| end + 1).take(ABOVE);
    let is_header = |start: usize| has_all_required(table, &records(&text[start..]).next().unwrap_or_default());
    // A blank line would be passed over, and counts.
    let is_blank = |start: usize| text[start..].starts_with(['\r', '\n']);
    starts.zip(2..).find(|(start, _)| !is_blank(*start) && is_header(*start)).map(|(_, line)| line)
}

/// The columns in the first line.
pub(crate) fn columns(head: &[u8]) -> Vec<String> {
    records(&decoded(head)).next().unwrap_or_default()
}

/// A column of dates and the first of its values that is no date, if most values in the head of a file of `table` are not readable dates.
pub(crate) fn undated(table: &Table, head: &[u8]) -> Option<(&'static str, String)> {
    let text = decoded(head);
    let mut rows = records(&text);
    let header = rows.next()?;
    let rows: Vec<Vec<String>> = rows.collect();
    // The last line of a longer file is cut.
    let complete = if head.len() < FULL_HEAD { rows.len() } else { rows.len().saturating_sub(1) };
    let dates = table.columns.iter().filter(|column| column.kind == LogicalType::Timestamp);
    dates.into_iter().find_map(|column| {
        let position = header.iter().position(|name| is(column, name))?;
        let values = rows[..complete].iter().filter_map(|row| row.get(position)).filter(|value| !value.is_empty());
        let (read, unread): (Vec<&String>, Vec<&String>) = values.partition(|value| dates::is_readable(value));
        let first = unread.first().filter(|_| unread.len() > read.len())?;
        Some((column.source, shortened(first, MAX_NAME_LENGTH).into_owned()))
    })
}

/// The lines of a text as fields. Uses the delimiter that yields the most names of the contract in the first one.
fn records(text: &str) -> impl Iterator<Item = Vec<String>> {
    // Excel's first line names the delimiter.
    let text = match text.split_once('\n') {
        Some((first, rest)) if first.trim_end().len() <= dialect::SEP.len() + 1 && first.starts_with(dialect::SEP) => {
            rest
        }
        _ => text,
    };
    let split = |delimiter: u8| {
        let mut builder = csv::ReaderBuilder::new();
        let reader = builder.has_headers(false).flexible(true).delimiter(delimiter).from_reader(text.as_bytes());
        let fields = |record: csv::StringRecord| record.iter().map(|name| name.trim().to_string()).collect();
        reader.into_records().map_while(move |record| record.ok().map(fields))
    };
    let known = |delimiter: &u8| {
        let names: Vec<String> = split(*delimiter).next().unwrap_or_default();
        let columns = TABLES.iter().flat_map(|t| t.columns);
        let found = columns.filter(|c| names.iter().any(|name| is(c, name))).count();
        (found, names.len())
    };
    let line = text.lines().next().unwrap_or_default();
    let delimiters = [b'|', b'\t', b';', b','].into_iter().filter(|c| *c == b',' || line.as_bytes().contains(c));
    split(delimiters.max_by_key(known).unwrap_or(b','))
}

/// Decodes text in an encoding that spreadsheets write.
fn decoded(head: &[u8]) -> String {
    let text = match dialect::utf16(head) {
        Some(encoding) => encoding.decode_with_bom_removal(head).0,
        None => String::from_utf8_lossy(head),
    };
    text.trim_start_matches('\u{feff}').to_string()
}

/// Whether the file is a SQLite database.
pub(crate) fn is_sqlite(path: &Path) -> Result<bool> {
    Ok(head(path)?.starts_with(SQLITE))
}

/// Whether the file is a zip archive, even a damaged one, but not a workbook.
pub(crate) fn is_zip(path: &Path) -> Result<bool> {
    let is_named_zip = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("zip"));
    Ok((is_named_zip || head(path)?.starts_with(b"PK")) && !archive::is_workbook(path))
}

fn head(path: &Path) -> Result<Vec<u8>> {
    let mut head = Vec::new();
    regular::open(path)?.take(HEAD).read_to_end(&mut head).map_err(Error::io("read", path))?;
    Ok(head)
}

/// Why a single file cannot be passed to `--data`, and what to do instead. Also used for a file in a place where tables should be.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn describe_single_file(path: &Path) -> Result<(String, String)> {
    let head = head(path)?;
    let (name, folder) = (path.display(), path.parent().filter(|dir| !dir.as_os_str().is_empty()));
    let folder = folder.unwrap_or(Path::new(".")).display();
    let what = match of_bytes(&head) {
        Some("a zip archive") if archive::is_workbook(path) => Some("an Excel workbook"),
        what => what,
    };
    let hint = match what {
        Some("a SQLite file") => format!("name it: `--data {name}`"),
        Some("an Excel workbook" | "an old Excel or Word file") => {
            "save each sheet as CSV under its table's name (`orders.csv`, …) in one folder, and name the folder".into()
        }
        Some("SQL") => {
            format!(
                "load the dump into a database and name that: `sqlite3 shop.sqlite < {name}`, then `--data sqlite:shop.sqlite`"
            )
        }
        Some("a web page") => {
            "a download that asks for a login first gives such a page; download the data again".into()
        }
        Some("a gzip file" | "a zstd file" | "a tar archive" | "a 7z or RAR archive") => {
            "unpack it, and name the folder with the tables".into()
        }
        Some("a Parquet file") => {
            format!("it is one table at most; name the folder with all of them: `--data {folder}`")
        }
        Some(_) => "`--data` takes a folder of Olist CSV files, Kaggle's zip or the URL of a store".into(),
        None => return Ok(text(path, &columns(&head), &folder.to_string())),
    };
    Ok((format!("`{name}` is {}", what.unwrap_or_default()), hint))
}

/// [`describe_single_file`] for a text file.
fn text(path: &Path, columns: &[String], folder: &str) -> (String, String) {
    let name = path.display();
    let keys = [TableId::Orders, TableId::OrderItems, TableId::OrderPayments, TableId::OrderReviews, TableId::Products];
    // Columns that are unique to a table show that it is part of the file.
    let of = |id: &TableId| id.table().columns.iter().rev().take(2).any(|c| columns.iter().any(|h| is(c, h)));
    let joined: Vec<&str> = keys.iter().filter(|id| of(id)).map(|id| id.name()).collect();
    if joined.len() > 1 {
        return (
            format!("`{name}` is one table into which several are joined: `{}`", joined.join("`, `")),
            "a join repeats rows, so that amounts no longer add up; name the folder with the tables before they were joined"
                .into(),
        );
    }
    let hint = format!("an analysis needs all tables; name the folder that holds them: `--data {folder}`");
    match TABLES.iter().find(|table| has_all_required(table, columns)) {
        Some(table) => (format!("`{name}` {LONE}, `{}`", table.name), hint),
        None if columns.len() > 1 => (format!("`{name}` {LONE}, and none of Olist's"), hint),
        None => (
            format!("`{name}` {UNKNOWN}"),
            "`--data` takes a folder of Olist CSV files, Kaggle's zip or the URL of a store".into(),
        ),
    }
}

/// What a file in a folder without tables is, if that hints at where the tables are.
pub(crate) fn describe_other_file(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let extensions = [".xlsx", ".xls", ".sql", ".sqlite", ".sqlite3", ".db", ".gz", ".tar", ".7z", ".rar"];
    let is_of_interest =
        file_names::stem(name).is_some() || extensions.iter().any(|extension| name.to_lowercase().ends_with(extension));
    let (what, hint) = describe_single_file(path)
        .ok()
        .filter(|(what, _)| is_of_interest && !what.contains(UNKNOWN) && !what.contains(LONE))?;
    Some(format!("{what}: {hint}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_tell_what_a_file_is() {
        assert_eq!(of_bytes(b"SQLite format 3\0..."), Some("a SQLite file"));
        assert_eq!(of_bytes(b"\xef\xbb\xbf-- a dump\n\nCREATE TABLE orders (id int);"), Some("SQL"));
        assert_eq!(of_bytes(b"/* dump */\nINSERT INTO orders VALUES (1)"), Some("SQL"));
        assert_eq!(of_bytes(b"select * from {{ ref('orders') }}"), Some("SQL"));
        assert_eq!(of_bytes(b"<!DOCTYPE html><html>"), Some("a web page"));
        assert_eq!(of_bytes(b"order_id,customer_id\n"), None);
        for mark in ["", "\u{feff}"] {
            let text = format!("{mark}\"order_id\",\"customer_id\"\n");
            let wide = |bytes: fn(u32) -> [u8; 4]| text.chars().flat_map(|c| bytes(u32::from(c))).collect::<Vec<u8>>();
            for bytes in [wide(u32::to_le_bytes), wide(u32::to_be_bytes)] {
                assert!(of_bytes(&bytes).is_some_and(|what| what.contains("UTF-32")));
            }
        }
        assert_eq!(of_bytes(&"\u{feff}order_id,".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>()), None);
        assert_eq!(of_bytes(b"created_at,set_id\n"), None);
    }

    #[test]
    fn columns_are_found_whatever_separates_them() {
        let expected = ["order_id", "customer_id"];
        for text in [
            "order_id,customer_id\n1,2",
            "\u{feff}order_id;customer_id\r\n1;2",
            "order_id\t\"customer_id\"",
            "order_id|customer_id",
            "sep=;\r\norder_id;customer_id\r\n1;2",
            "sep=\t\norder_id\tcustomer_id",
        ] {
            assert_eq!(columns(text.as_bytes()), expected, "{text}");
        }
        for text in ["\u{feff}order_id;customer_id\n", "order_id;customer_id\n"] {
            let wide = |bytes: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(bytes).collect() };
            assert_eq!(columns(&wide(u16::to_le_bytes)), expected);
            assert_eq!(columns(&wide(u16::to_be_bytes)), expected);
        }
    }

    #[test]
    fn columns_below_a_title_are_told() {
        let table = TableId::Sellers.table();
        let header: Vec<&str> = table.columns.iter().map(|column| column.source).collect();
        let [comma, semicolon] = [",", ";"].map(|delimiter| header.join(delimiter));
        for (text, line) in
            [(format!("Export of 2018\n\n{comma}\nx,1\n"), 3), (format!("\u{feff}Sellers; all\r\n{semicolon}\r\n"), 2)]
        {
            let told = describe(table, text.as_bytes());
            assert_eq!(told, format!("has its columns in line {line}: remove the lines above them"));
        }
        assert!(describe(table, b"Export of 2018\nid,name\n").contains("something else"));
    }

    #[test]
    fn dates_that_are_not_read_are_found_in_the_head() {
        let undated = |text: &str| undated(TableId::Orders.table(), text.as_bytes());
        let header = "order_id;order_purchase_timestamp;order_approved_at";
        let found = undated(&format!("sep=;\n{header}\na;26/09/17;\nb;27/09/17;2018-01-01\n"));
        assert_eq!(found, Some(("order_purchase_timestamp", "26/09/17".into())));
        assert_eq!(undated(&format!("{header}\na;26/09/17;\nb;27/09/2017;\n")), None);
        assert!(undated(&format!("{header}\na;26/09/17;\nb;27/09/2017;\nc;x;\n")).is_some());
        assert_eq!(undated(&format!("{header}\n")), None);
    }

    #[test]
    fn a_lone_file_gets_the_way_in() {
        let dir = tempfile::tempdir().unwrap();
        let of = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            describe_single_file(&path).unwrap()
        };
        let header = |ids: &[TableId]| {
            let columns: Vec<&str> = ids.iter().flat_map(|id| id.table().columns).map(|c| c.source).collect();
            columns.join(",") + "\n"
        };
        let all = header(&[TableId::Orders, TableId::OrderItems, TableId::OrderPayments]);
        let (what, hint) = of("all.csv", all.as_bytes());
        assert!(what.ends_with("several are joined: `orders`, `order_items`, `order_payments`"), "{what}");
        assert!(hint.contains("a join repeats rows"), "{hint}");
        let (what, hint) = of("x.csv", header(&[TableId::Sellers]).as_bytes());
        assert!(what.ends_with("is a lone table, `sellers`") && hint.contains("--data"), "{what} {hint}");
        assert!(of("seed.csv", b"id,user_id,order_date,status\n").0.ends_with("none of Olist's"));
        assert!(of("dump.sql", b"CREATE TABLE a;").1.contains("sqlite3"));
    }
}
