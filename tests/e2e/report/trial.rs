//! Trials through the binary: what a budget can see, plans, verdicts, and what is refused.

use std::fmt::Write;

use serde_json::Value;

use crate::workdir::Workdir;

const SHOP: [&str; 6] = ["trial", "design", "--budget", "2600", "--orders-per-month", "50"];

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    args.iter().chain(more).copied().collect()
}

fn json(work: &Workdir, args: &[&str]) -> Value {
    serde_json::from_str(&work.ok(&with(args, &["--json"])).stdout).unwrap()
}

/// The numbers of orders are those of the exact test; the sentence is that for a shop with little.
#[test]
fn a_small_shop_is_told_what_it_can_see() {
    let work = Workdir::new();
    let design = json(&work, &SHOP);
    let lifts = design["shop"]["lifts"].as_array().unwrap();
    for (lift, orders) in lifts.iter().zip([519.0, 247.0, 97.0, 31.0, 11.0]) {
        let found = lift["orders"].as_f64().unwrap();
        assert!((found / orders - 1.0).abs() < 0.02, "{lift}, not {orders}");
    }
    let poor = work.ok(&["trial", "design", "--budget", "100", "--orders-per-month", "50", "--weeks", "3"]).stdout;
    assert!(
        poor.starts_with("do not test this by state: with 50 orders a month only a doubling shows in three weeks"),
        "{poor}"
    );
    assert!(poor.contains("assumed: an order leaves 40 BRL"), "{poor}");
    let own = work.ok(&with(&SHOP, &["--contribution", "25", "--cost-per-order", "30", "--log-sd", "0.4"])).stdout;
    assert!(!own.contains("assumed:"), "{own}");
    assert!(!work.path("trial.toml").exists());
}

/// A trial in which an arm brings an order for 12 BRL and the others one for 120.
fn orders_of(plan: &str) -> String {
    let plan: toml::Table = plan.parse().unwrap();
    let mut orders = String::from("order_id,date,code,revenue\n");
    for (arm, table) in plan["codes"]["arms"].as_array().unwrap().iter().enumerate() {
        for n in 0..if arm == 0 { 10 } else { 1 } {
            writeln!(orders, "{arm}-{n},2026-03-{:02},{},59.90", 3 + 2 * n, table["code"].as_str().unwrap()).unwrap();
        }
    }
    orders + "own,2026-03-04,,80\n"
}

#[test]
fn a_trial_with_codes_is_planned_and_read() {
    let work = Workdir::new();
    let arms = ["--arms", "SP,RJ,MG,RS,PR", "--start", "2026-03-02", "--plan", "trial.toml"];
    let done = work.ok(&with(&SHOP, &arms));
    assert!(done.stdout.contains("plan, from 2026-03-02 to 2026-08-30: trial.toml"), "{done}");
    work.fails(&with(&SHOP, &arms), 2, &["`trial.toml` exists", "hint: "]);
    let plan = work.read("trial.toml");
    work.write("orders.csv", orders_of(&plan));
    let read = ["trial", "read", "trial.toml", "--orders", "orders.csv"];

    let early = json(&work, &with(&read, &["--until", "2026-03-15"]));
    assert_eq!(
        (&early["decision"], early["next_split"].as_array().unwrap().len()),
        (&Value::from("go_on"), 5),
        "{early}"
    );
    let after = json(&work, &with(&read, &["--until", "2026-04-20"]));
    assert_eq!(
        (&after["decision"], &after["next_split"][0]["name"]),
        (&Value::from("shift"), &Value::from("SP")),
        "{after}"
    );
    assert!(after["arms"][0]["probability_best"].as_f64().unwrap() > 0.9, "{after}");
    let left = after["money_left"].as_f64().unwrap();
    assert!((left - (2_600.0 - 5.0 * 120.99)).abs() < 0.1, "{left}");
    let words = work.ok(&with(&read, &["--until", "2026-04-20"]));
    assert!(words.stdout.starts_with("shift: ") && words.stdout.contains("next money      SP 100 %"), "{words}");

    // The same orders where an order leaves next to nothing: not even the best arm pays.
    work.edit("trial.toml", |text| text.replace("contribution = 40.0", "contribution = 1.0"));
    let stop = json(&work, &with(&read, &["--until", "2026-04-20"]));
    assert_eq!((&stop["decision"], stop["next_split"].as_array().unwrap().len()), (&Value::from("stop"), 0), "{stop}");

    // One order each: no arm stands alone at the top, and none wins by its place in the list.
    let codes: toml::Table = plan.parse().unwrap();
    let code = |arm: usize| codes["codes"]["arms"][arm]["code"].as_str().unwrap().to_string();
    let even: String = (0..5).map(|arm| format!("{arm},2026-03-04,{},10\n", code(arm).to_lowercase())).collect();
    work.write("trial.toml", &plan);
    work.write("even.csv", format!("order_id,date,code,revenue\n{even}"));
    let even = json(&work, &["trial", "read", "trial.toml", "--orders", "even.csv", "--until", "2026-04-20"]);
    assert_eq!(even["decision"], "go_on", "{even}");
    assert!(even["why"].as_str().unwrap().starts_with("too little to say"), "{even}");
}

/// A day's orders of the advertised and the other regions, for eight weeks before the trial and in it.
fn orders_by_region(treated: usize, other: usize) -> String {
    let mut orders = String::from("order_id,date,region,revenue,currency\n");
    let start: chrono::NaiveDate = "2026-03-02".parse().unwrap();
    for day in -56..56 {
        let date = start + chrono::TimeDelta::days(day);
        let counts = if day < 0 { [("SP", 2), ("RJ", 2)] } else { [("SP", treated), ("RJ", other)] };
        for (region, n) in counts {
            (0..n).for_each(|i| writeln!(orders, "{day}{region}{i},{date},{region},50,BRL").unwrap());
        }
    }
    orders
}

#[test]
fn parts_of_the_country_are_compared_at_the_end() {
    let work = Workdir::new();
    let by_region = ["--weeks", "8", "--by", "region", "--arms", "SP", "--start", "2026-03-02", "--plan"];
    work.ok(&with(
        &["trial", "design", "--budget", "500", "--orders-per-month", "120"],
        &with(&by_region, &["trial.toml"]),
    ));
    let read = |orders: String, more: &[&str]| {
        work.write("orders.csv", orders);
        json(&work, &with(&["trial", "read", "trial.toml", "--orders", "orders.csv"], more))
    };
    let doubled = read(orders_by_region(4, 2), &[]);
    let effect = &doubled["effect"];
    assert!((effect["value"].as_f64().unwrap() - 1.0).abs() < 1e-9, "{doubled}");
    assert!(effect["low80"].as_f64().unwrap() > 0.5 && effect["high80"].as_f64().unwrap() < 1.7, "{doubled}");
    assert!(doubled["decision"] == "shift" && doubled["p_value"].as_f64().unwrap() < 0.001, "{doubled}");
    assert_eq!(doubled["next_split"].as_array().unwrap().len(), 2);
    let nothing = read(orders_by_region(2, 2), &[]);
    assert!(nothing["decision"] != "shift" && nothing["p_value"].as_f64().unwrap() > 0.4, "{nothing}");
    // Read before its end, or without orders on one side: nothing is said of an effect.
    let early = read(orders_by_region(4, 2), &["--until", "2026-03-20"]);
    assert!(early["decision"] == "go_on" && early["effect"].is_null() && early["ended"] == false, "{early}");
    for orders in [orders_by_region(4, 0), orders_by_region(0, 4)] {
        let lacking = read(orders, &[]);
        assert!(lacking["decision"] == "go_on" && lacking["effect"].is_null(), "{lacking}");
        assert!(lacking["why"].as_str().unwrap().contains("no orders in the trial"), "{lacking}");
    }
}

/// From data and from a finished run alike; the effect that was put into the orders is found.
#[test]
fn a_marketplace_compares_its_regions() {
    let work = Workdir::with_data();
    let design = |more: &[&str]| json(&work, &with(&["trial", "design", "--budget", "500"], more));
    let found = design(&["--data", "data"]);
    let designs = found["marketplace"]["designs"].as_array().unwrap();
    let named = |name: &str| designs.iter().find(|d| d["design"] == name).unwrap_or_else(|| panic!("{name}: {found}"));
    let (states, one) = (named("states"), named("SP alone"));
    assert!(
        states["detectable_revenue"].as_f64().unwrap() > 0.05 && one["regions"].as_u64() >= states["regions"].as_u64(),
        "{found}"
    );
    work.ok(&["run", "--data", "data", "--quiet"]);
    assert_eq!(design(&["--out", "out"]), found);

    design(&["--data", "data", "--arms", "sp,RJ,MG,RS", "--plan", "trial.toml"]);
    let plan: toml::Table = work.read("trial.toml").parse().unwrap();
    let regions = &plan["regions"];
    let (treated, before) = (regions["treated"].as_array().unwrap(), regions["revenue_before"].as_array().unwrap());
    assert_eq!((treated.len(), regions["control"].as_array().unwrap().len()), (2, 2), "{plan}");
    // Revenue of the trial as before, 26 weeks to 8, and half as much again where it is advertised.
    let last: chrono::NaiveDate = plan["start"].as_str().unwrap().parse().unwrap();
    let last = last + chrono::TimeDelta::days(55);
    let mut orders = String::from("order_id,date,region,revenue\n");
    for (side, lift) in [("treated", 1.5), ("control", 1.0)] {
        let sum = before[usize::from(side == "control")].as_float().unwrap() * lift * 8.0 / 26.0;
        let region = regions[side][0].as_str().unwrap();
        writeln!(orders, "{side},{last},{region},{sum:.2}").unwrap();
    }
    work.write("orders.csv", orders);
    let verdict = json(&work, &["trial", "read", "trial.toml", "--orders", "orders.csv"]);
    let effect = verdict["effect"]["value"].as_f64().unwrap();
    assert!((effect - 0.5).abs() < 0.001, "{verdict}");
    assert!(verdict["effect"]["low80"].as_f64().unwrap() < 0.5 && !verdict["return_on_money"].is_null(), "{verdict}");
}

#[test]
fn what_cannot_be_planned_is_refused() {
    let work = Workdir::with_data();
    let of_data = ["trial", "design", "--budget", "500", "--data", "data"];
    for (args, words) in [
        (with(&["trial", "design", "--budget", "0", "--orders-per-month", "50"], &[]), "above 0"),
        (with(&["trial", "design", "--budget", "-5", "--orders-per-month", "50"], &[]), "above 0"),
        (with(&["trial", "design", "--budget", "NaN", "--orders-per-month", "50"], &[]), "above 0"),
        (with(&["trial", "design", "--budget", "100"], &[]), "--orders-per-month"),
        (with(&["trial", "design", "--budget", "100", "--orders-per-month", "0"], &[]), "above 0"),
        (with(&["trial", "design", "--budget", "100", "--orders-per-month", "50000"], &[]), "--data"),
        (with(&SHOP, &["--plan", "trial.toml", "--arms", "SP,MG"]), "--start"),
        (with(&SHOP, &["--plan", "trial.toml", "--start", "2026-03-02"]), "at least two arms"),
        (with(&SHOP, &["--plan", "trial.toml", "--start", "2026-03-02", "--by", "region"]), "--arms"),
        (with(&SHOP, &["--arms", "SP,sp"]), "comes twice"),
        (with(&SHOP, &["--share", "1"]), "between 0 and 1"),
        (with(&of_data, &["--arms", "SP,XX,YY"]), "`XX`, `YY` is no region of the data"),
        (with(&of_data, &["--weeks", "80"]), "whole weeks"),
        (with(&of_data, &["--share", "0.5"]), "cannot be used with"),
        (vec!["trial", "design", "--budget", "500", "--out", "none"], "run.json"),
        (vec!["trial", "simulate", "--budget", "0"], "above 0"),
    ] {
        let done = work.pfe(&args);
        assert!(done.code != Some(0) && done.stderr.starts_with("error: "), "{done}");
        assert!(done.stderr.contains(words), "`{words}` is not in:\n{done}");
        assert!(!work.path("trial.toml").exists(), "{done}");
    }
}

#[test]
fn what_cannot_be_read_is_refused() {
    let work = Workdir::new();
    let arms = ["--arms", "SP,MG", "--start", "2026-03-02", "--plan", "trial.toml"];
    work.ok(&with(&SHOP, &arms));
    let plan = work.read("trial.toml");
    let header = "order_id,date,code,revenue,currency";
    let code = plan.lines().find_map(|line| line.strip_prefix("code = ")).unwrap().replace('"', "");
    for (orders, words) in [
        (format!("{header}\na,2026-03-03,{code},10,EUR\n"), vec!["line 2", "`EUR`", "BRL", "hint: "]),
        (format!("{header}\na,2026-03-03,{code},€ 10,\n"), vec!["line 2", "`€`"]),
        (format!("{header}\na,2026-02-03,{code},10,\n"), vec!["falls into the trial", "2026-02-03"]),
        (format!("{header}\na,2026-03-03,SUMMER,10,\n"), vec!["carries a code of the trial", "`SUMMER`"]),
        (format!("{header}\na,2026-03-03,,10,\n"), vec!["carries a code of the trial", "no order has a code"]),
        (format!("{header}\na,03/03/2026,{code},10,\n"), vec!["line 2", "no day"]),
        (format!("{header}\na,2026-03-03,{code},ten,\n"), vec!["line 2", "no amount"]),
        ("order_id,date,region,revenue\n".into(), vec!["no column `code`", "columns found"]),
        (String::new(), vec!["no column `order_id`"]),
    ] {
        work.write("orders.csv", orders);
        work.fails(&["trial", "read", "trial.toml", "--orders", "orders.csv"], 2, &words);
    }
    work.write("orders.csv", format!("{header}\na,2026-03-03,{code},10,\n"));
    for (old, new, words) in [
        ("seed = ", "sed = ", vec!["line ", "unknown field `sed`", "hint: "]),
        ("budget = 2600.0", "budget = 0.0", vec!["`budget` is 0"]),
        ("budget = 2600.0", "budget = nan", vec!["`budget` is NaN"]),
        ("start = \"2026-03-02\"", "start = \"2 March\"", vec!["`2 March` is no day"]),
        ("name = \"MG\"", "name = \"SP\"", vec!["arm `SP` comes twice"]),
        ("contribution = 40.0", "contribution = -1.0", vec!["`codes.contribution` is -1"]),
        ("[codes]", "[parts]", vec!["line "]),
    ] {
        assert!(plan.contains(old), "`{old}` is not in:\n{plan}");
        work.write("wrong.toml", plan.replacen(old, new, 1));
        work.fails(&["trial", "read", "wrong.toml", "--orders", "orders.csv"], 2, &with(&["`wrong.toml`"], &words));
    }
    work.fails(&["trial", "read", "none.toml", "--orders", "orders.csv"], 1, &["none.toml"]);
    // Regions that are none of the trial's.
    work.ok(&with(
        &SHOP,
        &["--by", "region", "--share", "0.4", "--arms", "SP", "--start", "2026-03-02", "--plan", "parts.toml"],
    ));
    work.write("orders.csv", "order_id,date,region,revenue\na,2026-03-03,São Paulo,10\n");
    let words = ["comes from a region of the trial", "of the orders: `SÃO PAULO`"];
    work.fails(&["trial", "read", "parts.toml", "--orders", "orders.csv"], 2, &words);
}

#[test]
fn rules_are_compared() {
    let work = Workdir::new();
    let simulated = json(&work, &["trial", "simulate", "--shops", "200"]);
    let share = |rule: &str| {
        let rules = simulated["rules"].as_array().unwrap();
        rules.iter().find(|r| r["rule"] == rule).unwrap()["share_linear"].as_f64().unwrap()
    };
    assert!(share("test_and_roll") > share("equal") + 0.1, "{simulated}");
    assert_eq!(simulated, json(&work, &["trial", "simulate", "--shops", "200"]));
    assert!(work.ok(&["trial", "simulate", "--shops", "20"]).stdout.contains("Test & Roll with stop"));
}
