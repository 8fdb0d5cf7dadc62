//! `reports/<language>/` → the words of one language: names, labels, captions. Used by all of `dossier`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::notes::Notes;
use super::places;
use crate::error::{Error, Result};
use crate::market::MarketFacts;
use crate::market::regions::{self, Region};
use crate::report::chapter::template;
use crate::report::chapter::typography::Typographer;
use crate::report::lang::{Currency, Lang};
use crate::report::{Chapter, Templates};
use crate::schema::contract::UNKNOWN;
use crate::text::shortened;

/// Shown for a missing value.
pub(crate) const NONE: &str = "–";
/// Chapters on the original project, which only Olist's data have.
const OF_OLIST: [&str; 4] = ["-original.", "-costs.", "-couts.", "-custos."];
/// End of the keys of words that a shop has in place of Olist's.
const OF_MARKET: &str = "_of_market";

/// A value as it is written, or [`NONE`].
pub(crate) fn or_none<T>(value: Option<T>, write: impl FnOnce(T) -> String) -> String {
    value.map_or_else(|| NONE.into(), write)
}

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
    /// Names of countries, by their English names.
    #[serde(default)]
    countries: BTreeMap<String, String>,
    /// What stands for the words of states where regions are none: pairs by what the regions are.
    #[serde(default)]
    regions: BTreeMap<String, Vec<(String, String)>>,
    /// The pairs for the regions of the data.
    #[serde(skip, default)]
    other_words: Vec<(String, String)>,
    /// Short names of regions, by code.
    #[serde(skip, default)]
    short: BTreeMap<String, String>,
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
    #[serde(default)]
    columns_of_market: Vec<String>,
}

/// Filled captions, by identifier of their figure or table.
pub(crate) struct Captions(BTreeMap<String, Caption>);

impl Edition {
    /// The texts for data of `market`, with its currency and the names of its regions; `None` stands for Olist. Chapters and captions
    /// are those of `folder` of the language, such as `profiles/`; those of the report if it is empty.
    pub(crate) fn of(lang: Lang, folder: &str, templates: &Templates, market: Option<&MarketFacts>) -> Result<Edition> {
        let currency = market.map(|market| Currency::new(&market.currency, market.digits)).unwrap_or_default();
        let in_currency = |text: &str| text.replace(Currency::default().symbol(), currency.symbol());
        let text = |file: &str| in_currency(templates.text(&format!("{}/{file}", lang.code())));
        let name = |file: &str| format!("`reports/{}/{file}`", lang.code());
        let mut words: Words = toml::from_str(&text("words.toml")).map_err(|e| Error::report(name("words.toml"), e))?;
        (words.lang, words.currency) = (lang, currency);
        if let Some(market) = market {
            words.put_market(market);
        }
        let file = format!("{folder}captions.toml");
        let mut captions: BTreeMap<String, Caption> =
            toml::from_str(&text(&file)).map_err(|e| Error::report(name(&file), e))?;
        for caption in captions.values_mut().filter(|_| market.is_some()) {
            caption.put_words(&words);
        }
        let place = format!("{}/{folder}", lang.code());
        let chapters = templates.chapters(&place);
        let chapters =
            chapters.filter(|(path, _)| market.is_none() || !OF_OLIST.iter().any(|name| path.contains(name)));
        let chapter =
            |(path, text): (&str, &str)| Chapter { name: path.into(), text: words.of_regions(&in_currency(text)) };
        let chapters = chapters.map(chapter).collect();
        Ok(Edition { words, captions, chapters })
    }

    /// The chapters, to add others.
    pub(super) fn chapters_mut(&mut self) -> &mut Vec<Chapter> {
        &mut self.chapters
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

impl Caption {
    /// Puts the words of a shop.
    fn put_words(&mut self, words: &Words) {
        if !self.columns_of_market.is_empty() {
            self.columns = std::mem::take(&mut self.columns_of_market);
        }
        for text in [&mut self.title, &mut self.alt].into_iter().chain(&mut self.columns) {
            *text = words.of_regions(text);
        }
    }
}

impl Words {
    /// Puts the words of a shop, and the names of its regions.
    fn put_market(&mut self, market: &MarketFacts) {
        let kind = places::kind(market);
        self.other_words = kind.and_then(|kind| self.regions.remove(kind)).unwrap_or_default();
        for names in [&mut self.labels, &mut self.tables] {
            for key in names.keys().filter(|key| key.ends_with(OF_MARKET)).cloned().collect::<Vec<_>>() {
                let word = names.remove(&key).unwrap_or_default();
                names.insert(key.trim_end_matches(OF_MARKET).into(), word.replace("{}", &market.title));
            }
        }
        for names in [&mut self.labels, &mut self.tables, &mut self.checks, &mut self.docs] {
            names.values_mut().for_each(|text| *text = places::replaced(text, &self.other_words));
        }
        let all = self.labels.get("all_regions").cloned().unwrap_or_default();
        let name = |region: &Region| match kind {
            _ if region.code == regions::ALL => all.clone(),
            _ if market.country.is_none() => self.countries.get(&region.name).unwrap_or(&region.name).clone(),
            _ => region.name.clone(),
        };
        self.states = market.regions.iter().map(|region| (region.code.clone(), name(region))).collect();
        self.short = market.regions.iter().map(|region| (region.code.clone(), places::short(region))).collect();
        // The code under which the totals of all regions are kept.
        self.states.insert("BR".into(), all);
        self.states.insert(UNKNOWN.into(), self.labels.get("unknown_region").cloned().unwrap_or_default());
        for method in &market.methods {
            self.methods.entry(method.word.clone()).or_insert_with(|| method.name.clone());
        }
    }
    /// A text with what the regions of the data are called in place of states.
    pub(crate) fn of_regions(&self, text: &str) -> String {
        places::replaced(text, &self.other_words)
    }
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
        match self.short.get(code) {
            Some(short) => short.clone(),
            None if code == UNKNOWN => self.state(code),
            None => code.into(),
        }
    }
    /// Name of a state with its code, unless the name says as much.
    pub(crate) fn state_with_code(&self, code: &str) -> String {
        let short = self.state_code(code);
        match self.state(code) {
            name if short == name || self.short.contains_key(code) && !code.contains('-') && code.len() > 2 => name,
            name => format!("{name} ({short})"),
        }
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
        let text = self.docs.get(doc).cloned().unwrap_or_else(|| doc.replace('`', ""));
        if self.short.is_empty() { text } else { self.of_regions(&text.replace("centavos", &self.label("hundredths"))) }
    }
    /// Translates an English warning of the audit.
    pub(crate) fn note(&self, warning: &str) -> String {
        Notes { lang: self.lang, patterns: &self.notes }.note(warning)
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
mod tests;
