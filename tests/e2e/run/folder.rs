//! Output folders that hold more than a run's files: the user's files stay, conflicts are named, no link is followed.

use std::fs;
use std::path::Path;

use crate::workdir::{Workdir, assert_same};

const RUN: [&str; 4] = ["run", "--data", "data", "--quiet"];

/// Files of the user's in every folder that a run uses; none has a name that a run writes.
const NOTES: [&str; 8] = [
    "out/notes.txt",
    "out/tables/notes.xlsx",
    "out/tables/by_state.xlsx",
    "out/clean/mine/f.txt",
    "out/mart/x.sql",
    "out/models/mine.pkl",
    "out/quarantine/mine.csv",
    "out/references/papers.bib",
];

fn finished() -> Workdir {
    let work = Workdir::with_data();
    work.ok(&RUN);
    work
}

#[cfg(unix)]
fn link(work: &Workdir, target: &str, name: &str) {
    std::os::unix::fs::symlink(work.path(target), work.path(name)).unwrap();
}

#[test]
fn files_of_the_user_stay_whatever_is_run() {
    let work = Workdir::with_data();
    for name in NOTES {
        work.write(name, name);
    }
    let stay = |after: &str| NOTES.iter().for_each(|name| assert_eq!(work.read(name), *name, "{after}"));
    for more in
        [&[][..], &["--lang", "en"], &["--monthly"], &[], &["--ro-crate", "--from", "clean"], &["--only", "findings"]]
    {
        work.ok(&[&RUN[..], more].concat());
        stay(&format!("{more:?}"));
    }
    work.ok(&["report", "--lang", "fr", "--quiet"]);
    stay("report");
    // A run without `--monthly` removes the monthly files of the previous run, and their folders.
    assert!(!work.path("out/clean/orders").exists() && work.path("out/clean/orders.parquet").exists());
    let mut files = work.files("out");
    NOTES.iter().for_each(|name| drop(files.remove(&name["out/".len()..])));
    files.remove("ro-crate-metadata.json");
    work.ok(&[&RUN[..], &["--out", "fresh"]].concat());
    assert_same(&work.files("fresh"), &files);
}

#[test]
fn what_is_in_the_way_is_named_before_any_work() {
    let work = Workdir::with_data();
    for (name, generated) in [
        ("tables/by_state.csv", false),
        ("tables/winner.csv/x", false),
        ("clean/orders.parquet", false),
        ("clean/orders/mine.parquet", false),
        ("mart/products.parquet", false),
        ("quarantine/orders.csv", false),
        ("audit.json", false),
        ("report.html", false),
        ("tables", false),
        (".pfe-run/mine.txt", false),
        (".unfinished-pfe-run", false),
        ("data/olist_orders_dataset.csv", true),
    ] {
        work.write(&format!("out/{name}"), "mine");
        let before = work.files("out");
        let named = format!("{}` is in the way", name.trim_end_matches("/x").trim_end_matches("/mine.txt"));
        let args = if generated { &["--orders", "50"][..] } else { &RUN };
        work.fails(args, 2, &[&named, "hint: pfe replaces and removes nothing but"]);
        assert_same(&before, &work.files("out"));
        fs::remove_dir_all(work.path("out")).unwrap();
    }
    // The same within the files of a finished run: a file in the folder of a monthly table would be read as part of it.
    work.ok(&[&RUN[..], &["--monthly"]].concat());
    work.write("out/clean/orders/mine.parquet", "mine");
    work.fails(&RUN, 2, &["clean/orders/mine.parquet` is in the way"]);
    work.fails(&["report"], 2, &["clean/orders/mine.parquet` is in the way"]);
    // Foreign metadata are also refused before the run.
    work.write("crate/ro-crate-metadata.json", "{}");
    work.fails(&[&RUN[..], &["--ro-crate", "--out", "crate"]].concat(), 2, &["was not written by pfe"]);
    assert!(!work.path("crate/run.json").exists());
}

/// A manifest that pfe did not write gives pfe no files, and no path to follow.
#[test]
fn manifests_of_others_are_refused() {
    let work = finished();
    let ours = work.read("out/run.json");
    work.write("secret.csv", "mine");
    let listing = |path: &str| ours.replacen("\"path\": \"audit.json\"", &format!("\"path\": \"{path}\""), 1);
    let absolute = work.path("secret.csv").display().to_string();
    for (text, why) in [
        (r#"{"a":1}"#.to_string(), "missing field"),
        (String::new(), "EOF"),
        ("[]".into(), "is no manifest of pfe"),
        (listing("../secret.csv"), "it lists `../secret.csv`"),
        (listing("tables/../../secret.csv"), "which no run writes"),
        (listing(&absolute), "which no run writes"),
        (listing("notes.txt"), "it lists `notes.txt`"),
    ] {
        let foreign = Workdir::with_data();
        foreign.write("out/run.json", &text);
        foreign.write("out/models/mine.pkl", "mine");
        let before = foreign.files("data");
        for args in [
            &RUN[..],
            &["verify"],
            &["report"],
            &["report", "--check"],
            &["diff", "out", "out"],
            &["report", "--diff", "out"],
            &["plan", "--data", "data"],
            &["why", "mart", "--data", "data"],
        ] {
            foreign.fails(args, 2, &["out/run.json` is no manifest of pfe", why]);
        }
        assert_eq!((foreign.read("out/run.json"), foreign.read("out/models/mine.pkl")), (text, "mine".into()));
        assert_same(&before, &foreign.files("data"));
    }
}

#[cfg(unix)]
#[test]
fn nothing_is_written_through_a_link() {
    let work = Workdir::with_data();
    work.write("theirs/file", "mine");
    work.write("theirs/folder/by_state.csv", "mine");
    let theirs = work.files("theirs");
    let refused = |args: &[&str], name: &str| {
        work.fails(args, 2, &[&format!("{name}` is in the way: a link")]);
        assert_same(&theirs, &work.files("theirs"));
    };
    for (target, name) in [
        ("theirs/file", ".unfinished-pfe-run"),
        ("theirs/folder", ".pfe-run"),
        ("theirs/folder", "tables"),
        ("theirs/file", "audit.json"),
        ("theirs/nothing", "report.html"),
        ("theirs/folder", "clean"),
    ] {
        fs::create_dir_all(work.path("out")).unwrap();
        link(&work, target, &format!("out/{name}"));
        refused(&RUN, name);
        fs::remove_dir_all(work.path("out")).unwrap();
    }
    // A link within what an unfinished run has staged.
    work.ok(&[&RUN[..], &["--only", "clean"]].concat());
    fs::remove_file(work.path("out/.pfe-run/audit.json")).unwrap();
    link(&work, "theirs/file", "out/.pfe-run/audit.json");
    refused(&RUN, ".pfe-run/audit.json");
    fs::remove_dir_all(work.path("out")).unwrap();
    // A link in place of a finished run's file: nothing is read through it either.
    work.ok(&RUN);
    fs::rename(work.path("out/tables"), work.path("moved")).unwrap();
    link(&work, "moved", "out/tables");
    refused(&RUN, "tables");
    refused(&["report", "--lang", "en"], "tables");
    work.fails(&["verify"], 1, &["is no file that a run leaves"]);
    work.fails(&["report", "--check"], 2, &["left in `out` is damaged", "hint: run `pfe run` again"]);
    work.fails(&["diff", "out", "out"], 1, &["cannot read `out/tables/"]);
    assert!(work.path("moved/winner.csv").exists());
    // The lock, metadata and templates are files as well.
    fs::create_dir_all(work.path("other")).unwrap();
    link(&work, "theirs/file", "other/.pfe-run.lock");
    work.fails(&[&RUN[..], &["--out", "other"]].concat(), 1, &[".pfe-run.lock"]);
    link(&work, "theirs/nothing", "other/ro-crate-metadata.json");
    work.fails(
        &[&RUN[..], &["--out", "other", "--ro-crate"]].concat(),
        2,
        &["ro-crate-metadata.json` was not written"],
    );
    fs::create_dir_all(work.path("templates")).unwrap();
    link(&work, "theirs/folder", "templates/style");
    work.fails(&["report", "--init-templates", "templates"], 2, &["templates/style` is there already"]);
    assert_same(&theirs, &work.files("theirs"));
}

#[test]
fn generated_data_replace_nothing() {
    let work = Workdir::with_data();
    let before = work.files("data");
    work.fails(&["synth", "--orders", "10", "--out", "data"], 2, &["data/olist_", "is in the way", "hint: "]);
    assert_same(&before, &work.files("data"));
    work.write("some/states_name.csv", "mine");
    work.fails(&["synth", "--orders", "10", "--out", "some"], 2, &["some/states_name.csv` is in the way"]);
    assert_eq!(work.files("some").len(), 1);
    work.write("notes/notes.txt", "mine");
    work.ok(&["synth", "--orders", "10", "--out", "notes", "--quiet"]);
    assert_eq!(work.read("notes/notes.txt"), "mine");
}

/// The lock file protects a folder on a network. A lock from another machine holds for a minute after its last sign of life.
#[test]
fn a_run_on_another_machine_is_waited_for_until_it_is_gone() {
    let work = Workdir::with_data();
    let holder = r#"{"host":"elsewhere","boot":1,"space":"","pid":7,"started":1,"token":1}"#;
    let lock = work.path("out/.pfe-run.lock");
    work.write("out/.pfe-run.lock", holder);
    work.fails(
        &RUN,
        2,
        &["another run is writing to `out`: process 7 on `elsewhere`", "`.pfe-run.lock` in it is removed"],
    );
    assert_eq!(work.read("out/.pfe-run.lock"), holder);
    let age = |path: &Path| {
        let then = std::time::SystemTime::now() - std::time::Duration::from_secs(120);
        fs::File::options().write(true).open(path).unwrap().set_modified(then).unwrap();
    };
    age(&lock);
    work.ok(&RUN);
    assert!(!lock.exists());
    assert!(work.files("out").keys().all(|name| !name.starts_with('.')));
}

#[test]
fn a_notebook_replaces_only_its_like() {
    let work = Workdir::new();
    let notebook = r#"{"nbformat":4,"nbformat_minor":5,"metadata":{},"cells":[{"cell_type":"markdown","id":"a","metadata":{},"source":"x"}]}"#;
    work.write("a.ipynb", notebook);
    work.write("data.csv", "mine");
    for _ in 0..2 {
        let (pages, others) = (["--html", "a.html", "--pdf", "a.pdf"], ["--docx", "a.docx", "--markdown", "a.md"]);
        work.ok(&[&["notebook", "a.ipynb", "--quiet"][..], &pages, &others].concat());
    }
    assert!(work.read("a.md").ends_with("x\n") && !work.path("a_files").exists());
    std::fs::copy(work.path("a.docx"), work.path("report.zip")).unwrap();
    work.ok(&["notebook", "a.ipynb", "--docx", "report.zip", "--quiet"]);
    for args in [
        ["--html", "a.ipynb"],
        ["--html", "data.csv"],
        ["--pdf", "data.csv"],
        ["--pdf", "a.html"],
        ["--html", "."],
        ["--docx", "data.csv"],
        ["--docx", "a.pdf"],
        ["--markdown", "data.csv"],
        ["--markdown", "a.docx"],
    ] {
        work.fails(&[&["notebook", "a.ipynb"][..], &args].concat(), 2, &["is in the way"]);
    }
    work.fails(&["notebook", "a.ipynb", "--html", "x", "--pdf", "x"], 2, &["the same name"]);
    assert_eq!((work.read("a.ipynb"), work.read("data.csv")), (notebook.into(), "mine".into()));
}
