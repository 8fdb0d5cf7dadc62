//! Reads, edits and writes notebook files. Preserves all fields that the runner does not know.

use crate::error::{Error, Result};
use serde_json::{Map, Value, json};
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A notebook in nbformat 4.0 or later.
#[derive(Clone, Debug)]
pub struct Notebook(Value);

impl Notebook {
    /// Reads a notebook. Refuses older formats and languages other than Rust.
    pub fn read(path: &Path) -> Result<Notebook> {
        let text = std::fs::read_to_string(path).map_err(Error::io("read", path))?;
        let name = path.display();
        let value: Value = serde_json::from_str(&text)
            .map_err(|error| Error::message(format!("`{name}` is not a notebook: {error}")))?;
        let refused = |why: &str| Error::message(format!("`{name}` is not a notebook: {why}"));
        match value["nbformat"].as_u64() {
            Some(4) => {}
            Some(version) if version < 4 => {
                return Err(Error::message(format!("`{name}` is in an old format"))
                    .hint("run `jupyter nbconvert --to notebook --nbformat 4` on it"));
            }
            Some(version) => return Err(refused(&format!("it is in format {version}, later than this program"))),
            None => return Err(refused("it has no `nbformat`")),
        }
        let cells = value["cells"].as_array().ok_or_else(|| refused("it has no `cells`"))?;
        for (position, cell) in cells.iter().enumerate() {
            let lines = |it: &Value| it.as_array().is_some_and(|lines| lines.iter().all(Value::is_string));
            if !cell["cell_type"].is_string() || !(cell["source"].is_string() || lines(&cell["source"])) {
                return Err(refused(&format!("cell {} has no type or no source", position + 1)));
            }
        }
        let language = [&value["metadata"]["kernelspec"]["language"], &value["metadata"]["language_info"]["name"]];
        if let Some(language) = language
            .iter()
            .find_map(|language| language.as_str())
            .filter(|language| !language.eq_ignore_ascii_case("rust"))
        {
            return Err(Error::message(format!("`{name}` holds cells in {language}, not in Rust")));
        }
        Ok(Notebook(value))
    }

    /// Returns the name of the kernel that the notebook asks for.
    pub fn kernel(&self) -> Option<&str> {
        self.0["metadata"]["kernelspec"]["name"].as_str()
    }

    /// Serializes the notebook as Jupyter does: sorted keys, indented by one space.
    pub fn to_bytes(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut serializer =
            serde_json::Serializer::with_formatter(&mut bytes, serde_json::ser::PrettyFormatter::with_indent(b" "));
        serde::Serialize::serialize(&self.0, &mut serializer).map_err(|error| Error::message(error.to_string()))?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// Writes the notebook atomically.
    pub fn write(&self, path: &Path) -> Result<()> {
        write_whole(path, &self.to_bytes()?)
    }

    fn cells(&self) -> &[Value] {
        self.0["cells"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Returns the indexes of the code cells.
    pub fn code_cells(&self) -> Vec<usize> {
        self.cells()
            .iter()
            .enumerate()
            .filter(|(_, cell)| cell["cell_type"] == "code")
            .map(|(index, _)| index)
            .collect()
    }

    /// Returns the source of a cell.
    pub fn source(&self, index: usize) -> String {
        joined(&self.cells()[index]["source"])
    }

    /// Returns the outputs of a cell.
    pub fn outputs(&self, index: usize) -> &[Value] {
        self.cells()[index]["outputs"].as_array().map_or(&[], Vec::as_slice)
    }

    /// Returns whether a cell has a tag.
    pub fn has_tag(&self, index: usize, tag: &str) -> bool {
        self.cells()[index]["metadata"]["tags"].as_array().is_some_and(|tags| tags.iter().any(|it| it == tag))
    }

    pub(super) fn clear_outputs(&mut self) {
        for index in self.code_cells() {
            self.0["cells"][index]["outputs"] = json!([]);
            self.0["cells"][index]["execution_count"] = Value::Null;
        }
    }

    pub(super) fn set_outputs(&mut self, index: usize, outputs: Vec<Value>) {
        self.0["cells"][index]["outputs"] = Value::Array(outputs);
    }

    pub(super) fn set_count(&mut self, index: usize, count: usize) {
        self.0["cells"][index]["execution_count"] = json!(count);
    }

    pub(super) fn set_metadata(&mut self, index: usize, key: &str, value: Value) {
        self.0["cells"][index]["metadata"][key] = value;
    }

    /// Inserts a code cell at `index`, or replaces the cell there.
    pub(super) fn put_cell(&mut self, index: usize, replace: bool, source: &str, tag: &str) {
        let mut cell = Map::new();
        // Cells have ids since nbformat 4.5.
        if self.0["nbformat_minor"].as_u64().unwrap_or(0) >= 5 {
            cell.insert("id".into(), json!(tag));
        }
        cell.insert("cell_type".into(), json!("code"));
        cell.insert("execution_count".into(), Value::Null);
        cell.insert("metadata".into(), json!({ "tags": [tag] }));
        cell.insert("outputs".into(), json!([]));
        cell.insert("source".into(), json!(source.split_inclusive('\n').collect::<Vec<_>>()));
        if let Some(cells) = self.0["cells"].as_array_mut() {
            if replace {
                cells[index] = Value::Object(cell);
            } else {
                cells.insert(index, Value::Object(cell));
            }
        }
    }

    /// Returns the index of the first code cell with a tag.
    pub(super) fn find_tag(&self, tag: &str) -> Option<usize> {
        self.code_cells().into_iter().find(|index| self.has_tag(*index, tag))
    }
}

/// Joins a multiline string of nbformat: a string, or an array of lines.
pub(super) fn joined(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// Writes a file atomically: writes to a temporary file and renames it.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // By default only the owner can read a temporary file. This one becomes a notebook, with usual permissions.
    let part = tempfile::Builder::new().permissions(Permissions::from_mode(0o666)).tempfile_in(folder);
    let mut part = part.map_err(Error::io("write in", folder))?;
    part.write_all(bytes).and_then(|()| part.as_file().sync_all()).map_err(Error::io("write", path))?;
    part.persist(path).map_err(|error| Error::io("write", path)(error.error))?;
    Ok(())
}
