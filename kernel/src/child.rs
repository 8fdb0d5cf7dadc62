//! The process that runs cells: start it, hand it a library, pass on what it shows, interrupt it, see it die.

use crate::error::{Error, Result};
use crate::toolchain::Toolchain;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ChildStderr, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What a cell shows while it runs.
#[allow(missing_docs)] // Fields are those of the Jupyter messages.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Printed text, in pieces as they come.
    Stream { stderr: bool, text: String },
    /// The value of the last expression.
    Result { data: Value },
    /// `display(value)`.
    Display { data: Value, id: String },
    /// `update_display(id, value)`.
    Update { data: Value, id: String },
    /// `clear_output(wait)`.
    Clear { wait: bool },
    /// Text for the pager of the front end.
    Page { text: String },
}

/// Who watches a cell run.
pub trait Watcher {
    /// Something is shown.
    fn event(&mut self, event: Event);
    /// The cell asks for a line of text. None when there is nobody to answer.
    fn input(&mut self, prompt: &str, password: bool) -> Option<String>;
}

/// How a run ended.
#[derive(Debug)]
pub enum Ended {
    /// The cell came to an end, and this is its report.
    Done(Value),
    /// The process died, and why. All variables are lost.
    Died(String),
}

/// A cell that prints more than this is cut, so that no notebook grows to a gigabyte.
const PRINTED_MOST: usize = 8 << 20;

/// The process, its socket and its pipes.
pub struct Child {
    process: std::process::Child,
    socket: UnixStream,
    pending: Vec<u8>,
    stdout: Pipe<ChildStdout>,
    stderr: Pipe<ChildStderr>,
}

struct Pipe<T> {
    pipe: Option<T>,
    /// The first bytes of a character whose end has not come yet.
    cut: Vec<u8>,
    printed: usize,
}

/// Stops the cell that runs, from another thread.
#[derive(Clone, Default)]
pub struct Interrupter(Arc<Mutex<Target>>);

#[derive(Default)]
struct Target {
    /// The process, while a cell runs in it.
    pid: Option<u32>,
    /// The process, whether a cell runs or not.
    process: Option<u32>,
    /// Counts cells, so that a late kill cannot hit the next one.
    cell: u64,
    killed: bool,
}

/// How long a cell may take to stop before its process is killed.
const GRACE: Duration = Duration::from_secs(3);

impl Interrupter {
    fn target(&self) -> std::sync::MutexGuard<'_, Target> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the process.
    pub fn kill(&self) {
        if let Some(pid) = self.target().process {
            signal_group(pid, Signal::KILL);
        }
    }

    /// Asks the cell to stop, and kills its process when it does not. False when no cell runs.
    pub fn interrupt(&self) -> bool {
        let (pid, cell) = {
            let target = self.target();
            let Some(pid) = target.pid else { return false };
            (pid, target.cell)
        };
        if let Some(pid) = Pid::from_raw(pid as i32) {
            let _ = kill_process(pid, Signal::INT);
        }
        let this = self.clone();
        std::thread::spawn(move || {
            std::thread::sleep(GRACE);
            let mut target = this.target();
            if target.pid == Some(pid) && target.cell == cell {
                target.killed = true;
                signal_group(pid, Signal::KILL);
            }
        });
        true
    }
}

/// Signals a process and all it has started.
pub(crate) fn signal_group(pid: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid as i32) {
        let _ = kill_process_group(pid, signal);
    }
}

impl Child {
    /// Starts the process. It is ready at once: what is sent waits for it.
    pub fn start(toolchain: &Toolchain, folder: &std::path::Path) -> Result<Child> {
        let program = toolchain.runner();
        let (socket, theirs) = UnixStream::pair().map_err(Error::io("open a socket to", &program))?;
        let mut process = Command::new(&program)
            .current_dir(folder)
            .env("LD_LIBRARY_PATH", toolchain.library_path())
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(Error::io("run", &program))?;
        let (stdout, stderr) = (process.stdout.take(), process.stderr.take());
        Ok(Child { process, socket, pending: Vec::new(), stdout: Pipe::new(stdout), stderr: Pipe::new(stderr) })
    }

    /// Runs a cell to its end.
    pub fn run(
        &mut self,
        library: &std::path::Path,
        forget: &[String],
        interrupter: &Interrupter,
        watcher: &mut dyn Watcher,
    ) -> Ended {
        let pid = self.process.id();
        {
            let mut target = interrupter.target();
            target.cell += 1;
            target.killed = false;
            target.pid = Some(pid);
            target.process = Some(pid);
        }
        self.stdout.printed = 0;
        self.stderr.printed = 0;
        let request = json!({ "run": library, "forget": forget });
        // A failure to send shows as the end of the socket below.
        let _ = self.socket.write_all(format!("{request}\n").as_bytes());
        let ended = self.watch(watcher);
        let killed = {
            let mut target = interrupter.target();
            target.pid = None;
            target.killed
        };
        match ended {
            Some(done) => Ended::Done(done),
            None => {
                self.drain(watcher);
                signal_group(pid, Signal::KILL);
                let status = self.process.wait();
                Ended::Died(match status {
                    _ if killed => format!("the cell did not stop within {} seconds and was killed", GRACE.as_secs()),
                    Ok(status) => describe(status),
                    Err(error) => error.to_string(),
                })
            }
        }
    }

    /// Passes on what comes until the cell is done. None when the process has died.
    fn watch(&mut self, watcher: &mut dyn Watcher) -> Option<Value> {
        loop {
            let mut fds = vec![PollFd::new(&self.socket, PollFlags::IN)];
            fds.extend(self.stdout.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
            fds.extend(self.stderr.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
            if poll(&mut fds, None).is_err() {
                continue;
            }
            // What was printed before a message was sent is in the pipes by now, and must be passed on first.
            let message = !fds[0].revents().is_empty();
            drop(fds);
            self.drain(watcher);
            if !message {
                continue;
            }
            let mut chunk = [0; 1 << 16];
            // What is pending holds no end of a line: it is not searched again for each piece of a long one.
            let mut from = self.pending.len();
            match self.socket.read(&mut chunk) {
                Ok(0) => return None,
                Ok(length) => self.pending.extend_from_slice(&chunk[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return None,
            }
            while let Some(at) = self.pending[from..].iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.pending.drain(..=from + at).collect();
                from = 0;
                let Ok(mut message) = serde_json::from_slice::<Value>(&line) else { continue };
                self.drain(watcher);
                if let Some(done) = message.get_mut("done") {
                    return Some(done.take());
                }
                self.message(&message, watcher);
            }
        }
    }

    fn message(&mut self, message: &Value, watcher: &mut dyn Watcher) {
        let part = |kind: &str| {
            let shown = message.get(kind)?;
            Some((shown["data"].clone(), shown["id"].as_str().unwrap_or_default().to_owned()))
        };
        let mut reply = json!({});
        if let Some((data, _)) = part("result") {
            watcher.event(Event::Result { data });
        } else if let Some((data, id)) = part("display") {
            watcher.event(Event::Display { data, id });
        } else if let Some((data, id)) = part("update") {
            watcher.event(Event::Update { data, id });
        } else if let Some(wait) = message.get("clear") {
            watcher.event(Event::Clear { wait: wait.as_bool().unwrap_or(false) });
        } else if let Some(question) = message.get("input") {
            let prompt = question["prompt"].as_str().unwrap_or_default();
            reply = json!({ "input": watcher.input(prompt, question["password"].as_bool().unwrap_or(false)) });
        } else {
            return;
        }
        // The cell waits for this; should it have died, that shows as the end of the socket.
        let _ = self.socket.write_all(format!("{reply}\n").as_bytes());
    }

    fn drain(&mut self, watcher: &mut dyn Watcher) {
        self.stdout.drain(false, watcher);
        self.stderr.drain(true, watcher);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        signal_group(self.process.id(), Signal::KILL);
        let _ = self.process.wait();
    }
}

impl<T: Read + std::os::fd::AsFd> Pipe<T> {
    fn new(pipe: Option<T>) -> Self {
        Pipe { pipe, cut: Vec::new(), printed: 0 }
    }

    /// Passes on what is in the pipe, without waiting for more.
    fn drain(&mut self, stderr: bool, watcher: &mut dyn Watcher) {
        let mut chunk = [0; 1 << 16];
        while let Some(pipe) = &mut self.pipe {
            let mut fds = [PollFd::new(pipe, PollFlags::IN)];
            let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
            if !matches!(poll(&mut fds, Some(&now)), Ok(ready) if ready > 0) {
                return;
            }
            match pipe.read(&mut chunk) {
                Ok(length) if length > 0 => {
                    let text = self.text(&chunk[..length]);
                    if !text.is_empty() {
                        watcher.event(Event::Stream { stderr, text });
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => self.pipe = None,
            }
        }
    }

    /// Bytes as text, without cutting a character in two, up to the limit.
    fn text(&mut self, bytes: &[u8]) -> String {
        let before = self.printed;
        self.printed = self.printed.saturating_add(bytes.len());
        if before > PRINTED_MOST {
            return String::new();
        }
        self.cut.extend_from_slice(bytes);
        let keep = match std::str::from_utf8(&self.cut) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.cut.len(),
        };
        let whole: Vec<u8> = self.cut.drain(..keep).collect();
        let mut text = String::from_utf8_lossy(&whole).into_owned();
        if self.printed > PRINTED_MOST {
            text.push_str(&format!("\n… more than {} MB printed: the rest is not shown\n", PRINTED_MOST >> 20));
        }
        text
    }
}

fn describe(status: std::process::ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("the cell ended its process with exit code {code}"),
        (_, Some(signal)) => {
            let meaning = match signal {
                4 => "illegal instruction",
                6 => "abort: a stack overflow, no memory left, or a panic while panicking",
                7 => "bus error",
                8 => "arithmetic fault",
                9 => "killed: by hand, or because the machine ran out of memory",
                11 => "segmentation fault",
                _ => "unknown",
            };
            format!("the process of the cells was ended by signal {signal} ({meaning})")
        }
        _ => "the process of the cells ended".to_owned(),
    }
}
