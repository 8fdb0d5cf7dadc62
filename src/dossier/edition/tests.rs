//! Tests: all languages say the same, and numbers enter through placeholders.

use std::collections::BTreeSet;

use super::*;
use crate::dossier::notes::pattern;
use crate::schema::contract::{LogicalType, TABLES};

fn editions() -> [Edition; 3] {
    Lang::ALL.map(|lang| Edition::of(lang, "", &Templates::default(), None).unwrap())
}

/// `text` with each part from `open` to `close` replaced by a space, and those parts.
fn split<'a>(text: &'a str, open: &str, close: &str) -> (String, Vec<&'a str>) {
    let (mut rest, mut outside, mut inside) = (text, String::new(), Vec::new());
    while let Some((before, after)) = rest.split_once(open) {
        let (part, after) = after.split_once(close).unwrap();
        outside += before;
        outside.push(' ');
        inside.push(part);
        rest = after;
    }
    (outside + rest, inside)
}

/// The first digit that follows no letter: `S3` is a name, `3` a number.
fn bare_digit(template: &str) -> Option<String> {
    let marks = [("{{", "}}"), ("{%", "%}"), ("{!", "!}"), ("`", "`"), ("](", ")"), ("[^", "]"), ("{", "}")];
    let prose = marks.into_iter().fold(template.to_string(), |text, (open, close)| split(&text, open, close).0);
    let word = prose.split(|c: char| !c.is_alphanumeric()).find(|w| w.starts_with(|c: char| c.is_numeric()))?;
    Some(word.into())
}

/// What a chapter shares with other languages: figures and tables, heading identifiers, placeholders.
fn skeleton(text: &str) -> (Vec<&str>, Vec<&str>, BTreeSet<&str>) {
    let placed = text.lines().filter_map(|l| l.strip_prefix("![")?.rsplit_once("](")).map(|(_, id)| id);
    let headings = text.lines().filter(|l| l.starts_with('#'));
    let ids = headings.map(|l| l.rsplit_once('#').filter(|(level, _)| level.contains('{')).map_or("", |(_, id)| id));
    (placed.collect(), ids.collect(), split(text, "{{", "}}").1.into_iter().map(str::trim).collect())
}

#[test]
fn numbers_enter_the_prose_through_placeholders_only() {
    for (text, digit) in [
        ("S3, `1`, [^2], [x](#3), {{ a[4] }}{% if b > 5 %}{% endif %}\n\n# A {#h6}", None),
        ("{% if a %}vingt{% else %}20 %{% endif %}", Some("20")),
        ("de 3,5 jours", Some("3")),
    ] {
        assert_eq!(bare_digit(text).as_deref(), digit, "{text}");
    }
    for edition in editions() {
        let captions = edition.captions.iter().map(|(id, c)| (id.as_str(), format!("{}\n{}", c.title, c.alt)));
        let chapters = edition.chapters.iter().map(|c| (c.name.as_str(), c.text.clone()));
        for (name, text) in chapters.chain(captions) {
            assert_eq!(bare_digit(&text), None, "{name}");
        }
    }
}

#[test]
fn all_languages_say_the_same() {
    let [french, english, portuguese] = editions();
    for other in [&english, &portuguese] {
        same(&french, other);
    }
    let keys = |words: &Words| -> Vec<Vec<String>> {
        [&words.checks, &words.docs, &words.notes, &words.countries].map(|m| m.keys().cloned().collect()).into()
    };
    assert_eq!(keys(&french.words), keys(&portuguese.words));
    for (text, translated) in &portuguese.words.notes {
        assert_eq!(text.matches("{}").count(), translated.matches("{}").count(), "{text}");
    }
}

fn same(french: &Edition, english: &Edition) {
    for (fr, en) in french.chapters.iter().zip(&english.chapters) {
        assert_eq!(skeleton(&fr.text), skeleton(&en.text), "{} and {}", fr.name, en.name);
    }
    assert_eq!(french.chapters.len(), english.chapters.len());
    let captions = |edition: &Edition| -> Vec<_> {
        edition.captions.iter().map(|(id, c)| (id.clone(), c.alt.is_empty(), c.columns.len())).collect()
    };
    assert_eq!(captions(french), captions(english));
    let names = |w: &Words| -> Vec<Vec<String>> {
        [&w.labels, &w.categories, &w.states, &w.methods, &w.tables].map(|m| m.keys().cloned().collect()).into()
    };
    assert_eq!(names(&french.words), names(&english.words));
}

/// Checks are named in English, so only French needs a translation of each.
#[test]
fn warnings_are_in_the_language_of_the_report() {
    let [french, english] =
        [Lang::Fr, Lang::En].map(|lang| Edition::of(lang, "", &Templates::default(), None).unwrap().words);
    let warning = "`a.zip` is not read: its tables `orders`, `sellers` are taken from `orders.csv`, `s.csv`";
    assert_eq!(
        english.note(warning),
        "“a.zip” is not read: its tables “orders”, “sellers” are taken from “orders.csv”, “s.csv”"
    );
    let expected = "« a.zip » n'est pas lu : ses tables « orders », « sellers » viennent de « orders.csv », « s.csv »";
    assert_eq!(french.note(warning).replace('\u{a0}', " "), expected);
    assert_eq!(french.note("whatever `x` is"), "whatever «\u{a0}x\u{a0}» is");
    let warning =
        "`a.csv` and 3 more: it is separated by `;`; numbers of `price`, `freight_value` are read with a decimal comma";
    let expected = "« a.csv » et 3 autres : le séparateur est « ; » ; les nombres de « price », « freight_value » ont une \
                    virgule décimale";
    assert_eq!(french.note(warning).replace('\u{a0}', " "), expected);
    let warning = "12 values of `order_purchase_timestamp` in `o.csv` had an offset from UTC and became local time of America/Sao_Paulo";
    assert!(french.note(warning).starts_with("12 valeurs de «"), "{}", french.note(warning));
    for missing in TABLES.iter().filter_map(|table| crate::input::built_in::warning(table.id)) {
        assert!(french.notes.contains_key(&pattern(&missing).0) || missing.ends_with("it has no row"), "{missing}");
    }
}

#[test]
fn checks_of_the_contract_have_french_names() {
    let [french, english, portuguese] = editions();
    let keys =
        TABLES.iter().filter(|t| !t.key.is_empty()).map(|t| format!("the key `{}` is unique", t.key.join(" + ")));
    let references = TABLES.iter().flat_map(|t| t.foreign_keys);
    let references = references.map(|k| format!("`{}` is in `{}`", k.column, k.table.table().name));
    let ids = TABLES.iter().flat_map(|t| t.columns).filter(|c| c.kind == LogicalType::Id);
    let ids = ids.map(|c| format!("`{}` has 32 hexadecimal digits", c.name));
    for check in keys.chain(references).chain(ids).chain(english.words.checks.into_keys()) {
        assert!(french.words.checks.contains_key(&check), "{check}");
        assert!(portuguese.words.checks.contains_key(&check), "{check}");
    }
    for column in TABLES.iter().flat_map(|t| t.clean_columns()) {
        assert!(french.words.docs.contains_key(column.doc), "{}", column.doc);
    }
}
