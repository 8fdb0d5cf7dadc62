//! Runs the code of a cell and reports its outcome: done, an error from `?`, a panic, or interrupted.

use crate::interrupt::{Interrupted, check};
use serde_json::{Value, json};
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};

/// Error type of a cell: `?` outside of functions converts any error into it.
pub struct CellError {
    message: String,
    hint: Option<String>,
}

impl<E: std::fmt::Display + 'static> From<E> for CellError {
    fn from(error: E) -> Self {
        CellError { message: error.to_string(), hint: hint(&error) }
    }
}

/// Returns what to do next, as an error of `pfe` knows it.
#[cfg(feature = "pfe")]
fn hint(error: &dyn Any) -> Option<String> {
    error.downcast_ref::<pfe::Error>().and_then(pfe::Error::hint).map(str::to_owned)
}

#[cfg(not(feature = "pfe"))]
fn hint(_: &dyn Any) -> Option<String> {
    None
}

/// Error type of a cell in which `?` meets errors that borrow, such as that of a lock: they cannot be asked for a hint.
pub struct PlainError(String);

impl<E: std::fmt::Display> From<E> for PlainError {
    fn from(error: E) -> Self {
        PlainError(error.to_string())
    }
}

impl From<PlainError> for CellError {
    fn from(PlainError(message): PlainError) -> Self {
        CellError { message, hint: None }
    }
}

/// How a cell ended.
pub enum Outcome {
    /// It ran to its end.
    Done,
    /// `?` met an error.
    Failed(CellError),
    /// It panicked.
    Panicked(String),
    /// It was interrupted.
    Interrupted,
}

/// Place and stack frames of the last panic of the cell thread, written by the panic hook.
pub(crate) static PANIC: Mutex<Option<Value>> = Mutex::new(None);

impl Outcome {
    pub(crate) fn to_json(&self) -> Value {
        match self {
            Outcome::Done => json!({ "status": "ok" }),
            Outcome::Failed(error) => json!({ "status": "error", "message": error.message, "hint": error.hint }),
            Outcome::Interrupted => json!({ "status": "interrupted" }),
            Outcome::Panicked(message) => {
                let seen = PANIC.lock().ok().and_then(|mut panic| panic.take());
                json!({ "status": "panic", "message": message, "panic": seen })
            }
        }
    }
}

/// Runs the code of a cell and catches its panics and interrupts.
pub fn run<E: Into<CellError>>(code: impl FnOnce() -> Result<(), E>) -> Outcome {
    // Keep generic code small: every cell recompiles it.
    let mut code = Some(code);
    run_once(&mut || code.take().map_or(Ok(()), |code| code().map_err(Into::into)))
}

fn run_once(code: &mut dyn FnMut() -> Result<(), CellError>) -> Outcome {
    let catching = begin_catching();
    let ended = catch_unwind(AssertUnwindSafe(code));
    if catching {
        end_catching();
    }
    match ended {
        Ok(Ok(())) => Outcome::Done,
        Ok(Err(error)) => Outcome::Failed(error),
        Err(payload) if payload.is::<Interrupted>() => Outcome::Interrupted,
        Err(payload) => match payload.downcast::<String>().map_or_else(|payload| text_of(&*payload), |text| *text) {
            text if text.contains("__POLARS_ABORT_KEYBOARD_INTERRUPT") => Outcome::Interrupted,
            text if text.contains("__POLARS_ABORT_OOC") => {
                Outcome::Panicked("no space is left on the disk for what polars puts aside".to_owned())
            }
            text => Outcome::Panicked(text),
        },
    }
}

/// A thread that catches what polars aborts, and how to end it.
#[cfg(feature = "polars")]
type Catcher = (std::sync::mpsc::Sender<()>, std::thread::JoinHandle<()>);
#[cfg(feature = "polars")]
static CATCHER: Mutex<Option<Catcher>> = Mutex::new(None);

/// Tells polars that an interrupt is caught, and returns true, if nobody has told it yet. polars forgets an interrupt when the
/// last call of its function returns. So it is called in a thread of its own: a cell that is left where it stands returns from
/// nothing.
#[cfg(feature = "polars")]
fn begin_catching() -> bool {
    let mut catcher = CATCHER.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if catcher.is_some() {
        return false;
    }
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let (ready, is_ready) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let _ = polars::error::abort::catch_polars_abort(AssertUnwindSafe(move || {
            drop(ready);
            let _ = ended.recv();
        }));
    });
    let _ = is_ready.recv();
    *catcher = Some((end, thread));
    true
}

/// Tells polars that the cell has ended: it forgets the interrupt.
#[cfg(feature = "polars")]
pub(crate) fn end_catching() {
    let catcher = CATCHER.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take();
    if let Some((end, thread)) = catcher {
        drop(end);
        let _ = thread.join();
    }
}

#[cfg(not(feature = "polars"))]
fn begin_catching() -> bool {
    false
}

#[cfg(not(feature = "polars"))]
pub(crate) fn end_catching() {}

/// Describes the payload of a panic that is no `String`.
fn text_of(payload: &(dyn Any + Send)) -> String {
    macro_rules! number {
        ($($type:ty),*) => { $(if let Some(value) = payload.downcast_ref::<$type>() { return format!("{value:?}"); })* };
    }
    number!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, bool, char);
    payload.downcast_ref::<&str>().map_or_else(|| "a value that is not text".to_owned(), ToString::to_string)
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The tokio runtime of all cells: its threads serve timers and sockets, and tasks that outlive their cell.
fn runtime() -> Option<&'static tokio::runtime::Runtime> {
    static RUNTIME: OnceLock<Option<tokio::runtime::Runtime>> = OnceLock::new();
    let start = || tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().ok();
    RUNTIME.get_or_init(start).as_ref()
}

/// Runs a future to its end on the current thread; wraps cells that use `.await`. Checks for interrupts while it waits.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let _context = runtime().map(tokio::runtime::Runtime::enter);
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        std::thread::park_timeout(std::time::Duration::from_millis(20));
        check();
    }
}
