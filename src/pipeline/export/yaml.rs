//! JSON value → YAML 1.2 text. Used by `contract`.
//!
//! Every text is written in double quotes, with JSON's escapes, which YAML reads alike: no value can be mistaken for a number, a null or
//! syntax.

use serde_json::Value;

/// The value as a YAML document.
pub(super) fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

/// Writes a value as lines that start at this indentation.
fn block(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            for (key, value) in entries {
                out.push_str(&" ".repeat(indent));
                out.push_str(&text(key));
                out.push(':');
                nested(value, indent + 2, out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                let mut lines = String::new();
                block(item, indent + 2, &mut lines);
                out.push_str(&" ".repeat(indent));
                out.push_str("- ");
                out.push_str(lines.trim_start_matches(' '));
            }
        }
        scalar => {
            out.push_str(&" ".repeat(indent));
            out.push_str(&inline(scalar));
            out.push('\n');
        }
    }
}

/// Writes what follows a key.
fn nested(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(entries) if !entries.is_empty() => {
            out.push('\n');
            block(value, indent, out);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            block(value, indent, out);
        }
        scalar => {
            out.push(' ');
            out.push_str(&inline(scalar));
            out.push('\n');
        }
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(value) => quoted(value),
        // Empty lists and objects, numbers, booleans and null are written as in JSON.
        other => other.to_string(),
    }
}

/// A key: plain if it is a word that YAML reads as text.
fn text(key: &str) -> String {
    let is_word = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&key.to_lowercase().as_str());
    if is_word { key.into() } else { quoted(key) }
}

fn quoted(value: &str) -> String {
    // JSON leaves characters as they are that YAML does not allow in a text.
    let unprintable = |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    let json = Value::from(value).to_string();
    json.chars().map(|c| if unprintable(c) { format!("\\u{:04x}", c as u32) } else { c.into() }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_objects_and_scalars() {
        let value = json!({ "a": [{ "b": 1, "c": ["x", null] }, []], "d": {}, "e": { "f": true } });
        let expected = "a:\n  - b: 1\n    c:\n      - \"x\"\n      - null\n  - []\nd: {}\ne:\n  f: true\n";
        assert_eq!(to_yaml(&value), expected);
    }

    #[test]
    fn hostile_texts_stay_texts() {
        let value = json!({ "no": "yes", "k: v": "a: b # c\n- \"d\"\u{7f}\u{2028}", "n": "1e3" });
        let yaml = to_yaml(&value);
        assert!(yaml.contains("\"no\": \"yes\"\n") && yaml.contains("\"n\": \"1e3\"\n"), "{yaml}");
        assert!(yaml.contains("\"k: v\": \"a: b # c\\n- \\\"d\\\"\\u007f\\u2028\"\n"), "{yaml}");
        assert_eq!(yaml.lines().count(), 3);
    }
}
