//! Contract + measured cardinalities → figure: the conceptual data model with tables, keys and relations.

use plotters_backend::DrawingBackend;

use crate::charts::canvas::style::{AXIS, FG, FONT_SIZE, MUTED, ON_DEEP, PAGE, SMALL, WIDTH, series};
use crate::charts::canvas::svg::Svg;
use crate::charts::canvas::text::wrap;
use crate::charts::canvas::{Canvas, Drawn, LABEL, NOTE, Point, Stroke};
use crate::charts::{About, figure};
use crate::schema::contract::{Column, ForeignKey, TABLES, Table, TableId};

/// Measured cardinality of a foreign key: `0..n` here, `1` there.
#[derive(Debug, Clone, Copy)]
pub struct Cardinality<'a> {
    /// Table that holds the foreign key.
    pub table: TableId,
    /// Column of the foreign key.
    pub column: &'a str,
    /// Number of rows of this table per referenced row.
    pub at_child: &'a str,
    /// Number of referenced rows per row of this table.
    pub at_parent: &'a str,
}

/// The data model. Lists keys, foreign keys and referenced columns. Relations that the data do not always satisfy are dashed.
#[derive(Clone, Copy)]
pub struct Entities<'a> {
    /// One per foreign key; a relation without one shows no numbers.
    pub cardinalities: &'a [Cardinality<'a>],
    /// Words for the columns that are not listed, by their number.
    pub more: &'a dyn Fn(usize) -> String,
    /// Explanations of the signs, at the bottom.
    pub legend: &'a [&'a str],
}

impl Default for Entities<'_> {
    fn default() -> Self {
        Entities { cardinalities: &[], more: &french_more, legend: &FRENCH_LEGEND }
    }
}

const FRENCH_LEGEND: [&str; 2] =
    ["PK : clé primaire, FK : clé étrangère", "en pointillé : référence que les données ne garantissent pas"];

fn french_more(n: usize) -> String {
    format!("+ {n} colonne{}", if n > 1 { "s" } else { "" })
}

/// Draws [`Entities`].
pub fn entity_diagram(about: &About, data: &Entities) -> Svg {
    let boxes: Vec<Frame> = place();
    let bottom = boxes.iter().map(|b| b.at.1 + b.height).fold(0.0, f64::max) + 2.0;
    let height = bottom + 15.0 * data.legend.len() as f64;
    figure(about, Some(height), |c| {
        for table in &TABLES {
            for key in table.foreign_keys {
                relation(c, data, &boxes, table, key)?;
            }
        }
        boxes.iter().try_for_each(|frame| entity(c, data, frame))?;
        let mut lines = data.legend.iter().enumerate();
        lines.try_for_each(|(i, line)| c.text(&NOTE.fit(line, WIDTH), (0.0, bottom + 15.0 * (i as f64 + 0.5)), NOTE))
    })
}

const WIDE: f64 = 188.0;
const PITCH: f64 = 226.0;
const LINE: f64 = 15.0;
const ROW_GAP: f64 = 36.0;

/// Column and row of a table in the layout; no two relations cross.
const fn cell(table: TableId) -> (usize, usize) {
    match table {
        TableId::OrderReviews => (0, 0),
        TableId::OrderPayments => (0, 1),
        TableId::Customers => (0, 2),
        TableId::OrderItems => (1, 0),
        TableId::Orders => (1, 1),
        TableId::Geolocation => (1, 2),
        TableId::States => (1, 3),
        TableId::Products => (2, 0),
        TableId::Categories => (2, 1),
        TableId::Sellers => (2, 2),
    }
}

/// Where a relation meets a table: at a distance below its top, or at a fraction of its width.
#[derive(Clone, Copy)]
enum Port {
    Left(f64),
    Right(f64),
    Top(f64),
    Bottom(f64),
}
use Port::{Bottom, Left, Right, Top};

const fn ports(from: TableId, to: TableId) -> (Port, Port) {
    match (from, to) {
        (TableId::OrderReviews, TableId::Orders) => (Right(40.0), Left(34.0)),
        (TableId::OrderPayments, TableId::Orders) => (Right(58.0), Left(58.0)),
        (TableId::OrderItems, TableId::Sellers) => (Right(72.0), Left(30.0)),
        (TableId::OrderItems, TableId::Products) => (Right(34.0), Left(34.0)),
        (TableId::Orders, TableId::Customers) => (Bottom(0.25), Top(0.5)),
        (TableId::Customers, TableId::Geolocation) => (Right(48.0), Left(48.0)),
        (TableId::Sellers, TableId::Geolocation) => (Left(66.0), Right(66.0)),
        (TableId::Customers, TableId::States) => (Bottom(0.5), Left(34.0)),
        (TableId::Sellers, TableId::States) => (Bottom(0.5), Right(34.0)),
        _ => (Bottom(0.5), Top(0.5)),
    }
}

/// Rectangle of a table.
struct Frame {
    table: &'static Table,
    at: Point,
    height: f64,
    title: Vec<String>,
    listed: Vec<&'static Column>,
}

impl Frame {
    fn header(&self) -> f64 {
        6.0 + 16.0 * self.title.len() as f64
    }
    fn port(&self, port: Port) -> Point {
        let (x, y) = self.at;
        match port {
            Left(down) => (x, y + down),
            Right(down) => (x + WIDE, y + down),
            Top(share) => (x + share * WIDE, y),
            Bottom(share) => (x + share * WIDE, y + self.height),
        }
    }
}

fn is_referenced(table: TableId, column: &str) -> bool {
    TABLES.iter().flat_map(|t| t.foreign_keys).any(|k| k.table == table && k.references == column)
}

fn is_foreign(table: &Table, column: &str) -> bool {
    table.foreign_keys.iter().any(|k| k.column == column)
}

fn place() -> Vec<Frame> {
    let frame = |table: &'static Table| {
        let shown =
            |c: &&Column| table.key.contains(&c.name) || is_foreign(table, c.name) || is_referenced(table.id, c.name);
        let listed: Vec<_> = table.columns.iter().filter(shown).collect();
        let title = wrap(table.name, FONT_SIZE, true, WIDE - 14.0, 2);
        let rest = usize::from(listed.len() < table.columns.len());
        let mut frame = Frame { table, at: (0.0, 0.0), height: 0.0, title, listed };
        frame.height = frame.header() + LINE * (frame.listed.len() + rest) as f64 + 8.0;
        frame
    };
    let mut frames: Vec<Frame> = TABLES.iter().map(frame).collect();
    let mut top = 1.0;
    for row in 0..4 {
        let mut tallest: f64 = 0.0;
        for frame in frames.iter_mut().filter(|f| cell(f.table.id).1 == row) {
            frame.at = (PITCH * cell(frame.table.id).0 as f64, top);
            tallest = tallest.max(frame.height);
        }
        top += tallest + ROW_GAP;
    }
    frames
}

fn entity<DB: DrawingBackend>(c: &Canvas<DB>, data: &Entities, frame: &Frame) -> Drawn<DB> {
    let (x, y) = frame.at;
    c.framed((x, y), (WIDE, frame.height), PAGE, Stroke::new(AXIS, 1.0))?;
    c.rect((x, y), (WIDE, frame.header()), series(0))?;
    for (i, line) in frame.title.iter().enumerate() {
        c.text(line, (x + 7.0, y + 11.0 + 16.0 * i as f64), LABEL.bold(true).ink(ON_DEEP))?;
    }
    let table = frame.table;
    let tag = |column: &str| match (table.key.contains(&column), is_foreign(table, column)) {
        (true, true) => "PK FK",
        (true, false) => "PK",
        (false, true) => "FK",
        (false, false) => "",
    };
    let indent = 7.0 + frame.listed.iter().map(|c| NOTE.width(tag(c.name))).fold(0.0, f64::max) + 5.0;
    let line = |i: usize| y + frame.header() + 4.0 + LINE * (i as f64 + 0.5);
    for (i, column) in frame.listed.iter().enumerate() {
        c.text(tag(column.name), (x + 7.0, line(i)), NOTE)?;
        let letter = LABEL.size(SMALL).bold(table.key.contains(&column.name));
        c.text(&letter.fit(column.name, WIDE - indent - 4.0), (x + indent, line(i)), letter)?;
    }
    let rest = table.columns.len() - frame.listed.len();
    if rest > 0 {
        c.text(&NOTE.fit(&(data.more)(rest), WIDE - indent - 4.0), (x + indent, line(frame.listed.len())), NOTE)?;
    }
    Ok(())
}

/// Corners of a relation: at most two bends, in the space between the tables.
fn route(frames: &[Frame], from: TableId, to: TableId) -> Vec<Point> {
    let (leave, enter) = ports(from, to);
    let (a, b) = (frames[from as usize].port(leave), frames[to as usize].port(enter));
    let sideways = |p: Port| matches!(p, Left(_) | Right(_));
    match (sideways(leave), sideways(enter)) {
        (true, true) => {
            let x = (a.0 + b.0) / 2.0;
            vec![a, (x, a.1), (x, b.1), b]
        }
        (false, false) => {
            let y = b.1 - ROW_GAP / 2.0;
            vec![a, (a.0, y), (b.0, y), b]
        }
        (false, true) => vec![a, (a.0, b.1), b],
        (true, false) => vec![a, (b.0, a.1), b],
    }
}

fn relation<DB: DrawingBackend>(
    c: &Canvas<DB>,
    data: &Entities,
    frames: &[Frame],
    table: &Table,
    key: &ForeignKey,
) -> Drawn<DB> {
    let mut points = route(frames, table.id, key.table);
    points.dedup();
    let stroke = Stroke::new(if key.strict { FG } else { MUTED }, 1.2);
    c.line(&points, if key.strict { stroke } else { stroke.dashed() })?;
    let measured = data.cardinalities.iter().find(|k| k.table == table.id && k.column == key.column);
    let Some(measured) = measured else {
        return Ok(());
    };
    let (leave, enter) = ports(table.id, key.table);
    // One label above the line and one below: neighbouring tables leave no room for both on one side.
    let ends = [(points.first(), leave, measured.at_child, -8.0), (points.last(), enter, measured.at_parent, 9.0)];
    for (at, port, text, side) in ends {
        let Some(&(x, y)) = at else { continue };
        let letter = NOTE.ink(FG).bold(true);
        match port {
            Left(_) => c.text(text, (x - 4.0, y + side), letter.end())?,
            Right(_) => c.text(text, (x + 4.0, y + side), letter)?,
            Top(_) => c.text(text, (x + 5.0, y - 8.0), letter)?,
            Bottom(_) => c.text(text, (x + 5.0, y + 9.0), letter)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crosses_box(a: Point, b: Point, frame: &Frame) -> bool {
        let (x0, y0) = frame.at;
        let (left, right) = (a.0.min(b.0), a.0.max(b.0));
        let (top, bottom) = (a.1.min(b.1), a.1.max(b.1));
        right > x0 + 0.1 && left < x0 + WIDE - 0.1 && bottom > y0 + 0.1 && top < y0 + frame.height - 0.1
    }

    #[test]
    fn tables_and_relations_keep_apart() {
        let frames = place();
        for (i, a) in frames.iter().enumerate() {
            assert!(a.at.0 + WIDE <= WIDTH, "{} is on the page", a.table.name);
            let corner = (a.at.0 + WIDE, a.at.1 + a.height);
            assert!(frames.iter().skip(i + 1).all(|b| !crosses_box(a.at, corner, b)), "{}", a.table.name);
        }
        for table in &TABLES {
            for key in table.foreign_keys {
                let points = route(&frames, table.id, key.table);
                for leg in points.windows(2) {
                    assert!(leg[0].0 == leg[1].0 || leg[0].1 == leg[1].1, "{} bends at right angles", key.column);
                    let hit = frames.iter().find(|f| crosses_box(leg[0], leg[1], f));
                    assert!(hit.is_none(), "{}.{} crosses {:?}", table.name, key.column, hit.map(|f| f.table.name));
                }
            }
        }
    }
}
