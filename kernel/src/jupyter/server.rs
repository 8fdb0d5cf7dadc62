//! Serves Jupyter's messaging protocol 5.4 over ZeroMQ: sockets and tasks, from start to shutdown.

use super::control::on_control;
use super::executor::executor;
use super::history::History;
use super::kernel::Kernel;
use super::shell::on_shell;
use super::wire::{message, read};
use crate::completion::Completer;
use crate::error::{Error, Result};
use crate::session::Session;
use jupyter_protocol::ConnectionInfo;
use jupyter_zmq_client::{
    SubscriptionEvent, create_kernel_control_connection, create_kernel_heartbeat_connection,
    create_kernel_iopub_xpub_connection, create_kernel_shell_connection, create_kernel_stdin_connection,
};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use zeromq::{SocketRecv, SocketSend};

/// Serves the connection until a `shutdown_request`, a SIGTERM, or the end of the Jupyter server.
pub fn serve(connection_file: &Path) -> Result<()> {
    let text = std::fs::read_to_string(connection_file).map_err(Error::io("read", connection_file))?;
    let connection: ConnectionInfo = serde_json::from_str(&text).map_err(|error| {
        Error::message(format!("`{}` is not a connection file: {error}", connection_file.display()))
            .hint("Jupyter writes it and starts this program by itself")
    })?;
    let warnings = connection_warnings(connection_file, &connection);
    for warning in &warnings {
        log(warning);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(Error::io("start", "tokio"))?;
    let result = runtime.block_on(run(connection, warnings));
    runtime.shutdown_timeout(std::time::Duration::from_millis(100));
    result
}

/// Returns what makes the connection unsafe: who can read the key, or needs none, can run code here.
fn connection_warnings(file: &Path, connection: &ConnectionInfo) -> Vec<String> {
    let mut warnings = Vec::new();
    if connection.key.is_empty() {
        warnings.push("the connection has an empty key: messages are not signed, and whoever reaches its ports can run code as you\nhint: Jupyter writes a key unless `Session.key` is set to an empty one".to_owned());
    }
    if let Ok(meta) = file.metadata()
        && meta.permissions().mode() & 0o077 != 0
    {
        warnings.push(format!(
            "other users can read or write the connection file `{}`: with its key they can run code as you\nhint: `chmod 600` it, and start the kernel anew",
            file.display()
        ));
    }
    warnings
}

/// Writes a warning to the log of the Jupyter server.
#[allow(clippy::print_stderr)]
fn log(warning: &str) {
    eprintln!("pfe-kernel: warning: {warning}");
}

fn zmq(error: impl std::fmt::Display) -> Error {
    Error::message(format!("cannot open a socket: {error}"))
}

async fn run(connection: ConnectionInfo, warnings: Vec<String>) -> Result<()> {
    // The sockets, and what is to be sent through them.
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
        completer: Completer::default(),
        ports: json!({
            "shell_port": connection.shell_port, "iopub_port": connection.iopub_port, "stdin_port": connection.stdin_port,
            "control_port": connection.control_port, "hb_port": connection.hb_port,
        }),
        ended: Arc::default(),
        warnings: Arc::new(Mutex::new(warnings)),
    };
    let _ = kernel.iopub.send(message("status", json!({ "execution_state": "starting" }), None, false));

    tokio::spawn(beat(heartbeat.socket));
    let publisher = tokio::spawn(publish(iopub, iopub_queue));
    let (shell_out, mut shell_in) = shell.split();
    let (control_out, mut control_in) = control.split();
    let (stdin_out, mut stdin_in) = stdin.split();
    tokio::spawn(send(shell_out, shell_queue));
    let control_writer = tokio::spawn(send(control_out, control_queue));
    tokio::spawn(send(stdin_out, stdin_queue));

    // The thread that runs cells. Another waits until the session has started: the control channel needs its stopper.
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

    // One task for each socket that clients write to.
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

    // The control channel answers until the end.
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        .map_err(Error::io("watch", "signals"))?;
    // Ignores SIGINT: interrupts arrive as messages. Ctrl-C in the server's terminal signals the whole process group.
    let mut _interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())
        .map_err(Error::io("watch", "signals"))?;
    loop {
        let request = tokio::select! {
            request = control_queue.recv() => request,
            _ = terminate.recv() => None,
            _ = kernel.ended.notified() => None,
            _ = orphaned() => None,
        };
        let Some(request) = request else { break };
        if on_control(&kernel, &request, stopper.get(), &answers).is_break() {
            break;
        }
    }

    kernel.completer.shut_down();
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
