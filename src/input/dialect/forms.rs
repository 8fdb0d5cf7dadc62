//! All values of a file → how the dates and numbers of each column are written. Used by `dialect` for CSV and by `table_builder` for dates
//! of every format.

use std::borrow::Cow;
use std::io;

use super::rows::Records;
use crate::error::{Error, Result};
use crate::input::columns;
use crate::schema::contract::{Column, LogicalType, Table};
use crate::schema::missing::is_missing;
use crate::schema::read_options::{DateOrder, DecimalMark, Reading};
use crate::schema::{dates, numbers};

/// If one form fits this many times more values than the other, the values that fit only the other are errors.
const MIN_RATIO: usize = 4;

/// If dates that start with the year outnumber the others this many times, the others are errors where their order is ambiguous, and no
/// reason to refuse the file.
const STRAY_RATIO: usize = 100;

/// How the values of a column are written.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    /// The order of dates that do not start with the year, and whether others do.
    Dates(DateOrder, bool),
    Numbers(LogicalType, DecimalMark),
}

/// The columns whose values may be written in several forms, with their positions in the file.
fn columns(table: &'static Table, header: &[String]) -> Vec<(usize, &'static Column)> {
    let has_forms = |kind: LogicalType| {
        matches!(kind, LogicalType::Timestamp | LogicalType::Money | LogicalType::Degrees | LogicalType::Integer(..))
    };
    let of = |name: &str| table.columns.iter().find(|column| has_forms(column.kind) && columns::is(column, name));
    header.iter().enumerate().filter_map(|(position, name)| Some((position, of(name)?))).collect()
}

fn text(field: &[u8]) -> &str {
    std::str::from_utf8(field).unwrap_or_default().trim_ascii()
}

/// Whether a value is already in canonical form.
fn is_plain(kind: LogicalType, value: &str) -> bool {
    match kind {
        LogicalType::Timestamp => dates::canonical(value).is_some() || dates::iso(value).is_some(),
        _ => numbers::is_plain(kind, value),
    }
}

/// Whether all dates and numbers in the head of a canonical file are in canonical form. Unless `whole`, its last line may be cut.
pub(crate) fn are_plain(table: &'static Table, head: &[u8], whole: bool) -> bool {
    let end = if whole { head.len() } else { head.iter().rposition(|byte| *byte == b'\n').unwrap_or(0) };
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(&head[..end]);
    let header: Vec<String> = match reader.byte_headers() {
        Ok(names) => names.iter().map(|name| String::from_utf8_lossy(name).trim().into()).collect(),
        Err(_) => return true,
    };
    let columns = columns(table, &header);
    let mut record = csv::ByteRecord::new();
    while let Ok(true) = reader.read_byte_record(&mut record) {
        let plain = |(position, column): &(usize, &Column)| {
            let value = text(record.get(*position).unwrap_or_default());
            is_missing(value) || is_plain(column.kind, value)
        };
        if record.len() == header.len() && !columns.iter().all(plain) {
            return false;
        }
    }
    true
}

/// Counts of the values of a column by the form that they fit. Index 0: day before month, decimal comma. Index 1: month before day,
/// decimal point.
#[derive(Debug, Clone)]
struct Tally {
    position: usize,
    column: &'static Column,
    plain: usize,
    /// Values not in canonical form, by the forms that they fit.
    other: [usize; 2],
    only: [usize; 2],
    /// Values that fit both forms with different meanings; `sample` is the first.
    either: usize,
    sample: String,
    /// Values that fit both forms with the same meaning.
    same: usize,
}

impl Tally {
    fn new((position, column): (usize, &'static Column)) -> Tally {
        let (plain, either, same, sample) = (0, 0, 0, String::new());
        Tally { position, column, plain, other: [0; 2], only: [0; 2], either, sample, same }
    }

    fn add(&mut self, value: &str) {
        let kind = self.column.kind;
        let plain = is_plain(kind, value);
        self.plain += usize::from(plain);
        let readings = match kind {
            LogicalType::Timestamp if plain => return,
            LogicalType::Timestamp => [DateOrder::Dmy, DateOrder::Mdy].map(|order| dates::reordered(value, order)),
            _ => [DecimalMark::Comma, DecimalMark::Point].map(|mark| numbers::plain(kind, value, mark)),
        };
        if self.sample.is_empty() && !plain {
            self.sample = value.chars().take(40).collect();
        }
        for (fits, reading) in self.other.iter_mut().zip(&readings) {
            *fits += usize::from(!plain && reading.is_some());
        }
        match readings {
            [Some(_), None] => self.only[0] += 1,
            [None, Some(_)] => self.only[1] += 1,
            [Some(a), Some(b)] if a == b => self.same += 1,
            [Some(_), Some(_)] => {
                if self.either == 0 {
                    self.sample = value.chars().take(40).collect();
                }
                self.either += 1;
            }
            [None, None] => {}
        }
    }

    /// The decimal mark that the values of a column of amounts prove.
    fn proven(&self) -> Option<DecimalMark> {
        let [comma, point] = self.only;
        match self.column.kind == LogicalType::Money {
            true if comma > 0 && comma >= MIN_RATIO * point => Some(DecimalMark::Comma),
            true if point > 0 && point >= MIN_RATIO * comma => Some(DecimalMark::Point),
            _ => None,
        }
    }

    /// The form of the column, if it is not canonical. Dates that start with the year need none and
    /// do not count in finding the order of the others.
    ///
    /// # Errors
    /// Both forms fit; the text says why.
    fn form(&self, reading: &Reading) -> Result<Option<Form>, String> {
        let kind = self.column.kind;
        if self.other == [0; 2] {
            return Ok(None);
        }
        let [first, second] = self.only;
        let others = first + second + self.either + self.same;
        let are_stray = kind == LogicalType::Timestamp && others.saturating_mul(STRAY_RATIO) <= self.plain;
        let ambiguous = |why: String| if are_stray { Ok(None) } else { Err(why) };
        let chosen = match (kind, reading.dates) {
            (LogicalType::Timestamp, Some(DateOrder::Ymd)) => {
                return ambiguous(format!("`{}` does not start with the year, as `--dates ymd` says", self.sample));
            }
            (LogicalType::Timestamp, order) => order.map(|order| order == DateOrder::Dmy),
            _ => reading.numbers.map(|mark| mark == DecimalMark::Comma),
        };
        // The user's option applies to all columns; a column without a value in the form that it names is decided by its values.
        let chosen = chosen.filter(|is_first| self.either + if *is_first { first } else { second } > 0);
        let is_first = match chosen {
            Some(is_first) => is_first,
            _ if first > 0 && first >= MIN_RATIO * second => true,
            _ if second > 0 && second >= MIN_RATIO * first => false,
            _ if first + second + self.either == 0 => false,
            None if first + second == 0 => {
                return ambiguous(format!("every value, such as `{}`, fits both", self.sample));
            }
            None => return ambiguous("some values fit only one, some only the other".into()),
        };
        let form = match (kind, is_first) {
            (LogicalType::Timestamp, true) => Form::Dates(DateOrder::Dmy, self.plain > 0),
            (LogicalType::Timestamp, false) => Form::Dates(DateOrder::Mdy, self.plain > 0),
            (kind, true) => Form::Numbers(kind, DecimalMark::Comma),
            (kind, false) => Form::Numbers(kind, DecimalMark::Point),
        };
        Ok(Some(form).filter(|_| self.other[usize::from(!is_first)] > 0))
    }
}

/// Counts for all columns of a file.
#[derive(Debug, Default)]
pub(crate) struct Survey(Vec<Tally>);

impl Survey {
    pub(super) fn of(table: &'static Table, mut records: Records<'_>) -> io::Result<Survey> {
        let mut record = csv::ByteRecord::new();
        let header = records.header(&mut record)?;
        let mut survey = Survey(columns(table, &header).into_iter().map(Tally::new).collect());
        while records.next(&mut record)? {
            if record.len() == header.len() {
                survey.add(|position| &record[position]);
            }
        }
        Ok(survey)
    }

    /// A survey of the dates alone, without rows yet; its positions are those of the columns in the contract.
    pub(crate) fn of_dates(table: &'static Table) -> Survey {
        let dates = table.columns.iter().enumerate().filter(|(_, column)| column.kind == LogicalType::Timestamp);
        Survey(dates.map(Tally::new).collect())
    }

    /// Counts a row; `field` returns the field at a position.
    pub(crate) fn add<'f>(&mut self, field: impl Fn(usize) -> &'f [u8]) {
        for tally in &mut self.0 {
            let value = text(field(tally.position));
            if !is_missing(value) {
                tally.add(value);
            }
        }
    }

    /// Decides on the form of every column.
    ///
    /// # Errors
    /// Columns are ambiguous; names all of them.
    pub(crate) fn decide(&self, name: &str, reading: &Reading) -> Result<Forms> {
        let (mut forms, mut ambiguous, mut hints) = (Vec::new(), Vec::new(), Vec::new());
        // The amounts of a file share a decimal mark: where one column proves it, it holds for those that fit both.
        let mut proven = self.0.iter().filter_map(Tally::proven);
        let mark = proven.next().filter(|mark| proven.all(|other| other == *mark));
        let reading = &Reading { numbers: reading.numbers.or(mark), ..*reading };
        for tally in &self.0 {
            let column = tally.column.source;
            match tally.form(reading) {
                Ok(form) => forms.extend(form.map(|form| (tally.position, column, form))),
                Err(why) => {
                    let (alternatives, hint) = match tally.column.kind {
                        LogicalType::Timestamp => ("day/month or month/day", "`--dates dmy` or `--dates mdy`"),
                        _ => ("a decimal comma or a decimal point", "`--numbers comma` or `--numbers point`"),
                    };
                    ambiguous.push(format!("`{column}` of `{name}` may have {alternatives}: {why}"));
                    if !hints.contains(&hint) {
                        hints.push(hint);
                    }
                }
            }
        }
        match ambiguous.is_empty() {
            true => Ok(Forms(forms)),
            false => Err(Error::input(ambiguous.join("; ")).with_hint(format!("say which: {}", hints.join(", and ")))),
        }
    }
}

/// The columns of a file that are not in canonical form: position, name and form.
#[derive(Debug, Default)]
pub(crate) struct Forms(Vec<(usize, &'static str, Form)>);

impl Forms {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A field in canonical form; a field that does not fit the form stays as it is.
    pub(crate) fn canonical<'f>(&self, position: usize, field: &'f [u8]) -> Cow<'f, [u8]> {
        let Some((.., form)) = self.0.iter().find(|(at, ..)| *at == position) else { return field.into() };
        let value = text(field);
        let read = match form {
            Form::Dates(order, _) => dates::reordered(value, *order),
            Form::Numbers(kind, mark) => numbers::plain(*kind, value, *mark),
        };
        read.map_or_else(|| field.into(), |read| read.into_bytes().into())
    }

    /// A description of each form, for messages.
    pub(crate) fn described(&self) -> Vec<String> {
        let descriptions = [
            (Form::Dates(DateOrder::Dmy, false), "dates", "as day/month/year"),
            (Form::Dates(DateOrder::Mdy, false), "dates", "as month/day/year"),
            (Form::Dates(DateOrder::Dmy, true), "dates", "as year-month-day and as day/month/year"),
            (Form::Dates(DateOrder::Mdy, true), "dates", "as year-month-day and as month/day/year"),
            (Form::Numbers(LogicalType::Money, DecimalMark::Comma), "numbers", "with a decimal comma"),
            (Form::Numbers(LogicalType::Money, DecimalMark::Point), "numbers", "with a decimal point"),
        ];
        let is = |form: &Form, pattern: &Form| match (form, pattern) {
            (Form::Numbers(_, mark), Form::Numbers(_, pattern)) => mark == pattern,
            _ => form == pattern,
        };
        let sentence = |(pattern, what, how): (Form, &str, &str)| {
            let columns: Vec<_> =
                self.0.iter().filter(|(.., form)| is(form, &pattern)).map(|(_, name, _)| format!("`{name}`")).collect();
            (!columns.is_empty()).then(|| format!("{what} of {} are read {how}", columns.join(", ")))
        };
        descriptions.into_iter().filter_map(sentence).collect()
    }
}
