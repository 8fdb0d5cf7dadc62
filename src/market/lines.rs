//! A sheet → orders and their lines: fields evaluated, values parsed, one currency, every order once. What is set aside is counted with its
//! amount. Next: `tables`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono_tz::Tz;
use polars::prelude::*;

use super::description::{Field, Kind, Market, Operation};
use super::operations::{evaluate, is_parent, unpack};
use super::regions::Regions;
use super::sheet::Sheet;
use super::values::{self, Marks, Orders, present};
use crate::error::{Error, Result};
use crate::schema::read_options::{DateOrder, DecimalMark, Reading};

/// Fields without which no line can be counted.
const NEEDED: [Field; 2] = [Field::OrderId, Field::PurchasedAt];

/// Decimals that amounts have at most: the contract counts hundredths.
const MOST_DIGITS: u32 = 2;

/// An amount: minor units, or the text that is none.
pub(crate) type Parsed = std::result::Result<i64, String>;

/// An order, with the values that stand once for all of its lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Order {
    pub(crate) id: String,
    pub(crate) customer: Option<String>,
    /// Instants in the contract's form, or the text that is none: purchased, approved, shipped, delivered, promised.
    pub(crate) instants: [Option<String>; 5],
    pub(crate) status: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) freight: i64,
    pub(crate) discount: i64,
    pub(crate) total: Option<i64>,
    pub(crate) refunded: Option<i64>,
    pub(crate) methods: Vec<String>,
    pub(crate) paid: Option<i64>,
    pub(crate) instalments: Option<i64>,
    pub(crate) score: Option<i64>,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Line {
    /// Position of its order in [`Lines::orders`].
    pub(crate) order: usize,
    pub(crate) product: String,
    pub(crate) category: Option<String>,
    pub(crate) seller: Option<String>,
    pub(crate) units: i64,
    /// Price of all units, discounts taken off; minor units.
    pub(crate) total: Parsed,
    /// Freight of the line alone.
    pub(crate) freight: i64,
}

/// The orders of an export.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lines {
    pub(crate) orders: Vec<Order>,
    pub(crate) lines: Vec<Line>,
    /// The currency of all amounts, and the decimals of its smallest unit.
    pub(crate) currency: String,
    pub(crate) digits: u32,
    pub(crate) regions: Regions,
    /// Fields for which the export has a value.
    pub(crate) present: BTreeSet<Field>,
    /// What was set aside or converted, in sentences.
    pub(crate) notes: Vec<String>,
}

/// The evaluated fields of all rows.
pub(crate) struct Texts(BTreeMap<Field, StringChunked>);

impl Texts {
    pub(crate) fn get(&self, field: Field, row: usize) -> Option<&str> {
        self.0.get(&field).and_then(|column| column.get(row))
    }

    pub(crate) fn column(&self, field: Field) -> Option<&StringChunked> {
        self.0.get(&field)
    }
}

/// Joins and unpacks the files of an export; the result has one row per order line, and the parents of such lines.
///
/// # Errors
/// A column is missing by which files are joined or that holds items.
pub(crate) fn joined(market: &Market, mut sheets: BTreeMap<String, Sheet>) -> Result<Sheet> {
    let lines = sheets.remove(&market.lines);
    let mut lines = lines.ok_or_else(|| Error::input(format!("the export lacks the file `{}`", market.lines)))?;
    for join in &market.joins {
        if let Some(other) = sheets.get(&join.file) {
            lines.join(other, &join.file, &join.left, &join.right)?;
        }
    }
    match &market.unpack {
        Some(how) => unpack(&lines, how),
        None => Ok(lines),
    }
}

/// Evaluates the fields. A field whose column the export lacks is left out, with the answer that falls away with it.
///
/// # Errors
/// A field is missing without which no line can be counted.
pub(crate) fn texts(market: &Market, sheet: &Sheet, notes: &mut Vec<String>) -> Result<Texts> {
    let mut texts = BTreeMap::new();
    for (field, operation) in &market.fields {
        let is_price = matches!(field, Field::UnitPrice | Field::LineTotal);
        match evaluate(operation, sheet) {
            Ok(column) if column.null_count() < column.len() || NEEDED.contains(field) => {
                drop(texts.insert(*field, column))
            }
            Err(error) if NEEDED.contains(field) || (is_price && lacks_price(market, *field)) => return Err(error),
            Ok(_) => {}
            Err(error) => notes.push(format!("`{}` is not known: {error}", field.name())),
        }
    }
    Ok(Texts(texts))
}

/// Whether the market has no other field for the price.
fn lacks_price(market: &Market, field: Field) -> bool {
    let other = if field == Field::UnitPrice { Field::LineTotal } else { Field::UnitPrice };
    !market.fields.contains_key(&other)
}

/// Reads the amounts and dates of all fields: what one column leaves open, the others of the export settle.
pub(crate) struct Readers {
    marks: BTreeMap<Field, DecimalMark>,
    orders: BTreeMap<Field, Vec<(char, DateOrder)>>,
    zone: Option<Tz>,
    digits: u32,
}

impl Readers {
    /// # Errors
    /// A column holds values in two forms, or in one that fits two ways.
    pub(crate) fn new(market: &Market, reading: &Reading, texts: &Texts, digits: u32) -> Result<Readers> {
        let (numbers, dates) = (reading.numbers.or(market.numbers), reading.dates.or(market.dates));
        let zone = market.time_zone.as_ref().and_then(|zone| zone.parse().ok());
        let mut readers = Readers { marks: BTreeMap::new(), orders: BTreeMap::new(), zone, digits };
        let of_kind = |kind: Kind| texts.0.iter().filter(move |(field, _)| field.kind() == kind);
        let marks = |columns: &mut dyn Iterator<Item = &StringChunked>| {
            let mut marks = Marks::default();
            columns.for_each(|column| column.iter().flatten().for_each(|text| marks.add(text, digits)));
            marks
        };
        for (field, column) in of_kind(Kind::Amount) {
            let own = marks(&mut std::iter::once(column)).decide(numbers);
            let all = || marks(&mut of_kind(Kind::Amount).map(|(_, column)| column)).decide(numbers);
            let mark = own.or_else(|_| all()).map_err(|reason| unclear(market, *field, &reason, "numbers"))?;
            readers.marks.insert(*field, mark);
        }
        let orders = |columns: &mut dyn Iterator<Item = &StringChunked>| {
            let mut orders = Orders::default();
            columns.for_each(|column| column.iter().flatten().for_each(|text| orders.add(text)));
            orders
        };
        for (field, column) in of_kind(Kind::Instant) {
            let own = orders(&mut std::iter::once(column)).decide(dates);
            let all = || orders(&mut of_kind(Kind::Instant).map(|(_, column)| column)).decide(dates);
            let order = own.or_else(|_| all()).map_err(|reason| unclear(market, *field, &reason, "dates"))?;
            readers.orders.insert(*field, order);
        }
        Ok(readers)
    }

    /// An amount in minor units; `Err` holds the text that is none.
    pub(crate) fn amount(&self, field: Field, text: &str) -> std::result::Result<values::Amount, String> {
        let mark = self.marks.get(&field).copied().unwrap_or(DecimalMark::Point);
        values::amount(text, mark, self.digits).ok_or_else(|| text.to_string())
    }

    /// An instant in the contract's form, and whether it was converted to local time; `None` for a text that is none.
    pub(crate) fn instant(&self, field: Field, text: &str) -> Option<(String, bool)> {
        let orders = self.orders.get(&field).map_or(&[][..], Vec::as_slice);
        let (instant, converted) = values::instant(text, orders, self.zone)?;
        Some((instant.format("%Y-%m-%d %H:%M:%S%.f").to_string(), converted))
    }
}

fn unclear(market: &Market, field: Field, reason: &str, option: &str) -> Error {
    let column = match market.fields.get(&field) {
        Some(Operation::Column(column)) => format!(" (column `{column}`)"),
        _ => String::new(),
    };
    let choices = if option == "dates" { "dmy` or `mdy" } else { "comma` or `point" };
    Error::input(format!("`{}`{column}: {reason}", field.name()))
        .with_hint(format!("say which with `--{option} {choices}`, or by `{option}` in the market's description"))
}

/// Evaluates a market's sheet.
///
/// # Errors
/// A needed column is missing; dates or amounts fit two ways; two files hold different versions of an order, and no column says
/// which is newer.
pub(crate) fn lines(market: &Market, sheet: &Sheet, reading: &Reading) -> Result<Lines> {
    let mut lines = Lines::default();
    let texts = texts(market, sheet, &mut lines.notes)?;
    lines.present = texts.0.keys().copied().collect();
    let rows = rows_of_orders(market, sheet, &texts)?;
    let (currency, rows) = one_currency(market, &texts, rows, &mut lines.notes);
    (lines.digits, lines.currency) = (values::minor_digits(&currency).min(MOST_DIGITS), currency);
    let readers = Readers::new(market, reading, &texts, lines.digits)?;
    let rows = one_version(sheet, &texts, &readers, rows, &mut lines.notes)?;
    lines.regions = Regions::choose(
        &market.regions,
        rows.iter().map(|of| (first(&texts, Field::Country, of), first(&texts, Field::Region, of))),
    );
    let mut counts = Counts::default();
    for of_order in &rows {
        add_order(market, &texts, &readers, of_order, &mut lines, &mut counts);
    }
    lines.notes.extend(counts.notes(market, &lines.currency, lines.digits));
    Ok(lines)
}

/// Rows of one order, in their order: those of lines, and those of parents.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) lines: Vec<usize>,
    pub(crate) parents: Vec<usize>,
}

impl Rows {
    fn all(&self) -> impl Iterator<Item = usize> {
        self.parents.iter().chain(&self.lines).copied()
    }
}

/// The first value of a field in the rows of an order.
fn first<'t>(texts: &'t Texts, field: Field, rows: &Rows) -> Option<&'t str> {
    rows.all().find_map(|row| texts.get(field, row))
}

/// The rows of each order, in the order of their first row. Rows without an order belong to none.
fn rows_of_orders(market: &Market, sheet: &Sheet, texts: &Texts) -> Result<Vec<Rows>> {
    let parents = market.parents.as_ref().map(|how| {
        let column = sheet.column(&how.column);
        move |row: usize| is_parent(how, column.and_then(|column| column.get(row)))
    });
    let counted = market.parents.as_ref().is_some_and(|how| how.counted);
    let mut position: HashMap<&str, usize> = HashMap::new();
    let mut rows: Vec<Rows> = Vec::new();
    // The order of a counted parent, and how many lines below belong to it.
    let mut below: Option<(usize, usize)> = None;
    for row in 0..sheet.height() {
        let Some(id) = texts.get(Field::OrderId, row) else { continue };
        let is_parent = parents.as_ref().is_some_and(|is_parent| is_parent(row));
        let at = match below.filter(|(_, left)| *left > 0 && !is_parent) {
            Some((at, left)) => {
                below = Some((at, left - 1));
                at
            }
            None => *position.entry(id).or_insert_with(|| {
                rows.push(Rows::default());
                rows.len() - 1
            }),
        };
        match is_parent {
            true => {
                let column = market.parents.as_ref().and_then(|how| sheet.column(&how.column));
                let value = column.and_then(|column| present(column.get(row))).unwrap_or_default();
                let number = value.split(|c: char| !c.is_ascii_digit()).find_map(|digits| digits.parse().ok());
                below = number.filter(|_| counted).map(|number| (at, number));
                rows[at].parents.push(row);
            }
            false => rows[at].lines.push(row),
        }
    }
    Ok(rows)
}

/// The currency of most orders, and the orders that are in it or name none. The others are noted with their amounts.
fn one_currency(market: &Market, texts: &Texts, rows: Vec<Rows>, notes: &mut Vec<String>) -> (String, Vec<Rows>) {
    let mut orders: BTreeMap<&str, usize> = BTreeMap::new();
    for of_order in &rows {
        *orders.entry(first(texts, Field::Currency, of_order).unwrap_or_default()).or_default() += 1;
    }
    let most = orders
        .iter()
        .filter(|(code, _)| !code.is_empty())
        .max_by_key(|(code, count)| (**count, std::cmp::Reverse(**code)));
    let currency = most.map_or_else(|| market.currency.clone(), |(code, _)| (*code).to_string());
    let others: Vec<String> = orders
        .iter()
        .filter(|(code, _)| !code.is_empty() && **code != currency)
        .map(|(code, count)| format!("{count} in {code}"))
        .collect();
    if !others.is_empty() {
        notes.push(format!("orders in another currency than {currency} are set aside: {}", others.join(", ")));
    }
    let kept = |of_order: &Rows| first(texts, Field::Currency, of_order).is_none_or(|code| code == currency);
    (currency.clone(), rows.into_iter().filter(kept).collect())
}

/// Of an order that several files hold: once if they agree, otherwise the newest.
fn one_version(
    sheet: &Sheet,
    texts: &Texts,
    readers: &Readers,
    rows: Vec<Rows>,
    notes: &mut Vec<String>,
) -> Result<Vec<Rows>> {
    if sheet.files.len() < 2 {
        return Ok(rows);
    }
    let (mut same, mut replaced) = (0, 0);
    let file = |row: usize| sheet.origins[row].0;
    let one = |of_order: Rows| -> Result<Rows> {
        let files: BTreeSet<u16> = of_order.all().map(file).collect();
        if files.len() < 2 {
            return Ok(of_order);
        }
        let of_file = |wanted: u16| {
            let keep = |rows: &[usize]| rows.iter().copied().filter(|row| file(*row) == wanted).collect::<Vec<_>>();
            Rows { lines: keep(&of_order.lines), parents: keep(&of_order.parents) }
        };
        let versions: Vec<Rows> = files.iter().map(|file| of_file(*file)).collect();
        let content = |rows: &Rows| -> Vec<Vec<Option<&str>>> {
            let mut content: Vec<Vec<Option<&str>>> =
                rows.all().map(|row| texts.0.values().map(|column| column.get(row)).collect()).collect();
            content.sort_unstable();
            content
        };
        let newest = |rows: &Rows| {
            rows.all()
                .filter_map(|row| texts.get(Field::UpdatedAt, row))
                .filter_map(|text| readers.instant(Field::UpdatedAt, text))
                .map(|(at, _)| at)
                .max()
        };
        if versions.iter().all(|version| content(version) == content(&versions[0])) {
            same += 1;
            return Ok(versions.into_iter().next().unwrap_or_default());
        }
        let mut dated: Vec<(Option<String>, Rows)> = versions.into_iter().map(|rows| (newest(&rows), rows)).collect();
        dated.sort_by(|(a, _), (b, _)| a.cmp(b));
        match dated.pop() {
            Some((Some(at), rows)) if dated.last().is_none_or(|(before, _)| before.as_ref() != Some(&at)) => {
                replaced += 1;
                Ok(rows)
            }
            _ => {
                let names: Vec<&str> = files.iter().map(|file| sheet.files[usize::from(*file)].as_str()).collect();
                let row = of_order.all().next().unwrap_or_default();
                Err(Error::input(format!(
                    "`{}` hold different versions of an order ({}), and no column says which is newer",
                    names.join("`, `"),
                    sheet.place(row)
                ))
                .with_hint("name the column of the time of change as `updated_at` in the market's description, or remove a file"))
            }
        }
    };
    let rows = rows.into_iter().map(one).collect::<Result<Vec<_>>>()?;
    if same > 0 {
        notes.push(format!("{same} orders are in several files with the same values: each counts once"));
    }
    if replaced > 0 {
        notes.push(format!("{replaced} orders are in several files with different values: the newest version counts"));
    }
    Ok(rows)
}

/// What happened to the lines of an export.
#[derive(Debug, Default)]
struct Counts {
    rounded: usize,
    converted: usize,
    no_instant: BTreeMap<Field, usize>,
    /// Lines that are set aside: reason, lines, minor units.
    aside: BTreeMap<&'static str, (usize, i64)>,
    /// Orders whose lines disagree, by field.
    differ: BTreeMap<Field, usize>,
    /// Orders whose total is not the sum of their parts.
    totals: usize,
    /// Spellings of regions that are none, with the number of orders.
    places: BTreeMap<String, usize>,
    split_payments: usize,
}

impl Counts {
    fn set_aside(&mut self, reason: &'static str, total: &Parsed) {
        let entry = self.aside.entry(reason).or_default();
        *entry = (entry.0 + 1, entry.1.saturating_add(total.as_ref().map_or(0, |minor| *minor)));
    }

    fn notes(self, market: &Market, currency: &str, digits: u32) -> Vec<String> {
        let mut notes = Vec::new();
        for (reason, (lines, minor)) in self.aside {
            notes.push(format!("{lines} lines are set aside, {} {currency}: {reason}", decimal(minor, digits)));
        }
        if self.rounded > 0 {
            notes.push(format!("{} amounts were rounded to the smallest unit of {currency}", self.rounded));
        }
        if let Some(zone) = market.time_zone.as_ref().filter(|_| self.converted > 0) {
            notes.push(format!("{} times with an offset from UTC became local time of {zone}", self.converted));
        }
        for (field, count) in self.no_instant {
            notes.push(format!("{count} values of `{}` are no dates and count as missing", field.name()));
        }
        for (field, count) in self.differ {
            notes.push(format!(
                "{count} orders have lines with different values of `{}`: the first counts",
                field.name()
            ));
        }
        if self.totals > 0 {
            notes.push(format!(
                "{} orders have a total that is not the sum of their lines, freight and discounts",
                self.totals
            ));
        }
        if self.split_payments > 0 {
            notes.push(format!(
                "{} orders name several payment methods and one amount, which is split evenly",
                self.split_payments
            ));
        }
        if !self.places.is_empty() {
            let orders: usize = self.places.values().sum();
            let mut most: Vec<(&String, &usize)> = self.places.iter().collect();
            most.sort_by_key(|(name, count)| (std::cmp::Reverse(**count), (*name).clone()));
            let shown: Vec<String> = most.iter().take(5).map(|(name, count)| format!("`{name}` ({count})")).collect();
            notes.push(format!("{orders} orders go to a region that is not known, such as {}", shown.join(", ")));
        }
        notes
    }
}

/// Minor units as a decimal number.
pub(crate) fn decimal(minor: i64, digits: u32) -> String {
    let (unit, sign) = (10u64.pow(digits), if minor < 0 { "-" } else { "" });
    let (whole, rest) = (minor.unsigned_abs() / unit, minor.unsigned_abs() % unit);
    match digits {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{rest:0width$}", width = digits as usize),
    }
}

/// Reads one order.
struct Reader<'a> {
    texts: &'a Texts,
    readers: &'a Readers,
    rows: &'a Rows,
}

impl<'a> Reader<'a> {
    fn text(&self, field: Field, counts: &mut Counts) -> Option<&'a str> {
        let mut values = self.rows.all().filter_map(|row| self.texts.get(field, row));
        let value = values.next();
        if values.any(|other| Some(other) != value) {
            *counts.differ.entry(field).or_default() += 1;
        }
        value
    }

    /// An amount that stands once for the order. A text that is none counts as missing.
    fn amount(&self, field: Field, counts: &mut Counts) -> Option<i64> {
        let amount = self.readers.amount(field, self.text(field, counts)?).ok()?;
        counts.rounded += usize::from(amount.rounded);
        Some(amount.minor)
    }

    fn instant(&self, field: Field, counts: &mut Counts) -> Option<String> {
        let text = self.text(field, counts)?;
        match self.readers.instant(field, text) {
            Some((instant, converted)) => {
                counts.converted += usize::from(converted);
                Some(instant)
            }
            // Without its purchase an order is quarantined by the contract, with the text.
            None if field == Field::PurchasedAt => Some(text.to_string()),
            None => {
                *counts.no_instant.entry(field).or_default() += 1;
                None
            }
        }
    }

    fn whole(&self, field: Field, counts: &mut Counts) -> Option<i64> {
        values::whole(self.text(field, counts)?)
    }
}

/// The status of an order, and whether it is canceled. Where only lines have one, an order is canceled if all of its lines are.
fn status_of<'t>(texts: &'t Texts, rows: &Rows) -> (Option<&'t str>, bool) {
    if let Some(status) = first(texts, Field::Status, rows) {
        return (Some(status), status == CANCELED);
    }
    let all: Vec<&str> = rows.all().filter_map(|row| texts.get(Field::LineStatus, row)).collect();
    let canceled = !all.is_empty() && all.iter().all(|status| *status == CANCELED);
    (all.iter().copied().find(|status| canceled || *status != CANCELED), canceled)
}

const CANCELED: &str = "canceled";

fn add_order(market: &Market, texts: &Texts, readers: &Readers, rows: &Rows, lines: &mut Lines, counts: &mut Counts) {
    use Field::*;
    let reader = Reader { texts, readers, rows };
    let Some(id) = rows.all().find_map(|row| texts.get(OrderId, row)) else { return };
    let (status, canceled) = status_of(texts, rows);
    let (country, place) = (reader.text(Country, counts), reader.text(Region, counts));
    let region = lines.regions.code(country, place);
    if region.is_none()
        && let Some(place) = place.or(country)
    {
        *counts.places.entry(place.to_string()).or_default() += 1;
    }
    let instants =
        [PurchasedAt, ApprovedAt, ShippedAt, DeliveredAt, PromisedAt].map(|field| reader.instant(field, counts));
    let method = reader.text(PaymentMethod, counts);
    let split = market.fields.get(&PaymentMethod).and_then(|operation| match operation {
        Operation::Steps(steps) => steps.split.as_deref(),
        Operation::Column(_) => None,
    });
    let methods: Vec<String> = method.map_or_else(Vec::new, |text| match split {
        Some(mark) => text.split(mark).map(str::trim).filter(|text| !text.is_empty()).map(String::from).collect(),
        None => vec![text.to_string()],
    });
    counts.split_payments += usize::from(methods.len() > 1);
    let mut order = Order {
        id: id.to_string(),
        customer: reader.text(Customer, counts).map(String::from),
        instants,
        status: status.map(String::from),
        region,
        freight: reader.amount(OrderFreight, counts).unwrap_or(0),
        discount: reader.amount(OrderDiscount, counts).unwrap_or(0),
        total: reader.amount(OrderTotal, counts),
        refunded: reader.amount(Refunded, counts),
        methods,
        paid: reader.amount(PaymentValue, counts),
        instalments: reader.whole(Instalments, counts),
        score: reader.whole(ReviewScore, counts),
    };
    let at = lines.orders.len();
    let mut of_order = Vec::new();
    for row in rows.lines.iter().copied() {
        if let Some(line) = line(texts, readers, row, at, canceled, counts) {
            of_order.push(line);
        }
    }
    share_of_parents(&reader, &mut of_order, counts);
    let sum: Option<i64> = of_order.iter().map(|line| line.total.as_ref().ok().map(|total| total + line.freight)).sum();
    let parts = sum.map(|sum| sum + order.freight - order.discount);
    // Taxes and tips stand on their own: a total is checked from below, with a cent per line for rounding.
    if let (Some(total), Some(parts), false) = (order.total, parts, canceled)
        && total + (of_order.len() as i64) < parts
    {
        counts.totals += 1;
    }
    if order.refunded.is_some_and(|refunded| refunded > 0 && order.total.is_some_and(|total| refunded >= total)) {
        order.status = Some(CANCELED.into());
    }
    lines.lines.extend(of_order);
    lines.orders.push(order);
}

/// One line; `None` if it is set aside.
fn line(
    texts: &Texts,
    readers: &Readers,
    row: usize,
    order: usize,
    canceled: bool,
    counts: &mut Counts,
) -> Option<Line> {
    use Field::*;
    let mut amount = |field: Field| -> Option<Parsed> {
        texts.get(field, row).map(|text| {
            readers.amount(field, text).map(|amount| {
                counts.rounded += usize::from(amount.rounded);
                amount.minor
            })
        })
    };
    let units = texts.get(Quantity, row).map(|text| values::whole(text).ok_or(text));
    let (price, total) = (amount(UnitPrice), amount(LineTotal));
    let (discount, freight) = (amount(LineDiscount), amount(LineFreight));
    let is_item = price.is_some() || total.is_some() || texts.get(ProductId, row).is_some();
    if !is_item {
        return None;
    }
    let units = match units {
        Some(Ok(units)) => units,
        // What is no number of units goes to quarantine with the line, as an amount that is none.
        Some(Err(text)) => return Some(unreadable(texts, row, order, text)),
        None => 1,
    };
    let total = match (total, price) {
        (Some(total), _) => total,
        (None, Some(price)) => price.and_then(|price| price.checked_mul(units).ok_or_else(|| price.to_string())),
        (None, None) => Ok(0),
    };
    let total = total.and_then(|total| match discount {
        Some(discount) => discount.map(|discount| total - discount.abs()),
        None => Ok(total),
    });
    let is_canceled = canceled || texts.get(LineStatus, row) == Some(CANCELED);
    if is_canceled && !canceled {
        counts.set_aside("the line is canceled and the order is not", &total);
        return None;
    }
    let (units, total) = match (units, is_canceled) {
        // Canceled lines are exported without units or with negative ones: each counts as one that was not sold.
        (..=0, true) => (units.abs().max(1), total.map(i64::abs)),
        (..0, false) => {
            counts.set_aside("a negative quantity without a status that says canceled", &total);
            return None;
        }
        (0, false) => {
            counts.set_aside("a quantity of zero", &total);
            return None;
        }
        _ => (units, total),
    };
    let text = |field| texts.get(field, row).map(String::from);
    Some(Line {
        order,
        product: text(ProductId).unwrap_or_else(|| crate::schema::contract::UNKNOWN.into()),
        category: text(Category),
        seller: text(Seller),
        units,
        total,
        freight: freight.and_then(std::result::Result::ok).unwrap_or(0),
    })
}

fn unreadable(texts: &Texts, row: usize, order: usize, text: &str) -> Line {
    let product = texts.get(Field::ProductId, row).unwrap_or(crate::schema::contract::UNKNOWN).to_string();
    Line { order, product, category: None, seller: None, units: 1, total: Err(text.into()), freight: 0 }
}

/// Shares the money of parent lines over the lines below them, which have none.
fn share_of_parents(reader: &Reader<'_>, lines: &mut [Line], counts: &mut Counts) {
    if reader.rows.parents.is_empty() || lines.iter().any(|line| line.total != Ok(0)) {
        return;
    }
    let mut total = 0;
    for field in [Field::LineTotal, Field::UnitPrice] {
        let parents = reader.rows.parents.iter().filter_map(|row| reader.texts.get(field, *row));
        let amounts: Vec<values::Amount> = parents.filter_map(|text| reader.readers.amount(field, text).ok()).collect();
        if !amounts.is_empty() {
            counts.rounded += amounts.iter().filter(|amount| amount.rounded).count();
            total = amounts.iter().map(|amount| amount.minor).sum();
            break;
        }
    }
    let weights: Vec<i64> = lines.iter().map(|line| line.units).collect();
    for (line, part) in lines.iter_mut().zip(shared(total, &weights)) {
        line.total = Ok(part);
    }
}

/// Splits an amount by weights, exactly: the largest remainders get the last units. Equal weights if all are zero.
pub(crate) fn shared(amount: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from((*weight).max(0))).sum();
    let weights: Vec<i128> =
        weights.iter().map(|weight| if sum == 0 { 1 } else { i128::from((*weight).max(0)) }).collect();
    let sum = sum.max(if sum == 0 { weights.len() as i128 } else { 1 });
    let (sign, whole) = (amount.signum(), i128::from(amount).abs());
    let mut parts: Vec<(i128, i128)> =
        weights.iter().map(|weight| (whole * weight / sum, whole * weight % sum)).collect();
    let missing = whole - parts.iter().map(|(part, _)| part).sum::<i128>();
    let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
    by_remainder.sort_by_key(|at| (std::cmp::Reverse(parts[*at].1), *at));
    for at in by_remainder.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        parts[at].0 += 1;
    }
    parts.into_iter().map(|(part, _)| sign * i64::try_from(part).unwrap_or(i64::MAX)).collect()
}
