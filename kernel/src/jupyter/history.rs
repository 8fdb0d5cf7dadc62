//! Keeps the inputs of this and earlier sessions in one file. Each line is a JSON array:
//! `[session, line, input, output]`.

use crate::install::data_folder;
use serde_json::{Value, json};
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Most entries to keep. The next start removes older ones.
const MAX_ENTRIES: usize = 10_000;

/// The history of inputs, in memory and in its file.
pub(crate) struct History {
    file: Option<PathBuf>,
    entries: Vec<Entry>,
    session: u64,
}

struct Entry {
    session: u64,
    line: u64,
    input: String,
    output: Option<String>,
}

impl History {
    /// Reads the history file and begins a session.
    pub fn open() -> History {
        let file = data_folder().ok().map(|folder| folder.join("history.jsonl"));
        History::open_at(file)
    }

    fn open_at(file: Option<PathBuf>) -> History {
        // Inputs may hold secrets. Tightens the permissions of files of earlier versions, which all users could read.
        let file = file.filter(|file| keep_private(file).is_ok());
        let text = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok()).unwrap_or_default();
        let mut entries: Vec<Entry> = text.lines().filter_map(Entry::read).collect();
        // The first entry of a session is empty: it only reserves the session's number.
        // The last line may be of an older session that still runs.
        let session = entries.iter().map(|entry| entry.session).max().unwrap_or_default() + 1;
        if entries.len() > MAX_ENTRIES {
            entries.drain(..entries.len() - MAX_ENTRIES);
            if let Some(file) = &file {
                let text: String = entries.iter().map(Entry::to_line).collect();
                let folder = file.parent().unwrap_or(Path::new("."));
                // A new temporary file is readable by its owner alone and cannot be a link that someone planted.
                let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut part| {
                    part.write_all(text.as_bytes())?;
                    Ok(part.persist(file)?)
                });
                // Ignores a failure: the next start tries again.
                let _ = written;
            }
        }
        let mut history = History { file, entries, session };
        history.push(Entry { session, line: 0, input: String::new(), output: None });
        history
    }

    /// Adds an input and the plain text of its result.
    pub fn add(&mut self, line: usize, input: &str, output: Option<&str>) {
        let entry = Entry {
            session: self.session,
            line: line as u64,
            input: input.to_owned(),
            output: output.map(str::to_owned),
        };
        self.push(entry);
    }

    fn push(&mut self, entry: Entry) {
        if let Some(file) = &self.file {
            // Ignores a failure: the kernel works without a history.
            let opened = std::fs::OpenOptions::new().create(true).append(true).mode(0o600).open(file);
            let _ = opened.and_then(|mut file| file.write_all(entry.to_line().as_bytes()));
        }
        self.entries.push(entry);
    }

    /// Answers a `history_request`.
    pub fn answer(&self, request: &Value) -> Value {
        let inputs = || self.entries.iter().filter(|entry| entry.line > 0);
        let most = request["n"].as_u64().map_or(usize::MAX, |n| n as usize);
        let found: Vec<&Entry> = match request["hist_access_type"].as_str() {
            Some("range") => {
                // Session 0 is the current one; negative numbers count back from it.
                let session = request["session"].as_i64().unwrap_or(0);
                let session = if session > 0 { session } else { self.session as i64 + session };
                let start = request["start"].as_i64().unwrap_or(0);
                let stop = request["stop"].as_i64().unwrap_or(i64::MAX);
                inputs()
                    .filter(|entry| entry.session as i64 == session && (start..stop).contains(&(entry.line as i64)))
                    .collect()
            }
            Some("search") => {
                let pattern = request["pattern"].as_str().unwrap_or("*");
                let mut found: Vec<&Entry> = inputs().filter(|entry| matches(pattern, &entry.input)).collect();
                if request["unique"].as_bool().unwrap_or(false) {
                    let mut seen = std::collections::BTreeSet::new();
                    found.reverse();
                    found.retain(|entry| seen.insert(&entry.input));
                    found.reverse();
                }
                found.split_off(found.len().saturating_sub(most))
            }
            _ => {
                let mut found: Vec<&Entry> = inputs().collect();
                found.split_off(found.len().saturating_sub(most))
            }
        };
        let with_output = request["output"].as_bool().unwrap_or(false);
        let rows: Vec<Value> = found
            .into_iter()
            .map(
                |Entry { session, line, input, output }| {
                    if with_output { json!([session, line, [input, output]]) } else { json!([session, line, input]) }
                },
            )
            .collect();
        json!({ "status": "ok", "history": rows })
    }
}

/// Restricts the folder and the file to their owner. Creates the folder if it is missing.
fn keep_private(file: &Path) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    for (path, mode) in [(folder, 0o700), (file, 0o600)] {
        match path.symlink_metadata() {
            Ok(meta) if path == file && !meta.is_file() => return Err(std::io::Error::other("it is no file")),
            Ok(meta) if meta.permissions().mode() & 0o077 != 0 => {
                std::fs::set_permissions(path, Permissions::from_mode(mode))?;
            }
            _ => {}
        }
    }
    Ok(())
}

impl Entry {
    fn read(line: &str) -> Option<Entry> {
        let (session, line, input, output) = serde_json::from_str(line).ok()?;
        Some(Entry { session, line, input, output })
    }

    fn to_line(&self) -> String {
        format!("{}\n", json!([self.session, self.line, self.input, self.output]))
    }
}

/// Matches a glob pattern: `*` matches any text, `?` any one character.
///
/// Not `globset`: it reads braces and brackets as alternatives, and Rust is full of them.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if p < pattern.len() && pattern[p] == '*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == '?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            p = at + 1;
            t = from + 1;
            star = Some((at, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|character| *character == '*')
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_history_is_its_owners_alone() {
        let home = tempfile::tempdir().unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let (folder, file) = (home.path().join("pfe-kernel"), home.path().join("pfe-kernel/history.jsonl"));
        History::open_at(Some(file.clone())).add(1, "let password = 1;", None);
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
        // Permissions of an earlier version are tightened.
        std::fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        std::fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        History::open_at(Some(file.clone())).add(1, "let x = 1;", None);
        assert_eq!((mode(&folder), mode(&file)), (0o700, 0o600));
        let lines = || std::fs::read_to_string(&file).unwrap().lines().count();
        assert_eq!(lines(), 4);
        // A shortened history keeps its permissions.
        let many: String = (0..MAX_ENTRIES + 5).map(|_| "[1,1,\"x\",null]\n").collect();
        std::fs::write(&file, many).unwrap();
        drop(History::open_at(Some(file.clone())));
        assert_eq!((mode(&file), lines()), (0o600, MAX_ENTRIES + 1));
        // A symbolic link is not written through.
        std::fs::remove_file(&file).unwrap();
        std::fs::write(home.path().join("other"), "").unwrap();
        std::os::unix::fs::symlink(home.path().join("other"), &file).unwrap();
        History::open_at(Some(file)).add(1, "let x = 1;", None);
        assert_eq!(std::fs::read_to_string(home.path().join("other")).unwrap(), "");
    }

    #[test]
    fn sessions_that_run_beside_each_other_keep_apart() {
        let home = tempfile::tempdir().unwrap();
        let open = || History::open_at(Some(home.path().join("history.jsonl")));
        let (mut first, second) = (open(), open());
        first.add(1, "let x = 1;", None);
        assert_eq!((first.session, second.session, open().session), (1, 2, 3));
    }

    #[test]
    fn patterns_are_globs() {
        assert!(
            matches("let*", "let x = 1;")
                && matches("*x*", "let x")
                && matches("?", "a")
                && matches("a*b*c", "a--b-bc")
        );
        assert!(!matches("let", "let x") && !matches("?", "ab") && !matches("a*b", "abc"));
    }
}
