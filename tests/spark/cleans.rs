//! Raw files cleaned by a server give the same clean rows, audit, mart and results as here.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;

use pfe::schema::TableId;
use pfe::schema::contract::TABLES;
use polars::io::utils::compression::CompressedWriter;
use polars::io::utils::file::{Writable, WritableTrait};
use polars::prelude::*;

use super::server::Server;
use super::workdir::{Workdir, assert_same, copy};

const CLEAN: [&str; 11] = [
    "customers",
    "geolocation",
    "order_items",
    "order_payments",
    "order_reviews",
    "orders",
    "product_category_name_translation",
    "products",
    "sellers",
    "states_name",
    "zip_locations",
];

/// Compares a run on `data` here with one that the server cleans. Only hashes of the input, line numbers and the layout of
/// rows may differ.
fn same_there(server: &Server, work: &Workdir, data: &str, variables: &[(&str, &str)]) {
    let (here, there) = (format!("here-{data}"), format!("there-{data}"));
    work.ok(&["run", "--data", data, "--out", &here, "--quiet"]);
    same_as(server, work, (data, &here, &there), variables);
}

fn same_as(server: &Server, work: &Workdir, (data, here, there): (&str, &str, &str), variables: &[(&str, &str)]) {
    // With so little memory, this process would read out of core.
    let run = ["run", "--data", data, "--out", there, "--memory", "1", "--engine", &server.url, "--engine-cleans"];
    let done = work.pfe_with(&[&run[..], &["--quiet"]].concat(), variables);
    assert_eq!(done.code, Some(0), "{done}\n{}", server.log());
    for folder in ["mart", "tables"] {
        assert_same(&work.files(&format!("{here}/{folder}")), &work.files(&format!("{there}/{folder}")));
    }
    for table in CLEAN {
        let [a, b] = [here, there].map(|out| rows(work, &format!("{out}/clean/{table}")));
        assert_eq!(a.schema(), b.schema(), "{table}");
        assert!(a.equals_missing(&b), "the rows of `{table}` differ");
    }
    let [a, b] = [here, there].map(|out| {
        let mut audit = work.json(&format!("{out}/audit.json"));
        audit["inputs"] = serde_json::Value::Null;
        // Which value comes first, and where, an engine does not say.
        for warning in audit["warnings"].as_array_mut().unwrap() {
            let told = warning.as_str().unwrap().split("; the first is").next().unwrap();
            *warning = told.split(", such as").next().unwrap().into();
        }
        audit
    });
    for (name, part) in a.as_object().unwrap() {
        assert_eq!(part, &b[name], "{name}");
    }
    assert_eq!(set_aside(work, here), set_aside(work, there));
    let again = work.pfe_with(&run, variables);
    assert!(again.stdout.starts_with("nothing has changed"), "{again}");
}

/// Sorted rows of a table in one file, or in a folder of several: engines write in any order.
fn rows(work: &Workdir, path: &str) -> DataFrame {
    let single = work.path(&format!("{path}.parquet"));
    let files = match single.exists() {
        true => vec![single],
        false => {
            let entries = std::fs::read_dir(work.path(path)).unwrap().map(|entry| entry.unwrap().path());
            entries.filter(|path| path.extension().is_some_and(|end| end == "parquet")).collect()
        }
    };
    let frames = files.iter().map(|path| ParquetReader::new(File::open(path).unwrap()).finish().unwrap());
    let all = frames.reduce(|all, next| all.vstack(&next).unwrap()).unwrap();
    let columns: Vec<String> = all.get_column_names().iter().map(|name| name.to_string()).collect();
    all.sort(columns, SortMultipleOptions::default()).unwrap()
}

/// Quarantined rows, without line numbers and order.
fn set_aside(work: &Workdir, out: &str) -> Vec<String> {
    let Ok(tables) = std::fs::read_dir(work.path(&format!("{out}/quarantine"))) else { return Vec::new() };
    let mut all = Vec::new();
    for table in tables {
        let name = table.unwrap().file_name().into_string().unwrap();
        for mut row in work.table(&format!("{out}/quarantine/{name}")) {
            row.remove("line");
            all.push(format!("{name} {row:?}"));
        }
    }
    all.sort();
    all
}

/// Generated data with every kind of defect. Records with too many or too few fields only if the server detects them.
fn spoilt(work: &Workdir, tells_malformed: bool) {
    work.ok(&["synth", "--orders", "3000", "--seed", "5", "--defects", "0.02", "--out", "spoilt", "--quiet"]);
    if tells_malformed {
        return;
    }
    for (name, bytes) in work.files("spoilt").into_iter().filter(|(name, _)| name.ends_with(".csv")) {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&bytes[..]);
        let header = reader.headers().unwrap().clone();
        // Keeps the file's line ends.
        let end = if bytes.windows(2).any(|two| two == b"\r\n") {
            csv::Terminator::CRLF
        } else {
            csv::Terminator::Any(b'\n')
        };
        let mut writer =
            csv::WriterBuilder::new().terminator(end).quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        writer.write_record(&header).unwrap();
        for record in reader.records().map(|record| record.unwrap()).filter(|record| record.len() == header.len()) {
            writer.write_record(&record).unwrap();
        }
        work.write(&format!("spoilt/{name}"), writer.into_inner().unwrap());
    }
}

/// Tables in several files: one compressed, one with a byte-order mark and CRLF, others without rows; marks of missing values, and few names
/// of categories.
fn laid_out(work: &Workdir) {
    copy(&work.path("spoilt"), &work.path("laid-out"));
    let name = "laid-out/olist_orders_dataset.csv";
    let text = work.read(name).replace('\r', "");
    std::fs::remove_file(work.path(name)).unwrap();
    let (header, rows) = text.split_once('\n').unwrap();
    let middle = rows.len() / 2 + rows[rows.len() / 2..].find('\n').unwrap();
    for (name, rows) in [("orders_2017", &rows[..middle]), ("orders_2018", &rows[middle + 1..])] {
        let file = File::create(work.path(&format!("laid-out/{name}.csv.gz"))).unwrap();
        let mut packed = CompressedWriter::gzip(Writable::Local(file), None);
        packed.write_all(format!("{header}\n{rows}\n").as_bytes()).unwrap();
        packed.close().unwrap();
    }
    let windows = work.read("laid-out/olist_sellers_dataset.csv").replace('\r', "").replace('\n', "\r\n");
    work.write("laid-out/olist_sellers_dataset.csv", format!("\u{feff}{windows}"));
    work.edit("laid-out/olist_order_reviews_dataset.csv", |text| text.lines().next().unwrap().to_string() + "\n");
    work.edit("laid-out/olist_products_dataset.csv", |text| text.replace("\"\"", "\"\\N\""));
    let few = |text: String| text.lines().take(11).flat_map(|line| [line, "\n"]).collect();
    work.edit("laid-out/product_category_name_translation.csv", few);
    std::fs::remove_file(work.path("laid-out/states_name.csv")).unwrap();
}

/// Values about which readers of ids, numbers, dates and texts disagree. Not among them: forms that this process converts and a server
/// refuses with a hint, such as `1 000` and `2018-1-1`.
const HOSTILE: [&str; 55] = [
    "",
    " ",
    "\t",
    "NULL",
    "null",
    "NA",
    "N/A",
    "\\N",
    "None",
    "-",
    "0",
    "-0",
    "+1",
    "00",
    "01",
    "-1",
    "1.",
    ".5",
    "1.0",
    "1.5",
    "2147483648",
    "9223372036854775808",
    "99999999999999999999",
    "10000000.00",
    "10000000.01",
    "NaN",
    "inf",
    "-Infinity",
    "0x10",
    "1_000",
    "\u{661}\u{662}",
    "\u{ff11}",
    "1d",
    "1f",
    "true",
    "2018-01-01 10:00:00",
    "2018-02-29 10:00:00",
    "2018-13-01 10:00:00",
    "2018-01-01 24:00:00",
    "2018-01-01 10:00:60",
    "2018-01-01T10:00:00",
    "0001-01-01 00:00:00",
    "9999-12-31 23:59:59",
    "+2018-01-01 10:00:00",
    "sp",
    "SP ",
    "XX",
    "\u{feff}SP",
    "cr\u{e9}dit",
    "a\u{301}",
    "a\"b",
    "a,b",
    "a\\",
    "'; --",
    "\u{202e}x",
];

/// Generated data in which each hostile value stands in each column, in a row of its own.
fn hostile(work: &Workdir) {
    work.ok(&["synth", "--orders", "4000", "--seed", "11", "--out", "hostile", "--quiet"]);
    for table in &TABLES {
        let name = format!("hostile/{}", table.file);
        let bytes = std::fs::read(work.path(&name)).unwrap_or_default();
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        let header = reader.headers().unwrap().clone();
        let mut rows: Vec<Vec<String>> =
            reader.records().map(|row| row.unwrap().iter().map(String::from).collect()).collect();
        let mut pairs: Vec<(usize, &str)> =
            (0..header.len()).flat_map(|column| HOSTILE.iter().map(move |value| (column, *value))).collect();
        // Of a short table a fifth of the rows at most: one of which most rows are wrong is refused as a whole.
        let step = (5 * pairs.len()).div_ceil(rows.len().max(1)).max(1);
        pairs = pairs.into_iter().step_by(step).collect();
        for (i, (column, value)) in pairs.iter().enumerate() {
            let at = i * rows.len() / pairs.len();
            rows[at][*column] = value.to_string();
        }
        let mut writer = csv::WriterBuilder::new().quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
        writer.write_record(&header).unwrap();
        rows.iter().for_each(|row| writer.write_record(row).unwrap());
        work.write(&name, writer.into_inner().unwrap());
    }
}

/// What a server cannot clean, or finds wrong, is reported as this process does, and the folder is unchanged.
fn refusals_are_told(server: &Server, work: &Workdir) {
    let fails = |data: &str, code: i32, words: &[&str]| {
        let run =
            ["run", "--data", data, "--out", "there-spoilt", "--engine", &server.url, "--engine-cleans", "--quiet"];
        let before = work.files("there-spoilt");
        work.fails(&run, code, words);
        let after = work.files("there-spoilt");
        assert!(before.iter().all(|(name, bytes)| after.get(name) == Some(bytes)), "the finished run is as it was");
    };
    let spoil = |name: &str, edit: &dyn Fn(String) -> String, words: &[&str]| {
        copy(&work.path("spoilt"), &work.path("worse"));
        work.edit(&format!("worse/{name}"), edit);
        fails("worse", 2, words);
        std::fs::remove_dir_all(work.path("worse")).unwrap();
    };
    let customers = "olist_customers_dataset.csv";
    spoil(
        customers,
        &|text| text.replacen("customer_city", "town", 1),
        &["column `customer_city` is missing from", "town"],
    );
    spoil(customers, &|_| String::new(), &["`olist_customers_dataset.csv` is empty"]);
    let broken = |text: String| {
        let (header, rows) = text.split_once('\n').unwrap();
        format!(
            "{header}\n{}",
            rows.replace("\"SP\"", "\"XX\"").replace("\"RJ\"", "\"XX\"").replace("\"MG\"", "\"XX\"")
        )
    };
    spoil(
        customers,
        &broken,
        &["rows of `olist_customers_dataset.csv` break the contract; the first is `", "value `XX`"],
    );
    spoil(
        "olist_orders_dataset.csv",
        &|text| text.lines().next().unwrap().to_string() + "\n",
        &["there is no order in the data"],
    );
    let cut = |text: String| text.trim_end_matches(['\r', '\n', '"']).to_string() + "x";
    let words = ["`olist_sellers_dataset.csv` is cut off in `", "not one of the 27 state codes"];
    spoil("olist_sellers_dataset.csv", &cut, &words);
    copy(&work.path("spoilt"), &work.path("worse"));
    work.write("worse/orders_2.csv", "order_id,other\nx,y\n");
    fails("worse", 2, &["are missing from `orders_2.csv`", "has the columns `order_id`, `other`"]);
    std::fs::remove_file(work.path("worse/orders_2.csv")).unwrap();
    std::fs::remove_file(work.path("worse/olist_orders_dataset.csv")).unwrap();
    let columns = TableId::Orders.table().columns.iter().map(|column| Column::new(column.source.into(), ["x"]));
    let mut orders = DataFrame::new(1, columns.collect()).unwrap();
    ParquetWriter::new(File::create(work.path("worse/orders.parquet")).unwrap()).finish(&mut orders).unwrap();
    fails("worse", 2, &["an engine cleans CSV files that it reaches, and `orders.parquet` is none", "--engine-cleans"]);
    let run = ["run", "--data", "spoilt", "--engine-cleans"];
    work.fails(&run, 2, &["--engine"]);
    work.fails(&[&run[..], &["--engine", "polars"]].concat(), 2, &["`polars` cleans no files by itself"]);
    work.fails(&[&run[..], &["--engine", &server.url, "--monthly"]].concat(), 2, &["cannot be used with"]);
}

/// A lake that both see, in which an earlier run has left other rows.
fn into_a_lake(server: &Server, work: &Workdir) {
    let run = ["run", "--data", "spoilt", "--out", "lake-out", "--quiet", "--engine", &server.url, "--engine-cleans"];
    let run = [&run[..], &["--engine-store", "lake:lake"]].concat();
    let name = "spoilt/olist_orders_dataset.csv";
    let text = work.read(name);
    work.write(name, text.lines().take(2_900).collect::<Vec<_>>().join("\n") + "\n");
    work.ok(&run);
    work.write(name, text);
    work.ok(&run);
    assert_same(&work.files("here-spoilt/mart"), &work.files("lake-out/mart"));
    let [a, b] = ["here-spoilt/clean/orders", "lake/cleaned_data/orders"].map(|path| rows(work, path));
    assert!(a.equals_missing(&b));
}

/// A changed file is detected by its rows; a rewritten file with the same rows is no change.
fn changes_are_known(server: &Server, work: &Workdir) {
    let plan = ["plan", "--data", "spoilt", "--out", "there-spoilt", "--engine", &server.url, "--engine-cleans"];
    let name = "spoilt/olist_sellers_dataset.csv";
    let text = work.read(name);
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    work.write(name, lines.join("\n") + "\n");
    let told = work.ok(&plan);
    assert!(!told.stdout.contains("stale"), "{told}");
    let statements = work.ok(&[&plan[..], &["--sql"]].concat()).stdout;
    assert!(CLEAN.iter().all(|table| statements.contains(&format!("-- {table}\nSELECT"))), "{statements}");
    work.write(name, lines[..lines.len() - 1].join("\n") + "\n");
    let told = work.ok(&plan);
    assert!(told.stdout.contains("input `rows of olist_sellers_dataset.csv` changed"), "{told}");
    work.write(name, text);
    let rerun = ["verify", "--rerun", "--data", "spoilt", "--out", "there-spoilt"];
    work.fails(&rerun, 2, &["an engine elsewhere has cleaned the data of the run in `there-spoilt`", "pfe diff"]);
    let check = ["report", "--check", "--data", "spoilt", "--out", "there-spoilt"];
    work.fails(&check, 2, &["an engine elsewhere has cleaned the data of the run in `there-spoilt`"]);
    let same = work.pfe(&["diff", "here-spoilt", "there-spoilt"]);
    assert!(same.stdout.contains("tables are the same"), "{same}");
}

#[test]
fn sail_cleans() {
    let Some(server) = Server::sail(&[]) else { return };
    let work = Workdir::new();
    spoilt(&work, false);
    same_there(&server, &work, "spoilt", &[]);
    hostile(&work);
    same_there(&server, &work, "hostile", &[]);
    changes_are_known(&server, &work);
    into_a_lake(&server, &work);
    refusals_are_told(&server, &work);
    laid_out(&work);
    same_there(&server, &work, "laid-out", &[]);
    // Sail cannot detect a record with another number of fields, and says so.
    work.edit("laid-out/olist_products_dataset.csv", |text| text + "\"a\",\"b\"\n");
    let run = ["run", "--data", "laid-out", "--engine", &server.url, "--engine-cleans", "--quiet"];
    work.fails(
        &run,
        1,
        &["cannot read `olist_products_dataset.csv`", "number of fields", "too many or too few fields"],
    );
    if let Ok(real) = std::env::var("PFE_DATA") {
        std::os::unix::fs::symlink(real, work.path("real")).unwrap();
        same_there(&server, &work, "real", &[]);
    }
}

#[test]
fn sail_with_workers_cleans() {
    let Some(server) = Server::sail(&[("SAIL_MODE", "local-cluster")]) else { return };
    let work = Workdir::new();
    spoilt(&work, false);
    same_there(&server, &work, "spoilt", &[]);
}

#[test]
fn spark_cleans() {
    let Some(server) = Server::spark() else { return };
    let work = Workdir::new();
    spoilt(&work, true);
    // The rows of `spoilt`, in other files.
    laid_out(&work);
    same_there(&server, &work, "laid-out", &[]);
}

/// Raw files in a bucket, which this process only lists.
#[test]
fn sail_cleans_from_s3() {
    let Some((server, endpoint, variables)) = super::same::sail_with_s3() else { return };
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let work = Workdir::with_data();
    let prefix = format!("raw-{}", std::process::id());
    for (name, bytes) in work.files("data").into_iter().filter(|(name, _)| name.ends_with(".csv")) {
        put(&endpoint, &format!("/pfe-tests/{prefix}/csv/{name}"), &bytes);
    }
    let bucket = format!("s3://pfe-tests/{prefix}");
    let here = work.pfe_with(&["run", "--data", &bucket, "--out", "here", "--quiet"], &variables);
    assert_eq!(here.code, Some(0), "{here}");
    same_as(&server, &work, (&bucket, "here", "there"), &variables);
    // The clean tables stay in the bucket, too.
    let run = ["run", "--data", &bucket, "--out", "apart", "--engine", &server.url, "--engine-cleans"];
    let done = work.pfe_with(&[&run[..], &["--engine-store", &bucket]].concat(), &variables);
    assert_eq!(done.code, Some(0), "{done}\n{}", server.log());
    assert_eq!(work.files("apart/clean").into_keys().collect::<Vec<_>>(), ["places.json"]);
    for folder in ["mart", "tables"] {
        assert_same(&work.files(&format!("here/{folder}")), &work.files(&format!("apart/{folder}")));
    }
    let verified = work.pfe_with(&["verify", "--out", "apart", "--engine", &server.url], &variables);
    assert!(verified.stdout.contains("the mart comes out the same"), "{verified}");
}

/// Puts an object into a bucket of the test server, which requires no signature.
fn put(endpoint: &str, path: &str, bytes: &[u8]) {
    let host = endpoint.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let head =
        format!("PUT {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len());
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
