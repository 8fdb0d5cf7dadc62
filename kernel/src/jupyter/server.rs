//! Serves Jupyter's messaging protocol 5.4 over ZeroMQ, on top of a session.
//!
//! Each socket has its own task. One thread runs the cells in the order of their requests. Completion and inspection
//! use other threads, so that they answer while a cell runs.

mod executor;
mod history;
mod wire;

use crate::analysis::Analysis;
use crate::cell::{Completeness, completeness};
use crate::error::{Error, Result};
use crate::session::Session;
use executor::executor;
use history::History;
use jupyter_protocol::ConnectionInfo;
use jupyter_zmq_client::{
    SubscriptionEvent, create_kernel_control_connection, create_kernel_heartbeat_connection,
    create_kernel_iopub_xpub_connection, create_kernel_shell_connection, create_kernel_stdin_connection,
};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use wire::{Request, message, read};
use zeromq::{SocketRecv, SocketSend};

/// State shared by the tasks and threads of the kernel.
#[derive(Clone)]
pub(crate) struct Kernel {
    iopub: UnboundedSender<jupyter_protocol::JupyterMessage>,
    shell: UnboundedSender<jupyter_protocol::JupyterMessage>,
    control: UnboundedSender<jupyter_protocol::JupyterMessage>,
    stdin: UnboundedSender<jupyter_protocol::JupyterMessage>,
    history: Arc<Mutex<History>>,
    analysis: Analysis,
}

impl Kernel {
    pub(crate) fn publish(&self, kind: &str, content: Value, parent: &Request) {
        let _ = self.iopub.send(message(kind, content, Some(parent), false));
    }

    fn status(&self, state: &str, parent: &Request) {
        self.publish("status", json!({ "execution_state": state }), parent);
    }

    fn history(&self) -> std::sync::MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the connection until a `shutdown_request`, a SIGTERM, or the end of the Jupyter server.
pub fn serve(connection_file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(connection_file).map_err(Error::io("read", connection_file))?;
    let connection: ConnectionInfo = serde_json::from_str(&text).map_err(|error| {
        Error::message(format!("`{}` is not a connection file: {error}", connection_file.display()))
            .hint("Jupyter writes it and starts this program by itself")
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Error::io("start", "tokio"))?;
    let result = runtime.block_on(run(connection));
    runtime.shutdown_timeout(std::time::Duration::from_millis(100));
    result
}

fn zmq(error: impl std::fmt::Display) -> Error {
    Error::message(format!("cannot open a socket: {error}"))
}

async fn run(connection: ConnectionInfo) -> Result<()> {
    let id = uuid::Uuid::new_v4().to_string();
    let heartbeat = create_kernel_heartbeat_connection(&connection).await.map_err(zmq)?;
    let iopub = create_kernel_iopub_xpub_connection(&connection, &id).await.map_err(zmq)?;
    let shell = create_kernel_shell_connection(&connection, &id).await.map_err(zmq)?;
    let control = create_kernel_control_connection(&connection, &id).await.map_err(zmq)?;
    let stdin = create_kernel_stdin_connection(&connection, &id).await.map_err(zmq)?;

    let (iopub_sender, iopub_queue) = unbounded_channel();
    let (shell_sender, shell_queue) = unbounded_channel();
    let (control_sender, control_queue) = unbounded_channel();
    let (stdin_sender, stdin_queue) = unbounded_channel();
    let kernel = Kernel {
        iopub: iopub_sender,
        shell: shell_sender,
        control: control_sender,
        stdin: stdin_sender,
        history: Arc::new(Mutex::new(History::open())),
        analysis: Analysis::default(),
    };

    tokio::spawn(beat(heartbeat.socket));
    let publisher = tokio::spawn(publish(iopub, iopub_queue));
    let (shell_out, mut shell_in) = shell.split();
    let (control_out, mut control_in) = control.split();
    let (stdin_out, mut stdin_in) = stdin.split();
    tokio::spawn(send(shell_out, shell_queue));
    let control_writer = tokio::spawn(send(control_out, control_queue));
    tokio::spawn(send(stdin_out, stdin_queue));

    let (jobs, job_queue) = mpsc::channel();
    let (answers, answer_queue) = mpsc::channel();
    let (stopper_sender, stopper_queue) = mpsc::channel();
    let of_executor = kernel.clone();
    std::thread::Builder::new()
        .name("executor".to_owned())
        .spawn(move || {
            let session = Session::start();
            let _ = stopper_sender.send(session.as_ref().ok().map(Session::stopper));
            executor(&of_executor, session, &job_queue, &answer_queue);
        })
        .map_err(Error::io("start", "a thread"))?;
    let stopper = Arc::new(std::sync::OnceLock::new());
    let of_stopper = stopper.clone();
    std::thread::spawn(move || {
        if let Ok(Some(found)) = stopper_queue.recv() {
            let _ = of_stopper.set(found);
        }
    });

    let of_answers = answers.clone();
    tokio::spawn(async move {
        while let Some(reply) = read(&mut stdin_in).await {
            let _ = of_answers.send(reply.content["value"].as_str().map(str::to_owned));
        }
    });
    let of_shell = kernel.clone();
    tokio::spawn(async move {
        while let Some(request) = read(&mut shell_in).await {
            on_shell(&of_shell, request, &jobs);
        }
    });
    let (control_requests, mut control_queue) = unbounded_channel();
    tokio::spawn(async move {
        while let Some(request) = read(&mut control_in).await {
            let _ = control_requests.send(request);
        }
    });
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(Error::io("watch", "signals"))?;
    // Ignores SIGINT: interrupts arrive as messages. Ctrl-C in the server's terminal signals the whole process group.
    let mut _interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
        .map_err(Error::io("watch", "signals"))?;
    loop {
        let request = tokio::select! {
            request = control_queue.recv() => request,
            _ = terminate.recv() => None,
            _ = orphaned() => None,
        };
        let Some(request) = request else { break };
        kernel.status("busy", &request);
        match request.kind.as_str() {
            "kernel_info_request" => {
                let _ = kernel.control.send(message("kernel_info_reply", kernel_info(), Some(&request), true));
            }
            "interrupt_request" => {
                if let Some(stopper) = stopper.get() {
                    stopper.interrupt();
                }
                // Wakes a cell that waits for input; its `input` then stops.
                let _ = answers.send(None);
                let _ =
                    kernel.control.send(message("interrupt_reply", json!({ "status": "ok" }), Some(&request), true));
            }
            "shutdown_request" => {
                let content =
                    json!({ "status": "ok", "restart": request.content["restart"].as_bool().unwrap_or(false) });
                kernel.publish("shutdown_reply", content.clone(), &request);
                let _ = kernel.control.send(message("shutdown_reply", content, Some(&request), true));
                kernel.status("idle", &request);
                break;
            }
            _ => {}
        }
        kernel.status("idle", &request);
    }
    kernel.analysis.shut_down();
    if let Some(stopper) = stopper.get() {
        stopper.shut_down();
    }
    // The sockets queue outgoing messages: gives them time to send these.
    drop(kernel);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    control_writer.abort();
    publisher.abort();
    Ok(())
}

/// Resolves when the Jupyter server that started this kernel has exited.
async fn orphaned() {
    let parent = std::env::var("JPY_PARENT_PID").ok();
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let gone = parent.as_ref().is_some_and(|pid| !Path::new(&format!("/proc/{pid}")).exists());
        if gone {
            return;
        }
    }
}

async fn beat(mut socket: zeromq::RepSocket) {
    while let Ok(beat) = socket.recv().await {
        if socket.send(beat).await.is_err() {
            break;
        }
    }
}

async fn publish(
    mut iopub: jupyter_zmq_client::KernelIoPubXPubConnection,
    mut queue: UnboundedReceiver<jupyter_protocol::JupyterMessage>,
) {
    loop {
        tokio::select! {
            message = queue.recv() => match message {
                Some(message) => { let _ = iopub.send(message).await; }
                None => break,
            },
            event = iopub.recv_subscription() => if let Ok(SubscriptionEvent::Subscribe(topic)) = event {
                let _ = iopub.send(message("iopub_welcome", json!({ "subscription": topic }), None, false)).await;
            },
        }
    }
}

async fn send<S: SocketSend>(
    mut connection: jupyter_zmq_client::Connection<S>,
    mut queue: UnboundedReceiver<jupyter_protocol::JupyterMessage>,
) {
    while let Some(message) = queue.recv().await {
        let _ = connection.send(message).await;
    }
}

fn on_shell(kernel: &Kernel, request: Request, jobs: &mpsc::Sender<Request>) {
    match request.kind.as_str() {
        "execute_request" => {
            let _ = jobs.send(request);
            return;
        }
        // These wait for rust-analyzer, so they run on a blocking thread.
        "complete_request" | "inspect_request" => {
            let kernel = kernel.clone();
            tokio::task::spawn_blocking(move || {
                kernel.status("busy", &request);
                let code = request.content["code"].as_str().unwrap_or_default();
                let cursor = request.content["cursor_pos"].as_u64().unwrap_or(0) as usize;
                let (kind, content) = if request.kind == "complete_request" {
                    ("complete_reply", complete(&kernel.analysis, code, cursor))
                } else {
                    ("inspect_reply", inspect(&kernel.analysis, code, cursor))
                };
                let _ = kernel.shell.send(message(kind, content, Some(&request), true));
                kernel.status("idle", &request);
            });
            return;
        }
        _ => {}
    }
    kernel.status("busy", &request);
    let content = match request.kind.as_str() {
        "kernel_info_request" => Some(kernel_info()),
        "is_complete_request" => Some(is_complete(request.content["code"].as_str().unwrap_or_default())),
        "history_request" => Some(kernel.history().answer(&request.content)),
        // There are no widgets: closes every comm that a front end opens, so that it does not wait.
        "comm_info_request" => Some(json!({ "status": "ok", "comms": {} })),
        "comm_open" => {
            kernel.publish("comm_close", json!({ "comm_id": request.content["comm_id"], "data": {} }), &request);
            None
        }
        "shutdown_request" => None,
        _ => None,
    };
    if let Some(content) = content {
        let kind = request.kind.replace("_request", "_reply");
        let _ = kernel.shell.send(message(&kind, content, Some(&request), true));
    }
    kernel.status("idle", &request);
}

fn kernel_info() -> Value {
    json!({
        "status": "ok",
        "protocol_version": "5.4",
        "implementation": "pfe-kernel",
        "implementation_version": env!("CARGO_PKG_VERSION"),
        "language_info": {
            "name": "rust",
            "version": "1.95",
            "mimetype": "text/x-rust",
            "file_extension": ".rs",
            "pygments_lexer": "rust",
            "codemirror_mode": "rust",
        },
        "banner": "Rust for the analysis of marketplace orders. `:help` lists commands.",
        "help_links": [
            { "text": "polars", "url": "https://docs.rs/polars" },
            { "text": "The Rust standard library", "url": "https://doc.rust-lang.org/std/" },
        ],
        "supported_features": [],
        "debugger": false,
    })
}

fn is_complete(code: &str) -> Value {
    match completeness(code) {
        Completeness::Complete => json!({ "status": "complete" }),
        Completeness::Invalid => json!({ "status": "invalid" }),
        Completeness::Incomplete(indent) => json!({ "status": "incomplete", "indent": " ".repeat(indent) }),
    }
}

/// Converts a cursor position from characters (Jupyter) to bytes (Rust).
fn byte_of(code: &str, character: usize) -> usize {
    code.char_indices().nth(character).map_or(code.len(), |(at, _)| at)
}

fn complete(analysis: &Analysis, code: &str, cursor: usize) -> Value {
    let found = analysis.complete(code, byte_of(code, cursor));
    let character = |byte: usize| code[..byte].chars().count();
    let types: Vec<Value> = found
        .matches
        .iter()
        .map(|it| json!({ "text": it.text, "type": it.kind, "start": character(found.range.start), "end": character(found.range.end) }))
        .collect();
    json!({
        "status": "ok",
        "matches": found.matches.iter().map(|it| &it.text).collect::<Vec<_>>(),
        "cursor_start": character(found.range.start),
        "cursor_end": character(found.range.end),
        "metadata": { "_jupyter_types_experimental": types },
    })
}

fn inspect(analysis: &Analysis, code: &str, cursor: usize) -> Value {
    match analysis.inspect(code, byte_of(code, cursor)) {
        Some((plain, html)) => {
            json!({ "status": "ok", "found": true, "data": { "text/plain": plain, "text/html": html }, "metadata": {} })
        }
        None => json!({ "status": "ok", "found": false, "data": {}, "metadata": {} }),
    }
}
