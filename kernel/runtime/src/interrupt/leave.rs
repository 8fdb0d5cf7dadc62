//! A cell that does not stop → its threads are left where they stand, forever, and another thread goes on with the variables
//! that the cell has not taken.
//!
//! A thread cannot be ended from outside: what it holds would never be given back. So it is not ended. A signal holds it in its
//! handler, where it is sure to hold no lock of this library or of the allocator: in code of a cell, or in a system call that
//! waits for a lock, a channel or another thread. Where it is not sure, it is asked again.

use crate::threads::{self, cell, is_main};
use libc::{c_int, c_void, siginfo_t};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

/// The cell whose threads are asked to stay where they are. 0: none.
static WANTED: AtomicU64 = AtomicU64::new(0);
/// Whether the cell's own thread has stayed.
static STAYED: AtomicBool = AtomicBool::new(false);
/// How many things the cell's own thread is doing that must come to an end.
static BUSY: AtomicUsize = AtomicUsize::new(0);
/// Where the code of cells is.
static CODE: AtomicPtr<Vec<(usize, usize)>> = AtomicPtr::new(std::ptr::null_mut());

/// As long as this lives, the cell's own thread is not left: it uses what the next one needs.
pub(crate) struct Busy(bool);

impl Busy {
    pub(crate) fn new() -> Busy {
        let counts = is_main();
        if counts {
            BUSY.fetch_add(1, Ordering::SeqCst);
        }
        Busy(counts)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        if self.0 {
            BUSY.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

/// Returns whether the cell's own thread is in this library.
pub(super) fn is_busy() -> bool {
    BUSY.load(Ordering::SeqCst) != 0
}

fn signal() -> c_int {
    libc::SIGRTMIN() + 5
}

#[allow(unsafe_code)]
pub(super) fn install() {
    // SAFETY: zeroed is a valid `sigaction`; the handler calls only what a handler may call.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigfillset(&mut action.sa_mask);
        libc::sigaction(signal(), &action, std::ptr::null_mut());
    }
}

#[allow(unsafe_code)]
extern "C" fn on_signal(_: c_int, _: *mut siginfo_t, context: *mut c_void) {
    let wanted = WANTED.load(Ordering::SeqCst);
    if wanted == 0 || cell() != wanted || !may_stay(context) {
        return;
    }
    if is_main() {
        if is_busy() {
            return;
        }
        STAYED.store(true, Ordering::SeqCst);
    }
    loop {
        // SAFETY: it only waits. All signals are blocked here, so that it waits forever.
        unsafe { libc::pause() };
    }
}

/// Returns whether a thread that a signal has met is in code of a cell or in a system call that the signal has ended.
#[allow(unsafe_code)]
fn may_stay(context: *mut c_void) -> bool {
    // SAFETY: the kernel of the system passes the context of the thread, whose program counter points to its code. The list
    // is never freed.
    unsafe {
        let context = &(*context.cast::<libc::ucontext_t>()).uc_mcontext;
        #[cfg(target_arch = "x86_64")]
        let (at, ended) = {
            let at = context.gregs[libc::REG_RIP as usize] as usize;
            let is_call = *((at - 2) as *const [u8; 2]) == [0x0f, 0x05];
            (at, is_call && context.gregs[libc::REG_RAX as usize] == -i64::from(libc::EINTR))
        };
        #[cfg(target_arch = "aarch64")]
        let (at, ended) = {
            let at = context.pc as usize;
            let is_call = *((at - 4) as *const u32) == 0xd400_0001;
            (at, is_call && context.regs[0] as i64 == -i64::from(libc::EINTR))
        };
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        let (at, ended) = (context as *const _ as usize, false);
        let code = CODE.load(Ordering::SeqCst);
        ended || !code.is_null() && (*code).iter().any(|(start, end)| (*start..*end).contains(&at))
    }
}

/// Returns where the code of cells is, from the system's list of what this process has mapped.
fn code_of_cells() -> Vec<(usize, usize)> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let is_code = |line: &&str| line.contains("/cell_") && line.split(' ').nth(1).is_some_and(|it| it.contains('x'));
    let range = |line: &str| {
        let (start, end) = line.split(' ').next()?.split_once('-')?;
        Some((usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?))
    };
    maps.lines().filter(is_code).filter_map(range).collect()
}

/// Asks the threads of the running cell to stay where they are. Returns whether its own thread does: for good.
#[allow(unsafe_code)]
pub(super) fn leave(cells: usize) -> bool {
    // The list is a few words for each cell, and a handler may be reading it: it is not freed.
    CODE.store(Box::into_raw(Box::new(code_of_cells())), Ordering::SeqCst);
    WANTED.store(threads::running(), Ordering::SeqCst);
    for round in 0..10 {
        if !STAYED.load(Ordering::SeqCst) {
            // SAFETY: the thread lives as long as the process.
            unsafe { libc::pthread_kill(cells as libc::pthread_t, signal()) };
            std::thread::sleep(Duration::from_millis(5 * (round + 1)));
        }
        if STAYED.load(Ordering::SeqCst) {
            // What it has started and waits for would go on forever.
            for _ in 0..5 {
                threads::signal_all_of(threads::running(), signal());
                std::thread::sleep(Duration::from_millis(2));
            }
            break;
        }
    }
    WANTED.store(0, Ordering::SeqCst);
    STAYED.swap(false, Ordering::SeqCst)
}
