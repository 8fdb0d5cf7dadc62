//! The kernel's end of completion and inspection: starts the helper process and asks it, or `session_names`.

use super::columns::columns;
use super::protocol::{Answer, Context, Matches, Question};
use super::session_names::{documentation, names, source, word_around};
use crate::parse::commands::help;
use crate::process::signal_group;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Longest wait for an answer of the helper.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// The kernel's handle of the helper process.
#[derive(Clone, Default)]
pub struct Completer(Arc<Mutex<State>>);

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

impl Completer {
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
            .arg(&context.bundle)
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
            signal_group(helper.id(), rustix::process::Signal::KILL);
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
        answer.recv_timeout(ANSWER_TIMEOUT).ok()
    }

    /// Returns the completions at byte `at`. Falls back to names of the session.
    pub fn complete(&self, code: &str, at: usize) -> Matches {
        if let Some(found) = columns(&self.state().context, code, at) {
            return found;
        }
        match self.ask(code, at, false) {
            Some(Answer::Matches(found)) if !found.matches.is_empty() => found,
            _ => names(&self.state().context, code, at),
        }
    }

    /// Returns the source of what the session has defined under the name at byte `at`.
    pub fn source(&self, code: &str, at: usize) -> Option<String> {
        source(&self.state().context, &code[word_around(code, at)])
    }

    /// Returns documentation of the word or command at byte `at`, as text and as HTML.
    pub fn inspect(&self, code: &str, at: usize) -> Option<(String, String)> {
        let line = code[..at].lines().last().unwrap_or_default();
        if let Some(help) = help(line) {
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
        let state = self.state();
        let of_variable = state.context.variables.get(name).map(|it| format!("{name}: {}", it.ty));
        let text = of_variable.or_else(|| documentation(&state.context, name))?;
        Some((text.clone(), format!("<pre>{}</pre>", text.replace('&', "&amp;").replace('<', "&lt;"))))
    }
}
