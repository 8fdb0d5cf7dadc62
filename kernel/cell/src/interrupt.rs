//! Interrupt → the cell stops at its next check, and variables survive.
//!
//! A thread cannot be stopped safely from outside, so the kernel writes a [`check`] at the head of every loop and
//! function of a cell. polars has checks of its own, which listen to the same signal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// What a stopped cell unwinds with.
pub(crate) struct Interrupted;

/// Stops the cell when an interrupt was asked for.
#[inline]
pub fn check() {
    if REQUESTED.load(Ordering::Relaxed) {
        stop();
    }
}

#[cold]
fn stop() {
    // Other threads of the cell stop by themselves or run on: unwinding them would poison what they share.
    if std::thread::current().name() == Some(crate::serve::CELL_THREAD) && !std::thread::panicking() {
        std::panic::resume_unwind(Box::new(Interrupted));
    }
}

/// `std::thread::sleep` that an interrupt ends. The kernel puts it where a cell calls the one of std.
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
    // Installed second: it calls the handler it finds.
    polars::error::abort::register_polars_abort_mechanism();
}
