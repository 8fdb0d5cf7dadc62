//! Forecasts, backtests and findings through the binary.

use crate::workdir::{Workdir, after_warnings};

const HEADER: &str = "series,cutoff,from,to,forecast,lo80,hi80,lo95,hi95";
const FORECAST: [&str; 7] = ["forecast", "--data", "data", "--cutoff", "2018-04-30", "--by", "category"];

fn data(orders: &str) -> Workdir {
    let work = Workdir::new();
    work.ok(&["synth", "--orders", orders, "--seed", "4", "--out", "data"]);
    work
}

#[test]
fn forecasts_are_ordered_and_see_no_row_after_the_cutoff() {
    let work = data("8000");
    let whole = work.ok(&FORECAST).stdout;
    let mut lines = whole.lines();
    assert_eq!(lines.next(), Some(HEADER));
    for line in lines {
        let numbers: Vec<f64> = line.split(',').skip(4).map(|n| n.parse().unwrap()).collect();
        let [forecast, lo80, hi80, lo95, hi95] = numbers[..] else { panic!("{line}") };
        assert!(0.0 <= lo95 && lo95 <= lo80 && lo80 <= forecast && forecast <= hi80 && hi80 <= hi95, "{line}");
    }
    // Removes orders of May and later, and with them all rows that refer to them.
    work.edit("data/olist_orders_dataset.csv", |csv| {
        let purchase = |line: &str| line.split(',').nth(3).unwrap_or_default().trim_matches('"').to_string();
        let kept = csv.lines().filter(|l| l.starts_with("\"order_id\"") || purchase(l).as_str() < "2018-05-01");
        kept.map(|l| format!("{l}\n")).collect()
    });
    assert_eq!(work.ok(&FORECAST).stdout, whole);
}

#[test]
fn the_same_decisions_with_any_number_of_threads() {
    let work = data("8000");
    let run = |threads: &str| {
        let env = [("RAYON_NUM_THREADS", threads), ("POLARS_MAX_THREADS", threads)];
        let done = work.pfe_with(&["findings", "--data", "data", "--json"], &env);
        assert_eq!(done.code, Some(0), "{done}");
        done.stdout
    };
    assert_eq!(run("1"), run("8"));
}

#[test]
fn the_backtest_compares_every_model() {
    let done = data("8000").ok(&["backtest", "--data", "data"]);
    for model in ["linear", "last value"] {
        assert!(done.stdout.contains(model), "{done}");
    }
}

#[test]
fn questions_that_cannot_be_answered() {
    let work = data("3000");
    for (args, word) in [
        (vec!["forecast", "--data", "data", "--cutoff", "2018-04-31"], "2018-04-31"),
        (vec!["forecast", "--data", "data", "--cutoff", "2018-04-29", "--period", "month"], "2018-04-29"),
        (vec!["forecast", "--data", "data", "--cutoff", "2010-01-31"], "2010-01-31"),
        (vec!["findings", "--data", "data", "--category", "nope"], "nope"),
    ] {
        let done = work.pfe(&args);
        assert_eq!(done.code, Some(2), "{done}");
        assert!(done.stderr.contains(word), "{done}");
    }
}

/// Weights, budget and cover come from the user, appear in tables and report, and are stored with the run.
#[test]
fn the_user_sets_weights_budget_and_cover() {
    let work = Workdir::with_data();
    work.write("weights.toml", "[category]\nreview = 1.0\n[state]\nrevenue = 0.5\ngain = 0.5\n");
    work.write(
        "cover.toml",
        "title = \"Mon rapport\"\nauthors = [\"A. Diaz\"]\nschool = \"École X\"\ndate = \"2026-06-30\"\n",
    );
    work.ok(&[
        "run",
        "--data",
        "data",
        "--weights",
        "weights.toml",
        "--budget",
        "1000",
        "--parameters",
        "cover.toml",
        "--quiet",
    ]);
    // Equal tests; the rest is kept until they are read.
    let tests: Vec<f64> =
        work.table("out/tables/allocation.csv").iter().map(|r| r["budget"].parse().unwrap()).collect();
    assert!(tests.len() > 1 && tests.iter().all(|test| *test == tests[0]), "{tests:?}");
    assert!((100.0..900.0).contains(&tests.iter().sum::<f64>()), "{tests:?}");
    let weights: Vec<String> = work
        .table("out/tables/winner_indicators.csv")
        .iter()
        .filter(|r| r["weight"] != "0")
        .map(|r| r["indicator"].clone())
        .collect();
    assert!(!weights.is_empty() && weights.iter().all(|w| w == "review"), "{weights:?}");
    let html = work.read("out/report.html");
    for word in ["Mon rapport", "A. Diaz", "École X", "30\u{a0}juin\u{a0}2026"] {
        assert!(html.contains(word), "{word}");
    }
    work.ok(&["report", "--quiet"]);
    assert!(work.read("out/report.html").contains("Mon rapport"), "the cover stays with the run");
}

/// Costs come from the user, are stored with the run, and belong to the keys of the steps that use them.
#[test]
fn the_user_sets_costs() {
    let work = Workdir::with_data();
    let run = ["run", "--data", "data", "--costs", "costs.toml", "--lang", "en", "--quiet"];
    work.write(
        "costs.toml",
        "margin = 0.5\npayment_fee = 0.0\nshipping_borne = 0.0\nreturn_share = 0.1\nreturn_cost = 10\n",
    );
    work.ok(&run);
    assert_eq!(work.json("out/run.json")["core"]["parameters"]["costs"]["margin"], 0.5);
    let rows = work.table("out/tables/break_even.csv");
    let number = |row: &std::collections::BTreeMap<String, String>, column: &str| row[column].parse::<f64>().unwrap();
    let largest = rows.iter().max_by(|a, b| number(a, "orders").total_cmp(&number(b, "orders"))).unwrap();
    assert!(rows.iter().all(|row| row["assumed"] == "0"));
    // Half of the price and nothing else, less 10 % × 10; other states draw it a little towards them.
    let expected = 0.5 * number(largest, "price") - 1.0;
    assert!((number(largest, "break_even") / expected - 1.0).abs() < 0.1, "{largest:?}");
    assert!(text(&work).contains("returns") || work.table("out/tables/profit_by_category.csv").is_empty());
    work.write("costs.toml", "margin = 0.3\n");
    let why = work.ok(&["why", "entrants", "--data", "data", "--costs", "costs.toml"]).stdout;
    assert!(why.contains("parameter `costs.") && why.contains("would run"), "{why}");
    let why = work.ok(&["why", "decisions", "--data", "data", "--costs", "costs.toml"]).stdout;
    assert!(why.contains("would not run"), "{why}");
}

/// Every refusal names the problem; nothing is written.
#[test]
fn wrong_decisions_are_refused() {
    let work = Workdir::with_data();
    work.write("sum.toml", "[category]\nreview = 0.4\n[state]\nrevenue = 1.0\n");
    work.write("luck.toml", "[category]\nluck = 1.0\n[state]\nrevenue = 1.0\n");
    work.write("cover.toml", "autor = \"A\"\n");
    work.write("margin.toml", "margin = 0.4\n[margins]\ntoys = 1.5\n");
    work.write("key.toml", "marge = 0.4\n");
    work.write("category.toml", "[margins]\nno_such_thing = 0.4\n");
    for (option, value, word) in [
        ("--costs", "margin.toml", "`margin.toml`, line 3: `margins.toys` is 1.5"),
        ("--costs", "key.toml", "`key.toml`, line 1"),
        ("--costs", "category.toml", "no_such_thing"),
        ("--costs", "none.toml", "none.toml"),
        ("--budget", "0", "not above 0"),
        ("--budget", "-3", "not above 0"),
        ("--budget", "much", "much"),
        ("--weights", "sum.toml", "add up to 0.400"),
        ("--weights", "luck.toml", "luck"),
        ("--weights", "none.toml", "none.toml"),
        ("--parameters", "cover.toml", "autor"),
    ] {
        let done = work.pfe(&["run", "--data", "data", option, value]);
        assert_ne!(done.code, Some(0), "{done}");
        let error = after_warnings(&done.stderr);
        assert!(error.starts_with("error: ") && error.contains(word), "{done}");
        assert!(!work.path("out/run.json").exists(), "{done}");
    }
}

/// Data too young or too few for a decision still get their report, with the reason, in every language.
#[test]
fn too_few_data_make_a_report_that_says_so() {
    let work = data("3000");
    let status = |csv: String| with_column(&csv, 2, |_, _| "\"canceled\"".into());
    let no_name = |csv: String| with_column(&csv, 1, |_, _| String::new());
    work.edit("data/olist_products_dataset.csv", no_name);
    for (lang, words) in [
        ("fr", "Aucune catégorie n’a reçu assez de commandes"),
        ("en", "No category received enough orders"),
        ("pt", "Nenhuma categoria recebeu pedidos suficientes"),
    ] {
        let done = work.ok(&["run", "--data", "data", "--lang", lang]);
        assert!(done.stdout.contains("no decision"), "{done}");
        assert!(text(&work).contains(words) && !text(&work).contains("NaN"), "{lang}");
        assert!(work.path("out/report.pdf").exists());
    }
    assert_eq!(work.table("out/tables/winner.csv").len(), 0);
    work.edit("data/olist_orders_dataset.csv", status);
    work.ok(&["run", "--data", "data"]);
    assert!(text(&work).contains("aucune vente"));
    // Three months: enough for a decision, but too little for a backtest.
    let work = data("8000");
    work.edit("data/olist_orders_dataset.csv", |csv| {
        let purchase = |line: &str| line.split(',').nth(3).unwrap_or_default().trim_matches('"').to_string();
        let recent = |line: &&str| {
            line.starts_with("\"order_id\"") || ("2018-03-01".."2018-06-01").contains(&purchase(line).as_str())
        };
        csv.lines().filter(recent).map(|l| format!("{l}\n")).collect()
    });
    let done = work.ok(&["run", "--data", "data"]);
    assert!(done.stdout.contains("what to sell"), "{done}");
    let html = text(&work);
    assert!(html.contains("trop courtes") && !html.contains("NaN"));
    assert_eq!(work.table("out/tables/backtest.csv").len(), 0);
}

/// Edge cases: one category, one state, all prices zero, one huge price, a category that begins in the last week.
#[test]
fn strange_markets_are_decided_without_nonsense() {
    type Edit = fn(String) -> String;
    let edits: [(&str, &str, Edit); 4] = [
        ("one state", "olist_customers_dataset.csv", |csv| with_column(&csv, 4, |_, _| "\"SP\"".into())),
        ("one category", "olist_products_dataset.csv", |csv| with_column(&csv, 1, |_, _| "\"perfumaria\"".into())),
        ("free", "olist_order_items_dataset.csv", |csv| {
            with_column(&with_column(&csv, 5, |_, _| "0.00".into()), 6, |_, _| "0.00".into())
        }),
        ("dear", "olist_order_items_dataset.csv", |csv| {
            with_column(&csv, 5, |row, old| if row == 7 { "9999999999.99".into() } else { old.into() })
        }),
    ];
    for (name, file, edit) in edits {
        let work = data("8000");
        work.edit(&format!("data/{file}"), edit);
        let done = work.ok(&["run", "--data", "data"]);
        let html = text(&work);
        assert!(!html.contains("NaN") && !html.contains("inf\u{202f}"), "{name}: {done}");
        for row in work.table("out/tables/forecasts.csv") {
            for column in ["forecast", "lo80", "hi80", "lo95", "hi95"] {
                let value: f64 = row[column].parse().unwrap();
                assert!(value.is_finite() && value >= 0.0, "{name}: {row:?}");
            }
        }
    }
}

/// No payment at all, a state without customers, a single month: a chart without data says so, none is empty, and no page
/// lacks its text.
#[test]
fn gaps_in_the_data_are_told_by_the_charts() {
    type Edit = fn(String) -> String;
    let header: Edit = |csv| csv.lines().next().unwrap().to_string() + "\n";
    let moved: Edit = |csv| with_column(&csv, 4, |_, old| if old == "\"SP\"" { "\"RJ\"".into() } else { old.into() });
    let one_month: Edit = |csv| {
        let kept = |line: &&str| {
            line.starts_with("\"order_id\"") || line.split(',').nth(3).is_some_and(|at| at.starts_with("\"2018-03-"))
        };
        csv.lines().filter(kept).map(|l| format!("{l}\n")).collect()
    };
    for (name, file, edit, says_no_data) in [
        ("no payments", "olist_order_payments_dataset.csv", header, true),
        ("empty state", "olist_customers_dataset.csv", moved, false),
        ("one month", "olist_orders_dataset.csv", one_month, true),
    ] {
        for lang in ["fr", "en"] {
            let work = data("3000");
            work.edit(&format!("data/{file}"), edit);
            let done = work.ok(&["run", "--data", "data", "--lang", lang]);
            let html = text(&work);
            assert!(!html.contains("NaN") && !html.contains("inf\u{202f}"), "{name}: {done}");
            let words = if lang == "fr" { ">Pas de données</text>" } else { ">No data</text>" };
            // Data of a few thousand orders may have other gaps too.
            assert!(html.contains(words) || !says_no_data, "{name} {lang}: {done}");
            for section in html.split("<section class=\"chapter\">").skip(1) {
                let text: String = section.split('>').filter_map(|part| part.split('<').next()).collect();
                assert!(text.trim().len() > 80, "{name} {lang}: an empty chapter: {text}");
            }
            assert!(work.path("out/report.pdf").exists() && work.path("out/dashboard.html").exists(), "{name}");
        }
    }
}

/// The report without its head, because the base64 of the fonts may contain any word.
fn text(work: &Workdir) -> String {
    work.read("out/report.html").split("</head>").nth(1).unwrap().to_string()
}

/// Replaces a column of a CSV file whose fields hold no line breaks or commas.
fn with_column(csv: &str, column: usize, value: impl Fn(usize, &str) -> String) -> String {
    let row = |(i, line): (usize, &str)| {
        let mut fields: Vec<String> = line.split(',').map(String::from).collect();
        if i > 0 {
            fields[column] = value(i, &fields[column]);
        }
        fields.join(",") + "\n"
    };
    csv.lines().enumerate().map(row).collect()
}

/// Command line, tables and page give the same answer.
#[test]
fn every_way_to_ask_gives_the_same_answer() {
    let work = data("8000");
    let json = |args: &[&str]| -> serde_json::Value { serde_json::from_str(&work.ok(args).stdout).unwrap() };
    let run = json(&["run", "--data", "data", "--lang", "en", "--budget", "1000", "--json"]);
    let findings = json(&["findings", "--data", "data", "--budget", "1000", "--json"]);
    for answer in ["what_to_sell", "profit", "market", "where_to_advertise", "how_to_get_paid", "would_it_have_worked"]
    {
        assert_eq!(run[answer], findings[answer], "{answer}");
    }
    assert!(["profit", "market", "where_to_advertise", "how_to_get_paid"].iter().all(|answer| !run[*answer].is_null()));
    let page = text(&work);
    for (row, told) in work.table("out/tables/break_even.csv").iter().zip(run["profit"]["states"].as_array().unwrap()) {
        assert_eq!(row["name"], told["name"].as_str().unwrap());
        assert_eq!(row["break_even"], format!("{:.2}", told["break_even"].as_f64().unwrap()));
    }
    for (row, told) in work.table("out/tables/winner.csv").iter().zip(run["market"]["short_list"].as_array().unwrap()) {
        let forecast = told["forecast"].as_f64().unwrap();
        assert_eq!(row["category"], told["category"].as_str().unwrap());
        assert_eq!(row["forecast"], format!("{forecast:.2}"));
        assert!(page.contains(&pfe::report::Lang::En.brl((forecast * 100.0).round() as i64, 0)), "{row:?}");
    }
    for (row, told) in
        work.table("out/tables/allocation.csv").iter().zip(run["where_to_advertise"]["states"].as_array().unwrap())
    {
        assert_eq!(row["state"], told["state"].as_str().unwrap());
        assert_eq!(row["budget"].replace('.', ""), told["budget_centavos"].to_string());
    }
}
