//! Headers and values of an unknown export → a description to start from, with the evidence for each guess. Used by `pfe market init`.

mod column;
mod guess;
mod lexicon;
mod write;

use self::column::Column;
use self::guess::Guess;
use self::lexicon::LEXICON;
use self::write::description;
use super::description::Field;
use super::sheet::Sheet;

/// Share of the values that must be of the kind of a field, or agree with what others say of it.
const MOST: f64 = 0.9;
/// Fields for which values are evidence enough: they are hardly anything else.
const BY_VALUES: [Field; 6] =
    [Field::Currency, Field::Country, Field::PurchasedAt, Field::Customer, Field::Status, Field::PaymentMethod];

/// Proposes a description.
pub fn propose(name: &str, sheet: &Sheet) -> String {
    let columns: Vec<Column<'_>> =
        sheet.names().filter_map(|name| Some(Column::of(name, sheet.column(name)?))).collect();
    let mut scored: Vec<(f64, Guess)> = Vec::new();
    for field in Field::ALL {
        for (at, column) in columns.iter().enumerate() {
            if let Some((score, evidence)) = score(field, column) {
                scored.push((score, Guess { field, column: at, evidence }));
            }
        }
    }
    scored.sort_by(|(a, left), (b, right)| b.total_cmp(a).then(left.field.cmp(&right.field)));
    let mut guesses = Guesses { columns: &columns, taken: Vec::new() };
    for (_, guess) in scored {
        let free = |other: &Guess| other.field != guess.field && other.column != guess.column;
        if guesses.taken.iter().all(free) {
            guesses.taken.push(guess);
        }
    }
    let notes = guesses.settle_amounts();
    guesses.taken.sort_by_key(|guess| guess.field);
    description(name, &columns, &guesses.taken, &notes)
}

/// How well a column fits a field, and why; `None` if it does not.
fn score(field: Field, column: &Column<'_>) -> Option<(f64, String)> {
    let named = LEXICON.fit(field, &column.about);
    if named.is_none() && (!BY_VALUES.contains(&field) || column.values.is_empty()) {
        return None;
    }
    let (fits, what) = column.kind(field);
    if fits < MOST {
        return None;
    }
    let evidence = column.evidence(field);
    let by_values = evidence >= MOST || matches!(field, Field::Currency | Field::PurchasedAt);
    let named = named.or(by_values.then_some(0.4))?;
    let evidence_text = format!("{what}; {} distinct in {} rows", column.distinct.len(), column.cells.len());
    Some((named + 0.5 * fits + 0.3 * column.filled() + 0.8 * evidence, evidence_text))
}

/// The guesses that stand, on their way to a description.
struct Guesses<'c, 's> {
    columns: &'c [Column<'s>],
    taken: Vec<Guess>,
}

impl<'s> Guesses<'_, 's> {
    fn column(&self, field: Field) -> Option<&Column<'s>> {
        let guess = self.taken.iter().find(|guess| guess.field == field)?;
        self.columns.get(guess.column)
    }

    fn has(&self, field: Field) -> bool {
        self.column(field).is_some()
    }

    fn rename(&mut self, from: Field, to: Field) {
        if !self.has(to) {
            self.taken.iter_mut().filter(|guess| guess.field == from).for_each(|guess| guess.field = to);
        }
    }

    fn remove(&mut self, field: Field) {
        self.taken.retain(|guess| guess.field != field);
    }

    /// Whether the amounts of a field stand once for an order or differ among its lines; `None` if the rows do not tell.
    fn is_of_line(&self, field: Field) -> Option<bool> {
        self.column(field)?.differs_within(self.column(Field::OrderId)?)
    }

    /// Tells amounts of lines from those of orders by the values, and leaves out what would count twice. Returns what the user should know.
    fn settle_amounts(&mut self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.has(Field::LineTotal) && !self.has(Field::UnitPrice) {
            self.rename(Field::OrderTotal, Field::LineTotal);
        }
        if self.has(Field::UnitPrice) && self.is_of_line(Field::LineTotal) == Some(false) {
            self.rename(Field::LineTotal, Field::OrderTotal);
        }
        if self.is_of_line(Field::OrderFreight) == Some(true) {
            self.rename(Field::OrderFreight, Field::LineFreight);
        }
        if self.has(Field::UnitPrice) && self.has(Field::LineTotal) {
            let share = |with: &[(Field, i64)]| self.share_of_rows(Field::LineTotal, with);
            let discount = (Field::LineDiscount, -1);
            let of_order = share(&[discount, (Field::OrderFreight, 1), (Field::LineFreight, 1)]);
            let name = self.column(Field::LineTotal).map_or("", |column| column.name);
            if share(&[]) >= MOST {
                // The prices of all units, before discounts: both columns say the same.
            } else if share(&[discount]) >= MOST {
                notes.push(format!("`{name}` is price × quantity − discount, which the fields above give"));
                self.remove(Field::LineTotal);
            } else if of_order >= MOST && !self.has(Field::OrderTotal) {
                self.rename(Field::LineTotal, Field::OrderTotal);
            } else if self.has(Field::Quantity) {
                // A total may include taxes: the price of a unit is surer, if the number of units is known.
                notes.push(format!("`{name}` is not price × quantity, nor that without the discount: compare"));
                self.remove(Field::LineTotal);
            } else {
                self.remove(Field::UnitPrice);
            }
        }
        notes
    }

    /// The share of the rows in which an amount is the price times the units, plus some other amounts, give or take a hundredth a unit.
    fn share_of_rows(&self, field: Field, with: &[(Field, i64)]) -> f64 {
        let amounts = |field: Field| self.column(field).map(Column::hundredths);
        let (Some(total), Some(price)) = (amounts(field), amounts(Field::UnitPrice)) else { return 0.0 };
        let units: Option<Vec<Option<i64>>> = self
            .column(Field::Quantity)
            .map(|column| column.cells.iter().map(|cell| super::values::whole((*cell)?)).collect());
        let with: Vec<(Vec<Option<i64>>, i64)> =
            with.iter().filter_map(|(field, sign)| Some((amounts(*field)?, *sign))).collect();
        let (mut rows, mut equal) = (0usize, 0usize);
        for row in 0..total.len() {
            let (Some(total), Some(price)) = (total[row], price[row]) else { continue };
            let units = units.as_ref().map_or(Some(1), |units| units[row]).unwrap_or(1);
            let others: i64 = with.iter().map(|(amounts, sign)| sign * amounts[row].unwrap_or(0).abs()).sum();
            rows += 1;
            equal += usize::from((total - price.saturating_mul(units) - others).abs() <= units.abs().max(1));
        }
        equal as f64 / rows.max(1) as f64
    }
}
