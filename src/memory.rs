//! Limits of the process → memory budget, allocator settings, and a message when memory runs out. Called first by `main`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Default upper bound of the memory budget of reading, cleaning and the mart, bytes.
const MAX_SHARE: u64 = 4 << 30;

/// Default memory budget of reading, cleaning and the mart, bytes: half of [`limit`], but at most `MAX_SHARE`. The other half is for
/// models and reports, which run later, and for code and threads.
pub fn share() -> u64 {
    limit().map_or(MAX_SHARE, |limit| MAX_SHARE.min(limit / 2))
}

/// The lowest limit on the memory of the process, bytes: address space and data size (`ulimit`), control group (containers,
/// `systemd-run`) and physical memory. `None` where no limit is known.
pub fn limit() -> Option<u64> {
    let mut system = sysinfo::System::new();
    system.refresh_memory();
    let machine = Some(system.total_memory()).filter(|bytes| *bytes > 0);
    let group = sysinfo::get_current_pid().ok().and_then(|me| {
        let what = sysinfo::ProcessRefreshKind::nothing();
        system.refresh_processes_specifics(sysinfo::ProcessesToUpdate::Some(&[me]), false, what);
        Some(system.process(me)?.cgroup_limits()?.total_memory)
    });
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    // `unlimited` does not parse as a number.
    let of_process = ["Max address space", "Max data size"].map(|name| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    });
    of_process.into_iter().chain([group, machine]).flatten().min()
}

/// Resident memory of the process, bytes; 0 where the system does not report it.
pub fn in_use() -> u64 {
    let Ok(me) = sysinfo::get_current_pid() else { return 0 };
    let mut system = sysinfo::System::new();
    let what = sysinfo::ProcessRefreshKind::nothing().with_memory().without_tasks();
    system.refresh_processes_specifics(sysinfo::ProcessesToUpdate::Some(&[me]), false, what);
    system.process(me).map_or(0, sysinfo::Process::memory)
}

/// The system allocator, which prints a message of this program when memory runs out. Without it the program would abort with a bare
/// number.
#[derive(Debug)]
pub struct ReportingAllocator;

// SAFETY: every request goes to the system allocator unchanged.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for ReportingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        checked(unsafe { System.alloc(layout) }, layout.size())
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        checked(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        checked(unsafe { System.realloc(memory, layout, size) }, size)
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }
}

fn checked(memory: *mut u8, bytes: usize) -> *mut u8 {
    if memory.is_null() { out_of_memory(&format_args!("{bytes} bytes more")) } else { memory }
}

/// Prints the same message when a library panics because it cannot start a thread: a thread needs memory for its stack.
pub fn report_refused_threads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        match panic.payload_as_str().is_some_and(|message| message.contains("Resource temporarily unavailable")) {
            true => out_of_memory(&"another thread"),
            false => usual(panic),
        }
    }));
}

/// Ends the program with a message. The next run finds what finished steps have written.
#[cold]
#[allow(clippy::print_stderr)]
fn out_of_memory(refused: &dyn std::fmt::Display) -> ! {
    static REPORTED: AtomicBool = AtomicBool::new(false);
    // One thread prints; the others wait for the exit, which comes even if printing itself needs memory.
    if REPORTED.swap(true, Ordering::SeqCst) {
        std::thread::sleep(Duration::from_secs(10));
        std::process::abort();
    }
    eprintln!("error: out of memory: the system refuses {refused}");
    eprintln!(
        "hint: raise the limit (`ulimit -v`, that of the container), or say with `--memory MB` that reading and aggregating"
    );
    eprintln!(
        "      may take less; nothing in the output folder has changed, and the same command goes on where it was"
    );
    std::process::exit(1)
}

/// Limits glibc to two heaps per processor and makes it request large blocks from the system one by one. The default is eight heaps per
/// processor, one for every thread that allocates, and memory between two blocks in use is not returned to the system. With one heap
/// per processor, threads would wait for each other. Free memory at the end of a heap stays for the next allocation.
pub fn few_heaps() {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    // Parameters of `malloc.h`: ARENA_MAX, MMAP_THRESHOLD, TRIM_THRESHOLD, TOP_PAD; sizes in bytes.
    tune(&[(-8, 2 * processors), (-3, 4 << 20), (-1, 64 << 20), (-2, 1 << 20)]);
}

/// From here on, freed memory goes back to the system at once, which takes a tenth more time: for budgets that are small beside what free
/// blocks would hold.
pub fn return_soon() {
    tune(&[(-3, 256 << 10), (-1, 4 << 20)]);
}

/// Sets parameters of glibc's allocator. Does nothing except on Linux with glibc.
#[allow(unsafe_code)]
fn tune(parameters: &[(std::ffi::c_int, usize)]) {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::ffi::c_int;
        unsafe extern "C" {
            safe fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        for (parameter, value) in parameters {
            // The return value only says whether the parameter is known. If it is not, the program uses more memory, which does no harm.
            mallopt(*parameter, c_int::try_from(*value).unwrap_or(c_int::MAX));
        }
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    let _ = parameters;
}

/// Returns freed memory to the system, also between blocks in use. Called before an allocation larger than any free piece of a heap.
///
/// Does nothing except on Linux with glibc.
#[allow(unsafe_code)]
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            safe fn malloc_trim(keep: usize) -> std::ffi::c_int;
        }
        // The return value only says whether memory was returned.
        malloc_trim(0);
    }
}
