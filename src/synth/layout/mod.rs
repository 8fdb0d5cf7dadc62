//! SynthParams → the same planted orders in the layout of another market, and `truth.json`. Next: `input`.
//!
//! ```text
//! description of the market, layouts.toml → Plan (which field stands in which column) → rows of each file, order by order
//! ```
//!
//! The market's description says how its columns are read; the plan inverts it. What a description does not say (forms of dates and amounts,
//! other columns) is declared in `layouts.toml`. Each file is written by a walk over the orders or products of its own, so that nothing
//! must be remembered.

mod declaration;
mod plan;
mod rows;
mod sale;
mod texts;

use std::path::Path;

use self::declaration::{Grain, Layout};
use self::plan::Plan;
use self::rows::Writer;
use super::truth::Truth;
use super::world::World;
use super::write::{Output, write_chunks};
use super::{ORDERS_PER_CHUNK, ROWS_PER_CHUNK, SynthParams, make_room, publish, truth_of};
use crate::error::{Error, Result};
use crate::market::built_in;

/// Writes the files of a built-in market and [`TRUTH_FILE`](super::TRUTH_FILE) into the folder `out`. They hold the orders that
/// [`generate`](super::generate) writes for the same parameters, as far as the layout can hold them.
///
/// # Errors
/// As [`generate`](super::generate). [`Error::Input`]: no layout of this market is known; `defects` is not 0, as they are those of Olist's
/// files.
pub fn generate_for(params: &SynthParams, market: &str, out: &Path) -> Result<Truth> {
    let layout = Layout::of(market)?;
    let described = built_in::market(market).ok_or_else(|| Error::input(format!("there is no market `{market}`")))?;
    if params.defects > 0.0 {
        return Err(Error::input(format!("there are no defects for the layout of `{market}`"))
            .with_hint("leave out `--defects`, or `--market`: defects are those of Olist's files"));
    }
    let plan = Plan::new(described, &layout)?;
    make_room(params, out, plan.files.iter().map(|file| file.file.name.as_str()))?;

    let world = World::new(params);
    let writer = Writer::new(&plan, &world);
    let mut outputs = Vec::new();
    for file in &plan.files {
        let mut output = [Output::new(out, &file.file.name)?];
        output[0].write(&writer.head(file))?;
        let range = |chunk: u64, size: u64, total: u64| chunk * size..total.min((chunk + 1) * size);
        match file.file.rows {
            Grain::Products => {
                let products = world.market.products();
                write_chunks(&mut output, products.div_ceil(ROWS_PER_CHUNK), |chunk| {
                    [writer.products(file, range(chunk, ROWS_PER_CHUNK, products))]
                })?;
            }
            Grain::Lines | Grain::Orders | Grain::Customers => {
                write_chunks(&mut output, params.orders.div_ceil(ORDERS_PER_CHUNK), |chunk| {
                    [writer.orders(file, chunk, range(chunk, ORDERS_PER_CHUNK, params.orders))]
                })?;
            }
        }
        output[0].write(&writer.foot(file))?;
        outputs.extend(output);
    }
    let names = plan.files.iter().map(|file| file.key.to_string());
    let truth = truth_of(params, &world, names.zip(&outputs));
    publish(outputs, &truth, out)?;
    Ok(truth)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::market::recognize;

    #[test]
    fn every_market_has_a_layout_that_is_recognized_by_its_headers() {
        for market in built_in::markets() {
            let layout = Layout::of(&market.name).unwrap();
            let plan = Plan::new(market, &layout).unwrap();
            let headers: Vec<Vec<String>> = plan.files.iter().map(|file| file.names.clone()).collect();
            let fits = recognize::fitting(built_in::markets(), &headers);
            assert_eq!(fits[0].market.name, market.name);
            assert!(fits.get(1).is_none_or(|second| second.shared < fits[0].shared), "{}", market.name);
            assert_eq!(fits[0].files.len(), market.files.len(), "{} is written with all of its files", market.name);
        }
        assert!(Layout::of("nowhere").is_err());
    }
}
