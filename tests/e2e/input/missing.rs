//! Tables and columns that the data lack: the analysis goes on without them, or one message names all.

use super::variants::{
    CUSTOMERS, GEOLOCATION, PRODUCTS, REVIEWS, SELLERS, TRANSLATION, refused, removed, same, same_but, without_columns,
};
use crate::workdir::{Workdir, assert_same};

#[test]
fn without_the_names_of_categories() {
    let work = Workdir::with_data();
    removed(&work, &[TRANSLATION]);
    same(&work, "data", &["`product_category_name_translation.csv` is missing: the 73 names of Olist's categories"]);
    let words = ["`--strict` refuses", "`product_category_name_translation.csv` is missing from `data`"];
    work.fails(&["run", "--data", "data", "--strict"], 2, &words);
}

#[test]
fn a_file_of_names_overrides_those_that_are_held() {
    let work = Workdir::with_data();
    work.edit(&format!("data/{TRANSLATION}"), |csv| csv.replace("health_beauty", "beauty_and_health"));
    let done = work.ok(&["findings", "--data", "data", "--category", "beauty_and_health"]);
    assert!(done.stdout.contains("beauty_and_health"), "{done}");
}

#[test]
fn without_geolocation() {
    let work = Workdir::with_data();
    removed(&work, &[GEOLOCATION]);
    same_but(&work, &["data"], &["geolocation", "zip_locations"], &["no zip prefix has a location"]);
}

#[test]
fn without_reviews() {
    let work = Workdir::with_data();
    removed(&work, &[REVIEWS]);
    same_but(
        &work,
        &["data"],
        &["order_reviews"],
        &["`olist_order_reviews_dataset.csv` is missing: no order has a score"],
    );
}

#[test]
fn without_sellers() {
    let work = Workdir::with_data();
    removed(&work, &[SELLERS]);
    same_but(
        &work,
        &["data"],
        &["sellers"],
        &["`olist_sellers_dataset.csv` is missing: where sellers are is not known"],
    );
}

/// The rest of the run works, in memory and out of core; its pages, in both languages, say what is missing.
#[test]
fn without_all_that_an_analysis_can_do_without() {
    let work = Workdir::with_data();
    removed(&work, &[GEOLOCATION, REVIEWS, SELLERS, TRANSLATION]);
    let missing = [GEOLOCATION, REVIEWS, SELLERS, TRANSLATION].map(|file| format!("`{file}` is missing: "));
    let done = work.ok(&["run", "--data", "data"]);
    assert!(missing.iter().all(|words| done.stderr.contains(words)), "{done}");
    let audit = work.json("out/audit.json");
    let told: Vec<&str> = audit["warnings"].as_array().unwrap().iter().filter_map(|told| told.as_str()).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    let quality = audit["quality"].as_array().unwrap();
    assert!(quality.iter().all(|check| check["severity"] != "error" || check["failed"] == 0), "{quality:?}");
    for (lang, words) in [("fr", " » manque"), ("en", "” is missing: ")] {
        work.ok(&["report", "--lang", lang, "--quiet"]);
        let page = work.read("out/report.html").replace(['\u{a0}', '\u{202f}'], " ");
        assert!(
            [GEOLOCATION, REVIEWS, SELLERS, TRANSLATION].iter().all(|file| page.contains(&format!("{file}{}", words))),
            "{lang}"
        );
    }
    let before = work.files("out/tables");
    work.ok(&["run", "--data", "data", "--memory", "1", "--out", "ranges", "--quiet"]);
    assert_same(&before, &work.files("ranges/tables"));
    work.fails(&["audit", "--data", "data", "--strict"], 2, &["`--strict` refuses", GEOLOCATION]);
}

#[test]
fn columns_that_may_be_empty_are_missing() {
    let work = Workdir::with_data();
    without_columns(&work, REVIEWS, &["review_comment_title", "review_comment_message"]);
    without_columns(&work, PRODUCTS, &["product_photos_qty"]);
    let words = [
        "column `review_comment_message` is missing from `olist_order_reviews_dataset.csv`: it is empty",
        "column `product_photos_qty` is missing",
    ];
    same_but(&work, &["data"], &["order_reviews", "products"], &words);
    work.fails(&["audit", "--data", "data", "--strict"], 2, &["column `review_comment_title` is missing"]);
}

/// Points without place names, and invalid points.
#[test]
fn columns_of_geolocation_are_missing() {
    let work = Workdir::with_data();
    without_columns(&work, GEOLOCATION, &["geolocation_city", "geolocation_state"]);
    let told = "column `geolocation_city` is missing from `olist_geolocation_dataset.csv`: it is empty";
    let done = work.ok(&["run", "--data", "data", "--lang", "en"]);
    assert!(done.stderr.contains(told) && work.read("out/audit.json").contains(told), "{done}");
    assert!(work.read("out/report.html").contains("“geolocation_city” is missing from"));
    without_columns(&work, GEOLOCATION, &["geolocation_lat"]);
    let degrees = work.ok(&["audit", "--data", "data"]).stdout;
    assert!(degrees.contains("column `geolocation_lat` is missing"), "{degrees}");
}

#[test]
fn all_columns_that_must_be_there_are_told_at_once() {
    let work = Workdir::with_data();
    without_columns(&work, REVIEWS, &["review_id", "review_score"]);
    without_columns(&work, CUSTOMERS, &["customer_state"]);
    refused(
        &work,
        "data",
        &[
            "columns `review_id`, `review_score` are missing from `olist_order_reviews_dataset.csv`",
            "column `customer_state` is missing from `olist_customers_dataset.csv`",
        ],
    );
}
