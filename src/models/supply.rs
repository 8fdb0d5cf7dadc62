//! SalesMart → Shares: who sells in a category or state and what no longer sells, as of the end of each day. Used by `panel`.
//!
//! Both shares look back only: those of the days before a change stay as they are. Sums are whole centavos, so that running sums
//! carry no rounding.

use std::collections::BTreeMap;
use std::ops::Range;

use polars::prelude::*;
use rayon::prelude::*;

use super::panel::{By, STALE_DAYS};
use crate::data::ids::TextMap;
use crate::data::places::Places;
use crate::error::Result;
use crate::mart::{BY_DAY, SalesMart};

/// Days over which the sellers' shares are taken.
const SELLERS_OVER: i32 = 56;
/// A product without a sale for so many days no longer sells.
const SILENT: i32 = 21;

/// The shares of every category and state, from the day of the first sale to some weeks after the last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shares {
    /// The first day, since 1970-01-01.
    first: i32,
    categories: BTreeMap<String, Supply>,
    states: BTreeMap<String, Supply>,
}

/// The two shares, 0–1, one value a day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Supply {
    /// Concentration of the sellers over the last 56 days: the sum of their squared shares of the revenue
    /// (Herfindahl–Hirschman index). 1: a single seller.
    pub concentration: Vec<f64>,
    /// Share of all revenue so far that products earned which have not sold for three weeks.
    pub silent: Vec<f64>,
}

impl Shares {
    /// The shares that follow from the mart.
    ///
    /// # Errors
    /// The mart is incomplete.
    pub fn of(mart: &SalesMart) -> Result<Shares> {
        let rows = mart.table(BY_DAY)?;
        let Some((first, last)) = days(rows)? else { return Ok(Shares::default()) };
        let sold = Sold::of(rows)?;
        let of = |by| sold.shares(by, BTreeMap::new(), first, last);
        let (categories, states) = rayon::join(|| of(By::Category), || of(By::State));
        Ok(Shares { first, categories: categories?, states: states? })
    }

    /// The shares that follow from a mart whose sales before the day `changed` are those from which these follow.
    ///
    /// # Errors
    /// The mart is incomplete.
    pub(crate) fn go_on(&self, mart: &SalesMart, changed: i32) -> Result<Shares> {
        let known = self.states.values().next().map_or(0, |shares| shares.silent.len() as i32);
        let from = changed.min(self.first + known);
        // From then on no seller of these counts, and of their products those that sell again.
        let before = from - SELLERS_OVER;
        let late = mart.by_day().rows(before + 1..=i32::MAX, &SALES)?;
        let Some((_, last)) = days(&late)?.filter(|_| self.first <= before) else { return Shares::of(mart) };
        let sold = Sold::of(&late)?;
        let earlier = mart.by_day().each(i32::MIN..=before, &EARLIER, |rows| sold.earlier(&rows))?;
        let of = |by: By| -> Result<BTreeMap<String, Supply>> {
            let mut earned: BTreeMap<String, Earlier> = BTreeMap::new();
            for (name, more) in earlier.iter().flat_map(|piece| &piece[by as usize]) {
                earned.entry(name.clone()).or_default().extend(more);
            }
            let mut shares = sold.shares(by, earned, before + 1, last)?;
            for (name, shares) in &mut shares {
                let (stay, again) = (self.supply(by, name, self.first..from), (from - before - 1) as usize);
                shares.concentration.splice(..again, stay.concentration);
                shares.silent.splice(..again, stay.silent);
            }
            Ok(shares)
        };
        let (categories, states) = rayon::join(|| of(By::Category), || of(By::State));
        Ok(Shares { first: self.first, categories: categories?, states: states? })
    }

    /// Those of a category or state on some days; 0 where it is not known.
    pub(super) fn supply(&self, by: By, name: &str, days: Range<i32>) -> Supply {
        let shares = match by {
            By::Category => self.categories.get(name),
            By::State => self.states.get(name),
        };
        let (from, to) = (days.start - self.first, days.end - self.first);
        shares.map_or_else(Supply::default, Clone::clone).cut(from..to)
    }

    /// One row per series and day: `by`, `name`, `day`, `concentration`, `silent`.
    ///
    /// # Errors
    /// polars fails.
    pub(crate) fn to_frame(&self) -> Result<DataFrame> {
        let all = [(By::Category, &self.categories), (By::State, &self.states)];
        let all = || all.into_iter().flat_map(|(by, named)| named.iter().map(move |(name, shares)| (by, name, shares)));
        let texts = |text: fn(By, &str) -> &str| -> StringChunked {
            all()
                .flat_map(|(by, name, shares)| std::iter::repeat_n(Some(text(by, name)), shares.silent.len()))
                .collect()
        };
        let values = |values: fn(&Supply) -> &[f64]| -> Float64Chunked {
            all().flat_map(|(_, _, shares)| values(shares)).map(|value| Some(*value)).collect()
        };
        let days: Int32Chunked =
            all().flat_map(|(_, _, shares)| (self.first..).take(shares.silent.len())).map(Some).collect();
        Ok(DataFrame::new_infer_height(vec![
            texts(|by, _| by.column()).with_name("by".into()).into_column(),
            texts(|_, name| name).with_name("name".into()).into_column(),
            days.with_name("day".into()).into_date().into_column(),
            values(|shares| &shares.concentration).with_name("concentration".into()).into_column(),
            values(|shares| &shares.silent).with_name("silent".into()).into_column(),
        ])?)
    }

    /// Those of such rows.
    ///
    /// # Errors
    /// A column is missing.
    pub(crate) fn from_frame(rows: &DataFrame) -> Result<Shares> {
        let mut all = Shares { first: days(rows)?.map_or(0, |(first, _)| first), ..Shares::default() };
        let texts = [rows.column("by")?.str()?, rows.column("name")?.str()?];
        let values = [rows.column("concentration")?.f64()?, rows.column("silent")?.f64()?];
        for row in 0..rows.height() {
            let ([Some(by), Some(name)], [Some(concentration), Some(silent)]) =
                (texts.map(|text| text.get(row)), values.map(|value| value.get(row)))
            else {
                continue;
            };
            let named = if by == By::State.column() { &mut all.states } else { &mut all.categories };
            let shares = match named.get_mut(name) {
                Some(shares) => shares,
                None => named.entry(name.into()).or_default(),
            };
            shares.concentration.push(concentration);
            shares.silent.push(silent);
        }
        Ok(all)
    }
}

impl Supply {
    /// The shares at the end of each day from `first` to `last`.
    fn of(sales: &[Sale], earlier: &Earlier, first: i32, last: i32) -> Supply {
        let sales = by_day(sales);
        Supply { concentration: concentration(&sales, first, last), silent: silent(&sales, earlier, first, last) }
    }

    /// Those of some days, counted from the first; 0 where they are not known.
    pub(super) fn cut(&self, days: Range<i32>) -> Supply {
        let known = |values: &[f64], day: i32| Some(*values.get(usize::try_from(day).ok()?)?);
        let take = |values: &[f64]| days.clone().map(|day| known(values, day).unwrap_or(0.0)).collect();
        Supply { concentration: take(&self.concentration), silent: take(&self.silent) }
    }
}

/// What is read of sales, and of those of which neither day nor seller counts any more.
const SALES: [&str; 6] = ["category", "state", "day", "seller_id", "product_id", "revenue_centavos"];
const EARLIER: [&str; 4] = ["category", "state", "product_id", "revenue_centavos"];

/// What products have earned before some day, centavos; those that do not sell again have no number.
type Earlier = Vec<(Option<u32>, i64)>;

/// Sales with numbers for ids: comparing texts would cost more than all that follows.
struct Sold<'a> {
    rows: &'a DataFrame,
    sellers: UInt32Chunked,
    products: UInt32Chunked,
    numbers: TextMap<&'a str>,
}

/// What a product sold at a seller's on a day.
#[derive(Debug, Clone, Copy)]
struct Sale {
    /// Days since 1970-01-01.
    day: i32,
    /// Who sold it, by a number.
    seller: u32,
    /// What, by a number.
    product: u32,
    /// Price and freight.
    centavos: i64,
}

impl<'a> Sold<'a> {
    fn of(rows: &'a DataFrame) -> Result<Sold<'a>> {
        let numbers = |column: &str| -> Result<(TextMap<&str>, UInt32Chunked)> {
            let mut known: TextMap<&str> = TextMap::default();
            let texts = rows.column(column)?.str()?;
            let numbers = texts.iter().map(|text| text.map(|text| known.number(text))).collect();
            Ok((known, numbers))
        };
        let (sellers, products) = rayon::join(|| numbers("seller_id"), || numbers("product_id"));
        let (numbers, products) = products?;
        Ok(Sold { rows, sellers: sellers?.1, products, numbers })
    }

    /// The shares from `first` until some weeks after `last`.
    fn shares(
        &self,
        by: By,
        earlier: BTreeMap<String, Earlier>,
        first: i32,
        last: i32,
    ) -> Result<BTreeMap<String, Supply>> {
        let mut sales = self.by(by)?;
        let mut all: Vec<(String, Earlier, Vec<Sale>)> = earlier
            .into_iter()
            .map(|(name, earlier)| {
                let sales = sales.remove(&*name).unwrap_or_default();
                (name, earlier, sales)
            })
            .collect();
        all.extend(sales.into_iter().map(|(name, sales)| (name.to_string(), Earlier::new(), sales)));
        let of = |(name, earlier, sales): (String, Earlier, Vec<Sale>)| {
            (name, Supply::of(&sales, &earlier, first, last + STALE_DAYS))
        };
        Ok(all.into_par_iter().with_max_len(1).map(of).collect())
    }

    /// What was sold in each category or state.
    fn by(&self, by: By) -> Result<BTreeMap<&str, Vec<Sale>>> {
        let mut names = Places::default();
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

    /// What was earned by earlier sales in each category and state, in this order.
    fn earlier(&self, rows: &DataFrame) -> Result<[BTreeMap<String, Earlier>; 2]> {
        let products = rows.column("product_id")?.str()?.iter();
        let products: Vec<Option<u32>> = products.map(|product| self.numbers.get(product?)).collect();
        let revenue = rows.column("revenue_centavos")?.i64()?;
        let of = |by: By| -> Result<BTreeMap<String, Earlier>> {
            let mut names = Places::default();
            let series = names.add(rows.column(by.column())?.str()?);
            let mut again = vec![Earlier::new(); names.texts().len()];
            let mut others = vec![0; names.texts().len()];
            for ((series, product), centavos) in series.iter().zip(&products).zip(revenue.iter()) {
                let (Some(series), Some(centavos)) = (series, centavos) else { continue };
                match product {
                    Some(_) => again[series as usize].push((*product, centavos)),
                    None => others[series as usize] += centavos,
                }
            }
            again.iter_mut().zip(others).for_each(|(again, others)| again.push((None, others)));
            Ok(names.into_texts().into_iter().map(String::from).zip(again).collect())
        };
        Ok([of(By::Category)?, of(By::State)?])
    }
}

/// The first and the last day, if there is a row.
fn days(rows: &DataFrame) -> Result<Option<(i32, i32)>> {
    if rows.height() == 0 {
        return Ok(None);
    }
    let days = rows.column("day")?.date()?.physical();
    Ok(days.min().zip(days.max()))
}

/// The sales in the order of their days. There are few days, so that each sale is put straight into its place.
fn by_day(sales: &[Sale]) -> Vec<Sale> {
    let (Some(first), Some(last)) = (sales.iter().map(|s| s.day).min(), sales.iter().map(|s| s.day).max()) else {
        return Vec::new();
    };
    let place = |sale: &Sale| (sale.day - first) as usize;
    let mut starts = vec![0; place(&Sale { day: last, ..sales[0] }) + 2];
    sales.iter().for_each(|sale| starts[place(sale) + 1] += 1);
    (1..starts.len()).for_each(|day| starts[day] += starts[day - 1]);
    let mut sorted = vec![sales[0]; sales.len()];
    for sale in sales {
        let next = &mut starts[place(sale)];
        sorted[*next] = *sale;
        *next += 1;
    }
    sorted
}

fn concentration(sales: &[Sale], first: i32, last: i32) -> Vec<f64> {
    let mut earned: PlHashMap<u32, i64> = PlHashMap::new();
    let (mut total, mut squares) = (0i64, 0i128);
    let (mut coming, mut going) = (sales.iter().peekable(), sales.iter().peekable());
    let mut add = |sale: &Sale, sign: i64| {
        let (sum, change) = (earned.entry(sale.seller).or_default(), sign * sale.centavos);
        squares += i128::from(change) * i128::from(2 * *sum + change);
        *sum += change;
        total += change;
        (total, squares)
    };
    let mut sums = (0, 0);
    let mut shares = Vec::with_capacity((last - first + 1) as usize);
    for day in first..=last {
        while let Some(sale) = coming.next_if(|s| s.day <= day) {
            sums = add(sale, 1);
        }
        while let Some(sale) = going.next_if(|s| s.day <= day - SELLERS_OVER) {
            sums = add(sale, -1);
        }
        let (total, squares) = sums;
        let share = if total > 0 { squares as f64 / (total as f64 * total as f64) } else { 0.0 };
        shares.push(share.clamp(0.0, 1.0));
    }
    shares
}

/// A product as of some day.
#[derive(Default)]
struct Product {
    /// What it has earned.
    earned: i64,
    /// The day of its last sale.
    last: i32,
    /// Whether it is counted among those that no longer sell.
    silent: bool,
}

fn silent(sales: &[Sale], earlier: &Earlier, first: i32, last: i32) -> Vec<f64> {
    let mut known: PlHashMap<u32, Product> = PlHashMap::new();
    let mut total: i64 = earlier.iter().map(|(_, centavos)| centavos).sum();
    let mut silent = total;
    for (product, centavos) in earlier.iter().filter_map(|(product, centavos)| Some((*product)?).zip(Some(centavos))) {
        known.entry(product).or_insert(Product { earned: 0, last: i32::MIN, silent: true }).earned += centavos;
    }
    let (mut coming, mut going) = (sales.iter().peekable(), sales.iter().peekable());
    let mut shares = Vec::with_capacity((last - first + 1) as usize);
    for day in first..=last {
        while let Some(sale) = coming.next_if(|s| s.day <= day) {
            let product = known.entry(sale.product).or_default();
            if std::mem::take(&mut product.silent) {
                silent -= product.earned;
            }
            product.earned += sale.centavos;
            product.last = sale.day;
            total += sale.centavos;
        }
        // Silence is counted at the end of the day, after its sales; once, whoever sold the product on its last day.
        while let Some(sale) = going.next_if(|s| s.day <= day - SILENT) {
            let product = known.get_mut(&sale.product).filter(|product| product.last == sale.day && !product.silent);
            if let Some(product) = product {
                silent += product.earned;
                product.silent = true;
            }
        }
        shares.push(if total > 0 { (silent as f64 / total as f64).clamp(0.0, 1.0) } else { 0.0 });
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sale(day: i32, seller: char, product: char, centavos: i64) -> Sale {
        Sale { day, seller: seller.into(), product: product.into(), centavos }
    }

    #[test]
    fn shares_of_sellers_are_squared_over_eight_weeks() {
        let sales = vec![sale(0, 'a', 'p', 300), sale(1, 'b', 'p', 100), sale(2, 'b', 'q', 100)];
        let supply = Supply::of(&sales, &[].into(), 0, 60);
        assert_eq!(supply.concentration[0], 1.0);
        assert_eq!(supply.concentration[1], 0.75 * 0.75 + 0.25 * 0.25);
        assert_eq!(supply.concentration[2], 0.6 * 0.6 + 0.4 * 0.4);
        assert_eq!((supply.concentration[55], supply.concentration[56]), (supply.concentration[2], 1.0));
        assert_eq!(supply.concentration[60], 0.0);
    }

    #[test]
    fn a_product_falls_silent_after_three_weeks_and_may_return() {
        let sales = vec![
            sale(0, 'a', 'p', 100),
            sale(0, 'b', 'p', 100),
            sale(10, 'a', 'q', 300),
            sale(25, 'a', 'p', 500),
            sale(60, 'a', 'r', 0),
        ];
        let silent = Supply::of(&sales, &[].into(), 0, 60).silent;
        assert_eq!((silent[20], silent[21], silent[24]), (0.0, 200.0 / 500.0, 200.0 / 500.0));
        assert_eq!((silent[25], silent[30], silent[31]), (0.0, 0.0, 300.0 / 1000.0));
        assert_eq!((silent[45], silent[46]), (0.3, 1.0));
    }

    #[test]
    fn a_day_follows_from_the_days_up_to_it() {
        let all: Vec<Sale> = (0..300)
            .map(|i| {
                sale(
                    i / 3,
                    ['a', 'b', 'c', 'd'][(i * 7 % 4) as usize],
                    ['p', 'q', 'r'][(i % 3) as usize],
                    10 + i64::from(i),
                )
            })
            .collect();
        let known: Vec<Sale> = all.iter().copied().filter(|s| s.day <= 50).collect();
        let (all, known) = (Supply::of(&all, &[].into(), 0, 99), Supply::of(&known, &[].into(), 0, 50));
        assert_eq!(all.concentration[..=50], known.concentration[..]);
        assert_eq!(all.silent[..=50], known.silent[..]);
    }
}
