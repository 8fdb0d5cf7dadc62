//! Sales of a series → Supply: seller HHI and share of inactive products at the end of each day. Used by `shares`.
//!
//! Both indicators look back only, so that values before a change stay valid. Sums are integers of centavos, so that
//! running sums do not accumulate rounding.

use std::ops::Range;

use polars::prelude::{InitHashMaps, PlHashMap};

/// Window of the seller HHI, days.
pub(crate) const SELLERS_OVER: i32 = 56;
/// A product without a sale for this many days is inactive.
const SILENT: i32 = 21;

/// Sale of a product by a seller on a day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sale {
    /// Days since 1970-01-01.
    pub(crate) day: i32,
    /// Interned id of the seller.
    pub(crate) seller: u32,
    /// Interned id of the product.
    pub(crate) product: u32,
    /// Price and freight, centavos.
    pub(crate) centavos: i64,
}

/// Revenue of products before some day, centavos. Products that do not sell again share the id `None`.
pub(crate) type EarlierRevenue = Vec<(Option<u32>, i64)>;

/// The two indicators, 0–1, one value per day.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Supply {
    /// Herfindahl–Hirschman index of the sellers over the last 56 days: the sum of their squared revenue shares. 1 means a
    /// single seller.
    pub seller_hhi: Vec<f64>,
    /// Share of all revenue so far that was earned by products without a sale in the last three weeks.
    pub inactive_share: Vec<f64>,
}

impl Supply {
    /// The indicators at the end of each day from `first` to `last`.
    pub(crate) fn of(sales: &[Sale], earlier: &EarlierRevenue, first: i32, last: i32) -> Supply {
        let sales = by_day(sales);
        Supply {
            seller_hhi: seller_hhi(&sales, first, last),
            inactive_share: inactive_share(&sales, earlier, first, last),
        }
    }

    /// The indicators on the given days, counted from the first; 0 where unknown.
    pub(crate) fn cut(&self, days: Range<i32>) -> Supply {
        let known = |values: &[f64], day: i32| Some(*values.get(usize::try_from(day).ok()?)?);
        let take = |values: &[f64]| days.clone().map(|day| known(values, day).unwrap_or(0.0)).collect();
        Supply { seller_hhi: take(&self.seller_hhi), inactive_share: take(&self.inactive_share) }
    }
}

/// Sorts the sales by day with a counting sort, because there are few days.
fn by_day(sales: &[Sale]) -> Vec<Sale> {
    let (Some(first), Some(last)) = (sales.iter().map(|s| s.day).min(), sales.iter().map(|s| s.day).max()) else {
        return Vec::new();
    };
    let slot = |sale: &Sale| (sale.day - first) as usize;
    let mut starts = vec![0; slot(&Sale { day: last, ..sales[0] }) + 2];
    sales.iter().for_each(|sale| starts[slot(sale) + 1] += 1);
    (1..starts.len()).for_each(|day| starts[day] += starts[day - 1]);
    let mut sorted = vec![sales[0]; sales.len()];
    for sale in sales {
        let next = &mut starts[slot(sale)];
        sorted[*next] = *sale;
        *next += 1;
    }
    sorted
}

fn seller_hhi(sales: &[Sale], first: i32, last: i32) -> Vec<f64> {
    let mut earned: PlHashMap<u32, i64> = PlHashMap::new();
    let (mut total, mut squares) = (0i64, 0i128);
    let (mut entering, mut leaving) = (sales.iter().peekable(), sales.iter().peekable());
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
        while let Some(sale) = entering.next_if(|s| s.day <= day) {
            sums = add(sale, 1);
        }
        while let Some(sale) = leaving.next_if(|s| s.day <= day - SELLERS_OVER) {
            sums = add(sale, -1);
        }
        let (total, squares) = sums;
        let share = if total > 0 { squares as f64 / (total as f64 * total as f64) } else { 0.0 };
        shares.push(share.clamp(0.0, 1.0));
    }
    shares
}

/// State of a product on some day.
#[derive(Default)]
struct Product {
    /// Revenue so far, centavos.
    earned: i64,
    /// Day of its last sale.
    last: i32,
    /// Whether it counts as inactive.
    inactive_share: bool,
}

fn inactive_share(sales: &[Sale], earlier: &EarlierRevenue, first: i32, last: i32) -> Vec<f64> {
    let mut products: PlHashMap<u32, Product> = PlHashMap::new();
    let mut total: i64 = earlier.iter().map(|(_, centavos)| centavos).sum();
    let mut inactive_share = total;
    for (product, centavos) in earlier.iter().filter_map(|(product, centavos)| Some((*product)?).zip(Some(centavos))) {
        products.entry(product).or_insert(Product { earned: 0, last: i32::MIN, inactive_share: true }).earned +=
            centavos;
    }
    let (mut entering, mut leaving) = (sales.iter().peekable(), sales.iter().peekable());
    let mut shares = Vec::with_capacity((last - first + 1) as usize);
    for day in first..=last {
        while let Some(sale) = entering.next_if(|s| s.day <= day) {
            let product = products.entry(sale.product).or_default();
            if std::mem::take(&mut product.inactive_share) {
                inactive_share -= product.earned;
            }
            product.earned += sale.centavos;
            product.last = sale.day;
            total += sale.centavos;
        }
        // Inactivity is counted at the end of the day, after its sales. Each product counts once, even if several sellers
        // sold it on its last day.
        while let Some(sale) = leaving.next_if(|s| s.day <= day - SILENT) {
            let product =
                products.get_mut(&sale.product).filter(|product| product.last == sale.day && !product.inactive_share);
            if let Some(product) = product {
                inactive_share += product.earned;
                product.inactive_share = true;
            }
        }
        shares.push(if total > 0 { (inactive_share as f64 / total as f64).clamp(0.0, 1.0) } else { 0.0 });
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
        assert_eq!(supply.seller_hhi[0], 1.0);
        assert_eq!(supply.seller_hhi[1], 0.75 * 0.75 + 0.25 * 0.25);
        assert_eq!(supply.seller_hhi[2], 0.6 * 0.6 + 0.4 * 0.4);
        assert_eq!((supply.seller_hhi[55], supply.seller_hhi[56]), (supply.seller_hhi[2], 1.0));
        assert_eq!(supply.seller_hhi[60], 0.0);
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
        let inactive_share = Supply::of(&sales, &[].into(), 0, 60).inactive_share;
        assert_eq!((inactive_share[20], inactive_share[21], inactive_share[24]), (0.0, 200.0 / 500.0, 200.0 / 500.0));
        assert_eq!((inactive_share[25], inactive_share[30], inactive_share[31]), (0.0, 0.0, 300.0 / 1000.0));
        assert_eq!((inactive_share[45], inactive_share[46]), (0.3, 1.0));
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
        assert_eq!(all.seller_hhi[..=50], known.seller_hhi[..]);
        assert_eq!(all.inactive_share[..=50], known.inactive_share[..]);
    }
}
