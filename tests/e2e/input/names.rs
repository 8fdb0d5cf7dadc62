//! Names of files and columns that are nearly right, or those of another shop.

use std::fs;

use super::variants::{CUSTOMERS, ITEMS, ORDERS, PAYMENTS, REVIEWS, gzipped, halves, moved, refused, removed, same};
use crate::workdir::Workdir;

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
