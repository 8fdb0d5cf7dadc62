//! Broken connections, refusing servers, foreign tables: retried or reported, and never half done.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pfe::store::{self, Stage};
use polars::prelude::*;

use super::proxy::Proxy;
use super::servers::{Place, authority, execute, place, place_with, places, port, server};
use super::workdir::Workdir;

const SERVERS: [(&str, &str); 2] = [("mysql", "PFE_TEST_MYSQL"), ("postgres", "PFE_TEST_POSTGRES")];

fn numbers(n: i64) -> DataFrame {
    df!("i" => (0..n).collect::<Vec<_>>(), "text" => vec!["some text that takes its place"; n as usize]).unwrap()
}

fn sum(frame: &DataFrame) -> i64 {
    frame.column("i").unwrap().i64().unwrap().sum().unwrap_or(0)
}

#[test]
fn a_connection_cut_in_the_middle_is_tried_again() {
    for (kind, variable) in SERVERS {
        let Some(url) = server(variable) else { continue };
        // Two loads break off at different places; the third succeeds.
        for bytes in [100_000, 900_000] {
            let proxy = Proxy::new(port(&url), bytes, 2);
            let place = place_with(kind, Some(proxy.port), "?tls=disable").unwrap();
            let store = store::open(&place.url).unwrap();
            let most = AtomicU64::new(0);
            store
                .write(Stage::Results, "t", &numbers(50_000), &|n| {
                    most.fetch_max(n, Ordering::SeqCst);
                })
                .unwrap();
            assert_eq!(proxy.cuts_left(), 0, "{kind}: the connection was cut twice");
            assert_eq!(most.load(Ordering::SeqCst), 50_000);
            let read = store.read(Stage::Results, "t").unwrap().unwrap();
            assert_eq!((read.height(), sum(&read)), (50_000, sum(&numbers(50_000))), "{kind}");
        }
    }
}

#[test]
fn a_connection_that_never_holds_is_an_error_and_the_old_table_stays() {
    for (kind, variable) in SERVERS {
        let Some(url) = server(variable) else { continue };
        let proxy = Proxy::new(port(&url), 500_000, u32::MAX);
        let place = place_with(kind, Some(proxy.port), "?tls=disable").unwrap();
        let store = store::open(&place.url).unwrap();
        store.write(Stage::Results, "t", &numbers(10), &|_| ()).unwrap();
        let error = store.write(Stage::Results, "t", &numbers(50_000), &|_| ()).unwrap_err();
        assert!(error.to_string().contains("(tried 5 times)"), "{kind}: {error}");
        assert_eq!(error.exit_code(), 1);
        assert_eq!(store.read(Stage::Results, "t").unwrap().unwrap().height(), 10, "{kind}");
        // Without the bad connection, the next load succeeds and cleans up.
        let direct = place.url.replace(&format!(":{}/", proxy.port), &format!(":{}/", port(&url)));
        let store = store::open(&direct).unwrap();
        store.write(Stage::Results, "t", &numbers(20), &|_| ()).unwrap();
        assert_eq!(store.read(Stage::Results, "t").unwrap().unwrap().height(), 20, "{kind}");
        let place = Place { url: direct, ..place };
        assert_eq!(leftovers(&place), Vec::<String>::new(), "{kind}");
    }
}

/// Temporary tables that a load has left beside its target.
fn leftovers(place: &Place) -> Vec<String> {
    if place.kind == "sqlite" {
        return execute(place, "SELECT name FROM sqlite_master WHERE name LIKE '%__pfe%'");
    }
    let mut sql = "SELECT table_name FROM information_schema.tables WHERE table_name LIKE '%\\_\\_pfe%'".to_string();
    if place.kind == "mysql" {
        // Other tests use the same server.
        let url = store::url::StoreUrl::parse(&place.url).unwrap();
        sql += &format!(" AND table_schema LIKE '{}\\_%'", url.path);
    }
    execute(place, &sql)
}

#[test]
fn a_reader_finds_the_old_table_or_the_new_one() {
    for place in places() {
        let store = store::open(&place.url).unwrap();
        store.write(Stage::Results, "t", &numbers(1_000), &|_| ()).unwrap();
        let ended = AtomicBool::new(false);
        let reads = std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let store = store::open(&place.url).unwrap();
                let mut reads = 0;
                while !ended.load(Ordering::SeqCst) {
                    let frame = store.read(Stage::Results, "t").unwrap().unwrap();
                    assert!([1_000, 3_000].contains(&frame.height()), "{}: {} rows", place.kind, frame.height());
                    assert_eq!(sum(&frame), sum(&numbers(frame.height() as i64)));
                    reads += 1;
                }
                reads
            });
            for i in 0..10 {
                store.write(Stage::Results, "t", &numbers(if i % 2 == 0 { 3_000 } else { 1_000 }), &|_| ()).unwrap();
            }
            ended.store(true, Ordering::SeqCst);
            reader.join().unwrap()
        });
        assert!(reads > 0);
    }
}

#[test]
fn two_loads_of_a_table_at_once_give_one_of_them() {
    for place in places().into_iter().filter(|p| p.kind != "sqlite") {
        std::thread::scope(|scope| {
            for n in [2_000, 3_000, 4_000] {
                let url = &place.url;
                scope
                    .spawn(move || store::open(url).unwrap().write(Stage::Results, "t", &numbers(n), &|_| ()).unwrap());
            }
        });
        let frame = store::open(&place.url).unwrap().read(Stage::Results, "t").unwrap().unwrap();
        assert!([2_000, 3_000, 4_000].contains(&frame.height()), "{}", place.kind);
        assert_eq!(sum(&frame), sum(&numbers(frame.height() as i64)));
    }
}

#[test]
fn a_table_of_others_is_neither_replaced_nor_read_wrongly() {
    for place in places() {
        let store = store::open(&place.url).unwrap();
        store.write(Stage::Raw, "sellers", &sellers(), &|_| ()).unwrap();
        execute(&place, "ALTER TABLE {raw_data.sellers} ADD COLUMN note TEXT");
        let error = store.write(Stage::Raw, "sellers", &sellers(), &|_| ()).unwrap_err();
        assert!(
            error.to_string().contains("exists with other columns") && error.to_string().contains("`note`"),
            "{error}"
        );
        assert!(error.hint().unwrap().contains("rename or drop"));
        assert_eq!(error.exit_code(), 2);
        // An additional column does not prevent reading; a missing one does.
        assert_eq!(store.read(Stage::Raw, "sellers").unwrap().unwrap().height(), 1);
        execute(&place, "ALTER TABLE {raw_data.sellers} DROP COLUMN seller_city");
        let error = store.read(Stage::Raw, "sellers").unwrap_err();
        assert!(error.to_string().contains("column `seller_city` is missing from table"), "{error}");
        assert!(store.write(Stage::Raw, "sellers", &sellers(), &|_| ()).is_err());
    }
}

/// All tables of a run are swapped together: if one is refused, all stay as they were.
#[test]
fn a_run_is_stored_whole_or_not_at_all() {
    let work = Workdir::with_data();
    work.ok(&["synth", "--orders", "500", "--seed", "8", "--out", "fewer", "--quiet"]);
    for place in places() {
        let counts = || {
            let tables =
                ["cleaned_data.orders", "cleaned_data.order_items", "cleaned_data.customers", "results.by_state"];
            tables.map(|table| execute(&place, &format!("SELECT CAST(COUNT(*) AS CHAR(9)) FROM {{{table}}}")).remove(0))
        };
        let done = work.pfe(&["run", "--data", "data", "--out", "first", "--store", &place.url, "--quiet"]);
        assert_eq!(done.code, Some(0), "{}: {done}", place.kind);
        let before = counts();
        assert_eq!(before[0].trim(), super::workdir::SMALL_ORDERS.to_string());
        execute(&place, "ALTER TABLE {results.winner} ADD COLUMN note TEXT");
        let failed = work.pfe(&["run", "--data", "fewer", "--out", "second", "--store", &place.url, "--quiet"]);
        assert!(
            failed.code == Some(2) && failed.stderr.contains("exists with other columns"),
            "{}: {failed}",
            place.kind
        );
        assert_eq!(counts(), before, "{}", place.kind);
        execute(&place, "DROP TABLE {results.winner}");
        let done = work.pfe(&["run", "--data", "fewer", "--out", "second", "--store", &place.url, "--quiet"]);
        assert_eq!(done.code, Some(0), "{}: {done}", place.kind);
        assert_eq!(counts()[0].trim(), "500");
        assert_eq!(leftovers(&place), Vec::<String>::new(), "{}", place.kind);
    }
}

/// Tables that no load has made, with the same columns or with the names of a load's temporary tables.
#[test]
fn tables_that_no_load_has_made_are_left_alone() {
    for place in places() {
        let store = store::open(&place.url).unwrap();
        store.write(Stage::Results, "other", &numbers(1), &|_| ()).unwrap();
        execute(&place, "CREATE TABLE {results.t} (i BIGINT, text VARCHAR(99))");
        // A table without rows, as after `pfe ddl`, may be replaced: nothing is lost.
        store.write(Stage::Results, "t", &numbers(2), &|_| ()).unwrap();
        execute(&place, "DROP TABLE {results.t}");
        execute(&place, "CREATE TABLE {results.t} (i BIGINT, text VARCHAR(99))");
        execute(&place, "INSERT INTO {results.t} VALUES (7, 'mine')");
        let error = store.write(Stage::Results, "t", &numbers(2), &|_| ()).unwrap_err();
        assert!(error.to_string().contains("no load of pfe has made it"), "{}: {error}", place.kind);
        assert_eq!(execute(&place, "SELECT text FROM {results.t}"), ["mine"], "{}", place.kind);
        if place.kind != "sqlite" {
            execute(&place, "CREATE TABLE {results.u__pfe_new} (i BIGINT, text VARCHAR(99))");
            execute(&place, "INSERT INTO {results.u__pfe_new} VALUES (7, 'mine')");
            assert!(store.write(Stage::Results, "u", &numbers(2), &|_| ()).is_err(), "{}", place.kind);
            assert_eq!(execute(&place, "SELECT text FROM {results.u__pfe_new}"), ["mine"], "{}", place.kind);
        }
    }
}

/// Types are declared, and do not depend on the values of a run.
#[test]
fn results_have_the_types_that_are_declared() {
    let work = Workdir::new();
    for (data, orders) in [("many", "3000"), ("few", "500")] {
        work.ok(&["synth", "--orders", orders, "--seed", "8", "--out", data, "--quiet"]);
    }
    for place in places() {
        let mut seen = Vec::new();
        for data in ["many", "few"] {
            let done =
                work.pfe(&["run", "--data", data, "--out", &format!("out-{data}"), "--store", &place.url, "--quiet"]);
            assert_eq!(done.code, Some(0), "{}: {done}", place.kind);
            let types = match place.kind {
                "sqlite" => "SELECT sql FROM sqlite_master WHERE name LIKE 'results%' ORDER BY name".to_string(),
                _ => {
                    let schema = match place.kind {
                        "mysql" => format!("{}_results", store::url::StoreUrl::parse(&place.url).unwrap().path),
                        _ => "results".into(),
                    };
                    format!(
                        "SELECT CONCAT(table_name, '.', column_name, ' ', data_type) FROM information_schema.columns \
                         WHERE table_schema = '{schema}' ORDER BY 1"
                    )
                }
            };
            seen.push(execute(&place, &types));
        }
        assert!(seen[0].len() > 20 && seen[0] == seen[1], "{}", place.kind);
        assert!(seen[0].iter().any(|column| column.to_lowercase().contains("decimal") || column.contains("numeric")));
    }
}

fn sellers() -> DataFrame {
    df!("seller_id" => ["0".repeat(32)], "seller_zip_code_prefix" => ["01151"], "seller_city" => ["são paulo"],
        "seller_state" => ["SP"])
    .unwrap()
}

#[test]
fn tls_is_verified_unless_asked_not_to() {
    for (kind, variable) in SERVERS {
        if server(variable).is_none() {
            continue;
        }
        let ca = authority();
        for (options, works) in
            [("", false), ("?tls=disable", true), (&format!("?ca={ca}"), true), ("?tls=verify", false)]
        {
            let place = place_with(kind, None, options).unwrap();
            let written = store::open(&place.url).unwrap().write(Stage::Results, "t", &numbers(1), &|_| ());
            match written {
                Ok(()) => assert!(works, "{kind} {options}"),
                Err(error) => {
                    assert!(!works, "{kind} {options}: {error}");
                    assert!(
                        error.hint().unwrap().contains("?tls=disable"),
                        "{kind} {options}: {error} {:?}",
                        error.hint()
                    );
                }
            }
        }
        // The right authority, but a name other than the certificate's.
        let place = place_with(kind, None, &format!("?ca={ca}")).unwrap();
        let url = place.url.replace("@127.0.0.1:", "@127.0.0.2:");
        assert!(store::open(&url).unwrap().write(Stage::Results, "t", &numbers(1), &|_| ()).is_err(), "{kind}");
    }
}

#[test]
fn refusals_are_told_without_secrets() {
    let work = Workdir::with_data();
    for (kind, variable) in SERVERS {
        let Some(url) = server(variable) else { continue };
        let (scheme, rest) = url.split_once("://").unwrap();
        let host = rest.rsplit_once('@').unwrap().1;
        let load = |to: &str, code: i32, words: &[&str]| {
            let args = ["load", "--from", "data", "--to", to];
            let done = work.pfe(&args);
            assert_eq!(done.code, Some(code), "{done}");
            for word in words {
                assert!(done.stderr.contains(word), "{kind}: `{word}` is not in:\n{done}");
            }
            assert!(!done.stderr.contains("hush") && !done.stdout.contains("hush"), "{done}");
            assert!(!done.stderr.contains("panicked"), "{done}");
        };
        load(
            &format!("{scheme}://pfe:hush@{host}/x?tls=disable"),
            2,
            &["refuses", "pfe:***@", "hint: check user and password"],
        );
        load(&format!("{scheme}://nobody:hush@{host}/x?tls=disable"), 2, &["refuses"]);
        load(&format!("{scheme}://pfe:hush@host.invalid/x?tls=disable"), 1, &["host.invalid", "is the server running"]);
        load(&format!("{scheme}://pfe:hush@127.0.0.1:1/x?tls=disable"), 1, &["tried 5 times", "is the server running"]);
        load(&format!("{scheme}://pfe:hush@{host}/x?tsl=disable"), 2, &["unknown option `tsl`"]);
        load(&format!("{scheme}://pfe:hush@{host}/..%2Fx?tls=disable"), 2, &["error: "]);
    }
    if let Some(url) = server("PFE_TEST_POSTGRES") {
        work.fails(
            &["load", "--from", "data", "--to", &format!("{url}/nowhere?tls=disable")],
            2,
            &["\"nowhere\" does not exist"],
        );
    }
    for table in ["../orders", "orders; DROP TABLE x", ""] {
        work.fails(&["load", "--from", "data", "--to", "lake:x", "--table", table], 2, &["there is no table"]);
    }
    work.fails(&["load", "--from", "data", "--to", "mongo://x/y"], 2, &["unknown kind of store `mongo:`"]);
    work.fails(&["load", "--from", "data", "--to", "sqlite:no/such/folder/x.db"], 1, &["its folder must exist"]);
    work.fails(&["run", "--data", "sqlite:nothing.db"], 2, &["there is no file `nothing.db`"]);
}

#[test]
fn the_password_may_stand_in_the_environment() {
    let work = Workdir::with_data();
    for (kind, variable) in SERVERS {
        if server(variable).is_none() {
            continue;
        }
        let place = place(kind).unwrap();
        let url = store::url::StoreUrl::parse(&place.url).unwrap();
        let (before, after) = place.url.split_once("pfe:").unwrap();
        let open = format!("{before}pfe@{}", after.rsplit_once('@').unwrap().1);
        let args = ["load", "--from", "data", "--to", &open, "--table", "sellers"];
        let done = work.pfe_with(&args, &[("PFE_STORE_PASSWORD", url.password.as_deref().unwrap())]);
        assert_eq!(done.code, Some(0), "{kind}: {done}");
        assert_eq!(work.pfe_with(&args, &[("PFE_STORE_PASSWORD", "wrong")]).code, Some(2));
    }
}

#[test]
fn a_user_without_rights_is_told_so() {
    let Some(url) = server("PFE_TEST_MYSQL") else { return };
    let host = url.rsplit_once('@').unwrap().1;
    let work = Workdir::with_data();
    let to = format!("mysql://reader@{host}/x?tls=disable");
    work.fails(&["load", "--from", "data", "--to", &to], 2, &["refuses", "hint: ask the administrator for rights"]);
}
