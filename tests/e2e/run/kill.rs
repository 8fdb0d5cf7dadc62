//! Runs that end early (killed, interrupted, out of space): the next run gives the same bytes.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::workdir::{Workdir, after_warnings, assert_same};

const KILLS: u32 = 24;

fn start(work: &Workdir, args: &[&str]) -> std::process::Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pfe"));
    command.args(args).current_dir(work.path("")).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Number of steps with files that the last run reused.
fn reused(work: &Workdir) -> usize {
    let manifest = work.json("out/run.json");
    let steps = manifest["volatile"]["steps"].as_array().unwrap();
    steps.iter().filter(|step| step["did"] == "reused").count()
}

/// Kills at moments spread over the whole run; every other time over the files of another run, of which nothing may remain.
#[test]
fn killed_at_any_moment_a_run_can_be_resumed() {
    let work = Workdir::with_data();
    let run = ["run", "--data", "data", "--quiet"];
    work.ok(&[&run[..], &["--out", "whole"]].concat());
    let whole = work.files("whole");
    work.ok(&[&run[..], &["--out", "other", "--lang", "en", "--budget", "1000"]].concat());
    let other = work.files("other");
    let manifest = work.read("other/run.json");
    let timed = Instant::now();
    work.ok(&[&run[..], &["--out", "again"]].concat());
    let mut duration = timed.elapsed();
    let (mut killed, mut resumed) = (0, 0);
    for i in 0..KILLS {
        let out = work.path("out");
        let _ = std::fs::remove_dir_all(&out);
        if i % 2 == 1 {
            other.iter().for_each(|(name, bytes)| work.write(&format!("out/{name}"), bytes));
            work.write("out/run.json", &manifest);
        }
        let mut child = start(&work, &run);
        std::thread::sleep(duration * (2 * i + 1) / (2 * KILLS));
        child.kill().unwrap();
        if child.wait().unwrap().code().is_none() {
            killed += 1;
        } else {
            // The machine is less busy than when the run was timed.
            duration = duration * 4 / 5;
        }
        let had_manifest = work.path("out/run.json").exists();
        work.ok(&run);
        let files = work.files("out");
        assert_eq!(files.keys().collect::<Vec<_>>(), whole.keys().collect::<Vec<_>>(), "kill {i}");
        assert_same(&whole, &files);
        resumed += usize::from(!had_manifest && reused(&work) > 0);
    }
    // Checked separately, because the bytes would be equal even if nothing were reused.
    assert!(killed > KILLS / 5, "{killed} of {KILLS} runs were still at work");
    assert!(resumed > 0, "no run went on from what was finished");
}

/// Files staged by a killed run are damaged before the next run.
#[test]
fn damaged_remains_are_not_trusted() {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--quiet", "--out", "whole"]);
    for step in ["clean", "mart", "supply", "decisions"] {
        work.ok(&["run", "--data", "data", "--quiet", "--only", step]);
    }
    work.edit("out/.pfe-run/tables/winner.csv", |csv| csv + "x");
    for cut in ["mart/products.parquet", "models/supply.parquet"] {
        let path = work.path("out/.pfe-run").join(cut);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    }
    work.edit("out/.pfe-run/steps/clean.json", |json| json[..json.len() / 2].into());
    work.ok(&["run", "--data", "data", "--quiet"]);
    assert_eq!(reused(&work), 0);
    assert_same(&work.files("whole"), &work.files("out"));
}

#[cfg(unix)]
fn signal(child: &std::process::Child, name: &str) {
    let status = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// Ctrl-C ends a run with its own exit code and one message. Existing files stay, and the next run continues.
#[cfg(unix)]
#[test]
fn ctrl_c_ends_cleanly() {
    let work = Workdir::new();
    work.ok(&["synth", "--orders", "60000", "--out", "data"]);
    work.write("out/notes.txt", "mine");
    let child = start(&work, &["run", "--data", "data"]);
    // Once the staging folder exists, the process handles signals.
    while !work.path("out/.pfe-run").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    signal(&child, "-INT");
    let done = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(130), "{said}");
    assert!(said.contains("error: interrupted\nhint: the same command goes on"), "{said}");
    assert!(!work.path("out/run.json").exists() && work.read("out/notes.txt") == "mine");
    work.ok(&["run", "--data", "data", "--quiet"]);
    work.ok(&["run", "--data", "data", "--quiet", "--out", "whole"]);
    std::fs::remove_file(work.path("out/notes.txt")).unwrap();
    assert_same(&work.files("whole"), &work.files("out"));
}

/// A limit on file sizes simulates a full disk: the previous run stays intact.
#[cfg(unix)]
#[test]
fn no_space_left() {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--quiet"]);
    let before = work.files("out");
    let limited = "trap '' XFSZ; ulimit -f 100; exec \"$0\" run --data data --lang en --from clean";
    let done = Command::new("bash")
        .args(["-c", limited, env!("CARGO_BIN_EXE_pfe")])
        .current_dir(work.path(""))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(after_warnings(&said).starts_with("error: cannot write `out/") && !said.contains("panicked"), "{said}");
    let mut after = work.files("out");
    after.retain(|name, _| !name.starts_with(".pfe-run/"));
    assert_same(&before, &after);
}

/// With too little memory from the system's limit, the program says so itself and changes nothing.
#[cfg(target_os = "linux")]
#[test]
fn no_memory_left() {
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--quiet"]);
    let before = work.files("out");
    work.edit("data/olist_orders_dataset.csv", |csv| csv.replacen(",delivered,", ",shipped,", 1));
    let limited = |kilobytes: u32| {
        let again = "rm -rf again; cp -r out again";
        let run = format!("exec '{}' run --data data --out again --quiet", env!("CARGO_BIN_EXE_pfe"));
        let command = format!("{again}; ulimit -v {kilobytes}; {run}");
        Command::new("sh").args(["-c", &command]).current_dir(work.path("")).output().unwrap()
    };
    // The memory needed depends on program and machine. Far below it, not even the program can be loaded.
    let fails = |limit: &u32| !limited(*limit).status.success();
    let below = (7..=25).rev().map(|n| n * 20_000).find(fails).unwrap();
    let done = (1..=10).rev().map(|n| limited(below + n * 2_000)).find(|done| !done.status.success());
    // Near the limit a run may succeed once and fail once, and on a busy machine in a wide range.
    let lower = || (0..=100).map(|n| limited(below - n * 1_000)).find(|done| !done.status.success()).unwrap();
    let done = done.unwrap_or_else(lower);
    let message = String::from_utf8_lossy(&done.stderr);
    assert_eq!(done.status.code(), Some(1), "{message}");
    assert!(message.contains("error: out of memory") && message.contains("goes on where it was"), "{message}");
    let mut after = work.files("again");
    after.retain(|name, _| !name.starts_with(".pfe-run"));
    assert_same(&before, &after);
    for out in ["again", "fresh"] {
        work.ok(&["run", "--data", "data", "--quiet", "--out", out]);
    }
    assert_same(&work.files("fresh"), &work.files("again"));
}
