//! Texts that stand for a missing value: one list for every column of every format. Used by `parse`, `input::dialect` and
//! `engine::remote_cleaning`.

/// What tools write where a value is missing, in exactly this case: pandas `NaN`, `nan`, `NaT`, `None` and `<NA>`; R `NA`; MySQL and
/// PostgreSQL `\N` and `NULL`; Spark and JavaScript `null`; spreadsheets `#N/A`, `N/A` and `n/a`. No state, city, category or id of
/// Olist's is one of them. Words that a customer may write, such as `none` or `na`, are not among them.
pub(crate) const NULL_MARKS: [&str; 12] =
    ["NaN", "nan", "NaT", "None", "<NA>", "NA", "\\N", "NULL", "null", "#N/A", "N/A", "n/a"];

/// Most characters of a mark.
const MAX_MARK_LENGTH: usize = 4;

/// The mark that a text without surrounding spaces is, if it is one.
#[inline]
pub(crate) fn null_mark(text: &str) -> Option<&'static str> {
    // Called for every field: nearly all are longer, or begin with a digit or another letter.
    match text.as_bytes() {
        [b'N' | b'n' | b'\\' | b'<' | b'#', ..] if text.len() <= MAX_MARK_LENGTH => of_list(text),
        _ => None,
    }
}

#[cold]
fn of_list(text: &str) -> Option<&'static str> {
    NULL_MARKS.into_iter().find(|mark| *mark == text)
}

/// Whether a text without surrounding spaces stands for no value.
pub(crate) fn is_missing(text: &str) -> bool {
    text.is_empty() || null_mark(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::built_in::CATEGORY_NAMES;
    use crate::schema::contract::{ORDER_STATUSES, PAYMENT_TYPES, is_state};

    #[test]
    fn every_mark_is_found_by_its_first_byte_and_length() {
        for mark in NULL_MARKS {
            assert_eq!(null_mark(mark), Some(mark));
        }
        for text in ["", "N", "Nan", "NAN", "none", "na", "Null", "nulls", "natal", "RN", "\\n", "#", "0"] {
            assert_eq!(null_mark(text), None, "{text}");
        }
    }

    #[test]
    fn no_word_of_the_contract_is_a_mark() {
        let categories = CATEGORY_NAMES.iter().flat_map(|(key, name)| [*key, *name]);
        let words = categories.chain(ORDER_STATUSES.iter().copied()).chain(PAYMENT_TYPES.iter().copied());
        assert!(words.into_iter().all(|word| !is_missing(word)));
        assert!(NULL_MARKS.iter().all(|mark| !is_state(mark)));
    }
}
