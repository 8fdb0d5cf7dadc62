//! SalesMart → TrialDesigns: what trials of this marketplace's regions, and those of a small shop, can see. Next: `results`.

use rayon::prelude::*;
use serde::Serialize;

use super::marketplace::{RegionDesign, Setting, paired};
use super::sales::sales_by_region;
use super::shop::{LiftDesign, lifts};
use crate::error::Result;
use crate::mart::SalesMart;

/// Lengths of a marketplace's trials, weeks.
pub const WEEKS: [u32; 3] = [4, 8, 13];
/// Length of a trial of a marketplace, unless the reader says so.
pub const TYPICAL_WEEKS: u32 = 8;
/// Part of the revenue that is left before advertising is paid, assumed.
pub const MARGIN: f64 = 0.2;
/// Orders a month of the small shop.
pub const ORDERS_PER_MONTH: f64 = 50.0;
/// Share of the orders in the advertised part of the country.
pub const SHARE: f64 = 0.5;
const SEED: u64 = 1;

/// What trials can see: false alarms 10 % one-sided, power 80 %.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TrialDesigns {
    /// Trials of the marketplace's regions by pairs, by length. None if the data are too short or name too few regions.
    pub marketplace: Vec<RegionDesign>,
    /// Trials of a shop with [`ORDERS_PER_MONTH`], by effect.
    pub shop: Vec<LiftDesign>,
}

/// Designs trials, without a budget in mind.
///
/// # Errors
/// The mart is incomplete.
pub fn trial_designs(mart: &SalesMart) -> Result<TrialDesigns> {
    let sales = sales_by_region(mart)?;
    let of = |weeks: &u32| paired(&sales, Setting { weeks: *weeks, margin: MARGIN, seed: SEED });
    let (marketplace, shop) =
        rayon::join(|| WEEKS.par_iter().flat_map_iter(of).collect(), || lifts(SHARE, ORDERS_PER_MONTH));
    Ok(TrialDesigns { marketplace, shop })
}

impl TrialDesigns {
    /// Of trials of [`TYPICAL_WEEKS`], that which sees the smallest effect on revenue.
    pub fn best(&self) -> Option<&RegionDesign> {
        let typical = self.marketplace.iter().filter(|design| design.weeks == TYPICAL_WEEKS);
        typical.min_by(|a, b| a.detectable_revenue.total_cmp(&b.detectable_revenue))
    }

    /// What it takes to see an effect; 1 is a doubling.
    pub fn lift(&self, lift: f64) -> Option<&LiftDesign> {
        self.shop.iter().find(|design| design.lift == lift)
    }
}
