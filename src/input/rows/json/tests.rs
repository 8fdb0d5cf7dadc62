//! Tests of `json`.

use super::*;
use crate::input::identity::InputFile;
use crate::input::raw_table::RawTable;
use crate::schema::contract::TableId;

fn read_text(text: impl AsRef<[u8]>) -> Result<RawTable> {
    let mut bytes = text.as_ref();
    let mut tap = HashingReader::new(&mut bytes);
    let mut builder = TableBuilder::new(TableId::Sellers.table(), "sellers.json", 0, None);
    read(&mut tap, &mut builder)?;
    builder.finish(InputFile::single("sellers.json", 0, String::new()), true)
}

fn seller(n: u8, city: &str) -> String {
    format!(
        "{{\"seller_id\": \"{}\",\n\"seller_address\": {{\"seller_zip_code\": 1151, \"seller_city\": {city},\
         \"seller_state\": \"SP\"}}}}",
        format!("{n:02x}").repeat(16)
    )
}

fn lines(table: &RawTable) -> (Vec<u32>, Vec<Option<u64>>) {
    (table.lines.clone(), table.quarantine.listed.iter().map(|row| row.line).collect())
}

#[test]
fn an_array_and_single_documents_are_the_same_rows() {
    let [a, b, c] = [1, 2, 3].map(|n| seller(n, "\"s\\u00e3o paulo\""));
    let array = read_text(format!("\u{feff}\n[\n{a},\n\n{b}, {c}\n]\n")).unwrap();
    let one_by_one = read_text(format!("\n\n{a}\n\n{b} {c}")).unwrap();
    assert_eq!(lines(&array), (vec![3, 6, 7], vec![]));
    assert_eq!(lines(&one_by_one).0, [3, 6, 7]);
    assert!(array.frame.equals(&one_by_one.frame));
    assert_eq!(array.frame.column("seller_city").unwrap().str().unwrap().get(0), Some("são paulo"));
    assert_eq!(read_text("[]").unwrap().rows_in, 0);
}

#[test]
fn what_is_wrong_with_a_document_is_said() {
    let [good, more, most] = [1, 2, 3].map(|n| seller(n, "\"x\""));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let digits = "9".repeat(1_000_000);
    for (bad, reason) in [
        ("3".to_string(), "not a document"),
        (seller(4, "\"x\"").replacen('{', "{\"seller_id\": \"other\",", 1), "`seller_id` stands twice"),
        (seller(4, "\"\\ud800\""), "not readable"),
        (seller(4, "null"), "a value is required"),
        (seller(4, "\"x\"").replace("1151", &digits), "not a zip prefix"),
        (seller(4, "\"x\"").replace("1151", &deep), "not a zip prefix"),
    ] {
        let table = read_text(format!("[{good},{more},{bad},{most}]")).unwrap();
        assert_eq!((table.rows_in, table.quarantine.len()), (4, 1), "{reason}");
        let found = &table.quarantine.listed[0];
        assert!(found.reason.starts_with(reason), "{}", found.reason);
    }
}

#[test]
fn columns_that_no_document_has_are_empty_and_named() {
    let read = |id: TableId, text: &str| {
        let mut bytes = text.as_bytes();
        let mut builder = TableBuilder::new(id.table(), "x.json", 0, None);
        let warnings = super::read(&mut HashingReader::new(&mut bytes), &mut builder)?;
        Ok::<_, Error>((builder.finish(InputFile::single("x.json", 0, String::new()), true)?, warnings))
    };
    let points = "{\"geolocation_zip_code\": 1151, \"geolocation_city\": \"x\", \"geolocation_state\": \"SP\"}";
    let (table, warnings) = read(TableId::Geolocation, points).unwrap();
    assert_eq!((table.rows_in, table.quarantine.len()), (1, 0));
    let missing = |column: &str| format!("column `{column}` is missing from `x.json`: it is empty");
    assert_eq!(warnings, ["geolocation_lat", "geolocation_lng"].map(missing));
    // It suffices that one document has the column.
    let both = format!("{points} {}", points.replacen('{', "{\"geolocation_lat\": -23.5, ", 1));
    assert_eq!(read(TableId::Geolocation, &both).unwrap().1, [missing("geolocation_lng")]);
    let key = read(TableId::Geolocation, "{\"geolocation_lat\": -23.5}").unwrap_err();
    assert!(key.to_string().contains("`geolocation_zip_code_prefix` is missing"), "{key}");
}

#[test]
fn files_that_hold_no_documents_are_refused() {
    let good = seller(1, "\"x\"");
    let long = seller(2, &format!("\"{}\"", "x".repeat(MAX_DOCUMENT as usize)));
    for (text, word, hint) in [
        (format!("[{good}"), "EOF", "cut off"),
        (format!("[{good}] {good}"), "trailing characters", "one document after the other"),
        (format!("[{good},]"), "trailing comma", "one document after the other"),
        ("hello".into(), "expected value", "one document after the other"),
        (format!("[{good}, {long}]"), "longer than", "damaged"),
    ] {
        let error = read_text(text).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
        assert!(error.hint().unwrap().contains(hint), "{error}: {:?}", error.hint());
    }
    assert!(read_text(b"[{\"seller_id\": \"\xff\"}]").unwrap_err().to_string().contains("sellers.json"));
}
