//! SalesMart → SupplyIndicators: indicators of every category and state by day. Next: `panel`; the step `supply` stores them.

use std::collections::BTreeMap;
use std::ops::Range;

use polars::prelude::*;
use rayon::prelude::*;

use super::supply::{EarlierRevenue, SELLERS_OVER, Sale, Supply};
use crate::error::Result;
use crate::mart::{SUPPLY_BY_DAY, SalesMart};
use crate::models::span::{By, STALE_DAYS};
use crate::table::ids::TextMap;
use crate::table::interner::Interner;

/// Columns read of recent sales; below, those of earlier sales, whose day and seller no longer matter.
const SALES: [&str; 6] = ["category", "state", "day", "seller_id", "product_id", "revenue_centavos"];
const EARLIER_COLUMNS: [&str; 4] = ["category", "state", "product_id", "revenue_centavos"];

/// Supply indicators of every category and state, from the day of the first sale to some weeks after the last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SupplyIndicators {
    /// The first day, counted from 1970-01-01.
    first: i32,
    categories: BTreeMap<String, Supply>,
    states: BTreeMap<String, Supply>,
}

impl SupplyIndicators {
    /// Computes the indicators from the mart.
    ///
    /// # Errors
    /// The mart is incomplete.
    pub fn of(mart: &SalesMart) -> Result<SupplyIndicators> {
        let rows = mart.table(SUPPLY_BY_DAY)?;
        let Some((first, last)) = days(rows)? else { return Ok(SupplyIndicators::default()) };
        let sold = Sold::of(rows)?;
        let of = |by| sold.shares(by, BTreeMap::new(), first, last);
        let (categories, states) = rayon::join(|| of(By::Category), || of(By::State));
        Ok(SupplyIndicators { first, categories: categories?, states: states? })
    }

    /// Continues from these indicators. The mart must have the same sales before the day `changed` as the mart of these.
    ///
    /// # Errors
    /// The mart is incomplete.
    pub(crate) fn extend(&self, mart: &SalesMart, changed: i32) -> Result<SupplyIndicators> {
        let known_days = self.states.values().next().map_or(0, |shares| shares.inactive_share.len() as i32);
        let from = changed.min(self.first + known_days);
        // Sales up to this day count only for products that sold again later, and for no seller.
        let last_earlier = from - SELLERS_OVER;
        let recent = mart.long(SUPPLY_BY_DAY)?.rows(last_earlier + 1..=i32::MAX, &SALES)?;
        let Some((_, last)) = days(&recent)?.filter(|_| self.first <= last_earlier) else {
            return SupplyIndicators::of(mart);
        };
        let sold = Sold::of(&recent)?;
        let earlier =
            mart.long(SUPPLY_BY_DAY)?.each(i32::MIN..=last_earlier, &EARLIER_COLUMNS, |rows| sold.earlier(&rows))?;
        let of = |by: By| -> Result<BTreeMap<String, Supply>> {
            let mut earned: BTreeMap<String, EarlierRevenue> = BTreeMap::new();
            for (categories, states) in &earlier {
                let piece = match by {
                    By::Category => categories,
                    By::State => states,
                };
                piece.iter().for_each(|(name, more)| earned.entry(name.clone()).or_default().extend(more));
            }
            let mut shares = sold.shares(by, earned, last_earlier + 1, last)?;
            for (name, shares) in &mut shares {
                let (unchanged, days_kept) =
                    (self.supply(by, name, self.first..from), (from - last_earlier - 1) as usize);
                shares.seller_hhi.splice(..days_kept, unchanged.seller_hhi);
                shares.inactive_share.splice(..days_kept, unchanged.inactive_share);
            }
            Ok(shares)
        };
        let (categories, states) = rayon::join(|| of(By::Category), || of(By::State));
        Ok(SupplyIndicators { first: self.first, categories: categories?, states: states? })
    }

    /// Indicators of a category or state on the given days; 0 where unknown.
    pub(crate) fn supply(&self, by: By, name: &str, days: Range<i32>) -> Supply {
        let shares = match by {
            By::Category => self.categories.get(name),
            By::State => self.states.get(name),
        };
        let (from, to) = (days.start - self.first, days.end - self.first);
        shares.map_or_else(Supply::default, Clone::clone).cut(from..to)
    }

    /// One row per series and day. Columns: `by`, `name`, `day`, `seller_hhi` (0–1), `inactive_share` (of the
    /// products, 0–1).
    ///
    /// # Errors
    /// polars fails.
    pub(crate) fn to_frame(&self) -> Result<DataFrame> {
        let all = [(By::Category, &self.categories), (By::State, &self.states)];
        let all = || all.into_iter().flat_map(|(by, named)| named.iter().map(move |(name, shares)| (by, name, shares)));
        let texts = |text: fn(By, &str) -> &str| -> StringChunked {
            all()
                .flat_map(|(by, name, shares)| std::iter::repeat_n(Some(text(by, name)), shares.inactive_share.len()))
                .collect()
        };
        let values = |values: fn(&Supply) -> &[f64]| -> Float64Chunked {
            all().flat_map(|(_, _, shares)| values(shares)).map(|value| Some(*value)).collect()
        };
        let days: Int32Chunked =
            all().flat_map(|(_, _, shares)| (self.first..).take(shares.inactive_share.len())).map(Some).collect();
        Ok(DataFrame::new_infer_height(vec![
            texts(|by, _| by.column()).with_name("by".into()).into_column(),
            texts(|_, name| name).with_name("name".into()).into_column(),
            days.with_name("day".into()).into_date().into_column(),
            values(|shares| &shares.seller_hhi).with_name("seller_hhi".into()).into_column(),
            values(|shares| &shares.inactive_share).with_name("inactive_share".into()).into_column(),
        ])?)
    }

    /// Reads the rows that [`SupplyIndicators::to_frame`] makes.
    ///
    /// # Errors
    /// A column is missing.
    pub(crate) fn from_frame(rows: &DataFrame) -> Result<SupplyIndicators> {
        let mut all =
            SupplyIndicators { first: days(rows)?.map_or(0, |(first, _)| first), ..SupplyIndicators::default() };
        let texts = [rows.column("by")?.str()?, rows.column("name")?.str()?];
        let values = [rows.column("seller_hhi")?.f64()?, rows.column("inactive_share")?.f64()?];
        for row in 0..rows.height() {
            let ([Some(by), Some(name)], [Some(seller_hhi), Some(inactive_share)]) =
                (texts.map(|text| text.get(row)), values.map(|value| value.get(row)))
            else {
                continue;
            };
            let named = if by == By::State.column() { &mut all.states } else { &mut all.categories };
            let shares = match named.get_mut(name) {
                Some(shares) => shares,
                None => named.entry(name.into()).or_default(),
            };
            shares.seller_hhi.push(seller_hhi);
            shares.inactive_share.push(inactive_share);
        }
        Ok(all)
    }
}

/// Sales with ids interned as numbers, because comparing texts would cost more than the whole computation.
struct Sold<'a> {
    rows: &'a DataFrame,
    sellers: UInt32Chunked,
    products: UInt32Chunked,
    numbers: TextMap<&'a str>,
}

impl<'a> Sold<'a> {
    fn of(rows: &'a DataFrame) -> Result<Sold<'a>> {
        let numbers = |column: &str| -> Result<(TextMap<&str>, UInt32Chunked)> {
            let mut numbered: TextMap<&str> = TextMap::default();
            let texts = rows.column(column)?.str()?;
            let numbers = texts.iter().map(|text| text.map(|text| numbered.number(text))).collect();
            Ok((numbered, numbers))
        };
        let (sellers, products) = rayon::join(|| numbers("seller_id"), || numbers("product_id"));
        let (numbers, products) = products?;
        Ok(Sold { rows, sellers: sellers?.1, products, numbers })
    }

    /// The indicators from `first` until some weeks after `last`.
    fn shares(
        &self,
        by: By,
        earlier: BTreeMap<String, EarlierRevenue>,
        first: i32,
        last: i32,
    ) -> Result<BTreeMap<String, Supply>> {
        let mut sales = self.by(by)?;
        let mut all: Vec<(String, EarlierRevenue, Vec<Sale>)> = earlier
            .into_iter()
            .map(|(name, earlier)| {
                let sales = sales.remove(&*name).unwrap_or_default();
                (name, earlier, sales)
            })
            .collect();
        all.extend(sales.into_iter().map(|(name, sales)| (name.to_string(), EarlierRevenue::new(), sales)));
        let of = |(name, earlier, sales): (String, EarlierRevenue, Vec<Sale>)| {
            (name, Supply::of(&sales, &earlier, first, last + STALE_DAYS))
        };
        Ok(all.into_par_iter().with_max_len(1).map(of).collect())
    }

    /// Sales of each category or state.
    fn by(&self, by: By) -> Result<BTreeMap<&str, Vec<Sale>>> {
        let mut names = Interner::default();
        let series = names.add(self.rows.column(by.column())?.str()?);
        let days = self.rows.column("day")?.date()?.physical();
        let revenue = self.rows.column("revenue_centavos")?.i64()?;
        let mut sales = vec![Vec::new(); names.texts().len()];
        let ids = self.sellers.iter().zip(self.products.iter());
        for (((series, day), (seller, product)), centavos) in
            series.iter().zip(days.iter()).zip(ids).zip(revenue.iter())
        {
            if let (Some(series), Some(day), Some(seller), Some(product)) = (series, day, seller, product) {
                sales[series as usize].push(Sale { day, seller, product, centavos: centavos.unwrap_or(0) });
            }
        }
        Ok(names.into_texts().into_iter().zip(sales).collect())
    }

    /// Revenue of earlier sales, by category and by state.
    fn earlier(
        &self,
        rows: &DataFrame,
    ) -> Result<(BTreeMap<String, EarlierRevenue>, BTreeMap<String, EarlierRevenue>)> {
        let products = rows.column("product_id")?.str()?.iter();
        let products: Vec<Option<u32>> = products.map(|product| self.numbers.get(product?)).collect();
        let revenue = rows.column("revenue_centavos")?.i64()?;
        let of = |by: By| -> Result<BTreeMap<String, EarlierRevenue>> {
            let mut names = Interner::default();
            let series = names.add(rows.column(by.column())?.str()?);
            let mut resold = vec![EarlierRevenue::new(); names.texts().len()];
            let mut not_resold = vec![0; names.texts().len()];
            for ((series, product), centavos) in series.iter().zip(&products).zip(revenue.iter()) {
                let (Some(series), Some(centavos)) = (series, centavos) else { continue };
                match product {
                    Some(_) => resold[series as usize].push((*product, centavos)),
                    None => not_resold[series as usize] += centavos,
                }
            }
            resold.iter_mut().zip(not_resold).for_each(|(resold, not_resold)| resold.push((None, not_resold)));
            Ok(names.into_texts().into_iter().map(String::from).zip(resold).collect())
        };
        Ok((of(By::Category)?, of(By::State)?))
    }
}

/// The first and the last day; `None` without rows.
fn days(rows: &DataFrame) -> Result<Option<(i32, i32)>> {
    if rows.height() == 0 {
        return Ok(None);
    }
    let days = rows.column("day")?.date()?.physical();
    Ok(days.min().zip(days.max()))
}
