//! Holds the variables of a notebook between its cells.

use crate::outcome::Outcome;
use std::any::Any;
use std::collections::BTreeMap;

/// Variables by name. A cell takes the variables it mentions and puts back those it did not move.
#[derive(Default)]
pub struct Store {
    variables: BTreeMap<String, Box<dyn Any>>,
    /// Variables that were absent or of another type than the cell was compiled for.
    pub(crate) retyped: Vec<String>,
    pub(crate) outcome: Option<Outcome>,
}

impl Store {
    /// Returns whether variable `name` exists with exactly type `T`, and records it in `retyped` if not.
    ///
    /// The cell checks all its variables before it takes any: if one fails, the others stay in the store.
    pub fn has<T: 'static>(&mut self, name: &str) -> bool {
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
        match self.variables.remove(name).map(|value| value.downcast::<T>()) {
            Some(Ok(value)) => *value,
            _ => panic!("variable `{name}` is gone"),
        }
    }

    /// Stores a variable that the cell defined.
    pub fn put<T: 'static>(&mut self, name: &str, value: T) {
        self.variables.insert(name.to_owned(), Box::new(value));
    }

    /// Stores a taken variable again, unless the cell defined a new one of that name.
    pub fn put_back<T: 'static>(&mut self, name: &str, value: T) {
        self.variables.entry(name.to_owned()).or_insert_with(|| Box::new(value));
    }

    /// Records how the cell ended.
    pub fn finish(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.variables.remove(name);
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.variables.keys().map(String::as_str).collect()
    }
}
