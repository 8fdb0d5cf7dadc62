//! The real data, if available: `PFE_DATA` names their folder. Without it, these tests do nothing.

use std::path::PathBuf;

use crate::workdir::Workdir;

fn real() -> Option<PathBuf> {
    let path = PathBuf::from(std::env::var_os("PFE_DATA")?);
    assert!(path.join("olist_orders_dataset.csv").exists(), "PFE_DATA does not hold the Olist files");
    Some(path)
}

#[test]
fn totals_to_the_centavo_and_the_reference_model() {
    let Some(data) = real() else { return };
    let work = Workdir::new();
    work.ok(&["run", "--data", data.to_str().unwrap(), "--quiet"]);
    let centavos = |table: &str, column: &str| -> i64 {
        let cell =
            |row: &std::collections::BTreeMap<String, String>| row[column].replace('.', "").parse::<i64>().unwrap();
        work.table(&format!("out/tables/{table}.csv")).iter().map(cell).sum()
    };
    // Price 13,591,643.70 and freight 2,251,909.54.
    assert_eq!(centavos("by_category", "revenue"), 1_359_164_370 + 225_190_954);
    assert_eq!(centavos("by_state", "revenue"), 1_584_355_324);
    assert_eq!(centavos("monthly_revenue", "revenue"), 1_584_355_324);
    assert_eq!(centavos("payments_by_state", "value"), 1_600_887_212);

    assert_eq!(work.table("out/tables/price_predictions.csv").len(), 4_240);
    let top = work.table("out/tables/price_predictions_top_category.csv");
    let names: Vec<&str> = top.iter().map(|r| r["category"].as_str()).collect();
    let expected = [
        "health_beauty",
        "watches_gifts",
        "bed_bath_table",
        "sports_leisure",
        "housewares",
        "computers_accessories",
        "furniture_decor",
        "auto",
        "baby",
        "telephony",
    ];
    assert_eq!(names, expected);
    assert!((top[0]["sales"].parse::<f64>().unwrap() - 365_032.61).abs() < 0.01);
    // The best-known wrong number of these data, which the report explains.
    let report = work.read("out/report.html").replace(['\u{a0}', '\u{202f}'], " ");
    assert!(report.contains("1 692 714,28 R$"), "the report names what joining items with payments gives");
    let manifest = work.json("out/run.json");
    assert_eq!(manifest["core"]["inputs"].as_array().unwrap().len(), 10);
}
