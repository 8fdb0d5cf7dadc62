//! Answers completion and inspection requests, through a helper process that runs rust-analyzer. Next: `analyzer`.
//!
//! rust-analyzer needs time and a gigabyte of memory to load the sources of all crates. The helper therefore starts
//! after the first cell has run. Until it is ready, completion offers the names of the session only. No cell waits for
//! it: the types of variables come from rustc (`compile`).

use crate::cell::Cell;
use crate::generate::Variable;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The state of the session that completion and inspection need.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Context {
    /// Source of the active items of all cells.
    pub items: String,
    /// Variables and their types.
    pub variables: BTreeMap<String, Variable>,
    /// Folder with the sources of `pfe`.
    pub project: PathBuf,
    /// Folder the helper may write to.
    pub folder: PathBuf,
}

/// One completion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// The text to insert.
    pub text: String,
    /// Jupyter's type of a completion: `function`, `instance`, `class`, …
    pub kind: String,
}

/// The completions at one position.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Matches {
    /// The completions, in display order.
    pub matches: Vec<Match>,
    /// The byte range of the code that a completion replaces.
    pub range: Range<usize>,
}

/// A request to the helper.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Question {
    pub context: Context,
    pub code: String,
    /// The cursor position: a byte offset into `code`.
    pub at: usize,
    /// Asks for documentation instead of completions.
    pub inspect: bool,
}

/// A reply of the helper.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// The helper has loaded all sources and accepts questions.
    Ready,
    Matches(Matches),
    /// Documentation, as text and as HTML.
    Documentation(String, String),
    Nothing,
}

/// Longest wait for an answer of the helper.
const PATIENCE: Duration = Duration::from_secs(8);

/// The kernel's handle of the helper process.
#[derive(Clone, Default)]
pub struct Analysis(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    context: Context,
    helper: Option<std::process::Child>,
    /// The kernel is shutting down: do not start another helper.
    closed: bool,
    /// The helper's standard input. `Some` once the helper is ready.
    questions: Option<ChildStdin>,
    /// Senders to the callers that wait, in the order of their questions. The helper answers in this order.
    waiting: std::collections::VecDeque<Sender<Answer>>,
}

impl Analysis {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores the session's new state after a cell. The first call starts the helper.
    pub fn update(&self, context: Context) {
        let mut state = self.state();
        state.context = context;
        if state.helper.is_none() && !state.closed {
            // If the helper does not start, completion still offers the names of the session.
            state.helper = self.start(&state.context).ok();
        }
    }

    fn start(&self, context: &Context) -> std::io::Result<std::process::Child> {
        let mut helper = Command::new(std::env::current_exe()?)
            .arg("analyzer")
            .arg(&context.project)
            // Its temporary files are removed with the session's folder.
            .env("TMPDIR", &context.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let (stdin, stdout) = (helper.stdin.take(), helper.stdout.take());
        let this = self.clone();
        std::thread::spawn(move || {
            let mut stdin = stdin;
            for line in stdout.into_iter().flat_map(|stdout| BufReader::new(stdout).lines()).map_while(Result::ok) {
                let mut state = this.state();
                match serde_json::from_str(&line) {
                    Ok(Answer::Ready) => state.questions = stdin.take(),
                    Ok(answer) => {
                        let _ = state.waiting.pop_front().map(|reply| reply.send(answer));
                    }
                    Err(_) => {}
                }
            }
            let mut state = this.state();
            state.questions = None;
            state.waiting.clear();
        });
        Ok(helper)
    }

    /// Kills the helper and prevents another start.
    pub fn shut_down(&self) {
        let mut state = self.state();
        state.closed = true;
        if let Some(mut helper) = state.helper.take() {
            crate::child::signal_group(helper.id(), rustix::process::Signal::KILL);
            let _ = helper.wait();
        }
    }

    fn ask(&self, code: &str, at: usize, inspect: bool) -> Option<Answer> {
        let answer = {
            let mut state = self.state();
            let question = Question { context: state.context.clone(), code: code.to_owned(), at, inspect };
            let line = serde_json::to_string(&question).ok()?;
            writeln!(state.questions.as_mut()?, "{line}").ok()?;
            let (reply, answer) = channel();
            state.waiting.push_back(reply);
            answer
        };
        answer.recv_timeout(PATIENCE).ok()
    }

    /// Returns the completions at byte `at`. Falls back to names of the session.
    pub fn complete(&self, code: &str, at: usize) -> Matches {
        match self.ask(code, at, false) {
            Some(Answer::Matches(found)) if !found.matches.is_empty() => found,
            _ => names(&self.state().context, code, at),
        }
    }

    /// Returns documentation of the word or command at byte `at`, as text and as HTML.
    pub fn inspect(&self, code: &str, at: usize) -> Option<(String, String)> {
        let line = code[..at].lines().last().unwrap_or_default();
        if let Some(help) = crate::commands::help(line) {
            return Some((help.to_owned(), format!("<pre>{help}</pre>")));
        }
        let word = word_around(code, at);
        if word.is_empty() {
            return None;
        }
        if let Some(Answer::Documentation(text, html)) = self.ask(code, word.end, true) {
            return Some((text, html));
        }
        let name = &code[word];
        let text = format!("{name}: {}", self.state().context.variables.get(name)?.ty);
        Some((text.clone(), format!("<code>{}</code>", text.replace('&', "&amp;").replace('<', "&lt;"))))
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

fn word_before(code: &str, at: usize) -> Range<usize> {
    let before = &code[..at];
    before.trim_end_matches(is_word).len()..at
}

fn word_around(code: &str, at: usize) -> Range<usize> {
    let rest = &code[at..];
    word_before(code, at).start..at + (rest.len() - rest.trim_start_matches(is_word).len())
}

/// Completes commands, keywords and names of the session, for use while rust-analyzer is not ready.
fn names(context: &Context, code: &str, at: usize) -> Matches {
    const KEYWORDS: [&str; 12] =
        ["else", "enum", "false", "for", "fn", "if", "let", "loop", "match", "struct", "true", "while"];
    let range = word_before(code, at);
    let prefix = &code[range.clone()];
    let own = Cell::parse(code).bindings;
    let variables =
        context.variables.keys().chain(own.iter().map(|(name, _)| name)).map(|name| (name.as_str(), "instance"));
    let commands = [":clear", ":dep", ":help", ":opt", ":timing", ":type", ":vars"].map(|name| (name, "magic"));
    if let Some(command) = code[..at].lines().last().filter(|line| line.starts_with(':') && !line.contains(' ')) {
        let matches = commands
            .iter()
            .filter(|(name, _)| name.starts_with(command))
            .map(|(name, kind)| Match { text: (*name).into(), kind: (*kind).into() })
            .collect();
        return Matches { matches, range: at - command.len()..at };
    }
    let mut matches: Vec<Match> = variables
        .chain(KEYWORDS.map(|word| (word, "keyword")))
        .filter(|(name, _)| name.starts_with(prefix) && *name != prefix)
        .map(|(name, kind)| Match { text: name.to_owned(), kind: kind.to_owned() })
        .collect();
    matches.dedup();
    Matches { matches, range }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_session_answer_at_once() {
        let mut context = Context::default();
        context.variables.insert("orders".into(), Variable { ty: "DataFrame".into(), mutable: false });
        let found = names(&context, "let x = ord", 11);
        assert_eq!(found.matches.iter().map(|it| it.text.as_str()).collect::<Vec<_>>(), ["orders"]);
        assert_eq!(found.range, 8..11);
        assert_eq!(names(&context, ":ti", 3).matches[0].text, ":timing");
        assert_eq!(word_around("a.bcd(", 3), 2..5);
    }
}
