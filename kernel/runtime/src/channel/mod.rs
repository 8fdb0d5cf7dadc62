//! Outputs → kernel. Sends one JSON object per line over the socket that the kernel opened. Next: the kernel's
//! `session`.
//!
//! Without a kernel, prints the plain text of an output to standard output instead.

#[cfg(target_os = "linux")]
mod printed;

use crate::interrupt::{Busy, check};
use crate::show::{Bundle, Show};
use crate::threads::{cell, is_main};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

/// Where messages go, and where the kernel's come from. Apart, so that other threads send while one waits.
static OUT: OnceLock<Mutex<UnixStream>> = OnceLock::new();
static REPLIES: OnceLock<Mutex<BufReader<UnixStream>>> = OnceLock::new();

/// Most bytes of text per cell that go to the kernel, which says so in its place: it shows a little less.
const MAX_PRINTED: usize = 9 << 20;
static PRINTED: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn connect(socket: UnixStream) -> std::io::Result<()> {
    let _ = REPLIES.set(Mutex::new(BufReader::new(socket.try_clone()?)));
    let _ = OUT.set(Mutex::new(socket));
    #[cfg(target_os = "linux")]
    printed::begin();
    Ok(())
}

fn lock<T>(mutex: &'static OnceLock<Mutex<T>>) -> Option<MutexGuard<'static, T>> {
    Some(mutex.get()?.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Counts what the cells print from zero, for a new cell.
pub(crate) fn begin() {
    PRINTED.store(0, Ordering::Relaxed);
}

/// Sends a message that needs no answer.
pub(crate) fn send(message: &Value) -> Option<()> {
    let _busy = Busy::new();
    let _ = std::io::stdout().flush();
    lock(&OUT)?.write_all(format!("{message}\n").as_bytes()).ok()
}

/// Sends printed text. Returns false without a kernel.
fn print(stderr: bool, bytes: &[u8]) -> bool {
    if PRINTED.fetch_add(bytes.len(), Ordering::Relaxed) > MAX_PRINTED {
        return OUT.get().is_some();
    }
    let _busy = Busy::new();
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!(bytes),
    };
    let line = format!("{}\n", json!({ "print": text, "stderr": stderr, "cell": cell() }));
    lock(&OUT).is_some_and(|mut out| out.write_all(line.as_bytes()).is_ok())
}

/// Waits for the next message of the kernel. Returns `None` once the kernel has closed the socket.
pub(crate) fn receive() -> Option<Value> {
    let _busy = Busy::new();
    let mut line = String::new();
    match lock(&REPLIES)?.read_line(&mut line) {
        Ok(length) if length > 0 => serde_json::from_str(&line).ok(),
        _ => None,
    }
}

/// Sends an output, with its cell. Returns `None` without a kernel.
///
/// The cell's own thread waits for the kernel's word: what programs that it starts print goes through a pipe and could
/// overtake the output. Other threads do not wait: the kernel's next message may be the next cell.
fn output(mut message: Value) -> Option<Value> {
    message["cell"] = json!(cell());
    message["waits"] = json!(is_main());
    send(&message)?;
    if is_main() { receive() } else { Some(Value::Null) }
}

#[allow(clippy::print_stdout)]
fn emit(kind: &str, bundle: Bundle, id: Option<&str>) {
    if bundle.is_empty() {
        return;
    }
    let text = bundle.plain().to_owned();
    if output(json!({ kind: { "data": bundle.into_data(), "id": id } })).is_none() {
        println!("{text}");
    }
}

/// Sends the value of a cell's last expression as its `execute_result`.
pub fn result(bundle: Bundle) {
    emit("result", bundle, None);
}

/// Handle of a displayed value; [`Display::update`] replaces that value.
#[derive(Clone, Debug)]
pub struct Display(String);

impl Display {
    /// Shows another value in place of the current one.
    pub fn update(&self, value: &(impl Show + ?Sized)) {
        update_display(&self.0, value);
    }
}

/// Displays a value at once, from anywhere in a cell.
pub fn display(value: impl Show) -> Display {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = format!("pfe-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    emit("display", value.show(), Some(&id));
    Display(id)
}

/// Replaces the value that [`display`] showed under `id`.
pub fn update_display(id: &str, value: &(impl Show + ?Sized)) {
    emit("update", value.show(), Some(id));
}

/// Clears the outputs of the cell. With `wait`, clears them only when the next output arrives, which avoids flicker.
pub fn clear_output(wait: bool) {
    output(json!({ "clear": wait }));
}

/// Asks the user for a line of text, as Jupyter's `input_request`.
///
/// # Panics
/// When the front end takes no input, as in a headless run, and in a thread that is not the cell's own.
pub fn input(prompt: &str) -> String {
    ask(prompt, false)
}

/// Like [`input`], but hides what the user types.
pub fn password(prompt: &str) -> String {
    ask(prompt, true)
}

fn ask(prompt: &str, password: bool) -> String {
    assert!(is_main(), "`input({prompt:?})` works in the cell's own thread alone");
    let reply = output(json!({ "input": { "prompt": prompt, "password": password } }));
    check();
    match reply.and_then(|reply| Some(reply["input"].as_str()?.to_owned())) {
        Some(answer) => answer,
        None => panic!("`input({prompt:?})` has nobody to answer it: this front end takes no input"),
    }
}
