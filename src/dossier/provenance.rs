//! Names of values → where a reader finds them in a run: file, and rows or fields of it. Used by `dossier`; shown by `report`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::edition::NAME;
use crate::report::Origin;
use crate::text::shortened;

/// Prefix of value names; file; rows as a condition, or a field (empty: all rows). A name in braces stands for the value of
/// that name.
const FILES: &[(&str, &str, &str)] = &[
    ("audit", "audit.json", ""),
    ("categories", "tables/by_category.csv", "ORDER BY revenue DESC LIMIT 1"),
    ("costs", "reports/costs.toml", ""),
    ("decisions", "tables/winner.csv", ""),
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
    ("decisions.payments.covered", "mart/payment_sets_by_category.parquet", "category = {decisions.winner.code}"),
    ("decisions.products", "tables/winner_products.csv", "COUNT(*)"),
    ("decisions.region", "tables/regions.csv", ""),
    ("decisions.region.advertised", "tables/allocation.csv", ""),
    ("decisions.region.budget", "run.json", "budget_centavos"),
    ("decisions.region.kept", "tables/allocation.csv", ""),
    ("decisions.region.test", "tables/allocation.csv", "LIMIT 1"),
    ("decisions.region.cities", "tables/cities.csv", ""),
    ("decisions.region.cities[0]", "tables/cities.csv", "LIMIT 1"),
    ("decisions.region.most_advertised", "src/decisions/region.rs", "ADVERTISED"),
    ("decisions.region.payments", "mart/payment_sets.parquet", "state = {decisions.region.target.code}"),
    ("decisions.region.second", "tables/regions.csv", "rank = 2"),
    ("decisions.region.states", "tables/regions.csv", "COUNT(*)"),
    ("decisions.region.target", "tables/regions.csv", "rank = 1"),
    (
        "decisions.region.target.certain",
        "tables/region_indicators.csv",
        "state = {decisions.region.target.code} AND indicator = growth",
    ),
    ("decisions.second", "tables/winner.csv", "rank = 2"),
    ("decisions.state_model", "mart/sales_by_day.parquet", ""),
    ("decisions.tipping", "tables/winner_indicators.csv", ""),
    ("decisions.until", "tables/forecasts.csv", "cutoff"),
    ("decisions.winner", "tables/winner.csv", "rank = 1"),
    ("enough_orders", "src/decisions/winner.rs", "ENOUGH_ORDERS"),
    ("fastest", "tables/by_state.csv", "state = {fastest.code}"),
    ("first_categories", "mart/sales_by_day.parquet", ""),
    ("generated", "run.json", "generated"),
    ("growing", "mart/orders_by_state_month.parquet", "state = {growing.code}"),
    ("habit", "tables/payments_by_state.csv", "payment_type = {habit.method_code}"),
    ("habit.share", "tables/payments_by_state.csv", "state = {habit.code} AND payment_type = {habit.method_code}"),
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
    ("past.best", "tables/regret.csv", "choice = {past.best.code}"),
    ("past.choices", "tables/regret.csv", ""),
    ("past.cutoffs", "tables/backtest.csv", "cutoffs = weekly"),
    ("past.fastest", "tables/regret.csv", "choice = {past.fastest.code}"),
    ("past.gain", "tables/regret.csv", "choice = {past.gain.code}"),
    ("past.growth_orders", "src/models/metrics.rs", "GROWTH_ORDERS"),
    ("past.largest", "tables/regret.csv", "choice = {past.largest.code}"),
    ("past.protocol", "tables/forecast_protocol.csv", ""),
    ("past.protocol.frozen", "src/models/protocol/protocol.toml", ""),
    ("past.protocol.horizon", "src/models/protocol/protocol.toml", ""),
    ("past.protocol.development", "tables/forecast_protocol.csv", "part = development"),
    ("past.protocol.test", "tables/forecast_protocol.csv", "part = test"),
    ("past.protocol.holdout", "tables/forecast_protocol.csv", "part = holdout"),
    ("past.ours", "tables/regret.csv", "choice = {past.ours.code}"),
    ("payment_leaders", "tables/payments_by_state.csv", ""),
    ("payment_states", "mart/payment_sets.parquet", ""),
    ("payments", "tables/payments_by_state.csv", ""),
    ("payments.covered", "mart/payment_sets.parquet", ""),
    ("penetration", "tables/by_state.csv", ""),
    ("period", "mart/orders_by_day.parquet", ""),
    ("population", "src/decisions/population.toml", ""),
    ("reference", "tables/price_predictions.csv", ""),
    ("reviews.in_time", "mart/review_scores.parquet", "late = 0"),
    ("reviews.late", "mart/review_scores.parquet", "late = 1"),
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
        for (path, text) in templates.chapters("fr").chain(templates.chapters("en")) {
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
