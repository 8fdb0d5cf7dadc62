//! Rows → rows with defects, on request: spoils a complete row in one way and counts it. Used by `write`.

use std::collections::BTreeMap;

use super::rng::{Keyed, Source, Stream};
use crate::schema::contract::TableId;

/// How a row is spoiled.
#[derive(Debug, Clone, Copy)]
enum Edit {
    /// Repeats the row further down.
    Repeat,
    /// Repeats the row further down with one digit of the column changed: same key, other value.
    Contradict,
    /// Removes or adds a field.
    Recount,
    /// Replaces the value of the column; an empty text removes it. The column must have a value.
    Set(&'static str),
    /// Writes a zip prefix as a number, without leading zeros.
    LoseZero,
    /// Adds a minus sign.
    Negate,
    /// Sets the year to 2015, before any purchase. The column must have a date.
    Antedate,
    /// Replaces the id by one that occurs nowhere else.
    Orphan,
}
use Edit::*;

/// A kind of defect: name in `truth.json`, column in the source file, and edit.
type Defect = (&'static str, &'static str, Edit);

const REPEATED: &str = "duplicate";
const CONTRADICTED: &str = "key_conflict";
/// Defect of a whole file: Windows line ends.
pub const CRLF: &str = "crlf_file";

const UNKNOWN_STATE: Edit = Set("\"XX\"");
const BAD_DATE: Edit = Set("\"2018-02-30 25:61:00\"");
const BAD_NUMBER: Edit = Set("n/d");

/// The kinds of defects of a table, all equally likely. The first fits every row and replaces a kind that does not fit.
fn kinds(table: TableId) -> &'static [Defect] {
    match table {
        TableId::Customers => &[
            (REPEATED, "", Repeat),
            (CONTRADICTED, "customer_unique_id", Contradict),
            ("field_count", "", Recount),
            ("missing_required", "customer_unique_id", Set("")),
            ("unknown_state", "customer_state", UNKNOWN_STATE),
            ("zip_without_zero", "customer_zip_code_prefix", LoseZero),
        ],
        TableId::Geolocation => &[
            (REPEATED, "", Repeat),
            ("field_count", "", Recount),
            ("outside_brazil", "geolocation_lat", Set("48.8566")),
            ("unknown_state", "geolocation_state", UNKNOWN_STATE),
            ("unparsable_number", "geolocation_lng", BAD_NUMBER),
            ("zip_without_zero", "geolocation_zip_code_prefix", LoseZero),
        ],
        TableId::OrderItems => &[
            (REPEATED, "", Repeat),
            (CONTRADICTED, "freight_value", Contradict),
            ("field_count", "", Recount),
            ("missing_required", "product_id", Set("")),
            ("negative_price", "price", Negate),
            ("orphan_order", "order_id", Orphan),
            ("unparsable_date", "shipping_limit_date", BAD_DATE),
            ("unparsable_price", "price", BAD_NUMBER),
        ],
        TableId::OrderPayments => &[
            (REPEATED, "", Repeat),
            (CONTRADICTED, "payment_value", Contradict),
            ("field_count", "", Recount),
            ("missing_required", "payment_value", Set("")),
            ("orphan_order", "order_id", Orphan),
            ("unknown_payment_type", "payment_type", Set("\"cheque\"")),
            ("unparsable_number", "payment_installments", BAD_NUMBER),
        ],
        TableId::OrderReviews => &[
            (REPEATED, "", Repeat),
            (CONTRADICTED, "review_answer_timestamp", Contradict),
            ("field_count", "", Recount),
            ("missing_required", "review_score", Set("")),
            ("orphan_order", "order_id", Orphan),
            ("unparsable_date", "review_creation_date", BAD_DATE),
            ("unparsable_score", "review_score", Set("cinco")),
        ],
        TableId::Orders => &[
            (REPEATED, "", Repeat),
            (CONTRADICTED, "order_purchase_timestamp", Contradict),
            ("delivered_before_purchase", "order_delivered_customer_date", Antedate),
            ("field_count", "", Recount),
            ("missing_required", "order_purchase_timestamp", Set("")),
            ("unknown_status", "order_status", Set("\"lost\"")),
            ("unparsable_date", "order_estimated_delivery_date", BAD_DATE),
        ],
        TableId::Products => &[
            (REPEATED, "", Repeat),
            (CONTRADICTED, "product_weight_g", Contradict),
            ("field_count", "", Recount),
            ("missing_required", "product_id", Set("")),
            ("unparsable_number", "product_weight_g", BAD_NUMBER),
            ("untranslated_category", "product_category_name", Set("categoria_sem_traducao")),
        ],
        TableId::Sellers => &[
            (REPEATED, "", Repeat),
            (CONTRADICTED, "seller_zip_code_prefix", Contradict),
            ("field_count", "", Recount),
            ("missing_required", "seller_id", Set("")),
            ("unknown_state", "seller_state", UNKNOWN_STATE),
            ("zip_without_zero", "seller_zip_code_prefix", LoseZero),
        ],
        TableId::Categories | TableId::States => &[],
    }
}

/// Number of defects written, by kind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Injected(pub BTreeMap<&'static str, u64>);

impl Injected {
    /// Counts one defect.
    pub fn count(&mut self, kind: &'static str) {
        *self.0.entry(kind).or_default() += 1;
    }

    /// Adds the counts of a chunk.
    pub fn add(&mut self, other: &Injected) {
        for (kind, count) in &other.0 {
            *self.0.entry(kind).or_default() += count;
        }
    }

    /// Number of rows that were added by defects.
    pub fn extra_rows(&self) -> u64 {
        [REPEATED, CONTRADICTED].iter().filter_map(|kind| self.0.get(kind)).sum()
    }
}

/// Spoils rows of one table and chunk.
#[derive(Debug)]
pub struct Injector {
    /// The kinds with the positions of their columns.
    kinds: Vec<(Defect, usize)>,
    /// Probability in units of 2^-32.
    rate: u64,
    stream: Stream,
    deferred: Vec<u8>,
    injected: Injected,
}

impl Injector {
    /// Spoils this share of the rows; `None` at rate 0, so that clean data cost nothing.
    pub fn new(table: TableId, rate: f64, stream: Stream) -> Option<Self> {
        let columns = table.table().columns;
        let position = |source: &str| columns.iter().position(|c| c.source == source).unwrap_or(0);
        let kinds = kinds(table).iter().map(|&kind| (kind, position(kind.1))).collect();
        let rate = (rate * (1u64 << 32) as f64) as u64;
        (rate > 0).then(|| Injector { kinds, rate, stream, deferred: Vec::new(), injected: Injected::default() })
    }

    /// Must be called after every row; `start` is its offset in `bytes`.
    pub fn visit(&mut self, bytes: &mut Vec<u8>, start: usize) {
        if self.stream.bits() >> 32 >= self.rate {
            return;
        }
        let ((kind, _, edit), column) = self.kinds[self.stream.below(self.kinds.len() as u64) as usize];
        let row = bytes[start..].to_vec();
        let field = fields(&row)[column].clone();
        let value = &row[field.clone()];
        let replaced = |value: &[u8]| [&row[..field.start], value, &row[field.end..]].concat();
        let spoiled = match edit {
            Repeat => None,
            Contradict => value.iter().rposition(u8::is_ascii_digit).map(|last| {
                let mut row = row.clone();
                let digit = &mut row[field.start + last];
                *digit = if *digit == b'9' { b'0' } else { *digit + 1 };
                row
            }),
            Recount => Some(if self.stream.below(2) == 0 {
                [&row[..row.len() - 1], b",\n"].concat()
            } else {
                let last = fields(&row).pop().map_or(1, |last| last.start);
                [&row[..last - 1], b"\n"].concat()
            }),
            Set(other) => (!value.is_empty()).then(|| replaced(other.as_bytes())),
            LoseZero => value.starts_with(b"\"0").then(|| replaced(&value[2..value.len() - 1])),
            Negate => Some(replaced(&[b"-", value].concat())),
            Antedate => (!value.is_empty()).then(|| replaced(&[b"\"2015", &value[5..]].concat())),
            Orphan => {
                let id = Keyed::new(self.stream.bits(), 0).id(0);
                Some(replaced(&[b"\"", &id[..], b"\""].concat()))
            }
        };
        match spoiled {
            Some(row) if matches!(edit, Contradict) => self.deferred.extend_from_slice(&row),
            Some(row) => {
                bytes.truncate(start);
                bytes.extend_from_slice(&row);
            }
            None => {
                self.deferred.extend_from_slice(&row);
                self.injected.count(REPEATED);
                return;
            }
        }
        self.injected.count(kind);
    }

    /// The counts, and the repeated rows, which must be written after the chunk.
    pub fn finish(self) -> (Injected, Vec<u8>) {
        (self.injected, self.deferred)
    }
}

/// The ranges of the fields in a row, quotes included.
fn fields(row: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut fields = Vec::new();
    let (mut start, mut quoted) = (0, false);
    for (i, byte) in row.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' | b'\n' if !quoted => {
                fields.push(start..i);
                start = i + 1;
            }
            _ => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_exist() {
        for table in &crate::schema::contract::TABLES {
            for (kind, column, _) in kinds(table.id) {
                assert!(column.is_empty() || table.columns.iter().any(|c| c.source == *column), "{kind}: {column}");
            }
        }
    }

    #[test]
    fn fields_heed_quotes() {
        let row = b"\"a,\"\"b\"\"\n\",,3\n";
        assert_eq!(fields(row), [0..10, 11..11, 12..13]);
    }
}
