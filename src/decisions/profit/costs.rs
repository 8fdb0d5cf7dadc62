//! The reader's file of costs, and what the export knows → what selling costs; the rest is assumed, and marked so. Used by `profit`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use toml::{Spanned, Value};

use crate::error::{Error, Result};
use crate::market::MarketFacts;
use crate::text::{listed, place};

/// Margin of a category of which nothing is known, where one number is needed.
pub const MARGIN: f64 = 0.4;
/// Ends of the uniform distribution of an unknown margin.
pub const MARGINS: (f64, f64) = (0.15, 0.6);
/// Share of the price that a marketplace keeps.
pub const COMMISSION: f64 = 0.2;
/// What a marketplace takes of an order, BRL. In other currencies nothing is assumed: a share alone means the same everywhere.
pub const FEE_BRL: f64 = 5.0;
/// Share of what is paid that payment costs a shop of its own.
pub const PAYMENT_FEE: f64 = 0.04;
/// Share of the freight that a shop of its own pays.
pub const SHIPPING_BORNE: f64 = 1.0;
/// No amount is greater.
const MAX_AMOUNT: f64 = 1e9;
/// What stands for a value that the reader does not know.
const UNKNOWN: &str = "unknown";

/// What the reader knows of the costs of selling. Shares 0–1, amounts in the currency of the data.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SellingCosts {
    /// Price less purchase cost, as a share of the price.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub margin: Option<f64>,
    /// The same by category, in place of `margin`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub margins: BTreeMap<String, Margin>,
    /// Share of the price that a marketplace keeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commission: Option<f64>,
    /// What a marketplace takes of each order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fee_per_order: Option<f64>,
    /// Share of what is paid that payment costs a shop of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_fee: Option<f64>,
    /// The same by method, in place of `payment_fee`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub payment_fees: BTreeMap<String, f64>,
    /// Share of the freight that a shop of its own pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping_borne: Option<f64>,
    /// Share of the orders that come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_share: Option<f64>,
    /// What each of these costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub return_cost: Option<f64>,
}

/// What the reader says of a category's margin.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Margin {
    /// It is this.
    Known(f64),
    /// It is not known, whatever the margin of the others.
    Unknown,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The reader's file.
    Reader,
    /// Costs in the export.
    Export,
    /// Nobody knows it: a default of this module.
    Assumed,
}

/// A value of a cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Cost {
    /// Share or amount.
    pub value: f64,
    /// Where it comes from.
    pub origin: Origin,
}

/// The costs of which a value is always at hand.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Costs {
    /// See [`SellingCosts`].
    pub commission: Cost,
    /// See [`SellingCosts`].
    pub fee_per_order: Cost,
    /// See [`SellingCosts`]; the mean over the methods, by what was paid with each.
    pub payment_fee: Cost,
    /// See [`SellingCosts`].
    pub shipping_borne: Cost,
    /// What returns cost per order, of all orders.
    pub returns_per_order: Cost,
}

/// The file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    margin: Option<Spanned<Value>>,
    #[serde(default)]
    margins: BTreeMap<String, Spanned<Value>>,
    commission: Option<Spanned<Value>>,
    fee_per_order: Option<Spanned<Value>>,
    payment_fee: Option<Spanned<Value>>,
    #[serde(default)]
    payment_fees: BTreeMap<String, Spanned<Value>>,
    shipping_borne: Option<Spanned<Value>>,
    return_share: Option<Spanned<Value>>,
    return_cost: Option<Spanned<Value>>,
}

impl SellingCosts {
    /// Reads a file of costs; `name` stands for it in messages. What is left out or `"unknown"` is unknown.
    ///
    /// # Errors
    /// [`Error::Input`]: it is no TOML, has an unknown key, or a value is no share from 0 to 1 or no amount; names the file and the line.
    pub fn parse(text: &str, name: &str) -> Result<SellingCosts> {
        let text = text.trim_start_matches('\u{feff}');
        let file: File = toml::from_str(text).map_err(|error| {
            let at = place(name, text, error.span().map(|span| span.start));
            Error::input(format!("{at}: {}", error.message())).with_hint(
                "costs are `margin`, `[margins]` by category, `commission`, `fee_per_order`, `payment_fee`, `[payment_fees]` by method, \
                 `shipping_borne`, `return_share` and `return_cost`; what you do not know, leave out",
            )
        })?;
        let number = |key: &str, value: &Spanned<Value>, most: f64, form: &str| {
            let number = match value.get_ref() {
                Value::Integer(number) => Some(*number as f64),
                Value::Float(number) => Some(*number),
                Value::String(text) if text == UNKNOWN => return Ok(None),
                _ => None,
            };
            match number.filter(|number| (0.0..=most).contains(number)) {
                Some(number) => Ok(Some(number)),
                None => {
                    let at = place(name, text, Some(value.span().start));
                    Err(Error::input(format!("{at}: `{key}` is {}, not {form}", value.get_ref())).with_hint(
                        "a share such as 0.4 stands for 40 %; what you do not know, leave out or write as \"unknown\"",
                    ))
                }
            }
        };
        let share = |key: &str, value: &Spanned<Value>| number(key, value, 1.0, "a share from 0 to 1");
        let amount = |key: &str, value: &Spanned<Value>| number(key, value, MAX_AMOUNT, "an amount from 0 on");
        let one = |key: &str, value: &Option<Spanned<Value>>| -> Result<Option<f64>> {
            value.as_ref().map_or(Ok(None), |value| share(key, value))
        };
        let money = |key: &str, value: &Option<Spanned<Value>>| -> Result<Option<f64>> {
            value.as_ref().map_or(Ok(None), |value| amount(key, value))
        };
        let (mut margins, mut payment_fees) = (BTreeMap::new(), BTreeMap::new());
        for (category, value) in &file.margins {
            let margin = share(&format!("margins.{category}"), value)?;
            margins.insert(category.clone(), margin.map_or(Margin::Unknown, Margin::Known));
        }
        for (method, value) in &file.payment_fees {
            payment_fees.extend(share(&format!("payment_fees.{method}"), value)?.map(|fee| (method.clone(), fee)));
        }
        Ok(SellingCosts {
            margin: one("margin", &file.margin)?,
            margins,
            commission: one("commission", &file.commission)?,
            fee_per_order: money("fee_per_order", &file.fee_per_order)?,
            payment_fee: one("payment_fee", &file.payment_fee)?,
            payment_fees,
            shipping_borne: one("shipping_borne", &file.shipping_borne)?,
            return_share: one("return_share", &file.return_share)?,
            return_cost: money("return_cost", &file.return_cost)?,
        })
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == SellingCosts::default()
    }

    /// The margin of a category, `None` for that of all.
    pub(super) fn margin_of(&self, category: Option<&str>, market: Option<&MarketFacts>) -> Cost {
        let assumed = Cost { value: MARGIN, origin: Origin::Assumed };
        let given = match category.and_then(|category| self.margins.get(category)) {
            Some(Margin::Unknown) => return assumed,
            Some(Margin::Known(margin)) => Some(*margin),
            None => self.margin,
        };
        let costs =
            market.and_then(|market| category.map_or_else(|| market.all_costs(), |c| market.costs.get(c).copied()));
        let exported = costs.filter(|costs| costs.units_with_cost > 0).and_then(|costs| costs.margin());
        match (given, exported) {
            (Some(value), _) => Cost { value, origin: Origin::Reader },
            (None, Some(value)) => Cost { value, origin: Origin::Export },
            (None, None) => assumed,
        }
    }

    /// The other costs. `paid` is what was paid with each method.
    ///
    /// # Errors
    /// [`Error::Input`]: there is a fee of a method that no order was paid with.
    pub(super) fn others(&self, market: Option<&MarketFacts>, paid: &BTreeMap<String, i64>) -> Result<Costs> {
        if let Some(method) = self.payment_fees.keys().find(|method| !paid.contains_key(*method)) {
            return Err(Error::input(format!("costs: no order is paid by `{method}`"))
                .with_hint(format!("the methods are {}", listed(paid.keys()))));
        }
        let of = |given: Option<f64>, assumed: f64| match given {
            Some(value) => Cost { value, origin: Origin::Reader },
            None => Cost { value: assumed, origin: Origin::Assumed },
        };
        let in_reais = market.is_none_or(|market| market.currency == "BRL");
        let mut payment_fee = of(self.payment_fee, PAYMENT_FEE);
        let all: i64 = paid.values().sum();
        if all > 0 && !self.payment_fees.is_empty() {
            let fee = |method: &String| self.payment_fees.get(method).copied().unwrap_or(payment_fee.value);
            let is_known = |method: &String| self.payment_fees.contains_key(method);
            payment_fee = Cost {
                value: paid.iter().map(|(method, value)| fee(method) * *value as f64).sum::<f64>() / all as f64,
                origin: if paid.keys().all(is_known) { Origin::Reader } else { payment_fee.origin },
            };
        }
        let returns = self.return_share.zip(self.return_cost).map(|(share, cost)| share * cost);
        Ok(Costs {
            commission: of(self.commission, COMMISSION),
            fee_per_order: of(self.fee_per_order, if in_reais { FEE_BRL } else { 0.0 }),
            payment_fee,
            shipping_borne: of(self.shipping_borne, SHIPPING_BORNE),
            returns_per_order: of(returns, 0.0),
        })
    }
}

impl Cost {
    /// Whether nobody knows it.
    pub fn is_assumed(&self) -> bool {
        self.origin == Origin::Assumed
    }
}
