//! Tables → tables of Word, whose head comes again on each page. Part of `docx`.

use std::fmt::Write;

use super::body::{KEEP_NEXT, Look, Writer};
use super::inlines::number_name;
use super::xml::escape;
use crate::report::document::{Align, Inline, Place, words};
use crate::report::writers::columns::Columns;
use crate::report::{Table, TableColumn};

/// Tables of at most so many rows stay on one page, with what stands below them; of others, the last row does.
const SHORT: usize = 16;

/// A table as it is written.
struct Grid<'g> {
    title: &'g str,
    align: &'g [Align],
    columns: Columns,
    rows: usize,
}

impl Writer<'_> {
    pub(super) fn table(&mut self, place: &Place, table: &Table) {
        self.caption(place, self.words.table, &table.title);
        let align = table.columns.iter().map(|column| if column.numeric { Align::Right } else { Align::Left });
        let align: Vec<Align> = align.collect();
        let text = |text: &String| vec![Inline::Text(text.clone())];
        let head: Vec<_> = table.columns.iter().map(|column| text(&column.header)).collect();
        let grid = Grid { title: &table.title, align: &align, columns: Columns::of(table), rows: table.rows.len() };
        let rows = table.rows.iter().map(|row| row.iter().map(text).collect());
        self.rows(&grid, &head, rows, |_, writer, cell| writer.inlines(cell));
        self.source(place, &table.source);
    }

    /// A table that a chapter writes: its columns are measured as if their words were a table's.
    pub(super) fn grid(&mut self, align: &[Align], head: &[Vec<Inline>], rows: &[Vec<Vec<Inline>>]) {
        let column = |(cell, align): (&Vec<Inline>, &Align)| TableColumn {
            header: measured(cell),
            numeric: *align == Align::Right,
        };
        let table = Table {
            columns: head.iter().zip(align).map(column).collect(),
            rows: rows.iter().map(|row| row.iter().map(|cell| measured(cell)).collect()).collect(),
            title: String::new(),
            source: String::new(),
        };
        let grid = Grid { title: "", align, columns: Columns::of(&table), rows: rows.len() };
        self.rows(&grid, head, rows.iter().cloned(), |_, writer, cell| writer.inlines(cell));
        self.gap();
    }

    /// The table of numbers; the numbers of the text lead to its rows.
    pub(super) fn numbers(&mut self) {
        let (head, rows) = self.document.numbers_grid();
        let align = [Align::Right, Align::Right, Align::Left, Align::Left];
        let grid = Grid {
            title: self.words.value,
            align: &align,
            columns: Columns::of_numbers(&rows, false),
            rows: rows.len(),
        };
        let code = std::mem::replace(&mut self.code, "VerbatimSmall");
        self.rows(&grid, &head, rows.iter().cloned(), |place, writer, cell| match place {
            Some((row, 0)) => writer.bookmark(&number_name(row), |writer| writer.inlines(cell)),
            _ => writer.inlines(cell),
        });
        self.code = code;
        self.gap();
    }

    /// Writes a table. `write` gets the row and column of each cell below the head.
    fn rows(
        &mut self,
        grid: &Grid<'_>,
        head: &[Vec<Inline>],
        rows: impl Iterator<Item = Vec<Vec<Inline>>>,
        write: impl Fn(Option<(usize, usize)>, &mut Self, &[Inline]),
    ) {
        let widths: Vec<usize> = grid.columns.widths.iter().map(|width| (width * 20.0) as usize).collect();
        if widths.is_empty() {
            return;
        }
        let title = match grid.title {
            "" => String::new(),
            title => format!("<w:tblCaption w:val=\"{}\"/>", escape(title)),
        };
        let _ = write!(
            self.out,
            "<w:tbl><w:tblPr><w:tblStyle w:val=\"ReportTable\"/><w:tblW w:w=\"{}\" w:type=\"dxa\"/><w:tblLayout w:type=\"fixed\"/>\
             <w:tblLook w:val=\"0620\" w:firstRow=\"1\" w:lastRow=\"0\" w:firstColumn=\"0\" w:lastColumn=\"0\" w:noHBand=\"1\" w:noVBand=\"1\"/>\
             {title}</w:tblPr><w:tblGrid>",
            widths.iter().sum::<usize>()
        );
        for width in &widths {
            let _ = write!(self.out, "<w:gridCol w:w=\"{width}\"/>");
        }
        self.out.push_str("</w:tblGrid>\n");
        let short = grid.rows <= SHORT;
        self.row(grid, &widths, head, None, true, &write);
        for (index, row) in rows.enumerate() {
            self.row(grid, &widths, &row, Some(index), short || index + 1 == grid.rows, &write);
        }
        self.out.push_str("</w:tbl>\n");
    }

    fn row(
        &mut self,
        grid: &Grid<'_>,
        widths: &[usize],
        cells: &[Vec<Inline>],
        index: Option<usize>,
        keep: bool,
        write: &impl Fn(Option<(usize, usize)>, &mut Self, &[Inline]),
    ) {
        let style = match grid.columns.size {
            9.0.. => "TableText",
            8.0.. => "TableTextSmall",
            _ => "TableTextTiny",
        };
        let head = if index.is_none() { "<w:tblHeader/>" } else { "" };
        let _ = write!(self.out, "<w:tr><w:trPr><w:cantSplit/>{head}</w:trPr>");
        for (column, width) in widths.iter().enumerate() {
            let _ = write!(self.out, "<w:tc><w:tcPr><w:tcW w:w=\"{width}\" w:type=\"dxa\"/></w:tcPr>");
            let after = match grid.align.get(column) {
                Some(Align::Right) => "<w:jc w:val=\"right\"/>",
                Some(Align::Center) => "<w:jc w:val=\"center\"/>",
                _ => "<w:jc w:val=\"left\"/>",
            };
            let look = Look { style, before: if keep { KEEP_NEXT } else { "" }, after };
            let cell = cells.get(column).map_or(&[][..], Vec::as_slice);
            self.paragraph(look, |writer| write(index.map(|row| (row, column)), writer, cell));
            self.out.push_str("</w:tc>");
        }
        self.out.push_str("</w:tr>\n");
    }
}

/// Text as wide as a cell: letters of code are wider than others.
fn measured(cell: &[Inline]) -> String {
    let wide = |c: char| if c.is_whitespace() { c } else { 'n' };
    let text = |inline: &Inline| match inline {
        Inline::Code(code) => code.chars().map(wide).collect(),
        other => words(std::slice::from_ref(other)),
    };
    cell.iter().map(text).collect()
}
