//! Files as spreadsheets write them: marks, delimiters, dates, amounts and encodings.

use super::variants::{GEOLOCATION, ITEMS, ORDERS, PAYMENTS, REVIEWS, SELLERS, clean, generated, same};
use crate::workdir::{Workdir, assert_same};

/// Excel's line that names the delimiter, and UTF-16 without a mark.
#[test]
fn what_spreadsheets_write_before_the_header_or_leave_out() {
    let work = Workdir::with_data();
    work.edit(&format!("data/{SELLERS}"), |csv| format!("sep=;\r\n{}", csv.replace(',', ";").replace('\n', "\r\n")));
    let text = work.read(&format!("data/{ORDERS}"));
    work.write(&format!("data/{ORDERS}"), text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    same(&work, "data", &["it is separated by `;`", "it is written in UTF-16LE"]);
}

#[test]
fn a_mark_of_bytes_and_an_index_column() {
    let work = Workdir::with_data();
    let indexed = |csv: String| {
        let lines = csv.lines().enumerate();
        lines.map(|(i, line)| if i == 0 { format!(",{line}\n") } else { format!("{},{line}\n", i - 1) }).collect()
    };
    work.edit(&format!("data/{PAYMENTS}"), indexed);
    work.edit(&format!("data/{SELLERS}"), |csv| format!("\u{feff}{csv}"));
    same(&work, "data", &[PAYMENTS]);
}

/// Rewrites the fields of a table, with another delimiter.
fn rewritten(work: &Workdir, name: &str, delimiter: u8, rewrite: impl Fn(&str, &str) -> String) {
    let path = work.path("data").join(name);
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let header = reader.headers().unwrap().clone();
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for record in reader.records() {
        writer.write_record(record.unwrap().iter().zip(&header).map(|(field, column)| rewrite(column, field))).unwrap();
    }
    work.write(&format!("data/{name}"), writer.into_inner().unwrap());
}

fn is_date(column: &str) -> bool {
    ["_timestamp", "_date", "_at"].iter().any(|end| column.ends_with(end))
}

/// Rewrites the dates of all tables.
fn dated(work: &Workdir, write: impl Fn(&str) -> String) {
    for name in [ORDERS, ITEMS, REVIEWS] {
        rewritten(work, name, b',', |column, field| match is_date(column) && !field.is_empty() {
            true => write(field),
            false => field.into(),
        });
    }
}

#[test]
fn dates_in_other_forms() {
    type Write = fn(&str) -> String;
    let forms: [Write; 3] = [
        |date| date.replace(' ', "T"),
        |date| date.to_string() + ".000",
        |date| {
            let (day, time) = date.split_once(' ').unwrap();
            let parts: Vec<&str> = day.split('-').collect();
            format!("{}/{}/{} {time}", parts[2], parts[1], parts[0])
        },
    ];
    for form in forms {
        let work = Workdir::with_data();
        dated(&work, form);
        // If the format is ambiguous or has a time zone, a message says so.
        let (tables, _) = clean(&work, &["data"]);
        assert_same(generated(), &tables);
    }
}

#[test]
fn spreadsheets_of_other_countries() {
    for (delimiter, name) in [(b';', "data"), (b'\t', "data"), (b'|', "data")] {
        let work = Workdir::with_data();
        let comma = |column: &str, field: &str| match column.ends_with("price") || column.ends_with("_value") {
            true if delimiter == b';' => field.replace('.', ","),
            _ => field.into(),
        };
        [ITEMS, PAYMENTS].iter().for_each(|table| rewritten(&work, table, delimiter, comma));
        assert_same(generated(), &clean(&work, &[name]).0);
    }
}

#[test]
fn amounts_with_their_currency() {
    let work = Workdir::with_data();
    rewritten(&work, PAYMENTS, b';', |column, field| match column {
        "payment_value" => {
            let (reais, cents) = field.split_once('.').unwrap_or((field, "00"));
            let thousands = reais.len().saturating_sub(3);
            let dot = if thousands > 0 { "." } else { "" };
            format!("R$ {}{dot}{},{cents:0<2}", &reais[..thousands], &reais[thousands..])
        }
        _ => field.into(),
    });
    assert_same(generated(), &clean(&work, &["data"]).0);
}

#[test]
fn other_encodings() {
    let work = Workdir::with_data();
    let text = work.read(&format!("data/{ORDERS}"));
    let wide = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    work.write(&format!("data/{ORDERS}"), wide);
    // City names have accents: one byte each in Windows-1252.
    let text = work.read(&format!("data/{GEOLOCATION}"));
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    work.write(&format!("data/{GEOLOCATION}"), bytes);
    assert_same(generated(), &clean(&work, &["data"]).0);
}
