//! Rendering within limits of time and memory: templates and notebooks may be of others, and loop. Used by `pipeline` for its
//! steps, and by the command line.
//!
//! Neither Tera nor Typst can be interrupted. What exceeds its limits is left behind on its thread; its caller ends the process.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::memory;

/// How often the limits are looked at.
const TICK: Duration = Duration::from_millis(20);

/// Stack of a thread that renders: what templates nest, their renderers nest too. Memory is only taken where it is used.
pub(crate) const STACK: usize = 32 << 20;

/// What rendering may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest time.
    pub time: Duration,
    /// Memory beyond what the program had before, bytes; none for any.
    pub memory: Option<u64>,
}

/// Memory that rendering may take, bytes: five times what the report takes.
const MEMORY: u64 = 1 << 30;

impl Limits {
    /// Those of rendering that may last so long.
    pub fn of(time: Duration) -> Limits {
        Limits { time, memory: Some(MEMORY.min(memory::share())) }
    }
}

/// What was exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exceeded {
    /// The time, seconds.
    Time(u64),
    /// The memory, MB.
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
    /// The error of those who own `what` (`` `templates/report.typ` ``).
    pub fn error(self, what: &str) -> Error {
        Error::input(format!("rendering {what} {self}")).with_hint(match self {
            Exceeded::Time(_) => "a loop in it may not end; if it does, give it more with `--timeout`",
            Exceeded::Memory(_) => "a loop or a range in it may be too long",
        })
    }
}

/// Watches over something that is being rendered.
#[derive(Debug, Clone, Copy)]
pub struct Watch {
    limits: Limits,
    since: Instant,
    /// Memory of the program before, bytes.
    before: u64,
}

impl Watch {
    /// Begins now.
    pub fn begin(limits: Limits) -> Watch {
        Watch { limits, since: Instant::now(), before: limits.memory.map_or(0, |_| memory::in_use()) }
    }

    /// Whether it has taken too much.
    pub fn exceeded(&self) -> Option<Exceeded> {
        let Limits { time, memory: most } = self.limits;
        if self.since.elapsed() > time {
            return Some(Exceeded::Time(time.as_secs()));
        }
        let most = most.filter(|most| memory::in_use().saturating_sub(self.before) > *most)?;
        Some(Exceeded::Memory(most >> 20))
    }
}

/// Renders `what` on a thread of its own, and waits for it as long as it keeps within the limits.
///
/// # Errors
/// What `render` returns, or that it has exceeded its limits. The process should then end: the thread goes on.
pub fn within<T: Send + 'static>(
    limits: Limits,
    what: &str,
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
                    return Err(exceeded.error(what));
                }
            }
            Err(RecvTimeoutError::Disconnected) => match thread.join() {
                Err(panic) => resume_unwind(panic),
                Ok(()) => return Err(Error::report(what, "the renderer went away")),
            },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
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
            let taken = vec![1_u8; 256 << 20];
            let _ = wait.recv();
            Ok(taken[7])
        });
        drop(hold);
        assert!(large.unwrap_err().to_string().contains("rendering `b` takes more than 64 MB of memory"));
    }
}
