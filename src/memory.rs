//! How much memory the program may take, how it asks for it, and what it says when there is none left. Called first by `main`.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Memory that the data part takes at most unless the user says otherwise, bytes.
const MOST: u64 = 4 << 30;

/// Memory that the data part may take unless the user says otherwise, bytes: half of what limits leave to the program, since
/// models and reports come after it, and code and threads beside it.
pub fn share() -> u64 {
    limit().map_or(MOST, |limit| MOST.min(limit / 2))
}

/// The least of the limits that hold for the program, bytes: of its address space and data (`ulimit`), of its control group
/// (containers, `systemd-run`) and of the machine. None where none is known.
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
    // An unlimited one is no number.
    let of_process = ["Max address space", "Max data size"].map(|name| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse::<u64>().ok()
    });
    of_process.into_iter().chain([group, machine]).flatten().min()
}

/// Memory that the program has in use, bytes; 0 where the system does not tell.
pub fn in_use() -> u64 {
    let Ok(me) = sysinfo::get_current_pid() else { return 0 };
    let mut system = sysinfo::System::new();
    let what = sysinfo::ProcessRefreshKind::nothing().with_memory().without_tasks();
    system.refresh_processes_specifics(sysinfo::ProcessesToUpdate::Some(&[me]), false, what);
    system.process(me).map_or(0, sysinfo::Process::memory)
}

/// Memory of the system, and a message in the program's own words where it has none left: without it, the program would abort with
/// a number.
#[derive(Debug)]
pub struct Telling;

// What is asked is handed on as it is.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Telling {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        told(unsafe { System.alloc(layout) }, layout.size())
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        told(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        told(unsafe { System.realloc(memory, layout, size) }, size)
    }
    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        unsafe { System.dealloc(memory, layout) }
    }
}

fn told(memory: *mut u8, bytes: usize) -> *mut u8 {
    if memory.is_null() { out_of_memory(&format_args!("{bytes} bytes more")) } else { memory }
}

/// Says so, too, where a library panics because it gets no thread: its stack is memory.
pub fn tell_refused_threads() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        match panic.payload_as_str().is_some_and(|message| message.contains("Resource temporarily unavailable")) {
            true => out_of_memory(&"another thread"),
            false => usual(panic),
        }
    }));
}

/// Ends the program. What its steps have left is found by the next run.
#[cold]
#[allow(clippy::print_stderr)]
fn out_of_memory(refused: &dyn std::fmt::Display) -> ! {
    static TOLD: AtomicBool = AtomicBool::new(false);
    // One thread tells, and the others wait for the end, which comes even if the telling itself wants memory.
    if TOLD.swap(true, Ordering::SeqCst) {
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

/// Lets glibc keep two heaps for each processor, and ask the system for large blocks one by one. By default it keeps eight for each,
/// one for every thread that allocates, and hands nothing back that lies between two blocks in use; with one for each, threads wait
/// for each other. What is freed at the end of a heap stays for the next who asks.
///
/// Elsewhere than on Linux with glibc it does nothing.
#[allow(unsafe_code)]
pub fn few_heaps() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        use std::ffi::c_int;
        /// Parameters of `malloc.h`, sizes in bytes.
        const TRIM_THRESHOLD: c_int = -1;
        const TOP_PAD: c_int = -2;
        const MMAP_THRESHOLD: c_int = -3;
        const ARENA_MAX: c_int = -8;
        unsafe extern "C" {
            safe fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let heaps = c_int::try_from(2 * processors).unwrap_or(c_int::MAX);
        // What it answers tells only whether it knows the parameter; without it there is more memory in use, no harm.
        mallopt(ARENA_MAX, heaps);
        mallopt(MMAP_THRESHOLD, 4 << 20);
        mallopt(TRIM_THRESHOLD, 64 << 20);
        mallopt(TOP_PAD, 1 << 20);
    }
}

/// Hands what was freed back to the system, between blocks in use too: before more is asked for than a heap has in one piece.
///
/// Elsewhere than on Linux with glibc it does nothing.
#[allow(unsafe_code)]
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        unsafe extern "C" {
            safe fn malloc_trim(keep: usize) -> std::ffi::c_int;
        }
        // What it answers tells only whether there was anything.
        malloc_trim(0);
    }
}
