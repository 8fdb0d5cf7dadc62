//! Rendering → the same within limits of time and memory. Used by `pipeline` for its steps, and by the command line.
//!
//! Templates and notebooks may come from others and may loop. Neither Tera nor Typst can be interrupted: rendering that
//! exceeds its limits is abandoned on its thread, and the caller ends the process.

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use std::{fmt, thread};

use crate::error::{Error, Result};
use crate::memory;

/// Interval at which the limits are checked.
const TICK: Duration = Duration::from_millis(20);

/// Stack of a rendering thread. Nested templates make nested calls. Memory is committed only when used.
pub(crate) const STACK: usize = 32 << 20;

/// Limits of rendering.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Time limit.
    pub time: Duration,
    /// Memory beyond what the process already uses, bytes; `None` for no limit.
    pub memory: Option<u64>,
}

/// Default memory limit, bytes: five times what the report needs.
const MEMORY: u64 = 1 << 30;

impl Limits {
    /// Limits with this time and the default memory.
    pub fn of(time: Duration) -> Limits {
        Limits { time, memory: Some(MEMORY.min(memory::share())) }
    }
}

/// A limit that was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exceeded {
    /// The time limit, seconds.
    Time(u64),
    /// The memory limit, MB.
    Memory(u64),
}

impl fmt::Display for Exceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exceeded::Time(seconds) => write!(f, "did not end within {seconds} s"),
            Exceeded::Memory(megabytes) => write!(f, "takes more than {megabytes} MB of memory"),
        }
    }
}

impl Exceeded {
    /// The error for the owner of `file` (`` `templates/report.typ` ``).
    pub fn error(self, file: &str) -> Error {
        Error::input(format!("rendering {file} {self}")).with_hint(match self {
            Exceeded::Time(_) => "a loop in it may not end; if it does, give it more with `--timeout`",
            Exceeded::Memory(_) => "a loop or a range in it may be too long",
        })
    }
}

/// Watches a rendering for exceeded limits.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    limits: Limits,
    started: Instant,
    /// Memory of the process at the start, bytes.
    memory_before: u64,
}

impl Watch {
    /// Starts watching now.
    pub fn begin(limits: Limits) -> Watch {
        Watch { limits, started: Instant::now(), memory_before: limits.memory.map_or(0, |_| memory::in_use()) }
    }

    /// The exceeded limit, if any.
    pub fn exceeded(&self) -> Option<Exceeded> {
        let Limits { time, memory: max } = self.limits;
        if self.started.elapsed() > time {
            return Some(Exceeded::Time(time.as_secs()));
        }
        let max = max.filter(|max| memory::in_use().saturating_sub(self.memory_before) > *max)?;
        Some(Exceeded::Memory(max >> 20))
    }
}

/// Runs `render` on a thread of its own and waits for it within the limits.
///
/// # Errors
/// The error of `render`, or a limit was exceeded. In the latter case the caller should end the process, because the thread
/// runs on.
pub fn within<T: Send + 'static>(
    limits: Limits,
    file: &str,
    render: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let watch = Watch::begin(limits);
    let (sender, results) = channel();
    let work = move || drop(sender.send(render()));
    let thread = thread::Builder::new().stack_size(STACK).spawn(work).map_err(Error::io("begin", "a thread"))?;
    loop {
        match results.recv_timeout(TICK) {
            Ok(result) => return result,
            Err(RecvTimeoutError::Timeout) => {
                if let Some(exceeded) = watch.exceeded() {
                    return Err(exceeded.error(file));
                }
            }
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panic) => resume_unwind(panic),
                Ok(()) => return Err(Error::report(file, "the renderer went away")),
            },
        }
    }
}

/// Takes more memory until `end` is closed. A fixed amount is not enough: the tests that run beside this one free memory too.
#[cfg(test)]
pub(crate) fn take_more_and_more(end: &std::sync::mpsc::Receiver<()>) {
    let mut taken = Vec::new();
    while taken.len() < 256 && matches!(end.recv_timeout(TICK), Err(RecvTimeoutError::Timeout)) {
        taken.push(vec![1_u8; 16 << 20]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(milliseconds: u64, megabytes: u64) -> Limits {
        Limits { time: Duration::from_millis(milliseconds), memory: Some(megabytes << 20) }
    }

    #[test]
    fn what_takes_too_long_or_too_much_is_left_behind() {
        assert_eq!(within(limits(60_000, 1_000), "`a`", || Ok(7)).unwrap(), 7);
        let late = within(limits(50, 1_000), "`a`", || {
            thread::sleep(Duration::from_secs(2));
            Ok(())
        });
        assert!(late.as_ref().unwrap_err().to_string().contains("rendering `a` did not end within 0 s"));
        assert_eq!(late.unwrap_err().exit_code(), 2);
        let (hold, wait) = channel::<()>();
        let large = within(limits(60_000, 64), "`b`", move || {
            take_more_and_more(&wait);
            Ok(())
        });
        drop(hold);
        assert!(large.unwrap_err().to_string().contains("rendering `b` takes more than 64 MB of memory"));
    }
}
