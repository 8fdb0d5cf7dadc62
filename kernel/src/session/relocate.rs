//! A diagnostic as rustc printed it → the same with cells and their lines instead of lines of the generated crate.

use crate::compile::{Generated, Origin, PUBLIC, SCAFFOLD};

/// Replaces line numbers of the generated crate by cells and their lines, in a diagnostic as rustc printed it.
pub(super) fn relocate(rendered: &str, generated: &Generated) -> String {
    // A suggestion may quote the generated lines around the last expression: removes them.
    // Others stand alone in front of an item that other modules shall see.
    let is_scaffold = |line: &&str| {
        SCAFFOLD.iter().any(|part| line.contains(part)) || line.trim_end().ends_with(PUBLIC) && line.contains('|')
    };
    rendered
        .split_inclusive('\n')
        .filter(|line| !is_scaffold(line))
        .map(|line| relocate_gutter(&relocate_arrow(line, generated), generated))
        .collect()
}

/// `--> cell_7.rs:12:5` becomes `--> cell 3:2:5`.
fn relocate_arrow(line: &str, generated: &Generated) -> String {
    let Some(at) = line.find("cell_").filter(|_| line.contains("--> ") || line.contains("::: ")) else {
        return line.to_owned();
    };
    let Some((_, rest)) = line[at..].split_once(".rs:") else { return line.to_owned() };
    let digits = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
    match rest[..digits].parse().map(|number| generated.origin(number)) {
        Ok(Origin::Cell { cell, line: own }) => format!("{}cell {cell}:{own}{}", &line[..at], &rest[digits..]),
        _ => line.to_owned(),
    }
}

/// `12 | let x` becomes ` 2 | let x`.
fn relocate_gutter(line: &str, generated: &Generated) -> String {
    let mut at = 0;
    let mut digits = None;
    while at < line.len() {
        let rest = &line[at..];
        if rest.starts_with('\u{1b}') {
            at += rest.find('m').map_or(rest.len(), |end| end + 1);
        } else if rest.starts_with(' ') {
            at += 1;
        } else if digits.is_none() && rest.starts_with(|first: char| first.is_ascii_digit()) {
            let length = rest.find(|character: char| !character.is_ascii_digit()).unwrap_or(rest.len());
            digits = Some(at..at + length);
            at += length;
        } else {
            break;
        }
    }
    let Some(digits) = digits.filter(|_| line[at..].starts_with(['|', '+', '-', '~', '/'])) else {
        return line.to_owned();
    };
    match line[digits.clone()].parse().map(|number| generated.origin(number)) {
        Ok(Origin::Cell { line: own, .. }) => {
            format!("{}{own:<width$}{}", &line[..digits.start], &line[digits.end..], width = digits.len())
        }
        _ => line.to_owned(),
    }
}
