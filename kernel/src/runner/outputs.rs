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
    /// The cell of each run.
    runs: Vec<usize>,
}

impl Outputs {
    pub fn begin(&mut self, cell: usize) {
        self.current = cell;
        self.runs.push(cell);
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

    /// Appends printed text to the last output, if that is of the same stream.
    fn stream(&mut self, name: &str, text: &str) {
        if std::mem::take(&mut self.clear_before_next) {
            self.own().clear();
        }
        if let Some((output, _)) = self.own().last_mut()
            && output["output_type"] == "stream"
            && output["name"] == name
            && let Value::String(whole) = &mut output["text"]
        {
            whole.push_str(text);
        } else {
            self.push(json!({ "output_type": "stream", "name": name, "text": text }), None);
        }
    }
}

impl Watcher for Outputs {
    fn event(&mut self, event: Event) {
        match event {
            Event::Stream { stderr, text } => self.stream(if stderr { "stderr" } else { "stdout" }, &text),
            Event::Result { data } => {
                let count = self.runs.len();
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

    fn late(&mut self, run: usize, event: Event) {
        // A cell that is not there has been run for itself alone.
        let Some(cell) = self.runs.get(run.wrapping_sub(1)).copied() else { return };
        let current = std::mem::replace(&mut self.current, cell);
        let clears = std::mem::take(&mut self.clear_before_next);
        self.event(event);
        self.current = current;
        self.clear_before_next = clears;
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
    fn printed_text_keeps_its_order_and_its_cell() {
        let mut outputs = Outputs::default();
        outputs.begin(0);
        print(&mut outputs, true, "e1");
        print(&mut outputs, false, "o1");
        print(&mut outputs, false, "o2");
        outputs.event(Event::Display { data: json!({}), id: "a".into() });
        outputs.begin(3);
        outputs.late(1, Event::Stream { stderr: false, text: "late".into() });
        print(&mut outputs, false, "own");
        let texts = |cell: usize, outputs: &Outputs| -> Vec<Value> {
            outputs.cells[&cell].iter().map(|(output, _)| output["text"].clone()).collect()
        };
        assert_eq!(texts(0, &outputs), [json!("e1"), json!("o1o2"), Value::Null, json!("late")]);
        assert_eq!(texts(3, &outputs), [json!("own")]);
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
