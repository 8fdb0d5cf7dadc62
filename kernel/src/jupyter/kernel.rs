//! What the tasks and threads of the kernel share: the ways to its sockets, its history, its completer.

use super::history::History;
use super::wire::{Request, message};
use crate::completion::Completer;
use jupyter_protocol::JupyterMessage;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedSender;

/// State shared by the tasks and threads of the kernel.
#[derive(Clone)]
pub(super) struct Kernel {
    pub iopub: UnboundedSender<JupyterMessage>,
    pub shell: UnboundedSender<JupyterMessage>,
    pub control: UnboundedSender<JupyterMessage>,
    pub stdin: UnboundedSender<JupyterMessage>,
    pub history: Arc<Mutex<History>>,
    pub completer: Completer,
    /// What a `connect_reply` says: the ports.
    pub ports: Value,
    /// Wakes the task that ends the kernel.
    pub ended: Arc<Notify>,
    /// Warnings about the connection, for the first cell.
    pub warnings: Arc<Mutex<Vec<String>>>,
}

impl Kernel {
    pub fn publish(&self, kind: &str, content: Value, parent: &Request) {
        let _ = self.iopub.send(message(kind, content, Some(parent), false));
    }

    pub fn status(&self, state: &str, parent: &Request) {
        self.publish("status", json!({ "execution_state": state }), parent);
    }

    pub fn history(&self) -> std::sync::MutexGuard<'_, History> {
        self.history.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
