//! Orders → their payment methods as words, few enough to count the sets of them. Used by `tables`.

use std::collections::{BTreeMap, HashMap};

use super::keys::within;
use crate::market::facts::Method;
use crate::market::lines::order::{Lines, Order};
use crate::market::values::folded;
use crate::schema::contract::NOT_DEFINED;

/// Most methods that are told apart: every set of them is a number. The others count as one.
const MAX_METHODS: usize = 10;
/// Word of those others.
const OTHER: &str = "other";
/// Most characters of a word.
const MAX_WORD: usize = 40;

/// The payment methods of an export.
pub(super) struct Methods {
    /// Spelling → word; several spellings may be one word.
    words: HashMap<String, String>,
    /// Word → its most frequent spelling.
    names: BTreeMap<String, String>,
}

impl Methods {
    pub(super) fn of(lines: &Lines, notes: &mut Vec<String>) -> Methods {
        let mut orders: BTreeMap<&str, usize> = BTreeMap::new();
        for method in lines.orders.iter().flat_map(|order| &order.methods) {
            *orders.entry(method.as_str()).or_default() += 1;
        }
        /// Orders of a word, and of each of its spellings.
        type Spellings<'a> = (usize, Vec<(usize, &'a str)>);
        let mut of_word: BTreeMap<String, Spellings<'_>> = BTreeMap::new();
        for (spelling, count) in &orders {
            let entry = of_word.entry(word(spelling)).or_default();
            entry.0 += count;
            entry.1.push((*count, *spelling));
        }
        let mut largest: Vec<(&String, &Spellings<'_>)> = of_word.iter().collect();
        largest.sort_by_key(|(word, (count, _))| (std::cmp::Reverse(*count), *word));
        let mut methods = Methods { words: HashMap::new(), names: BTreeMap::new() };
        for (at, (word, (_, spellings))) in largest.iter().enumerate() {
            let word = if at < MAX_METHODS { word.as_str() } else { OTHER };
            let name = spellings.iter().max_by_key(|(count, name)| (*count, std::cmp::Reverse(*name)));
            let name = name.filter(|_| word != OTHER).map_or(OTHER, |(_, name)| *name);
            methods.names.entry(word.into()).or_insert_with(|| within(name, MAX_WORD));
            methods.words.extend(spellings.iter().map(|(_, spelling)| (spelling.to_string(), word.to_string())));
        }
        if largest.len() > MAX_METHODS {
            notes.push(format!(
                "{} payment methods are more than the analysis tells apart: the {} with the fewest orders count as `{OTHER}`",
                largest.len(),
                largest.len() - MAX_METHODS
            ));
        }
        if lines.orders.iter().any(|order| order.methods.is_empty()) {
            methods.names.entry(NOT_DEFINED.into()).or_insert_with(|| NOT_DEFINED.into());
        }
        methods
    }

    /// The words of an order's payments; at least one.
    pub(super) fn words_of(&self, order: &Order) -> Vec<&str> {
        let known = order.methods.iter().filter_map(|method| self.words.get(method));
        let words: Vec<&str> = known.map(String::as_str).collect();
        if words.is_empty() { vec![NOT_DEFINED] } else { words }
    }

    /// All of them, sorted by word.
    pub(super) fn into_list(self) -> Vec<Method> {
        self.names.into_iter().map(|(word, name)| Method { word, name }).collect()
    }
}

/// A payment method as a word: lower case, `_` between words.
fn word(text: &str) -> String {
    let folded = folded(text);
    let parts: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty()).collect();
    let word: String = parts.join("_").chars().take(MAX_WORD).collect();
    if word.is_empty() { NOT_DEFINED.into() } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(methods: &[&str]) -> Order {
        Order { methods: methods.iter().map(|method| method.to_string()).collect(), ..Order::default() }
    }

    #[test]
    fn spellings_of_one_word_are_one_method_and_rare_ones_count_together() {
        let mut lines = Lines {
            orders: vec![order(&["Gift Card", "PayPal"]), order(&["gift-card"]), order(&[])],
            ..Lines::default()
        };
        lines.orders.push(order(&["Gift Card", "gift card"]));
        let methods = Methods::of(&lines, &mut Vec::new());
        assert_eq!(methods.words_of(&lines.orders[0]), ["gift_card", "paypal"]);
        assert_eq!(methods.words_of(&lines.orders[2]), ["not_defined"]);
        assert_eq!(methods.words_of(&lines.orders[3]), ["gift_card", "gift_card"]);
        let list: Vec<(String, String)> = methods.into_list().into_iter().map(|m| (m.word, m.name)).collect();
        let expected = [("gift_card", "Gift Card"), ("not_defined", "not_defined"), ("paypal", "PayPal")];
        assert_eq!(list, expected.map(|(word, name)| (word.to_string(), name.to_string())));
        let many: Vec<String> = (0..13).map(|n| format!("method {n:02}")).collect();
        lines.orders = many.iter().map(|name| order(&[name.as_str()])).collect();
        let mut notes = Vec::new();
        let methods = Methods::of(&lines, &mut notes);
        assert!(notes[0].starts_with("13 payment methods") && notes[0].contains("the 3 with"), "{notes:?}");
        assert_eq!(methods.words_of(&lines.orders[12]), [OTHER]);
        assert_eq!(methods.into_list().len(), MAX_METHODS + 1);
    }
}
