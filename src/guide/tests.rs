//! The reference as the program declares it. `PFE_WRITE=1 cargo test --lib guide` writes the files anew.

use std::fmt::Write;
use std::path::Path;

use super::document;
use crate::Error;
use crate::schema::contract::{Column, TABLES};
use crate::schema::result_tables::{ColumnType, RESULT_TABLES};

/// Asserts that a file of the guide holds `text`, or writes it.
fn assert_is(file: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide").join(file);
    if std::env::var_os("PFE_WRITE").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert!(std::fs::read_to_string(&path).unwrap() == text, "{file} is stale: run this test with PFE_WRITE=1");
}

#[test]
fn the_columns_are_those_that_are_declared() {
    let mut text = "# Tables and columns\n\n## Raw and clean tables\n\n".to_owned();
    text += "What pfe reads, whatever the market, and writes cleaned into `clean/`.\n";
    for table in &TABLES {
        let key = table.key.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
        let key = if key.is_empty() { "none".to_owned() } else { key };
        write!(text, "\n### `{}`\n\nEach row: {}. File: `{}`. Key: {key}.\n\n", table.name, table.doc, table.file)
            .unwrap();
        for Column { name, source, kind, doc, .. } in table.columns {
            let source = if name == source { String::new() } else { format!("; in the file, `{source}`") };
            writeln!(text, "- `{name}` ({}{source}): {doc}", kind.name()).unwrap();
        }
    }
    text += "\n## Result tables\n\nIn `tables/*.csv` and in stores. May lack: the field is empty where there is no value.\n";
    for table in RESULT_TABLES {
        write!(text, "\n### `{}`\n\n", table.name).unwrap();
        for column in table.columns {
            let kind = match column.kind {
                ColumnType::Text => "text",
                ColumnType::Integer => "integer",
                ColumnType::Reais => "amount",
                ColumnType::Number => "number",
                ColumnType::Timestamp => "timestamp",
                ColumnType::Date => "date",
            };
            let lack = if column.may_lack { ", may lack" } else { "" };
            writeln!(text, "- `{}` ({kind}{lack}): {}", column.name, column.doc).unwrap();
        }
    }
    assert_is("columns.md", &text);
}

/// The documented fields of a structure of a source file, in their order: name, whether it may be left out, meaning.
fn fields(source: &str, structure: &str) -> Vec<(String, bool, String)> {
    let start = source.find(&format!("pub struct {structure} {{")).unwrap();
    let before = source[..start].lines().next_back().unwrap();
    let body = source[start..].lines().skip(1).take_while(|line| *line != "}");
    let (mut found, mut meaning, mut attribute) = (Vec::new(), Vec::new(), "");
    for line in body.map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            meaning.push(words.trim());
        } else if line.starts_with("#[serde(") {
            attribute = line;
        } else if let Some((name, _)) = line.strip_prefix("pub ").and_then(|field| field.split_once(": ")) {
            let renamed = attribute.split_once("rename = \"").and_then(|(_, rest)| rest.split('"').next());
            let optional = [before, attribute].iter().any(|it| it.contains("default"));
            found.push((renamed.unwrap_or(name).to_owned(), optional, meaning.join(" ")));
            (meaning, attribute) = (Vec::new(), "");
        }
    }
    found
}

#[test]
fn the_market_file_is_that_which_is_read() {
    let source = include_str!("../market/description/mod.rs");
    let parts = [
        ("The file", "Market"),
        ("`[files.NAME]`", "ExportFile"),
        ("`fill` of a file", "Fill"),
        ("`[[join]]`", "Join"),
        ("`[unpack]`", "Unpack"),
        ("`[parents]`", "Parents"),
        ("An operation of `[fields]`", "Steps"),
        ("A rule of an operation", "Rule"),
    ];
    let mut text = "# The market file\n\nA TOML file that describes an export: `pfe market init` proposes one, `pfe market check` tries it.\n".to_owned();
    for (title, structure) in parts {
        write!(text, "\n## {title}\n\n").unwrap();
        let of = fields(source, structure);
        assert!(!of.is_empty(), "{structure}");
        for (name, optional, meaning) in of {
            // Links of the source lead nowhere in the guide.
            let meaning = meaning.replace("; see [`shapes`]", "").replace("[`Market::lines`]", "`lines`");
            let optional = if optional { " (optional)" } else { "" };
            writeln!(text, "- `{name}`{optional}: {meaning}").unwrap();
        }
    }
    text += "\n## Fields\n\nIn `[fields]`, each is the name of a column, or an operation.\n\n";
    let declared = include_str!("../market/description/field.rs");
    for field in crate::market::Field::ALL {
        let variant = format!("    {field:?},\n");
        let before = declared[..declared.find(&variant).unwrap()].lines().next_back().unwrap().trim();
        let meaning = before.strip_prefix("/// ").map_or(String::new(), |meaning| format!(": {meaning}"));
        writeln!(text, "- `{}`{meaning}", field.name()).unwrap();
    }
    assert_is("market_file.md", &text);
}

#[test]
fn the_exit_codes_are_those_of_the_errors() {
    let text = include_str!("reference.md");
    let codes: Vec<u8> =
        text.lines().filter_map(|line| line.strip_prefix("| ")?.split(' ').next()?.parse().ok()).collect();
    let given =
        [Error::Internal(String::new()).exit_code(), Error::input("").exit_code(), Error::Interrupted.exit_code()];
    assert_eq!(codes, [vec![0], given.to_vec()].concat());
}

#[test]
fn the_guide_is_a_document_whose_links_lead_somewhere() {
    let html = document().unwrap().to_html().unwrap();
    for part in
        ["Tutorial", "How-to guides", "Reference", "Commands", "Tables and columns", "The market file", "Explanation"]
    {
        assert!(html.contains(part), "{part}");
    }
}
