//! Outputs → kernel. Sends one JSON object per line over the socket that the kernel opened. Next: the kernel's `session`.
//!
//! Without a kernel, prints the plain text of an output to standard output instead.

use crate::interrupt::check;
use crate::show::{Bundle, Show};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

struct Socket {
    out: UnixStream,
    replies: BufReader<UnixStream>,
}

static SOCKET: OnceLock<Mutex<Socket>> = OnceLock::new();

pub(crate) fn connect(socket: UnixStream) -> std::io::Result<()> {
    let replies = BufReader::new(socket.try_clone()?);
    let _ = SOCKET.set(Mutex::new(Socket { out: socket, replies }));
    Ok(())
}

fn socket() -> Option<MutexGuard<'static, Socket>> {
    Some(SOCKET.get()?.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Socket {
    fn send(&mut self, message: &Value) -> Option<()> {
        let _ = std::io::stdout().flush();
        self.out.write_all(format!("{message}\n").as_bytes()).ok()
    }

    fn receive(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.replies.read_line(&mut line) {
            Ok(length) if length > 0 => serde_json::from_str(&line).ok(),
            _ => None,
        }
    }
}

/// Sends a message that needs no answer.
pub(crate) fn send(message: &Value) {
    if let Some(mut socket) = socket() {
        socket.send(message);
    }
}

/// Waits for the next message of the kernel. Returns `None` once the kernel has closed the socket.
pub(crate) fn receive() -> Option<Value> {
    socket()?.receive()
}

/// Sends a message and waits for the kernel's reply. Returns `None` without a kernel.
///
/// Printed text goes through a pipe, not through this socket: without the wait, later prints could overtake an output.
fn exchange(message: &Value) -> Option<Value> {
    let mut socket = socket()?;
    socket.send(message)?;
    socket.receive()
}

#[allow(clippy::print_stdout)]
fn emit(kind: &str, bundle: Bundle, id: Option<&str>) {
    if bundle.is_empty() {
        return;
    }
    let text = bundle.plain().to_owned();
    if exchange(&json!({ kind: { "data": bundle.into_data(), "id": id } })).is_none() {
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
    exchange(&json!({ "clear": wait }));
}

/// Asks the user for a line of text, as Jupyter's `input_request`.
///
/// # Panics
/// When the front end takes no input, as in a headless run.
pub fn input(prompt: &str) -> String {
    ask(prompt, false)
}

/// Like [`input`], but hides what the user types.
pub fn password(prompt: &str) -> String {
    ask(prompt, true)
}

fn ask(prompt: &str, password: bool) -> String {
    let reply = exchange(&json!({ "input": { "prompt": prompt, "password": password } }));
    check();
    match reply.and_then(|reply| Some(reply["input"].as_str()?.to_owned())) {
        Some(answer) => answer,
        None => panic!("`input({prompt:?})` has nobody to answer it: this front end takes no input"),
    }
}
