//! `:save` and `:load`: variables in files beside the notebook, which outlive the session. `pfe_runtime::saved` writes and
//! reads the values.

use super::super::events::{Event, Watcher, note};
use super::super::state::Session;
use super::{Done, wrong};
use crate::compile::shown_type;
use crate::error::{Error, Result};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

/// Ends the name of the file that says how a saved variable is declared.
const DECLARED: &str = "let";

impl Session {
    fn saved(&self) -> PathBuf {
        self.working_directory.join(".pfe-saved")
    }

    /// Writes variables to files.
    pub(super) fn save(&mut self, names: &str, watcher: &mut dyn Watcher) -> Done {
        let names: Vec<&str> = names.split_whitespace().collect();
        if names.is_empty() {
            return wrong("`:save` has no name", "write `:save orders`");
        }
        let folder = self.saved();
        for name in names {
            let Some(variable) = self.variables.get(name) else {
                let why = "commands run before the statements of their cell: write `:save` in a later one";
                return wrong(&format!("there is no variable `{name}`"), why);
            };
            let mutable = if variable.mutable { "mut " } else { "" };
            let declared = format!("{mutable}{name}: {}", shown_type(&variable.ty));
            make(&folder)?;
            let file = folder.join(name);
            let source = format!(
                "{{ use ::pfe_runtime::saved::Save as _; (&&&::pfe_runtime::Tag(&{name})).save({:?})?; }}",
                file.display().to_string()
            );
            if let Err(failure) = self.execute_within(&source, watcher) {
                return Ok(Err(failure));
            }
            let file = file.with_added_extension(DECLARED);
            std::fs::write(&file, declared).map_err(Error::io("write", file))?;
            note(watcher, &format!("saved `{name}`"));
        }
        Ok(Ok(()))
    }

    /// Reads variables that an earlier session, or this one, has written. Without a name, lists them.
    pub(super) fn load(&mut self, names: &str, watcher: &mut dyn Watcher) -> Done {
        let folder = self.saved();
        let mut saved: Vec<String> = std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                Some(entry.ok()?.file_name().to_str()?.strip_suffix(&format!(".{DECLARED}"))?.to_owned())
            })
            .collect();
        saved.sort_unstable();
        if names.is_empty() {
            let all = if saved.is_empty() { "nothing is saved".to_owned() } else { saved.join("\n") };
            watcher.event(Event::Stream { stderr: false, text: all + "\n" });
        }
        for name in names.split_whitespace() {
            if !saved.iter().any(|it| it == name) {
                return wrong(&format!("nothing is saved as `{name}`"), &format!("saved here: {}", saved.join(", ")));
            }
            let file = folder.join(name);
            let declaration = file.with_added_extension(DECLARED);
            let declared = std::fs::read_to_string(&declaration).map_err(Error::io("read", &declaration))?;
            let ty = declared.split_once(": ").map_or("_", |(_, ty)| ty);
            let source = format!(
                "let {declared} = {{ use ::pfe_runtime::saved::{{Load as _, Of}}; (&&&Of::<{ty}>::new()).load({:?})? }};",
                file.display().to_string()
            );
            if let Err(failure) = self.execute_within(&source, watcher) {
                return Ok(Err(failure));
            }
        }
        Ok(Ok(()))
    }
}

/// Makes the folder of saved values, for its owner alone: they may be anyone's data. Git leaves it out.
fn make(folder: &std::path::Path) -> Result<()> {
    match std::fs::DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        made => made.map_err(Error::io("create", folder))?,
    }
    let ignored = folder.join(".gitignore");
    std::fs::write(&ignored, "*\n").map_err(Error::io("write", ignored))
}
