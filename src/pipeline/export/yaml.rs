//! JSON value → YAML that every parser reads alike. Used by `odcs`, `dbt`.
//!
//! Every string stands in double quotes, so that `no`, `1e3` or `2024-01-01` stay text; a JSON string is one of YAML, except for characters
//! that YAML does not print or takes for a line end: these are escaped.

use std::fmt::Write;

use serde_json::{Map, Value};

use crate::text::seen;

/// Words that parsers of YAML 1.1 take for a truth value or for nothing.
const RESERVED: [&str; 8] = ["y", "n", "yes", "no", "on", "off", "null", "true"];

/// The value as a YAML document. Of the keys of a map, those of `first` come first, in that order; the others follow by the alphabet.
pub fn yaml(value: &Value, first: &[&str]) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if !map.is_empty() => write_map(&mut out, map, first, 0),
        Value::Array(items) if !items.is_empty() => write_items(&mut out, items, first, 0),
        other => out = format!("{}\n", scalar(other)),
    }
    out
}

fn write_map(out: &mut String, map: &Map<String, Value>, first: &[&str], depth: usize) {
    let place = |key: &str| first.iter().position(|name| *name == key).unwrap_or(first.len());
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_by(|a, b| (place(a.0), a.0).cmp(&(place(b.0), b.0)));
    for (i, (key, value)) in entries.into_iter().enumerate() {
        // The first key of an item stands behind its dash.
        if i > 0 || depth == 0 || out.ends_with('\n') {
            indent(out, depth);
        }
        out.push_str(&name(key));
        out.push(':');
        write_value(out, value, first, depth + 1);
    }
}

fn write_items(out: &mut String, items: &[Value], first: &[&str], depth: usize) {
    for item in items {
        indent(out, depth);
        out.push('-');
        match item {
            Value::Object(map) if !map.is_empty() => {
                out.push(' ');
                write_map(out, map, first, depth + 1);
            }
            other => write_value(out, other, first, depth + 1),
        }
    }
}

/// What follows a colon or a dash, with the line end.
fn write_value(out: &mut String, value: &Value, first: &[&str], depth: usize) {
    match value {
        Value::Object(map) if !map.is_empty() => {
            out.push('\n');
            write_map(out, map, first, depth);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            write_items(out, items, first, depth);
        }
        other => {
            out.push(' ');
            out.push_str(&scalar(other));
            out.push('\n');
        }
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// A key: plain where no parser can take it for anything else.
fn name(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !RESERVED.contains(&key.to_ascii_lowercase().as_str())
        && !key.eq_ignore_ascii_case("false");
    if plain { key.to_owned() } else { quoted(key) }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        // Numbers, truth values, null, and empty lists and maps are written as in JSON.
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Writing to a string cannot fail.
            _ if seen(c) != Some(c) && u32::from(c) > 0xffff => drop(write!(out, "\\U{:08x}", u32::from(c))),
            _ if seen(c) != Some(c) => drop(write!(out, "\\u{:04x}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn maps_and_lists_are_indented_and_ordered() {
        let value = json!({
            "b": [1, "x", [true, null], { "name": "n", "a": {}, "list": [{ "z": 1, "y": [] }] }],
            "id": "i",
            "a": { "c": { "d": 0.5 } },
        });
        let expected = r#"id: "i"
a:
  c:
    d: 0.5
b:
  - 1
  - "x"
  -
    - true
    - null
  - name: "n"
    a: {}
    list:
      - "y": []
        z: 1
"#;
        assert_eq!(yaml(&value, &["id", "name"]), expected);
        assert_eq!([json!({}), json!([]), json!("a")].map(|value| yaml(&value, &[])), ["{}\n", "[]\n", "\"a\"\n"]);
    }

    #[test]
    fn strings_stay_strings() {
        for (text, written) in [
            ("no", "\"no\""),
            ("1e3", "\"1e3\""),
            ("", "\"\""),
            ("a: b # c\n- d\t\"e\\", "\"a: b # c\\n- d\\t\\\"e\\\\\""),
            ("\u{0}\u{1b}\u{7f}\u{85}\r", "\"\\u0000\\u001b\\u007f\\u0085\\u000d\""),
            ("\u{2028}\u{202e}\u{feff}\u{ffff}\u{e0041}", "\"\\u2028\\u202e\\ufeff\\uffff\\U000e0041\""),
            ("{{ x }} ${y} %é日🎁", "\"{{ x }} ${y} %é日🎁\""),
        ] {
            assert_eq!(yaml(&json!(text), &[]), format!("{written}\n"));
            assert_eq!(yaml(&json!({ "k": text }), &[]), format!("k: {written}\n"));
        }
    }

    #[test]
    fn keys_are_quoted_where_a_parser_could_take_them_for_something_else() {
        for key in ["yes", "On", "FALSE", "null", "1", "a b", "a:", "", "-", "é", "a\nb"] {
            assert!(yaml(&json!({ key: 1 }), &[]).starts_with('"'), "{key}");
        }
        assert_eq!(yaml(&json!({ "valid_1": 1 }), &[]), "valid_1: 1\n");
    }
}
