//! Chapters and queries that a folder of templates adds to the report.

use crate::workdir::Workdir;

const QUERY: &str = "sql = \"SELECT state, SUM(orders) AS orders, SUM(freight_centavos) AS freight_centavos FROM service_by_state \
                     GROUP BY state ORDER BY freight_centavos DESC, state LIMIT 5\"\n\
                     title = \"The {{ own.freight | length }} dearest\"\ncolumns = [\"State\", \"Orders\", \"Freight\"]\n\
                     [figure]\nkind = \"bars\"\nx = \"state\"\ny = \"freight_centavos\"\nalt = \"Bars, {{ own.freight[0].state }} first\"\n";
const CHAPTER: &str = "+++\ntitle = \"Freight by state\"\nneeds = [\"freight\"]\n+++\n\
                       First: {{ own.freight[0].state }}, {{ own.freight[0].freight_centavos | brl }}.\n\n![](figure:freight)\n\n![](table:freight)\n";

fn with(chapter: &str, query: &str) -> Workdir {
    let work = Workdir::new();
    std::fs::create_dir_all(work.path("mine/en")).unwrap();
    std::fs::create_dir_all(work.path("mine/queries")).unwrap();
    work.write("mine/en/09-mine.md", chapter);
    work.write("mine/queries/freight.toml", query);
    work
}

const RUN: [&str; 9] = ["run", "--orders", "2000", "--lang", "en", "--formats", "html,md", "--templates", "mine"];

#[test]
fn an_own_chapter_stands_among_the_others_with_its_table_and_numbers() {
    let work = with(CHAPTER, QUERY);
    work.ok(&RUN);
    let text = work.read("out/report.md");
    let place = |words: &str| text.find(words).unwrap_or_else(|| panic!("`{words}` is not in the report"));
    assert!(
        place("# 9 Where to advertise") < place("# 10 Freight by state") && place("Freight by state") < place("# 11 ")
    );
    assert!(text.contains("The 5 dearest") && text.contains("queries/freight.toml"));
    // The number is that of the mart, and its origin is told.
    let html = work.read("out/report.html");
    assert!(html.contains("queries/freight.toml: own.freight[0].freight_centavos"));
    let first = html.split(">Bars, ").nth(1).unwrap_or_default();
    assert!(
        first.starts_with(|c: char| c.is_ascii_uppercase()) && first[2..].starts_with(" first"),
        "the figure has its text"
    );
    let checked = ["report", "--check", "--templates", "mine"];
    work.ok(&checked);
    work.edit("mine/queries/freight.toml", |query| query.replace("LIMIT 5", "LIMIT 4"));
    let stale = work.pfe(&checked);
    assert!(stale.code == Some(1) && stale.stdout.contains("queries/freight.toml"), "{stale}");
}

#[test]
fn what_is_wrong_with_own_files_is_told_with_file_and_line() {
    for (chapter, query, words) in [
        (CHAPTER.replace("needs", "need"), QUERY.into(), ["`en/09-mine.md`", "line 3"]),
        (CHAPTER.into(), QUERY.replace("title", "heading"), ["`queries/freight.toml`", "line 2"]),
        (
            CHAPTER.into(),
            QUERY.replace("service_by_state", "service_by_stat"),
            ["freight.toml`", "did you mean `service_by_state`?"],
        ),
        (
            CHAPTER.into(),
            QUERY.replace("service_by_state", "read_csv('/etc/passwd')"),
            ["freight.toml`", "`read_csv` reads files"],
        ),
        (CHAPTER.into(), QUERY.replace("LIMIT 5", "LIMIT 5; DROP TABLE service_by_state"), ["freight.toml`", "hint: "]),
        (CHAPTER.into(), QUERY.replace("\"bars\"", "\"pie\""), ["freight.toml`", "line 5"]),
        (
            CHAPTER.into(),
            QUERY.replace("y = \"freight_centavos\"", "y = \"freight\""),
            ["freight.toml`", "no column `freight`"],
        ),
        (
            CHAPTER.into(),
            QUERY.replace("y = \"freight_centavos\"", "y = \"state\""),
            ["freight.toml`", "holds no numbers"],
        ),
        (CHAPTER.replace("table:freight", "table:nothing"), QUERY.into(), ["09-mine.md", "line 9"]),
        (CHAPTER.replace("own.freight[0].state", "own.freight[0].region"), QUERY.into(), ["09-mine.md", "line 5"]),
    ] {
        let work = with(&chapter, &query);
        work.fails(&RUN, 2, &words);
        assert!(!work.path("out/run.json").exists() && !work.path("out/report.html").exists(), "half a run: {words:?}");
    }
}

#[test]
fn a_chapter_without_the_rows_that_it_needs_is_left_out() {
    let work = with(CHAPTER, &QUERY.replace("GROUP BY", "WHERE state = 'XX' GROUP BY"));
    work.ok(&RUN);
    assert!(!work.read("out/report.md").contains("Freight by state"));
}

#[test]
fn a_query_that_never_ends_is_stopped() {
    let work = with(CHAPTER, QUERY);
    work.ok(&RUN);
    let endless =
        "sql = \"SELECT a.day FROM sales_by_day a, sales_by_day b, sales_by_day c, sales_by_day d\"\ntitle = \"x\"\n";
    work.write("mine/queries/freight.toml", endless);
    let rendered = ["report", "--lang", "en", "--templates", "mine", "--timeout", "2"];
    work.fails(&rendered, 2, &["queries/freight.toml"]);
}
