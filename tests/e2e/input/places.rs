//! Where files stand and what stands beside them: folders, archives, several files of a table, files of other kinds.

use std::fs;

use super::variants::{
    CUSTOMERS, GEOLOCATION, ITEMS, ORDERS, PAYMENTS, PRODUCTS, REVIEWS, SELLERS, TRANSLATION, clean, gzipped, halves,
    moved, parquet, refused, removed, same, same_but, zipped,
};
use crate::workdir::Workdir;

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
