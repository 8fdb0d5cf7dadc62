//! Tests of `s3` against a real server, moto, directly and through a faulty proxy.

use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

use super::bucket::PART;
use super::object::Download;
use super::*;
use crate::store::cloud::proxy::{Fate, Request, Seen, proxy, server};
use crate::store::url::StoreUrl;

/// A store with its own bucket; `None` without a server.
fn store(prefix: &str, endpoint: Option<String>) -> Option<S3> {
    at(&format!("s3://pfe-tests/{}/{prefix}", std::process::id()), endpoint)
}

fn at(url: &str, endpoint: Option<String>) -> Option<S3> {
    let url = StoreUrl::parse(url).unwrap();
    Some(S3::with(&url, Path::parse(&url.path).unwrap(), &aws::for_tests(&endpoint?)).unwrap())
}

fn direct(prefix: &str) -> Option<S3> {
    store(prefix, server("PFE_TEST_S3"))
}

fn proxied(prefix: &str, judge: impl FnMut(usize, &Request) -> Fate + Send + 'static) -> Option<S3> {
    store(prefix, server("PFE_TEST_S3").map(|server| proxy(&server, judge)))
}

const TABLE: &str = "product_category_name_translation";

fn categories(n: usize) -> DataFrame {
    let name = |i: usize, salt: u64| blake3::hash(&(i as u64 ^ salt).to_le_bytes()).to_hex().to_string();
    let names: Vec<String> = (0..n).map(|i| name(i, 0)).collect();
    let english: Vec<String> = (0..n).map(|i| name(i, 1 << 40)).collect();
    df!("product_category_name" => names, "product_category_name_english" => english).unwrap()
}

fn text(file: &dyn StoredFile) -> String {
    io::read_to_string(file.open()).unwrap()
}

#[test]
fn small_and_large_tables_are_replaced_whole() {
    let Some(store) = direct("tables") else { return };
    assert!(store.read(Stage::Raw, TABLE).unwrap().is_none());
    // More than three parts, so that several are sent and fetched concurrently.
    for frame in [categories(400_000), categories(3), categories(0)] {
        let reported = AtomicU64::new(0);
        for _ in 0..2 {
            store.write(Stage::Raw, TABLE, &frame, &|rows| reported.store(rows, SeqCst)).unwrap();
            assert!(store.read(Stage::Raw, TABLE).unwrap().unwrap().equals(&frame));
            assert_eq!(reported.load(SeqCst), frame.height() as u64);
        }
    }
}

#[test]
fn results_are_csv_files_like_those_of_a_run() {
    let Some(store) = direct("results") else { return };
    let frame = df!("state" => ["SP", "a,\"b\"\n"], "share" => [Some(0.1), None], "orders" => [7i64, -1]).unwrap();
    store.write(Stage::Results, "by_state", &frame, &|_| ()).unwrap();
    let meta = store.head(&store.key("results/by_state.csv")).unwrap().unwrap();
    assert_eq!(
        io::read_to_string(Download::new(store.clone(), meta)).unwrap(),
        "state,share,orders\nSP,0.1,7\n\"a,\"\"b\"\"\n\",,-1\n"
    );
    assert!(store.read(Stage::Results, "by_state").unwrap().unwrap().equals_missing(&frame));
}

#[test]
fn raw_files_are_found_in_every_layout() {
    let Some(store) = direct("a b/ção") else { return };
    for key in [
        "olist_orders_dataset.csv",
        "csv/reviews.csv",
        "json/sellers.json",
        "raw_data/x.parquet",
        "deep/er/y.csv",
        "my/orders/1.csv",
        "much/deep/er/too/y.csv",
        ".hidden/y.csv",
    ] {
        store.put(&store.key(key), key.as_bytes().to_vec(), &|_| ()).unwrap();
    }
    let files = store.files().unwrap();
    let names: Vec<&str> = files.iter().map(|f| f.name()).collect();
    assert_eq!(
        names,
        [
            "olist_orders_dataset.csv",
            "csv/reviews.csv",
            "json/sellers.json",
            "raw_data/x.parquet",
            "deep/er/y.csv",
            "my/orders/1.csv",
        ]
    );
    for file in &files {
        assert_eq!((text(&**file).as_str(), file.size()), (file.name(), file.name().len() as u64));
    }
}

#[test]
fn dropped_connections_and_errors_are_overcome() {
    let (mut seen, mut cut) = (Seen::default(), false);
    let store = proxied("rough", move |_, request| match seen.times(request) {
        // The client requests the rest of a cut answer, which is another request.
        0 if request.contains("range: bytes=") && !std::mem::replace(&mut cut, true) => Fate::Cut(100_000),
        0 => Fate::Drop,
        1 if request.contains("PUT ") => Fate::Lose,
        1 => Fate::Answer(503, "<Error><Code>SlowDown</Code><Message>slow</Message></Error>".into()),
        _ => Fate::Pass,
    });
    let Some(store) = store else { return };
    let frame = categories(300_000);
    store.write(Stage::Raw, TABLE, &frame, &|_| ()).unwrap();
    assert!(store.read(Stage::Raw, TABLE).unwrap().unwrap().equals(&frame));
}

#[test]
fn an_upload_that_fails_leaves_the_object_as_it_was() {
    let Some(good) = direct("broken") else { return };
    let previous = categories(5);
    good.write(Stage::Raw, TABLE, &previous, &|_| ()).unwrap();
    let aborted = Arc::new(AtomicUsize::new(0));
    let counted = aborted.clone();
    let mut seen = Seen::default();
    let bad = proxied("broken", move |_, request| {
        // A slow server's answer is not waited for: the client asks again, for the same upload.
        counted.fetch_add(usize::from(request.contains("DELETE ") && seen.times(request) == 0), SeqCst);
        match request.contains("partNumber=2") {
            true => Fate::Answer(403, "<Error><Code>AccessDenied</Code><Message>no</Message></Error>".into()),
            false => Fate::Pass,
        }
    });
    let error = bad.unwrap().write(Stage::Raw, TABLE, &categories(300_000), &|_| ()).unwrap_err();
    assert!(error.to_string().contains("AccessDenied: no"), "{error}");
    assert!(error.hint().unwrap().contains("credentials"));
    assert!(!format!("{error:?}").contains("topsecret"));
    assert_eq!(aborted.load(SeqCst), 1, "no parts are left behind");
    assert!(good.read(Stage::Raw, TABLE).unwrap().unwrap().equals(&previous));
}

#[test]
fn an_object_that_changes_while_it_is_read_is_not_mixed() {
    let Some(store) = direct("changing") else { return };
    let key = store.key("csv/orders.csv");
    store.put(&key, vec![b'a'; PART + 1], &|_| ()).unwrap();
    let file = store.files().unwrap().remove(0);
    store.put(&key, vec![b'b'; PART + 1], &|_| ()).unwrap();
    let error = io::read_to_string(file.open()).unwrap_err().to_string();
    assert!(error.contains("changing/csv/orders.csv` changed while it was read"), "{error}");
}

#[test]
fn an_unknown_bucket_is_named() {
    let Some(store) = at("s3://no-such-bucket/x", server("PFE_TEST_S3")) else { return };
    let message = |error: Error| {
        assert!(error.hint().unwrap().contains("AWS_ENDPOINT_URL"));
        error.to_string()
    };
    let expected = "s3://no-such-bucket/x: there is no bucket `no-such-bucket`";
    assert_eq!(message(store.read(Stage::Raw, TABLE).unwrap_err()), expected);
    assert_eq!(message(store.write(Stage::Raw, TABLE, &categories(1), &|_| ()).unwrap_err()), expected);
    assert_eq!(message(store.files().unwrap_err()), expected);
}

#[test]
fn urls_name_a_bucket_and_a_prefix_that_stays_in_it() {
    for url in ["s3://", "s3:///x", "s3://b/../x", "s3://b/a/%2E%2E/x", "s3://b//x", "s3://b:1/x", "s3://b/x?reigon=y"]
    {
        assert!(S3::open(&StoreUrl::parse(url).unwrap()).is_err(), "{url}");
    }
    let Some(store) = at("s3://b/x", Some("http://127.0.0.1:9".into())) else { return };
    for name in ["../x", "a/b", "", "a\0"] {
        assert!(store.write(Stage::Raw, name, &categories(1), &|_| ()).is_err(), "{name}");
    }
}
