//! Data as people have them: each variant gives the same clean tables, or one message that says everything.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::sync::OnceLock;

use polars::io::utils::compression::CompressedWriter;
use polars::io::utils::file::{Writable, WritableTrait};
use polars::prelude::{CsvReadOptions, ParquetWriter, SerReader};

use super::workdir::{Workdir, assert_same};

const CUSTOMERS: &str = "olist_customers_dataset.csv";
const GEOLOCATION: &str = "olist_geolocation_dataset.csv";
pub(super) const ITEMS: &str = "olist_order_items_dataset.csv";
pub(super) const ORDERS: &str = "olist_orders_dataset.csv";
pub(super) const PAYMENTS: &str = "olist_order_payments_dataset.csv";
pub(super) const PRODUCTS: &str = "olist_products_dataset.csv";
pub(super) const REVIEWS: &str = "olist_order_reviews_dataset.csv";
const SELLERS: &str = "olist_sellers_dataset.csv";
pub(super) const TRANSLATION: &str = "product_category_name_translation.csv";

/// Clean tables made from a place, as files of a lake, and the messages about it.
pub(super) fn clean(work: &Workdir, from: &[&str]) -> (BTreeMap<String, Vec<u8>>, String) {
    let mut args = vec!["load", "--to", "lake:lake", "--schema", "cleaned"];
    args.extend(from.iter().flat_map(|place| ["--from", place]));
    let done = work.ok(&args);
    (work.files("lake"), done.stderr)
}

/// Clean tables of the data as generated.
pub(super) fn generated() -> &'static BTreeMap<String, Vec<u8>> {
    static CLEAN: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    CLEAN.get_or_init(|| clean(&Workdir::with_data(), &["data"]).0)
}

/// The variant gives the same tables, except `but`, with `words` in the warnings. Without words, there must be no warning.
pub(super) fn same_but(work: &Workdir, from: &[&str], but: &[&str], words: &[&str]) {
    let (tables, told) = clean(work, from);
    let others = |tables: &BTreeMap<String, Vec<u8>>| {
        let kept = |name: &str| !but.iter().any(|table| name.ends_with(&format!("/{table}.parquet")));
        tables.iter().filter(|(name, _)| kept(name)).map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
    };
    assert_same(&others(generated()), &others(&tables));
    assert!(words.iter().all(|word| told.contains(word)), "{told}");
    assert!(!words.is_empty() || told.is_empty(), "{told}");
}

pub(super) fn same(work: &Workdir, from: &str, words: &[&str]) {
    same_but(work, &[from], &[], words);
}

/// One message with all these words, and an empty output folder.
pub(super) fn refused(work: &Workdir, place: &str, words: &[&str]) {
    work.fails(&["run", "--data", place], 2, words);
    assert!(!work.path("out").exists());
}

fn moved(work: &Workdir, from: &str, to: &str) {
    let to = work.path(to);
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    fs::rename(work.path(from), to).unwrap();
}

pub(super) fn removed(work: &Workdir, names: &[&str]) {
    names.iter().for_each(|name| fs::remove_file(work.path("data").join(name)).unwrap());
}

/// Splits a text into two halves of similar length, each with the header.
fn halves(text: &str) -> [String; 2] {
    let (header, rows) = text.split_once('\n').unwrap();
    // End of a row: no field of the tables that are split here contains a line break.
    let middle = rows.len() / 2 + rows[rows.len() / 2..].find('\n').unwrap() + 1;
    [&rows[..middle], &rows[middle..]].map(|rows| format!("{header}\n{rows}"))
}

fn zipped(work: &Workdir, name: &str, entries: impl IntoIterator<Item = (String, Vec<u8>)>) {
    fs::create_dir_all(work.path(name).parent().unwrap()).unwrap();
    let mut zip = zip::ZipWriter::new(fs::File::create(work.path(name)).unwrap());
    for (entry, bytes) in entries {
        zip.start_file(entry, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(&bytes).unwrap();
    }
    zip.finish().unwrap();
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut writer = CompressedWriter::gzip(Writable::Local(file.reopen().unwrap()), None);
    writer.write_all(bytes).unwrap();
    writer.close().unwrap();
    fs::read(file.path()).unwrap()
}

/// A table as Parquet, with texts and numbers as pandas writes them.
pub(super) fn parquet(work: &Workdir, name: &str) -> Vec<u8> {
    let read = CsvReadOptions::default().try_into_reader_with_file_path(Some(work.path("data").join(name)));
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut read.unwrap().finish().unwrap()).unwrap();
    bytes
}

/// Removes columns from a table.
fn without_columns(work: &Workdir, name: &str, columns: &[&str]) {
    let mut reader = csv::Reader::from_path(work.path("data").join(name)).unwrap();
    let kept: Vec<bool> = reader.headers().unwrap().iter().map(|column| !columns.contains(&column)).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let keep = |record: &csv::StringRecord| {
        record.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(field, _)| field.to_string()).collect::<Vec<_>>()
    };
    writer.write_record(keep(reader.headers().unwrap())).unwrap();
    for record in reader.records() {
        writer.write_record(keep(&record.unwrap())).unwrap();
    }
    work.write(&format!("data/{name}"), writer.into_inner().unwrap());
}

#[test]
fn without_the_names_of_categories() {
    let work = Workdir::with_data();
    removed(&work, &[TRANSLATION]);
    same(&work, "data", &["`product_category_name_translation.csv` is missing: the 73 names of Olist's categories"]);
    let words = ["`--strict` refuses", "`product_category_name_translation.csv` is missing from `data`"];
    work.fails(&["run", "--data", "data", "--strict"], 2, &words);
}

#[test]
fn a_file_of_names_overrides_those_that_are_held() {
    let work = Workdir::with_data();
    work.edit(&format!("data/{TRANSLATION}"), |csv| csv.replace("health_beauty", "beauty_and_health"));
    let done = work.ok(&["findings", "--data", "data", "--category", "beauty_and_health"]);
    assert!(done.stdout.contains("beauty_and_health"), "{done}");
}

#[test]
fn without_geolocation() {
    let work = Workdir::with_data();
    removed(&work, &[GEOLOCATION]);
    same_but(&work, &["data"], &["geolocation", "zip_locations"], &["no zip prefix has a location"]);
}

#[test]
fn without_reviews() {
    let work = Workdir::with_data();
    removed(&work, &[REVIEWS]);
    same_but(
        &work,
        &["data"],
        &["order_reviews"],
        &["`olist_order_reviews_dataset.csv` is missing: no order has a score"],
    );
}

#[test]
fn without_sellers() {
    let work = Workdir::with_data();
    removed(&work, &[SELLERS]);
    same_but(
        &work,
        &["data"],
        &["sellers"],
        &["`olist_sellers_dataset.csv` is missing: where sellers are is not known"],
    );
}

/// The rest of the run works, in memory and out of core; its pages, in both languages, say what is missing.
#[test]
fn without_all_that_an_analysis_can_do_without() {
    let work = Workdir::with_data();
    removed(&work, &[GEOLOCATION, REVIEWS, SELLERS, TRANSLATION]);
    let missing = [GEOLOCATION, REVIEWS, SELLERS, TRANSLATION].map(|file| format!("`{file}` is missing: "));
    let done = work.ok(&["run", "--data", "data"]);
    assert!(missing.iter().all(|words| done.stderr.contains(words)), "{done}");
    let audit = work.json("out/audit.json");
    let told: Vec<&str> = audit["warnings"].as_array().unwrap().iter().filter_map(|told| told.as_str()).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    let quality = audit["quality"].as_array().unwrap();
    assert!(quality.iter().all(|check| check["severity"] != "error" || check["failed"] == 0), "{quality:?}");
    for (lang, words) in [("fr", " » manque"), ("en", "” is missing: ")] {
        work.ok(&["report", "--lang", lang, "--quiet"]);
        let page = work.read("out/report.html").replace(['\u{a0}', '\u{202f}'], " ");
        assert!(
            [GEOLOCATION, REVIEWS, SELLERS, TRANSLATION].iter().all(|file| page.contains(&format!("{file}{}", words))),
            "{lang}"
        );
    }
    let before = work.files("out/tables");
    work.ok(&["run", "--data", "data", "--memory", "1", "--out", "ranges", "--quiet"]);
    assert_same(&before, &work.files("ranges/tables"));
    work.fails(&["audit", "--data", "data", "--strict"], 2, &["`--strict` refuses", GEOLOCATION]);
}

#[test]
fn columns_that_may_be_empty_are_missing() {
    let work = Workdir::with_data();
    without_columns(&work, REVIEWS, &["review_comment_title", "review_comment_message"]);
    without_columns(&work, PRODUCTS, &["product_photos_qty"]);
    let words = [
        "column `review_comment_message` is missing from `olist_order_reviews_dataset.csv`: it is empty",
        "column `product_photos_qty` is missing",
    ];
    same_but(&work, &["data"], &["order_reviews", "products"], &words);
    work.fails(&["audit", "--data", "data", "--strict"], 2, &["column `review_comment_title` is missing"]);
}

/// Points without place names, and invalid points.
#[test]
fn columns_of_geolocation_are_missing() {
    let work = Workdir::with_data();
    without_columns(&work, GEOLOCATION, &["geolocation_city", "geolocation_state"]);
    let told = "column `geolocation_city` is missing from `olist_geolocation_dataset.csv`: it is empty";
    let done = work.ok(&["run", "--data", "data", "--lang", "en"]);
    assert!(done.stderr.contains(told) && work.read("out/audit.json").contains(told), "{done}");
    assert!(work.read("out/report.html").contains("“geolocation_city” is missing from"));
    without_columns(&work, GEOLOCATION, &["geolocation_lat"]);
    let degrees = work.ok(&["audit", "--data", "data"]).stdout;
    assert!(degrees.contains("column `geolocation_lat` is missing"), "{degrees}");
}

#[test]
fn all_columns_that_must_be_there_are_told_at_once() {
    let work = Workdir::with_data();
    without_columns(&work, REVIEWS, &["review_id", "review_score"]);
    without_columns(&work, CUSTOMERS, &["customer_state"]);
    refused(
        &work,
        "data",
        &[
            "columns `review_id`, `review_score` are missing from `olist_order_reviews_dataset.csv`",
            "column `customer_state` is missing from `olist_customers_dataset.csv`",
        ],
    );
}

#[test]
fn names_in_any_case() {
    let work = Workdir::with_data();
    moved(&work, &format!("data/{CUSTOMERS}"), "data/customers_dataset.csv");
    moved(&work, &format!("data/{ITEMS}"), "data/Order_Items.CSV");
    moved(&work, &format!("data/{ORDERS}"), "data/OLIST-ORDERS-DATASET.Csv");
    moved(&work, &format!("data/{PAYMENTS}"), "data/olist_order_payments_dataset (1).csv");
    same(&work, "data", &[]);
}

#[test]
fn a_name_that_is_nearly_right() {
    let work = Workdir::with_data();
    let reviews = fs::read(work.path("data").join(REVIEWS)).unwrap();
    removed(&work, &[REVIEWS]);
    work.write("data/olist_order_reviews_dataset_translated.csv.gz", gzipped(&reviews));
    refused(
        &work,
        "data",
        &["is missing", "did you mean `olist_order_reviews_dataset_translated.csv.gz`? rename it to"],
    );
    // The new name keeps what says how to read the file.
    let new = "rename it to `olist_order_reviews_dataset.csv.gz`";
    refused(&work, "data", &[new]);
    moved(&work, &format!("data/{ORDERS}"), "data/ordesr.csv");
    refused(&work, "data", &["`olist_orders_dataset.csv`", "did you mean `ordesr.csv`?", new]);
    moved(&work, "data/ordesr.csv", "data/pedidos.csv");
    refused(&work, "data", &["`pedidos.csv` has the columns of `orders`: rename it to `olist_orders_dataset.csv`"]);
    let parts = halves(&work.read("data/pedidos.csv"));
    removed(&work, &["pedidos.csv"]);
    for (part, text) in ["a", "b"].iter().zip(&parts) {
        work.write(&format!("data/orders_{part}.csv"), text);
    }
    let told =
        "`orders_a.csv`, `orders_b.csv` look like parts of `orders`: parts of a table are told by a number or a month";
    refused(&work, "data", &[told, "as `orders_1.csv` and `orders_2.csv`"]);
    // A name alone proves nothing.
    removed(&work, &["orders_a.csv", "orders_b.csv"]);
    work.write("data/ordesr.csv", "id,note\n1,x\n");
    let done = work.pfe(&["run", "--data", "data"]);
    assert!(done.code == Some(2) && !done.stderr.contains("rename it to `olist_orders"), "{done}");
    assert!(done.stderr.contains("`ordesr.csv` is a table of something else, with the columns `id`, `note`"), "{done}");
}

/// Under right or nearly right names: they are looked into before anything is said of names.
#[test]
fn tables_of_another_shop() {
    let work = Workdir::new();
    work.write("near/raw_customers.csv", "id,first_name,last_name\n1,A,B\n");
    work.write("near/raw_orders.csv", "id,user_id,order_date,status\n1,1,2018-01-01,returned\n");
    work.write("near/raw_payments.csv", "id,order_id,payment_method,amount\n1,1,card,1000\n");
    work.write("right/customers.csv", "id,name\n1,A\n");
    work.write("right/orders.csv", "id,customer,ordered_at\n1,1,2018-01-01\n");
    for (place, orders, customers) in
        [("near", "raw_orders.csv", "raw_customers.csv"), ("right", "orders.csv", "customers.csv")]
    {
        let done = work.pfe(&["run", "--data", place]);
        assert_eq!(done.code, Some(2), "{done}");
        for words in [
            "`olist_order_items_dataset.csv`",
            &format!(
                "columns `order_id`, `customer_id`, `order_status`, `order_purchase_timestamp`, `order_estimated_delivery_date` are missing from `{orders}`"
            ),
            &format!("are missing from `{customers}`"),
            "hint: these are not Olist's tables: ",
        ] {
            assert!(done.stderr.contains(words), "{words} {done}");
        }
        assert!(!done.stderr.contains("did you mean"), "{done}");
    }
}

/// Excel's line that names the delimiter, and UTF-16 without a mark.
#[test]
fn what_spreadsheets_write_before_the_header_or_leave_out() {
    let work = Workdir::with_data();
    work.edit(&format!("data/{SELLERS}"), |csv| format!("sep=;\r\n{}", csv.replace(',', ";").replace('\n', "\r\n")));
    let text = work.read(&format!("data/{ORDERS}"));
    work.write(&format!("data/{ORDERS}"), text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    same(&work, "data", &["it is separated by `;`", "it is written in UTF-16LE"]);
}

#[test]
fn kaggles_zip_in_a_folder() {
    let work = Workdir::with_data();
    zipped(&work, "downloads/archive (1).zip", work.files("data"));
    work.write("downloads/notes.txt", "mine");
    same(&work, "downloads", &[]);
    // An archive beside the files extracted from it is reported as not read.
    zipped(&work, "data/archive.zip", work.files("data"));
    same(&work, "data", &["`archive.zip` is not read: its tables `customers`, `geolocation`,"]);
}

#[test]
fn one_level_of_folders() {
    let work = Workdir::with_data();
    zipped(&work, "b.zip", work.files("data").into_iter().map(|(name, bytes)| (format!("olist/{name}"), bytes)));
    same(&work, "b.zip", &[]);
    fs::create_dir(work.path("a")).unwrap();
    moved(&work, "data", "a/brazilian-ecommerce");
    same(&work, "a", &[]);
    // Two levels, as in an archive.
    moved(&work, "a", "b/c");
    same(&work, "b", &[]);
}

/// Two files of a table, one compressed, one as Parquet: in a folder and in an archive alike.
#[test]
fn a_table_in_several_files_wherever_they_stand() {
    let work = Workdir::with_data();
    let mut files = work.files("data");
    let orders = String::from_utf8(files.remove(ORDERS).unwrap()).unwrap();
    let [first, second] = halves(&orders);
    files.insert("orders.csv".into(), first.into_bytes());
    files.insert("orders_2018.csv.gz".into(), gzipped(second.as_bytes()));
    files.remove(ITEMS);
    files.insert("order_items/part-1.parquet".into(), parquet(&work, ITEMS));
    files.insert("order_items/_SUCCESS".into(), Vec::new());
    files.iter().for_each(|(name, bytes)| work.write(&format!("folder/{name}"), bytes));
    same(&work, "folder", &[]);
    zipped(&work, "parts.zip", files.clone());
    same(&work, "parts.zip", &[]);
    zipped(&work, "deep.zip", files.into_iter().map(|(name, bytes)| (format!("csv/{name}"), bytes)));
    same(&work, "deep.zip", &[]);
}

#[test]
fn files_that_are_not_read_are_named() {
    let work = Workdir::with_data();
    let orders = work.read(&format!("data/{ORDERS}"));
    work.write("data/orders_late.csv", &orders);
    work.write("data/csv/orders.csv", &orders);
    work.write("data/json/sellers.json", "[]");
    fs::create_dir(work.path("other")).unwrap();
    fs::copy(work.path("data").join(SELLERS), work.path("other/sellers.csv")).unwrap();
    let words = [
        "`orders_late.csv` is not read: it is named like `orders`",
        "`csv/orders.csv` is not read: `orders` is taken from `olist_orders_dataset.csv`",
        "`json/sellers.json` is not read",
        "`sellers.csv` of `other` is not read: `sellers` is taken from `olist_sellers_dataset.csv` of `data`",
    ];
    same_but(&work, &["data", "other"], &[], &words);
    // All of them are in audit and report, and a further file changes the run.
    work.ok(&["run", "--data", "data", "--data", "other", "--lang", "en"]);
    let audit = work.json("out/audit.json")["warnings"].to_string();
    let page = work.read("out/report.html");
    assert!(words.iter().all(|word| audit.contains(word)), "{audit}");
    for name in ["orders_late.csv", "csv/orders.csv", "json/sellers.json", "sellers.csv"] {
        assert!(page.contains(name), "{name}");
    }
    work.write("data/orders_old.csv", &orders);
    let done = work.ok(&["run", "--data", "data", "--data", "other", "--lang", "en"]);
    assert!(done.stderr.contains("`orders_old.csv` is not read"), "{done}");
    work.fails(&["audit", "--data", "data", "--strict"], 2, &["`orders_old.csv` is not read"]);
}

/// Whatever their format; in a folder and in an archive alike.
#[test]
fn data_that_no_table_takes_are_named() {
    let work = Workdir::with_data();
    let told = [
        "`archive.tar.gz` is not read: of archives, pfe reads zip files",
        "`order.csv` is not read: no table has such a name",
        "`orders.csv.bak` is not read: its name says that it is an older copy",
        "`orders_2018.csv.crdownload` is not read: its name says that it is not complete",
        "`orders_2018.xlsx` is not read: it is a workbook",
        "`pedidos_2018.csv` is not read: no table has such a name",
        "`shop.sqlite` is not read: a database is a place of its own for `--data`",
    ];
    let names = told.map(|told| told.split('`').nth(1).unwrap());
    names.iter().for_each(|name| work.write(&format!("data/{name}"), "a,b\n1,2\n"));
    for other in ["README.csv", "LICENSE.txt", "notes.md", "schema.pdf", ".hidden.csv", "about.txt"] {
        work.write(&format!("data/{other}"), "text");
    }
    let files = work.files("data").into_iter().filter(|(name, _)| name != ".hidden.csv");
    zipped(&work, "all.zip", files);
    for place in ["data", "all.zip"] {
        same(&work, place, &told);
        let done = work.pfe(&["audit", "--data", place, "--strict"]);
        assert!(done.code == Some(2) && told.iter().all(|told| done.stderr.contains(told)), "{done}");
        assert_eq!(done.stderr.matches("is not read").count(), told.len(), "{done}");
    }
    work.ok(&["run", "--data", "data", "--lang", "fr"]);
    let audit = work.json("out/audit.json")["warnings"].to_string();
    assert!(told.iter().all(|told| audit.contains(told)), "{audit}");
    let page = work.read("out/report.html").replace(['\u{a0}', '\u{202f}'], " ");
    assert!(page.contains("orders_2018.xlsx » n'est pas lu : c'est un classeur"), "{audit}");
    // A run beside its data writes nothing that the next one would name.
    fs::rename(work.path("out"), work.path("data/out")).unwrap();
    same(&work, "data", &told);
    assert!(!clean(&work, &["data"]).1.contains("out/"));
}

/// Of a table that is not there, the file that no program but Excel reads is named with the way in.
#[test]
fn a_workbook_in_place_of_a_table() {
    let work = Workdir::with_data();
    removed(&work, &[ORDERS]);
    work.write("data/orders.xlsx", "PK");
    let way = "pfe reads no workbooks: save `orders.xlsx` as CSV, named `olist_orders_dataset.csv`";
    refused(&work, "data", &["`olist_orders_dataset.csv` is missing from `data`", way]);
    moved(&work, "data/orders.xlsx", "data/orders.csv.crdownload");
    refused(&work, "data", &["`orders.csv.crdownload` is not read: its name says that it is not complete"]);
}

#[test]
fn lines_of_json() {
    for end in ["json", "jsonl", "ndjson"] {
        let work = Workdir::with_data();
        for (name, _) in work.files("data").into_iter().filter(|(name, _)| name.ends_with(".csv")) {
            let rows = work.table(&format!("data/{name}"));
            let lines: String = rows.iter().map(|row| serde_json::to_string(row).unwrap() + "\n").collect();
            removed(&work, &[&name]);
            work.write(&format!("data/{}", name.replace(".csv", &format!(".{end}"))), lines);
        }
        same(&work, "data", &[]);
    }
}

/// Alone it is refused; among other files it must not pass.
#[test]
fn a_file_among_others_that_is_cut_off() {
    let work = Workdir::with_data();
    let parts = halves(&work.read(&format!("data/{ORDERS}")));
    removed(&work, &[ORDERS]);
    for cut in 0..2 {
        for (i, text) in parts.iter().enumerate() {
            let text = if i == cut { &text[..text.len() - 30] } else { text };
            work.write(&format!("data/orders_{i}.csv"), text);
        }
        refused(&work, "data", &[&format!("`orders_{cut}.csv` is cut off in line "), "hint: the file is incomplete"]);
    }
    // Cut inside a quoted field, after a line break in it: the next file must not be swallowed.
    work.write("data/orders_0.csv", format!("{}\"ab,\n\n", parts[0]));
    work.write("data/orders_1.csv", &parts[1]);
    refused(&work, "data", &["`orders_0.csv`: a quote that opens in the record of line ", " is not closed"]);
    work.write("data/orders_0.csv", &parts[0]);
    same(&work, "data", &[]);
}

#[cfg(feature = "sqlite")]
#[test]
fn a_sqlite_file_as_others_make_it() {
    let work = Workdir::with_data();
    let database = rusqlite::Connection::open(work.path("olist.sqlite")).unwrap();
    for (name, table) in [
        (CUSTOMERS, "customers"),
        (GEOLOCATION, "geolocation"),
        (ITEMS, "Order_Items"),
        (ORDERS, "olist_orders_dataset"),
        (PAYMENTS, "order_payments"),
        (PRODUCTS, "products"),
        (REVIEWS, "order_reviews"),
        (SELLERS, "sellers"),
        (TRANSLATION, "product_category_name_translation"),
    ] {
        let rows = work.table(&format!("data/{name}"));
        let columns: Vec<&String> = rows[0].keys().collect();
        // As pandas writes it: an index, numbers as numbers, empty text as null.
        let kind = |column: &str| match column {
            c if c.ends_with("zip_code_prefix") || c.ends_with("_id") && c.contains("item") => "INTEGER",
            "price" | "freight_value" | "payment_value" => "REAL",
            c if c.ends_with("_g") || c.ends_with("_cm") || c.ends_with("_lenght") => "REAL",
            _ => "TEXT",
        };
        let declared: Vec<String> = columns.iter().map(|c| format!("\"{c}\" {}", kind(c))).collect();
        let create = format!("BEGIN; CREATE TABLE \"{table}\" (\"index\" INTEGER, {});", declared.join(", "));
        database.execute_batch(&create).unwrap();
        let marks = vec!["NULLIF(?, '')"; columns.len()].join(", ");
        let mut insert = database.prepare(&format!("INSERT INTO \"{table}\" VALUES (?, {marks})")).unwrap();
        for (i, row) in rows.iter().enumerate() {
            let values = [i.to_string()].into_iter().chain(row.values().cloned());
            insert.execute(rusqlite::params_from_iter(values)).unwrap();
        }
        database.execute_batch("COMMIT").unwrap();
    }
    for place in ["olist.sqlite", "sqlite:olist.sqlite"] {
        same(&work, place, &["the index column of `olist_orders_dataset` was left out"]);
    }
    // A view is a table, and what it reads is no further one.
    database
        .execute_batch(
            "ALTER TABLE customers RENAME TO base_customers; CREATE VIEW customers AS SELECT * FROM base_customers",
        )
        .unwrap();
    let (_, told) = clean(&work, &["olist.sqlite"]);
    assert!(!told.contains("base_customers"), "{told}");
    same(&work, "olist.sqlite", &["the index column of `customers` was left out"]);
    // Tables are missing from a database, not files; and all of them are named.
    database
        .execute_batch("DROP VIEW customers; ALTER TABLE sellers RENAME TO shops; DROP TABLE order_payments")
        .unwrap();
    let done = work.pfe(&["run", "--data", "olist.sqlite"]);
    assert!(done.code == Some(2) && !done.stderr.contains("also failed") && !done.stderr.contains(".csv"), "{done}");
    for words in [
        "the tables `customers`, `order_payments` are missing from `sqlite:olist.sqlite`",
        "did you mean `base_customers`? rename the table to `customers`",
    ] {
        assert!(done.stderr.contains(words), "{done}");
    }
    drop(database);
    let bytes = fs::read(work.path("olist.sqlite")).unwrap();
    work.write("cut.sqlite", &bytes[..bytes.len() / 2]);
    refused(&work, "cut.sqlite", &["damaged or cut off", "hint: copy it or download it again"]);
}

#[test]
fn files_that_hold_no_tables_get_the_way_in() {
    let work = Workdir::with_data();
    let orders = format!("data/{ORDERS}");
    refused(&work, &orders, &["is a lone table, `orders`", "hint: an analysis needs all tables", "`--data data`"]);
    let book = [("[Content_Types].xml".into(), Vec::new()), ("xl/workbook.xml".into(), Vec::new())];
    zipped(&work, "book/olist.xlsx", book);
    refused(&work, "book/olist.xlsx", &["`book/olist.xlsx` is an Excel workbook", "hint: save each sheet as CSV"]);
    refused(&work, "book", &["missing from `book`", "`book/olist.xlsx` is an Excel workbook: save each sheet as CSV"]);
    work.write("dump.sql", "-- MySQL dump\nDROP TABLE IF EXISTS `orders`;\nCREATE TABLE `orders` (order_id text);\n");
    refused(&work, "dump.sql", &["`dump.sql` is SQL", "sqlite3 shop.sqlite < dump.sql", "--data sqlite:shop.sqlite"]);
    let header = |name: &str| work.read(&format!("data/{name}")).lines().next().unwrap().replace('"', "");
    let merged = [ORDERS, ITEMS, PAYMENTS, CUSTOMERS].map(header).join(",");
    work.write("merged/olist_all.csv", format!("{merged}\n1,2,3\n"));
    let words =
        ["is one table into which several are joined: `orders`, `order_items`, `order_payments`", "repeats rows"];
    refused(&work, "merged/olist_all.csv", &words);
    refused(&work, "merged", &words);
}

#[test]
fn right_names_with_other_contents() {
    let work = Workdir::with_data();
    work.write(&format!("data/{CUSTOMERS}"), "select * from {{ ref('stg_customers') }}\nwhere 1 = 1\n");
    work.write(&format!("data/{ORDERS}"), "id,user_id,order_date,status\n1,1,2018-01-01,returned\n");
    fs::copy(work.path("data").join(SELLERS), work.path("data").join(PRODUCTS)).unwrap();
    refused(
        &work,
        "data",
        &[
            "`customer_zip_code_prefix`, `customer_city`, `customer_state` are missing from `olist_customers_dataset.csv`",
            "are missing from `olist_orders_dataset.csv`",
            "column `product_id` is missing from `olist_products_dataset.csv`",
            "`olist_customers_dataset.csv` looks like SQL",
            "is a table of something else, with the columns `id`, `user_id`, `order_date`, `status`",
            "`olist_products_dataset.csv` has the columns of `sellers`",
        ],
    );
}

#[cfg(unix)]
#[test]
fn what_never_ends_is_not_opened() {
    let work = Workdir::with_data();
    let pipe = |name: &str| {
        let made = std::process::Command::new("mkfifo").arg(work.path(name)).status().unwrap();
        assert!(made.success());
    };
    pipe("pipe");
    refused(&work, "pipe", &["`pipe` is a pipe, not a regular file"]);
    refused(&work, "/dev/zero", &["`/dev/zero` is a device, not a regular file"]);
    for flag in ["--weights", "--parameters"] {
        work.fails(&["run", "--data", "data", flag, "pipe"], 2, &["`pipe` is a pipe"]);
        work.fails(&["run", "--data", "data", flag, "/dev/zero"], 2, &["`/dev/zero` is a device"]);
    }
    fs::create_dir_all(work.path("mine/style")).unwrap();
    pipe("mine/style/report.css");
    work.fails(&["run", "--data", "data", "--templates", "mine"], 2, &["is a pipe, not a regular file"]);
    // A link to a file counts as the file; a link to a device does not.
    moved(&work, &format!("data/{SELLERS}"), "elsewhere.csv");
    std::os::unix::fs::symlink("../elsewhere.csv", work.path("data").join(SELLERS)).unwrap();
    same(&work, "data", &[]);
    removed(&work, &[SELLERS]);
    std::os::unix::fs::symlink("/dev/zero", work.path("data").join(SELLERS)).unwrap();
    refused(&work, "data", &["olist_sellers_dataset.csv` is a device, not a regular file"]);
    removed(&work, &[SELLERS]);
    pipe("data/sellers_2.csv");
    refused(&work, "data", &["sellers_2.csv` is a pipe, not a regular file"]);
}

#[test]
fn a_mark_of_bytes_and_an_index_column() {
    let work = Workdir::with_data();
    let indexed = |csv: String| {
        let lines = csv.lines().enumerate();
        lines.map(|(i, line)| if i == 0 { format!(",{line}\n") } else { format!("{},{line}\n", i - 1) }).collect()
    };
    work.edit(&format!("data/{PAYMENTS}"), indexed);
    work.edit(&format!("data/{SELLERS}"), |csv| format!("\u{feff}{csv}"));
    same(&work, "data", &[PAYMENTS]);
}

// The following tests need the detection of dates, delimiters and encodings.

/// Rewrites the fields of a table, with another delimiter.
fn rewritten(work: &Workdir, name: &str, delimiter: u8, rewrite: impl Fn(&str, &str) -> String) {
    let path = work.path("data").join(name);
    let mut reader = csv::Reader::from_path(&path).unwrap();
    let header = reader.headers().unwrap().clone();
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(&header).unwrap();
    for record in reader.records() {
        writer.write_record(record.unwrap().iter().zip(&header).map(|(field, column)| rewrite(column, field))).unwrap();
    }
    work.write(&format!("data/{name}"), writer.into_inner().unwrap());
}

fn is_date(column: &str) -> bool {
    ["_timestamp", "_date", "_at"].iter().any(|end| column.ends_with(end))
}

/// Rewrites the dates of all tables.
fn dated(work: &Workdir, write: impl Fn(&str) -> String) {
    for name in [ORDERS, ITEMS, REVIEWS] {
        rewritten(work, name, b',', |column, field| match is_date(column) && !field.is_empty() {
            true => write(field),
            false => field.into(),
        });
    }
}

#[test]
fn dates_in_other_forms() {
    type Write = fn(&str) -> String;
    let forms: [Write; 3] = [
        |date| date.replace(' ', "T"),
        |date| date.to_string() + ".000",
        |date| {
            let (day, time) = date.split_once(' ').unwrap();
            let parts: Vec<&str> = day.split('-').collect();
            format!("{}/{}/{} {time}", parts[2], parts[1], parts[0])
        },
    ];
    for form in forms {
        let work = Workdir::with_data();
        dated(&work, form);
        // If the format is ambiguous or has a time zone, a message says so.
        let (tables, _) = clean(&work, &["data"]);
        assert_same(generated(), &tables);
    }
}

#[test]
fn spreadsheets_of_other_countries() {
    for (delimiter, name) in [(b';', "data"), (b'\t', "data"), (b'|', "data")] {
        let work = Workdir::with_data();
        let comma = |column: &str, field: &str| match column.ends_with("price") || column.ends_with("_value") {
            true if delimiter == b';' => field.replace('.', ","),
            _ => field.into(),
        };
        [ITEMS, PAYMENTS].iter().for_each(|table| rewritten(&work, table, delimiter, comma));
        assert_same(generated(), &clean(&work, &[name]).0);
    }
}

#[test]
fn amounts_with_their_currency() {
    let work = Workdir::with_data();
    rewritten(&work, PAYMENTS, b';', |column, field| match column {
        "payment_value" => {
            let (reais, cents) = field.split_once('.').unwrap_or((field, "00"));
            let thousands = reais.len().saturating_sub(3);
            let dot = if thousands > 0 { "." } else { "" };
            format!("R$ {}{dot}{},{cents:0<2}", &reais[..thousands], &reais[thousands..])
        }
        _ => field.into(),
    });
    assert_same(generated(), &clean(&work, &["data"]).0);
}

#[test]
fn other_encodings() {
    let work = Workdir::with_data();
    let text = work.read(&format!("data/{ORDERS}"));
    let wide = format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    work.write(&format!("data/{ORDERS}"), wide);
    // City names have accents: one byte each in Windows-1252.
    let text = work.read(&format!("data/{GEOLOCATION}"));
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect();
    work.write(&format!("data/{GEOLOCATION}"), bytes);
    assert_same(generated(), &clean(&work, &["data"]).0);
}
