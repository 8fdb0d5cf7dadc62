//! Answers the requests of the shell channel, except those that run cells: `executor` does.

use super::kernel::Kernel;
use super::wire::{Request, message};
use crate::completion::Completer;
use crate::parse::{Completeness, completeness};
use serde_json::{Value, json};
use std::sync::mpsc;

/// Answers a request. Passes those that run cells on to the executor, through `jobs`.
pub(super) fn on_shell(kernel: &Kernel, request: Request, jobs: &mpsc::Sender<Request>) {
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
                    ("complete_reply", complete(&kernel.completer, code, cursor))
                } else {
                    let detailed = request.content["detail_level"].as_u64().unwrap_or(0) > 0;
                    ("inspect_reply", inspect(&kernel.completer, code, cursor, detailed))
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
        "comm_open" | "comm_msg" => {
            kernel.publish("comm_close", json!({ "comm_id": request.content["comm_id"], "data": {} }), &request);
            None
        }
        // The protocol of before 5.0, which some clients still speak.
        "shutdown_request" => {
            kernel.ended.notify_one();
            Some(json!({ "status": "ok", "restart": request.content["restart"].as_bool().unwrap_or(false) }))
        }
        kind => other_reply(kernel, kind, &request.content).map(|(_, content)| content),
    };
    if let Some(content) = content {
        let kind = request.kind.replace("_request", "_reply");
        let _ = kernel.shell.send(message(&kind, content, Some(&request), true));
    }
    kernel.status("idle", &request);
}

/// Answers requests that either channel may bring. What this kernel cannot do is refused, so that no client waits. Returns
/// `None` for what is no request.
pub(super) fn other_reply(kernel: &Kernel, kind: &str, content: &Value) -> Option<(String, Value)> {
    let refused = |what: &str| json!({ "status": "error", "ename": "NotSupported", "evalue": what, "traceback": [] });
    let content = match kind {
        "connect_request" => {
            let mut ports = kernel.ports.clone();
            ports["status"] = json!("ok");
            ports
        }
        // A response of the Debug Adapter Protocol.
        "debug_request" => json!({
            "type": "response", "seq": 0, "request_seq": content["seq"], "command": content["command"], "success": false,
            "message": "this kernel has no debugger",
        }),
        "create_subshell_request" | "delete_subshell_request" => refused("this kernel has no subshells"),
        _ if kind.ends_with("_request") => refused(&format!("this kernel does not know `{kind}`")),
        _ => return None,
    };
    Some((kind.replace("_request", "_reply"), content))
}

pub(super) fn kernel_info() -> Value {
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

fn complete(completer: &Completer, code: &str, cursor: usize) -> Value {
    let found = completer.complete(code, byte_of(code, cursor));
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

/// Inspects the name at the cursor. `detailed` adds the source of what the session has defined.
fn inspect(completer: &Completer, code: &str, cursor: usize, detailed: bool) -> Value {
    let source = if detailed { completer.source(code, byte_of(code, cursor)) } else { None };
    let mut found = completer.inspect(code, byte_of(code, cursor));
    if let Some(source) = source {
        let (plain, html) = found.unwrap_or_default();
        let shown = source.replace('&', "&amp;").replace('<', "&lt;");
        found = Some((format!("{plain}\n\n{source}").trim().to_owned(), format!("{html}<pre>{shown}</pre>")));
    }
    match found {
        Some((plain, html)) => {
            json!({ "status": "ok", "found": true, "data": { "text/plain": plain, "text/html": html }, "metadata": {} })
        }
        None => json!({ "status": "ok", "found": false, "data": {}, "metadata": {} }),
    }
}
