//! The source of a generated crate, with the origin of each line: messages of rustc and panics name cells by it.

/// Where a generated line comes from, or what it is for.
#[allow(missing_docs)] // The names say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Line `line` (from 1) of a cell.
    Cell { cell: usize, line: usize },
    /// Takes a variable of an earlier cell from the store.
    Take(String),
    /// Makes rustc report the type of a new variable.
    Name(String),
    /// Stores a new variable.
    Put(String),
    /// Stores a taken variable again.
    PutBack(String),
    /// Any other generated line.
    Scaffold,
}

/// The source of a crate, with the origin of each line.
#[derive(Debug, Default)]
pub struct Generated {
    /// Its source.
    pub source: String,
    origins: Vec<Origin>,
    /// The lines of items of cells, from 1, and the index of each item.
    items: Vec<(std::ops::RangeInclusive<usize>, usize)>,
    /// Whether some of it runs often enough for the optimiser to pay.
    pub repeats: bool,
}

impl Generated {
    /// Returns the origin of line `line` (from 1).
    pub fn origin(&self, line: usize) -> &Origin {
        self.origins.get(line.wrapping_sub(1)).unwrap_or(&Origin::Scaffold)
    }

    /// Drops the source and keeps the origins, which later panic messages need.
    #[must_use]
    pub fn without_source(self) -> Generated {
        Generated { source: String::new(), items: Vec::new(), ..self }
    }

    /// Returns the index of the item that line `line` (from 1) belongs to.
    pub fn item(&self, line: usize) -> Option<usize> {
        self.items.iter().find(|(lines, _)| lines.contains(&line)).map(|(_, index)| *index)
    }

    /// Returns the indexes of the items in the crate.
    pub fn items(&self) -> impl Iterator<Item = usize> {
        self.items.iter().map(|(_, index)| *index)
    }

    pub(super) fn begin_item(&mut self, index: usize) {
        self.items.push((self.origins.len() + 1..=usize::MAX, index));
    }

    pub(super) fn end_item(&mut self) {
        if let Some((lines, _)) = self.items.last_mut() {
            *lines = *lines.start()..=self.origins.len();
        }
    }

    pub(super) fn push(&mut self, line: &str, origin: Origin) {
        self.source.push_str(line);
        self.source.push('\n');
        self.origins.push(origin);
    }

    /// Appends text of a cell that starts at line `first` (from 0) of that cell.
    pub(super) fn push_cell(&mut self, text: &str, cell: usize, first: usize) {
        for (offset, line) in text.split('\n').enumerate() {
            self.push(line, Origin::Cell { cell, line: first + offset + 1 });
        }
    }
}
