//! Values that are not taken as they are written → counts and notes. Filled by `table_builder`; `RawTable` words them as notes of the Audit.

use crate::schema::contract::Column as Declared;
use crate::schema::parse::Cell;

/// How often values of a column were converted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Marks of missing values, and the first of them.
    marked: usize,
    mark: &'static str,
    rounded: usize,
    fractions: usize,
    offsets: usize,
}

/// What was done to values that are not taken as they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conversion {
    /// A mark such as this one was read as a missing value.
    Missing(&'static str),
    /// The noise of floating point was taken off.
    Rounded,
    /// A fraction of a second is kept, but no duration counts it.
    Fraction,
    /// An instant with an offset from UTC became local time.
    LocalTime,
}

impl Counts {
    pub(crate) fn add(&mut self, cell: &Cell<'_>) {
        match cell {
            Cell::Marked(mark) => {
                self.mark = if self.marked == 0 { mark } else { self.mark };
                self.marked += 1;
            }
            Cell::Rounded(_) => self.rounded += 1,
            Cell::Fraction(_) => self.fractions += 1,
            Cell::Converted(micros) => {
                self.offsets += 1;
                self.fractions += usize::from(micros % 1_000_000 != 0);
            }
            _ => {}
        }
    }

    /// What was done to the values of `column`, each with its count.
    pub(crate) fn of(self, column: &Declared) -> impl Iterator<Item = (&'static str, Conversion, usize)> {
        let Counts { marked, mark, rounded, fractions, offsets } = self;
        let name = column.source;
        let counted = [
            (Conversion::Missing(mark), marked),
            (Conversion::Rounded, rounded),
            (Conversion::Fraction, fractions),
            (Conversion::LocalTime, offsets),
        ];
        counted.into_iter().filter(|(_, count)| *count > 0).map(move |(what, count)| (name, what, count))
    }
}
