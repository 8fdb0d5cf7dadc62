//! Clean tables → whether their sums fit in 64 bits. Used by `sums` before aggregation, since engines overflow silently.

use std::collections::BTreeMap;

use polars::prelude::*;

use crate::error::{Error, Result};

/// Upper bound of a sum: an eighth of the 64-bit range, so that a few sums can be added.
pub(crate) const MAX_SUM: f64 = (i64::MAX / 8) as f64;

/// Most payments of an order, by the contract of `payment_sequential`.
const MAX_PAYMENTS: f64 = 1_000.0;

/// Upper bounds of the sums so far. Floats, since they need not be exact and do not overflow.
#[derive(Debug, Default)]
pub(crate) struct Size {
    /// Sums of absolute values: items and payments in centavos, deliveries in seconds.
    items: f64,
    payments: f64,
    deliveries: f64,
    /// Highest position of an item in its order, and so the most items of an order.
    most_items: f64,
}

impl Size {
    /// Adds the clean tables of a range of orders.
    ///
    /// # Errors
    /// [`Error::Input`]: the sums so far are too large.
    pub(crate) fn add(&mut self, tables: &BTreeMap<String, DataFrame>) -> Result<()> {
        let column = |table: &str, name: &str| -> Result<Option<Int64Chunked>> {
            let Some(frame) = tables.get(table).filter(|frame| frame.height() > 0) else { return Ok(None) };
            Ok(Some(frame.column(name)?.i64()?.clone()))
        };
        let sum = |table: &str, name: &str| -> Result<f64> {
            let of = |numbers: Int64Chunked| numbers.iter().flatten().map(|number| (number as f64).abs()).sum::<f64>();
            Ok(column(table, name)?.map_or(0.0, of))
        };
        self.items += sum("order_items", "price_centavos")? + sum("order_items", "freight_centavos")?;
        self.payments += sum("order_payments", "payment_centavos")?;
        self.deliveries += sum("orders", "delivery_seconds")?;
        let most = column("order_items", "order_item_id")?.and_then(|positions| positions.max());
        self.most_items = self.most_items.max(most.unwrap_or(1) as f64);
        self.demand()
    }

    /// Checks the largest sums of the mart: an item counts up to its position or its order's payments times; a payment or delivery counts
    /// once for every item or category of its order.
    fn demand(&self) -> Result<()> {
        for (what, sum) in [
            ("the amounts of `order_items`", self.items * MAX_PAYMENTS.max(self.most_items)),
            ("the amounts of `order_payments`", self.payments * self.most_items.max(1.0)),
            ("the delivery times of `orders`", self.deliveries * self.most_items.max(1.0)),
        ] {
            if sum >= MAX_SUM {
                return Err(Error::input(format!("{what} are too large to be added up")).with_hint(
                    "an amount or a date of these files is not what it seems; `pfe audit` lists what fails its checks",
                ));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_that_would_wrap_are_refused_and_others_are_not() {
        let items = |price: i64, rows: usize| {
            let frame = df!(
                "price_centavos" => vec![price; rows], "freight_centavos" => vec![0i64; rows], "order_item_id" => vec![3i64; rows]
            );
            BTreeMap::from([("order_items".to_string(), frame.unwrap())])
        };
        let mut size = Size::default();
        let most = i64::MAX / 8_000;
        size.add(&items(most / 5, 2)).unwrap();
        // Each range fits alone, but not both together.
        let error = size.add(&items(most / 5, 4)).unwrap_err();
        assert_eq!(
            (error.to_string(), error.exit_code()),
            ("the amounts of `order_items` are too large to be added up".into(), 2)
        );
        Size::default().add(&items(most / 5, 4)).unwrap();
    }
}
