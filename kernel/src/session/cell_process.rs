//! The process that runs cells: starts it, sends it libraries, forwards outputs and detects its death.

use super::events::{Event, Watcher};
use super::interrupter::{GRACE, Interrupter};
use super::pipe::Pipe;
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
        Ok(CellProcess { process, socket, pending: Vec::new(), stdout: Pipe::new(stdout), stderr: Pipe::new(stderr) })
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
        interrupter.begin(pid);
        self.stdout.begin();
        self.stderr.begin();
        let request = json!({ "run": library, "forget": forget });
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
