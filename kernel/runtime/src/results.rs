//! Results of `pfe` → notebook tables: implements [`Show`] for its types, through their data frames (`table`).

use crate::show::{Bundle, Show};
use pfe::charts::Svg;
use pfe::clean::Audit;
use pfe::decisions::growth::Change;
use pfe::decisions::{Decisions, Entry, Facts, Findings, Habit, Profit, Region, StateGrowth, StatePayments, Winner};
use pfe::mart::SalesMart;
use pfe::models::Entrants;
use pfe::models::entrants::Milestone;
use pfe::models::linear::Coefficient;
use pfe::models::reference::Reference;
use pfe::models::span::date;
use pfe::models::{Comparison, Forecast};
use polars::prelude::*;

/// Margin added on either side of a figure, as a share of its width: a front end may lack the font that the labels were
/// measured in, and draw them wider.
const ROOM: f64 = 0.05;

impl Show for Svg {
    fn show(&self) -> Bundle {
        let title = self.title().unwrap_or_else(|| "figure".to_owned());
        Bundle::text(title).with("image/svg+xml", self.with_room(ROOM).as_str())
    }
}

fn show(frame: PolarsResult<DataFrame>) -> Bundle {
    frame.map_or_else(|error| Bundle::text(error.to_string()), |frame| frame.show())
}

/// Collects `value` of every item into a column.
fn each<T, V>(items: &[T], value: impl Fn(&T) -> V) -> Vec<V> {
    items.iter().map(value).collect()
}

fn brl(centavos: i64) -> f64 {
    centavos as f64 / 100.0
}

impl Show for [Facts] {
    /// One row per item. Amounts are in BRL; shares and growth are fractions.
    fn show(&self) -> Bundle {
        show(df!(
            "name" => each(self, |f| f.name.clone()),
            "orders" => each(self, |f| f.orders),
            "revenue" => each(self, |f| brl(f.revenue_centavos)),
            "recent_revenue" => each(self, |f| brl(f.recent_revenue_centavos)),
            "growth" => each(self, |f| f.growth.as_ref().map(|g| g.rate)),
            "growth_at_least" => each(self, |f| f.growth.as_ref().map(|g| g.at_least)),
            "review_mean" => each(self, |f| f.review_mean),
            "late_share" => each(self, |f| f.late_share),
        ))
    }
}

impl Show for Vec<Facts> {
    fn show(&self) -> Bundle {
        self.as_slice().show()
    }
}

impl Show for Facts {
    fn show(&self) -> Bundle {
        std::slice::from_ref(self).show()
    }
}

impl Show for Findings {
    /// One row per fact.
    fn show(&self) -> Bundle {
        let growing = each(&self.growing_states(), |state| state.state.clone());
        let habits = format!("{} of {}", self.named_habits().len(), self.habits.len());
        show(df!(
            "fact" => ["largest category that grows", "states that outgrow the others", "habits of states beyond chance"],
            "name" => [
                self.leading_category().map(|category| category.name.clone()),
                Some(growing.join(", ")).filter(|states| !states.is_empty()),
                Some(habits),
            ],
        ))
    }
}

impl Show for Vec<&Habit> {
    /// One row per cell of state and method. Shares are fractions.
    fn show(&self) -> Bundle {
        show(df!(
            "state" => each(self, |h| h.state.clone()),
            "payment_type" => each(self, |h| h.payment_type.clone()),
            "orders" => each(self, |h| h.orders),
            "share" => each(self, |h| h.share),
            "share_rest" => each(self, |h| h.share_rest),
            "shrunk_share" => each(self, |h| h.shrunk_share),
            "q" => each(self, |h| h.q),
        ))
    }
}

impl Show for Vec<StateGrowth> {
    /// One row per state. Growth is a fraction, beyond that of the other states.
    fn show(&self) -> Bundle {
        let change = |part: fn(&Change) -> f64| each(self, |s| s.change.as_ref().map(part));
        show(df!(
            "state" => each(self, |s| s.state.clone()),
            "orders_before" => each(self, |s| s.orders_before),
            "orders_after" => each(self, |s| s.orders_after),
            "growth" => change(|c| c.growth),
            "low" => change(|c| c.low),
            "high" => change(|c| c.high),
            "q" => change(|c| c.q),
        ))
    }
}

impl Show for Reference {
    /// One row per category, with its fitted line.
    fn show(&self) -> Bundle {
        show(df!(
            "category" => each(&self.lines, |l| l.category.clone()),
            "intercept" => each(&self.lines, |l| l.intercept),
            "per_year" => each(&self.lines, |l| l.per_year),
            "per_month" => each(&self.lines, |l| l.per_month),
            "singular" => each(&self.lines, |l| l.singular),
        ))
    }
}

impl Show for Audit {
    /// Row counts of each table, per step of reading and cleaning.
    fn show(&self) -> Bundle {
        let count = |number: usize| number as u64;
        show(df!(
            "table" => each(&self.steps, |s| s.table.clone()),
            "step" => each(&self.steps, |s| s.step.clone()),
            "rows_in" => each(&self.steps, |s| count(s.rows_in)),
            "rows_out" => each(&self.steps, |s| count(s.rows_out)),
            "deduplicated" => each(&self.steps, |s| count(s.deduplicated)),
            "quarantined" => each(&self.steps, |s| count(s.quarantined)),
        ))
    }
}

impl Show for SalesMart {
    /// One row per table of the mart.
    fn show(&self) -> Bundle {
        let tables: Vec<_> = match self.iter() {
            Ok(tables) => tables.collect(),
            Err(error) => return Bundle::text(error.to_string()),
        };
        show(df!(
            "table" => each(&tables, |(name, _)| name.to_string()),
            "rows" => each(&tables, |(_, frame)| frame.height() as u64),
            "columns" => each(&tables, |(_, frame)| frame.get_column_names().iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ")),
        ))
    }
}

impl Show for Winner {
    /// One row per category of the short list. Amounts are in BRL.
    fn show(&self) -> Bundle {
        let list = &self.short_list;
        show(df!(
            "category" => each(list, |c| c.category.clone()),
            "score" => each(list, |c| c.place.score),
            "forecast" => each(list, |c| c.forecast),
            "lo80" => each(list, |c| c.interval80.0),
            "hi80" => each(list, |c| c.interval80.1),
            "before" => each(list, |c| c.before),
            "first" => each(list, |c| c.first),
            "top3" => each(list, |c| c.top3),
            "first_other_weights" => each(list, |c| c.first_other_weights),
            "top3_other_weights" => each(list, |c| c.top3_other_weights),
        ))
    }
}

impl Show for Region {
    /// One row per state, the best first. Amounts are in BRL.
    fn show(&self) -> Bundle {
        let states = &self.states;
        show(df!(
            "state" => each(states, |s| s.state.clone()),
            "score" => each(states, |s| s.place.score),
            "forecast" => each(states, |s| s.forecast),
            "before" => each(states, |s| s.before),
            "gain" => each(states, |s| s.gain),
            "orders_per_100000" => each(states, |s| s.penetration),
            "budget_share" => each(states, |s| s.budget_share),
            "budget" => each(states, |s| brl(s.budget_centavos)),
        ))
    }
}

impl Show for StatePayments {
    /// One row per payment method. `value` is in BRL.
    fn show(&self) -> Bundle {
        let methods = &self.methods;
        show(df!(
            "payment_type" => each(methods, |m| m.payment_type.clone()),
            "payments" => each(methods, |m| m.payments),
            "share_payments" => each(methods, |m| m.share_payments),
            "share_orders" => each(methods, |m| m.share_orders),
            "share_orders_low" => each(methods, |m| m.share_orders_low),
            "share_orders_high" => each(methods, |m| m.share_orders_high),
            "value" => each(methods, |m| brl(m.value_centavos)),
            "share_value" => each(methods, |m| m.share_value),
            "installments_mean" => each(methods, |m| m.installments_mean),
        ))
    }
}

impl Show for Decisions {
    /// One row per part of the market's view, with what comes first.
    fn show(&self) -> Bundle {
        show(df!(
            "market" => ["category", "state", "payments"],
            "first" => [
                Some(self.winner.first().category.clone()),
                self.region.states.first().map(|s| s.state.clone()),
                self.payments.coverage.first().map(|method| method.payment_type.clone()),
            ],
        ))
    }
}

impl Show for Entry {
    /// What entrants earned.
    fn show(&self) -> Bundle {
        self.entrants.show()
    }
}

impl Show for Entrants {
    /// One row per category, the greatest typical revenue first. Amounts are in BRL.
    fn show(&self) -> Bundle {
        let all = match &self.chances {
            Ok(chances) => &chances.categories,
            Err(lack) => return Bundle::text(lack.to_string()),
        };
        show(df!(
            "category" => each(all, |c| c.category.clone()),
            "n" => each(all, |c| c.n as u64),
            "median" => each(all, |c| c.median),
            "mean" => each(all, |c| c.mean),
            "typical" => each(all, |c| c.typical),
            "low80" => each(all, |c| c.interval80.0),
            "high80" => each(all, |c| c.interval80.1),
            "p_first" => each(all, |c| c.first),
            "p_top3" => each(all, |c| c.top3),
            "p_500" => each(all, |c| c.reach[0]),
            "p_1000" => each(all, |c| c.reach[1]),
            "p_3000" => each(all, |c| c.reach[2]),
        ))
    }
}

impl Show for Vec<Milestone> {
    /// One row per number of orders in the first 28 days. Amounts are in BRL.
    fn show(&self) -> Bundle {
        let quartile = |i: usize| each(self, |m| m.rest.as_ref().map(|rest| rest.quartiles[i]));
        show(df!(
            "orders_28" => each(self, |m| m.orders_28),
            "n" => each(self, |m| m.n as u64),
            "share_nothing_more" => each(self, |m| m.rest.as_ref().map(|rest| rest.nothing)),
            "rest_q25" => quartile(0),
            "rest_median" => quartile(1),
            "rest_q75" => quartile(2),
        ))
    }
}

impl Show for Profit {
    /// One row per category, the greatest contribution first. Amounts are in BRL.
    fn show(&self) -> Bundle {
        let all = &self.categories;
        show(df!(
            "category" => each(all, |c| c.category.clone()),
            "margin" => each(all, |c| c.margin.value),
            "assumed" => each(all, |c| c.margin.is_assumed()),
            "contribution" => each(all, |c| c.contribution),
            "low80" => each(all, |c| c.interval80.0),
            "high80" => each(all, |c| c.interval80.1),
            "p_first" => each(all, |c| c.first),
            "p_loss" => each(all, |c| c.loss),
            "tipping_margin" => each(all, |c| c.tipping_margin),
        ))
    }
}

impl Show for Comparison {
    /// One row per model, with its metrics.
    fn show(&self) -> Bundle {
        let (tests, differences) = (&self.tests, &self.differences);
        show(df!(
            "model" => each(tests, |t| t.model),
            "wape" => each(tests, |t| t.metrics.wape),
            "wape_complete" => each(tests, |t| t.metrics.wape_complete),
            "bias" => each(tests, |t| t.metrics.bias),
            "mase" => each(tests, |t| t.metrics.mase),
            "coverage80" => each(tests, |t| t.metrics.coverage80),
            "growth_rank" => each(tests, |t| t.metrics.growth),
            "ours_minus_this" => each(differences, |d| d.value),
            "low" => each(differences, |d| d.low),
            "high" => each(differences, |d| d.high),
        ))
    }
}

impl Show for Vec<Forecast> {
    /// One row per forecast. Amounts are in BRL.
    fn show(&self) -> Bundle {
        show(df!(
            "series" => each(self, |f| f.series.clone()),
            "from" => each(self, |f| date(f.span.from)),
            "to" => each(self, |f| date(f.span.to)),
            "forecast" => each(self, |f| f.forecast),
            "lo80" => each(self, |f| f.lo80),
            "hi80" => each(self, |f| f.hi80),
            "lo95" => each(self, |f| f.lo95),
            "hi95" => each(self, |f| f.hi95),
        ))
    }
}

impl Show for Vec<Coefficient> {
    fn show(&self) -> Bundle {
        show(df!(
            "step" => each(self, |c| c.step as u64),
            "feature" => each(self, |c| c.feature),
            "value" => each(self, |c| c.value),
            "standard_error" => each(self, |c| c.standard_error),
            "lambda" => each(self, |c| c.lambda),
        ))
    }
}
