//! The main job on generated data: which files it writes, and what they contain.

use crate::workdir::{SMALL_ORDERS, Workdir};

/// Columns on which users' scripts rely.
const TABLES: [(&str, &str); 35] = [
    ("price_predictions", "category,sales,year,month,date"),
    ("price_predictions_top_category", "category,sales,year,month,date"),
    ("payments_by_state", "state,payment_type,payments,orders,value,share_payments,share_value"),
    (
        "payment_methods",
        "payment_type,orders,share,value_share,ticket,instalments_mean,delay_median_hours,delay_p90_hours,canceled_share",
    ),
    ("payment_coverage", "place,payment_type,orders_gained,share_gained,covered,delay_median_hours"),
    ("payment_habits", "state,payment_type,orders,state_orders,share,share_rest,shrunk_share,p,q,named,same_sign"),
    ("state_growth", "state,orders_before,orders_after,growth,low,high,q"),
    (
        "customers_repeat",
        "customers,several_orders,returned,orders,later_orders,revenue,later_revenue,months,rate,low,high,needed_rise,trial_customers,returned_share,detectable_rise,gain_orders,gain_revenue,expected_orders,expected_low,expected_high,held,made,verdict",
    ),
    ("customer_cohorts", "month,customers,within_1,within_2,within_3,within_6,within_12"),
    ("by_state", "state,orders,items,revenue,review_mean,late_share,delivery_days_mean,canceled_share"),
    ("by_category", "category,orders,items,revenue,review_mean,late_share,delivery_days_mean,canceled_share"),
    ("monthly_revenue", "category,year,month,orders,items,revenue"),
    ("monthly_revenue_by_state", "state,year,month,orders,items,revenue"),
    ("top_products", "product_id,category,items,orders,revenue"),
    ("audit", "table,step,rows_in,rows_out,deduplicated,quarantined"),
    ("quality", "table,check,severity,failed,total"),
    ("winner", "rank,category,score,forecast,lo80,hi80,before,first,top3,first_other_weights,top3_other_weights"),
    ("winner_indicators", "category,indicator,value,deviation,weight,points,rank_without"),
    ("winner_products", "product_id,recent_revenue,revenue,orders,price_mean,review_mean,sellers"),
    (
        "winner_payments",
        "payment_type,payments,orders,value,share_payments,share_orders,share_orders_low,share_orders_high,share_value,installments_mean",
    ),
    ("regions", "rank,state,score,forecast,before,gain,orders_per_100000"),
    ("region_indicators", "state,indicator,value,deviation,weight,points,rank_without"),
    ("allocation", "state,share,budget"),
    ("cities", "state,city,orders,revenue"),
    ("forecasts", "by,series,period,cutoff,from,to,forecast,lo80,hi80,lo95,hi95"),
    ("coefficients", "by,step,feature,value,standard_error,lambda"),
    (
        "backtest",
        "by,cutoffs,model,wape,wape_complete,wape_given_total,bias,mase,coverage80,coverage95,width80,growth,relative_growth,ours_minus_this,ours_minus_this_low,ours_minus_this_high",
    ),
    ("forecast_totals", "method,series,n,coverage80,width80,score80"),
    ("forecast_protocol", "part,method,from,to,n,wape,difference_to_naive,low90,high90"),
    (
        "trial_designs",
        "whose,design,regions,weeks,starts,effect_orders,effect_revenue,advertised_revenue,break_even_budget,orders,orders_unknown_split,power,false_alarms",
    ),
    ("entrants_by_category", "category,n,median,mean,typical,low80,high80,p_first,p_top3,p_500,p_1000,p_3000"),
    (
        "entrants_backtest",
        "check,rule,top,cutoffs,n,ratio,ratio_low,ratio_high,shuffled_mean,shuffled_high95,p,rank_correlation,rank_p",
    ),
    ("milestones", "orders_28,n,share_nothing_more,rest_q25,rest_median,rest_q75"),
    (
        "profit_by_category",
        "category,margin,assumed,typical,orders,contribution,low80,high80,p_first,p_top3,p_loss,tipping_margin",
    ),
    ("break_even", "by,name,orders,price,freight,break_even,assumed"),
];

#[test]
fn a_run_leaves_tables_reports_and_a_manifest() {
    let work = Workdir::with_data();
    let done = work.ok(&["run", "--data", "data"]);
    for answer in ["what to sell", "where to advertise", "how to get paid", "report.html", "report.pdf"] {
        assert!(done.stdout.contains(answer), "{done}");
    }
    for (name, columns) in TABLES {
        assert_eq!(work.read(&format!("out/tables/{name}.csv")).lines().next(), Some(columns), "{name}");
    }
    assert!(work.files("out")["report.pdf"].starts_with(b"%PDF-"));
    assert!(work.read("out/report.html").starts_with("<!DOCTYPE html>"));
    let manifest = work.json("out/run.json");
    let listed = manifest["core"]["outputs"].as_array().unwrap().len();
    assert_eq!(listed, work.files("out").len() - 1, "the manifest lists every file but itself");
    let orders: usize =
        work.table("out/tables/by_state.csv").iter().map(|r| r["orders"].parse::<usize>().unwrap()).sum();
    assert_eq!(orders, SMALL_ORDERS);
}

#[test]
fn generated_data_say_so_everywhere() {
    let work = Workdir::new();
    let done = work.ok(&["--orders", "2000", "--seed", "3"]);
    assert!(done.stdout.contains("generated: 2,000 orders, seed 3"), "{done}");
    assert!(work.read("out/report.html").contains("Données générées"));
    assert!(work.path("out/data/truth.json").exists());
    let json = work.ok(&["--orders", "2000", "--seed", "3", "--json"]).stdout;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap()["generated"]["seed"], 3);
}

#[test]
fn quiet_prints_nothing_and_the_report_can_be_rendered_again() {
    let work = Workdir::with_data();
    let done = work.ok(&["run", "--data", "data", "--quiet"]);
    assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    let before = work.files("out");
    std::fs::remove_file(work.path("out/report.html")).unwrap();
    work.ok(&["report"]);
    crate::workdir::assert_same(&before, &work.files("out"));
}

#[test]
fn other_commands_answer() {
    let work = Workdir::with_data();
    for dialect in ["mysql", "postgres", "sqlite"] {
        assert!(work.ok(&["ddl", dialect]).stdout.contains("CREATE TABLE"));
    }
    assert!(work.ok(&["audit", "--data", "data"]).stdout.contains("order_items"));
    assert!(work.ok(&["completions", "bash"]).stdout.contains("_pfe"));
    assert!(work.ok(&["--help"]).stdout.contains("synth"));
}

/// The generator plants a best category, a growing state and a payment habit: the score has the one first, the tests name the others.
#[test]
fn what_was_planted_is_found() {
    for seed in ["1", "2"] {
        let work = Workdir::new();
        let done = work.ok(&["--orders", "100000", "--seed", seed, "--json"]);
        let found: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
        let truth = work.json("out/data/truth.json");
        assert_eq!(found["market"]["short_list"][0]["category"], truth["winner"]["category"], "seed {seed}");
        let any = |list: &str, is: &dyn Fn(&serde_json::Value) -> bool| found[list].as_array().unwrap().iter().any(is);
        let change = |state: &serde_json::Value, name: &str| state["change"][name].as_f64().unwrap();
        let grows = |state: &serde_json::Value| {
            state["state"] == truth["target_state"]["state"]
                && change(state, "q") <= 0.1
                && change(state, "growth") > 0.0
        };
        assert!(any("state_growth", &grows), "seed {seed}: {}", found["state_growth"]);
        let habit = &truth["payment_habit"];
        let is = |h: &serde_json::Value| h["state"] == habit["state"] && h["payment_type"] == habit["method"];
        assert!(any("payment_habits", &is), "seed {seed}: {}", found["payment_habits"]);
    }
}

/// With planted defects, every row is kept, removed as a duplicate, or quarantined with its line and reason.
#[test]
fn no_row_is_lost() {
    let work = Workdir::new();
    work.ok(&["synth", "--orders", "3000", "--seed", "11", "--defects", "0.02", "--out", "data"]);
    work.ok(&["run", "--data", "data", "--quiet"]);
    let mut quarantined = 0;
    for row in work.table("out/tables/audit.csv") {
        let n = |column: &str| row[column].parse::<usize>().unwrap();
        assert_eq!(n("rows_in"), n("rows_out") + n("deduplicated") + n("quarantined"), "{row:?}");
        quarantined += n("quarantined");
    }
    assert!(quarantined > 100, "{quarantined}");
    let (mut listed, mut values) = (0, 0u64);
    for (name, _) in work.files("out/quarantine") {
        for row in work.table(&format!("out/quarantine/{name}")) {
            assert!(!row["reason"].is_empty() && !row["record"].is_empty() && row["line"] != "0", "{row:?}");
            match row["set_aside"].as_str() {
                "row" => listed += 1,
                _ => values += 1,
            }
        }
    }
    assert_eq!(listed, quarantined);
    let counted = work.json("out/audit.json")["values"].as_array().unwrap().clone();
    assert_eq!(counted.iter().map(|v| v["count"].as_u64().unwrap()).sum::<u64>(), values);
    assert!(work.table("out/tables/audit.csv").iter().any(|row| row["deduplicated"] != "0"));
}
