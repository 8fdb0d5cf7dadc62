//! Cell → cell. The variables that outlive a cell.

use std::any::Any;
use std::collections::BTreeMap;

/// Variables by name. A cell takes those it mentions, and puts back what it did not move.
#[derive(Default)]
pub struct Store {
    variables: BTreeMap<String, Box<dyn Any>>,
    /// Variables whose type is no longer the one the cell was compiled for.
    pub(crate) retyped: Vec<String>,
    pub(crate) outcome: Option<crate::outcome::Outcome>,
}

impl Store {
    /// Whether `name` is there with this very type. When not, the cell must not start: it would lose what it took.
    pub fn has<T: 'static>(&mut self, name: &str) -> bool {
        let found = self.variables.get(name).is_some_and(|value| value.is::<T>());
        if !found {
            self.retyped.push(name.to_owned());
        }
        found
    }

    /// Moves a variable out. Only called after [`Store::has`].
    ///
    /// # Panics
    /// When the variable is absent or of another type.
    pub fn take<T: 'static>(&mut self, name: &str) -> T {
        match self.variables.remove(name).map(|value| value.downcast::<T>()) {
            Some(Ok(value)) => *value,
            _ => panic!("variable `{name}` is gone"),
        }
    }

    /// Keeps a variable defined by the cell.
    pub fn put<T: 'static>(&mut self, name: &str, value: T) {
        self.variables.insert(name.to_owned(), Box::new(value));
    }

    /// Keeps a variable taken from an earlier cell, unless the cell has defined a new one of that name.
    pub fn put_back<T: 'static>(&mut self, name: &str, value: T) {
        self.variables.entry(name.to_owned()).or_insert_with(|| Box::new(value));
    }

    /// How the cell ended.
    pub fn finish(&mut self, outcome: crate::outcome::Outcome) {
        self.outcome = Some(outcome);
    }

    pub(crate) fn forget(&mut self, name: &str) {
        self.variables.remove(name);
    }

    pub(crate) fn names(&self) -> Vec<&str> {
        self.variables.keys().map(String::as_str).collect()
    }
}
