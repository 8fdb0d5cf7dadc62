//! Bad input: one clear message, the right exit code, no partial output, no lost files.

use crate::workdir::Workdir;
use std::io::Write;

const ORDERS: &str = "data/olist_orders_dataset.csv";
const ITEMS: &str = "data/olist_order_items_dataset.csv";

/// The run fails on the user's input, and the output folder is unchanged.
fn refused(work: &Workdir, words: &[&str]) {
    work.write("out/notes.txt", "mine");
    work.fails(&["run", "--data", "data"], 2, words);
    assert_eq!(work.files("out").into_keys().collect::<Vec<_>>(), ["notes.txt"]);
}

#[test]
fn no_data_there() {
    let work = Workdir::new();
    work.fails(&["run", "--data", "nowhere"], 2, &["no data at `nowhere`", "hint: `--data` takes"]);
    work.write("data/readme.txt", "nothing");
    refused(&work, &["are missing from `data`", "no Olist file is there"]);
}

#[test]
fn a_missing_file() {
    let work = Workdir::with_data();
    std::fs::remove_file(work.path(ITEMS)).unwrap();
    refused(&work, &["`olist_order_items_dataset.csv` is missing from `data`", "hint: files found: "]);
}

#[test]
fn a_missing_column() {
    let work = Workdir::with_data();
    work.edit(ITEMS, |csv| csv.replacen("\"price\"", "\"preis\"", 1));
    refused(&work, &["column `price` is missing from `olist_order_items_dataset.csv`", "`preis`"]);
}

#[test]
fn a_column_twice() {
    let work = Workdir::with_data();
    work.edit(ITEMS, |csv| csv.replacen("\"freight_value\"", "\"price\"", 1));
    refused(&work, &["column `price` stands twice"]);
}

#[test]
fn another_delimiter() {
    let work = Workdir::with_data();
    work.edit(ORDERS, |csv| csv.replace(',', "^"));
    let told = [
        "columns `order_id`, `customer_id`, ",
        " are missing from `olist_orders_dataset.csv`",
        "a table of something else",
    ];
    refused(&work, &told);
}

#[test]
fn an_empty_file() {
    let work = Workdir::with_data();
    work.write(ORDERS, "");
    refused(&work, &["`olist_orders_dataset.csv` is empty"]);
}

#[test]
fn a_header_without_orders() {
    let work = Workdir::with_data();
    work.edit(ORDERS, |csv| csv.lines().next().unwrap().to_string() + "\n");
    refused(&work, &["there is no order in the data"]);
}

#[test]
fn a_file_cut_in_the_middle() {
    let work = Workdir::with_data();
    work.edit(ORDERS, |csv| csv[..csv.len() / 2 + 7].trim_end().to_string());
    refused(&work, &["`olist_orders_dataset.csv` is cut off in line ", "hint: the file is incomplete"]);
}

#[test]
fn another_format_of_dates() {
    let work = Workdir::with_data();
    work.edit(ORDERS, |csv| csv.replace("2017-", "17/").replace("2018-", "18/"));
    refused(
        &work,
        &["the dates of `olist_orders_dataset.csv` have a form that pfe does not read", "pfe reads dates such as"],
    );
}

/// All files are named in one message, which is said once, and with what their dates look like.
#[test]
fn dates_of_all_files_in_a_form_that_is_not_read() {
    type Write = fn(&str) -> String;
    let of = |date: &str| -> Vec<String> { date[..10].split('-').map(String::from).collect() };
    let forms: [(Write, &str); 3] = [
        (
            |date| format!("{}/{}/{} {}", &date[8..10], &date[5..7], &date[2..4], &date[11..]),
            "has a year of two digits",
        ),
        (|date| format!("{}-Sep-{}", &date[8..10], &date[..4]), "has the name of a month"),
        (|date| format!("{} 01:12 p.m.", &date[..10]), "has points in `AM` or `PM`"),
    ];
    for (write, looks) in forms {
        let work = Workdir::with_data();
        for name in ["orders", "order_items", "order_reviews"] {
            work.edit(&format!("data/olist_{name}_dataset.csv"), |csv| {
                let field = |field: &str| {
                    let text = field.trim_matches('"');
                    let is_date = text.len() == 19 && of(text).len() == 3 && text.contains(':');
                    if is_date { write(text) } else { field.to_string() }
                };
                let line = |line: &str| line.split(',').map(field).collect::<Vec<_>>().join(",") + "\n";
                csv.lines().map(line).collect()
            });
        }
        let files = "`olist_order_items_dataset.csv`, `olist_order_reviews_dataset.csv`, `olist_orders_dataset.csv`";
        let told = format!("the dates of {files} have a form that pfe does not read; the first is `");
        refused(&work, &[&told, looks, "pfe reads dates such as `2017-09-26 12:55:15`"]);
        assert!(!work.pfe(&["run", "--data", "data"]).stderr.contains("also failed"));
    }
}

/// A file that the system makes as it is read may never end, and says that it is regular.
#[cfg(target_os = "linux")]
#[test]
fn files_of_the_system_and_links_that_lead_nowhere() {
    let work = Workdir::with_data();
    for path in ["/proc/kmsg", "/proc/self/mem"] {
        work.fails(&["run", "--data", path], 2, &[&format!("`{path}` is a"), "not a regular file", "hint: "]);
    }
    let link = |target: &str, name: &str| std::os::unix::fs::symlink(target, work.path(name)).unwrap();
    link("nowhere", "out");
    work.fails(&["run", "--data", "data"], 2, &["the output folder `out` is a link that leads nowhere", "hint: "]);
    std::fs::remove_file(work.path("out")).unwrap();
    for target in ["nowhere", "olist_orders_dataset.csv"] {
        std::fs::remove_file(work.path(ORDERS)).unwrap();
        link(target, ORDERS);
        refused(&work, &["olist_orders_dataset.csv` is a link that leads nowhere", "hint: remove the link"]);
    }
    link("nowhere", "link");
    work.fails(&["run", "--data", "link"], 2, &["`link` is a link that leads nowhere"]);
}

#[test]
fn an_entry_of_an_archive_that_is_corrupt() {
    let work = Workdir::with_data();
    let mut zip = zip::ZipWriter::new(std::fs::File::create(work.path("a.zip")).unwrap());
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in work.files("data") {
        zip.start_file(name, stored).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap();
    let mut bytes = std::fs::read(work.path("a.zip")).unwrap();
    let at = bytes.windows(9).position(|window| window == b"delivered").unwrap();
    bytes[at] = b'D';
    work.write("a.zip", bytes);
    work.fails(&["run", "--data", "a.zip"], 2, &["Invalid checksum", "hint: the file is damaged, or the archive"]);
}

/// A value that cannot be read is quarantined; its row and the others are analysed.
#[test]
fn a_byte_that_is_not_utf8() {
    let work = Workdir::with_data();
    let mut bytes = std::fs::read(work.path("data/olist_sellers_dataset.csv")).unwrap();
    let second_line = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    // Inside the city of the first seller.
    bytes[second_line + 48] = 0xe3;
    work.write("data/olist_sellers_dataset.csv", bytes);
    let done = work.ok(&["run", "--data", "data"]);
    assert!(done.stderr.contains("1 value of `seller_city` in `sellers` is set aside, its row stays"), "{done}");
    assert!(done.stderr.contains("line 2 of `olist_sellers_dataset.csv`: not UTF-8"), "{done}");
}

#[test]
fn archives_that_are_none_or_hostile() {
    let work = Workdir::new();
    work.write("a.zip", "not a zip");
    work.fails(&["run", "--data", "a.zip"], 2, &["`a.zip` is not a readable zip archive"]);
    let archive = |name: &str, entry: &str, bytes: &[u8]| {
        let mut zip = zip::ZipWriter::new(std::fs::File::create(work.path(name)).unwrap());
        zip.start_file(entry, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
        zip.finish().unwrap();
    };
    archive("up.zip", "../olist_orders_dataset.csv", b"x");
    work.fails(&["run", "--data", "up.zip"], 2, &["points outside of it"]);
    archive("bomb.zip", "olist_orders_dataset.csv", &vec![b'0'; 50_000_000]);
    work.fails(&["run", "--data", "bomb.zip"], 2, &["would unpack to 50000000 bytes"]);
}

#[test]
fn damaged_documents() {
    let work = Workdir::with_data();
    std::fs::remove_file(work.path("data/olist_sellers_dataset.csv")).unwrap();
    work.write("data/json/sellers.json", "[{\"seller_id\": ");
    refused(&work, &["cannot read `json/sellers.json`", "cut off"]);
    work.write("data/json/sellers.json", "[{\"seller_id\": \"a\"}]");
    refused(&work, &["column `seller_zip_code_prefix` is missing"]);
}

#[test]
fn an_output_folder_that_cannot_be_written() {
    let work = Workdir::with_data();
    work.write("file", "");
    work.fails(&["run", "--data", "data", "--out", "file"], 2, &["the output folder `file` is a file"]);
    // Nobody, not even root, can create files there.
    work.fails(&["run", "--data", "data", "--out", "/proc/pfe"], 1, &["cannot create `/proc/pfe`"]);
}

/// Remains of a killed run: staged files, and a half-finished commit with its mark.
#[test]
fn the_remains_of_an_unfinished_run() {
    let work = Workdir::with_data();
    work.write("out/.unfinished-pfe-run", r#"{"pfe": "0.1.0", "files": ["tables/by_state.csv", "tables/winner.csv"]}"#);
    work.write("out/tables/by_state.csv", "half");
    work.write("out/.pfe-run/staged-by", "pfe\n");
    work.write("out/.pfe-run/clean/orders.parquet", "half");
    work.write("out/notes.txt", "mine");
    work.fails(&["report"], 2, &["`out` holds no finished run", "hint: `pfe run` makes one"]);
    let done = work.ok(&["run", "--data", "data"]);
    assert!(done.stderr.contains("the last run in `out` did not finish"), "{done}");
    assert!(work.path("out/run.json").exists() && work.read("out/notes.txt") == "mine");
    assert!(work.files("out").keys().all(|name| !name.starts_with('.')));
}

/// Data in the output folder survive their own analysis, and do not count as generated.
#[test]
fn what_pfe_did_not_write_is_not_replaced() {
    let work = Workdir::with_data();
    std::fs::remove_file(work.path("data/truth.json")).unwrap();
    work.ok(&["run", "--data", "data", "--out", ".", "--quiet"]);
    work.fails(&["--orders", "2000", "--out", "."], 2, &["data/olist_customers_dataset.csv` is in the way"]);
    assert!(work.path("data/olist_orders_dataset.csv").exists());
}

#[test]
fn another_run_is_writing_there() {
    let work = Workdir::with_data();
    work.write("out/notes.txt", "mine");
    let lock = std::fs::File::open(work.path("out")).unwrap();
    lock.lock().unwrap();
    work.fails(&["run", "--data", "data"], 2, &["another run is writing to `out`", "hint: wait for it"]);
}

#[test]
fn wrong_arguments() {
    let work = Workdir::new();
    for (args, word) in [
        (vec!["--orders", "0"], "orders"),
        (vec!["--defects", "1.5", "--orders", "10"], "defects"),
        (vec!["--data", "x", "--orders", "5"], "cannot be used with"),
        (vec!["ddl", "oracle"], "possible values"),
        (vec!["frobnicate"], "frobnicate"),
    ] {
        let done = work.pfe(&args);
        assert_eq!(done.code, Some(2), "{done}");
        assert!(done.stderr.contains(word), "{done}");
    }
}
