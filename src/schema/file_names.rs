//! File name → the table it stands for: the whole table, a part, or a name that is only similar. Used by `input::find`.

use super::contract::{TABLES, TableId};
use super::ddl::Stage;

/// Format of the rows of a file, by its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rows {
    /// Text with a header, compressed or not.
    Csv,
    /// Parquet, read to the same rows as CSV.
    Parquet,
    /// An array of nested documents, compressed or not.
    Json,
}

/// What a file name says about its table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    /// `olist_orders_dataset.csv`, `Orders.CSV`.
    Whole(TableId),
    /// `orders_2018-01.csv`, `orders_part2.csv`.
    Part(TableId),
    /// `orders (1).csv`: a browser's name for a second download.
    Copy(TableId),
    /// `orders_late.csv`: the table's name and other words.
    Like(TableId),
    /// `ordesr.csv`: differs from the table's name by a letter or two.
    Near(TableId),
}

impl Says {
    pub(crate) fn table(self) -> TableId {
        match self {
            Says::Whole(id) | Says::Part(id) | Says::Copy(id) | Says::Like(id) | Says::Near(id) => id,
        }
    }
}

/// Extensions of compressed files, which follow that of the format.
const COMPRESSED: [&str; 2] = [".gz", ".zst"];
const PARQUET: &str = ".parquet";
/// Extensions of text with a header.
const TEXT: [&str; 3] = [".csv", ".tsv", ".txt"];

/// Highest number of letters by which a misspelt name may differ.
const MISSPELT: usize = 2;
/// Shortest name that is matched approximately: shorter names are too close to other words.
const SHORTEST: usize = 6;

/// Whether a file is compressed, by its name.
pub(crate) fn is_compressed(file_name: &str) -> bool {
    let name = file_name.to_lowercase();
    COMPRESSED.iter().any(|end| name.ends_with(end))
}

/// Whether a file is Parquet, by its name.
pub(crate) fn is_parquet(file_name: &str) -> bool {
    file_name.to_lowercase().ends_with(PARQUET)
}

/// A file's name in lower case without extensions, and the format that they name; `None` if they name none.
pub(crate) fn stem(file_name: &str) -> Option<(String, Rows)> {
    let name = file_name.to_lowercase();
    let plain = COMPRESSED.iter().find_map(|end| name.strip_suffix(end));
    let text = plain.unwrap_or(&name);
    let rows = |end: &str, rows| Some((text.strip_suffix(end)?.to_string(), rows));
    let parquet = || if plain.is_none() { rows(PARQUET, Rows::Parquet) } else { None };
    TEXT.iter().find_map(|end| rows(end, Rows::Csv)).or_else(|| rows(".json", Rows::Json)).or_else(parquet)
}

/// The table with exactly this name: Kaggle's, or a short name of the cloud layout, in any case.
pub(crate) fn named(stem: &str) -> Option<TableId> {
    let words = words(stem);
    let core = core(&words);
    TABLES.iter().find(|t| t.name == core || t.aliases.contains(&core)).map(|t| t.id)
}

/// What a name without extensions says.
pub(crate) fn says(stem: &str) -> Option<Says> {
    if let Some(id) = named(stem) {
        return Some(Says::Whole(id));
    }
    if let Some(id) = before_copy_mark(stem).and_then(named) {
        return Some(Says::Copy(id));
    }
    let words = words(stem);
    let head = words.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    if head.len() < words.len()
        && let Some(id) = named(head).or_else(|| named(head.strip_suffix("part")?.trim_end_matches('_')))
    {
        return Some(Says::Part(id));
    }
    like(&words)
}

/// `orders` of `orders (1)`.
fn before_copy_mark(stem: &str) -> Option<&str> {
    let (name, number) = stem.trim_end().strip_suffix(')')?.rsplit_once('(')?;
    (!number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then(|| name.trim_end())
}

/// Lower-case letters and digits; every other character becomes an underscore.
fn words(text: &str) -> String {
    text.trim().chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

/// Removes the parts that all of Kaggle's names share.
fn core(words: &str) -> &str {
    let words = words.strip_prefix("olist_").unwrap_or(words);
    words.strip_suffix("_dataset").unwrap_or(words)
}

/// The longest table name among the words; otherwise a table name that is nearly the same.
fn like(words: &str) -> Option<Says> {
    let names = TABLES.iter().flat_map(|table| {
        // `state` is too common a word to name a table.
        let short = table.aliases.iter().filter(move |_| table.id != TableId::States).copied();
        [table.name].into_iter().chain(short).map(move |name| (name, table.id))
    });
    let among = format!("_{words}_");
    let within = names.clone().filter(|(name, _)| among.contains(&format!("_{name}_")));
    if let Some((_, id)) = within.max_by_key(|(name, _)| name.len()) {
        return Some(Says::Like(id));
    }
    let core = core(words);
    let near =
        names.filter(|(name, _)| name.len() >= SHORTEST).map(|(name, id)| (strsim::osa_distance(core, name), id));
    near.min().filter(|(distance, _)| *distance <= MISSPELT).map(|(_, id)| Says::Near(id))
}

/// Whether to list a folder of a store: only folders one level down, and table folders inside them.
pub(crate) fn is_worth_listing(folder: &str) -> bool {
    let mut names = folder.split('/').filter(|name| !name.is_empty());
    match (names.next(), names.next(), names.next()) {
        (None, ..) => true,
        (Some(name), None, _) => Stage::named(name).is_none() && !name.starts_with('.'),
        (Some(_), Some(table), None) => table_folder(table).is_some(),
        _ => false,
    }
}

/// The table whose files a folder of this name holds: `orders`, or `orders.parquet` as Spark names it.
pub(crate) fn table_folder(name: &str) -> Option<TableId> {
    named(name).or_else(|| named(&stem(name)?.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(file_name: &str) -> Option<Says> {
        says(&stem(file_name)?.0)
    }

    #[test]
    fn folders_of_tables_are_worth_listing() {
        let worth = ["", "csv", "raw_data", "deep", "csv/orders", "deep/er", "csv/orders/x"].map(is_worth_listing);
        assert_eq!(worth, [true, true, false, true, true, false, false]);
    }

    #[test]
    fn file_names_of_all_layouts_are_recognised() {
        for table in &TABLES {
            assert_eq!(of(table.file), Some(Says::Whole(table.id)));
            for alias in table.aliases {
                assert_eq!(of(&format!("{alias}.csv")), Some(Says::Whole(table.id)));
            }
        }
        for name in ["Orders.CSV", "orders_dataset.csv", "Olist-Orders-Dataset.csv.GZ", "orders.parquet", "ORDERS.tsv"]
        {
            assert_eq!(of(name), Some(Says::Whole(TableId::Orders)), "{name}");
        }
        assert_eq!(of("Order_Items.CSV"), Some(Says::Whole(TableId::OrderItems)));
        assert_eq!(stem("customers.json"), Some(("customers".into(), Rows::Json)));
        assert_eq!(["README.md", "notes.csv", "truth.json", "readme.txt", "orders.parquet.gz"].map(of), [None; 5]);
    }

    #[test]
    fn parts_end_with_a_number_and_nothing_else() {
        for part in
            ["orders_2018-01.csv.gz", "orders-0001.csv", "orders_2.parquet", "orders_part2.csv", "orders.part-0001.csv"]
        {
            assert_eq!(of(part), Some(Says::Part(TableId::Orders)), "{part}");
        }
        assert_eq!(of("olist_orders_dataset (1).csv"), Some(Says::Copy(TableId::Orders)));
        for like in ["orders_late.csv", "orders_old.csv", "orders - Copy.csv", "my orders.csv"] {
            assert_eq!(of(like), Some(Says::Like(TableId::Orders)), "{like}");
        }
    }

    #[test]
    fn names_that_are_nearly_right_are_known() {
        let reviews = of("olist_order_reviews_dataset_translated.csv.gz");
        assert_eq!(reviews, Some(Says::Like(TableId::OrderReviews)));
        assert_eq!(of("ordesr.csv"), Some(Says::Near(TableId::Orders)));
        assert_eq!(of("customer.csv"), Some(Says::Near(TableId::Customers)));
        assert_eq!(of("olist_geolocations_dataset.csv"), Some(Says::Near(TableId::Geolocation)));
        assert_eq!(of("united_states.csv"), None);
    }
}
