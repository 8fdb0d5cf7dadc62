//! Bytes of a CSV file in any dialect → canonical CSV: UTF-8, commas, dates that start with the year, plain numbers. Between `source` and
//! `read`.
//!
//! The dialect is detected from the file, applied and reported. Where two readings fit, the file is refused. The head of a file decides
//! whether the rest is examined: canonical files pass through unchanged. Further down, odd numbers are quarantined; the first date that
//! does not start with the year makes `table_builder` survey the dates.

mod encoding;
mod forms;
mod rows;

use std::borrow::Cow;
use std::io::{Cursor, Read};

pub(crate) use self::encoding::wide;
use self::encoding::{Encoding, decoded};
pub(crate) use self::forms::{Forms, Survey};
use self::rows::{Plain, Rewritten};
use crate::error::Result;
use crate::input::find::recognize;
use crate::input::parts::unreadable;
use crate::schema::contract::Table;
use crate::schema::read_options::Reading;

/// Bytes of the head of a file, from which its encoding is detected.
const HEAD: u64 = 1 << 20;
/// Bytes of the head in which dates and numbers are checked for canonical form. Few, because they are parsed twice.
const PARSED: usize = 1 << 16;
/// Possible delimiters, the canonical one first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// A first line `sep=;` tells Excel the delimiter.
pub(crate) const SEP: &str = "sep=";

/// A stream of bytes.
pub(crate) type Bytes<'a> = Box<dyn Read + 'a>;
/// Reads the bytes of a file again from the start.
pub(crate) type Again<'a> = dyn Fn(&mut dyn FnMut(&mut dyn Read) -> Result<()>) -> Result<()> + 'a;

/// A file in canonical form.
pub(crate) struct Canonical<'a> {
    pub(crate) bytes: Bytes<'a>,
    /// Descriptions of what was not canonical.
    pub(crate) found: Vec<String>,
    /// Whether all dates were examined.
    pub(crate) surveyed: bool,
}

/// The canonical bytes of a file of `table`.
///
/// # Errors
/// The file cannot be read, or a column is ambiguous.
pub(crate) fn canonical<'a>(
    table: &'static Table,
    name: &str,
    reading: &Reading,
    mut bytes: Bytes<'a>,
    again: &Again<'_>,
) -> Result<Canonical<'a>> {
    let failed = |e| unreadable(name, &e);
    let mut head = Vec::with_capacity(HEAD as usize);
    bytes.by_ref().take(HEAD).read_to_end(&mut head).map_err(failed)?;
    let whole = (head.len() as u64) < HEAD;
    let encoding = Encoding::of(&head, whole, again)?;
    let start = &head[..head.len().min(PARSED)];
    let layout = Layout::of(&encoding.decode(start), encoding, table);
    let is_plain = layout.is_canonical() && forms::are_plain(table, start, whole && start.len() == head.len());
    let all: Bytes<'a> = Box::new(Cursor::new(head).chain(bytes));
    if is_plain {
        return Ok(Canonical { bytes: all, found: Vec::new(), surveyed: false });
    }
    let mut survey = Survey::default();
    again(&mut |bytes| {
        survey = Survey::of(table, layout.rows(Box::new(bytes))).map_err(failed)?;
        Ok(())
    })?;
    let forms = survey.decide(name, reading)?;
    let mut found = layout.described();
    found.extend(forms.described());
    let bytes = match layout.is_canonical() && forms.is_empty() {
        true => all,
        false => Box::new(Rewritten::new(layout.rows(all), forms)),
    };
    Ok(Canonical { bytes, found, surveyed: true })
}

/// The warnings about files that were not canonical; files with the same description share one.
pub(crate) fn told(files: &[(String, Vec<String>)]) -> Vec<String> {
    let mut told: Vec<(&[String], &str, usize)> = Vec::new();
    for (file, found) in files.iter().filter(|(_, found)| !found.is_empty()) {
        match told.iter_mut().find(|(known, ..)| known == found) {
            Some((.., files)) => *files += 1,
            None => told.push((found, file, 1)),
        }
    }
    let sentence = |(found, file, files): (&[String], &str, usize)| {
        let more = if files > 1 { format!(" and {} more", files - 1) } else { String::new() };
        format!("`{file}`{more}: {}", found.join("; "))
    };
    told.into_iter().map(sentence).collect()
}

/// The layout of the rows of a file.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Layout {
    encoding: Encoding,
    delimiter: u8,
    /// Whether lines end with `\r` alone.
    cr: bool,
    /// Whether there are spaces between delimiters and quotes.
    spaced: bool,
    /// Whether a line before the header names the delimiter.
    named: bool,
}

impl Layout {
    /// Detects the layout from the head of a file.
    fn of(text: &str, encoding: Encoding, table: &Table) -> Layout {
        let first_end = text.find(['\r', '\n']).map(|end| &text[end..]);
        let cr = first_end.is_some_and(|end| end.starts_with('\r') && !end.starts_with("\r\n"));
        let text = text.trim_start_matches('\u{feff}');
        let mut lines = text.split(if cr { '\r' } else { '\n' }).map(|line| line.trim_end_matches('\r'));
        let mut header = lines.next().unwrap_or_default();
        let named = header.strip_prefix(SEP).and_then(|rest| rest.bytes().next().filter(|_| rest.len() == 1));
        if named.is_some() {
            header = lines.next().unwrap_or_default();
        }
        let columns = |delimiter: &u8| {
            let names = header.split(char::from(*delimiter)).map(|name| name.trim().trim_matches('"').trim());
            names.filter(|name| table.columns.iter().any(|column| recognize::is(column, name))).count()
        };
        let most = DELIMITERS.iter().map(columns).max().unwrap_or(0);
        let found = DELIMITERS.into_iter().find(|delimiter| columns(delimiter) == most).unwrap_or(b',');
        let delimiter = named.filter(|named| DELIMITERS.contains(named)).unwrap_or(found);
        let is_spaced = |line: &str| {
            let after = line.match_indices(char::from(delimiter)).map(|(at, _)| &line[at + 1..]);
            after.into_iter().any(|rest| rest.starts_with(' ') && rest.trim_start_matches(' ').starts_with('"'))
        };
        let spaced = is_spaced(header) || lines.next().is_some_and(is_spaced);
        Layout { encoding, delimiter, cr, spaced, named: named.is_some() }
    }

    fn is_canonical(&self) -> bool {
        let Layout { encoding, delimiter, cr, spaced, named } = *self;
        encoding == Encoding::Utf8 && delimiter == b',' && !cr && !spaced && !named
    }

    /// The records of a file, header first.
    fn rows<'a>(&self, bytes: Bytes<'a>) -> rows::Records<'a> {
        rows::Records::new(Plain::new(decoded(bytes, self.encoding), *self), self.delimiter)
    }

    /// Descriptions of what is not canonical.
    fn described(&self) -> Vec<String> {
        let mut found = Vec::new();
        if self.encoding != Encoding::Utf8 {
            found.push(format!("it is written in {}", self.encoding.name()));
        }
        if self.delimiter != b',' {
            let delimiter: Cow<'_, str> = match self.delimiter {
                b'\t' => "tabs".into(),
                other => format!("`{}`", char::from(other)).into(),
            };
            found.push(format!("it is separated by {delimiter}"));
        }
        if self.cr {
            found.push("its lines end with `\\r`".into());
        }
        found
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::schema::contract::TableId;
    use crate::schema::read_options::{DateOrder, DecimalMark};

    fn read_with(table: TableId, bytes: &[u8], reading: &Reading) -> Result<(String, String)> {
        let again = |take: &mut dyn FnMut(&mut dyn Read) -> Result<()>| take(&mut &bytes[..]);
        let Canonical { mut bytes, found, .. } = canonical(table.table(), "f.csv", reading, Box::new(bytes), &again)?;
        let mut text = String::new();
        bytes.read_to_string(&mut text).unwrap();
        Ok((text, told(&[("f.csv".into(), found)]).concat()))
    }

    fn read(table: TableId, text: &str) -> (String, String) {
        read_with(table, text.as_bytes(), &Reading::default()).unwrap()
    }

    const SELLERS: &str = "seller_id,seller_zip_code_prefix,seller_city,seller_state\n";

    #[test]
    fn canonical_bytes_pass_untouched() {
        for text in ["", "x", SELLERS, "\u{feff}\"seller_id\",\"seller_city\"\r\n\"a, b\",\"são \"\"x\"\"\"\r\n\r\n"] {
            assert_eq!(read(TableId::Sellers, text), (text.into(), String::new()));
        }
    }

    #[test]
    fn delimiters_are_found_by_the_columns() {
        let rows = format!("{SELLERS}a,1,\"x;y\",SP\n");
        for (delimiter, name) in [(';', "`;`"), ('\t', "tabs"), ('|', "`|`")] {
            let written = rows.replace("x;y", "x;y|z").replace(',', &delimiter.to_string());
            let (text, found) = read(TableId::Sellers, &written);
            let expected = format!("{SELLERS}a,1,x;y|z,SP\n");
            assert_eq!(text, expected);
            assert_eq!(found, format!("`f.csv`: it is separated by {name}"));
        }
        let (text, _) = read(TableId::Sellers, "sep=;\nseller_id;seller_city\na;\"b,c\"\n");
        assert_eq!(text, "\nseller_id,seller_city\na,\"b,c\"\n");
        let (text, _) = read(TableId::Sellers, "\"seller_id\", \"seller_city\"\n\"a\" ,  \"b, \"\"c\"\"\"\nd, e\n");
        assert_eq!(text, "seller_id,seller_city\na,\"b, \"\"c\"\"\"\nd, e\n");
    }

    #[test]
    fn encodings_are_found() {
        let text = format!("{SELLERS}a,1,são paulo,SP\nb,1,maceió,AL\nc,1,goiânia,GO\n");
        let utf16 = |big: bool| -> Vec<u8> {
            let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
            "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(bytes).collect()
        };
        let windows: Vec<u8> = text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let unmarked = |big: bool| utf16(big)[2..].to_vec();
        for (bytes, name) in [
            (utf16(true), "UTF-16BE"),
            (utf16(false), "UTF-16LE"),
            (unmarked(true), "UTF-16BE"),
            (unmarked(false), "UTF-16LE"),
            (windows, "windows-1252"),
        ] {
            let found = read_with(TableId::Sellers, &bytes, &Reading::default()).unwrap();
            assert_eq!(found, (text.clone(), format!("`f.csv`: it is written in {name}")));
        }
        // One wrong byte among valid text is damage, not another encoding.
        let mut damaged = text.clone().into_bytes();
        let at = damaged.len() - 3;
        damaged[at] = 0xe3;
        let again = |take: &mut dyn FnMut(&mut dyn Read) -> Result<()>| take(&mut &damaged[..]);
        let mut bytes = Vec::new();
        let table = TableId::Sellers.table();
        let read = canonical(table, "f", &Reading::default(), Box::new(&damaged[..]), &again).unwrap();
        { read }.bytes.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, damaged);
    }

    #[test]
    fn lines_may_end_with_a_carriage_return_and_keep_their_numbers() {
        let (text, found) = read(TableId::Sellers, "seller_id,seller_city\ra,\"b\rc\"\rd,e");
        assert_eq!(text, "seller_id,seller_city\na,\"b\nc\"\nd,e");
        assert_eq!(found, "`f.csv`: its lines end with `\\r`");
        let (text, _) = read(TableId::Sellers, "seller_id;seller_city\r\na;\"b\r\nc\"\r\nd;e\r\n");
        assert_eq!(text.lines().position(|line| line == "d,e"), Some(3), "{text}");
    }

    fn orders(dates: &[&str]) -> String {
        dates.iter().fold("order_id,order_purchase_timestamp\n".into(), |text, date| text + "a," + date + "\n")
    }

    #[test]
    fn the_order_of_days_and_months_is_found_in_all_values() {
        let dates = |text: String| -> Vec<String> {
            text.lines().skip(1).map(|line| line.split_once(',').unwrap().1.into()).collect()
        };
        let (text, found) = read(TableId::Orders, &orders(&["03/04/2018 10:10", "", "x", "15/08/2018", "01/02/2018"]));
        assert_eq!(dates(text), ["2018-04-03 10:10", "", "x", "2018-08-15", "2018-02-01"]);
        assert_eq!(found, "`f.csv`: dates of `order_purchase_timestamp` are read as day/month/year");
        let (text, _) = read(TableId::Orders, &orders(&["03/04/2018", "8/15/2018 10:10 AM"]));
        assert_eq!(dates(text), ["2018-03-04", "2018-08-15 10:10 AM"]);
        // Dates that start with the year tell nothing about the others, however many there are.
        let iso = "2018-01-01 00:00:00";
        let (text, found) = read(TableId::Orders, &orders(&[iso, "03/04/2018", iso, "15/08/2018", iso]));
        assert_eq!(dates(text), [iso, "2018-04-03", iso, "2018-08-15", iso]);
        assert!(
            found.ends_with("`order_purchase_timestamp` are read as year-month-day and as day/month/year"),
            "{found}"
        );
        // Both orders give the same date.
        assert_eq!(dates(read(TableId::Orders, &orders(&["04/04/2018"])).0), ["2018-04-04"]);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused_until_the_user_says() {
        let text = orders(&["03/04/2018", "05/06/2018"]);
        let error = read_with(TableId::Orders, text.as_bytes(), &Reading::default()).unwrap_err();
        assert!(error.to_string().contains("`03/04/2018`") && error.hint().unwrap().contains("--dates dmy"), "{error}");
        let reading = Reading { dates: Some(DateOrder::Dmy), ..Reading::default() };
        assert!(read_with(TableId::Orders, text.as_bytes(), &reading).unwrap().0.contains("2018-04-03"));
        // One in a hundred that nothing explains is an odd value; more are a reason to ask.
        let among = |others: &[&str]| orders(&[others, &["2018-01-01 00:00:00"; 100]].concat());
        for others in [&["03/04/2018"][..], &["NaN", "NULL", "x"]] {
            assert_eq!(read(TableId::Orders, &among(others)), (among(others), String::new()));
        }
        let two = among(&["03/04/2018", "05/06/2018"]);
        assert!(read_with(TableId::Orders, two.as_bytes(), &Reading::default()).is_err());
        let text = orders(&["25/04/2018", "05/26/2018"]);
        assert!(read_with(TableId::Orders, text.as_bytes(), &Reading::default()).is_err());
        let items = "order_id,price\na,1.230\na,2.500\na,7\n";
        let error = read_with(TableId::OrderItems, items.as_bytes(), &Reading::default()).unwrap_err();
        assert!(error.to_string().contains("`1.230`") && error.hint().unwrap().contains("--numbers comma"), "{error}");
        for (mark, expected) in [(DecimalMark::Comma, "a,1230\na,2500\n"), (DecimalMark::Point, "a,1.23\na,2.5\n")] {
            let reading = Reading { numbers: Some(mark), ..Reading::default() };
            let (text, _) = read_with(TableId::OrderItems, items.as_bytes(), &reading).unwrap();
            assert!(text.contains(expected), "{text}");
        }
    }

    #[test]
    fn numbers_are_read_with_the_mark_that_fits_all() {
        let (text, found) =
            read(TableId::OrderItems, "order_id;price;freight_value\na;R$ 1.234,56;1.234\na;12,5;2.000\n");
        assert_eq!(text, "order_id,price,freight_value\na,1234.56,1234\na,12.5,2000\n");
        assert!(found.ends_with("numbers of `price`, `freight_value` are read with a decimal comma"), "{found}");
        let (text, found) = read(TableId::OrderItems, "order_id,price\na,\"1,234.56\"\na,12.50\n");
        assert_eq!(text, "order_id,price\na,1234.56\na,12.5\n");
        assert!(found.ends_with("numbers of `price` are read with a decimal point"), "{found}");
        // Three digits behind the mark: decimals where the mark of the file is known, refused where it is not.
        let prices = |values: &str| format!("order_id,price\n{}", values.replace(' ', "\n"));
        let point = Reading { numbers: Some(DecimalMark::Point), ..Reading::default() };
        for (values, reading) in
            [("a,155.905 a,1234.565", Reading::default()), ("a,155.905 a,1.234", point), ("a,0.505", point)]
        {
            let (text, _) = read_with(TableId::OrderItems, prices(values).as_bytes(), &reading).unwrap();
            assert_eq!(text, prices(values), "{values}");
        }
        assert!(read_with(TableId::OrderItems, prices("a,155.905 a,12").as_bytes(), &Reading::default()).is_err());
        let (text, _) = read(TableId::Geolocation, "geolocation_lat;geolocation_lng\n-23,5;-46,25\n");
        assert_eq!(text, "geolocation_lat,geolocation_lng\n-23.5,-46.25\n");
    }

    #[test]
    fn dates_that_do_not_start_with_the_year_are_no_dates_of_that_form() {
        let orders = "order_id,order_purchase_timestamp\na,01/10/2017 10:10\n";
        let ymd = Reading { dates: Some(DateOrder::Ymd), ..Reading::default() };
        let error = read_with(TableId::Orders, orders.as_bytes(), &ymd).unwrap_err();
        assert!(error.to_string().contains("`01/10/2017 10:10` does not start with the year"), "{error}");
    }

    #[test]
    fn headers_are_known_in_any_case() {
        let (text, _) = read(TableId::OrderItems, "ORDER_ID;Price;'freight value'\na;12,5;2,25\n");
        assert_eq!(text, "ORDER_ID,Price,'freight value'\na,12.5,2.25\n");
    }
}
