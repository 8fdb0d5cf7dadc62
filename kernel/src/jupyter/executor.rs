//! Handles `execute_request`s one after another. This thread alone uses the session.

use super::kernel::Kernel;
use super::wire::{Request, message};
use crate::error::Result;
use crate::session::{Event, Failure, Session, Watcher, note};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

/// Publishes the outputs of a cell on the IOPub channel.
struct Publisher<'a> {
    kernel: &'a Kernel,
    request: &'a Request,
    count: usize,
    silent: bool,
    answers: &'a Receiver<Option<String>>,
    earlier: &'a Earlier,
    /// Plain text of the `execute_result`, for the history.
    result: Option<String>,
    /// Payloads for the front end's pager, sent with the `execute_reply`.
    pages: Vec<Value>,
}

/// Returns the message of an output of the cell with execution count `count`.
fn output(event: Event, count: usize) -> (&'static str, Value) {
    match event {
        Event::Stream { stderr, text } => {
            ("stream", json!({ "name": if stderr { "stderr" } else { "stdout" }, "text": text }))
        }
        Event::Page { text } => ("stream", json!({ "name": "stdout", "text": text })),
        Event::Result { data } => ("execute_result", json!({ "execution_count": count, "data": data, "metadata": {} })),
        Event::Display { data, id } => {
            ("display_data", json!({ "data": data, "metadata": {}, "transient": { "display_id": id } }))
        }
        Event::Update { data, id } => {
            ("update_display_data", json!({ "data": data, "metadata": {}, "transient": { "display_id": id } }))
        }
        Event::Clear { wait } => ("clear_output", json!({ "wait": wait })),
    }
}

/// The requests of earlier cells by their runs: what their threads put out later belongs to them.
#[derive(Default)]
struct Earlier(BTreeMap<usize, (Request, usize)>);

impl Earlier {
    fn publish(&self, kernel: &Kernel, run: usize, event: Event) {
        if let Some((request, count)) = self.0.get(&run) {
            let (kind, content) = output(event, *count);
            kernel.publish(kind, content, request);
        }
    }
}

/// Publishes outputs while no cell runs.
struct Idle<'a> {
    kernel: &'a Kernel,
    earlier: &'a Earlier,
}

impl Watcher for Idle<'_> {
    fn event(&mut self, event: Event) {
        // Of a program that a cell has started: nothing says of which.
        if let Some(last) = self.earlier.0.keys().next_back() {
            self.earlier.publish(self.kernel, *last, event);
        }
    }

    fn late(&mut self, run: usize, event: Event) {
        self.earlier.publish(self.kernel, run, event);
    }

    fn input(&mut self, _: &str, _: bool) -> Option<String> {
        None
    }
}

/// How often the outputs of earlier cells are looked for while no cell runs.
const IDLE: Duration = Duration::from_millis(50);

impl Watcher for Publisher<'_> {
    fn event(&mut self, event: Event) {
        if let Event::Result { data } = &event {
            self.result = data["text/plain"].as_str().map(str::to_owned);
        }
        if let Event::Page { text } = event {
            self.pages.push(json!({ "source": "page", "start": 0, "data": { "text/plain": text } }));
        } else if !self.silent {
            let (kind, content) = output(event, self.count);
            self.kernel.publish(kind, content, self.request);
        }
    }

    fn late(&mut self, run: usize, event: Event) {
        self.earlier.publish(self.kernel, run, event);
    }

    fn input(&mut self, prompt: &str, password: bool) -> Option<String> {
        if !self.request.content["allow_stdin"].as_bool().unwrap_or(true) {
            return None;
        }
        // Discards late answers to earlier input requests.
        while self.answers.try_recv().is_ok() {}
        let question = json!({ "prompt": prompt, "password": password });
        let _ = self.kernel.stdin.send(message("input_request", question, Some(self.request), true));
        self.answers.recv().ok().flatten()
    }
}

/// Handles execute requests until the kernel shuts down.
pub(crate) fn executor(
    kernel: &Kernel,
    session: Result<Session>,
    jobs: &Receiver<Request>,
    answers: &Receiver<Option<String>>,
) {
    let mut session = session;
    let mut count = 0;
    let mut earlier = Earlier::default();
    loop {
        let request = match jobs.recv_timeout(IDLE) {
            Ok(request) => request,
            Err(RecvTimeoutError::Timeout) => {
                if let Ok(session) = &mut session {
                    session.idle(&mut Idle { kernel, earlier: &earlier });
                }
                continue;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        };
        let mut waiting = Vec::new();
        execute(kernel, &mut session, &mut count, &request, answers, &mut earlier, |failed| {
            // Collects the requests to abort before the error is sent: requests that arrive after it must run.
            if failed && request.content["stop_on_error"].as_bool().unwrap_or(true) {
                waiting = jobs.try_iter().collect();
            }
        });
        for request in waiting {
            kernel.status("busy", &request);
            let content = json!({ "status": "aborted", "execution_count": count });
            let _ = kernel.shell.send(message("execute_reply", content, Some(&request), true));
            kernel.status("idle", &request);
        }
    }
}

fn execute(
    kernel: &Kernel,
    session: &mut Result<Session>,
    count: &mut usize,
    request: &Request,
    answers: &Receiver<Option<String>>,
    earlier: &mut Earlier,
    ended: impl FnOnce(bool),
) {
    kernel.status("busy", request);
    let content = &request.content;
    let flag = |name: &str, default: bool| content[name].as_bool().unwrap_or(default);
    let code = content["code"].as_str().unwrap_or_default();
    let silent = flag("silent", false);
    let store = flag("store_history", true) && !silent;
    if store {
        *count += 1;
    }
    // The execution count is at least one, even if nothing has been stored yet.
    let number = (*count).max(1);
    if !silent {
        kernel.publish("execute_input", json!({ "code": code, "execution_count": number }), request);
    }
    let mut publisher =
        Publisher { kernel, request, count: number, silent, answers, result: None, pages: Vec::new(), earlier };
    for warning in std::mem::take(&mut *kernel.warnings.lock().unwrap_or_else(PoisonError::into_inner)) {
        note(&mut publisher, &format!("warning: {warning}"));
    }
    // Tries again to start the session: the user may have run `install` since the last attempt.
    if session.is_err() {
        *session = Session::start();
    }
    let mut timing = None;
    let result = match session {
        Ok(session) => {
            let (result, timings) = session.execute(number, code, &mut publisher);
            timing = Some(json!(timings.to_json()));
            if session.shows_timings() {
                note(&mut publisher, &timings.to_string());
            }
            kernel.completer.update(session.context());
            result
        }
        Err(error) => Err(Failure::of_kernel(error)),
    };
    ended(result.is_err());
    let run = session.as_ref().map_or(0, |session| session.run());
    let shown = publisher.result.take();
    let pages = std::mem::take(&mut publisher.pages);
    if !silent {
        // Its code is not needed again.
        earlier.0.insert(run, (Request { content: Value::Null, ..request.clone() }, number));
    }
    if store {
        kernel.history().add(number, code, shown.as_deref());
    }
    let reply = match &result {
        Ok(()) => {
            let expressions = match session {
                Ok(session) => user_expressions(session, number, &content["user_expressions"]),
                Err(_) => json!({}),
            };
            json!({ "status": "ok", "execution_count": number, "payload": pages, "user_expressions": expressions })
        }
        Err(failure) => {
            let mut error = json!({ "ename": failure.name, "evalue": failure.value, "traceback": failure.traceback });
            if !silent {
                kernel.publish("error", error.clone(), request);
            }
            error["status"] = json!("error");
            error["execution_count"] = json!(number);
            error
        }
    };
    let mut reply = message("execute_reply", reply, Some(request), true);
    if let Some(timing) = timing {
        reply.metadata = json!({ "timing": timing });
    }
    let _ = kernel.shell.send(reply);
    kernel.status("idle", request);
}

/// Evaluates the request's `user_expressions` for the reply.
fn user_expressions(session: &mut Session, number: usize, wanted: &Value) -> Value {
    struct Keep(Value);
    impl Watcher for Keep {
        fn event(&mut self, event: Event) {
            if let Event::Result { data } = event {
                self.0 = data;
            }
        }
        fn late(&mut self, _: usize, _: Event) {}
        fn input(&mut self, _: &str, _: bool) -> Option<String> {
            None
        }
    }
    let mut values = Map::new();
    for (name, code) in wanted.as_object().into_iter().flatten() {
        let mut keep = Keep(json!({}));
        let value = match session.execute(number, code.as_str().unwrap_or_default(), &mut keep).0 {
            Ok(()) => json!({ "status": "ok", "data": keep.0, "metadata": {} }),
            Err(failure) => {
                json!({ "status": "error", "ename": failure.name, "evalue": failure.value, "traceback": failure.traceback })
            }
        };
        values.insert(name.clone(), value);
    }
    Value::Object(values)
}
