//! Orders and their deliveries → rows of the reviews file. Used by `orders`.

use super::comments;
use crate::synth::rng::{Alias, Keyed, Source};
use crate::synth::shape::{COMMENTED, LATE_SCORES, TIMELY_SCORES, UNDELIVERED_SCORES};
use crate::synth::world::Order;
use crate::synth::world::calendar::{Calendar, DAY};
use crate::synth::write::Rows;

/// Orders without a review, and orders with two; per million.
const UNREVIEWED: u64 = 8_500;
const REVIEWED_TWICE: u64 = 5_500;
/// Reviews that have the id of another order's review, per million.
const SHARED: u64 = 8_200;
/// Unhappy reviews of the winning category that are replaced by happy ones, percent.
const WINNER_DELIGHT: u64 = 35;

/// Samplers of reviews.
#[derive(Debug)]
pub struct Reviews {
    ids: Keyed,
    timely: Vec<Alias>,
    late: Vec<Alias>,
    undelivered: Alias,
}

impl Reviews {
    /// `ids` is the family of review ids.
    pub fn new(ids: Keyed) -> Self {
        Reviews {
            ids,
            timely: TIMELY_SCORES.iter().map(|(_, weights)| Alias::new(*weights)).collect(),
            late: LATE_SCORES.iter().map(|(_, weights)| Alias::new(*weights)).collect(),
            undelivered: Alias::new(UNDELIVERED_SCORES),
        }
    }

    /// Writes the reviews of an order.
    pub fn write(&self, order: &Order, calendar: &Calendar, source: &mut impl Source, rows: &mut Rows) {
        let reviews = match source.below(1_000_000) {
            0..UNREVIEWED => 0,
            draw if draw < UNREVIEWED + REVIEWED_TWICE => 2,
            _ => 1,
        };
        for review in 0..reviews {
            let score = self.score(order, source);
            // The survey is sent the day after delivery, or two days after the promised day if that is earlier.
            let sent = match order.delivered {
                Some(at) if at < order.estimate + 2 * DAY => at.div_euclid(DAY) * DAY + DAY,
                _ => order.estimate + 2 * DAY,
            };
            let answered = sent + 7 * 3_600 + source.lognormal(120_000, 950) as i64;
            // Shared ids are those of the previous order by date.
            let owner =
                if review == 0 && source.chance(SHARED) { order.number.saturating_sub(1) } else { order.number };
            rows.id(&self.ids.id(2 * owner + review));
            rows.id(&order.id);
            rows.integer(score);
            let (titled, commented) = COMMENTED[score as usize - 1];
            if source.below(1_000) < titled {
                rows.text(comments::title(score, source));
            } else {
                rows.null();
            }
            if source.below(1_000) < commented {
                let mut message = String::with_capacity(256);
                comments::message(score, source, &mut message);
                rows.text(&message);
            } else {
                rows.null();
            }
            rows.time(calendar, sent);
            rows.time(calendar, answered);
            rows.end();
        }
    }

    fn score(&self, order: &Order, source: &mut impl Source) -> u64 {
        let scores = match order.delivered {
            None => &self.undelivered,
            Some(at) if at > order.estimate => {
                let days = (at - order.estimate) / DAY;
                &self.late[LATE_SCORES.partition_point(|(limit, _)| *limit <= days)]
            }
            Some(at) => {
                let days = (at - order.purchase) / DAY;
                &self.timely[TIMELY_SCORES.partition_point(|(limit, _)| *limit <= days)]
            }
        };
        let score = scores.pick(source) as u64 + 1;
        if order.winner && score < 5 && source.below(100) < WINNER_DELIGHT { 5 } else { score }
    }
}
