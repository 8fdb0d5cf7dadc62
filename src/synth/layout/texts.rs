//! Times, amounts and places as a layout writes them. Used by `rows`.

use chrono::Datelike;
use chrono::format::{Item, StrftimeItems};

use super::declaration::{Layout, Spelling};
use crate::market::regions::Regions;
use crate::synth::shape::STATES;
use crate::synth::world::calendar::Calendar;

/// How a layout writes values.
#[derive(Debug)]
pub struct Texts {
    /// For each form of dates, the form in each month.
    dates: Vec<Vec<Vec<Item<'static>>>>,
    amounts: AmountForm,
    /// The states, in the order of [`STATES`].
    regions: Vec<String>,
}

/// How amounts are written.
#[derive(Debug, Clone, PartialEq)]
struct AmountForm {
    before: String,
    after: String,
    thousands: Option<char>,
    decimal: char,
    /// With the noise of single precision, and without the rest.
    single: bool,
}

impl AmountForm {
    /// The form of an example.
    fn of(example: &str) -> AmountForm {
        let is_digit = |c: char| c.is_ascii_digit();
        let start = example.find(is_digit).unwrap_or(0);
        let end = example.rfind(is_digit).map_or(example.len(), |at| at + 1);
        let body = &example[start..end];
        let marks: Vec<(usize, char)> = body.char_indices().filter(|(_, c)| !is_digit(*c)).collect();
        let (at, decimal) = marks.last().copied().unwrap_or((body.len(), '.'));
        AmountForm {
            before: example[..start].into(),
            after: example[end..].into(),
            thousands: (marks.len() > 1).then(|| marks[0].1),
            decimal,
            single: body.len() - at > 3,
        }
    }

    fn write(&self, centavos: i64) -> String {
        if self.single {
            return f64::from(centavos as f32 / 100.0).to_string();
        }
        let sign = if centavos < 0 { "-" } else { "" };
        let whole = (centavos.unsigned_abs() / 100).to_string();
        let mut grouped = String::with_capacity(whole.len() + 2);
        for (at, digit) in whole.chars().enumerate() {
            if let Some(mark) = self.thousands.filter(|_| at > 0 && (whole.len() - at).is_multiple_of(3)) {
                grouped.push(mark);
            }
            grouped.push(digit);
        }
        let cents = centavos.unsigned_abs() % 100;
        format!("{sign}{}{grouped}{}{cents:02}{}", self.before, self.decimal, self.after)
    }
}

impl Texts {
    /// The forms of a layout.
    pub fn new(layout: &Layout) -> Texts {
        let in_month = |form: &String, month: usize| {
            let form = layout.months.get(month).map_or_else(|| form.clone(), |name| form.replace("%B", name));
            StrftimeItems::new(&form).map(Item::to_owned).collect::<Vec<_>>()
        };
        let dates = layout.dates.iter().map(|form| (0..12).map(|month| in_month(form, month)).collect());
        let names = Regions::choose("BR", std::iter::empty()).list;
        let name = |code: &str| names.iter().find(|region| region.code == code).map(|region| region.name.clone());
        let spelled = |code: &str| match layout.regions {
            Spelling::Code => code.to_string(),
            Spelling::Name => name(code).unwrap_or_default(),
            Spelling::Capitals => name(code).unwrap_or_default().to_uppercase(),
        };
        Texts {
            dates: dates.collect(),
            amounts: AmountForm::of(&layout.amounts),
            regions: STATES.iter().map(|state| spelled(state.code)).collect(),
        }
    }

    /// An instant in seconds from the calendar's day 0, in the form of this order.
    pub fn date(&self, seconds: i64, order: u64) -> String {
        let forms = &self.dates[(order % self.dates.len() as u64) as usize];
        let instant = Calendar::instant(seconds);
        instant.format_with_items(forms[instant.month0() as usize].iter()).to_string()
    }

    /// An amount.
    pub fn amount(&self, centavos: i64) -> String {
        self.amounts.write(centavos)
    }

    /// A state, by its index in [`STATES`].
    pub fn region(&self, state: usize) -> &str {
        &self.regions[state]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_follow_their_example() {
        for (example, expected) in [
            ("1234.50", ["0.05", "1234567.80", "-1.00"]),
            ("$1,234.50", ["$0.05", "$1,234,567.80", "-$1.00"]),
            ("1.234,50", ["0,05", "1.234.567,80", "-1,00"]),
            ("1234,50 €", ["0,05 €", "1234567,80 €", "-1,00 €"]),
        ] {
            let form = AmountForm::of(example);
            assert_eq!([5, 123_456_780, -100].map(|centavos| form.write(centavos)), expected, "{example}");
        }
        assert_eq!(AmountForm::of("0.0199999995529651").write(2), "0.019999999552965164");
        assert_eq!(AmountForm::of("0.0199999995529651").write(2_500), "25");
    }
}
