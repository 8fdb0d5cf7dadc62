//! Servers that are absent, go away, or do not answer: a clear error, an unchanged output folder, and a run that can continue.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pfe::pipeline;

use super::server::{Server, signal};
use super::workdir::{Workdir, assert_same};

#[test]
fn a_server_that_is_not_there() {
    let work = Workdir::with_data();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("sc://127.0.0.1:{port}");
    let words = [&*format!("error: {url}: no Spark Connect server listens there"), "hint: "];
    work.fails(&["run", "--data", "data", "--engine", &url, "--quiet"], 1, &words);
    assert!(!work.path("out/run.json").exists());
    work.fails(&["run", "--data", "data", "--engine", "sc://"], 2, &["`sc://` is no URL of a Spark Connect server"]);
    work.fails(&["run", "--data", "data", "--engine", "spark://host"], 2, &["there is no engine `spark://host`"]);
    // The next run reuses the clean tables and makes the mart with another engine.
    work.ok(&["run", "--data", "data", "--quiet"]);
    work.ok(&["run", "--data", "data", "--quiet", "--out", "whole"]);
    assert_same(&work.files("whole"), &work.files("out"));
}

/// Waits until cleaning has left its files, so that the mart is next.
fn wait_for_mart(work: &Workdir) {
    while !work.path("out/.pfe-run/steps/clean.json").exists() {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_server_that_says_nothing_is_left_after_the_time_limit_or_on_request() {
    let Some(server) = Server::sail(&[]) else { return };
    let work = Workdir::with_data();
    server.signal("STOP");
    let run = ["run", "--data", "data", "--quiet", "--engine", &server.url];
    work.fails(&[&run[..], &["--timeout", "10"]].concat(), 1, &["step `mart` did not end within 10 s"]);
    std::fs::remove_dir_all(work.path("out")).unwrap();

    let mut command = Command::new(env!("CARGO_BIN_EXE_pfe"));
    let pfe = command.args(run).current_dir(work.path("")).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_mart(&work);
    signal(pfe.id(), "INT");
    let done = pfe.wait_with_output().unwrap();
    assert_eq!(done.status.code(), Some(130), "{}", String::from_utf8_lossy(&done.stderr));

    // Both runs left the work of the other steps, and nothing half done.
    server.signal("CONT");
    work.ok(&run);
    work.ok(&["run", "--data", "data", "--quiet", "--out", "whole"]);
    assert_same(&work.files("whole"), &work.files("out"));
}

#[test]
fn a_server_that_dies_at_its_work() {
    dies_at("mart", "items_sold", false);
    dies_at("clean", "orders", true);
}

/// Kills the server when `step` begins with `what`.
fn dies_at(step: &str, what: &str, cleans: bool) {
    let Some(server) = Server::sail(&[]) else { return };
    let work = Workdir::with_data();
    work.ok(&["run", "--data", "data", "--quiet", "--lang", "en"]);
    let before = work.files("out");
    let killed = AtomicBool::new(false);
    let mut params = server.run(&work, "out");
    params.how.select = pipeline::Select::From(step.into());
    params.how.engine_cleans = cleans;
    let fatal = format!("{step}: {what}");
    let died = pipeline::run(&params, &|text| {
        if text == fatal && !killed.swap(true, Ordering::SeqCst) {
            server.signal("KILL");
        }
    });
    let error = died.err().unwrap();
    assert!(killed.into_inner() && error.to_string().contains("the server went away while it was at work"), "{error}");
    assert!(error.hint().unwrap().contains("goes on"), "{error}");
    let after = work.files("out");
    assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)), "the finished run is as it was");
}
