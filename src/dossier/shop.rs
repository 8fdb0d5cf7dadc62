//! Market of an export → what the report can show of it. Used by `values`, `tables`, `figures` and the dashboard.

use serde_json::{Map, Value, json};

use super::edition::Words;
use crate::charts::map::atlas::Atlas;
use crate::decisions::Facts;
use crate::market::Field;
use crate::results::Results;
use crate::schema::contract::UNKNOWN;

/// Share of the orders of the regions that a map must show.
const ON_MAP: f64 = 0.9;
/// Codes and short names of the regions, most orders first, and how many of them a map must show.
pub(crate) fn regions(results: &Results, words: &Words) -> (Vec<(String, String)>, usize) {
    let mut states: Vec<&Facts> = results.findings.known_states().collect();
    states.sort_by(|a, b| b.orders.cmp(&a.orders).then_with(|| a.name.cmp(&b.name)));
    let total: i64 = states.iter().map(|f| f.orders).sum();
    let mut sum = 0;
    let before = states.iter().take_while(|f| {
        let more = (sum as f64) < ON_MAP * total as f64;
        sum += f.orders;
        more
    });
    let shown = before.count();
    (states.iter().map(|f| (f.name.clone(), words.state_code(&f.name))).collect(), shown)
}

/// The atlas of the report's maps; `None` if no shapes are known of the regions.
pub(crate) fn atlas(results: &Results, words: &Words) -> Option<Atlas> {
    let (regions, shown) = regions(results, words);
    Atlas::of(results.audit.market.as_ref(), &regions, shown)
}

/// Who made the map; nothing where there is none, or where it is the user's.
pub(crate) fn credit(results: &Results, words: &Words) -> String {
    let credit = atlas(results, words).map_or("", |atlas| atlas.shapes.credit);
    if credit.is_empty() { String::new() } else { words.label(credit) }
}

/// Whether orders went to several regions, as far as is known; always so for Olist.
pub(crate) fn has_regions(results: &Results) -> bool {
    results.audit.market.is_none() || results.findings.known_states().count() > 1
}

/// Whether an export has no column for a field, so that the field's answer stays open.
fn lacks(results: &Results, field: Field) -> bool {
    // `payment_method`: how to get paid stays open
    let start = format!("`{}`:", field.name());
    results.audit.market.as_ref().is_some_and(|market| market.open.iter().any(|open| open.starts_with(&start)))
}

/// Whether methods of payment are known.
pub(crate) fn has_payments(results: &Results) -> bool {
    !results.findings.payments_total.methods.is_empty() && !lacks(results, Field::PaymentMethod)
}

/// Values on the market: `market` (null for Olist), `lacks` by field, and `shows`, by part of the report.
pub(crate) fn values(results: &Results, words: &Words) -> Map<String, Value> {
    let market = results.audit.market.as_ref();
    let answered: Vec<Field> = Field::ALL.into_iter().filter(|field| field.answers().is_some()).collect();
    let lacking: Map<String, Value> =
        answered.iter().map(|field| (field.name(), json!(lacks(results, *field)))).collect();
    let about = market.map(|market| {
        let left_open = answered
            .iter()
            .filter(|field| lacks(results, **field))
            .map(|field| json!({ "field": field.name(), "answer": words.label(&format!("open_{}", field.name())) }));
        json!({
            "title": market.title, "currency": market.currency, "in_brazil": market.is_in_brazil(),
            "files": words.list(&market.files), "open": left_open.collect::<Vec<_>>(),
        })
    });
    let total = &results.findings.total;
    let methods = &results.findings.payments_total.methods;
    let decided = results.decisions.as_ref().ok();
    let parts = [
        ("regions", has_regions(results)),
        ("reviews", total.review_mean.is_some()),
        ("delivery", total.delivery_days_mean.is_some()),
        ("late", total.late_share.is_some()),
        ("service", [total.review_mean, total.delivery_days_mean, total.late_share].iter().any(Option::is_some)),
        ("payments", has_payments(results)),
        ("instalments", methods.iter().any(|method| method.installments_mean > 1.0)),
        ("cities", decided.is_some_and(|d| d.region.cities.iter().any(|city| city.city != UNKNOWN))),
    ];
    let shows: Map<String, Value> =
        parts.into_iter().map(|(part, shown)| (part.to_string(), json!(market.is_none() || shown))).collect();
    Map::from_iter([
        ("market".to_string(), json!(about)),
        ("lacks".to_string(), Value::Object(lacking)),
        ("shows".to_string(), Value::Object(shows)),
    ])
}
