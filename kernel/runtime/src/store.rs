//! Holds the variables of a notebook between its cells.

use crate::interrupt::Busy;
use crate::outcome::{CellError, Outcome, run};
use std::any::Any;
use std::collections::BTreeMap;

/// Variables by name. A cell takes the variables it mentions and puts back those it did not move.
#[derive(Default)]
pub struct Store {
    variables: BTreeMap<String, Box<dyn Any>>,
    /// Variables that were absent or of another type than the cell was compiled for.
    pub(crate) retyped: Vec<String>,
    pub(crate) outcome: Option<Outcome>,
    /// How the destructor of a replaced variable ended, if it panicked.
    discarded: Option<Outcome>,
}

impl Store {
    /// Returns whether variable `name` exists with exactly type `T`, and records it in `retyped` if not.
    ///
    /// The cell checks all its variables before it takes any: if one fails, the others stay in the store.
    pub fn has<T: 'static>(&mut self, name: &str) -> bool {
        let _busy = Busy::new();
        let found = self.variables.get(name).is_some_and(|value| value.is::<T>());
        if !found {
            self.retyped.push(name.to_owned());
        }
        found
    }

    /// Moves a variable out of the store. Call [`Store::has`] first.
    ///
    /// # Panics
    /// When the variable is absent or of another type.
    pub fn take<T: 'static>(&mut self, name: &str) -> T {
        let _busy = Busy::new();
        match self.variables.remove(name).map(|value| value.downcast::<T>()) {
            Some(Ok(value)) => *value,
            _ => panic!("variable `{name}` is gone"),
        }
    }

    /// Stores a variable that the cell defined.
    pub fn put<T: 'static>(&mut self, name: &str, value: T) {
        if let Some(old) = self.insert(name, Box::new(value)) {
            self.discard(old);
        }
    }

    fn insert(&mut self, name: &str, value: Box<dyn Any>) -> Option<Box<dyn Any>> {
        let _busy = Busy::new();
        self.variables.insert(name.to_owned(), value)
    }

    /// Stores a taken variable again, unless the cell defined a new one of that name.
    pub fn put_back<T: 'static>(&mut self, name: &str, value: T) {
        if self.variables.contains_key(name) {
            self.discard(Box::new(value));
        } else {
            self.insert(name, Box::new(value));
        }
    }

    /// Drops a value. A panic of its destructor costs no other variable: it becomes the outcome of the cell.
    fn discard(&mut self, value: Box<dyn Any>) {
        match run(|| -> Result<(), CellError> {
            drop(value);
            Ok(())
        }) {
            Outcome::Done => {}
            failed => self.discarded = Some(failed),
        }
    }

    /// Records how the cell ended.
    pub fn finish(&mut self, outcome: Outcome) {
        let discarded = self.discarded.take();
        self.outcome = Some(match outcome {
            Outcome::Done => discarded.unwrap_or(Outcome::Done),
            failed => failed,
        });
    }

    pub(crate) fn forget(&mut self, name: &str) {
        if let Some(value) = self.variables.remove(name) {
            self.discard(value);
        }
    }

    /// Drops all variables.
    pub(crate) fn clear(&mut self) {
        while let Some((_, value)) = self.variables.pop_last() {
            self.discard(value);
        }
    }

    #[cfg(feature = "polars")]
    pub(crate) fn values(&self) -> impl Iterator<Item = (&String, &dyn Any)> {
        self.variables.iter().map(|(name, value)| (name, &**value))
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.variables.keys().map(String::as_str).collect()
    }
}
