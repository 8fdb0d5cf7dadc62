//! SalesMart → Sellers: when each seller first sold, with which category, and what it sold in its first days. Used by `entrants`.

use std::collections::{BTreeMap, BTreeSet};

use polars::prelude::{ChunkAgg, DataFrame};

use crate::error::Result;
use crate::mart::period::Period;
use crate::mart::{SELLERS_BY_DAY, SalesMart};
use crate::models::span::DateRange;
use crate::schema::contract::UNKNOWN;
use crate::table::quantiles::median;

/// Days over which revenue counts.
pub const REVENUE_DAYS: i32 = 90;
/// Days after which milestones are told.
pub const MILESTONE_DAYS: i32 = 28;
/// In the first complete months, this many, old sellers look like entrants.
const FIRST_MONTHS: i32 = 1;
/// A week is whole if it has at least this share of the median orders of the four weeks before.
const WHOLE: f64 = 2.0 / 3.0;
const WEEK: i32 = 7;
const WEEKS_BEFORE: i32 = 4;
/// If no more than this many expected orders are missing after the last whole week, that may be chance (e⁻¹⁴ ≈ 10⁻⁶).
const MISSED: f64 = 14.0;

/// The first days of a seller, the day of its first sale included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    /// 28 days: the milestone.
    Days28,
    /// 30 days: what is known of the latest entrants.
    Days30,
    /// 90 days.
    Days90,
}

impl Span {
    const ALL: [Span; 3] = [Span::Days28, Span::Days30, Span::Days90];

    /// Number of days.
    pub(crate) fn days(self) -> i32 {
        match self {
            Span::Days28 => MILESTONE_DAYS,
            Span::Days30 => 30,
            Span::Days90 => REVENUE_DAYS,
        }
    }
}

/// A seller.
#[derive(Debug, Clone)]
pub(crate) struct Seller {
    /// Day of its first sale.
    pub(crate) first_day: i32,
    /// Index of the category of its first sale; `None` if that is unknown.
    pub(crate) category: Option<usize>,
    /// Orders and centavos in each [`Span`].
    sold: [(i64, i64); 3],
}

impl Seller {
    pub(crate) fn new(first_day: i32, category: Option<usize>) -> Seller {
        Seller { first_day, category, sold: [(0, 0); 3] }
    }

    /// Adds orders of a day, `age` days after the first.
    pub(crate) fn add(&mut self, age: i32, orders: i64, centavos: i64) {
        for (span, sold) in Span::ALL.iter().zip(&mut self.sold) {
            if age < span.days() {
                *sold = (sold.0 + orders, sold.1 + centavos);
            }
        }
    }

    /// Orders in its first days.
    pub(crate) fn orders(&self, span: Span) -> i64 {
        self.sold[span as usize].0
    }

    /// Revenue in its first days, BRL. A negative sum counts as 0.
    pub(crate) fn revenue(&self, span: Span) -> f64 {
        self.sold[span as usize].1.max(0) as f64 / 100.0
    }

    /// Logarithm of 1 + revenue.
    pub(crate) fn log_revenue(&self, span: Span) -> f64 {
        self.revenue(span).ln_1p()
    }
}

/// All sellers, and what each category sold on each day.
#[derive(Debug, Clone)]
pub(crate) struct Sellers {
    /// English categories, sorted; without the unknown one.
    pub(crate) categories: Vec<String>,
    /// One entry per seller, by id.
    pub(crate) all: Vec<Seller>,
    /// Days of first sales after which 90 days are known. Empty if `to` is before `from`.
    pub(crate) entered: DateRange,
    /// The last day with all its orders.
    pub(crate) last_day: i32,
    /// First day of `daily`.
    first_day: i32,
    /// Revenue by category and day, centavos.
    daily: Vec<Vec<i64>>,
}

impl Sellers {
    /// Reads `sellers_by_day`.
    ///
    /// # Errors
    /// The mart is incomplete, or no order has a day.
    pub(crate) fn of(mart: &SalesMart) -> Result<Sellers> {
        let table = mart.long(SELLERS_BY_DAY)?;
        let (mut names, mut first, mut last) = (BTreeSet::new(), i32::MAX, i32::MIN);
        table.pieces(Some(&["day", "category"]), |rows| {
            let days = rows.column("day")?.date()?.physical();
            (first, last) = (first.min(days.min().unwrap_or(first)), last.max(days.max().unwrap_or(last)));
            for name in rows.column("category")?.str()?.iter().flatten().filter(|name| *name != UNKNOWN) {
                if !names.contains(name) {
                    names.insert(name.to_string());
                }
            }
            Ok(())
        })?;
        if first > last {
            (first, last) = (0, -1);
        }
        let categories: BTreeMap<String, usize> = names.into_iter().zip(0..).collect();
        let days = (last - first + 1) as usize;
        let mut reader = Reader {
            categories: &categories,
            first,
            daily: vec![vec![0; days]; categories.len()],
            orders_by_day: vec![0; days],
            all: Vec::new(),
            entered: (String::new(), 0, None),
        };
        table.pieces(Some(&Reader::COLUMNS), |rows| reader.add(&rows))?;
        let Reader { daily, orders_by_day, all, .. } = reader;
        let last_day = last_whole_day(&orders_by_day, first);
        let from = Period::of(mart)?.first.plus(FIRST_MONTHS).first_day();
        let entered = DateRange { from, to: last_day + 1 - Span::Days90.days() };
        let categories = categories.into_keys().collect();
        Ok(Sellers { categories, all, entered, last_day, first_day: first, daily })
    }

    /// The entrants.
    pub(crate) fn entered(&self) -> impl Iterator<Item = &Seller> {
        self.all.iter().filter(|seller| (self.entered.from..=self.entered.to).contains(&seller.first_day))
    }

    /// Revenue of a category on each day up to `day`, centavos, from the first day of the data.
    pub(crate) fn until(&self, category: usize, day: i32) -> &[i64] {
        let daily = &self.daily[category];
        &daily[..((day - self.first_day + 1).max(0) as usize).min(daily.len())]
    }
}

/// Reads the rows of all sellers, piece by piece, in their order.
struct Reader<'a> {
    categories: &'a BTreeMap<String, usize>,
    /// First day of the data.
    first: i32,
    daily: Vec<Vec<i64>>,
    orders_by_day: Vec<i64>,
    all: Vec<Seller>,
    /// Id of the last seller, day and minute of its first sale.
    entered: (String, i32, Option<i64>),
}

impl Reader<'_> {
    const COLUMNS: [&'static str; 6] = ["seller_id", "day", "minute", "category", "orders", "price_centavos"];

    fn add(&mut self, rows: &DataFrame) -> Result<()> {
        let (ids, days) = (rows.column("seller_id")?.str()?, rows.column("day")?.date()?.physical());
        let (minutes, names) = (rows.column("minute")?.i64()?, rows.column("category")?.str()?);
        let (orders, prices) = (rows.column("orders")?.i64()?, rows.column("price_centavos")?.i64()?);
        let when = days.iter().zip(minutes.iter());
        for (((id, (day, minute)), name), (orders, centavos)) in
            ids.iter().zip(when).zip(names.iter()).zip(orders.iter().zip(prices.iter()))
        {
            let (Some(id), Some(day), Some(name)) = (id, day, name) else { continue };
            let (orders, centavos) = (orders.unwrap_or(0), centavos.unwrap_or(0));
            let category = self.categories.get(name).copied();
            if self.all.is_empty() || self.entered.0 != id {
                self.all.push(Seller::new(day, category));
                self.entered = (id.to_string(), day, minute);
            }
            if let Some(seller) = self.all.last_mut() {
                // Rows come by time and category: of several categories in the first minute, the first that is known counts.
                if (day, minute) == (self.entered.1, self.entered.2) {
                    seller.category = seller.category.or(category);
                }
                seller.add(day - seller.first_day, orders, centavos);
            }
            self.orders_by_day[(day - self.first) as usize] += orders;
            if let Some(category) = category {
                self.daily[category][(day - self.first) as usize] += centavos;
            }
        }
        Ok(())
    }
}

/// The last day whose orders are all there. Exports often fade out: the day is the Sunday of the last week that is not much weaker than
/// the weeks before, unless the days after it are whole as well.
pub(crate) fn last_whole_day(orders: &[i64], first: i32) -> i32 {
    let last = first + orders.len() as i32 - 1;
    let sum = |from: i32, to: i32| orders[(from - first) as usize..=(to - first) as usize].iter().sum::<i64>() as f64;
    // Day 3 is Sunday, 4 January 1970.
    let mut sunday = last - (last - 3).rem_euclid(WEEK);
    while sunday - WEEK * (WEEKS_BEFORE + 1) + 1 >= first {
        let week = |back: i32| sum(sunday - WEEK * (back + 1) + 1, sunday - WEEK * back);
        let usual = median(&mut (1..=WEEKS_BEFORE).map(week).collect::<Vec<_>>());
        if week(0) > 0.0 && week(0) >= WHOLE * usual {
            let days = WEEK * WEEKS_BEFORE;
            let expected = sum(sunday - days + 1, sunday) / f64::from(days) * f64::from(last - sunday);
            let found = if sunday < last { sum(sunday + 1, last) } else { 0.0 };
            let whole = found >= WHOLE * expected || expected - found <= MISSED;
            return if whole { last } else { sunday };
        }
        sunday -= WEEK;
    }
    last
}
