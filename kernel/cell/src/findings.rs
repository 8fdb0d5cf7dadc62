//! What pfe finds → tables of a notebook. Next: `table`.

use crate::show::{Bundle, Show};
use pfe::data::Audit;
use pfe::findings::{Facts, Findings};
use pfe::mart::SalesMart;
use pfe::models::reference::Reference;
use polars::prelude::*;

fn show(frame: PolarsResult<DataFrame>) -> Bundle {
    frame.map_or_else(|error| Bundle::text(error.to_string()), |frame| frame.show())
}

/// A column of `items`.
fn each<T, V>(items: &[T], value: impl Fn(&T) -> V) -> Vec<V> {
    items.iter().map(value).collect()
}

fn brl(centavos: i64) -> f64 {
    centavos as f64 / 100.0
}

impl Show for [Facts] {
    /// Amounts in BRL, shares and growth 0–1.
    fn show(&self) -> Bundle {
        show(df!(
            "name" => each(self, |f| f.name.clone()),
            "orders" => each(self, |f| f.orders),
            "revenue" => each(self, |f| brl(f.revenue_centavos)),
            "recent_revenue" => each(self, |f| brl(f.recent_revenue_centavos)),
            "growth" => each(self, |f| f.growth.as_ref().map(|g| g.rate)),
            "growth_at_least" => each(self, |f| f.growth.as_ref().map(|g| g.at_least)),
            "lead" => each(self, |f| f.lead.as_ref().map(|l| l.rate)),
            "lead_at_least" => each(self, |f| f.lead.as_ref().map(|l| l.at_least)),
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
    /// The answers to the three questions.
    fn show(&self) -> Bundle {
        let habit = self.unusual_payment();
        let name = |facts: Option<&Facts>| facts.map(|f| f.name.clone());
        show(df!(
            "question" => ["what to sell", "where to advertise", "how to get paid"],
            "answer" => [
                name(self.leading_category()),
                name(self.growing_state()),
                habit.map(|h| format!("{} in {}", h.method, h.state)),
            ],
        ))
    }
}

impl Show for Reference {
    /// The fitted lines.
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
    /// Rows of each table through reading and cleaning.
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
    /// Its tables.
    fn show(&self) -> Bundle {
        let tables: Vec<_> = self.iter().collect();
        show(df!(
            "table" => each(&tables, |(name, _)| name.to_string()),
            "rows" => each(&tables, |(_, frame)| frame.height() as u64),
            "columns" => each(&tables, |(_, frame)| frame.get_column_names().iter().map(|n| n.as_str()).collect::<Vec<_>>().join(", ")),
        ))
    }
}
