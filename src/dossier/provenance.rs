//! Names of values → where a reader finds them in a run: file, and rows or fields of it. Used by `dossier`; shown by `report`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::edition::NAME;
use super::profiles::per::Per;
use crate::report::Origin;
use crate::text::shortened;

/// Prefix of value names; file; rows as a condition, or a field (empty: all rows). A name in braces stands for the value of
/// that name.
const FILES: &[(&str, &str, &str)] = &[
    ("audit", "audit.json", ""),
    ("best_seller", "tables/by_category.csv", "category = {best_seller.code}"),
    ("canceled", "tables/payment_methods.csv", ""),
    ("categories", "tables/by_category.csv", "ORDER BY revenue DESC LIMIT 1"),
    ("choice", "tables/entrants_by_category.csv", ""),
    ("choice.between", "mart/sellers_by_day.parquet", ""),
    ("choice.candidates", "tables/entrants_by_category.csv", "COUNT(*)"),
    ("choice.leader", "tables/entrants_by_category.csv", "category = {choice.leader.code}"),
    ("choice.least", "src/models/entrants/pooling.rs", "LEAST"),
    ("choice.list", "tables/entrants_by_category.csv", "p_top3 >= 0.1"),
    ("choice.listed", "src/models/entrants/mod.rs", "LISTED"),
    ("choice.second", "tables/entrants_by_category.csv", "category = {choice.second.code}"),
    ("choice.typical", "mart/sellers_by_day.parquet", ""),
    ("choice_past", "tables/entrants_backtest.csv", ""),
    ("choice_past.best", "tables/entrants_backtest.csv", "check = past AND rule = best possible"),
    ("choice_past.cutoffs", "tables/entrants_backtest.csv", "cutoffs"),
    ("choice_past.fastest", "tables/entrants_backtest.csv", "check = past AND rule = fastest growth last quarter"),
    ("choice_past.largest", "tables/entrants_backtest.csv", "check = past AND rule = largest category"),
    ("choice_past.locked", "tables/entrants_backtest.csv", "check = locked AND rule = entrants"),
    ("choice_past.ours", "tables/entrants_backtest.csv", "check = past AND rule = entrants"),
    ("choice_past.rank", "tables/entrants_backtest.csv", "check = locked AND rule = entrants"),
    ("choice_past.score", "tables/entrants_backtest.csv", "check = past AND rule = score"),
    ("choice_past.without", "tables/entrants_backtest.csv", "check = without leader AND rule = entrants"),
    ("costs", "reports/costs.toml", ""),
    ("decisions", "tables/winner.csv", ""),
    ("customers", "tables/customers_repeat.csv", ""),
    ("customers.least_months", "src/decisions/customers/mod.rs", "LEAST_MONTHS"),
    ("customers.material", "src/decisions/customers/mod.rs", "MATERIAL"),
    ("customers.most_rise", "src/decisions/customers/mod.rs", "MOST_RISE"),
    ("customers.wait", "src/decisions/customers/mod.rs", "WAIT"),
    ("decisions.best_product", "tables/winner_products.csv", "LIMIT 1"),
    ("decisions.candidates", "pfe findings --json", "what_to_sell.candidates"),
    ("decisions.cutoff", "tables/forecasts.csv", "cutoff"),
    ("decisions.days", "src/dossier/decisions.rs", "MAX_DAYS_AHEAD"),
    ("decisions.facts", "tables/by_category.csv", "category = {decisions.winner.code}"),
    ("decisions.model", "mart/sales_by_day.parquet", ""),
    ("decisions.model.exceptional", "mart/orders_by_day.parquet", ""),
    ("decisions.model.features", "tables/coefficients.csv", "by = category AND step = 1"),
    ("decisions.model.lambda", "tables/coefficients.csv", "by = category AND step = 1"),
    ("decisions.months", "tables/forecasts.csv", "series = {decisions.winner.code} AND period = month"),
    ("decisions.payments", "tables/winner_payments.csv", ""),
    ("decisions.payments.methods[0]", "tables/winner_payments.csv", "LIMIT 1"),
    ("decisions.payments.coverage", "mart/payment_sets_by_category.parquet", "category = {decisions.winner.code}"),
    ("decisions.products", "tables/winner_products.csv", "COUNT(*)"),
    ("decisions.region", "tables/regions.csv", ""),
    ("decisions.region.advertised", "tables/allocation.csv", ""),
    ("decisions.region.budget", "run.json", "budget_centavos"),
    ("decisions.region.kept", "tables/allocation.csv", ""),
    ("decisions.region.test", "tables/allocation.csv", "LIMIT 1"),
    ("decisions.region.cities", "tables/cities.csv", ""),
    ("decisions.region.cities[0]", "tables/cities.csv", "LIMIT 1"),
    ("decisions.region.most_advertised", "src/decisions/region.rs", "ADVERTISED"),
    ("decisions.region.second", "tables/regions.csv", "rank = 2"),
    ("decisions.region.states", "tables/regions.csv", "COUNT(*)"),
    ("decisions.region.target", "tables/regions.csv", "rank = 1"),
    ("decisions.state_model", "mart/sales_by_day.parquet", ""),
    ("decisions.until", "tables/forecasts.csv", "cutoff"),
    ("decisions.winner", "tables/winner.csv", "rank = 1"),
    ("demand", "tables/by_state.csv", ""),
    ("enough_orders", "src/decisions/winner.rs", "ENOUGH_ORDERS"),
    ("entry", "mart/sellers_by_day.parquet", ""),
    ("entry.days", "src/models/entrants/sellers.rs", "REVENUE_DAYS"),
    ("entry.few", "tables/milestones.csv", "orders_28 = 2-3"),
    ("entry.first_days", "src/models/entrants/sellers.rs", "MILESTONE_DAYS"),
    ("entry.many", "tables/milestones.csv", "orders_28 = 10-29"),
    ("entry.one", "tables/milestones.csv", "orders_28 = 1"),
    ("entry.some", "tables/milestones.csv", "orders_28 = 4-9"),
    ("fastest", "tables/by_state.csv", "state = {fastest.code}"),
    ("first_categories", "mart/sales_by_day.parquet", ""),
    ("generated", "run.json", "generated"),
    ("growth", "tables/state_growth.csv", "q <= 0.1"),
    ("growth.after", "mart/orders_by_day.parquet", ""),
    ("growth.before", "mart/orders_by_day.parquet", ""),
    ("growth.before_last", "mart/orders_by_day.parquet", ""),
    ("growth.tested", "tables/state_growth.csv", "COUNT(q)"),
    ("habits", "tables/payment_habits.csv", "named = 1"),
    ("habits.cells", "tables/payment_habits.csv", "COUNT(*)"),
    ("habits.least", "src/decisions/payments/habits.rs", "LEAST_DIFFERENCE"),
    ("instalments", "mart/payment_delays.parquet", ""),
    ("latest", "tables/by_state.csv", "state = {latest.code}"),
    ("leading", "mart/sales_by_month.parquet", "category = {leading.code}"),
    ("least_share", "src/decisions/mod.rs", "LEAST_SHARE"),
    ("market", "audit.json", "market"),
    ("mart_tables", "run.json", "mart/*"),
    ("misread", "mart/misread.parquet", ""),
    ("misread.paid", "mart/misread_by_category.parquet", ""),
    ("misread.paid.right", "mart/misread_by_category.parquet", "category = {misread.paid.right.code}"),
    ("misread.paid.wrong", "mart/misread_by_category.parquet", "category = {misread.paid.wrong.code}"),
    ("missing", "mart/totals.parquet", ""),
    ("missing.gap", "src/clean/coverage.rs", "GAP"),
    ("missing.gaps", "tables/quality.csv", ""),
    ("misread.customers", "mart/first_page.parquet", ""),
    ("misread.read", "mart/first_page.parquet", ""),
    ("misread.unfinished", "mart/orders_by_day.parquet", "day > {period.last}"),
    ("past", "tables/backtest.csv", ""),
    ("past.cutoffs", "tables/backtest.csv", "cutoffs = weekly"),
    ("past.growth_orders", "src/models/metrics.rs", "GROWTH_ORDERS"),
    ("past.protocol", "tables/forecast_protocol.csv", ""),
    ("past.protocol.frozen", "src/models/protocol/protocol.toml", ""),
    ("past.protocol.horizon", "src/models/protocol/protocol.toml", ""),
    ("past.protocol.development", "tables/forecast_protocol.csv", "part = development"),
    ("past.protocol.test", "tables/forecast_protocol.csv", "part = test"),
    ("past.protocol.holdout", "tables/forecast_protocol.csv", "part = holdout"),
    ("past.totals", "tables/forecast_totals.csv", ""),
    ("past.totals.largest", "src/models/totals.rs", "LARGEST"),
    ("payment_leaders", "tables/payments_by_state.csv", ""),
    ("payment_methods", "tables/payment_methods.csv", ""),
    ("payment_order", "mart/payment_sets.parquet", ""),
    ("payments", "tables/payments_by_state.csv", ""),
    ("payments.coverage", "tables/payment_coverage.csv", ""),
    ("payments.methods", "tables/payment_methods.csv", ""),
    ("penetration", "tables/by_state.csv", ""),
    ("period", "mart/orders_by_day.parquet", ""),
    ("population", "src/decisions/population.toml", ""),
    ("profit", "tables/profit_by_category.csv", ""),
    ("profit.commission", "run.json", "costs.commission"),
    ("profit.fee", "run.json", "costs.fee_per_order"),
    ("profit.first_state", "tables/break_even.csv", "by = state AND name = {profit.first_state.code}"),
    ("profit.highest_state", "tables/break_even.csv", "by = state AND name = {profit.highest_state.code}"),
    ("profit.large", "src/dossier/entry/mod.rs", "LARGE"),
    ("profit.leader", "tables/profit_by_category.csv", "category = {profit.leader.code}"),
    ("profit.lowest_state", "tables/break_even.csv", "by = state AND name = {profit.lowest_state.code}"),
    ("profit.payment_fee", "run.json", "costs.payment_fee"),
    ("profit.returns", "run.json", "costs.return_cost"),
    ("profit.second", "tables/profit_by_category.csv", "category = {profit.second.code}"),
    ("profit.shipping", "run.json", "costs.shipping_borne"),
    ("profit.shrink", "src/decisions/profit/break_even.rs", "SHRINK_ORDERS"),
    ("profit.stays_first_to", "tables/profit_by_category.csv", "MAX(tipping_margin)"),
    ("profit.unknown", "src/decisions/profit/costs.rs", "MARGIN"),
    ("profit.unknown_low", "src/decisions/profit/costs.rs", "MARGINS"),
    ("profit.unknown_high", "src/decisions/profit/costs.rs", "MARGINS"),
    ("reference", "tables/price_predictions.csv", ""),
    ("reviews.in_time", "mart/review_scores.parquet", "late = 0"),
    ("reviews.late", "mart/review_scores.parquet", "late = 1"),
    ("sellers", "mart/sellers.parquet", ""),
    ("slowest", "tables/by_state.csv", "state = {slowest.code}"),
    ("states_for_half", "tables/by_state.csv", ""),
    ("total", "tables/by_state.csv", ""),
    ("trials", "tables/trial_designs.csv", ""),
    ("trials.margin", "src/trial/designs.rs", "MARGIN"),
    ("trials.orders", "src/trial/designs.rs", "ORDERS_PER_MONTH"),
    ("trials.rules", "src/trial/rules.toml", ""),
    ("trials.small", "tables/trial_designs.csv", "whose = shop"),
];

/// Comparisons of models: prefix of the values; `by` and `cutoffs` in `backtest.csv`.
const COMPARISONS: [(&str, &str, &str); 3] =
    [("categories", "category", "monthly"), ("states", "state", "monthly"), ("weekly", "category", "weekly")];

/// Origins of the values. Conditions contain the values that they refer to.
pub(crate) fn sources(values: &Value) -> BTreeMap<String, Origin> {
    let origin = |name: &str, file: &str, rows: &str| {
        (name.to_string(), Origin { file: file.into(), rows: with_values(rows, values) })
    };
    let mut sources: BTreeMap<String, Origin> =
        FILES.iter().map(|(name, file, rows)| origin(name, file, rows)).collect();
    for (name, by, cutoffs) in COMPARISONS {
        let rows = format!("by = {by} AND cutoffs = {cutoffs}");
        sources.extend([origin(&format!("past.{name}"), "tables/backtest.csv", &rows)]);
        for model in ["ours", "naive", "original"] {
            let own = format!("past.{name}.{model}");
            sources.extend([origin(&own, "tables/backtest.csv", &format!("{rows} AND model = {{{own}.code}}"))]);
        }
    }
    sources
}

/// As [`FILES`], of the profile of a state.
const OF_STATE: &[(&str, &str, &str)] = &[
    ("part", "tables/by_state.csv", "state = {part.code}"),
    ("part.best_month", "tables/monthly_revenue_by_state.csv", "state = {part.code}"),
    ("part.break_even", "tables/break_even.csv", "by = state AND name = {part.code}"),
    ("part.candidate", "tables/regions.csv", "state = {part.code}"),
    ("part.enough", "src/decisions/region.rs", "ENOUGH_SHARE"),
    ("part.habits", "tables/payment_habits.csv", "named = 1 AND state = {part.code}"),
    ("part.mix", "mart/sales_by_month.parquet", "state = {part.code}"),
    ("part.more_here", "mart/sales_by_month.parquet", "state = {part.code}"),
    ("part.odds", "tables/state_growth.csv", "state = {part.code}"),
    ("part.of", "tables/by_state.csv", "COUNT(*)"),
    ("part.payments", "mart/payment_sets.parquet", "state = {part.code}"),
    ("part.whole", "tables/by_state.csv", ""),
];

/// As [`FILES`], of the profile of a category.
const OF_CATEGORY: &[(&str, &str, &str)] = &[
    ("part", "tables/by_category.csv", "category = {part.code}"),
    ("part.best_month", "tables/monthly_revenue.csv", "category = {part.code}"),
    ("part.break_even", "tables/break_even.csv", "by = category AND name = {part.code}"),
    ("part.chances", "tables/entrants_by_category.csv", "category = {part.code}"),
    ("part.mix", "mart/sales_by_month.parquet", "category = {part.code}"),
    ("part.more_here", "mart/sales_by_month.parquet", "category = {part.code}"),
    ("part.of", "tables/by_category.csv", "COUNT(*)"),
    ("part.payments", "mart/payment_sets_by_category.parquet", "category = {part.code}"),
    ("part.profit", "tables/profit_by_category.csv", "category = {part.code}"),
    ("part.score", "tables/winner.csv", "category = {part.code}"),
    ("part.whole", "tables/by_state.csv", ""),
];

/// Origins of the values of a profile.
pub(crate) fn of_part(per: Per, values: &Value) -> BTreeMap<String, Origin> {
    let files = match per {
        Per::State => OF_STATE,
        Per::Category => OF_CATEGORY,
    };
    let origin = |(name, file, rows): &(&str, &str, &str)| {
        ((*name).to_string(), Origin { file: (*file).into(), rows: with_values(rows, values) })
    };
    files.iter().map(origin).collect()
}

/// `rows` with its placeholders filled; one that the results lack keeps its name.
fn with_values(rows: &str, values: &Value) -> String {
    let (mut out, mut rest) = (String::new(), rows);
    while let Some((before, (name, after))) = rest.split_once('{').and_then(|(b, r)| Some((b, r.split_once('}')?))) {
        let value = name.split('.').try_fold(values, |value, key| value.get(key));
        out += before;
        out += &shortened(value.and_then(Value::as_str).unwrap_or(name), NAME);
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::report::chapter::provenance::{mark, name};
    use crate::report::{Chapter, Templates};

    /// Every number in the text must be traceable.
    #[test]
    fn every_number_of_the_chapters_has_a_source() {
        let templates = Templates::default();
        let sources = sources(&Value::Null);
        for (path, text) in templates.chapters("fr/").chain(templates.chapters("en/")) {
            let numbers = text.split("{{").skip(1).filter_map(|tag| name(tag.split("}}").next()?)).count();
            let marked = mark(&Chapter { name: path.into(), text: text.into() }, &sources).1;
            assert_eq!(marked.len(), numbers, "{path}: {marked:#?}");
        }
    }

    #[test]
    fn constants_are_where_their_source_says() {
        for (name, file, constant) in FILES.iter().filter(|(_, file, _)| file.ends_with(".rs")) {
            let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
            let text = text.unwrap_or_else(|e| panic!("{name}: {file}: {e}"));
            assert!(text.contains(&format!("const {constant}: ")), "{name}: {file} has no {constant}");
        }
    }

    #[test]
    fn conditions_name_values() {
        let rows = "state = {a.b} AND x = {a.c}";
        assert_eq!(with_values(rows, &json!({ "a": { "b": "SP" } })), "state = SP AND x = a.c");
    }
}
