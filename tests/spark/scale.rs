//! The original project's number of orders and ten times as many: the same bits, and the costs.
//!
//! Not part of `tests/run`, because it takes long. `cargo test --release --features spark --test spark -- --ignored
//! --nocapture` prints a table.

use std::time::Instant;

use super::server::Server;
use super::workdir::{Workdir, assert_same};

fn timed(work: &Workdir, args: &[&str]) -> f64 {
    let start = Instant::now();
    work.ok(args);
    start.elapsed().as_secs_f64()
}

#[test]
#[ignore = "takes minutes, and the whole machine"]
fn one_and_ten_times_the_original() {
    eprintln!(
        "| orders | mart by | run, s | mart alone, s | it cleans, too: run, s | server's peak memory, MB |\n| ---: | --- | ---: | ---: | ---: | ---: |"
    );
    for orders in ["100000", "1000000"] {
        let work = Workdir::new();
        work.ok(&["synth", "--orders", orders, "--seed", "7", "--out", "data", "--quiet"]);
        let run = |out: &str, more: &[&str]| {
            timed(&work, &[&["run", "--data", "data", "--quiet", "--out", out], more].concat())
        };
        eprintln!("| {orders} | polars, here | {:.1} | | | |", run("here", &[]));
        let here = work.files("here");
        for name in ["Sail", "Sail with workers", "Spark"] {
            let server = match name {
                "Sail" => Server::sail(&[]),
                "Spark" => Server::spark(),
                _ => Server::sail(&[("SAIL_MODE", "local-cluster")]),
            };
            let Some(server) = server else { return };
            let whole = run("there", &["--engine", &server.url]);
            assert_same(&here, &work.files("there"));
            std::fs::remove_dir_all(work.path("there")).unwrap();
            // Makes the mart again, and little else.
            let mart = timed(&work, &["verify", "--out", "here", "--engine", &server.url]);
            let cleaned = run("there", &["--engine", &server.url, "--engine-cleans"]);
            for folder in ["mart", "tables"] {
                assert_same(&work.files(&format!("here/{folder}")), &work.files(&format!("there/{folder}")));
            }
            std::fs::remove_dir_all(work.path("there")).unwrap();
            eprintln!("| {orders} | {name} | {whole:.1} | {mart:.1} | {cleaned:.1} | {:.0} |", server.peak_memory());
        }
    }
}
