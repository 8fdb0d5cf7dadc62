//! SalesMart → facts whose dimension row is missing, and their amounts. Used by the command line and the report.

use super::law::TOTALS;
use super::sales_mart::SalesMart;
use crate::error::Result;
use crate::schema::TableId;

/// Items, payments or reviews whose row in another table is missing or has no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The table of the facts.
    pub facts: TableId,
    /// The table in which their row is missing.
    pub lacks: TableId,
    /// Number of facts.
    pub count: i64,
    /// Their amount in centavos; `None` for facts without an amount.
    pub centavos: Option<i64>,
}

/// Rows of `totals`, in the order in which they are reported.
const ROWS: [(&str, TableId, TableId); 6] = [
    ("items_without_order", TableId::OrderItems, TableId::Orders),
    ("payments_without_order", TableId::OrderPayments, TableId::Orders),
    ("reviews_without_order", TableId::OrderReviews, TableId::Orders),
    ("items_without_product", TableId::OrderItems, TableId::Products),
    ("items_without_state", TableId::OrderItems, TableId::Customers),
    ("items_without_seller", TableId::OrderItems, TableId::Sellers),
];

impl SalesMart {
    /// Facts whose dimension row is missing; empty for complete data.
    ///
    /// # Errors
    /// The mart is incomplete.
    pub fn missing(&self) -> Result<Vec<Missing>> {
        let totals = self.table(TOTALS)?;
        let names = totals.column("name")?.str()?;
        let (counted, amounts) = (totals.column("counted")?.i64()?, totals.column("amount")?.i64()?);
        let of = |(name, facts, lacks): (&str, TableId, TableId)| {
            let row = names.iter().position(|row| row == Some(name))?;
            let count = counted.get(row).filter(|count| *count > 0)?;
            let centavos = amounts.get(row).filter(|_| facts != TableId::OrderReviews);
            Some(Missing { facts, lacks, count, centavos })
        };
        Ok(ROWS.into_iter().filter_map(of).collect())
    }
}
