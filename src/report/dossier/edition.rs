//! The words of one language, from `reports/<language>/`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::error::{Error, Result};
use crate::report::lang::Lang;
use crate::report::typography::Typographer;
use crate::report::{Chapter, template};

macro_rules! edition {
    ($lang:literal, $($chapter:literal),+) => {
        Files {
            chapters: &[$(($chapter, include_str!(concat!("../../../reports/", $lang, "/", $chapter)))),+],
            captions: include_str!(concat!("../../../reports/", $lang, "/captions.toml")),
            words: include_str!(concat!("../../../reports/", $lang, "/words.toml")),
        }
    };
}

struct Files {
    chapters: &'static [(&'static str, &'static str)],
    captions: &'static str,
    words: &'static str,
}

const FRENCH: Files = edition!(
    "fr",
    "01-question.md",
    "02-donnees.md",
    "03-architecture.md",
    "04-pretraitement.md",
    "05-ventes.md",
    "06-paiements.md",
    "07-reference.md",
    "08-conclusion.md",
    "09-annexe.md"
);

const ENGLISH: Files = edition!(
    "en",
    "01-question.md",
    "02-data.md",
    "03-architecture.md",
    "04-preprocessing.md",
    "05-sales.md",
    "06-payments.md",
    "07-reference.md",
    "08-conclusion.md",
    "09-annex.md"
);

/// All that a language needs.
pub(super) struct Edition {
    pub(super) words: Words,
    captions: BTreeMap<String, Caption>,
    files: &'static Files,
}

/// Names and labels of a language.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    #[serde(skip, default)]
    pub(super) lang: Lang,
    labels: BTreeMap<String, String>,
    categories: BTreeMap<String, String>,
    states: BTreeMap<String, String>,
    methods: BTreeMap<String, String>,
    tables: BTreeMap<String, String>,
    checks: BTreeMap<String, String>,
}

/// Title, alternative text and column heads of a figure or table, as templates.
#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct Caption {
    pub(super) title: String,
    #[serde(default)]
    pub(super) alt: String,
    #[serde(default)]
    pub(super) columns: Vec<String>,
}

/// Captions by identifier of their figure or table, filled.
pub(super) struct Captions(BTreeMap<String, Caption>);

impl Edition {
    pub(super) fn of(lang: Lang) -> Result<Edition> {
        let files = match lang {
            Lang::Fr => &FRENCH,
            Lang::En => &ENGLISH,
        };
        let name = |file: &str| format!("`reports/{}/{file}`", lang.code());
        let mut words: Words = toml::from_str(files.words).map_err(|e| Error::report(name("words.toml"), e))?;
        words.lang = lang;
        let captions = toml::from_str(files.captions).map_err(|e| Error::report(name("captions.toml"), e))?;
        Ok(Edition { words, captions, files })
    }

    pub(super) fn chapters(&self) -> Vec<Chapter> {
        self.files.chapters.iter().map(|(name, text)| Chapter { name: (*name).into(), text: (*text).into() }).collect()
    }

    /// Fills the captions.
    pub(super) fn captions(&self, values: &serde_json::Value) -> Result<Captions> {
        let chapter = |id: &str, part: &str, text: &str| Chapter {
            name: format!("captions.toml, {id}.{part}"),
            text: text.into(),
        };
        let texts: Vec<Chapter> = self
            .captions
            .iter()
            .flat_map(|(id, caption)| [chapter(id, "title", &caption.title), chapter(id, "alt", &caption.alt)])
            .collect();
        let filled = template::fill(&texts, values, self.words.lang)?;
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
    pub(super) fn of(&self, id: &str) -> Result<&Caption> {
        self.0.get(id).ok_or_else(|| Error::report("`captions.toml`", format!("there is no caption `{id}`")))
    }
}

impl Words {
    /// A fixed word or phrase; its key where the language lacks it.
    pub(super) fn label(&self, key: &str) -> String {
        self.labels.get(key).map_or_else(|| key.into(), |text| Typographer::new(self.lang).set(text))
    }
    /// Name of an English category.
    pub(super) fn category(&self, name: &str) -> String {
        named(&self.categories, name)
    }
    /// Name of a state.
    pub(super) fn state(&self, code: &str) -> String {
        named(&self.states, code)
    }
    /// Name of a payment method.
    pub(super) fn method(&self, name: &str) -> String {
        named(&self.methods, name)
    }
    /// Name of a table of the marketplace.
    pub(super) fn table(&self, name: &str) -> String {
        named(&self.tables, name)
    }
    /// A quality check in words.
    pub(super) fn check(&self, check: &str) -> String {
        self.checks.get(check).cloned().unwrap_or_else(|| check.replace('`', ""))
    }
    /// `a, b et c`.
    pub(super) fn list(&self, items: &[String]) -> String {
        match items {
            [] => String::new(),
            [one] => one.clone(),
            [rest @ .., last] => format!("{} {} {last}", rest.join(", "), self.label("and")),
        }
    }
}

/// Data may hold names that no language knows: they are shown as they are.
fn named(names: &BTreeMap<String, String>, name: &str) -> String {
    names.get(name).cloned().unwrap_or_else(|| name.replace('_', " "))
}
