//! Manages the cell process: starts it, sends it cells, forwards outputs, interrupts it and detects its death.

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

/// An output of a running cell.
#[allow(missing_docs)] // Fields are those of the Jupyter messages.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Printed text, in chunks as they arrive.
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

/// Receives the outputs of a running cell and answers its requests for input.
pub trait Watcher {
    /// Called for each output.
    fn event(&mut self, event: Event);
    /// Called when the cell asks for a line of text. Returns `None` if nobody can answer.
    fn input(&mut self, prompt: &str, password: bool) -> Option<String>;
}

/// How the run of a cell ended.
#[derive(Debug)]
pub enum Ended {
    /// The cell finished. Contains its report.
    Done(Value),
    /// The process died, for the given reason. All variables are lost.
    Died(String),
}

/// Most bytes of printed text per cell and stream. The rest is dropped, to keep notebooks small.
const PRINTED_MOST: usize = 8 << 20;

/// The cell process with its socket and its pipes.
pub struct Child {
    process: std::process::Child,
    socket: UnixStream,
    pending: Vec<u8>,
    stdout: Pipe<ChildStdout>,
    stderr: Pipe<ChildStderr>,
}

struct Pipe<T> {
    pipe: Option<T>,
    /// The first bytes of a character whose other bytes have not arrived yet.
    cut: Vec<u8>,
    printed: usize,
}

/// Interrupts the running cell from another thread.
#[derive(Clone, Default)]
pub struct Interrupter(Arc<Mutex<Target>>);

#[derive(Default)]
struct Target {
    /// The process, if a cell is running in it.
    pid: Option<u32>,
    /// The process, whether or not a cell is running.
    process: Option<u32>,
    /// Number of the running cell, so that a delayed kill cannot hit the next cell.
    cell: u64,
    killed: bool,
}

/// Time an interrupted cell has to stop before its process is killed.
const GRACE: Duration = Duration::from_secs(3);

impl Interrupter {
    fn target(&self) -> std::sync::MutexGuard<'_, Target> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Kills the cell process and all processes it started.
    pub fn kill(&self) {
        if let Some(pid) = self.target().process {
            signal_group(pid, Signal::KILL);
        }
    }

    /// Interrupts the running cell, and kills its process if it does not stop. Returns false if no cell is running.
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

/// Sends a signal to a process group: a process and those it started.
pub(crate) fn signal_group(pid: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid as i32) {
        let _ = kill_process_group(pid, signal);
    }
}

impl Child {
    /// Starts the cell process in `folder`. Cells can be sent at once: the socket buffers them until it is ready.
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
        // `watch` detects a failed send as the end of the socket.
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

    /// Forwards outputs until the cell is done and returns its report. Returns `None` if the process has died.
    fn watch(&mut self, watcher: &mut dyn Watcher) -> Option<Value> {
        loop {
            let mut fds = vec![PollFd::new(&self.socket, PollFlags::IN)];
            fds.extend(self.stdout.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
            fds.extend(self.stderr.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN)));
            if poll(&mut fds, None).is_err() {
                continue;
            }
            // Text printed before a message is already in the pipes and must be forwarded before it.
            let message = !fds[0].revents().is_empty();
            drop(fds);
            self.drain(watcher);
            if !message {
                continue;
            }
            let mut chunk = [0; 1 << 16];
            // The pending bytes hold no newline: skips them, so that a long line is searched only once.
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
        // The cell waits for this reply. If it has died, `watch` detects the end of the socket.
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

    /// Forwards what is in the pipe, without waiting for more.
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

    /// Decodes bytes as text, up to the limit. Holds back an incomplete character until its other bytes arrive.
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
