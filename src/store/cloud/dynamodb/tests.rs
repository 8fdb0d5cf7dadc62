//! Tests of `dynamodb` against a real server, dynalite, directly and through a faulty proxy.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};

use polars::prelude::{DataFrame, df};
use serde_json::Value;

use super::*;
use crate::store::cloud::proxy::{Fate, Request, Seen, proxy, server};

/// A store with its own prefix on the server; `None` without a server.
fn store(prefix: &str, endpoint: Option<String>) -> Option<Dynamodb> {
    let endpoint = endpoint?;
    let url = format!("dynamodb://{prefix}_{}", std::process::id());
    Some(Dynamodb::with(&StoreUrl::parse(&url).unwrap(), &aws::for_tests(&endpoint)))
}

fn direct(prefix: &str) -> Option<Dynamodb> {
    store(prefix, server("PFE_TEST_DYNAMODB"))
}

fn proxied(prefix: &str, judge: impl FnMut(usize, &Request) -> Fate + Send + 'static) -> Option<Dynamodb> {
    store(prefix, server("PFE_TEST_DYNAMODB").map(|server| proxy(&server, judge)))
}

/// `n` customers, whose city names are long enough to fill several pages of 1 MB.
fn customers(n: usize, city: &str) -> DataFrame {
    let ids: Vec<String> = (0..n).map(|i| format!("{i:032x}")).collect();
    let zips: Vec<String> = (0..n).map(|i| format!("{:05}", i % 100_000)).collect();
    df!("customer_id" => &ids, "customer_unique_id" => &ids, "customer_zip_code_prefix" => &zips,
        "customer_city" => vec![city; n], "customer_state" => vec!["SP"; n])
    .unwrap()
}

fn sorted(frame: &DataFrame) -> DataFrame {
    frame.sort(["customer_id"], Default::default()).unwrap()
}

fn read(store: &Dynamodb) -> Option<DataFrame> {
    store.read(Stage::Raw, "customers").unwrap().map(|frame| sorted(&frame))
}

fn write(store: &Dynamodb, frame: &DataFrame) -> Result<()> {
    store.write(Stage::Raw, "customers", frame, &|_| ())
}

/// Tables of the store that hold customers. Waits for tables that are being deleted, which stay listed for a moment.
fn tables(store: &Dynamodb) -> Vec<String> {
    let listed = || {
        let names = aws::wait(store.client.list_tables().send()).unwrap().unwrap().table_names.unwrap();
        names.into_iter().filter(|name| name.starts_with(&store.name("customers"))).collect::<Vec<_>>()
    };
    (0..50)
        .find_map(|_| match listed() {
            names if names.len() > 1 => {
                std::thread::sleep(std::time::Duration::from_millis(100));
                None
            }
            names => Some(names),
        })
        .unwrap_or_else(listed)
}

fn is(request: &Request, operation: &str) -> bool {
    request.contains(&format!("DynamoDB_20120810.{operation}\r\n"))
}

#[test]
fn every_page_is_read_and_a_second_load_replaces_the_first() {
    let Some(store) = direct("pages") else { return };
    assert!(read(&store).is_none());
    let many = customers(5_000, &"x".repeat(900));
    let reported = AtomicU64::new(0);
    store.write(Stage::Raw, "customers", &many, &|rows| reported.store(rows, SeqCst)).unwrap();
    assert_eq!(reported.into_inner(), 5_000);
    assert!(read(&store).unwrap().equals(&many));
    let few = customers(60, "s'o\"; DROP\0 é🎈");
    for _ in 0..2 {
        write(&store, &few).unwrap();
        assert!(read(&store).unwrap().equals(&few));
        assert_eq!(tables(&store).len(), 1, "earlier tables are gone");
    }
}

#[test]
fn a_table_of_somebody_elses_is_read_until_a_load_replaces_it() {
    let Some(store) = direct("plain") else { return };
    let shape = Shape::of(Stage::Raw, "customers").unwrap();
    let (foreign, ours) = (customers(30, "campinas"), customers(3, "santos"));
    let (name, items) = (store.name("customers"), shape.items(&foreign).unwrap());
    aws::wait(async {
        store.create(&name, "customer_id").await?;
        store.put_all(&name, items.into_iter(), &|_| ()).await
    })
    .unwrap()
    .unwrap();
    assert!(read(&store).unwrap().equals(&foreign));
    write(&store, &ours).unwrap();
    assert!(read(&store).unwrap().equals(&ours));
    assert!(tables(&store).contains(&name), "what others wrote is left alone");
}

/// Names that differ from a load's in the last digit only: a table without a record is not removed.
#[test]
fn tables_of_others_are_not_removed_whatever_they_are_called() {
    let Some(store) = direct("backup") else { return };
    write(&store, &customers(5, "x")).unwrap();
    let first = tables(&store).remove(0);
    let foreign = ["g1_backup", "g1_0123456789abcdef", "g0_", "g7_0123456789abcdef", "gold"];
    let foreign = foreign.map(|suffix| format!("{}_{suffix}", store.name("customers")));
    for name in &foreign {
        aws::wait(store.create(name, "customer_id")).unwrap().unwrap();
    }
    // The next load removes the table and the record of an aborted load, and the previous table.
    let leftover = generated_name(&store.name("customers"), 2, 1);
    aws::wait(async {
        store.record("customers", &leftover, 2).await?;
        store.create(&leftover, "customer_id").await
    })
    .unwrap()
    .unwrap();
    for _ in 0..2 {
        write(&store, &customers(7, "y")).unwrap();
    }
    let listed = aws::wait(store.client.list_tables().send()).unwrap().unwrap().table_names.unwrap();
    assert!(foreign.iter().all(|name| listed.contains(name)), "{listed:?}");
    assert!(!listed.contains(&first) && !listed.contains(&leftover), "{listed:?}");
    assert_eq!(read(&store).unwrap().height(), 7);
    for name in foreign {
        aws::wait(store.client.delete_table().table_name(name).send()).unwrap().unwrap();
    }
}

#[test]
fn a_document_without_an_address_is_named() {
    let Some(store) = direct("address") else { return };
    write(&store, &customers(40, "x")).unwrap();
    let key = format!("{:032x}", 1_000);
    let table = tables(&store).remove(0);
    let item = store.client.put_item().table_name(table).item("customer_id", AttributeValue::S(key.clone()));
    let item = item.item("customer_unique_id", AttributeValue::S(key.clone()));
    aws::wait(item.send()).unwrap().unwrap();
    let error = store.read(Stage::Raw, "customers").unwrap_err().to_string();
    assert!(error.contains(&key) && error.contains("has no `customer_address`"), "{error}");
}

#[test]
fn dropped_connections_errors_and_throttles_are_overcome() {
    let mut seen = Seen::default();
    let store = proxied("rough", move |_, request| match seen.times(request) {
        0 => Fate::Drop,
        1 if is(request, "BatchWriteItem") || is(request, "PutItem") => Fate::Lose,
        1 => Fate::Answer(500, r#"{"__type":"x#InternalServerError","message":"x"}"#.into()),
        2 => Fate::Answer(400, r#"{"__type":"x#ProvisionedThroughputExceededException","message":"slow"}"#.into()),
        _ => Fate::Pass,
    });
    let Some(store) = store else { return };
    // The AWS client stops retrying after too many failures in all, so send no more requests than that.
    let frame = customers(100, "x");
    write(&store, &frame).unwrap();
    assert!(read(&store).unwrap().equals(&frame), "no row is lost, none is there twice");
}

#[test]
fn unprocessed_items_are_sent_again() {
    let refused = std::sync::Arc::new(AtomicUsize::new(0));
    let counted = refused.clone();
    // Every second batch is refused whole.
    let store = proxied("unprocessed", move |n, request| {
        if !is(request, "BatchWriteItem") || n % 2 == 0 {
            return Fate::Pass;
        }
        counted.fetch_add(1, SeqCst);
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        Fate::Answer(200, serde_json::json!({ "UnprocessedItems": body["RequestItems"] }).to_string())
    });
    let Some(store) = store else { return };
    let frame = customers(300, "x");
    write(&store, &frame).unwrap();
    assert!(refused.load(SeqCst) > 0);
    assert!(read(&store).unwrap().equals(&frame));
}

#[test]
fn a_load_that_fails_leaves_what_was_there() {
    let Some(good) = direct("broken") else { return };
    let previous = customers(50, "before");
    write(&good, &previous).unwrap();
    let mut batches = 0;
    let bad = proxied("broken", move |_, request| {
        batches += usize::from(is(request, "BatchWriteItem"));
        match batches > 3 && is(request, "BatchWriteItem") {
            true => Fate::Answer(400, r#"{"__type":"x#AccessDeniedException","message":"not allowed"}"#.into()),
            false => Fate::Pass,
        }
    });
    let error = write(&bad.unwrap(), &customers(500, "after")).unwrap_err();
    assert!(error.to_string().contains("AccessDeniedException: not allowed"), "{error}");
    assert!(error.hint().unwrap().contains("credentials"));
    assert!(!format!("{error:?}").contains("topsecret"));
    assert!(read(&good).unwrap().equals(&previous));
    assert_eq!(tables(&good).len(), 1);
}

#[test]
fn a_load_whose_switch_is_made_stays_though_its_answer_is_lost() {
    let Some(good) = direct("switched") else { return };
    let refused = || Fate::Answer(400, r#"{"__type":"x#AccessDeniedException","message":"no"}"#.into());
    // Whether the outcome of the switch can be checked afterwards.
    for (n, seen) in [(40, true), (30, false)] {
        let mut switches = 0;
        let bad = proxied("switched", move |_, request| {
            // The record of the load is written by the same kind of request, before the switch.
            let switch = is(request, "PutItem") && request.body.windows(7).any(|bytes| bytes == b"\"holds\"");
            switches += usize::from(switch);
            match (switch, switches) {
                (true, 1) => Fate::Lose,
                (true, _) => refused(),
                (false, 1..) if !seen && is(request, "GetItem") => refused(),
                _ => Fate::Pass,
            }
        });
        let frame = customers(n, "x");
        assert_eq!(write(&bad.unwrap(), &frame).is_ok(), seen);
        assert!(read(&good).unwrap().equals(&frame));
    }
}

#[test]
fn a_load_that_cannot_clear_up_says_that_its_rows_are_there() {
    let Some(good) = direct("unswept") else { return };
    write(&good, &customers(50, "before")).unwrap();
    let bad = proxied("unswept", |_, request| match is(request, "DeleteTable") {
        true => Fate::Answer(400, r#"{"__type":"x#AccessDeniedException","message":"no"}"#.into()),
        false => Fate::Pass,
    });
    let after = customers(20, "after");
    let error = write(&bad.unwrap(), &after).unwrap_err();
    assert!(error.to_string().contains("`customers` is loaded, but earlier tables remain"), "{error}");
    assert!(read(&good).unwrap().equals(&after));
}

#[test]
fn a_server_that_only_throttles_gives_a_clear_error() {
    let store = proxied("throttled", |_, request| match is(request, "BatchWriteItem") {
        true => {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            Fate::Answer(200, serde_json::json!({ "UnprocessedItems": body["RequestItems"] }).to_string())
        }
        false => Fate::Pass,
    });
    let Some(store) = store else { return };
    let error = write(&store, &customers(10, "x")).unwrap_err();
    assert!(error.to_string().contains("10 items of") && error.to_string().contains("tried 5 times"), "{error}");
    assert!(error.hint().unwrap().contains("slow down"));
}

#[test]
fn of_two_loads_at_once_one_wins_whole() {
    let Some(store) = direct("two") else { return };
    let (a, b) = (customers(400, "a"), customers(300, "b"));
    let (first, second) = rayon::join(|| write(&store, &a), || write(&store, &b));
    let found = read(&store).unwrap();
    match (first.is_ok(), second.is_ok()) {
        (true, true) => assert!(found.equals(&a) || found.equals(&b)),
        (true, false) => assert!(found.equals(&a)),
        (false, true) => assert!(found.equals(&b)),
        (false, false) => panic!("both failed"),
    }
    write(&store, &b).unwrap();
    assert_eq!(tables(&store).len(), 1, "nothing is left of either");
}

#[test]
fn urls_name_a_prefix_and_known_options() {
    for url in ["dynamodb://", "dynamodb://a/b", "dynamodb://a?reigon=x", "dynamodb://a:1", "dynamodb://a%2F..%2Fb"] {
        assert!(Dynamodb::open(&StoreUrl::parse(url).unwrap()).is_err(), "{url}");
    }
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let store = store("down", Some("http://127.0.0.1:9".into())).unwrap();
    let error = store.read(Stage::Raw, "customers").unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("dynamodb://down") && text.contains("refused"), "{text}");
    assert!(error.hint().unwrap().contains("AWS_ENDPOINT_URL"));
}
