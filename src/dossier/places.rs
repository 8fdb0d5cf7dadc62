//! What the regions of a market are called, and their short names. Part of `edition`.

use crate::market::MarketFacts;
use crate::market::regions::{Region, country};

/// Countries whose parts are states.
const OF_STATES: [&str; 5] = ["AU", "BR", "IN", "MX", "US"];
/// Letters of a name that stand for a region whose code is a number.
const SHORT: usize = 3;

/// What the regions of a market are called, where they are no states: the key of the words that stand for it.
pub(crate) fn kind(market: &MarketFacts) -> Option<&'static str> {
    match &market.country {
        Some(country) => (!OF_STATES.contains(&country.as_str())).then_some("region"),
        None if market.regions.len() > 1 => Some("country"),
        None => Some("region"),
    }
}

/// `text` with other words, each pair in its turn. Placeholders, tags and targets of links stay as they are.
pub(crate) fn replaced(text: &str, pairs: &[(String, String)]) -> String {
    const MARKS: [(&str, &str); 5] = [("{{", "}}"), ("{%", "%}"), ("](", ")"), ("{#", "}"), ("`", "`")];
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    let prose = |text: &str| pairs.iter().fold(text.to_string(), |text, (from, to)| text.replace(from, to));
    while let Some((at, open, close)) =
        MARKS.iter().filter_map(|(open, close)| Some((rest.find(open)?, *open, *close))).min()
    {
        let end = rest[at + open.len()..].find(close).map_or(rest.len(), |end| at + open.len() + end + close.len());
        out += &prose(&rest[..at]);
        out += &rest[at..end];
        rest = &rest[end..];
    }
    out += &prose(rest);
    // `State` alone is a heading of a column: what stands for it is one as well.
    match out.chars().next() {
        Some(first) if first.is_lowercase() && text.starts_with(char::is_uppercase) => {
            first.to_uppercase().chain(out.chars().skip(1)).collect()
        }
        _ => out,
    }
}

/// What a region is called where there is no room for its name: `CA`, `FR`; the first letters of the name if the code is a number.
pub(crate) fn short(region: &Region) -> String {
    let part = region.code.split_once('-').map_or(region.code.as_str(), |(_, part)| part);
    match country(&region.code) {
        Some(code) if region.code == region.name => code.into(),
        _ if part.len() <= SHORT && part.bytes().all(|b| b.is_ascii_uppercase()) => part.into(),
        _ => region.name.chars().filter(|c| c.is_alphanumeric()).take(SHORT).flat_map(char::to_uppercase).collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_prose_gets_other_words() {
        let pairs = [("states".to_string(), "regions".to_string()), ("state".to_string(), "region".to_string())];
        assert_eq!(
            replaced("{{ n.states }} states, {% if state %}a state{% endif %} `state` ([](table:states))", &pairs),
            "{{ n.states }} regions, {% if state %}a region{% endif %} `state` ([](table:states))"
        );
        assert_eq!(replaced("an open {{ state", &pairs), "an open {{ state");
    }

    #[test]
    fn regions_have_short_names() {
        for (code, name, expected) in [
            ("US-CA", "California", "CA"),
            ("SP", "São Paulo", "SP"),
            ("IT-25", "Lombardia", "LOM"),
            ("FR-976", "Mayotte", "MAY"),
            ("Germany", "Germany", "DE"),
            ("ES-PV", "País Vasco", "PV"),
        ] {
            assert_eq!(short(&Region { code: code.into(), name: name.into() }), expected);
        }
    }
}
