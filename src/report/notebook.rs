//! Executed notebook → Document, as for a report. Next: `html`, `typst`.
//!
//! Prose cells are read like chapters. A code cell becomes its source and its outputs. Each output takes the richest form
//! that both HTML and PDF can print: a pfe table, a figure, Markdown, or plain text. Foreign HTML is never used; its plain
//! text is. Overlong output is truncated, with a note that says so.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value;

use super::chapter::markdown::Reader;
use super::chapter::template::Filled;
use super::chapter::typography::escape_value;
use super::document::{Block, words};
use super::{Currency, Document, Figure, Lang, Materials, Meta, TABLE_MIME, Table};
use crate::charts::Svg;
use crate::text::{shortened, without_sequences};
use crate::{Error, Result};

/// Composes the document of a notebook (Jupyter format 4) as last executed. `name` identifies it in messages, and is its
/// title if the first cell has none.
///
/// # Errors
/// The text is not a notebook, or a prose cell holds what a report cannot print, such as raw HTML. The message names the
/// cell.
pub fn notebook(name: &str, text: &str, lang: Lang) -> Result<Document> {
    let not_one = |reason: String| Error::input(format!("`{name}` is not a notebook: {reason}"));
    let value: Value = serde_json::from_str(text).map_err(|e| not_one(e.to_string()))?;
    let cells = value["cells"].as_array().ok_or_else(|| not_one("it has no `cells`".into()))?;
    let cells: Vec<Cell> = cells.iter().enumerate().filter_map(|(index, cell)| Cell::of(index + 1, cell)).collect();

    // The reader places figures and tables, so all must be known before it starts.
    let mut materials = Materials::default();
    let texts: Vec<String> = cells.iter().map(|cell| cell.markdown(name, lang, &mut materials)).collect();
    let mut reader = Reader::new(lang, &materials);
    let mut blocks = Vec::new();
    if !texts.first().is_some_and(|text| text.trim_start().starts_with("# ")) {
        blocks = reader.read_blocks(name, &Filled::verbatim(format!("# {}", escape_value(name))))?;
    }
    for (cell, text) in cells.iter().zip(texts) {
        blocks.extend(reader.read_blocks(&format!("{name}, cell {}", cell.number), &Filled::verbatim(text))?);
    }
    let mut title = name.to_owned();
    for (index, block) in blocks.iter_mut().enumerate() {
        if let Block::Heading(heading) = block {
            // Notebooks refer to their sections by title, so headings are not numbered.
            heading.number = None;
            if index == 0 {
                title = words(&heading.title);
            }
        }
    }
    reader.add(blocks);
    reader.finish(Meta {
        currency: Currency::default(),
        lang,
        title,
        fingerprint: blake3::hash(text.as_bytes()).to_hex().to_string(),
        ..Meta::default()
    })
}

/// A printed cell.
struct Cell<'a> {
    /// Position from 1, prose cells included.
    number: usize,
    /// Execution count, as Jupyter shows it.
    count: usize,
    code: bool,
    source: String,
    outputs: &'a [Value],
}

impl<'a> Cell<'a> {
    /// Raw cells and cells tagged `remove-cell` are not printed; `remove-input` and `remove-output` hide a part.
    fn of(number: usize, cell: &'a Value) -> Option<Cell<'a>> {
        let tagged =
            |tag: &str| cell["metadata"]["tags"].as_array().is_some_and(|tags| tags.iter().any(|it| it == tag));
        let code = cell["cell_type"] == "code";
        if tagged("remove-cell") || !(code || cell["cell_type"] == "markdown") {
            return None;
        }
        let source = if tagged("remove-input") { String::new() } else { joined(&cell["source"]).into_owned() };
        let outputs = cell["outputs"].as_array().filter(|_| code && !tagged("remove-output"));
        let count = cell["execution_count"].as_u64().map_or(number, |count| count as usize);
        Some(Cell { number, count, code, source, outputs: outputs.map_or(&[], Vec::as_slice) })
    }

    /// The cell as Markdown; its figures and tables are added to `materials`.
    fn markdown(&self, notebook: &str, lang: Lang, materials: &mut Materials) -> String {
        if !self.code {
            return self.source.clone();
        }
        let mut text = String::new();
        if !self.source.trim().is_empty() {
            text = fenced(self.source.trim_end());
        }
        for (index, output) in self.outputs.iter().enumerate() {
            text.push_str("\n\n");
            let id = format!("{}-{}", self.number, index + 1);
            let source = format!("{notebook} [{}]", self.count);
            text.push_str(&shown(output, &id, source, lang, materials));
        }
        text
    }
}

/// An output as Markdown; its figure or table is added to `materials`.
fn shown(output: &Value, id: &str, source: String, lang: Lang, materials: &mut Materials) -> String {
    let data = &output["data"];
    match output["output_type"].as_str() {
        Some("stream") => quoted(&joined(&output["text"]), lang),
        Some("error") => quoted(&format!("{}: {}", joined(&output["ename"]), joined(&output["evalue"])), lang),
        _ => {
            if let Ok(table) = Table::deserialize(&data[TABLE_MIME]) {
                let left_out = table.rows.len().saturating_sub(ROWS);
                let rows = table.rows.into_iter().take(ROWS).collect();
                let columns = table.columns.into_iter().take(COLUMNS).collect();
                materials.tables.insert(id.to_owned(), Table { columns, rows, source, ..table });
                let note =
                    if left_out > 0 { lang.left_out(left_out, lang.words().rows_left_out) } else { String::new() };
                return format!("![{note}](table:{id})");
            }
            let svg = joined(&data["image/svg+xml"]);
            if svg.starts_with("<svg") && svg.len() <= DRAWING {
                let title = shortened(&joined(&data["text/plain"]), TITLE).into_owned();
                let svg = Svg::foreign(&svg);
                let alt = svg.description().map_or_else(|| title.clone(), |alt| shortened(&alt, ALT).into_owned());
                materials.figures.insert(id.to_owned(), Figure { svg, title, alt, source });
                return format!("![](figure:{id})");
            }
            match &data["text/markdown"] {
                Value::Null => quoted(&joined(&data["text/plain"]), lang),
                markdown => joined(markdown).into_owned(),
            }
        }
    }
}

/// Maximum number of printed rows, and below, of columns.
const ROWS: usize = 500;
const COLUMNS: usize = 50;
/// Maximum size of a printed drawing, bytes.
const DRAWING: usize = 4 << 20;
/// Maximum length of a figure's title and of its alternative text, characters.
const TITLE: usize = 300;
const ALT: usize = 2_000;
/// Number of first lines and, below, of last lines that are kept of a printed text.
const FIRST: usize = 200;
const LAST: usize = 50;
/// Maximum length of a printed line, characters.
const LINE: usize = 500;

/// Joins a text that notebooks store whole or as lines.
fn joined(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => Cow::Borrowed(""),
    }
}

/// Quotes what a cell printed, to set it apart from prose.
fn quoted(text: &str, lang: Lang) -> String {
    let text = cut(text.trim_end(), lang);
    if text.trim().is_empty() {
        return String::new();
    }
    fenced(&text).lines().map(|line| format!("> {line}\n")).collect()
}

/// Keeps the first and last lines of printed text, and says how many are left out.
fn cut(text: &str, lang: Lang) -> String {
    let count = text.lines().count();
    let line = |line: &str| {
        // After carriage returns, only the last overwrite counts.
        let last = line.trim_end_matches('\r').rsplit('\r').next().unwrap_or_default();
        // Shortened before escape sequences are removed: a line may have a hundred million characters.
        let max = last.floor_char_boundary(LINE << 4);
        format!("{}\n", shortened(&without_sequences(&last[..max]), LINE))
    };
    if count <= FIRST + LAST + 1 {
        return text.lines().map(line).collect();
    }
    let first: String = text.lines().take(FIRST).map(line).collect();
    let last: String = text.lines().skip(count - LAST).map(line).collect();
    format!("{first}{}\n{last}", lang.left_out(count - FIRST - LAST, lang.words().lines_left_out))
}

/// A code block, with fences longer than any in the text.
fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}\n{}\n{fence}", text.trim_end_matches('\n'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn book(cells: &Value) -> String {
        json!({ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells }).to_string()
    }

    fn code(source: &str, outputs: &Value) -> Value {
        json!({ "cell_type": "code", "metadata": {}, "source": source, "outputs": outputs })
    }

    fn html(cells: &Value) -> String {
        notebook("essai", &book(cells), Lang::Fr).unwrap().to_html().unwrap()
    }

    #[test]
    fn prose_source_and_every_kind_of_output_are_printed() {
        let table = json!({ "columns": [{ "header": "state", "numeric": false }, { "header": "n", "numeric": true }],
            "rows": [["SP", "41746"]], "title": "1 row × 2 columns", "source": "" });
        let svg = "<svg viewBox=\"0 0 1 1\"><title>T</title><desc>SP first &amp; far ahead</desc></svg>";
        let html = html(&json!([
            { "cell_type": "markdown", "metadata": {}, "source": ["# Titre\n", "\n", "Du *texte*."] },
            code("let a = \"```\";\na", &json!([
                { "output_type": "stream", "name": "stdout", "text": ["\u{1b}[1mprinted\u{1b}[0m\n"] },
                { "output_type": "display_data", "data": { "image/svg+xml": svg, "text/plain": "T" } },
                { "output_type": "execute_result", "data": { TABLE_MIME: table, "text/html": "<table onload=x>", "text/plain": "t" } },
                { "output_type": "display_data", "data": { "text/markdown": "**fort**", "text/plain": "x" } },
                { "output_type": "display_data", "data": { "text/html": "<b>no</b>", "text/plain": "twin" } },
                { "output_type": "error", "ename": "panic", "evalue": "here", "traceback": [] },
            ])),
        ]));
        for part in [
            "<h1>Titre</h1>",
            "<em>texte</em>",
            "let a = &quot;```&quot;;",
            "<pre tabindex=\"0\"><code>printed</code></pre>",
            "SP first &amp; far ahead",
            "41746",
            "<strong>fort</strong>",
            "twin",
            "panic: here",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("onload") && !html.contains("<b>no") && !html.contains('\u{1b}'));
    }

    #[test]
    fn tags_hide_parts_and_a_title_is_made_up() {
        let mut cells = json!([
            code("hidden_cell()", &json!([])),
            code("hidden_source()", &json!([{ "output_type": "stream", "text": "kept" }])),
            code("kept_source()", &json!([{ "output_type": "stream", "text": "hidden output" }])),
            { "cell_type": "raw", "metadata": {}, "source": "hidden raw" },
        ]);
        for (index, tag) in ["remove-cell", "remove-input", "remove-output"].iter().enumerate() {
            cells[index]["metadata"]["tags"] = json!([tag]);
        }
        let html = html(&cells);
        assert!(html.contains("<h1>essai</h1>") && html.contains("kept_source()") && html.contains("kept"));
        assert!(!html.contains("hidden"), "{html}");
    }

    #[test]
    fn what_cannot_be_printed_is_named_with_its_cell() {
        let error = |text: &str| notebook("n.ipynb", text, Lang::Fr).unwrap_err().to_string();
        assert!(error("{").contains("`n.ipynb` is not a notebook"));
        assert!(error("{}").contains("it has no `cells`"));
        let prose = |text: &str| {
            book(&json!([code("a", &json!([])), { "cell_type": "markdown", "metadata": {}, "source": text }]))
        };
        let message = error(&prose("<marquee>x</marquee>"));
        assert!(message.contains("n.ipynb, cell 2") && message.contains("raw HTML"), "{message}");
        // In notebooks, placeholders are plain text.
        assert!(
            notebook("n", &prose("{{ 7*7 }} {% if %}"), Lang::Fr)
                .unwrap()
                .to_html()
                .unwrap()
                .contains("{{ 7*7 }} {% if %}")
        );
    }

    #[cfg(feature = "pdf")]
    #[test]
    fn a_notebook_is_a_pdf_too() {
        let cells = json!([code("let x = 1;", &json!([{ "output_type": "stream", "text": "#panic(\"no\") ```\n" }]))]);
        assert!(notebook("essai", &book(&cells), Lang::Fr).unwrap().to_pdf(&[]).unwrap().starts_with(b"%PDF"));
    }
}
