//! Files that evcxr reads when it starts → commands and cells before the first cell: `evcxr.toml` of the notebook's folder
//! or of the folder of configuration, and `init.evcxr` and `prelude.rs` of the latter.

use super::super::events::{Watcher, note};
use super::super::state::Session;
use std::path::PathBuf;
use toml::{Table, Value};

fn config_folder() -> Option<PathBuf> {
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    variable("EVCXR_CONFIG_DIR")
        .or_else(|| Some(variable("XDG_CONFIG_HOME")?.join("evcxr")))
        .or_else(|| Some(variable("HOME")?.join(".config/evcxr")))
}

impl Session {
    /// Runs what the files of evcxr say. A failure is a note: the notebook may not need it.
    pub(in super::super) fn run_config(&mut self, watcher: &mut dyn Watcher) {
        let folder = config_folder();
        let in_folder = |name: &str| Some(folder.as_ref()?.join(name)).filter(|it| it.is_file());
        let own = Some(self.working_directory.join("evcxr.toml")).filter(|it| it.is_file());
        let mut cells = Vec::new();
        if let Some(file) = own.or_else(|| in_folder("evcxr.toml")) {
            let table = std::fs::read_to_string(&file).ok().and_then(|text| text.parse::<Table>().ok());
            match table {
                Some(table) => cells.push((file, of_table(&table))),
                None => note(watcher, &format!("warning: `{}` cannot be read", file.display())),
            }
        }
        for file in ["init.evcxr", "prelude.rs"].into_iter().filter_map(in_folder) {
            cells.push((file.clone(), std::fs::read_to_string(&file).unwrap_or_default()));
        }
        for (file, source) in cells {
            if let Err(failure) = self.execute_within(&source, watcher) {
                note(watcher, &format!("warning: `{}` failed: {}", file.display(), failure.value));
            }
        }
    }
}

/// Returns a cell that does what an `evcxr.toml` says.
fn of_table(table: &Table) -> String {
    let mut lines = Vec::new();
    for (name, dependency) in table.get("dependencies").and_then(Value::as_table).into_iter().flatten() {
        lines.push(format!(":dep {name} = {dependency}"));
    }
    let settings = table.get("evcxr");
    let text = |key: &str| settings.and_then(|it| it.get(key)?.as_str());
    lines.extend(text("opt_level").map(|level| format!(":opt {level}")));
    lines.extend(text("prelude").map(str::to_owned));
    lines.join("\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_table_becomes_a_cell() {
        let table =
            "[evcxr]\nopt_level = \"2\"\nprelude = \"use std::fmt;\"\n[dependencies]\nrand = { version = \"0.9\" }";
        assert_eq!(of_table(&table.parse().unwrap()), ":dep rand = { version = \"0.9\" }\n:opt 2\nuse std::fmt;");
    }
}
