//! Slides: the report's own words and numbers, the figures that one chooses, the same bytes twice.

use crate::workdir::Workdir;

/// The words between tags, without styles and scripts.
fn seen(page: &str) -> String {
    let mut text = page.to_string();
    for (open, close) in
        [("<style", "</style>"), ("<script", "</script>"), ("<footer", "</footer>"), ("<svg", "</svg>")]
    {
        let mut parts = text.split(open);
        let first = parts.next().unwrap_or_default().to_string();
        text = parts.fold(first, |kept, part| kept + part.split_once(close).map_or("", |(_, after)| after));
    }
    let words: String = text.split('<').map(|part| part.split_once('>').map_or(part, |(_, words)| words)).collect();
    words.split_whitespace().collect()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

#[test]
fn slides_hold_the_summary_of_the_report_and_the_figures_that_are_chosen() {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--lang", "en", "--formats", "html,slides", "--quiet"]);
    let (report, slides) = (work.read("out/report.html"), work.read("out/slides.html"));
    let summary = between(&report, "<section class=\"chapter\">", "<section class=\"chapter\">");
    let items: Vec<&str> = summary.split("<li>").skip(1).map(|item| item.split("</li>").next().unwrap()).collect();
    assert!(
        items.len() > 5 && items.iter().any(|item| item.contains("<span title=\"tables/")),
        "numbers and their origin"
    );
    // An item may continue on another slide, below its title again.
    let without_titles: String =
        slides.split("<h2").map(|part| part.split_once("</h2>").map_or(part, |(_, after)| after)).collect();
    let shown = seen(&without_titles);
    for item in items {
        assert!(shown.contains(&seen(item)), "{item}");
    }
    let orders: i64 =
        work.table("out/tables/by_state.csv").iter().map(|row| row["orders"].parse::<i64>().unwrap()).sum();
    assert!(shown.contains(&format!("{},{:03}orders", orders / 1_000, orders % 1_000)));
    // Those of the default figures for which so few orders have data.
    let figures = slides.matches("class=\"slide of-figure\"").count();
    assert!((5..=8).contains(&figures) && !slides.contains("No data"), "{figures}");
    assert!(!slides.contains("http://") || !slides.replace("http://www.w3.org/2000/svg", "").contains("http://"));
    let pdf = std::fs::read(work.path("out/slides.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));

    let chosen = ["report", "--lang", "en", "--formats", "slides", "--slides-figures", "payments,months", "--quiet"];
    work.ok(&chosen);
    let slides = work.read("out/slides.html");
    let places: Vec<usize> =
        ["id=\"figure:payments\"", "id=\"figure:months\""].iter().map(|id| slides.find(id).unwrap()).collect();
    assert!(places.is_sorted() && slides.matches("class=\"slide of-figure\"").count() == 2);
    assert!(!work.path("out/report.html").exists(), "a page in another format is removed");
    let listed = work.json("out/run.json")["core"]["outputs"].to_string();
    assert!(listed.contains("slides.html") && listed.contains("slides.pdf") && !listed.contains("report.html"));
    let first = work.files("out");
    work.ok(&chosen);
    crate::workdir::assert_same(&first, &work.files("out"));
    work.fails(
        &["report", "--formats", "slides", "--slides-figures", "months,nothing"],
        2,
        &["this report has no figure `nothing`", "its figures are", "`payments`"],
    );
}

#[test]
fn a_summary_of_ones_own_of_any_length_flows_on() {
    let work = Workdir::with_data();
    let long: String = (0..300)
        .map(|i| format!("- **Point {i}.** {}\n", "A sentence that goes on for a while. ".repeat(i % 9)))
        .collect();
    work.write(
        "mine/en/00-summary.md",
        format!("# Summary {{.unnumbered #resume}}\n\n## All {{.unnumbered}}\n\n{long}"),
    );
    let args = ["run", "--data", "data", "--lang", "en", "--formats", "slides", "--templates", "mine", "--quiet"];
    work.ok(&args);
    let slides = work.read("out/slides.html");
    let count = slides.matches("class=\"slide of-text\"").count();
    assert!((30..150).contains(&count), "{count}");
    assert!(
        (0..300).all(|i| slides.contains(&format!("Point {i}."))) && slides.contains(&format!("({count}/{count})"))
    );
}
