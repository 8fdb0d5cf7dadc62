//! Tests: `sellers_by_day`, recounted row by row from the clean tables.

use std::collections::{BTreeMap, HashMap};

use super::*;
use crate::schema::TableId;

/// Orders, items, prices and freight of a row.
type Sums = [i64; 4];

/// Seller, day, minute, category.
type Key = (String, i32, i64, String);

/// What each seller sold, each order whole in the category of its dearest item.
fn recounted(clean: &crate::clean::CleanTables) -> BTreeMap<Key, Sums> {
    let texts = |table, column: &str| -> Vec<Option<String>> {
        let column = clean.table(table).column(column).unwrap().str().unwrap().clone();
        column.iter().map(|text| text.map(String::from)).collect()
    };
    let numbers = |column: &str| -> Vec<i64> {
        clean.table(TableId::OrderItems).column(column).unwrap().i64().unwrap().iter().map(|n| n.unwrap_or(0)).collect()
    };
    let days = clean.table(TableId::Orders).column("purchase_day").unwrap().date().unwrap().physical().clone();
    let sold = texts(TableId::Orders, "order_id").into_iter().zip(texts(TableId::Orders, "order_status"));
    let times = clean.table(TableId::Orders).column("order_purchase_timestamp").unwrap().datetime().unwrap();
    let minutes = times.physical().iter().map(|micros| micros.unwrap_or(0).div_euclid(60_000_000) % (24 * 60));
    let sold: HashMap<Option<String>, (i32, i64)> = sold
        .zip(days.iter().zip(minutes))
        .filter(|((_, status), _)| !matches!(status.as_deref(), Some("canceled" | "unavailable")))
        .filter_map(|((id, _), (day, minute))| Some((id, (day?, minute))))
        .collect();
    let products: HashMap<Option<String>, Option<String>> =
        texts(TableId::Products, "product_id").into_iter().zip(texts(TableId::Products, "category")).collect();
    let items = texts(TableId::OrderItems, "order_id").into_iter().zip(texts(TableId::OrderItems, "product_id"));
    let items = items.zip(texts(TableId::OrderItems, "seller_id"));
    let mut parts = BTreeMap::<_, Vec<(i64, String, i64)>>::new();
    for (((order, product), seller), (price, freight)) in
        items.zip(numbers("price_centavos").into_iter().zip(numbers("freight_centavos")))
    {
        if sold.contains_key(&order) {
            let category = products.get(&product).cloned().flatten().unwrap_or("unknown".into());
            parts.entry((order.unwrap(), seller.unwrap())).or_default().push((price, category, freight));
        }
    }
    let mut sums: BTreeMap<Key, Sums> = BTreeMap::new();
    for ((order, seller), items) in parts {
        let dearest = items.iter().min_by_key(|(price, category, _)| (-price, category.clone())).unwrap().1.clone();
        let (day, minute) = sold[&Some(order)];
        let sum = sums.entry((seller, day, minute, dearest)).or_default();
        let price = items.iter().map(|item| item.0).sum::<i64>();
        let freight = items.iter().map(|item| item.2).sum::<i64>();
        for (total, part) in sum.iter_mut().zip([1, items.len() as i64, price, freight]) {
            *total += part;
        }
    }
    sums
}

#[test]
fn a_sellers_part_of_an_order_counts_once_with_its_dearest_item() {
    let (data, _) = generated(2_000, 12, 0.03);
    // Some orders of one seller hold items of several categories, and some of these cost the same.
    rewrite(data.path(), "olist_order_items_dataset.csv", |rows| {
        let mut previous: Option<Vec<String>> = None;
        let line = |(i, line): (usize, &str)| {
            let mut fields: Vec<String> = line.split(',').map(String::from).collect();
            if let Some(before) = previous.as_ref().filter(|_| i % 5 == 0) {
                fields[0] = before[0].clone();
                fields[1] = "9".into();
                fields[3] = before[3].clone();
                if i % 10 == 0 {
                    fields[5] = before[5].clone();
                }
            }
            previous = Some(fields.clone());
            fields.join(",") + "\n"
        };
        rows.lines().enumerate().map(line).collect()
    });
    let (clean, _) = load(&Source::open(data.path()).unwrap()).unwrap();
    let mart = mart(&clean).unwrap();
    let frame = mart.table("sellers_by_day").unwrap();
    let text = |column: &str| frame.column(column).unwrap().str().unwrap().clone();
    let (sellers, categories) = (text("seller_id"), text("category"));
    let days = frame.column("day").unwrap().date().unwrap().physical().clone();
    let minutes = frame.column("minute").unwrap().i64().unwrap();
    let sums = ["orders", "items", "price_centavos", "freight_centavos"]
        .map(|name| frame.column(name).unwrap().i64().unwrap().clone());
    let row = |row: usize| {
        let key: Key = (
            sellers.get(row).unwrap().into(),
            days.get(row).unwrap(),
            minutes.get(row).unwrap(),
            categories.get(row).unwrap().into(),
        );
        (key, [0, 1, 2, 3].map(|i| sums[i].get(row).unwrap()))
    };
    let found: Vec<_> = (0..frame.height()).map(row).collect();
    assert!(found.is_sorted_by(|a, b| a.0 < b.0));
    let expected = recounted(&clean);
    assert_eq!(found.into_iter().collect::<BTreeMap<_, _>>(), expected);
    assert!(expected.len() > 1_000, "{}", expected.len());
    assert_same(data.path(), 4);
}
