//! `reports/<language>/` → the words of one language: names, labels, captions. Used by all of `dossier`.

use std::collections::BTreeMap;

/// Shown for a missing value.
pub(crate) const NONE: &str = "–";

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::market::MarketFacts;
use crate::report::chapter::template;
use crate::report::chapter::typography::Typographer;
use crate::report::lang::{Currency, Lang};
use crate::report::{Chapter, Templates};
use crate::schema::contract::UNKNOWN;
use crate::text::shortened;

/// In the name of the chapter on the original project.
const ORIGINAL: &str = "12-original";

/// All texts of a language.
pub(crate) struct Edition {
    pub(crate) words: Words,
    captions: BTreeMap<String, Caption>,
    chapters: Vec<Chapter>,
}

/// Names and labels of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    #[serde(skip, default)]
    pub(crate) lang: Lang,
    /// In which amounts are written.
    #[serde(skip, default)]
    currency: Currency,
    labels: BTreeMap<String, String>,
    categories: BTreeMap<String, String>,
    states: BTreeMap<String, String>,
    methods: BTreeMap<String, String>,
    tables: BTreeMap<String, String>,
    checks: BTreeMap<String, String>,
    docs: BTreeMap<String, String>,
    /// Patterns of audit warnings without their names: `{} is not read`.
    #[serde(default)]
    notes: BTreeMap<String, String>,
}

/// Templates of a figure's or table's title, alternative text and column heads.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(crate) struct Caption {
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) alt: String,
    #[serde(default)]
    pub(crate) columns: Vec<String>,
}

/// Filled captions, by identifier of their figure or table.
pub(crate) struct Captions(BTreeMap<String, Caption>);

impl Edition {
    /// The texts for data of `market`, with its currency and the names of its regions; `None` stands for Olist.
    pub(crate) fn of(lang: Lang, templates: &Templates, market: Option<&MarketFacts>) -> Result<Edition> {
        let currency = market.map(|market| Currency::new(&market.currency, market.digits)).unwrap_or_default();
        let in_currency = |text: &str| text.replace(Currency::default().symbol(), currency.symbol());
        let text = |file: &str| in_currency(templates.text(&format!("{}/{file}", lang.code())));
        let name = |file: &str| format!("`reports/{}/{file}`", lang.code());
        let mut words: Words = toml::from_str(&text("words.toml")).map_err(|e| Error::report(name("words.toml"), e))?;
        (words.lang, words.currency) = (lang, currency);
        if let Some(market) = market {
            for (key, of_market) in [("subtitle", "subtitle_of_market"), ("map_credit", "no_map_credit")] {
                if key == "subtitle" || !market.is_in_brazil() {
                    let text =
                        words.labels.get(of_market).map_or(String::new(), |text| text.replace("{}", &market.title));
                    words.labels.insert(key.into(), text);
                }
            }
            let all = words.label("all_regions");
            words.states = market.regions.iter().map(|region| (region.code.clone(), region.name.clone())).collect();
            // The code under which the totals of all regions are kept.
            words.states.insert("BR".into(), all);
            for method in &market.methods {
                words.methods.entry(method.word.clone()).or_insert_with(|| method.name.clone());
            }
        }
        let captions = toml::from_str(&text("captions.toml")).map_err(|e| Error::report(name("captions.toml"), e))?;
        let chapters = templates.chapters(lang.code());
        // What the original project counted wrongly is a chapter on Olist's data alone.
        let chapters = chapters.filter(|(path, _)| market.is_none() || !path.contains(ORIGINAL));
        let chapter = |(path, text): (&str, &str)| Chapter { name: path.into(), text: in_currency(text) };
        Ok(Edition { words, captions, chapters: chapters.map(chapter).collect() })
    }

    pub(crate) fn chapters(&self) -> &[Chapter] {
        &self.chapters
    }

    /// Fills the captions with `values`.
    pub(crate) fn captions(&self, values: &serde_json::Value) -> Result<Captions> {
        let chapter = |id: &str, part: &str, text: &str| Chapter {
            name: format!("captions.toml, {id}.{part}"),
            text: text.into(),
        };
        let texts: Vec<Chapter> = self
            .captions
            .iter()
            .flat_map(|(id, caption)| [chapter(id, "title", &caption.title), chapter(id, "alt", &caption.alt)])
            .collect();
        let filled = template::fill(&texts, values, self.words.lang, self.words.currency)?;
        let set = |text: &str| Typographer::new(self.words.lang).set(text.trim());
        let pairs = self.captions.iter().zip(filled.chunks(2));
        Ok(Captions(
            pairs
                .map(|((id, caption), filled)| {
                    let caption = Caption { title: set(&filled[0].text), alt: set(&filled[1].text), ..caption.clone() };
                    (id.clone(), caption)
                })
                .collect(),
        ))
    }
}

impl Captions {
    pub(crate) fn of(&self, id: &str) -> Result<&Caption> {
        self.0.get(id).ok_or_else(|| Error::report("`captions.toml`", format!("there is no caption `{id}`")))
    }
}

impl Words {
    /// A fixed word or phrase; its key if the language lacks it.
    pub(crate) fn label(&self, key: &str) -> String {
        self.labels.get(key).map_or_else(|| key.into(), |text| Typographer::new(self.lang).set(text))
    }
    /// An amount in hundredths of the currency.
    pub(crate) fn brl(&self, hundredths: i64, digits: usize) -> String {
        self.lang.amount(hundredths, digits, self.currency)
    }
    /// In which amounts are written.
    pub(crate) fn currency(&self) -> Currency {
        self.currency
    }
    /// Name of an English category in this language.
    pub(crate) fn category(&self, name: &str) -> String {
        named(&self.categories, name)
    }
    /// Name of a state.
    pub(crate) fn state(&self, code: &str) -> String {
        named(&self.states, code)
    }
    /// Code of a state as shown; for [`UNKNOWN`], which has no code, the name.
    pub(crate) fn state_code(&self, code: &str) -> String {
        if code == UNKNOWN { self.state(code) } else { code.into() }
    }
    /// Name of a payment method.
    pub(crate) fn method(&self, name: &str) -> String {
        named(&self.methods, name)
    }
    /// Name of a table.
    pub(crate) fn table(&self, name: &str) -> String {
        named(&self.tables, name)
    }
    /// A quality check in words.
    pub(crate) fn check(&self, check: &str) -> String {
        self.checks.get(check).cloned().unwrap_or_else(|| check.replace('`', ""))
    }
    /// Meaning of a column, translated from the contract's English.
    pub(crate) fn doc(&self, doc: &str) -> String {
        self.docs.get(doc).cloned().unwrap_or_else(|| doc.replace('`', ""))
    }
    /// Translates an English warning of the audit: as a whole, or else part by part if it lists findings of a file.
    pub(crate) fn note(&self, warning: &str) -> String {
        if let Some(note) = self.phrase(warning) {
            return note;
        }
        let (colon, semicolon) = if self.lang == Lang::Fr { ("\u{a0}: ", "\u{a0}; ") } else { (": ", "; ") };
        let parts = warning.split_once(": ").and_then(|(file, found)| {
            let found: Option<Vec<String>> = found.split("; ").map(|part| self.phrase(part)).collect();
            Some(format!("{}{colon}{}", self.phrase(file)?, found?.join(semicolon)))
        });
        parts.unwrap_or_else(|| self.filled(&pattern(warning)))
    }
    /// Translates a sentence with [`Words::notes`]; `None` if it is neither there nor equal in English.
    fn phrase(&self, sentence: &str) -> Option<String> {
        let (pattern, names) = pattern(sentence);
        let known = self
            .notes
            .get(&pattern)
            .cloned()
            .or_else(|| (self.lang == Lang::En || pattern == "{}").then_some(pattern))?;
        Some(self.filled(&(known, names)))
    }
    fn filled(&self, (pattern, names): &(String, Vec<Name>)) -> String {
        let (open, close) = if self.lang == Lang::Fr { ("«\u{a0}", "\u{a0}»") } else { ("“", "”") };
        let mut names = names.iter().map(|name| match name {
            Name::Number(number) => number.clone(),
            Name::Quoted(name) => format!("{open}{}{close}", name.replace("`, `", &format!("{close}, {open}"))),
        });
        let mut filled = String::new();
        for (i, text) in pattern.split("{}").enumerate() {
            if i > 0 {
                filled += &names.next().unwrap_or_default();
            }
            filled += text;
        }
        filled
    }
    /// A list in words: `a, b et c`.
    pub(crate) fn list(&self, items: &[String]) -> String {
        match items {
            [] => String::new(),
            [one] => one.clone(),
            [rest @ .., last] => format!("{} {} {last}", rest.join(", "), self.label("and")),
        }
    }
}

/// A name or number that a sentence holds in place of a placeholder of its pattern.
enum Name {
    /// Text between backticks. Consecutive names count as one.
    Quoted(String),
    /// A number that is not part of a word.
    Number(String),
}

/// Splits a sentence into its pattern and its names and numbers.
fn pattern(sentence: &str) -> (String, Vec<Name>) {
    let (mut pattern, mut names) = (String::new(), Vec::new());
    for (i, text) in sentence.split('`').enumerate() {
        match (i % 2, names.last_mut()) {
            (0, _) => {
                for (i, word) in text.split(' ').enumerate() {
                    pattern += if i > 0 { " " } else { "" };
                    if !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit()) {
                        pattern += "{}";
                        names.push(Name::Number(word.into()));
                    } else {
                        pattern += word;
                    }
                }
            }
            (_, Some(Name::Quoted(list))) if pattern.ends_with("{}, ") => {
                pattern.truncate(pattern.len() - 2);
                *list += &format!("`, `{text}");
            }
            _ => {
                pattern += "{}";
                names.push(Name::Quoted(text.into()));
            }
        }
    }
    (pattern, names)
}

/// Maximum length of a name from the data, characters.
pub(crate) const NAME: usize = 80;

/// Names from the data that no language knows are shown as they are, up to [`NAME`] characters.
fn named(names: &BTreeMap<String, String>, name: &str) -> String {
    names.get(name).cloned().unwrap_or_else(|| shortened(name, NAME).replace('_', " "))
}

/// Reais in centavos.
pub(crate) fn centavos(reais: f64) -> i64 {
    (reais * 100.0).round() as i64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::schema::contract::{LogicalType, TABLES};

    fn editions() -> [Edition; 2] {
        [Lang::Fr, Lang::En].map(|lang| Edition::of(lang, &Templates::default(), None).unwrap())
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
        let ids =
            headings.map(|l| l.rsplit_once('#').filter(|(level, _)| level.contains('{')).map_or("", |(_, id)| id));
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
    fn both_languages_say_the_same() {
        let [french, english] = editions();
        for (fr, en) in french.chapters.iter().zip(&english.chapters) {
            assert_eq!(skeleton(&fr.text), skeleton(&en.text), "{} and {}", fr.name, en.name);
        }
        assert_eq!(french.chapters.len(), english.chapters.len());
        let captions = |edition: &Edition| -> Vec<_> {
            edition.captions.iter().map(|(id, c)| (id.clone(), c.alt.is_empty(), c.columns.len())).collect()
        };
        assert_eq!(captions(&french), captions(&english));
        let names = |w: &Words| -> Vec<Vec<String>> {
            [&w.labels, &w.categories, &w.states, &w.methods, &w.tables].map(|m| m.keys().cloned().collect()).into()
        };
        assert_eq!(names(&french.words), names(&english.words));
    }

    /// Checks are named in English, so only French needs a translation of each.
    #[test]
    fn warnings_are_in_the_language_of_the_report() {
        let [french, english] =
            [Lang::Fr, Lang::En].map(|lang| Edition::of(lang, &Templates::default(), None).unwrap().words);
        let warning = "`a.zip` is not read: its tables `orders`, `sellers` are taken from `orders.csv`, `s.csv`";
        assert_eq!(
            english.note(warning),
            "“a.zip” is not read: its tables “orders”, “sellers” are taken from “orders.csv”, “s.csv”"
        );
        let expected =
            "« a.zip » n'est pas lu : ses tables « orders », « sellers » viennent de « orders.csv », « s.csv »";
        assert_eq!(french.note(warning).replace('\u{a0}', " "), expected);
        assert_eq!(french.note("whatever `x` is"), "whatever «\u{a0}x\u{a0}» is");
        let warning = "`a.csv` and 3 more: it is separated by `;`; numbers of `price`, `freight_value` are read with a decimal comma";
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
        let [french, english] = editions();
        let keys =
            TABLES.iter().filter(|t| !t.key.is_empty()).map(|t| format!("the key `{}` is unique", t.key.join(" + ")));
        let references = TABLES.iter().flat_map(|t| t.foreign_keys);
        let references = references.map(|k| format!("`{}` is in `{}`", k.column, k.table.table().name));
        let ids = TABLES.iter().flat_map(|t| t.columns).filter(|c| c.kind == LogicalType::Id);
        let ids = ids.map(|c| format!("`{}` has 32 hexadecimal digits", c.name));
        for check in keys.chain(references).chain(ids).chain(english.words.checks.into_keys()) {
            assert!(french.words.checks.contains_key(&check), "{check}");
        }
        for column in TABLES.iter().flat_map(|t| t.clean_columns()) {
            assert!(french.words.docs.contains_key(column.doc), "{}", column.doc);
        }
    }
}
