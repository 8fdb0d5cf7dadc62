//! The page's totals equal the mart's; names cannot act as code; almost empty data work.

use std::collections::BTreeMap;

use base64::Engine as _;
use polars::prelude::*;
use serde_json::Value;

use super::cube::OTHERS;
use super::*;
use crate::clean::load;
use crate::input::Source;
use crate::mart::SalesMart;
use crate::mart::month::Month;
use crate::results::Parameters;
use crate::synth::generated;

const HOSTILE: [&str; 4] = ["</script><script>alert(1)</script>", "=cmd|' /c calc'!A1", "\u{202e}שלום 🛒", "{{ 7*7 }}"];

fn results(orders: u64) -> Results {
    let (folder, _) = generated(orders, 3, 0.0);
    let (tables, audit) = load(&Source::open(folder.path()).unwrap()).unwrap();
    Results::of(&tables, audit, Parameters::default()).unwrap()
}

/// The JSON block of a page.
fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

fn total(value: &Value) -> i64 {
    value.as_array().unwrap().iter().map(|n| n.as_i64().unwrap()).sum()
}

fn mart_total(results: &Results, table: &str, column: &str) -> i64 {
    results.mart.table(table).unwrap().column(column).unwrap().i64().unwrap().sum().unwrap_or(0)
}

/// `results` with every table of the mart changed by `edit`.
fn altered(results: &Results, edit: impl Fn(&str, DataFrame) -> DataFrame) -> Results {
    let tables: BTreeMap<String, DataFrame> =
        results.mart.iter().unwrap().map(|(name, frame)| (name.to_string(), edit(name, frame.clone()))).collect();
    Results { mart: SalesMart::new(tables).unwrap(), ..results.clone() }
}

#[test]
fn totals_are_the_marts_and_the_page_is_the_same_twice() {
    let results = results(3_000);
    let page = dashboard(&results).unwrap();
    assert_eq!(page, dashboard(&results).unwrap());
    let data = data(&page);
    for (of, table, column, measure) in [
        ("totals", "service_by_state", "orders", "orders"),
        ("totals", "service_by_state", "revenue_centavos", "revenue"),
        ("totals", "service_by_state", "late_by_date", "late"),
        ("cells", "service_by_category", "orders", "orders"),
        ("cells", "sales_by_month", "revenue_centavos", "revenue"),
        ("cells", "service_by_category", "review_score_sum", "score"),
        ("city_cells", "sales_by_month", "revenue_centavos", "revenue"),
        ("payments", "payments_by_state", "value_centavos", "value"),
        ("payments", "payments_by_state", "payments", "payments"),
        ("category_payments", "payments_by_category", "value_centavos", "value"),
    ] {
        assert_eq!(total(&data[of][measure]), mart_total(&results, table, column), "{of} {measure}");
    }
    assert_eq!(data["months"].as_array().unwrap().len(), months_between(&results));
    // Sets of methods: bit i stands for method i, so that the orders of a method are those of its sets.
    let methods = results.mart.table("orders_by_methods").unwrap().clone().lazy();
    let boleto = methods.filter((col("methods") % lit(2)).eq(lit(1))).select([col("orders").sum()]).collect().unwrap();
    let paid = results.mart.table("payments_by_state").unwrap().clone().lazy();
    let paid = paid.filter(col("payment_type").eq(lit("boleto"))).select([col("orders").sum()]).collect().unwrap();
    assert_eq!(boleto, paid);
}

/// The months of the orders, one per row.
fn months(results: &Results) -> Vec<Month> {
    let days = results.mart.table("orders_by_methods").unwrap().column("month").unwrap().date().unwrap();
    days.physical().iter().flatten().map(Month::of_day).collect()
}

fn months_between(results: &Results) -> usize {
    let months = months(results);
    let (first, last) = (months.iter().min().unwrap(), months.iter().max().unwrap());
    first.through(*last).count()
}

#[test]
fn rankings_carry_what_the_score_is_made_of() {
    let results = results(20_000);
    let data = data(&dashboard(&results).unwrap());
    let decisions = results.decisions.as_ref().unwrap();
    let ranking = &data["rankings"]["category"];
    let weights: Vec<f64> =
        ranking["indicators"].as_array().unwrap().iter().map(|i| i["weight"].as_f64().unwrap()).collect();
    assert_eq!(ranking["candidates"].as_array().unwrap().len(), decisions.winner.candidates);
    for (candidate, shown) in decisions.winner.ranked.iter().zip(ranking["candidates"].as_array().unwrap()) {
        let deviations = shown["deviations"].as_array().unwrap().iter().map(|d| d.as_f64().unwrap());
        let score: f64 = deviations.zip(&weights).map(|(d, w)| d * w).sum();
        assert!((score - candidate.place.score).abs() < 1e-9, "{}", candidate.category);
        assert_eq!(shown["key"], candidate.category.as_str());
    }
    let forecasts = &data["forecasts"];
    let months = forecasts["months"].as_array().unwrap().len();
    assert!(
        months == 3 && forecasts["state"].as_array().unwrap().iter().flat_map(Value::as_array).all(|f| f.len() == 3)
    );
}

#[test]
fn names_stay_text() {
    let results = results(3_000);
    let named = altered(&results, |_, frame| {
        let Ok(column) = frame.column("category") else { return frame };
        let mut names: Vec<&str> = column.str().unwrap().iter().flatten().collect();
        names.sort_unstable();
        names.dedup();
        let hostile: BTreeMap<String, &str> = names.iter().map(|n| (*n).to_string()).zip(HOSTILE).collect();
        let renamed: Vec<String> = column
            .str()
            .unwrap()
            .iter()
            .map(|n| n.unwrap_or_default())
            .map(|n| hostile.get(n).map_or_else(|| n.to_string(), |h| (*h).to_string()))
            .collect();
        let mut frame = frame.clone();
        frame.with_column(Column::new("category".into(), renamed)).unwrap();
        frame
    });
    let page = dashboard(&named).unwrap();
    // Whatever the data hold, the page has one script of ours and one block of data.
    assert_eq!((page.matches("<script").count(), page.matches("</script>").count()), (2, 2));
    assert!(!page.contains("alert(1)</script>"));
    let data = data(&page);
    let keys: Vec<&str> = data["categories"]["keys"].as_array().unwrap().iter().flat_map(Value::as_str).collect();
    assert!(HOSTILE.iter().all(|name| keys.contains(name)));
    // Control characters that would reverse text are removed from what is shown, but not from what is exported.
    assert!(!data["categories"]["names"].to_string().contains('\u{202e}'));
}

#[test]
fn many_categories_share_a_name_and_nothing_is_lost() {
    let results = results(3_000);
    // A thousand times as many rows as a page may hold, spread over as many categories.
    let sales = results.mart.table("sales_by_methods").unwrap();
    let one = sales.clone().lazy().filter(col("category").eq(lit("toys"))).collect().unwrap();
    let copies = 60_000 / one.height().max(1);
    let mut all = sales.clone();
    for copy in 0..copies {
        let mut frame = one.clone();
        frame.with_column(Column::new("category".into(), vec![format!("toys_{copy:05}"); one.height()])).unwrap();
        all.vstack_mut(&frame).unwrap();
    }
    let all = all.sort(["category", "state", "month", "methods"], SortMultipleOptions::default()).unwrap();
    let many = altered(&results, |name, frame| if name == "sales_by_methods" { all.clone() } else { frame });
    let data = data(&dashboard(&many).unwrap());
    let keys = data["categories"]["keys"].as_array().unwrap();
    assert_eq!(keys.last().unwrap(), OTHERS);
    assert!(data["cells"]["key"].as_array().unwrap().len() <= 46_000);
    assert_eq!(total(&data["cells"]["revenue"]), mart_total(&many, "sales_by_methods", "revenue_centavos"));
}

#[test]
fn a_state_without_orders_a_single_month_and_no_payment_are_no_failure() {
    let results = results(3_000);
    let without = altered(&results, |_, frame| match frame.column("state") {
        Ok(_) => frame.lazy().filter(col("state").neq(lit("SP"))).collect().unwrap(),
        Err(_) => frame,
    });
    let page = data(&dashboard(&without).unwrap());
    assert!(page["states"]["keys"].as_array().unwrap().contains(&"SP".into()));
    let unpaid = altered(&results, |_, frame| match frame.column("payment_type") {
        Ok(_) => frame.head(Some(0)),
        Err(_) => frame,
    });
    assert!(data(&dashboard(&unpaid).unwrap())["payments"]["key"].as_array().unwrap().is_empty());
    let month = months(&results)[0];
    let first_day = month.first_day();
    let single = altered(&results, |_, frame| match frame.column("month") {
        Ok(_) => frame.lazy().filter(col("month").cast(DataType::Int32).eq(lit(first_day))).collect().unwrap(),
        Err(_) => frame,
    });
    let page = data(&dashboard(&single).unwrap());
    assert_eq!(page["months"], serde_json::json!([month.to_string()]));
    assert_eq!(page["complete"], serde_json::json!([0, 0]));
}

/// Each language has every phrase, and every phrase that the scripts use.
#[test]
fn both_languages_have_all_phrases() {
    let [french, english] = [Lang::Fr, Lang::En].map(|lang| Phrases::of(lang, &Templates::default()).unwrap());
    let keys = |p: &Phrases| p.words.keys().chain(p.regions.keys()).cloned().collect::<Vec<_>>();
    assert_eq!(keys(&french), keys(&english));
    let holes = |text: &str| {
        let mut names: Vec<_> = text.split('{').skip(1).filter_map(|t| t.split('}').next()).map(String::from).collect();
        names.sort();
        names
    };
    for (key, text) in &french.words {
        assert_eq!(holes(text), holes(&english.words[key]), "{key}");
    }
    // Checks the modules, not the bundle: a bundler may rename `t`.
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/dashboard/js");
    let scripts = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut phrases = 0;
    for script in scripts.filter(|path| path.extension().is_some_and(|e| e == "js")) {
        let script = std::fs::read_to_string(script).unwrap();
        for (at, start) in script.match_indices("t(\"") {
            if script[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.') {
                continue;
            }
            let asked = script[at + start.len()..].split('"').next().unwrap();
            assert!(french.words.contains_key(asked), "there is no phrase `{asked}`");
            phrases += 1;
        }
    }
    assert!(phrases > 50, "{phrases} phrases");
}

#[test]
fn the_policy_names_the_script_and_nothing_from_outside() {
    let page = dashboard(&results(3_000)).unwrap();
    let script = page.rsplit_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let hash = BASE64_STANDARD.encode(Sha256::digest(script.as_bytes()));
    for rule in ["default-src 'none'", "base-uri 'none'", "form-action 'none'", &format!("script-src 'sha256-{hash}'")]
    {
        assert!(page.contains(&format!("{rule};")), "{rule}");
    }
    assert!(!script.contains("<!--") && !script.contains('\r'));
    assert!(script.contains("Permission to use, copy, modify"));
}

/// A page and a style sheet of the user's own get the same script, which the policy still allows.
#[test]
fn an_own_page_and_style_keep_the_script() {
    let folder = tempfile::tempdir().unwrap();
    Templates::write_built_in(folder.path()).unwrap();
    let page = folder.path().join("templates/dashboard.html");
    let text = std::fs::read_to_string(&page).unwrap();
    std::fs::write(&page, text.replace("<main>", "<p>ours</p><main>")).unwrap();
    std::fs::write(folder.path().join("style/dashboard.css"), ".ours { color: red }").unwrap();
    let templates = Templates::read(folder.path()).unwrap();
    let page = dashboard_with(&results(3_000), &templates).unwrap();
    assert!(page.contains("<p>ours</p>") && page.contains(".ours { color: red }"));
    assert!(page.contains(BUNDLE) && page.contains(&format!("script-src 'sha256-{}'", *SCRIPT_HASH)));
}
