//! Forecasts, backtest and findings through the binary.

use super::workdir::Workdir;

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
    // Orders of May and later, and with them all that refers to them.
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
