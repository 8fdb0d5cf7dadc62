//! Which file of a run each value of the chapters can be found in.

/// Beginning of the names of the values, and the file.
const FILES: [(&str, &str); 46] = [
    ("audit", "audit.json"),
    ("categories", "tables/by_category.csv"),
    ("costs", "reports/costs.toml"),
    ("decisions", "tables/winner.csv"),
    ("decisions.best_product", "tables/winner_products.csv"),
    ("decisions.facts", "tables/by_category.csv"),
    ("decisions.model", "tables/coefficients.csv"),
    ("decisions.model.exceptional", "mart/orders_by_day.parquet"),
    ("decisions.model.ticket", "mart/sales_by_day.parquet"),
    ("decisions.months", "tables/forecasts.csv"),
    ("decisions.payments", "tables/winner_payments.csv"),
    ("decisions.products", "tables/winner_products.csv"),
    ("decisions.region", "tables/regions.csv"),
    ("decisions.region.advertised", "tables/allocation.csv"),
    ("decisions.region.budget", "run.json"),
    ("decisions.region.cities", "tables/cities.csv"),
    ("decisions.region.payments", "mart/payment_sets.parquet"),
    ("decisions.region.target.penetration", "tables/by_state.csv"),
    ("decisions.tipping", "tables/winner_indicators.csv"),
    ("enough_orders", "src/findings/winner.rs"),
    ("fastest", "tables/by_state.csv"),
    ("first_categories", "mart/sales_by_day.parquet"),
    ("generated", "run.json"),
    ("growing", "mart/orders_by_state_month.parquet"),
    ("habit", "tables/payments_by_state.csv"),
    ("latest", "tables/by_state.csv"),
    ("leading", "mart/sales_by_month.parquet"),
    ("least_share", "src/findings/mod.rs"),
    ("mart_tables", "run.json"),
    ("misread", "mart/misread.parquet"),
    ("misread.customers", "mart/first_page.parquet"),
    ("misread.read", "mart/first_page.parquet"),
    ("misread.unfinished", "mart/orders_by_day.parquet"),
    ("past", "tables/backtest.csv"),
    ("payment_leaders", "tables/payments_by_state.csv"),
    ("payment_states", "mart/payment_sets.parquet"),
    ("payments", "tables/payments_by_state.csv"),
    ("penetration", "tables/by_state.csv"),
    ("period", "mart/orders_by_day.parquet"),
    ("population", "src/findings/population.toml"),
    ("reference", "tables/price_predictions.csv"),
    ("reviews", "mart/review_scores.parquet"),
    ("slowest", "tables/by_state.csv"),
    ("states", "tables/by_state.csv"),
    ("states_for_half", "tables/by_state.csv"),
    ("total", "tables/by_state.csv"),
];

/// Ways of choosing, which stand in another table than the models.
const CHOICES: [&str; 7] = ["best", "choices", "cutoffs", "fastest", "gain", "largest", "ours"];

pub(in crate::report) fn sources() -> std::collections::BTreeMap<String, String> {
    let choices = CHOICES.iter().map(|name| (format!("past.{name}"), "tables/regret.csv".to_string()));
    FILES.iter().map(|(name, file)| ((*name).to_string(), (*file).to_string())).chain(choices).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::provenance::{mark, name};
    use crate::report::{Chapter, Templates};

    /// Every number of the text must be traceable.
    #[test]
    fn every_number_of_the_chapters_has_a_source() {
        let templates = Templates::default();
        for (path, text) in templates.chapters("fr").chain(templates.chapters("en")) {
            let numbers = text.split("{{").skip(1).filter_map(|tag| name(tag.split("}}").next()?)).count();
            let told = mark(&Chapter { name: path.into(), text: text.into() }, &sources()).1;
            assert_eq!(told.len(), numbers, "{path}: {told:#?}");
        }
    }
}
