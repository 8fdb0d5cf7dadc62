//! Printed bytes → [`Event::Stream`], as whole characters and up to a limit.

use super::events::{Event, Watcher};
use rustix::event::{PollFd, PollFlags, poll};
use std::io::{ErrorKind, Read};

/// Most bytes of printed text per cell and stream. The rest is dropped, to keep notebooks small.
const MAX_PRINTED: usize = 8 << 20;

/// Decodes what is printed to one stream.
#[derive(Default)]
pub(super) struct Decoder {
    /// The first bytes of a character whose other bytes have not arrived yet.
    cut: Vec<u8>,
    /// Bytes that the running cell has printed.
    printed: usize,
}

impl Decoder {
    /// Counts what is printed from zero, for a new cell.
    pub fn begin(&mut self) {
        self.printed = 0;
    }

    /// Decodes bytes as text, up to the limit. Holds back an incomplete character until its other bytes arrive.
    pub fn text(&mut self, bytes: &[u8]) -> String {
        let before = self.printed;
        self.printed = self.printed.saturating_add(bytes.len());
        if before > MAX_PRINTED {
            return String::new();
        }
        self.cut.extend_from_slice(bytes);
        let keep = match std::str::from_utf8(&self.cut) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            _ => self.cut.len(),
        };
        let whole: Vec<u8> = self.cut.drain(..keep).collect();
        let mut text = String::from_utf8_lossy(&whole).into_owned();
        if self.printed > MAX_PRINTED {
            text.push_str(&format!("\n… more than {} MB printed: the rest is not shown\n", MAX_PRINTED >> 20));
        }
        text
    }
}

/// One of the two pipes that the programs which a cell starts print to.
pub(super) struct Pipe<T> {
    /// `None` once the process has closed it.
    pipe: Option<T>,
    decoder: Decoder,
}

impl<T: Read + std::os::fd::AsFd> Pipe<T> {
    pub fn new(pipe: Option<T>) -> Self {
        Pipe { pipe, decoder: Decoder::default() }
    }

    /// Counts what is printed from zero, for a new cell.
    pub fn begin(&mut self) {
        self.decoder.begin();
    }

    /// Returns what to wait for, to learn that there is text.
    pub fn poll_fd(&self) -> Option<PollFd<'_>> {
        self.pipe.as_ref().map(|pipe| PollFd::new(pipe, PollFlags::IN))
    }

    /// Forwards what is in the pipe, without waiting for more.
    pub fn drain(&mut self, stderr: bool, watcher: &mut dyn Watcher) {
        let mut chunk = [0; 1 << 16];
        while let Some(pipe) = &mut self.pipe {
            if !is_ready(pipe) {
                return;
            }
            match pipe.read(&mut chunk) {
                Ok(length) if length > 0 => {
                    let text = self.decoder.text(&chunk[..length]);
                    if !text.is_empty() {
                        watcher.event(Event::Stream { stderr, text });
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                _ => self.pipe = None,
            }
        }
    }
}

/// Returns whether there is something to read, or the end.
pub(super) fn is_ready(file: &impl std::os::fd::AsFd) -> bool {
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    matches!(poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&now)), Ok(ready) if ready > 0)
}
