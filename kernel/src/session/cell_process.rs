//! The process that runs cells: starts it, sends it libraries, forwards outputs and detects its death.

use super::events::{Event, Watcher};
use super::interrupter::{GRACE, Interrupter};
use super::pipe::{Decoder, Pipe, is_ready};
use crate::error::{Error, Result};
use crate::install::Toolchain;
use crate::process::signal_group;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// How the run of a cell ended.
#[derive(Debug)]
pub enum Ended {
    /// The cell finished. Contains its report.
    Done(Value),
    /// The process died, for the given reason. All variables are lost.
    Died(String),
}

/// The cell process with its socket and its pipes.
pub struct CellProcess {
    process: std::process::Child,
    socket: UnixStream,
    pending: Vec<u8>,
    stdout: Pipe<ChildStdout>,
    stderr: Pipe<ChildStderr>,
    /// What the cells print themselves, to the standard output and to the standard error.
    printed: [Decoder; 2],
    /// The run whose outputs are those of the running cell.
    run: usize,
}

impl CellProcess {
    /// Starts the cell process in `folder`. Cells can be sent at once: the socket buffers them until it is ready.
    pub fn start(toolchain: &Toolchain, folder: &std::path::Path) -> Result<CellProcess> {
        let program = toolchain.runtime_program();
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
        let (stdout, stderr) = (Pipe::new(stdout), Pipe::new(stderr));
        Ok(CellProcess { process, socket, pending: Vec::new(), stdout, stderr, printed: Default::default(), run: 0 })
    }

    /// Runs a cell to its end, as the run of number `run`. An interrupt that came before it began stops it too: the second of
    /// `interrupts` says so.
    pub fn run(
        &mut self,
        run: usize,
        library: &std::path::Path,
        forget: &[String],
        interrupts: (&Interrupter, &dyn Fn() -> bool),
        watcher: &mut dyn Watcher,
    ) -> Ended {
        let pid = self.process.id();
        let (interrupter, is_stopped) = interrupts;
        interrupter.begin(pid, &self.socket);
        if is_stopped() {
            interrupter.interrupt();
        }
        self.stdout.begin();
        self.stderr.begin();
        self.printed.iter_mut().for_each(Decoder::begin);
        self.run = run;
        let request = json!({ "run": library, "forget": forget, "cell": run });
        // `watch` detects a failed send as the end of the socket.
        let _ = self.socket.write_all(format!("{request}\n").as_bytes());
        let ended = self.watch(watcher);
        let killed = interrupter.end();
        match ended {
            Some(done) => Ended::Done(done),
            None => {
                self.drain(watcher);
                signal_group(pid, Signal::KILL);
                let status = self.process.wait();
                Ended::Died(match status {
                    _ if killed => format!("the cell did not stop within {} s and was killed", GRACE.as_secs_f32()),
                    Ok(status) => describe(status),
                    Err(error) => error.to_string(),
                })
            }
        }
    }

    /// Forwards what has come since the last cell, without waiting: outputs of threads that outlive their cell.
    pub fn idle(&mut self, watcher: &mut dyn Watcher) {
        self.drain(watcher);
        while is_ready(&self.socket) {
            match self.read(watcher) {
                Some(None) => {}
                // A process that has died is noticed by the next cell.
                _ => return,
            }
        }
    }

    /// Forwards outputs until the cell is done and returns its report. Returns `None` if the process has died.
    fn watch(&mut self, watcher: &mut dyn Watcher) -> Option<Value> {
        loop {
            let mut fds = vec![PollFd::new(&self.socket, PollFlags::IN)];
            fds.extend(self.stdout.poll_fd());
            fds.extend(self.stderr.poll_fd());
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
            match self.read(watcher) {
                Some(Some(done)) => return Some(done),
                Some(None) => {}
                None => return None,
            }
        }
    }

    /// Reads once from the socket and forwards what it says. Returns the report of a cell that is done, and `None` if the
    /// process has died.
    fn read(&mut self, watcher: &mut dyn Watcher) -> Option<Option<Value>> {
        let mut chunk = [0; 1 << 16];
        // The pending bytes hold no newline: skips them, so that a long line is searched only once.
        let mut from = self.pending.len();
        match self.socket.read(&mut chunk) {
            Ok(0) => return None,
            Ok(length) => self.pending.extend_from_slice(&chunk[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Some(None),
            Err(_) => return None,
        }
        let mut done = None;
        while let Some(at) = self.pending[from..].iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=from + at).collect();
            from = 0;
            let Ok(mut message) = serde_json::from_slice::<Value>(&line) else { continue };
            self.drain(watcher);
            match message.get_mut("done") {
                Some(report) => done = Some(report.take()),
                None => self.message(&message, watcher),
            }
        }
        Some(done)
    }

    fn message(&mut self, message: &Value, watcher: &mut dyn Watcher) {
        let part = |kind: &str| {
            let shown = message.get(kind)?;
            Some((shown["data"].clone(), shown["id"].as_str().unwrap_or_default().to_owned()))
        };
        // Outputs of threads carry the cell that started them.
        let run = message["cell"].as_u64().map_or(self.run, |run| run as usize);
        let own = run == self.run;
        let mut forward = |event| if own { watcher.event(event) } else { watcher.late(run, event) };
        let mut reply = json!({});
        if let Some(printed) = message.get("print") {
            let stderr = message["stderr"].as_bool().unwrap_or(false);
            let bytes = printed.as_str().map_or_else(
                || printed.as_array().into_iter().flatten().filter_map(|it| Some(it.as_u64()? as u8)).collect(),
                |text| text.as_bytes().to_vec(),
            );
            let text = self.printed[usize::from(stderr)].text(&bytes);
            if !text.is_empty() {
                forward(Event::Stream { stderr, text });
            }
        } else if let Some((data, _)) = part("result") {
            forward(Event::Result { data });
        } else if let Some((data, id)) = part("display") {
            forward(Event::Display { data, id });
        } else if let Some((data, id)) = part("update") {
            forward(Event::Update { data, id });
        } else if let Some(wait) = message.get("clear") {
            forward(Event::Clear { wait: wait.as_bool().unwrap_or(false) });
        } else if let Some(question) = message.get("input") {
            let prompt = question["prompt"].as_str().unwrap_or_default();
            reply = json!({ "input": watcher.input(prompt, question["password"].as_bool().unwrap_or(false)) });
        }
        if message["waits"].as_bool().unwrap_or(false) {
            // If the cell has died, `watch` detects the end of the socket.
            let _ = self.socket.write_all(format!("{reply}\n").as_bytes());
        }
    }

    fn drain(&mut self, watcher: &mut dyn Watcher) {
        self.stdout.drain(false, watcher);
        self.stderr.drain(true, watcher);
    }
}

/// Time that the destructors of the variables have when a process ends.
pub(super) const FAREWELL: Duration = Duration::from_secs(1);

impl CellProcess {
    /// Has the variables dropped and ends the process. Forwards what their destructors print.
    pub fn end(&mut self, watcher: &mut dyn Watcher) {
        let _ = self.socket.shutdown(std::net::Shutdown::Write);
        let end = Instant::now() + FAREWELL;
        while Instant::now() < end && matches!(self.process.try_wait(), Ok(None)) {
            self.idle(watcher);
            std::thread::sleep(Duration::from_millis(2));
        }
        self.idle(watcher);
    }
}

impl Drop for CellProcess {
    fn drop(&mut self) {
        signal_group(self.process.id(), Signal::KILL);
        let _ = self.process.wait();
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
