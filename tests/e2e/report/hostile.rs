//! Hostile names, values, templates and notebooks: they stay text in every file and on the terminal, within limits of time and memory.

use std::fmt::Write;

use serde_json::json;

use crate::workdir::Workdir;

const ORDERS: &str = "data/olist_orders_dataset.csv";
const TRANSLATION: &str = "data/product_category_name_translation.csv";
/// A formula, a terminal title, a bidi control, markup and placeholders.
const NAME: &str = "=cmd|'!A0;@x \u{1b}]0;own\u{7}\u{9b}2J\u{202e}</script>{{7*7}}#sys $x$";

/// The data with the best category renamed to [`NAME`].
fn renamed() -> Workdir {
    let work = Workdir::with_data();
    let found = work.ok(&["findings", "--data", "data", "--json"]);
    let found: serde_json::Value = serde_json::from_str(&found.stdout).unwrap();
    let best = found["market"]["short_list"][0]["category"].as_str().unwrap().to_owned();
    work.edit(TRANSLATION, |csv| {
        let line = |line: &str| match line.split_once(',') {
            Some((key, name)) if name.trim_matches('"') == best => format!("{key},\"{NAME}\"\n"),
            _ => format!("{line}\n"),
        };
        csv.lines().map(line).collect()
    });
    work
}

/// The first control or bidi character that must not reach a terminal or reader.
fn hidden(text: &str) -> Option<char> {
    let marks = |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().find(|c| (c.is_control() && !matches!(c, '\n' | '\t')) || marks(*c))
}

#[test]
fn a_hostile_name_is_text_everywhere() {
    let work = renamed();
    work.edit(ORDERS, |csv| {
        let mut lines: Vec<String> = csv.lines().map(String::from).collect();
        let broken = lines[5].replacen("2017-", "=2017;@x\u{1b}[2J-", 1).replacen("2018-", "=2018;@x\u{1b}[2J-", 1);
        assert_ne!(broken, lines[5]);
        lines[5] = broken;
        lines.join("\n") + "\n"
    });
    let done = work.ok(&["run", "--data", "data"]);
    assert!(done.stdout.contains("=cmd|'!A0;@x \\u{1b}]0;own\\u{7}\\u{9b}2J\\u{202e}"), "{done}");
    assert!(done.stderr.contains("1 row of `orders` set aside"), "{done}");
    let again = work.ok(&["run", "--data", "data"]);
    // Quarantined values are read back from the file unchanged.
    assert_eq!(again.stderr, done.stderr);
    for args in [
        &["run", "--data", "data", "--json", "--lang", "en"][..],
        &["findings", "--data", "data"],
        &["findings", "--data", "data", "--json"],
        &["forecast", "--data", "data", "--cutoff", "2018-07-31"],
        &["audit", "--data", "data"],
        &["report", "--diff", "out"],
    ] {
        let done = work.ok(args);
        assert_eq!(hidden(&done.stdout).or(hidden(&done.stderr)), None, "{done}");
        if args.contains(&"--json") {
            let value: serde_json::Value = serde_json::from_str(&done.stdout).unwrap();
            assert!(value.to_string().contains(&serde_json::Value::from(NAME).to_string()), "the value stays");
        }
        if args[0] == "forecast" {
            assert!(done.stdout.contains("\n\"'=cmd|'!A0;'@x "), "{done}");
        }
    }
    let mut cells = 0;
    for (name, bytes) in work.files("out") {
        if name.ends_with(".csv") && !name.starts_with("data/") {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..]);
            for cell in reader.records().flat_map(|row| row.unwrap().iter().map(String::from).collect::<Vec<_>>()) {
                cells += usize::from(cell.contains("cmd|") || cell.contains("@x"));
                for piece in cell.split([';', '\t', '\n', '\r']) {
                    let formula = piece.starts_with(['=', '+', '-', '@']) && piece.parse::<f64>().is_err();
                    assert!(!formula, "{name}: {cell}");
                }
            }
        }
        if name.ends_with(".html") {
            let page = String::from_utf8(bytes).unwrap();
            // Checked up to the first script only: the dashboard's libraries contain such characters themselves.
            assert_eq!(hidden(page.split("<script>").next().unwrap()), None, "{name}");
            assert!(page.contains("base-uri 'none'; form-action 'none'"), "{name}");
            assert!(!page.contains("{7*7}}#sys $x$</script>") && !page.contains("2J</script>"), "{name}");
        }
    }
    assert!(cells > 10, "{cells}");
    assert!(work.path("out/report.pdf").exists());
    // A name of 10 kB costs no more than others, and is shown shortened.
    work.edit(TRANSLATION, |csv| csv.replace(NAME, &"x y".repeat(3_000)));
    let long = work.pfe(&["run", "--data", "data", "--out", "long"]);
    assert!(long.code == Some(0) || long.stderr.contains("characters"), "{long}");
}

#[test]
fn arguments_and_files_of_others_do_not_steer_the_terminal() {
    let work = Workdir::new();
    let name = "a\u{1b}[31m\u{202e}.ipynb";
    for args in [
        &["notebook", name, "--html", "a.html"][..],
        &["run", "--data", name],
        &["verify", "--out", name],
        &["plan", "--orders", name],
    ] {
        let done = work.pfe(args);
        assert_eq!(done.code, Some(2).filter(|_| args[0] != "notebook").or(done.code), "{done}");
        // clap removes escape sequences by itself.
        assert!(done.stderr.contains("\\u{202e}.ipynb"), "{done}");
        assert_eq!(hidden(&done.stderr), None, "{done}");
    }
    work.write("bad.toml", "title = \"\u{1b}]0;x\u{7}\u{9b}31m\nx");
    let done = work.pfe(&["run", "--parameters", "bad.toml"]);
    assert!(done.code != Some(0) && hidden(&done.stderr).is_none(), "{done}");
}

#[test]
fn own_templates_that_never_end_are_stopped_and_named() {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--quiet"]);
    work.ok(&["report", "--init-templates", "mine"]);
    let before = work.files("out");
    let stopped = |file: &str, edit: &dyn Fn(String) -> String, timeout: &str, words: &[&str]| {
        let name = format!("mine/{file}");
        let text = work.read(&name);
        work.write(&name, edit(text.clone()));
        let start = std::time::Instant::now();
        work.fails(&["report", "--templates", "mine", "--timeout", timeout], 2, &[&[file], words].concat());
        assert!(start.elapsed().as_secs() < 40, "{file}");
        let mut after = work.files("out");
        after.retain(|path, _| !path.starts_with(".pfe-run"));
        crate::workdir::assert_same(&before, &after);
        work.write(&name, text);
    };
    let silent = "{% for a in range(end=90000) %}{% for b in range(end=90000) %}{% endfor %}{% endfor %}";
    let loud = "{% for a in range(end=90000) %}{% for b in range(end=90000) %}more and more{% endfor %}{% endfor %}";
    let chapter = "fr/16-conclusion.md";
    stopped(chapter, &|text| format!("{text}\n{silent}"), "10", &["did not end within 10 s", "hint: "]);
    stopped(chapter, &|text| format!("{text}\n{loud}"), "60", &["more than 16 MB"]);
    stopped("templates/report.html", &|text| text.replace("<body>", loud), "60", &["more than 64 MB"]);
    stopped("templates/dashboard.html", &|text| text.replace("<body>", silent), "10", &["did not end within 10 s"]);
    stopped(
        "templates/report.typ",
        &|text| format!("{text}\n#let x = range(100000000)"),
        "60",
        &["takes more than", "MB of memory"],
    );
    work.edit(&format!("mine/{chapter}"), |text| format!("{text}\n{}x\n", ">".repeat(20_000)));
    work.fails(&["report", "--templates", "mine"], 2, &[chapter, "more than 16 lists, quotes", "hint: correct "]);
}

/// A notebook of prose and of code cells with outputs.
fn notebook(cells: &[serde_json::Value]) -> String {
    json!({ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells }).to_string()
}

fn code(outputs: &serde_json::Value) -> serde_json::Value {
    json!({ "cell_type": "code", "metadata": {}, "source": "show()", "outputs": outputs })
}

fn prose(text: &str) -> serde_json::Value {
    json!({ "cell_type": "markdown", "metadata": {}, "source": text })
}

#[test]
fn a_hostile_notebook_is_printed_as_text() {
    let work = Workdir::new();
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><rect width='5' height='5' onload='alert(1)'/>\
               <meta http-equiv='refresh' content='0;url=http://x.invalid'/>\
               <foreignObject><form action='http://x.invalid'><input/></form></foreignObject><script>alert(1)</script>\
               <style>@import url(http://x.invalid)</style><image href='http://x.invalid/a.png'/></svg>";
    let mut endless = String::new();
    for line in 0..100_000 {
        let _ = writeln!(endless, "line {line} of a print that never ends");
    }
    work.write("a.ipynb", notebook(&[
        prose("# A\u{202e}B\u{7}\n\nText\u{200b} `co\u{1b}de` [a](https://a.invalid/)"),
        code(&json!([
            { "output_type": "stream", "name": "stdout", "text": "\u{1b}]0;own\u{7}\u{1b}[31mred\u{1b}[0m\u{7} \u{9b}31mC1 \u{202e}turned\n10 %\r20 %\rdone\n" },
            { "output_type": "display_data", "data": { "image/svg+xml": svg, "text/plain": "T\u{202e}\u{7}" } },
            { "output_type": "display_data", "data": { "text/html": "<form action=x>no</form>", "text/plain": "twin" } },
            { "output_type": "stream", "name": "stdout", "text": endless },
            { "output_type": "stream", "name": "stdout", "text": "x".repeat(5 << 20) },
            { "output_type": "stream", "name": "stdout", "text": "`".repeat(1 << 20) },
            { "output_type": "error", "ename": "E\u{1b}[0m", "evalue": "a\u{301}".repeat(5_000), "traceback": [] },
        ])),
    ]));
    let start = std::time::Instant::now();
    work.ok(&["notebook", "a.ipynb", "--html", "a.html", "--pdf", "a.pdf"]);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    let page = work.read("a.html");
    assert_eq!(hidden(&page), None);
    for shown in
        ["red", "C1 turned", "done", "twin", "line 0 of", "line 99999 of", "99\u{202f}750 lignes omises", "<rect"]
    {
        assert!(page.contains(shown), "{shown}");
    }
    let body = page.split("</head>").nth(1).unwrap();
    for gone in ["http-equiv", "<form", "<script", "<style", "x.invalid", "onload", "own", "20 %", "line 50000 of"] {
        assert!(!body.contains(gone), "{gone}");
    }
    assert!(page.len() < 3_000_000, "{}", page.len());
}

#[test]
fn prose_of_a_notebook_is_no_way_out() {
    let work = Workdir::new();
    let refused = |text: &str, words: &str| {
        work.write("a.ipynb", notebook(&[prose("# A"), prose(text)]));
        let start = std::time::Instant::now();
        let done = work.pfe(&["notebook", "a.ipynb", "--html", "a.html"]);
        assert_eq!(done.code, Some(1), "{done}");
        assert!(done.stderr.contains("cell 2") && done.stderr.contains(words), "{done}");
        assert!(start.elapsed().as_secs() < 10, "{words}");
    };
    for link in [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "JaVaScRiPt:alert(1)",
        "//x.invalid",
        "vbscript:x",
    ] {
        refused(&format!("[a](<{link}>)"), "link to `");
        refused(&format!("![a](<{link}>)"), "a figure is placed by");
    }
    refused("<svg onload=alert(1)></svg>", "raw HTML");
    refused("a <meta http-equiv=refresh content=0> b", "raw HTML");
    refused(&format!("{}x", "> ".repeat(20_000)), "in one another");
    refused(&format!("{}x", "- ".repeat(20_000)), "in one another");
    refused(&format!("{}x{}", "*a **b ".repeat(20_000), " b** a*".repeat(20_000)), "in one another");
    // All of these are only text, and none takes long.
    let text =
        ["[".repeat(200_000), "a".to_owned() + &" ".repeat(1_000_000) + "b", "# Same\n\n".repeat(20_000)].join("\n\n");
    work.write("b.ipynb", notebook(&[prose("# A"), prose(&text), prose(&"[a](https://a.b) ".repeat(50_000))]));
    let start = std::time::Instant::now();
    work.ok(&["notebook", "b.ipynb", "--html", "b.html"]);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    work.write("c.ipynb", "{\"cells\": ".to_owned() + &"[".repeat(100_000));
    work.fails(&["notebook", "c.ipynb", "--html", "c.html"], 2, &["is not a notebook"]);
    work.write("d.ipynb", r##"{"cells": [{"cell_type": "markdown", "source": "# \ud83d"}]}"##);
    work.fails(&["notebook", "d.ipynb", "--html", "d.html"], 2, &["is not a notebook"]);
}
