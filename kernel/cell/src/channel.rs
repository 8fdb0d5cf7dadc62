//! Outputs → kernel: one JSON object a line, over the socket the kernel has opened. Next: the kernel's `child`.
//!
//! Without a kernel (a notebook exported as a program) the plain text twin goes to standard output.

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

/// The next message of the kernel; none when it has gone.
pub(crate) fn receive() -> Option<Value> {
    socket()?.receive()
}

/// Sends a message and waits until the kernel has dealt with it. Printed text takes another way: without waiting, what
/// the cell prints next could overtake what it has displayed. None without a kernel.
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

/// Shows the value of the last expression of a cell.
pub fn result(bundle: Bundle) {
    emit("result", bundle, None);
}

/// A shown value that can be replaced.
#[derive(Clone, Debug)]
pub struct Display(String);

impl Display {
    /// Shows another value in the same place.
    pub fn update(&self, value: &(impl Show + ?Sized)) {
        update_display(&self.0, value);
    }
}

/// Shows a value now, from anywhere in a cell.
pub fn display(value: impl Show) -> Display {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let id = format!("pfe-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    emit("display", value.show(), Some(&id));
    Display(id)
}

/// Replaces what [`display`] has shown under `id`.
pub fn update_display(id: &str, value: &(impl Show + ?Sized)) {
    emit("update", value.show(), Some(id));
}

/// Removes the outputs of the cell; with `wait`, only when the next one comes, so that nothing flickers.
pub fn clear_output(wait: bool) {
    exchange(&json!({ "clear": wait }));
}

/// Asks the reader of the notebook for a line.
///
/// # Panics
/// When nobody can answer, as in a headless run.
pub fn input(prompt: &str) -> String {
    ask(prompt, false)
}

/// Like [`input`], without showing what is typed.
pub fn password(prompt: &str) -> String {
    ask(prompt, true)
}

fn ask(prompt: &str, password: bool) -> String {
    let reply = exchange(&json!({ "input": { "prompt": prompt, "password": password } }));
    crate::interrupt::check();
    match reply.and_then(|reply| Some(reply["input"].as_str()?.to_owned())) {
        Some(answer) => answer,
        None => panic!("`input({prompt:?})` has nobody to answer it: this front end takes no input"),
    }
}
