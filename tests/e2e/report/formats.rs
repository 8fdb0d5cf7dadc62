//! The formats of a run: what is asked for is written, nothing else, and nothing stale is left.

use crate::workdir::{Workdir, assert_same};

const ASKED: [&str; 2] = ["--formats", "html,docx,md"];

fn run(work: &Workdir, more: &[&str]) -> String {
    work.ok(&[&["run", "--data", "data"], more].concat()).stdout
}

fn pages(work: &Workdir, out: &str) -> Vec<String> {
    let is_page = |path: &String| path.starts_with("report") || path.starts_with("dashboard");
    work.files(out).into_keys().filter(is_page).collect()
}

#[test]
fn formats_are_written_when_asked_for_and_removed_when_not() {
    let work = Workdir::with_data();
    let said = run(&work, &ASKED);
    for page in ["report.docx", "report.html", "report.md"] {
        assert!(said.contains(&format!("out/{page}\n")) && work.path("out").join(page).exists(), "{page}: {said}");
    }
    assert!(!said.contains("dashboard") && !work.path("out/dashboard.html").exists(), "{said}");
    let figures = work.files("out").into_keys().filter(|path| path.starts_with("report_files/")).count();
    assert!(figures > 20 && work.read("out/report.md").matches("](report_files/").count() == figures);
    work.ok(&["verify"]);
    // The same again, in one thread; and `--rerun` makes the same formats.
    let alone = [("RAYON_NUM_THREADS", "1"), ("POLARS_MAX_THREADS", "1")];
    let done = work.pfe_with(&[&["run", "--data", "data", "--out", "again", "--quiet"][..], &ASKED].concat(), &alone);
    assert_eq!(done.code, Some(0), "{done}");
    assert_same(&work.files("out"), &work.files("again"));
    // Each format is compared with what would be written now.
    let checked = work.ok(&["report", "--check"]).stdout;
    for page in ["report.docx", "report.html", "report.md", "report_files/months.svg"] {
        assert!(checked.contains(&format!("fresh  {page}\n")), "{page}: {checked}");
    }
    work.write("mine.toml", "title = \"Mine\"");
    let stale = work.pfe(&["report", "--check", "--parameters", "mine.toml"]).stdout;
    assert!(stale.contains("stale  report.docx: the parameters of the cover"), "{stale}");
    assert!(
        stale.contains("stale  report.md: the parameters") && stale.contains("fresh  report_files/months.svg"),
        "{stale}"
    );

    // Rendered again, a report keeps the formats of its run.
    let rendered = work.ok(&["report", "--out", "again", "--lang", "en"]).stdout;
    assert!(
        rendered.contains("again/report.docx") && work.read("again/report.md").contains("**Contents**"),
        "{rendered}"
    );
    assert!(!work.path("again/dashboard.html").exists());
    work.ok(&["report", "--out", "again", "--formats", "html", "--quiet"]);
    assert_eq!(pages(&work, "again"), ["report.html"]);

    // What is no longer asked for goes; pages in other formats are not made again for it.
    let html = work.read("out/report.html");
    let plan = work.ok(&["plan", "--data", "data"]).stdout;
    let line = |step: &str| plan.lines().find(|line| line.contains(&format!(" {step} "))).unwrap_or(&plan).to_owned();
    assert!(
        line("report-docx").starts_with("-") && line("report-docx").contains("format `docx` is not asked for"),
        "{plan}"
    );
    assert!(line("report-html").starts_with("fresh") && line("dashboard").starts_with("stale"), "{plan}");
    let said = run(&work, &["--formats", "html,dashboard"]);
    assert!(said.contains("dashboard.html"), "{said}");
    assert_eq!(pages(&work, "out"), ["dashboard.html", "report.html"]);
    assert!(!work.path("out/report_files").exists());
    assert_eq!(work.read("out/report.html"), html);
}

#[test]
fn a_format_is_made_by_name_and_no_file_of_the_users_is_lost() {
    let work = Workdir::with_data();
    let run = ["run", "--data", "data", "--quiet"];
    work.fails(&[&run[..], &["--formats", "html,odt"]].concat(), 2, &["odt", "docx"]);
    work.write("out/report.docx", "mine");
    work.write("out/report_files/mine.txt", "mine");
    // A run that writes no such file does not mind it.
    work.ok(&[&run[..], &["--formats", "html"]].concat());
    work.fails(&[&run[..], &["--formats", "docx"]].concat(), 2, &["out/report.docx` is in the way"]);
    assert_eq!(work.read("out/report.docx"), "mine");
    std::fs::remove_file(work.path("out/report.docx")).unwrap();
    let only = ["--only", "report-docx"];
    work.fails(
        &[&run[..], &only].concat(),
        2,
        &["step `report-docx` writes a format that is not asked for", "hint: name the formats", "docx"],
    );
    work.ok(&[&run[..], &only, &["--formats", "html,docx"]].concat());
    assert_eq!(pages(&work, "out"), ["report.docx", "report.html", "report_files/mine.txt"]);
    assert!(std::fs::read(work.path("out/report.docx")).unwrap().starts_with(b"PK"));
    work.ok(&[&run[..], &["--formats", "md"]].concat());
    assert!(pages(&work, "out").contains(&"report_files/mine.txt".to_owned()));
}
