//! Headers → what they are about, and how well that fits a field. Used by `propose`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::market::description::Field;
use crate::market::values::folded;

/// Shortest stem that is found within a compound.
const STEM: usize = 4;
/// Words that say nothing.
const FILLERS: &[&str] = &[
    "a", "al", "and", "au", "aux", "d", "da", "das", "de", "del", "den", "der", "des", "die", "do", "dos", "du", "e",
    "el", "en", "et", "for", "in", "l", "la", "las", "le", "les", "los", "of", "par", "por", "pour", "the", "to",
    "und", "von", "y",
];
/// With a tax beside them, or alone, they say only whether an amount includes it.
const INCLUSION: &[&str] = &[
    "ttc",
    "ht",
    "incl",
    "inkl",
    "inc",
    "including",
    "inclus",
    "incluido",
    "avec",
    "con",
    "com",
    "hors",
    "excl",
    "exkl",
    "excluding",
    "sin",
    "sem",
    "ohne",
    "net",
    "netto",
    "brutto",
    "gross",
];

/// What `lexicon.toml` holds.
#[derive(Default, Deserialize)]
pub(super) struct Lexicon {
    concepts: BTreeMap<String, Vec<String>>,
    pub(super) fields: BTreeMap<Field, Meaning>,
    /// Starts of values, by what they say.
    pub(super) values: BTreeMap<String, Vec<String>>,
}

/// What a header of a field is about.
#[derive(Deserialize)]
pub(super) struct Meaning {
    about: Vec<String>,
    #[serde(default)]
    beside: Vec<String>,
}

pub(super) static LEXICON: LazyLock<Lexicon> =
    LazyLock::new(|| toml::from_str(include_str!("lexicon.toml")).unwrap_or_default());

/// A header as words: `Order_Date (UTC)` → `order`, `date`, `utc`; `orderDate` → `order`, `date`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut spaced = String::new();
    let mut before = ' ';
    // The German abbreviation of the value added tax is one word.
    for c in name.replace("MwSt", "mwst").chars() {
        if c.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(if matches!(c, 'º' | 'ª' | '°') { ' ' } else { c });
        before = c;
    }
    let folded = folded(&spaced);
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(String::from).collect()
}

impl Lexicon {
    /// What each part of a header is about, as one of several things; a part that no word is about has none.
    pub(super) fn concepts(&self, header: &[String]) -> Vec<BTreeSet<&str>> {
        let has_tax = |word: &String| self.of_word(word).contains("tax");
        let includes = header.iter().any(|word| INCLUSION.contains(&word.as_str()));
        let says = |word: &&String| {
            let filler = FILLERS.contains(&word.as_str()) || INCLUSION.contains(&word.as_str());
            !(filler || includes && has_tax(word))
        };
        header.iter().filter(says).flat_map(|word| self.parts(word)).collect()
    }

    /// A word as a whole, or a compound by its stems.
    fn parts(&self, word: &str) -> Vec<BTreeSet<&str>> {
        let whole = self.of_word(word);
        // A longer word that starts like a stem may hold another stem: `bestellnummer`.
        let within = self.stems(word);
        if within.len() > 1 || (whole.is_empty() && !within.is_empty()) { within } else { vec![whole] }
    }

    fn of_word(&self, word: &str) -> BTreeSet<&str> {
        let fits = |known: &String| match known.strip_suffix('*') {
            Some(stem) => word.starts_with(stem),
            None => known == word,
        };
        let known = self.concepts.iter().filter(|(_, words)| words.iter().any(fits));
        known.map(|(concept, _)| concept.as_str()).collect()
    }

    /// The stems and words that a compound consists of, from its start; each of at least [`STEM`] letters.
    fn stems(&self, word: &str) -> Vec<BTreeSet<&str>> {
        let (mut parts, mut at) = (Vec::new(), 0);
        while at < word.len() {
            let rest = &word[at..];
            let length = |known: &String| {
                let stem = known.trim_end_matches('*');
                let ends = known.ends_with('*') || rest.len() == stem.len();
                if stem.len() >= STEM && ends && rest.starts_with(stem) { stem.len() } else { 0 }
            };
            let longest = |words: &Vec<String>| words.iter().map(length).max().unwrap_or(0);
            let found: Vec<(usize, &str)> =
                self.concepts.iter().map(|(concept, words)| (longest(words), concept.as_str())).collect();
            match found.iter().map(|(length, _)| *length).max().unwrap_or(0) {
                0 => at += rest.chars().next().map_or(1, char::len_utf8),
                most => {
                    let longest = found.into_iter().filter(|(length, _)| *length == most);
                    parts.push(longest.map(|(_, concept)| concept).collect());
                    at += most;
                }
            }
        }
        parts
    }

    /// How well a header fits a field: from 2 for one word that is about it to about 3.5; `None` if it is not about it, or a word of two is
    /// about something else.
    pub(super) fn fit(&self, field: Field, header: &[BTreeSet<&str>]) -> Option<f64> {
        let meaning = self.fields.get(&field)?;
        // A tax or a percentage is no amount of a field.
        if header.iter().any(|part| part.contains("tax") || part.contains("percent")) {
            return None;
        }
        let fits = meaning.about.iter().enumerate().filter_map(|(rank, about)| {
            let about: Vec<&str> = about.split(' ').collect();
            let is_about = |part: &BTreeSet<&str>, concept: &&str| part.contains(concept);
            if !about.iter().all(|concept| header.iter().any(|part| is_about(part, concept))) {
                return None;
            }
            let spoken = |part: &BTreeSet<&str>| {
                let beside = meaning.beside.iter().any(|concept| part.contains(concept.as_str()));
                about.iter().any(|concept| is_about(part, concept)) || beside
            };
            let others = header.iter().filter(|part| !part.is_empty() && !spoken(part)).count();
            let unknown = header.iter().filter(|part| part.is_empty()).count();
            let words = about.len().min(header.len());
            Some(2.0 + 0.5 * words as f64 - 0.8 * others as f64 - 0.15 * unknown as f64 - 0.02 * rank as f64)
        });
        fits.max_by(f64::total_cmp).filter(|fit| *fit > 1.75)
    }

    /// Whether a value starts as those of a kind do.
    pub(super) fn says(&self, kind: &str, value: &str) -> bool {
        let value = folded(value);
        self.values.get(kind).is_some_and(|starts| starts.iter().any(|start| value.starts_with(start)))
    }

    /// The status that a value of an unknown export stands for.
    pub(super) fn status(&self, value: &str) -> Option<&'static str> {
        ["canceled", "delivered", "shipped", "created", "approved"].into_iter().find(|status| self.says(status, value))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::schema::contract::ORDER_STATUSES;

    fn best(header: &str) -> Option<Field> {
        let concepts = LEXICON.concepts(&words(header));
        let fits = LEXICON.fields.keys().filter_map(|field| Some((LEXICON.fit(*field, &concepts)?, *field)));
        fits.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1))).map(|(_, field)| field)
    }

    #[test]
    fn the_lexicon_is_written_as_headers_are_compared() {
        assert!(LEXICON.fields.len() > 25 && LEXICON.concepts.len() > 30);
        for word in LEXICON.concepts.values().flatten().chain(LEXICON.values.values().flatten()) {
            assert_eq!(*word, folded(word));
        }
        for meaning in LEXICON.fields.values() {
            let about = meaning
                .about
                .iter()
                .flat_map(|about| about.split(' '))
                .chain(meaning.beside.iter().map(String::as_str));
            for concept in about {
                assert!(LEXICON.concepts.contains_key(concept), "{concept}");
            }
        }
        let statuses = LEXICON.values.keys().filter(|kind| *kind != "methods");
        assert!(statuses.into_iter().all(|status| ORDER_STATUSES.contains(&status.as_str())));
    }

    #[test]
    fn headers_of_five_languages_and_of_machines() {
        use Field::*;
        for (header, field) in [
            ("Order_Date (UTC)", PurchasedAt),
            ("orderNumber", OrderId),
            ("N° commande", OrderId),
            ("Date de la commande", PurchasedAt),
            ("Montant TTC", LineTotal),
            ("Prix unitaire HT", UnitPrice),
            ("PU TTC", UnitPrice),
            ("Mode de règlement", PaymentMethod),
            ("Frais de livraison", OrderFreight),
            ("Date de livraison", DeliveredAt),
            ("Bestellnummer", OrderId),
            ("Bestelldatum", PurchasedAt),
            ("Kundennr.", Customer),
            ("Artikelbezeichnung", ProductId),
            ("Warengruppe", Category),
            ("Einzelpreis (€)", UnitPrice),
            ("Preis inkl. MwSt.", UnitPrice),
            ("Versandkosten", OrderFreight),
            ("Versanddatum", ShippedAt),
            ("Zahlungsart", PaymentMethod),
            ("Lieferland", Country),
            ("Bundesland", Region),
            ("Nº de pedido", OrderId),
            ("Fecha del pedido", PurchasedAt),
            ("Precio unitario", UnitPrice),
            ("Forma de pagamento", PaymentMethod),
            ("Valor do frete", OrderFreight),
            ("ORD_NO", OrderId),
            ("ORD_DT", PurchasedAt),
            ("CUST_CD", Customer),
            ("ITM_GRP", Category),
            ("UNT_PRC", UnitPrice),
            ("EXT_AMT", LineTotal),
            ("DISC_AMT", LineDiscount),
            ("FRT_AMT", OrderFreight),
            ("PMT_MTHD", PaymentMethod),
            ("SHIP_CTRY", Country),
            ("SHIP_ST", Region),
            ("MATNR", ProductId),
            ("KWMENG", Quantity),
        ] {
            assert_eq!(best(header), Some(field), "{header}: {:?}", LEXICON.concepts(&words(header)));
        }
        for header in ["Ville", "MwSt.", "Telefon"] {
            assert_eq!(best(header), None, "{header}");
        }
    }
}
