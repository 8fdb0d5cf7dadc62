//! The orders of a trial, as the reader exports them: `order_id`, `date`, `code` or `region`, `revenue`, perhaps `currency` → orders.
//! Next: `verdict`.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::error::{Error, Result};
use crate::text::{listed, shortened};

/// Characters of a value that a message quotes.
const QUOTED: usize = 40;
/// Signs by which an amount says its currency.
const SIGNS: [(&str, &str); 7] =
    [("R$", "BRL"), ("US$", "USD"), ("€", "EUR"), ("£", "GBP"), ("¥", "JPY"), ("₹", "INR"), ("$", "USD")];

/// An order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Order {
    pub day: NaiveDate,
    /// Code or region; empty if the order has none.
    pub mark: String,
    pub revenue: f64,
}

/// The orders of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OrderFile {
    pub orders: Vec<Order>,
    /// Lines left out because their order had come before.
    pub repeated: usize,
}

/// Reads a file; `mark` is the column that tells the arms apart, `currency` that of the trial. `name` stands for the file in messages.
/// An order counts once: with the values of its first line.
///
/// # Errors
/// [`Error::Input`]: a column is missing, a value is no day or amount, an amount is in another currency, or there is no order.
pub(crate) fn read(text: &str, mark: &str, currency: &str, name: &str) -> Result<OrderFile> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: u8| first.bytes().filter(|byte| *byte == delimiter).count();
    let delimiter = [b',', b';', b'\t'].into_iter().max_by_key(|delimiter| (count(*delimiter), *delimiter == b','));
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter.unwrap_or(b','))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| {
        let line = error.position().map_or_else(String::new, |at| format!(", line {}", at.line()));
        Error::input(format!("`{name}`{line}: the row has more or fewer fields than the header"))
    };
    let headers: Vec<String> = reader.headers().map_err(unreadable)?.iter().map(str::to_lowercase).collect();
    let find = |column: &str| headers.iter().position(|header| header == column);
    let needed = ["order_id", "date", mark, "revenue"];
    let missing: Vec<&str> = needed.iter().filter(|c| find(c).is_none()).copied().collect();
    let (Some(id), Some(date), Some(place), Some(revenue), []) =
        (find("order_id"), find("date"), find(mark), find("revenue"), &missing[..])
    else {
        let found = headers.iter().map(|header| shortened(header, QUOTED));
        return Err(Error::input(format!("`{name}` has no column {}", listed(missing)))
            .with_hint(format!("columns found: {}", listed(found))));
    };
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut file = OrderFile { orders: Vec::new(), repeated: 0 };
    for row in reader.records() {
        let row = row.map_err(unreadable)?;
        let line = row.position().map_or(0, csv::Position::line);
        let field = |column: usize| row.get(column).unwrap_or_default();
        let wrong = |text: &str, what: &str| {
            Error::input(format!("`{name}`, line {line}: `{}` {what}", shortened(text, QUOTED)))
        };
        let stated = find("currency").map(field).filter(|code| !code.is_empty());
        if let Some(other) = stated.filter(|code| !code.eq_ignore_ascii_case(currency)) {
            return Err(other_currency(name, line, other, currency));
        }
        let day = field(date).get(..10).and_then(|day| day.parse::<NaiveDate>().ok());
        let day = day.ok_or_else(|| wrong(field(date), "is no day such as 2026-03-01"))?;
        let revenue = match amount(field(revenue), currency) {
            Amount::Of(value) => value,
            Amount::OtherCurrency(other) => return Err(other_currency(name, line, other, currency)),
            Amount::None => return Err(wrong(field(revenue), "is no amount such as 59.90")),
        };
        match field(id) {
            "" => return Err(wrong("", "is no order id")),
            id if !seen.insert(id.to_string()) => file.repeated += 1,
            _ => file.orders.push(Order { day, mark: field(place).to_string(), revenue }),
        }
    }
    match file.orders.is_empty() {
        true => Err(Error::input(format!("`{name}` holds no order"))),
        false => Ok(file),
    }
}

fn other_currency(name: &str, line: u64, other: &str, currency: &str) -> Error {
    Error::input(format!(
        "`{name}`, line {line}: the amount is in `{}`, the trial in {currency}",
        shortened(other, QUOTED)
    ))
    .with_hint("export the orders in the currency of the trial, or plan the trial in that of the orders")
}

#[derive(Debug, PartialEq)]
enum Amount<'a> {
    Of(f64),
    /// The sign or code of it.
    OtherCurrency(&'a str),
    None,
}

/// An amount with or without the sign or code of a currency; decimals after a point, or after a comma if one or two digits follow.
fn amount<'a>(text: &'a str, currency: &str) -> Amount<'a> {
    let number = |text: &str| {
        let point = match text.rsplit_once(',') {
            Some((whole, decimals)) if (1..=2).contains(&decimals.len()) && !whole.contains(['.', ',']) => {
                format!("{whole}.{decimals}")
            }
            _ => text.to_string(),
        };
        let is_plain = point.bytes().all(|b| b.is_ascii_digit() || b == b'.' || b == b'-');
        point.parse::<f64>().ok().filter(|value| is_plain && value.abs() < 1e12)
    };
    let is_of_number = |c: char| c.is_ascii_digit() || "-.,".contains(c);
    let sign_before = text.find(is_of_number).map_or("", |at| text[..at].trim());
    let sign_after = text.rfind(is_of_number).map_or("", |at| text[at + 1..].trim());
    let (sign, rest) = match (sign_before, sign_after) {
        ("", sign) => (sign, text.strip_suffix(sign).unwrap_or(text)),
        (sign, "") => (sign, text.strip_prefix(sign).unwrap_or(text)),
        _ => return Amount::None,
    };
    let of_sign = |sign: &str| SIGNS.iter().find(|(known, _)| *known == sign).map(|(_, code)| *code);
    // The plain dollar is that of several countries.
    let is_own = sign.eq_ignore_ascii_case(currency)
        || of_sign(sign) == Some(currency)
        || (sign == "$" && ["AUD", "CAD", "MXN", "CLP", "COP", "ARS"].contains(&currency));
    let is_code = sign.len() == 3 && sign.bytes().all(|b| b.is_ascii_alphabetic());
    match number(rest.trim()) {
        Some(value) if sign.is_empty() || is_own => Amount::Of(value),
        Some(_) if of_sign(sign).is_some() || is_code => Amount::OtherCurrency(sign),
        _ => Amount::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_say_their_currency_or_none() {
        for (text, value) in
            [("59.90", 59.9), ("59,90", 59.9), ("R$ 12,5", 12.5), ("12 BRL", 12.0), ("-3", -3.0), ("1200", 1200.0)]
        {
            assert_eq!(amount(text, "BRL"), Amount::Of(value), "{text}");
        }
        for (text, sign) in [("€ 12", "€"), ("12.00 EUR", "EUR"), ("$5", "$")] {
            assert_eq!(amount(text, "BRL"), Amount::OtherCurrency(sign), "{text}");
        }
        for text in ["", "1.200,50", "1,200", "NaN", "inf", "1e3", "twelve", "a 1 b"] {
            assert_eq!(amount(text, "BRL"), Amount::None, "{text}");
        }
    }

    #[test]
    fn orders_are_read_with_any_delimiter_and_count_once() {
        let text = "\u{feff}order_id;Date;CODE;revenue;currency\na;2026-03-01 10:00;SP-1;59,90;BRL\na;2026-03-02;SP-1;1;BRL\nb;2026-03-02;;3;\n";
        let file = read(text, "code", "BRL", "o.csv").unwrap();
        assert_eq!((file.orders.len(), file.repeated), (2, 1));
        assert_eq!((file.orders[0].revenue, file.orders[1].mark.as_str()), (59.9, ""));
        let header = "order_id,date,code,revenue";
        for (text, words) in [
            ("order_id,date,region,revenue\n".to_string(), "has no column `code`"),
            (format!("{header}\n"), "holds no order"),
            (format!("{header}\na,03/04/2026,X,1\n"), "line 2: `03/04/2026` is no day"),
            (format!("{header}\na,2026-03-01,X,EUR 3\n"), "line 2: the amount is in `EUR`, the trial in BRL"),
            (format!("{header}\na,2026-03-01,X,\n"), "is no amount"),
            (format!("{header}\na,2026-03-01,X\n"), "line 2: the row has more or fewer fields"),
            (format!("{header}\n,2026-03-01,X,1\n"), "is no order id"),
        ] {
            let error = read(&text, "code", "BRL", "o.csv").unwrap_err();
            assert!(error.to_string().contains(words) && error.exit_code() == 2, "{error}, not {words}");
        }
    }
}
