//! One report per state and per category: how many, what they say, and which files of the folder they touch.

use std::collections::BTreeSet;
use std::fs;

use super::shops::shopify;
use crate::workdir::Workdir;

const CUSTOMERS: &str = "data/olist_customers_dataset.csv";

fn names(work: &Workdir, folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(work.path(folder)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// A page without its styles and fonts.
fn body(work: &Workdir, name: &str) -> String {
    work.read(name).split_once("<body>").unwrap().1.to_string()
}

/// A finished run in which no order came from Roraima.
fn finished() -> Workdir {
    let work = Workdir::with_data();
    work.edit(CUSTOMERS, |csv| csv.replace(",RR\n", ",SP\n").replace(",\"RR\"\n", ",\"SP\"\n"));
    work.ok(&["run", "--data", "data", "--lang", "en", "--formats", "html", "--quiet"]);
    work
}

#[test]
fn one_report_per_state_says_what_the_tables_say() {
    let work = finished();
    let report = work.read("out/report.html");
    work.ok(&["report", "--per", "state", "--quiet"]);
    let files = names(&work, "out/by_state");
    assert_eq!(files.len(), 54, "{files:?}");
    let page = body(&work, "out/by_state/SP.html");
    let states = work.table("out/tables/by_state.csv");
    let sp = states.iter().find(|row| row["state"] == "SP").unwrap();
    let orders: i64 = sp["orders"].parse().unwrap();
    let orders = if orders < 1_000 { orders.to_string() } else { format!("{},{:03}", orders / 1_000, orders % 1_000) };
    assert!(
        page.contains(&format!("<span title=\"tables/by_state.csv, state = SP: part.orders\">{orders}</span>")),
        "{orders}"
    );
    let (whole, cents) = sp["revenue"].split_once('.').unwrap();
    let grouped: String = whole
        .chars()
        .enumerate()
        .flat_map(|(i, c)| {
            let comma = i > 0 && (whole.len() - i).is_multiple_of(3);
            comma.then_some(',').into_iter().chain([c])
        })
        .collect();
    assert!(page.contains(&format!("part.revenue\">R$\u{a0}{grouped}.{cents:0<2}</span>")), "{grouped}.{cents}");
    for part in ["São Paulo (SP)", "id=\"figure:part_months\"", "tables/payment_habits.csv"] {
        assert!(page.contains(part), "{part}");
    }
    let none = body(&work, "out/by_state/RR.html");
    assert!(
        none.contains("No order of the data comes from here") && !none.contains("NaN") && !none.contains("<figure")
    );
    assert!(fs::read(work.path("out/by_state/RR.pdf")).unwrap().starts_with(b"%PDF-"));
    // The pages of the run stay; all are listed, and come out the same when made again.
    assert_eq!(work.read("out/report.html"), report);
    let fresh = work.ok(&["report", "--check"]);
    assert!(
        fresh.stdout.contains("fresh  by_state/SP.html") && fresh.stdout.lines().all(|line| line.starts_with("fresh ")),
        "{fresh}"
    );

    // Only some, in one format: the others go; what is not ours stays.
    work.write("out/by_state/notes.txt", "mine");
    let done = work.ok(&["report", "--per", "state", "--only", "SP,RJ", "--formats", "html"]);
    assert_eq!(done.stdout.lines().count(), 2, "{done}");
    assert_eq!(names(&work, "out/by_state"), ["RJ.html", "SP.html", "notes.txt"].map(String::from).into());
    assert_eq!(body(&work, "out/by_state/SP.html"), page);
    work.write("out/by_state/AC.html", "mine");
    work.fails(&["report", "--per", "state"], 2, &["by_state/AC.html` is in the way"]);
    fs::remove_file(work.path("out/by_state/AC.html")).unwrap();
    work.fails(&["report", "--per", "state", "--only", "XX"], 2, &["there is no state `XX`", "`AC`"]);
    work.fails(&["report", "--per", "state", "--formats", "dashboard"], 2, &["`dashboard`", "html"]);
    work.ok(&["report", "--formats", "html", "--lang", "en", "--quiet"]);
    assert_eq!(names(&work, "out/by_state"), ["notes.txt".to_string()].into());
}

#[test]
fn hostile_categories_have_reports_of_their_own() {
    let work = Workdir::with_data();
    let names_of = ["../../x", "con", "Toys", "toys", "<b>é</b>", "a/b"];
    work.edit("data/product_category_name_translation.csv", |csv| {
        let line =
            |(i, line): (usize, &str)| match (i.checked_sub(1).and_then(|i| names_of.get(i)), line.split_once(',')) {
                (Some(name), Some((key, _))) => format!("{key},{name}\n"),
                _ => format!("{line}\n"),
            };
        csv.lines().enumerate().map(line).collect()
    });
    work.ok(&["run", "--data", "data", "--formats", "html", "--quiet"]);
    let sold: Vec<String> =
        work.table("out/tables/by_category.csv").iter().map(|row| row["category"].clone()).collect();
    assert!(names_of.iter().filter(|name| sold.iter().any(|sold| sold == *name)).count() > 3, "{sold:?}");
    work.ok(&["report", "--per", "category", "--formats", "html", "--quiet"]);
    let files = names(&work, "out/by_category");
    let folded: BTreeSet<String> = files.iter().map(|name| name.to_lowercase()).collect();
    let known = sold.iter().filter(|name| *name != "unknown").count();
    assert_eq!((files.len(), folded.len()), (known, known));
    assert!(files.iter().all(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))), "{files:?}");
    for file in &files {
        let page = body(&work, &format!("out/by_category/{file}"));
        assert!(!page.contains("NaN") && !page.contains("<b>é"), "{file}");
    }
    // A file's name stands for its category.
    let hashed = files.iter().find(|name| name.starts_with("a-b.")).unwrap().trim_end_matches(".html");
    work.ok(&["report", "--per", "category", "--only", hashed, "--formats", "html", "--quiet"]);
    assert_eq!(names(&work, "out/by_category").len(), 1);
}

#[test]
fn shops_have_profiles_of_their_regions() {
    let work = Workdir::new();
    let countries = |n: usize| [["", "FR"], ["", "DE"], ["", "IT"]][n % 3];
    work.write("shop/orders.csv", shopify(300, "EUR", |n| format!("{}.00", 5 + n % 9), countries));
    work.write("one/orders.csv", shopify(200, "JPY", |_| "900".into(), |_| ["", "JP"]));
    for (data, out, lang) in [("shop", "shop-out", "fr"), ("one", "one-out", "en")] {
        work.ok(&["run", "--data", data, "--out", out, "--lang", lang, "--formats", "html", "--quiet"]);
        for per in ["state", "category"] {
            work.ok(&["report", "--out", out, "--per", per, "--formats", "html,pdf", "--quiet"]);
        }
        let pages: Vec<String> = ["by_state", "by_category"]
            .iter()
            .flat_map(|folder| {
                names(&work, &format!("{out}/{folder}")).into_iter().map(move |name| format!("{folder}/{name}"))
            })
            .filter(|name| name.ends_with(".html"))
            .map(|name| body(&work, &format!("{out}/{name}")))
            .collect();
        assert!(pages.len() > 6, "{out}: {}", pages.len());
        for page in pages {
            for foreign in ["R$", "NaN", "Brésil", "Brazil", "État", " state"] {
                // Columns of the tables keep their names.
                let prose = page.replace("state = ", "").replace("by = state", "");
                assert!(
                    !prose.contains(foreign),
                    "{out}: {foreign}: {:?}",
                    prose.find(foreign).map(|at| &prose[at.saturating_sub(80)..at + 40])
                );
            }
        }
    }
}
