//! Orders and products → rows of the files of a layout, as bytes. Last part of `layout`.

use serde_json::{Map, Value};

use super::declaration::{Encoding, Grain};
use super::plan::{FilePlan, Mark, Plan, Slot};
use super::sale::{Line, Sale};
use super::texts::Texts;
use crate::market::description::Field;
use crate::synth::orders::Sales;
use crate::synth::shape::STATUSES;
use crate::synth::world::{Item, World};
use crate::synth::write::Rows;

/// Writes the files of a layout.
#[derive(Debug)]
pub struct Writer<'a> {
    plan: &'a Plan<'a>,
    world: &'a World,
    sales: Sales<'a>,
    texts: Texts,
}

/// What a row holds of its order.
#[derive(Debug, Clone, Copy, Default)]
struct Part<'l> {
    /// The values that stand once for the order.
    order: bool,
    /// A line.
    line: Option<&'l Line>,
    /// The price of all lines.
    whole: bool,
    /// It is a parent.
    parent: bool,
    /// Its position below a parent, from 1.
    below: Option<usize>,
}

impl<'a> Writer<'a> {
    /// Prepares the samplers.
    pub fn new(plan: &'a Plan<'a>, world: &'a World) -> Writer<'a> {
        Writer { plan, world, sales: Sales::new(world), texts: Texts::new(plan.layout) }
    }

    /// What stands before the rows of a file: its first lines and the header.
    pub fn head(&self, file: &FilePlan<'_>) -> Vec<u8> {
        let mark = if file.file.encoding == Encoding::Utf8Mark { "\u{feff}" } else { "" };
        let mut text = format!("{mark}{}", file.file.before);
        if !is_json(file) {
            row(&mut text, file, &file.header);
        }
        encoded(file, &text)
    }

    /// What stands behind the rows of a file.
    pub fn foot(&self, file: &FilePlan<'_>) -> Vec<u8> {
        encoded(file, &file.file.after)
    }

    /// The rows of the orders in a range.
    pub fn orders(&self, file: &FilePlan<'_>, chunk: u64, range: std::ops::Range<u64>) -> Rows {
        let (mut text, mut count) = (String::new(), 0);
        let mut at = range.start;
        self.sales.each(chunk, range, |order| {
            let sale = Sale::new(self.plan, self.world, &self.sales, order);
            let first = at == 0;
            at += 1;
            if !sale.is_sold() && !self.plan.tells_canceled() {
                return;
            }
            count += match (file.file.rows, is_json(file)) {
                (_, true) => self.document(&mut text, file, &sale, first),
                (Grain::Lines, _) => self.lines(&mut text, file, &sale),
                (Grain::Customers, _) if order.person != order.number => 0,
                _ => self.row(&mut text, file, &sale, Part { order: true, whole: true, ..Part::default() }),
            };
        });
        Rows::complete(encoded(file, &text), count)
    }

    /// The rows of the products in a range. Where values stand on the first row of a group only, a product has two variants, of which the
    /// second is the one that is sold.
    pub fn products(&self, file: &FilePlan<'_>, range: std::ops::Range<u64>) -> Rows {
        let (mut text, mut count) = (String::new(), 0);
        let market = &self.world.market;
        for product in range {
            let category = market.shelves.partition_point(|shelf| shelf.first <= product) - 1;
            let facts = self.world.catalog.product(product, category, market.fame(category, product));
            let item = Item { product, category, seller: facts.seller, price: facts.price, freight: 0 };
            let line = Line::new(self.world, &item, 1);
            let variants = if file.filled.is_empty() { 1 } else { 2 };
            for variant in 1..=variants {
                let mut cells = vec![String::new(); file.names.len()];
                for (at, cell) in &file.cells {
                    cells[*at] = cell.replace("{product}", &line.product);
                }
                for (field, slot) in &file.fields {
                    let value = match field {
                        Field::Category => line.category,
                        Field::Seller => &line.seller,
                        _ => "",
                    };
                    put(&mut cells, *slot, value);
                }
                for (at, _) in &file.joined {
                    cells[*at] = line.product.clone();
                    if variant < variants {
                        cells[*at].push_str("-0");
                    }
                }
                if variant > 1 {
                    file.filled.iter().for_each(|at| cells[*at].clear());
                }
                row(&mut text, file, &cells);
                count += 1;
            }
        }
        Rows::complete(encoded(file, &text), count)
    }

    /// The rows of an order, a line each; returns their number.
    fn lines(&self, text: &mut String, file: &FilePlan<'_>, sale: &Sale<'_>) -> u64 {
        let parent = sale.lines.len() > 1 && self.plan.market.parents.is_some();
        if parent || sale.lines.is_empty() {
            self.row(text, file, sale, Part { order: true, whole: parent, parent, ..Part::default() });
        }
        for (line, number) in sale.lines.iter().zip(1..) {
            let order = number == 1 && !parent;
            let part = Part { order, line: Some(line), below: parent.then_some(number), ..Part::default() };
            self.row(text, file, sale, part);
        }
        (sale.lines.len() + usize::from(parent || sale.lines.is_empty())) as u64
    }

    fn row(&self, text: &mut String, file: &FilePlan<'_>, sale: &Sale<'_>, part: Part<'_>) -> u64 {
        row(text, file, &self.cells(file, sale, part));
        1
    }

    /// The cells of a row.
    fn cells(&self, file: &FilePlan<'_>, sale: &Sale<'_>, part: Part<'_>) -> Vec<String> {
        let Writer { plan, texts, .. } = self;
        let counted = plan.market.parents.as_ref().is_some_and(|parents| parents.counted);
        let mut cells = vec![String::new(); file.names.len()];
        let stands = |at: usize| part.order || file.repeated[at];
        for (at, cell) in file.cells.iter().filter(|(at, _)| stands(*at)) {
            cells[*at] = sale.filled(cell, part.line);
        }
        for (field, slot) in &file.fields {
            let value = match (field, *slot) {
                (Field::LineTotal, _) if part.whole => {
                    // Lines below a parent that does not count them have prices of their own.
                    sale.whole(plan, texts).filter(|_| !part.parent || counted)
                }
                (Field::LineTotal, _) if part.below.is_some() && counted => None,
                (field, Slot::Column(at)) if field.is_of_order() => {
                    if stands(at) {
                        sale.of_order(*field, plan, texts)
                    } else {
                        None
                    }
                }
                (field, Slot::Column(_)) => part.line.and_then(|line| sale.of_line(*field, line, plan, texts)),
                (_, Slot::Part(_)) => None,
            };
            put(&mut cells, *slot, value.as_deref().unwrap_or_default());
            if let (Field::OrderId, Slot::Column(at), Some(number), true) = (field, slot, part.below, counted) {
                cells[*at].push_str(&format!("-{number}"));
            }
        }
        for (at, grain) in &file.joined {
            let key = match grain {
                Grain::Products => part.line.map(|line| line.product.clone()),
                Grain::Customers => sale.of_order(Field::Customer, plan, texts),
                Grain::Orders | Grain::Lines => sale.of_order(Field::OrderId, plan, texts),
            };
            cells[*at] = key.unwrap_or_default();
        }
        if let Some(status) = plan.status(STATUSES[sale.order.status], sale.order.number)
            && status.at.0 == file.key
            && stands(status.at.1)
        {
            let cell = &mut cells[status.at.1];
            match &status.mark {
                Mark::Text(text) => cell.clone_from(text),
                Mark::Before(text) => cell.insert_str(0, text),
                Mark::Any if cell.is_empty() => *cell = texts.date(sale.order.purchase, sale.order.number),
                Mark::Any => {}
            }
        }
        if let (true, Some(parents)) = (part.parent, &plan.market.parents)
            && let Some(at) = file.position(&parents.column)
        {
            cells[at] = plan.layout.parent.as_deref().map_or_else(String::new, |text| sale.filled(text, None));
        }
        for (at, line) in file.packed.iter().zip(&sale.lines) {
            cells[*at] = self.packed(file, sale, line);
        }
        cells
    }

    /// A line in one cell: `product_id:4959|1|30`.
    fn packed(&self, file: &FilePlan<'_>, sale: &Sale<'_>, line: &Line) -> String {
        let Some(how) = &self.plan.market.unpack else { return String::new() };
        let mut parts = vec![String::new(); how.names.len()];
        for (field, slot) in &file.fields {
            if let Slot::Part(at) = slot {
                parts[*at] = sale.of_line(*field, line, self.plan, &self.texts).unwrap_or_default();
            }
        }
        let name = how.pairs.as_ref().map(|mark| format!("{}{mark}", how.names[0])).unwrap_or_default();
        format!("{name}{}", parts.join(&how.parts))
    }

    /// An order as a document, in which the lines are a list.
    fn document(&self, text: &mut String, file: &FilePlan<'_>, sale: &Sale<'_>, first: bool) -> u64 {
        let list = self.plan.market.files[file.key].rows.as_deref().unwrap_or_default();
        let object = |cells: &[String], of_list: bool| {
            let mut object = Map::new();
            for (name, cell) in file.names.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                let inner = name.strip_prefix(list).and_then(|name| name.strip_prefix('.'));
                match inner {
                    Some(inner) if of_list => insert(&mut object, inner, cell),
                    None if !of_list => insert(&mut object, name, cell),
                    _ => {}
                }
            }
            object
        };
        let mut document = object(&self.cells(file, sale, Part { order: true, ..Part::default() }), false);
        let lines = sale.lines.iter().map(|line| {
            let cells = self.cells(file, sale, Part { line: Some(line), ..Part::default() });
            Value::Object(object(&cells, true))
        });
        document.insert(list.into(), lines.collect());
        text.push_str(if first { "" } else { ",\n" });
        text.push_str(&Value::Object(document).to_string());
        1
    }
}

fn put(cells: &mut [String], slot: Slot, value: &str) {
    if let Slot::Column(at) = slot
        && !value.is_empty()
    {
        cells[at] = value.into();
    }
}

/// Inserts a value under a path; whole numbers are numbers.
fn insert(object: &mut Map<String, Value>, path: &str, text: &str) {
    match path.split_once('.') {
        Some((name, rest)) => {
            let inner = object.entry(name).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                insert(inner, rest, text);
            }
        }
        None => {
            let value = text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from);
            object.insert(path.into(), value);
        }
    }
}

fn is_json(file: &FilePlan<'_>) -> bool {
    file.file.name.ends_with(".json")
}

/// Writes a row of separated cells; those that hold a separator, a quote or a line end are quoted.
fn row(text: &mut String, file: &FilePlan<'_>, cells: &[impl AsRef<str>]) {
    let delimiter = file.file.delimiter;
    for (at, cell) in cells.iter().enumerate() {
        let cell = cell.as_ref();
        if at > 0 {
            text.push(delimiter);
        }
        match cell.contains([delimiter, '"', '\n', '\r']) {
            true => text.extend(["\"", &cell.replace('"', "\"\""), "\""]),
            false => text.push_str(cell),
        }
    }
    text.push('\n');
}

fn encoded(file: &FilePlan<'_>, text: &str) -> Vec<u8> {
    match file.file.encoding {
        Encoding::Utf8 | Encoding::Utf8Mark => text.as_bytes().to_vec(),
        Encoding::Windows1252 => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
    }
}
