//! Repeated runs: what is reused, what runs and why, what is not trusted, and what proves a run.

use std::collections::BTreeMap;

use crate::workdir::{Workdir, assert_same};

const RUN: [&str; 4] = ["run", "--data", "data", "--quiet"];

fn finished() -> Workdir {
    let work = Workdir::with_data();
    work.ok(&RUN);
    work
}

/// Steps that leave files, each after those that it needs.
const FILES: [&str; 12] = [
    "generate",
    "clean",
    "mart",
    "supply",
    "reference",
    "findings",
    "decisions",
    "entrants",
    "trials",
    "report-html",
    "report-pdf",
    "dashboard",
];

/// Outcome of each step, from the log of the last run in `out`.
fn log(work: &Workdir) -> BTreeMap<String, String> {
    let manifest = work.json("out/run.json");
    let steps = manifest["volatile"]["steps"].as_array().unwrap();
    let entry = |step: &serde_json::Value| [&step["step"], &step["did"]].map(|v| v.as_str().unwrap().to_string());
    steps.iter().map(entry).map(|[step, did]| (step, did)).collect()
}

/// Steps that ran, without those that leave no files, which only serve others.
fn ran(work: &Workdir) -> Vec<String> {
    let log = log(work);
    FILES.iter().filter(|step| log.get(**step).is_some_and(|did| did == "ran")).map(|step| step.to_string()).collect()
}

/// Runs again with more arguments; returns the steps that ran.
fn again(work: &Workdir, more: &[&str]) -> Vec<String> {
    work.ok(&[&RUN[..], more].concat());
    ran(work)
}

const PAGES: [&str; 3] = ["report-html", "report-pdf", "dashboard"];

#[test]
fn a_second_run_writes_nothing_and_says_so() {
    let work = finished();
    assert_eq!(ran(&work).len(), 11);
    let manifest = work.read("out/run.json");
    let before = work.files("out");
    let done = work.ok(&["run", "--data", "data"]);
    assert!(done.stdout.starts_with("nothing has changed: 11 steps are used again\n"), "{done}");
    assert_eq!(work.read("out/run.json"), manifest);
    assert_same(&before, &work.files("out"));
    // The answers are still printed.
    let answers: serde_json::Value =
        serde_json::from_str(&work.ok(&["run", "--data", "data", "--json"]).stdout).unwrap();
    assert!(answers["fingerprint"].is_string());
}

#[test]
fn a_second_run_on_generated_data_writes_nothing() {
    let work = Workdir::new();
    work.ok(&["--orders", "2000", "--seed", "3", "--quiet"]);
    let done = work.ok(&["--orders", "2000", "--seed", "3"]);
    assert!(done.stdout.starts_with("nothing has changed: 12 steps"), "{done}");
    work.ok(&["--orders", "2000", "--seed", "4", "--quiet"]);
    assert!(ran(&work).contains(&"generate".to_string()));
    // Damaged data are generated again. They come out the same, so that no other step runs.
    let before = work.files("out");
    work.edit("out/data/olist_sellers_dataset.csv", |csv| csv + "x");
    work.ok(&["--orders", "2000", "--seed", "4", "--quiet"]);
    assert_eq!(ran(&work), ["generate"]);
    assert_same(&before, &work.files("out"));
}

#[test]
fn one_changed_parameter_runs_only_what_depends_on_it() {
    let work = finished();
    assert_eq!(again(&work, &["--lang", "en"]), PAGES);
    work.write("cover.toml", "school = \"X\"");
    assert_eq!(again(&work, &["--lang", "en", "--parameters", "cover.toml"]), PAGES);
    assert_eq!(again(&work, &["--budget", "1000"]), [&["decisions"][..], &PAGES].concat());
    let weights = include_str!("../../../src/decisions/weights.toml");
    let (a, b) = two_weights(weights);
    work.write("weights.toml", weights.replacen(&a, "@", 1).replacen(&b, &a, 1).replacen('@', &b, 1));
    assert_eq!(again(&work, &["--weights", "weights.toml"]), [&["decisions"][..], &PAGES].concat());
    // A folder reached in steps has the same bytes as one from a single run.
    work.ok(&[&RUN[..], &["--weights", "weights.toml", "--out", "new"]].concat());
    assert_same(&work.files("out"), &work.files("new"));
}

/// The first two lines of the table of categories whose weights differ.
fn two_weights(toml: &str) -> (String, String) {
    let table = toml.split("[category]").nth(1).unwrap().split('[').next().unwrap();
    let values: Vec<&str> =
        table.lines().filter_map(|l| l.split('#').next()?.split_once(" = ")).map(|l| l.1.trim()).collect();
    let other = values.iter().find(|v| *v != &values[0]).unwrap();
    (format!("= {}", values[0]), format!("= {other}"))
}

#[test]
fn another_order_of_rows_runs_the_cleaning_and_what_shows_the_inputs() {
    let work = finished();
    work.edit("data/olist_orders_dataset.csv", |csv| {
        let mut lines: Vec<&str> = csv.lines().collect();
        lines[1..].reverse();
        lines.join("\n") + "\n"
    });
    // The clean rows are the same, so mart and decisions stay fresh. The pages name the hashes of the inputs and run; what new sellers keep
    // looks for margins of the export in the audit, which names them too.
    assert_eq!(again(&work, &[]), [&["clean", "entrants"][..], &PAGES].concat());
    work.ok(&[&RUN[..], &["--out", "new"]].concat());
    assert_same(&work.files("out"), &work.files("new"));
}

#[test]
fn a_changed_row_runs_all_that_stands_on_it() {
    let work = finished();
    work.edit("data/olist_order_payments_dataset.csv", |csv| csv.replacen("credit_card", "boleto", 40));
    let ran = again(&work, &[]);
    assert!(["clean", "mart", "findings"].iter().all(|step| ran.contains(&step.to_string())), "{ran:?}");
    work.ok(&[&RUN[..], &["--out", "new"]].concat());
    assert_same(&work.files("out"), &work.files("new"));
}

/// A file that is missing, longer, or has one flipped bit is made again, with the same contents.
#[test]
fn damaged_files_are_not_trusted() {
    let work = finished();
    let before = work.files("out");
    type Damage = fn(&std::path::Path);
    let damages: [Damage; 3] = [
        |path| std::fs::remove_file(path).unwrap(),
        |path| {
            let mut bytes = std::fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(path, bytes).unwrap();
        },
        |path| std::fs::write(path, "").unwrap(),
    ];
    for (i, file) in ["clean/orders.parquet", "mart/products.parquet", "tables/winner.csv", "report.pdf", "audit.json"]
        .iter()
        .enumerate()
    {
        damages[i % 3](&work.path(&format!("out/{file}")));
        let step = ["clean", "mart", "decisions", "report-pdf", "clean"][i];
        assert_eq!(again(&work, &[]), [step], "{file}");
        assert_same(&before, &work.files("out"));
    }
    // Without the manifest, nothing says whose the files are.
    for text in ["{", "", "{\"core\": 5}"] {
        work.write("out/run.json", text);
        work.fails(&["run", "--data", "data"], 2, &["out/run.json` is no manifest of pfe", "hint: "]);
    }
}

#[test]
fn plan_and_why_say_what_has_changed() {
    let work = Workdir::with_data();
    let why = |args: &[&str]| work.ok(&[&["why"], args, &["--data", "data"]].concat()).stdout;
    assert_eq!(why(&["mart"]), "mart would run: it has not run yet\n");
    work.ok(&RUN);
    assert_eq!(why(&["mart"]), "mart would not run: its inputs, code and parameters are the same\n");
    assert_eq!(why(&["generate"]), "generate would not run: the user's own data are analysed\n");
    assert_eq!(why(&["read-orders"]), "read-orders would not run: no step that runs needs it\n");
    assert_eq!(why(&["dashboard", "--lang", "en"]), "dashboard would run: parameter `lang` changed: \"fr\" → \"en\"\n");
    assert_eq!(
        why(&["decisions", "--lang", "en"]),
        "decisions would not run: its inputs, code and parameters are the same\n"
    );
    assert_eq!(
        why(&["decisions", "--budget", "5"]),
        "decisions would run: parameter `budget_centavos` changed: none → 500\n"
    );
    assert_eq!(
        why(&["report-html", "--budget", "5"]),
        "report-html would run: parameter `budget_centavos` changed: none → 500\n"
    );
    assert_eq!(why(&["compose", "--budget", "5"]), "compose would run: `report-html` needs it\n");
    std::fs::remove_file(work.path("out/mart/products.parquet")).unwrap();
    assert_eq!(why(&["mart"]), "mart would run: `mart/products.parquet` is missing\n");
    assert_eq!(why(&["findings"]), "findings may run: its input is computed again and may turn out the same\n");
    work.edit("out/tables/cities.csv", |csv| csv + "x");
    assert_eq!(why(&["decisions"]), "decisions would run: `tables/cities.csv` was changed after the run\n");
    work.edit("data/olist_orders_dataset.csv", |csv| csv + "\n");
    assert_eq!(why(&["clean"]), "clean would run: input `olist_orders_dataset.csv` changed\n");
    assert_eq!(why(&["read-orders"]), "read-orders would run: `clean` needs it\n");
    let before = work.files("out");
    let plan = work.ok(&["plan", "--data", "data"]).stdout;
    for line in ["stale   clean ", "stale   mart ", "open    findings ", "-       generate "] {
        assert!(plan.lines().any(|l| l.starts_with(line)), "`{line}` is not in:\n{plan}");
    }
    assert_eq!(plan.lines().count(), pfe::graph::STEPS.len(), "{plan}");
    assert!(plan.contains("changed; cleaned in memory\n"), "{plan}");
    let plan = work.ok(&["plan", "--data", "data", "--memory", "20"]).stdout;
    assert!(plan.contains("changed; cleaned out of core, in "), "{plan}");
    assert_same(&before, &work.files("out"));
    work.fails(&["why", "mar", "--data", "data"], 2, &["there is no step `mar`", "hint: steps: generate, "]);
}

#[test]
fn steps_can_be_chosen() {
    let work = finished();
    assert_eq!(again(&work, &["--from", "decisions"]), [&["decisions"][..], &PAGES].concat());
    let before = work.files("out");
    assert_eq!(again(&work, &["--only", "mart"]), ["mart"]);
    assert_same(&before, &work.files("out"));
    // With `--only`, a step takes what is there, fresh or not: here only one page changes its language.
    assert_eq!(again(&work, &["--only", "dashboard", "--lang", "en"]), ["dashboard"]);
    assert!(work.read("out/dashboard.html").contains("lang=\"en\""));
    assert!(work.read("out/report.html").contains("lang=\"fr\""));
    assert_eq!(again(&work, &[]), ["dashboard"]);
    assert_same(&before, &work.files("out"));
    work.fails(&["run", "--data", "data", "--only", "nothing"], 2, &["there is no step `nothing`"]);
    // Pages that say "generated" are never made from the user's rows, and vice versa.
    work.fails(&["run", "--only", "dashboard"], 2, &["`out` holds no generated data", "hint: name the data"]);
    work.ok(&["run", "--orders", "2000", "--out", "made", "--quiet"]);
    let mixed = ["run", "--data", "data", "--only", "dashboard", "--out", "made"];
    work.fails(&mixed, 2, &["`made` holds a run on generated data"]);
}

/// As containers do: one process per step, on one folder.
#[test]
fn step_by_step_gives_the_same_as_at_once() {
    let work = finished();
    let only = |step: &str| ["run", "--data", "data", "--out", "steps", "--only", step].map(String::from);
    let args = only("mart");
    work.fails(
        &args.each_ref().map(String::as_str),
        2,
        &["step `mart` needs what `clean` makes", "hint: run it first"],
    );
    assert!(!work.path("steps").exists());
    let files = FILES.into_iter().filter(|step| !["generate", "dashboard"].contains(step));
    for step in ["read-orders"].into_iter().chain(files) {
        let done = work.ok(&only(step).each_ref().map(String::as_str));
        assert!(done.stdout.contains("waits for them"), "{done}");
        assert!(!work.path("steps/run.json").exists());
    }
    work.ok(&only("dashboard").each_ref().map(String::as_str));
    assert_same(&work.files("out"), &work.files("steps"));
}

/// A failing page does not affect the others; finished work is reused once the page can succeed.
#[test]
fn after_a_failure_finished_steps_are_used_again() {
    let work = Workdir::with_data();
    work.write("bad/templates/dashboard.html", "{{ unknown }}");
    let run = ["run", "--data", "data", "--templates", "bad"];
    work.fails(&run, 2, &["dashboard.html"]);
    assert!(!work.path("out/run.json").exists() && !work.path("out/clean").exists());
    work.fails(&[&run[..], &["--keep-going"]].concat(), 2, &["dashboard.html"]);
    assert!(work.path("out/.pfe-run/report.pdf").exists() && work.path("out/.pfe-run/report.html").exists());
    std::fs::remove_dir_all(work.path("bad")).unwrap();
    let done = work.ok(&["run", "--data", "data"]);
    assert!(done.stderr.contains("did not finish"), "{done}");
    assert_eq!(ran(&work), PAGES);
    work.ok(&[&RUN[..], &["--out", "new"]].concat());
    assert_same(&work.files("out"), &work.files("new"));
}

#[test]
fn files_of_others_stay() {
    let work = finished();
    work.write("out/notes.txt", "mine");
    work.write("out/mine/tables/a.csv", "mine");
    again(&work, &["--lang", "en"]);
    assert_eq!((work.read("out/notes.txt"), work.read("out/mine/tables/a.csv")), ("mine".into(), "mine".into()));
}

#[test]
fn verify_names_what_is_not_as_it_was() {
    let work = finished();
    assert!(work.ok(&["verify"]).stdout.contains("files are as the run left them"));
    work.fails(&["verify", "--rerun"], 2, &["does not say where its data are", "hint: name them with `--data`"]);
    // Another folder with the same files, another current folder, other thread counts.
    let copy = Workdir::new();
    for (name, bytes) in work.files("data") {
        copy.write(&format!("elsewhere/{name}"), bytes);
    }
    let (out, data) = (work.path("out"), copy.path("elsewhere"));
    let args = ["verify", "--rerun", "--out", out.to_str().unwrap(), "--data", data.to_str().unwrap()];
    for threads in ["1", "3"] {
        let done = copy.pfe_with(&args, &[("RAYON_NUM_THREADS", threads), ("POLARS_MAX_THREADS", threads)]);
        assert_eq!(done.code, Some(0), "{done}");
        assert!(done.stdout.contains("came out the same again"), "{done}");
    }
    copy.edit("elsewhere/olist_order_items_dataset.csv", |csv| csv.replacen("\",1,", "\",2,", 1));
    copy.fails(&args, 1, &["step `read`, `olist_order_items_dataset.csv`: "]);
    work.edit("out/tables/winner.csv", |csv| csv + "x");
    work.fails(&["verify"], 1, &["`tables/winner.csv` was changed after the run"]);
    std::fs::remove_file(work.path("out/report.pdf")).unwrap();
    work.fails(&["verify"], 1, &["`report.pdf` is missing", "and 1 more"]);
    work.fails(&["verify", "--out", "nowhere"], 2, &["holds no finished run"]);
}

/// A run with a forged value in a table is detected, down to the cell.
#[test]
fn verify_names_step_table_column_and_row() {
    let work = finished();
    let path = "out/tables/by_state.csv";
    let before = work.read(path);
    let (line, state) = (3, before.lines().nth(3).unwrap().split(',').next().unwrap().to_string());
    let orders = before.lines().nth(line).unwrap().split(',').nth(1).unwrap().to_string();
    work.edit(path, |csv| csv.replacen(&format!("{state},{orders},"), &format!("{state},999999,"), 1));
    // The manifest is changed to match, as a bug in the program would do.
    let after = std::fs::read(work.path(path)).unwrap();
    let [old, new] = [before.as_bytes(), &after].map(|bytes| blake3::hash(bytes).to_hex().to_string());
    work.edit("out/run.json", |json| json.replace(&old, &new));
    work.fails(
        &["verify", "--rerun", "--data", "data"],
        1,
        &[&format!("step `findings`, `tables/by_state.csv`, column `orders`, row {line}: 999999 → {orders}")],
    );
}

#[test]
fn a_run_can_be_proved() {
    let work = Workdir::with_data();
    let done = work.ok(&["run", "--data", "data", "--prove"]);
    for threads in ["1 threads", "2 threads"] {
        assert!(done.stdout.contains(&format!("proved              {threads}, rows shuffled: ")), "{done}");
    }
    let done = work.ok(&["--orders", "2000", "--out", "generated", "--prove"]);
    assert!(done.stdout.contains("came out the same again"), "{done}");
}

#[test]
fn two_runs_are_compared_in_numbers() {
    let work = finished();
    assert!(work.ok(&["diff", "out", "out"]).stdout.contains("tables are the same"));
    work.ok(&["run", "--data", "data", "--quiet", "--out", "new", "--budget", "1000"]);
    let done = work.ok(&["diff", "out", "new"]);
    assert!(done.stdout.contains("parameter `budget_centavos`: null → 100000"), "{done}");
    assert!(done.stdout.contains("allocation: "), "{done}");
    work.fails(&["diff", "out", "data"], 2, &["holds no finished run"]);
}

/// Hashes of bytes and rows of every table; checked by hand for one table of each kind.
#[test]
fn tables_have_two_hashes() {
    let work = finished();
    let manifest = work.json("out/run.json");
    for file in manifest["core"]["outputs"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        let table = path.ends_with(".csv") || path.ends_with(".parquet");
        assert_eq!(file["rows"]["blake3"].as_str().map(str::len), table.then_some(64), "{path}");
        if path.ends_with(".csv") {
            assert_eq!(file["rows"]["count"], work.table(&format!("out/{path}")).len(), "{path}");
        }
    }
}

/// Every referenced entity is described, every file exists, and what the specification requires is there.
#[test]
fn the_folder_can_be_described_as_a_crate() {
    let work = Workdir::with_data();
    work.write("cover.toml", "title = \"T\"\ndate = \"2024-02-29\"");
    work.ok(&[&RUN[..], &["--parameters", "cover.toml", "--ro-crate"]].concat());
    let metadata = work.json("out/ro-crate-metadata.json");
    assert_eq!(metadata["@context"], "https://w3id.org/ro/crate/1.1/context");
    let graph = metadata["@graph"].as_array().unwrap();
    let entity = |id: &str| graph.iter().find(|e| e["@id"] == id).unwrap_or_else(|| panic!("{id}"));
    assert_eq!(entity("ro-crate-metadata.json")["about"]["@id"], "./");
    let root = entity("./");
    assert_eq!((&root["name"], &root["datePublished"]), (&"T".into(), &"2024-02-29".into()));
    let mut references = Vec::new();
    collect(&metadata["@graph"], &mut references);
    for id in references.iter().filter(|id| !id.starts_with("https://w3id.org/ro/crate/")) {
        entity(id);
    }
    let parts: Vec<&str> = root["hasPart"].as_array().unwrap().iter().map(|p| p["@id"].as_str().unwrap()).collect();
    let mut files: Vec<String> = work.files("out").into_keys().filter(|f| !f.starts_with("ro-crate")).collect();
    files.sort();
    let mut listed: Vec<String> = parts.iter().map(|p| p.to_string()).collect();
    listed.sort();
    assert_eq!(listed, files);
    // The metadata follow the next run, and those of another tool are not replaced.
    let before = work.read("out/ro-crate-metadata.json");
    work.ok(&[&RUN[..], &["--lang", "en"]].concat());
    assert_ne!(work.read("out/ro-crate-metadata.json"), before);
    work.write("out/ro-crate-metadata.json", "{}");
    work.fails(&["run", "--data", "data", "--ro-crate", "--quiet"], 2, &["was not written by pfe"]);
    assert_eq!(work.read("out/ro-crate-metadata.json"), "{}");
}

/// Collects the targets of objects that are only `{"@id": …}`.
fn collect(value: &serde_json::Value, into: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) if fields.len() == 1 && fields.contains_key("@id") => {
            into.extend(fields["@id"].as_str().map(String::from));
        }
        serde_json::Value::Object(fields) => fields.values().for_each(|v| collect(v, into)),
        serde_json::Value::Array(items) => items.iter().for_each(|v| collect(v, into)),
        _ => {}
    }
}
