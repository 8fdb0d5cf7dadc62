//! Interrupt (SIGINT) → the cell stops at its next [`check`], and its variables survive.
//!
//! No thread can be stopped safely from outside. The kernel therefore inserts a [`check`] at the head of every loop and
//! function of a cell. polars has its own checks, which react to the same signal.

#[cfg(target_os = "linux")]
mod blocking;
#[cfg(target_os = "linux")]
mod leave;

use crate::threads::is_main;
#[cfg(target_os = "linux")]
pub(crate) use leave::Busy;
#[cfg(target_os = "linux")]
use leave::{is_busy, leave};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Panic payload of an interrupted cell.
pub(crate) struct Interrupted;

/// Stops the cell if an interrupt was requested.
///
/// Not `load`: cells share the instances of this library, which is not optimised, and a loop would call one at each turn.
#[inline]
#[allow(unsafe_code)]
pub fn check() {
    // SAFETY: the static is always valid, and a volatile read of one byte sees what another thread has stored.
    if unsafe { REQUESTED.as_ptr().read_volatile() } {
        stop();
    }
}

#[cold]
fn stop() {
    // Only the cell's main thread unwinds: unwinding its other threads would poison the locks they share.
    if is_main() && !std::thread::panicking() {
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

/// Forgets earlier interrupts.
pub(crate) fn reset() {
    REQUESTED.store(false, Ordering::Relaxed);
}

/// Time that a cell has to stop by itself.
const PATIENCE: Duration = Duration::from_millis(400);

/// Waits until a cell that was interrupted is left where it stands, because it does not stop. `is_running` says whether one
/// runs.
pub(crate) fn wait_until_left(is_running: impl Fn() -> bool) {
    let mut since = None;
    loop {
        std::thread::sleep(Duration::from_millis(50));
        if !(is_requested() && is_running()) {
            since = None;
        } else if since.get_or_insert_with(Instant::now).elapsed() > PATIENCE && leave(CELLS.load(Ordering::Relaxed)) {
            return;
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn leave(_: usize) -> bool {
    false
}

/// Returns whether the cell shall stop.
pub(crate) fn is_requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// The thread that runs the cells, for the signal handler.
static CELLS: AtomicUsize = AtomicUsize::new(0);

/// The current thread runs the cells: an interrupt reaches it while it waits in a system call.
#[allow(unsafe_code)]
pub(crate) fn watch_this_thread() {
    // SAFETY: it only asks for a number.
    CELLS.store(unsafe { libc::pthread_self() } as usize, Ordering::Relaxed);
}

#[allow(unsafe_code)]
extern "C" fn on_sigint(_: libc::c_int) {
    REQUESTED.store(true, Ordering::Relaxed);
    let cells = CELLS.load(Ordering::Relaxed);
    // SAFETY: the two functions may be called in a handler, and the thread lives as long as the process.
    unsafe {
        if cells != 0 && cells != libc::pthread_self() as usize {
            libc::pthread_kill(cells as libc::pthread_t, libc::SIGINT);
        }
    }
}

#[allow(unsafe_code)]
pub(crate) fn install() {
    // SAFETY: the handler only stores into an atomic and passes the signal on.
    unsafe {
        libc::signal(libc::SIGINT, on_sigint as *const () as libc::sighandler_t);
    }
    #[cfg(target_os = "linux")]
    leave::install();
    // Must come second: polars' handler calls the handler installed before it.
    #[cfg(feature = "polars")]
    polars::error::abort::register_polars_abort_mechanism();
    // SAFETY: the same handler again. System calls that wait are to end, not to go on.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGINT, std::ptr::null(), &mut action) == 0 {
            action.sa_flags &= !libc::SA_RESTART;
            libc::sigaction(libc::SIGINT, &action, std::ptr::null_mut());
        }
    }
}
