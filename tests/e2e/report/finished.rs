//! Report of a finished run: freshness check, comparison with another run, an organisation's own words and style.

use crate::workdir::Workdir;

fn finished() -> Workdir {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--quiet"]);
    work
}

#[test]
fn what_is_stale_is_named_with_its_reason() {
    let work = finished();
    let fresh = work.ok(&["report", "--check", "--data", "data"]);
    assert!(fresh.stdout.lines().all(|line| line.starts_with("fresh ")), "{fresh}");
    let stale = |args: &[&str], lines: &[&str]| {
        let done = work.pfe(&[&["report", "--check"], args].concat());
        assert_eq!(done.code, Some(1), "{done}");
        for line in lines {
            assert!(done.stdout.contains(line), "`{line}` is not in:\n{done}");
        }
        assert!(done.stderr.contains("are stale"), "{done}");
    };
    work.write("cover.toml", "school = \"X\"");
    stale(
        &["--parameters", "cover.toml"],
        &["stale  report.html: the parameters of the cover", "fresh  tables/winner.csv"],
    );
    work.write("mine/style/report.css", "p { color: red }");
    stale(&["--templates", "mine"], &["stale  report.html: template `style/report.css` has changed"]);
    // The dashboard is made again and compared as well.
    let style = include_str!("../../../reports/style/dashboard.css");
    work.write("dashboards/style/dashboard.css", format!("{style}\np {{ color: red }}"));
    stale(&["--templates", "dashboards"], &["stale  dashboard.html: template `style/dashboard.css` has changed"]);
    work.edit("out/tables/winner.csv", |csv| csv + "x");
    std::fs::remove_file(work.path("out/report.pdf")).unwrap();
    stale(&[], &["stale  tables/winner.csv: it was changed", "stale  report.pdf: it is missing", "fresh  report.html"]);
    work.edit("data/olist_orders_dataset.csv", |csv| csv.replace("2018-05-", "2018-06-"));
    stale(&["--data", "data"], &["stale  clean/orders.parquet: input `olist_orders_dataset.csv` has changed"]);
    work.fails(&["report", "--check", "--out", "nowhere"], 2, &["holds no finished run"]);
}

#[test]
fn what_changed_between_two_runs_is_told_in_numbers() {
    let work = finished();
    let same = work.ok(&["report", "--diff", "out"]);
    assert!(!same.stdout.contains("values changed") && same.stdout.contains("tables are the same"), "{same}");
    work.edit("data/olist_order_items_dataset.csv", |csv| {
        let cut = |line: &str| line.rsplit_once(',').map(|(rest, _)| format!("{rest},1.00\n")).unwrap();
        let mut lines = csv.lines();
        format!("{}\n", lines.next().unwrap()) + &lines.map(cut).collect::<String>()
    });
    work.ok(&["run", "--data", "data", "--out", "new", "--quiet"]);
    let done = work.ok(&["report", "--out", "new", "--diff", "out"]);
    for words in ["input `olist_order_items_dataset.csv`", "by_category: 0 rows added, 0 removed", "revenue: ", " %)"] {
        assert!(done.stdout.contains(words), "`{words}` is not in:\n{done}");
    }
    work.fails(&["report", "--out", "new", "--diff", "data"], 2, &["holds no finished run"]);
}

#[test]
fn templates_replace_file_by_file() {
    let work = finished();
    work.ok(&["report", "--init-templates", "mine"]);
    work.fails(&["report", "--init-templates", "mine"], 2, &["there already"]);
    let before = work.files("out");
    work.ok(&["report", "--templates", "mine", "--quiet"]);
    crate::workdir::assert_same(&before, &work.files("out"));
    work.edit("mine/fr/16-conclusion.md", |text| {
        text + "\nUne phrase de plus, pour {{ total.orders | count }} commandes.\n"
    });
    work.edit("mine/style/report.css", |css| css + "\n.mark-of-ours { color: red }\n");
    work.ok(&["report", "--templates", "mine", "--quiet"]);
    let html = work.read("out/report.html");
    assert!(html.contains(
        "Une phrase de plus, pour <span title=\"tables/by_state.csv: total.orders\">3\u{202f}000</span> commandes."
    ));
    assert!(html.contains("mark-of-ours"));
    assert!(work.json("out/run.json")["core"]["parameters"]["templates"]["fr/16-conclusion.md"].is_string());
    work.edit("mine/fr/16-conclusion.md", |text| text + "\n{{ nothing.here }}\n");
    let line = work.read("mine/fr/16-conclusion.md").lines().count();
    work.fails(&["report", "--templates", "mine"], 2, &["16-conclusion.md", &format!("line {line}"), "nothing"]);
    work.fails(&["report", "--templates", "data"], 2, &["no file that replaces"]);
    work.edit("mine/fr/16-conclusion.md", |text| text.replace("{{ nothing.here }}", "\n\n![](picture.png)"));
    work.fails(&["report", "--templates", "mine"], 2, &["16-conclusion.md", "line ", "a figure is placed by"]);
    work.edit("mine/fr/16-conclusion.md", |text| text.replace("![](picture.png)", ""));
    // An unknown variable: the error names file and line, in each of the three templates.
    for (file, text) in [
        ("report.html", "\n\n{{ unknown }}"),
        ("dashboard.html", "\n\n{{ unknown }}"),
        ("report.html", "\n\n{{ unknown() }}"),
        ("report.typ", "#let report(..all) = {}\n\n#unknown"),
    ] {
        let name = format!("mine/templates/{file}");
        let before = work.read(&name);
        work.write(&name, text);
        work.fails(&["report", "--templates", "mine"], 2, &[file, "line 3", "unknown"]);
        work.write(&name, before);
    }
    work.ok(&["report", "--templates", "mine", "--quiet"]);
}

/// The page offers every table as written; nothing has to be fetched.
#[test]
fn the_page_offers_the_tables() {
    let work = finished();
    let html = work.read("out/report.html");
    assert!(html.len() < 3_000_000);
    for name in ["by_category", "winner", "milestones"] {
        let link = format!("<a download=\"{name}.csv\" href=\"data:text/csv;base64,");
        let encoded = html.split(&link).nth(1).unwrap_or_else(|| panic!("{name}")).split('"').next().unwrap();
        assert_eq!(decoded(encoded), work.files("out/tables")[&format!("{name}.csv")], "{name}");
    }
    assert!(html.contains("download=\"run.json\""));
}

/// Decodes base64.
fn decoded(text: &str) -> Vec<u8> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0u32, 0, Vec::new());
    for c in text.bytes().filter(|c| *c != b'=') {
        bits = bits << 6 | DIGITS.iter().position(|d| *d == c).unwrap() as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}
