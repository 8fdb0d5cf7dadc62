//! A market's description, inverted: for each column of a file, the field that is read from it. Next: `rows`.

use super::declaration::{Grain, Layout, LayoutFile};
use crate::error::{Error, Result};
use crate::market::description::{Field, Join, Market, Operation, Steps, Unpack};
use crate::market::sheet::{distinct, header_key, names_header};
use crate::schema::contract::ORDER_STATUSES;

/// Where the text of a field is written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Slot {
    /// In the column at this position.
    Column(usize),
    /// In a packed item, as the part at this position.
    Part(usize),
}

/// What stands in a cell that gives an order its status.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// This text.
    Text(String),
    /// This text before what the field of the column says: `C` of an invoice.
    Before(String),
    /// Any date.
    Any,
}

/// A cell that gives an order a status.
#[derive(Debug, Clone, PartialEq)]
pub struct StatusCell {
    /// The status.
    pub status: String,
    /// File and position of the column.
    pub at: (String, usize),
    /// What stands there.
    pub mark: Mark,
}

/// A file and what stands in its columns.
#[derive(Debug)]
pub struct FilePlan<'l> {
    /// Its name in the description.
    pub key: &'l str,
    /// Its declaration.
    pub file: &'l LayoutFile,
    /// The headers as they are written.
    pub header: Vec<&'l str>,
    /// Their distinct names: the second `Estado` is `Estado#2`.
    pub names: Vec<String>,
    /// Which columns later lines of an order repeat.
    pub repeated: Vec<bool>,
    /// The fields that are written here.
    pub fields: Vec<(Field, Slot)>,
    /// The texts that stand in columns besides.
    pub cells: Vec<(usize, &'l str)>,
    /// Columns by which files are joined and that no field fills; each holds the key of the rows of the other file.
    pub joined: Vec<(usize, Grain)>,
    /// Columns that hold packed items.
    pub packed: Vec<usize>,
    /// Columns whose values stand on the first row of a group only.
    pub filled: Vec<usize>,
}

/// How the generator's data are written for a market.
#[derive(Debug)]
pub struct Plan<'l> {
    /// The description.
    pub market: &'l Market,
    /// The layout.
    pub layout: &'l Layout,
    /// The files, the products before those that need only orders.
    pub files: Vec<FilePlan<'l>>,
    /// The cells that give statuses.
    pub statuses: Vec<StatusCell>,
    /// The status of an order of which no cell says anything.
    otherwise: Option<&'l str>,
}

impl<'l> Plan<'l> {
    /// Inverts the description.
    ///
    /// # Errors
    /// [`Error::Input`]: the layout has no column for something that the description needs.
    pub fn new(market: &'l Market, layout: &'l Layout) -> Result<Plan<'l>> {
        let mut files: Vec<FilePlan<'l>> = layout.files.iter().map(|(key, file)| FilePlan::new(key, file)).collect();
        let mut statuses = Vec::new();
        let mut otherwise = None;
        for (field, operation) in &market.fields {
            if matches!(field, Field::Status | Field::LineStatus) {
                let of_field = cells_of_statuses(market, operation, &files);
                // Where an order has a status, those of its lines say nothing more.
                if statuses.is_empty() {
                    (statuses, otherwise) = (of_field, otherwise_of(operation));
                }
                continue;
            }
            let sources = operation.columns();
            let place = sources.iter().find_map(|(source, _)| place(market, &files, source));
            match place {
                Some((file, slot)) => files[file].fields.push((*field, slot)),
                None if sources.iter().any(|(_, may_lack)| !may_lack) => {
                    return Err(Error::input(format!("the layout of `{}` has no `{}`", market.name, field.name())));
                }
                None => {}
            }
        }
        for plan in &mut files {
            plan.complete(market, layout)?;
        }
        for Join { file, left, right } in &market.joins {
            let Some(grain) = layout.files.get(file).map(|file| file.rows) else { continue };
            for (key, column) in [(&market.lines, left), (file, right)] {
                let plan = files.iter_mut().find(|plan| plan.key == key);
                let column = plan.as_ref().and_then(|plan| plan.position(column));
                let (Some(plan), Some(column)) = (plan, column) else {
                    return Err(Error::input(format!("the layout of `{}` has no `{left}`", market.name)));
                };
                if !plan.fields.iter().any(|(_, slot)| *slot == Slot::Column(column)) {
                    plan.joined.push((column, grain));
                }
            }
        }
        Ok(Plan { market, layout, files, statuses, otherwise })
    }

    /// Whether the layout tells canceled orders from others. If not, it lists sales alone.
    pub fn tells_canceled(&self) -> bool {
        self.statuses.iter().any(|cell| cell.status == "canceled")
    }

    /// The cells that tell an order's status, or the nearest that the layout knows. Orders take turns between several.
    pub fn status(&self, status: &str, order: u64) -> Option<&StatusCell> {
        for near in nearest(status) {
            let cells: Vec<&StatusCell> = self.statuses.iter().filter(|cell| cell.status == *near).collect();
            match cells.is_empty() {
                false => return Some(cells[(order % cells.len() as u64) as usize]),
                true if self.otherwise == Some(near) => return None,
                true => {}
            }
        }
        None
    }

    /// Whether the description has this field.
    pub fn has(&self, field: Field) -> bool {
        self.files.iter().any(|file| file.fields.iter().any(|(known, _)| *known == field))
    }
}

/// A status, and what stands for it where an export does not know it. None of them is canceled unless the status is.
fn nearest(status: &str) -> &'static [&'static str] {
    match status {
        "canceled" => &["canceled"],
        "unavailable" => &["unavailable", "canceled"],
        "delivered" => &["delivered", "shipped", "approved"],
        "shipped" => &["shipped", "approved"],
        "created" => &["created", "approved"],
        "invoiced" => &["invoiced", "approved"],
        "processing" => &["processing", "approved"],
        _ => &["approved"],
    }
}

impl<'l> FilePlan<'l> {
    fn new(key: &'l str, file: &'l LayoutFile) -> FilePlan<'l> {
        let header: Vec<&str> = file.header.split(',').collect();
        let names = distinct(&header.iter().map(|name| (*name).to_string()).collect::<Vec<_>>());
        let (fields, cells, joined, packed, filled) = (vec![], vec![], vec![], vec![], vec![]);
        FilePlan { key, file, header, names, repeated: Vec::new(), fields, cells, joined, packed, filled }
    }

    /// The position of the column that a description calls `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|header| names_header(name, &header_key(header)))
    }

    /// Columns that are named by the layout rather than by a field.
    fn complete(&mut self, market: &Market, layout: &'l Layout) -> Result<()> {
        let missing = |name: &str| Error::input(format!("the layout of `{}` has no column `{name}`", market.name));
        self.repeated = match &layout.repeated {
            None => vec![true; self.names.len()],
            Some(repeated) => self.names.iter().map(|name| repeated.contains(name)).collect(),
        };
        for (name, text) in &self.file.cells {
            self.cells.push((self.position(name).ok_or_else(|| missing(name))?, text));
        }
        if let Some(how) = market.unpack.as_ref().filter(|_| self.key == market.lines) {
            let start = header_key(&how.columns);
            self.packed = (0..self.names.len()).filter(|at| header_key(&self.names[*at]).starts_with(&start)).collect();
        }
        if let Some(fill) = &market.files[self.key].fill {
            self.filled = fill.columns.iter().filter_map(|name| self.position(name)).collect();
        }
        Ok(())
    }
}

/// The file and slot of a column that a description calls `source`; `None` if the layout lacks it.
fn place(market: &Market, files: &[FilePlan<'_>], source: &str) -> Option<(usize, Slot)> {
    let joined = source.split_once('.').filter(|(file, _)| *file != market.lines && market.files.contains_key(*file));
    let (key, column) = joined.unwrap_or((&market.lines, source));
    let file = files.iter().position(|file| file.key == key)?;
    let part = |Unpack { names, .. }: &Unpack| {
        let name = column.strip_prefix("item.")?;
        names.iter().position(|known| known == name).map(Slot::Part)
    };
    let part = market.unpack.as_ref().and_then(part);
    Some((file, part.or_else(|| files[file].position(column).map(Slot::Column))?))
}

/// The cells from which an operation reads each status.
fn cells_of_statuses(market: &Market, operation: &Operation, files: &[FilePlan<'_>]) -> Vec<StatusCell> {
    let at = |source: &str| match place(market, files, source) {
        Some((file, Slot::Column(column))) => Some((files[file].key.to_string(), column)),
        _ => None,
    };
    let cell = |status: &str, source: &str, mark: Mark| {
        at(source).map(|at| StatusCell { status: status.to_string(), at, mark })
    };
    let Operation::Steps(steps) = operation else {
        // The column itself holds the status.
        let source = operation.columns()[0].0;
        return ORDER_STATUSES.iter().filter_map(|status| cell(status, source, Mark::Text((*status).into()))).collect();
    };
    let Steps { rules, map, .. } = &**steps;
    // A column that holds the number of the order is written by it as well.
    let is_number = |source: &str| {
        market.fields[&Field::OrderId].columns().iter().any(|(column, _)| header_key(column) == header_key(source))
    };
    let by_rule = rules.iter().flat_map(|rule| {
        let starts = rule.starts.iter().map(|start| match is_number(&rule.column) {
            true => Mark::Before(start.to_uppercase()),
            false => Mark::Text(capitalized(start)),
        });
        let marks = rule.values.iter().map(|value| Mark::Text(capitalized(value))).chain(starts);
        let any = (rule.values.is_empty() && rule.starts.is_empty()).then_some(Mark::Any);
        marks.chain(any).filter_map(|mark| cell(&rule.is, &rule.column, mark))
    });
    let column = operation.columns().iter().map(|(column, _)| *column).find(|column| at(column).is_some());
    let by_map = map
        .iter()
        .filter_map(|(value, status)| column.and_then(|column| cell(status, column, Mark::Text(capitalized(value)))));
    by_rule.chain(by_map).collect()
}

fn otherwise_of(operation: &Operation) -> Option<&str> {
    match operation {
        Operation::Steps(steps) => steps.otherwise.as_deref(),
        Operation::Column(_) => None,
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
