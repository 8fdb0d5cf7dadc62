//! Texts of the clean tables ↔ whole numbers while the SQL runs: joining by number is much faster than by an id of 32 digits. Used by
//! `mart`.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

use polars::prelude::*;
use rayon::prelude::*;

use crate::error::Result;
use crate::mart::queries::{QUERIES, QueryRole, words};
use crate::parallel;
use crate::schema::contract::UNKNOWN;
use crate::table::interner::Interner;

/// Columns of the clean tables and the mart, grouped by the kind of text that they share.
pub(crate) const KINDS: [&[&str]; 7] = [
    &["order_id"],
    &["customer_id"],
    &["product_id"],
    &["seller_id"],
    &["category"],
    &["customer_city", "city"],
    &["customer_state", "state"],
];

/// Who orders. As many texts as there are customers, which no table of the mart holds: a fingerprint stands for each.
pub(crate) const CUSTOMER: &str = "customer_unique_id";

/// A number that stands for a text as long as the SQL runs, not negative: 62 bits of its hash. Two of ten million customers share one with a chance of 11 in a
/// million.
fn fingerprint(text: &str) -> i64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    (hasher.finish() >> 2) as i64
}

/// The end of SQL's replacement of a missing text, after the column: `COALESCE(c.customer_state, 'unknown')`.
fn unknown(column: &str) -> String {
    format!(".{column}, '{UNKNOWN}')")
}

/// Whether the column may be encoded.
pub(crate) fn are_in(column: &str) -> bool {
    KINDS.iter().any(|columns| columns.contains(&column))
}

/// Loads the tables and columns that the queries of these roles name.
pub(crate) fn in_use(tables: BTreeMap<String, LazyFrame>, kinds: &[QueryRole]) -> Result<BTreeMap<String, DataFrame>> {
    let words = words(QUERIES.iter().filter(|query| kinds.contains(&query.kind)));
    let read = |(name, mut frame): (String, LazyFrame)| {
        let columns = frame.collect_schema()?;
        let used = columns.iter_names().filter(|column| words.contains(column.as_str()));
        let frame = frame.select(used.map(|column| col(column.clone())).collect::<Vec<_>>());
        Ok((name, frame.collect()?))
    };
    let used: Vec<(String, LazyFrame)> = tables.into_iter().filter(|(name, _)| words.contains(name.as_str())).collect();
    Ok(parallel::map(used, read)?.into_iter().collect())
}

/// The sorted texts of each kind, indexed by number. Includes [`UNKNOWN`] where SQL writes it for a missing text.
#[derive(Debug, Default)]
pub(crate) struct DictionaryEncoding(pub(crate) Vec<StringChunked>);

impl DictionaryEncoding {
    /// Replaces the texts by their numbers.
    pub(crate) fn encode(tables: &mut BTreeMap<String, DataFrame>) -> Result<DictionaryEncoding> {
        let unknown_text = StringChunked::from_slice(UNKNOWN.into(), &[UNKNOWN]);
        let number = |columns: &&[&str]| -> Result<(StringChunked, Vec<(String, Column)>)> {
            let places: Vec<(&String, &StringChunked)> = tables
                .iter()
                .flat_map(|(table, frame)| frame.columns().iter().map(move |column| (table, column)))
                .filter(|(_, column)| columns.contains(&column.name().as_str()))
                .map(|(table, column)| Ok((table, column.str()?)))
                .collect::<PolarsResult<_>>()?;
            let replaced = |column: &&str| QUERIES.iter().any(|query| query.sql.contains(&unknown(column)));
            let unknown_text = Some(&unknown_text).filter(|_| columns.iter().any(replaced));
            let texts: Vec<&StringChunked> = places.iter().map(|place| place.1).chain(unknown_text).collect();
            let (texts, numbers) = number(&texts);
            let texts = texts.into_iter().map(Some).collect();
            let coded = places.iter().zip(numbers).map(|((table, column), numbers)| {
                (table.to_string(), numbers.with_name(column.name().clone()).into_column())
            });
            Ok((texts, coded.collect()))
        };
        let kinds = parallel::map(&KINDS, number)?;
        let mut codes = DictionaryEncoding(Vec::with_capacity(kinds.len()));
        for (texts, coded) in kinds {
            codes.0.push(texts);
            for (table, column) in coded {
                if let Some(frame) = tables.get_mut(&table) {
                    frame.with_column(column)?;
                }
            }
        }
        for frame in tables.values_mut() {
            if let Ok(texts) = frame.column(CUSTOMER).and_then(|column| column.str()) {
                let texts: Vec<Option<&str>> = texts.iter().collect();
                let numbers: Vec<Option<i64>> = texts.par_iter().map(|text| text.map(fingerprint)).collect();
                frame.with_column(Int64Chunked::from_slice_options(CUSTOMER.into(), &numbers).into_column())?;
            }
        }
        Ok(codes)
    }

    /// The query for encoded tables: replaces the literal `'unknown'` by its number.
    pub(crate) fn in_sql(&self, sql: &str) -> String {
        let mut sql = sql.to_string();
        for (texts, columns) in self.0.iter().zip(KINDS) {
            for column in columns {
                if !sql.contains(&unknown(column)) {
                    continue;
                }
                let number = texts.iter().position(|text| text == Some(UNKNOWN)).unwrap_or_default();
                sql = sql.replace(&unknown(column), &format!(".{column}, CAST({number} AS INT UNSIGNED))"));
            }
        }
        sql
    }

    /// Replaces the numbers by their texts.
    pub(crate) fn decode(&self, frame: &mut DataFrame) -> Result<()> {
        for (texts, columns) in self.0.iter().zip(KINDS) {
            for column in columns {
                if let Ok(numbers) = frame.column(column).and_then(|coded| coded.u32()) {
                    let texts = texts.take(numbers)?.with_name((*column).into());
                    frame.with_column(texts.into_column())?;
                }
            }
        }
        Ok(())
    }
}

/// The sorted distinct texts of all `columns`, and the columns as positions in them. Numbers have the order of the texts, so that queries
/// give the same result.
fn number<'a>(columns: &[&'a StringChunked]) -> (Vec<&'a str>, Vec<UInt32Chunked>) {
    // For ids, the table of which they are the key has all of them, sorted.
    let key = |column: &&&StringChunked| column.iter().flatten().is_sorted_by(|a, b| a < b);
    let key = columns.iter().filter(key).max_by_key(|column| column.len());
    let mut places = Interner::of(key.into_iter().flat_map(|column| column.iter().flatten()));
    let numbers: Vec<UInt32Chunked> = columns.iter().map(|column| places.add(column)).collect();
    let texts = places.into_texts();
    if texts.is_sorted() {
        return (texts, numbers);
    }
    let mut order: Vec<u32> = (0..texts.len() as u32).collect();
    order.par_sort_by_key(|&seen| texts[seen as usize]);
    let mut places = vec![0; order.len()];
    order.iter().zip(0..).for_each(|(&seen, place)| places[seen as usize] = place);
    let sorted = order.iter().map(|&seen| texts[seen as usize]).collect();
    (sorted, numbers.iter().map(|column| column.apply_values(|seen| places[seen as usize])).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_order_as_the_texts_do() {
        let [a, b] = [["c", "a", "c"], ["b", "ç", "a"]].map(|texts| StringChunked::from_slice("x".into(), &texts));
        let missing: StringChunked = [Some("b"), None].into_iter().collect();
        let (texts, numbers) = number(&[&a, &b, &missing]);
        assert_eq!(texts, ["a", "b", "c", "ç"]);
        let numbers: Vec<Vec<Option<u32>>> = numbers.iter().map(|column| column.iter().collect()).collect();
        let some = |numbers: [u32; 3]| numbers.map(Some).to_vec();
        assert_eq!(numbers, [some([2, 0, 2]), some([1, 3, 0]), vec![Some(1), None]]);
    }

    #[test]
    fn what_is_not_known_is_a_number_among_the_others() {
        let frame = df!("customer_state" => [Some("SP"), None, Some("zz")]).unwrap();
        let mut tables = BTreeMap::from([("customers".to_string(), frame)]);
        let codes = DictionaryEncoding::encode(&mut tables).unwrap();
        assert_eq!(codes.0[6].iter().flatten().collect::<Vec<_>>(), ["SP", UNKNOWN, "zz"]);
        let sql = codes.in_sql(
            "SELECT COALESCE(c.customer_state, 'unknown') AS state, COALESCE(o.order_status, 'unknown') AS status",
        );
        let expected = "COALESCE(c.customer_state, CAST(1 AS INT UNSIGNED)) AS state, COALESCE(o.order_status, 'unknown') AS status";
        assert_eq!(sql, format!("SELECT {expected}"));
    }

    #[test]
    fn decoding_gives_the_texts_back() {
        let frame = df!("order_id" => [Some("y"), None, Some("x")], "n" => [1i64, 2, 3]).unwrap();
        let mut tables = BTreeMap::from([("orders".to_string(), frame.clone())]);
        let codes = DictionaryEncoding::encode(&mut tables).unwrap();
        assert_eq!(tables["orders"].column("order_id").unwrap().dtype(), &DataType::UInt32);
        codes.decode(tables.get_mut("orders").unwrap()).unwrap();
        assert!(tables["orders"].equals_missing(&frame));
    }
}
