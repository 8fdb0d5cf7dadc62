//! `reports/costs.toml` → monthly cost of the original project's architecture. Used by `values` and `tables`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::edition::Words;
use crate::error::{Error, Result};
use crate::report::Templates;

/// A service, priced in US dollars.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cost {
    pub key: String,
    /// Units per month.
    pub quantity: f64,
    /// Price per unit, US dollars.
    pub price: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    item: Vec<Cost>,
}

impl Cost {
    fn month(&self) -> f64 {
        self.quantity * self.price
    }
}

pub(crate) fn costs(templates: &Templates) -> Result<Vec<Cost>> {
    let file: File =
        toml::from_str(templates.text("costs.toml")).map_err(|e| Error::report("`reports/costs.toml`", e))?;
    Ok(file.item)
}

pub(crate) fn values(costs: &[Cost], words: &Words) -> Value {
    let month: f64 = costs.iter().map(Cost::month).sum();
    let dearest = costs.iter().max_by(|a, b| a.month().total_cmp(&b.month()));
    json!({
        "month": month, "year": 12.0 * month, "note": words.label("cost_note"),
        "dearest": dearest.map(|c| json!({
            "name": words.label(&format!("cost_{}", c.key)), "share": c.month() / month.max(f64::MIN_POSITIVE),
        })),
    })
}

/// Table rows: service, quantity, unit, price per unit, price per month.
pub(crate) fn rows(costs: &[Cost], words: &Words) -> Vec<Vec<String>> {
    let lang = words.lang;
    let row = |c: &Cost| {
        vec![
            words.label(&format!("cost_{}", c.key)),
            words.label(&format!("cost_{}_unit", c.key)),
            lang.decimal(c.quantity, 1),
            lang.decimal(c.price, 4),
            lang.decimal(c.month(), 2),
        ]
    };
    costs.iter().map(row).collect()
}
