//! Interrupt (SIGINT) → the cell stops at its next [`check`], and its variables survive.
//!
//! No thread can be stopped safely from outside. The kernel therefore inserts a [`check`] at the head of every loop and
//! function of a cell. polars has its own checks, which react to the same signal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Name of the thread that runs cells.
pub(crate) const CELL_THREAD: &str = "cell";

/// Panic payload of an interrupted cell.
pub(crate) struct Interrupted;

/// Stops the cell if an interrupt was requested.
#[inline]
pub fn check() {
    if REQUESTED.load(Ordering::Relaxed) {
        stop();
    }
}

#[cold]
fn stop() {
    // Only the cell's main thread unwinds: unwinding its other threads would poison the locks they share.
    if std::thread::current().name() == Some(CELL_THREAD) && !std::thread::panicking() {
        std::panic::resume_unwind(Box::new(Interrupted));
    }
}

/// Sleeps like `std::thread::sleep`, but ends at an interrupt. The kernel replaces std's `sleep` in cells by this one.
pub fn sleep(duration: Duration) {
    let start = Instant::now();
    while let Some(left) = duration.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) {
        check();
        std::thread::sleep(left.min(Duration::from_millis(20)));
    }
    check();
}

pub(crate) fn reset() {
    REQUESTED.store(false, Ordering::Relaxed);
}

extern "C" fn on_sigint(_: libc::c_int) {
    REQUESTED.store(true, Ordering::Relaxed);
}

#[allow(unsafe_code)]
pub(crate) fn install() {
    // SAFETY: the handler only stores into an atomic.
    unsafe {
        libc::signal(libc::SIGINT, on_sigint as *const () as libc::sighandler_t);
    }
    // Must come second: polars' handler calls the handler installed before it.
    polars::error::abort::register_polars_abort_mechanism();
}
