//! A server makes the same as polars.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use pfe::engine;
use pfe::mart::{Methods, QUERIES};
use pfe::pipeline;
use polars::prelude::*;

use super::server::Server;
use super::workdir::{Workdir, assert_same};

/// The whole run here and on the server.
fn whole_run(server: &Server, work: &Workdir, data: &str, name: &str) {
    let (here, there) = (format!("here-{name}"), format!("there-{name}"));
    work.ok(&["run", "--data", data, "--out", &here, "--quiet"]);
    work.ok(&["run", "--data", data, "--out", &there, "--quiet", "--engine", &server.url]);
    assert_same(&work.files(&here), &work.files(&there));
}

/// A run on generated data with defects; verified there, it needs no second run.
fn generated(server: &Server) -> Workdir {
    let work = Workdir::new();
    work.ok(&["synth", "--orders", "5000", "--seed", "7", "--defects", "0.01", "--out", "data", "--quiet"]);
    whole_run(server, &work, "data", "generated");
    let again = work.ok(&["verify", "--out", "here-generated", "--engine", &server.url]);
    assert!(again.stdout.contains(&format!("the mart comes out the same on {}", server.url)), "{again}");
    let fresh = work.ok(&["run", "--data", "data", "--out", "here-generated", "--engine", &server.url]);
    assert!(fresh.stdout.starts_with("nothing has changed"), "{fresh}");
    work
}

/// A run on the real data, if they are there.
fn real(server: &Server, work: &Workdir) {
    if let Ok(data) = std::env::var("PFE_DATA") {
        whole_run(server, work, &data, "real");
    }
}

/// A monthly table is read as a folder.
fn by_month(server: &Server, work: &Workdir) {
    let run = ["run", "--data", "data", "--monthly", "--quiet", "--out"];
    work.ok(&[&run[..], &["months-here"]].concat());
    work.ok(&[&run[..], &["months-there", "--engine", &server.url]].concat());
    assert!(work.path("months-there/clean/orders/2018-01.parquet").exists());
    assert_same(&work.files("months-here"), &work.files("months-there"));
}

/// The server runs every statement, in the order of the files, and each is reported.
fn every_statement(server: &Server, work: &Workdir) {
    let told = Mutex::new(Vec::new());
    pipeline::run(&server.run(work, "told"), &|text| {
        told.lock().unwrap().extend(text.strip_prefix("mart: ").map(String::from));
    })
    .unwrap();
    let told = told.into_inner().unwrap();
    let statements: Vec<&str> = QUERIES.iter().map(|query| query.name).collect();
    assert!(told.ends_with(&statements.iter().map(|name| name.to_string()).collect::<Vec<_>>()), "{told:?}");
    assert_same(&work.files("here-generated/mart"), &work.files("told/mart"));
}

/// A mart made by another program, with matching hashes: the error names the first differing table and position.
fn a_difference_is_named(server: &Server, work: &Workdir) {
    let path = work.path("here-generated/mart/payments.parquet");
    let before = blake3::hash(&std::fs::read(&path).unwrap()).to_hex().to_string();
    let mut frame = ParquetReader::new(std::fs::File::open(&path).unwrap()).finish().unwrap();
    let orders = frame.column("orders").unwrap().i64().unwrap().iter().enumerate();
    let changed: Int64Chunked = orders.map(|(row, n)| n.map(|n| n + i64::from(row == 2))).collect();
    frame.with_column(changed.into_column().with_name("orders".into())).unwrap();
    ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
    let after = blake3::hash(&std::fs::read(&path).unwrap()).to_hex().to_string();
    work.edit("here-generated/run.json", |json| json.replace(&before, &after));
    let words = ["on sc://127.0.0.1", "step `mart`, `mart/payments.parquet`, column `orders`, row 3"];
    work.fails(&["verify", "--out", "here-generated", "--engine", &server.url], 1, &words);
    // polars reports the same.
    work.fails(&["verify", "--out", "here-generated", "--engine", "polars"], 1, &words[1..]);
}

/// What a server cannot do is reported with the file, in the server's words.
fn refusals_are_told(server: &Server, work: &Workdir) {
    let engine = engine::open(&server.url).unwrap();
    let clean = |table: &str| work.path(&format!("there-generated/clean/{table}.parquet")).display().to_string();
    let tables = ["customers", "order_items", "order_payments", "order_reviews", "orders", "products", "sellers"];
    let mut places: BTreeMap<String, String> = tables.iter().map(|table| (table.to_string(), clean(table))).collect();
    let refused = |places: &BTreeMap<String, String>| {
        engine.mart(places, &Methods::default(), &Default::default(), &|_| {}).unwrap_err()
    };
    places.insert("orders".into(), clean("customers"));
    let error = refused(&places);
    assert!(error.to_string().contains("the server refuses `orders_known.sql`: "), "{error}");
    assert!(error.to_string().contains("purchase_day") || error.to_string().contains("order_id"), "{error}");
    places.insert("orders".into(), "/nowhere/orders.parquet".into());
    let error = refused(&places);
    assert!(error.to_string().contains("cannot read `/nowhere/orders.parquet`: "), "{error}");
    assert!(error.hint().unwrap().contains("--engine-store"), "{error}");
}

/// Engines run one at a time: when one had to share two processors with another, a statement outlasted its session.
static TURN: Mutex<()> = Mutex::new(());

/// A server starts only when it is its turn: Sail's workers once answered no statement after two idle minutes.
fn in_turn(start: impl FnOnce() -> Option<Server>, test: impl FnOnce(&Server)) {
    // A failed test has ended its turn.
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(server) = start() {
        test(&server);
    }
}

/// If the server does not see the output folder, a store passes it the clean tables.
fn through_a_lake(server: &Server, work: &Workdir) {
    let run = ["run", "--data", "data", "--out", "lake-out", "--quiet", "--engine", &server.url];
    work.ok(&[&run[..], &["--engine-store", "lake:shared"]].concat());
    assert!(work.path("shared/cleaned_data/orders.parquet").exists());
    assert!(!work.path("shared/cleaned_data/geolocation.parquet").exists(), "no statement reads it");
    assert_same(&work.files("there-generated"), &work.files("lake-out"));
}

#[test]
fn sail() {
    in_turn(
        || Server::sail(&[]),
        |server| {
            let work = generated(server);
            real(server, &work);
            every_statement(server, &work);
            refusals_are_told(server, &work);
            by_month(server, &work);
            through_a_lake(server, &work);
            a_difference_is_named(server, &work);
        },
    );
}

/// Workers differ from one process in how they share rows out.
#[test]
fn sail_with_workers() {
    in_turn(
        || Server::sail(&[("SAIL_MODE", "local-cluster")]),
        |server| {
            generated(server);
        },
    );
}

#[test]
fn spark() {
    in_turn(Server::spark, |server| {
        let work = generated(server);
        real(server, &work);
        refusals_are_told(server, &work);
    });
}

/// Environment variables.
pub type Variables = Vec<(&'static str, String)>;

/// Sail with the S3 of the tests: the server, the endpoint, and the variables by which both reach it.
pub fn sail_with_s3() -> Option<(Server, String, Variables)> {
    let Ok(endpoint) = std::env::var("PFE_TEST_S3") else {
        assert!(std::env::var_os("CI").is_none(), "PFE_TEST_S3 is not set: `. tests/servers.sh` starts the server");
        eprintln!("skipped: PFE_TEST_S3 is not set; `. tests/tools.sh && . tests/servers.sh` starts the server");
        return None;
    };
    let variables = [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ENDPOINT_URL", &*endpoint),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_VIRTUAL_HOSTED_STYLE_REQUEST", "false"),
    ];
    let server = Server::sail(&variables)?;
    let variables = variables.map(|(name, value)| (name, value.to_string())).into_iter().collect();
    Some((server, endpoint, variables))
}

/// Through S3. Spark reads it if its cluster has the library; Sail reads it by itself.
#[test]
fn sail_reads_from_s3() {
    let Some((server, _, variables)) = sail_with_s3() else { return };
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let work = Workdir::with_data();
    let run = ["run", "--data", "data", "--quiet"];
    work.ok(&[&run[..], &["--out", "here"]].concat());
    let store = format!("s3://pfe-tests/engine-{}", std::process::id());
    let args = [&run[..], &["--out", "there", "--engine", &server.url, "--engine-store", &store]].concat();
    let done = work.pfe_with(&args, &variables);
    assert_eq!(done.code, Some(0), "{done}\n{}", server.log());
    assert_same(&work.files("here"), &work.files("there"));
}

/// Spark takes a path without glob characters as it is, whatever its name.
#[test]
fn folders_may_have_any_name() {
    let Some(server) = Server::sail(&[]) else { return };
    let work = Workdir::with_data();
    let out = "pasta com espaço é";
    work.ok(&["run", "--data", "data", "--quiet", "--out", out, "--engine", &server.url]);
    assert!(Path::new(&work.path(out)).join("mart/payments.parquet").exists());
}
