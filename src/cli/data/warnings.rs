//! Warnings about the data, on standard error at the end of a run: quarantined rows and their amounts, missing rows, failed checks.

use std::path::Path;

use pfe::clean::audit::{Audit, Check, Severity};
use pfe::clean::coverage::{Coverage, Direction};
use pfe::input::quarantine::Quarantined;
use pfe::mart::missing::Missing;
use pfe::pipeline;
use pfe::schema::TableId;
use pfe::schema::contract::{Scope, TABLES};
use pfe::text::shortened;

use crate::cli::terminal::{Outcome, QUOTED, grouped, reais, tell};

/// Prints them.
pub fn print(outcome: &pipeline::Outcome, out: &Path) -> Outcome {
    for warning in all(outcome, out)? {
        tell("warning", &warning);
    }
    if cfg!(not(feature = "pdf")) {
        tell("warning", "PDF support is not built in");
        tell("hint", "rebuild with `--features pdf`");
    }
    Ok(())
}

/// All warnings of a run.
pub fn all(outcome: &pipeline::Outcome, out: &Path) -> pfe::Result<Vec<String>> {
    let mut warnings = outcome.audit.warnings.clone();
    if outcome.unfinished_before {
        warnings.push(format!(
            "the last run in `{}` did not finish; of its files those were used that still fit",
            out.display()
        ));
    }
    warnings.extend(of_data(&outcome.audit, &outcome.missing()?, Some(&out.join("quarantine"))));
    Ok(warnings)
}

/// The warnings about cleaned data of a run that did not reach its end: no file in the output folder lists the rows.
pub fn of_unfinished(audit: &Audit) -> Vec<String> {
    let mut warnings = audit.warnings.clone();
    warnings.extend(of_data(audit, &[], None));
    warnings
}

/// Warnings about quarantined rows with their amounts, missing rows and failed checks.
fn of_data(audit: &Audit, missing: &[Missing], quarantine: Option<&Path>) -> Vec<String> {
    let mut warnings = of_rows(audit, missing, quarantine);
    for table in [TableId::Orders, TableId::Products, TableId::Customers, TableId::Sellers].map(TableId::name) {
        if let (0, Some((facts, fate))) = (rows_of(audit, table), missing_facts(table, missing)) {
            warnings.push(format!("`{table}` lacks rows that others refer to: {facts}, {fate}"));
        }
    }
    // Gaps that are errors are among the failed checks.
    let gaps = |coverage: &&Coverage| coverage.is_gap() && coverage.severity != Severity::Error;
    warnings.extend(audit.coverage().iter().filter(gaps).map(gap));
    let failed = audit.quality.iter().filter(|check| check.severity == Severity::Error && check.failed > 0);
    warnings.extend(failed.map(failure));
    warnings
}

/// Number of quarantined rows of a table.
fn rows_of(audit: &Audit, table: &str) -> usize {
    audit.steps.iter().filter(|step| step.table == table).map(|step| step.quarantined).sum()
}

/// One warning per table with quarantined rows. `quarantine` is the folder of the files that list them, if there is one.
pub fn of_rows(audit: &Audit, missing: &[Missing], quarantine: Option<&Path>) -> Vec<String> {
    let mut warnings = Vec::new();
    // The warnings of the audit already cover values that were quarantined while their rows stay.
    let is_row = |item: &&Quarantined| item.scope == Scope::Row;
    for (table, items) in &audit.quarantine {
        let (Some(first_row), count) = (items.iter().find(is_row), rows_of(audit, table)) else { continue };
        let missing_facts = match missing_facts(table, missing) {
            Some((facts, fate)) => format!(": {} {facts}, {fate}", if count == 1 { "its" } else { "their" }),
            None => own_amount(audit, table, count),
        };
        let see = quarantine.map(|folder| format!("; see `{}`", folder.join(table).with_extension("csv").display()));
        warnings.push(format!(
            "{} of `{table}` set aside{missing_facts}{}; {}",
            counted(count, "row"),
            see.unwrap_or_default(),
            first(first_row)
        ));
    }
    warnings
}

/// What `count` quarantined rows of a table of facts amount to themselves.
fn own_amount(audit: &Audit, table: &str, count: usize) -> String {
    if !TABLES.iter().any(|declared| declared.name == table && declared.amount().is_some()) {
        return String::new();
    }
    let amount = audit.amount_of(table);
    if amount.is_empty() {
        return ": the amount cannot be read".into();
    }
    let sum = format!(", {} BRL that no total counts", reais(amount.centavos as f64 / 100.0));
    match count.saturating_sub(amount.rows) {
        0 => sum,
        unknown => format!("{sum} (and {} of an unknown amount)", counted(unknown, "row")),
    }
}

/// The facts that refer to missing rows of a table, with their amounts, and how they count.
fn missing_facts(table: &str, missing: &[Missing]) -> Option<(String, &'static str)> {
    let of_table: Vec<String> = missing.iter().filter(|m| m.lacks.name() == table).map(facts).collect();
    let fate = match missing.iter().find(|m| m.lacks.name() == table)?.lacks {
        TableId::Orders => "count as state unknown and have no day",
        TableId::Products => "count as category unknown",
        TableId::Customers => "count as state unknown",
        _ => "count under the seller's id alone",
    };
    Some((of_table.join(", "), fate))
}

/// `64 items, 13,440 BRL`.
fn facts(missing: &Missing) -> String {
    let one = match missing.facts {
        TableId::OrderPayments => "payment",
        TableId::OrderReviews => "review",
        _ => "item",
    };
    let amount = missing.centavos.map(|centavos| format!(", {} BRL", reais(centavos as f64 / 100.0)));
    counted(usize::try_from(missing.count).unwrap_or_default(), one) + &amount.unwrap_or_default()
}

/// Such as 2,700 of 3,000 orders without a row in `order_reviews`.
pub(crate) fn gap(coverage: &Coverage) -> String {
    let Coverage { from, to, direction, unmatched, total, .. } = coverage;
    let relation = match direction {
        Direction::ToParent => {
            format!("{} of {} rows refer to what is not in", grouped(*unmatched as i64), grouped(*total as i64))
        }
        Direction::ToChildren => format!("{} of {} have no row in", grouped(*unmatched as i64), grouped(*total as i64)),
    };
    format!("`{}.{}`: {relation} `{}` ({:.1} %)", from.0, from.1, to.0, 100.0 * coverage.share())
}

/// A check of severity error that fails.
fn failure(check: &Check) -> String {
    let Check { table, check, failed, total, samples, .. } = check;
    let example = samples.first().map_or_else(String::new, |sample| format!(", such as `{sample}`"));
    let share = 100.0 * *failed as f64 / (*total).max(1) as f64;
    let (failed, total) = (grouped(*failed as i64), grouped(*total as i64));
    format!("`{table}` fails the check \"{check}\": {failed} of {total} ({share:.1} %){example}")
}

/// `1 row`, `2,000 rows`.
fn counted(count: usize, one: &str) -> String {
    format!("{} {one}{}", grouped(count as i64), if count == 1 { "" } else { "s" })
}

fn first(row: &Quarantined) -> String {
    format!("the first is {}: {}", shortened(&row.place(), QUOTED), shortened(&row.reason, QUOTED))
}

#[cfg(test)]
mod tests {
    use pfe::clean::audit::RowCounts;
    use pfe::input::quarantine::Amount;

    use super::*;

    fn with_quarantine(table: &str) -> Audit {
        let row = Quarantined {
            file: "olist_products_dataset.csv".into(),
            line: Some(2),
            scope: Scope::Row,
            column: "product_weight_g".into(),
            value: "1.5".into(),
            reason: "not a whole number".into(),
            record: String::new(),
        };
        let step = RowCounts {
            table: table.into(),
            step: "read".into(),
            rows_in: 1,
            rows_out: 0,
            deduplicated: 0,
            quarantined: 1,
            amount: Amount::default(),
        };
        Audit { steps: vec![step], quarantine: vec![(table.into(), vec![row])], ..Audit::default() }
    }

    #[test]
    fn rows_that_are_set_aside_are_told_with_what_they_carry() {
        let missing = |facts, lacks, count, centavos| Missing { facts, lacks, count, centavos };
        let of =
            |audit: &Audit, missing: &[Missing]| of_data(audit, missing, Some(Path::new("out/quarantine"))).remove(0);
        let items = missing(TableId::OrderItems, TableId::Products, 64, Some(1_344_049));
        assert_eq!(
            of(&with_quarantine("products"), &[items]),
            "1 row of `products` set aside: its 64 items, 13,440 BRL, count as category unknown; \
             see `out/quarantine/products.csv`; the first is line 2: not a whole number"
        );
        assert_eq!(
            of(&Audit::default(), &[items]),
            "`products` lacks rows that others refer to: 64 items, 13,440 BRL, count as category unknown"
        );
        let orders = [
            missing(TableId::OrderItems, TableId::Orders, 1, Some(1_000)),
            missing(TableId::OrderReviews, TableId::Orders, 2, None),
        ];
        assert_eq!(
            of(&with_quarantine("orders"), &orders).split(';').next().unwrap(),
            "1 row of `orders` set aside: its 1 item, 10 BRL, 2 reviews, count as state unknown and have no day"
        );
        assert!(of(&with_quarantine("sellers"), &[]).starts_with("1 row of `sellers` set aside; see"));
        let mut payments = with_quarantine("order_payments");
        assert!(of(&payments, &[]).starts_with("1 row of `order_payments` set aside: the amount cannot be read; see"));
        payments.steps[0].quarantined = 3;
        payments.steps[0].amount = Amount { centavos: 429_167, rows: 2 };
        assert!(of(&payments, &[]).starts_with(
            "3 rows of `order_payments` set aside, 4,292 BRL that no total counts (and 1 row of an unknown amount); see"
        ));
    }
}
