//! Which cell a thread belongs to. A thread that a cell starts belongs to it, however long it runs. The cell's own thread and the
//! threads of pools, which serve all cells, belong to the running one.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

thread_local! {
    /// The cell that started this thread. 0: none did.
    static CELL: Cell<u64> = const { Cell::new(0) };
    static IS_MAIN: Cell<bool> = const { Cell::new(false) };
}

/// The cell that runs, or the last one that ran.
static RUNNING: AtomicU64 = AtomicU64::new(0);

/// The current thread runs a cell, with the kernel's number `cell`.
pub(crate) fn begin(cell: u64) {
    RUNNING.store(cell, Ordering::Relaxed);
    CELL.set(cell);
    IS_MAIN.set(true);
}

/// Returns the cell that runs, or the last one that ran.
pub(crate) fn running() -> u64 {
    RUNNING.load(Ordering::Relaxed)
}

/// Returns the cell of the current thread.
pub(crate) fn cell() -> u64 {
    match CELL.try_with(Cell::get) {
        Ok(cell) if cell != 0 => cell,
        _ => RUNNING.load(Ordering::Relaxed),
    }
}

/// Returns whether the current thread is the one that runs the cells.
pub(crate) fn is_main() -> bool {
    IS_MAIN.try_with(Cell::get).unwrap_or(false)
}

#[cfg(target_os = "linux")]
pub(crate) use created::signal_all_of;

#[cfg(target_os = "linux")]
mod created {
    use super::CELL;
    use libc::{c_int, c_void, pthread_attr_t, pthread_t};
    use std::cell::Cell;
    use std::ffi::CStr;
    use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

    type Main = extern "C" fn(*mut c_void) -> *mut c_void;
    type Create = unsafe extern "C" fn(*mut pthread_t, *const pthread_attr_t, Main, *mut c_void) -> c_int;

    /// The threads that cells have started, with their cells.
    static STARTED: Mutex<Vec<(pthread_t, u64)>> = Mutex::new(Vec::new());

    fn started() -> MutexGuard<'static, Vec<(pthread_t, u64)>> {
        STARTED.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a signal to the threads that a cell has started.
    #[allow(unsafe_code)]
    pub(crate) fn signal_all_of(cell: u64, signal: c_int) {
        for (thread, _) in started().iter().filter(|(_, of)| *of == cell) {
            // SAFETY: a thread leaves the list before it ends.
            unsafe { libc::pthread_kill(*thread, signal) };
        }
    }

    struct Start {
        main: Main,
        value: *mut c_void,
        cell: u64,
    }

    /// Starts a thread, as the function of the C library that this one comes before.
    #[unsafe(no_mangle)]
    #[allow(unsafe_code)]
    unsafe extern "C" fn pthread_create(
        thread: *mut pthread_t,
        attributes: *const pthread_attr_t,
        main: Main,
        value: *mut c_void,
    ) -> c_int {
        static NEXT: OnceLock<Option<Create>> = OnceLock::new();
        // SAFETY: the next symbol of this name is that of the C library, which has this type. `Start` is read once: by the
        // thread, or here if there is none.
        unsafe {
            let next = NEXT.get_or_init(|| {
                let found = libc::dlsym(libc::RTLD_NEXT, c"pthread_create".as_ptr());
                (!found.is_null()).then(|| std::mem::transmute::<*mut c_void, Create>(found))
            });
            let Some(next) = next else { return libc::EAGAIN };
            let cell = CELL.try_with(Cell::get).unwrap_or(0);
            if cell == 0 || !is_called_by_cell() {
                return next(thread, attributes, main, value);
            }
            let start = Box::into_raw(Box::new(Start { main, value, cell }));
            let failed = next(thread, attributes, begin, start.cast());
            if failed != 0 {
                drop(Box::from_raw(start));
            }
            failed
        }
    }

    #[allow(unsafe_code)]
    extern "C" fn begin(start: *mut c_void) -> *mut c_void {
        // SAFETY: `pthread_create` has made it for this thread alone.
        let start = unsafe { Box::from_raw(start.cast::<Start>()) };
        CELL.set(start.cell);
        // SAFETY: it only asks for a number.
        let own = unsafe { libc::pthread_self() };
        started().push((own, start.cell));
        let value = (start.main)(start.value);
        started().retain(|(thread, _)| *thread != own);
        value
    }

    /// Returns whether the code that asked std for a thread stands in the library of a cell, and not in a pool's.
    #[allow(unsafe_code)]
    fn is_called_by_cell() -> bool {
        let (mut in_std, mut by_cell) = (false, false);
        backtrace::trace(|frame| {
            // SAFETY: zeroed is a valid `Dl_info`, which `dladdr` fills with pointers to static data.
            let file = unsafe {
                let mut info: libc::Dl_info = std::mem::zeroed();
                let found = libc::dladdr(frame.ip(), &mut info) != 0 && !info.dli_fname.is_null();
                if found { CStr::from_ptr(info.dli_fname).to_bytes() } else { b"" }
            };
            let name = file.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
            let is_std = name.starts_with(b"libstd-");
            if in_std && !is_std {
                by_cell = name.starts_with(b"cell_");
                return false;
            }
            in_std |= is_std;
            true
        });
        by_cell
    }
}
