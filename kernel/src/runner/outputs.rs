//! Collects the outputs of cells in nbformat's form.

use crate::session::{Event, Failure, Watcher};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Outputs by cell. A later cell can update a display of an earlier one.
#[derive(Default)]
pub(super) struct Outputs {
    cells: BTreeMap<usize, Vec<(Value, Option<String>)>>,
    current: usize,
    changed: BTreeSet<usize>,
    clear_before_next: bool,
    counts: usize,
}

impl Outputs {
    pub fn begin(&mut self, cell: usize) {
        self.current = cell;
        self.counts += 1;
        self.clear_before_next = false;
        self.cells.insert(cell, Vec::new());
        self.changed.insert(cell);
    }

    /// Returns the cells whose outputs changed since the last call, with their outputs.
    pub fn changed(&mut self) -> Vec<(usize, Vec<Value>)> {
        let changed = std::mem::take(&mut self.changed);
        changed
            .into_iter()
            .map(|cell| (cell, self.cells[&cell].iter().map(|(output, _)| output.clone()).collect()))
            .collect()
    }

    pub fn error(&mut self, failure: &Failure) {
        let Failure { name, value, traceback } = failure;
        self.push(json!({ "output_type": "error", "ename": name, "evalue": value, "traceback": traceback }), None);
    }

    fn own(&mut self) -> &mut Vec<(Value, Option<String>)> {
        self.changed.insert(self.current);
        self.cells.entry(self.current).or_default()
    }

    fn push(&mut self, output: Value, id: Option<String>) {
        if std::mem::take(&mut self.clear_before_next) {
            self.own().clear();
        }
        self.own().push((output, id));
    }

    /// Appends printed text. Between two other outputs, puts all stdout before all stderr: the two pipes have no common
    /// order, and two runs of one notebook must give the same file.
    fn stream(&mut self, name: &str, text: &str) {
        if std::mem::take(&mut self.clear_before_next) {
            self.own().clear();
        }
        let own = self.own();
        let start = own.iter().rposition(|(output, _)| output["output_type"] != "stream").map_or(0, |at| at + 1);
        if let Some((output, _)) = own[start..].iter_mut().find(|(output, _)| output["name"] == name) {
            if let Value::String(whole) = &mut output["text"] {
                whole.push_str(text);
            }
        } else {
            let at = if name == "stdout" { start } else { own.len() };
            own.insert(at, (json!({ "output_type": "stream", "name": name, "text": text }), None));
        }
    }
}

impl Watcher for Outputs {
    fn event(&mut self, event: Event) {
        match event {
            Event::Stream { stderr, text } => self.stream(if stderr { "stderr" } else { "stdout" }, &text),
            Event::Result { data } => {
                let count = self.counts;
                self.push(
                    json!({ "output_type": "execute_result", "execution_count": count, "data": data, "metadata": {} }),
                    None,
                );
            }
            Event::Display { data, id } => {
                self.push(json!({ "output_type": "display_data", "data": data, "metadata": {} }), Some(id))
            }
            Event::Update { data, id } => {
                for (cell, outputs) in &mut self.cells {
                    for (output, _) in outputs.iter_mut().filter(|(_, own)| own.as_deref() == Some(&id)) {
                        output["data"] = data.clone();
                        self.changed.insert(*cell);
                    }
                }
            }
            Event::Page { text } => self.stream("stdout", &format!("{text}\n")),
            Event::Clear { wait: true } => self.clear_before_next = true,
            Event::Clear { wait: false } => self.own().clear(),
        }
    }

    fn input(&mut self, _: &str, _: bool) -> Option<String> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(outputs: &mut Outputs, stderr: bool, text: &str) {
        outputs.event(Event::Stream { stderr, text: text.to_owned() });
    }

    #[test]
    fn the_order_of_two_pipes_is_fixed() {
        let mut outputs = Outputs::default();
        outputs.begin(0);
        print(&mut outputs, true, "e1");
        print(&mut outputs, false, "o1");
        print(&mut outputs, true, "e2");
        outputs.event(Event::Display { data: json!({}), id: "a".into() });
        print(&mut outputs, true, "e3");
        let texts: Vec<Value> = outputs.changed()[0].1.iter().map(|output| output["text"].clone()).collect();
        assert_eq!(texts, [json!("o1"), json!("e1e2"), Value::Null, json!("e3")]);
    }

    #[test]
    fn a_later_cell_updates_what_an_earlier_one_displayed() {
        let mut outputs = Outputs::default();
        outputs.begin(0);
        outputs.event(Event::Display { data: json!(1), id: "a".into() });
        outputs.begin(2);
        outputs.event(Event::Update { data: json!(2), id: "a".into() });
        assert_eq!(outputs.changed()[0].1[0]["data"], json!(2));
    }
}
