//! Answers the requests of the control channel, also while a cell runs.

use super::kernel::Kernel;
use super::shell::{kernel_info, other_reply};
use super::wire::{Request, message};
use crate::session::Stopper;
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::sync::mpsc::Sender;

/// Answers a request. Breaks if the kernel is to shut down. `stopper` is there once the session has started; `answers`
/// leads to a cell that waits for input.
pub(super) fn on_control(
    kernel: &Kernel,
    request: &Request,
    stopper: Option<&Stopper>,
    answers: &Sender<Option<String>>,
) -> ControlFlow<()> {
    kernel.status("busy", request);
    let reply = |kind: &str, content: Value| {
        let _ = kernel.control.send(message(kind, content, Some(request), true));
    };
    let mut flow = ControlFlow::Continue(());
    match request.kind.as_str() {
        "kernel_info_request" => reply("kernel_info_reply", kernel_info()),
        "interrupt_request" => {
            if let Some(stopper) = stopper {
                stopper.interrupt();
            }
            // Wakes a cell that waits for input; its `input` then stops.
            let _ = answers.send(None);
            reply("interrupt_reply", json!({ "status": "ok" }));
        }
        "shutdown_request" => {
            let restart = request.content["restart"].as_bool().unwrap_or(false);
            let content = json!({ "status": "ok", "restart": restart });
            kernel.publish("shutdown_reply", content.clone(), request);
            reply("shutdown_reply", content);
            flow = ControlFlow::Break(());
        }
        // Cells run one after another: there are no subshells to run some beside others.
        "list_subshell_request" => reply("list_subshell_reply", json!({ "status": "ok", "subshell_id": [] })),
        kind => {
            if let Some((kind, content)) = other_reply(kernel, kind, &request.content) {
                reply(&kind, content);
            }
        }
    }
    kernel.status("idle", request);
    flow
}
