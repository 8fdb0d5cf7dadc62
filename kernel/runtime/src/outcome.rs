//! Runs the code of a cell and reports its outcome: done, an error from `?`, a panic, or interrupted.

use crate::interrupt::{Interrupted, check};
use polars::error::abort::catch_polars_abort;
use serde_json::{Value, json};
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// Error type of a cell: `?` outside of functions converts any error into it.
pub struct CellError {
    message: String,
    hint: Option<String>,
}

impl<E: std::fmt::Display + 'static> From<E> for CellError {
    fn from(error: E) -> Self {
        let hint = (&error as &dyn Any).downcast_ref::<pfe::Error>().and_then(pfe::Error::hint).map(str::to_owned);
        CellError { message: error.to_string(), hint }
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
pub fn run(code: impl FnOnce() -> Result<(), CellError>) -> Outcome {
    // Keep generic code small: every cell recompiles it.
    let mut code = Some(code);
    run_once(&mut || code.take().map_or(Ok(()), |code| code()))
}

fn run_once(code: &mut dyn FnMut() -> Result<(), CellError>) -> Outcome {
    match catch_unwind(AssertUnwindSafe(|| catch_polars_abort(AssertUnwindSafe(code)))) {
        Ok(Ok(Ok(()))) => Outcome::Done,
        Ok(Ok(Err(error))) => Outcome::Failed(error),
        Ok(Err(_)) => Outcome::Interrupted,
        Err(payload) if payload.is::<Interrupted>() => Outcome::Interrupted,
        Err(payload) => Outcome::Panicked(match payload.downcast::<String>() {
            Ok(message) => *message,
            Err(payload) => payload.downcast_ref::<&str>().unwrap_or(&"a value that is not text").to_string(),
        }),
    }
}

struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future to its end on the current thread; wraps cells that use `.await`. Checks for interrupts while it waits.
pub fn block_on<F: Future>(future: F) -> F::Output {
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
