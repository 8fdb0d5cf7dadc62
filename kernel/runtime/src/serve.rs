//! Main loop of the cell process: loads and runs the cells that the kernel sends, until the kernel closes the socket.

use crate::channel;
use crate::interrupt;
use crate::outcome::{Outcome, PANIC, end_catching};
use crate::store::Store;
use crate::threads;
use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
use serde_json::{Value, json};
use std::error::Error;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Stack size of the cell thread in bytes. Large, for deep recursion: only touched pages cost memory.
const STACK: usize = 256 << 20;

/// Runs the cells that the kernel sends, until the kernel closes the socket. Returns an exit code if it cannot begin.
#[allow(unsafe_code)]
pub fn serve() -> i32 {
    let Some(socket) = take_socket() else { return 2 };
    if channel::connect(socket).is_err() {
        return 2;
    }
    // If memory runs out, the OOM killer should end this process, not the kernel.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    interrupt::install();
    die_with_the_kernel();
    install_panic_hook();
    // Flushes regularly, so that `print!` without a newline appears at once.
    std::thread::spawn(|| {
        loop {
            std::thread::sleep(Duration::from_millis(50));
            let _ = std::io::stdout().flush();
        }
    });
    let mut run = Run::default();
    loop {
        let store = Box::into_raw(Box::new(std::mem::take(&mut run.store)));
        let left = run.left;
        // A number, so that it can go to the thread.
        let address = store as usize;
        let cells = std::thread::Builder::new().name("cell".to_owned()).stack_size(STACK);
        if cells.spawn(move || serve_cells(address, left)).is_err() {
            return 2;
        }
        interrupt::wait_until_left(|| RUNNING.load(Ordering::SeqCst));
        // SAFETY: the thread that used it stays where it is, outside of the store's own functions.
        run = Run { store: std::mem::take(unsafe { &mut *store }), left: true };
    }
}

/// Whether a cell runs.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// What a thread that runs cells begins with.
#[derive(Default)]
struct Run {
    store: Store,
    /// Whether the thread before it was left in the middle of a cell.
    left: bool,
}

/// Runs cells with the store at `address` until the kernel closes the socket, then ends the process. If the thread before this
/// one was `left` in a cell, reports that cell first.
#[allow(unsafe_code)]
fn serve_cells(address: usize, left: bool) {
    // SAFETY: the main thread has made it for this one, and takes it back only when this one does nothing any more.
    let store = unsafe { &mut *(address as *mut Store) };
    interrupt::watch_this_thread();
    interrupt::reset();
    RUNNING.store(false, Ordering::SeqCst);
    if left {
        end_catching();
        let mut done = Outcome::Interrupted.to_json();
        done["left"] = json!(true);
        tell_variables(&mut done, store);
        done["load"] = json!(0);
        channel::send(&json!({ "done": done }));
    } else {
        channel::send(&json!("ready"));
    }
    while let Some(request) = channel::receive() {
        threads::begin(request["cell"].as_u64().unwrap_or_default());
        channel::begin();
        for name in request["forget"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            store.forget(name);
        }
        let done = run_cell(store, request["run"].as_str().unwrap_or_default());
        channel::send(&json!({ "done": done }));
    }
    // Destructors write what is buffered. The kernel does not wait for those that hang.
    interrupt::reset();
    store.clear();
    let _ = std::io::stdout().flush();
    std::process::exit(0)
}

/// Asks Linux to kill this process when the kernel dies: a cell that never ends would not notice it.
#[allow(unsafe_code)]
fn die_with_the_kernel() {
    // SAFETY: a system call that only sets an attribute of this process.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
    }
}

/// Takes the kernel's socket from standard input and replaces standard input with `/dev/null`, so that cells read an
/// empty input.
#[allow(unsafe_code)]
fn take_socket() -> Option<UnixStream> {
    // SAFETY: descriptor 0 is open, nothing has read from it yet, and the copy is owned by the result alone.
    unsafe {
        let socket = libc::fcntl(0, libc::F_DUPFD_CLOEXEC, 3);
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
        if socket < 0 || null < 0 || libc::dup2(null, 0) < 0 {
            return None;
        }
        libc::close(null);
        Some(UnixStream::from_raw_fd(socket))
    }
}

fn run_cell(store: &mut Store, library: &str) -> Value {
    let start = Instant::now();
    let cell = match load(library) {
        Ok(cell) => cell,
        Err(error) => {
            // The source is the linker's own message.
            let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
            return json!({ "status": "error", "message": format!("cannot load the cell: {reason}"), "variables": store.names() });
        }
    };
    let load_time = start.elapsed();
    store.retyped.clear();
    store.outcome = None;
    interrupt::reset();
    RUNNING.store(true, Ordering::SeqCst);
    cell(store);
    RUNNING.store(false, Ordering::SeqCst);
    let _ = std::io::stderr().flush();
    let outcome = store.outcome.take().unwrap_or(Outcome::Done);
    // What an interrupt has broken off fails with an error of its own.
    let outcome = if interrupt::is_requested() { Outcome::Interrupted } else { outcome };
    let mut done = outcome.to_json();
    done["retyped"] = json!(store.retyped);
    tell_variables(&mut done, store);
    done["load"] = json!(load_time.as_secs_f64());
    done["run"] = json!((start.elapsed() - load_time).as_secs_f64());
    done
}

/// Says which variables there are, and the columns of those that are DataFrames.
fn tell_variables(done: &mut Value, store: &Store) {
    done["variables"] = json!(store.names());
    #[cfg(feature = "polars")]
    {
        let columns = store.values().filter_map(|(name, value)| Some((name, crate::table::columns(value)?)));
        done["columns"] = columns.collect();
    }
}

/// Loads the library of a cell and returns its entry function.
///
/// Cells are never unloaded: variables may point into their code and constants. Later cells find the statics of this one
/// by their symbols. All other symbols a library takes from itself first: it is linked with `-Bsymbolic`.
#[allow(unsafe_code)]
fn load(library: &str) -> Result<fn(&mut Store), libloading::Error> {
    // SAFETY: the library was compiled by the kernel, with the same compiler and against this very crate; its symbol
    // has the type given here because the kernel writes its signature.
    unsafe {
        let library = ManuallyDrop::new(Library::open(Some(library), RTLD_NOW | RTLD_GLOBAL)?);
        Ok(*library.get::<fn(&mut Store)>("pfe_cell_run")?)
    }
}

fn install_panic_hook() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !threads::is_main() {
            return default(info);
        }
        let place = info.location().map(|location| format!("{}:{}", location.file(), location.line()));
        let frames = cell_frames();
        if let Ok(mut panic) = PANIC.lock() {
            *panic = Some(json!({ "place": place, "frames": frames }));
        }
    }));
}

/// Returns the stack frames that belong to cells: `[["function", "cell_3.rs:12"], …]`, innermost first.
///
/// Resolves only these frames: reading the symbols of `pfe_runtime` would take seconds.
#[allow(unsafe_code)]
fn cell_frames() -> Vec<[String; 2]> {
    // The cached list of libraries lacks the cells loaded since the last panic.
    backtrace::clear_symbol_cache();
    let mut frames = Vec::new();
    backtrace::trace(|frame| {
        // SAFETY: zeroed is a valid `Dl_info`, which `dladdr` fills with pointers to static data.
        let file = unsafe {
            let mut info: libc::Dl_info = std::mem::zeroed();
            let found = libc::dladdr(frame.ip(), &mut info) != 0 && !info.dli_fname.is_null();
            found.then(|| std::ffi::CStr::from_ptr(info.dli_fname).to_string_lossy().into_owned())
        };
        if file.is_some_and(|file| file.rsplit('/').next().is_some_and(|name| name.starts_with("cell_"))) {
            backtrace::resolve_frame(frame, |symbol| {
                let (Some(name), Some(file), Some(line)) = (symbol.name(), symbol.filename(), symbol.lineno()) else {
                    return;
                };
                let file = file.file_name().unwrap_or_default().to_string_lossy();
                if file.starts_with("cell_") {
                    frames.push([format!("{name:#}"), format!("{file}:{line}")]);
                }
            });
        }
        true
    });
    frames
}
