//! Tasks → their ends: runs dependent tasks in parallel, with time limits, and stops cleanly on failure or request.
//!
//! Knows nothing of what the tasks do; `schedule` makes them. No task is retried here: stores retry by themselves.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::report::limits::{self, Exceeded, Watch};

/// Interval at which cancellation and time limits are checked.
const TICK: Duration = Duration::from_millis(20);

/// How long running tasks may take to end after a cancellation. What they write is staged and not used.
const GRACE: Duration = Duration::from_secs(3);

/// The unit of execution.
pub(crate) struct Task {
    /// The step that it belongs to.
    pub(crate) name: &'static str,
    /// Indices of the tasks that must succeed first.
    pub(crate) after: Vec<usize>,
    /// Whether it only writes the results of other tasks. Only one such task runs at a time, so that processors stay free
    /// for the tasks that others wait for.
    pub(crate) writes: bool,
    /// The user's own templates that it renders, in words; empty if none. Templates may loop, so their memory is limited too.
    pub(crate) templates: String,
    /// What it does.
    pub(crate) work: Work,
}

/// The work of a task. It owns what it needs, because it may outlive its time limit.
pub(crate) type Work = Arc<dyn Fn() -> Result<()> + Send + Sync>;

/// Limits of an execution.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Number of tasks at a time.
    pub(crate) parallel: usize,
    /// Whether tasks that do not depend on a failed one still begin.
    pub(crate) keep_going: bool,
    /// Time limit of a task, and memory limit of one that renders the user's own templates.
    pub(crate) of_task: limits::Limits,
    /// Set from outside to cancel.
    pub(crate) cancel: Arc<AtomicBool>,
}

/// How a task ended.
#[derive(Debug)]
pub(crate) enum StepOutcome {
    /// It succeeded.
    Done,
    /// It failed.
    Failed(Error),
    /// It did not begin: a task that it waits for failed, or the run ended first.
    Skipped,
}

/// Runs the tasks and returns one end per task. `report` is called for each task that begins and for each progress message.
///
/// # Errors
/// [`Error::Interrupted`] after a cancellation.
pub(crate) fn execute(
    tasks: &[Task],
    limits: &Limits,
    report: &dyn Fn(&str),
    progress_rx: &Receiver<String>,
) -> Result<Vec<StepOutcome>> {
    let mut outcomes: Vec<Option<StepOutcome>> = tasks.iter().map(|_| None).collect();
    let mut running: Vec<Option<Watch>> = vec![None; tasks.len()];
    let (sender, results) = channel();
    let mut stop: Option<Instant> = None;
    loop {
        if stop.is_none() && limits.cancel.load(Ordering::SeqCst) {
            stop = Some(Instant::now());
        }
        let failed = outcomes.iter().flatten().any(|end| matches!(end, StepOutcome::Failed(_)));
        if stop.is_none() && (limits.keep_going || !failed) {
            for (i, task) in tasks.iter().enumerate() {
                let waits = running[i].is_some() || outcomes[i].is_some();
                let ready = task.after.iter().all(|&n| matches!(outcomes[n], Some(StepOutcome::Done)));
                let writing = task.writes && tasks.iter().zip(&running).any(|(t, since)| t.writes && since.is_some());
                if !waits && ready && !writing && running.iter().flatten().count() < limits.parallel {
                    let memory = limits.of_task.memory.filter(|_| !task.templates.is_empty());
                    running[i] = Some(Watch::begin(limits::Limits { memory, ..limits.of_task }));
                    report(task.name);
                    start(i, task, sender.clone());
                }
            }
        }
        progress_rx.try_iter().for_each(|text| report(&text));
        let busy = running.iter().flatten().count() > 0;
        match stop {
            Some(since) if !busy || since.elapsed() > GRACE => return Err(Error::Interrupted),
            _ if !busy => return Ok(outcomes.into_iter().map(|end| end.unwrap_or(StepOutcome::Skipped)).collect()),
            _ => {}
        }
        match results.recv_timeout(TICK) {
            // A task past its time limit may still report; its end is already recorded.
            Ok((i, result)) if running[i].take().is_some() => {
                outcomes[i] = Some(match result.unwrap_or_else(|panic| resume_unwind(panic)) {
                    StepOutcome::Failed(error) => StepOutcome::Failed(blamed(error, &tasks[i].templates)),
                    end => end,
                });
            }
            Ok(_) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        for (i, (watch, task)) in running.iter_mut().zip(tasks).enumerate() {
            if let Some(exceeded) = watch.and_then(|watch| watch.exceeded()) {
                *watch = None;
                outcomes[i] = Some(StepOutcome::Failed(match exceeded {
                    Exceeded::Time(seconds) if task.templates.is_empty() => {
                        Error::Timeout { step: task.name.into(), seconds }
                    }
                    _ => exceeded.error(&task.templates),
                }));
            }
        }
    }
}

/// What cannot be rendered is a fault of the user's own templates, where there are any.
fn blamed(error: Error, templates: &str) -> Error {
    match error {
        Error::Report { .. } if !templates.is_empty() => Error::input(error.to_string()).with_hint(format!(
            "correct {templates}; `pfe report --init-templates DIR` writes the texts as pfe has them"
        )),
        error => error,
    }
}

/// Starts the task on a thread of its own, because rayon's workers must stay free for the work that the task gives them.
fn start(index: usize, task: &Task, sender: Sender<(usize, thread::Result<StepOutcome>)>) {
    let work = Arc::clone(&task.work);
    let work = move || {
        let end = catch_unwind(AssertUnwindSafe(|| work().map_or_else(StepOutcome::Failed, |()| StepOutcome::Done)));
        // Whoever receives the last end may clean up, so nothing may be held any more.
        drop(work);
        // After the end of the run, nobody receives.
        let _ = sender.send((index, end));
    };
    if let Err(refused) = thread::Builder::new().stack_size(limits::STACK).spawn(work) {
        panic!("{refused}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn limits() -> Limits {
        let of_task = limits::Limits::of(Duration::from_secs(60));
        Limits { parallel: 2, keep_going: false, of_task, cancel: Arc::default() }
    }

    fn execute(tasks: &[Task], limits: &Limits, report: &dyn Fn(&str)) -> Result<Vec<StepOutcome>> {
        super::execute(tasks, limits, report, &channel().1)
    }

    fn task(name: &'static str, after: &[usize], work: impl Fn() -> Result<()> + Send + Sync + 'static) -> Task {
        Task { name, after: after.to_vec(), writes: false, templates: String::new(), work: Arc::new(work) }
    }

    fn marks(outcomes: &[StepOutcome]) -> String {
        let mark = |end: &StepOutcome| match end {
            StepOutcome::Done => 'd',
            StepOutcome::Failed(_) => 'f',
            StepOutcome::Skipped => 's',
        };
        outcomes.iter().map(mark).collect()
    }

    #[test]
    fn tasks_run_after_those_they_wait_for() {
        let order = Arc::new(Mutex::new(Vec::new()));
        let note = |name: &'static str, after: &[usize]| {
            let order = Arc::clone(&order);
            task(name, after, move || {
                order.lock().unwrap().push(name);
                Ok(())
            })
        };
        let tasks = [note("a", &[]), note("b", &[0]), note("c", &[1]), note("d", &[1])];
        let report = Mutex::new(Vec::new());
        let outcomes = execute(&tasks, &limits(), &|name| report.lock().unwrap().push(name.to_string())).unwrap();
        assert_eq!(marks(&outcomes), "dddd");
        assert_eq!(*report.lock().unwrap(), ["a", "b", "c", "d"]);
        assert_eq!(order.lock().unwrap()[..2], ["a", "b"]);
    }

    #[test]
    fn what_a_task_says_at_its_work_is_heard() {
        let (progress_tx, progress_rx) = channel();
        let tasks =
            [task("a", &[], move || progress_tx.send("half way".into()).map_err(|_| Error::input("nobody listens")))];
        let reported = Mutex::new(Vec::new());
        let hear = |text: &str| reported.lock().unwrap().push(text.to_string());
        assert_eq!(marks(&super::execute(&tasks, &limits(), &hear, &progress_rx).unwrap()), "d");
        assert_eq!(*reported.lock().unwrap(), ["a", "half way"]);
    }

    #[test]
    fn independent_tasks_overlap() {
        let met = Arc::new(std::sync::Barrier::new(2));
        let meet = |name| {
            let met = Arc::clone(&met);
            task(name, &[], move || {
                met.wait();
                Ok(())
            })
        };
        assert_eq!(marks(&execute(&[meet("a"), meet("b")], &limits(), &|_| {}).unwrap()), "dd");
    }

    #[test]
    fn those_that_write_do_so_one_after_the_other() {
        let writing = Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let write = || {
            let writing = Arc::clone(&writing);
            let work = move || {
                assert_eq!(writing.fetch_add(1, Ordering::SeqCst), 0);
                thread::sleep(TICK);
                writing.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            };
            Task { writes: true, ..task("a", &[], work) }
        };
        assert_eq!(marks(&execute(&[write(), write(), write()], &limits(), &|_| {}).unwrap()), "ddd");
    }

    #[test]
    fn a_failure_stops_what_depends_on_it_and_unless_told_otherwise_the_rest() {
        let tasks = || {
            [
                task("a", &[], || Err(Error::input("no"))),
                task("b", &[0], || Ok(())),
                task("c", &[], || Ok(())),
                task("d", &[2], || Ok(())),
            ]
        };
        let one = Limits { parallel: 1, ..limits() };
        assert_eq!(marks(&execute(&tasks(), &one, &|_| {}).unwrap()), "fsss");
        let on = Limits { keep_going: true, ..one };
        assert_eq!(marks(&execute(&tasks(), &on, &|_| {}).unwrap()), "fsdd");
    }

    #[test]
    fn what_takes_too_long_is_left_behind() {
        let short = Limits { of_task: limits::Limits::of(Duration::from_millis(50)), ..limits() };
        let (hold, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let tasks = [
            task("slow", &[], move || {
                let _ = wait.lock().unwrap().recv();
                Ok(())
            }),
            task("next", &[0], || Ok(())),
        ];
        let outcomes = execute(&tasks, &short, &|_| {}).unwrap();
        drop(hold);
        assert_eq!(marks(&outcomes), "fs");
        assert!(matches!(&outcomes[0], StepOutcome::Failed(Error::Timeout { step, .. }) if step == "slow"));
    }

    #[test]
    fn own_templates_are_the_users_fault_and_others_are_not() {
        let error = |templates: &str| {
            let fails = || Err(Error::report("`fr/a.md`, line 3", "no such function"));
            let tasks = [Task { templates: templates.into(), ..task("compose", &[], fails) }];
            match execute(&tasks, &limits(), &|_| {}).unwrap().remove(0) {
                StepOutcome::Failed(error) => (error.exit_code(), error.to_string(), error.hint().is_some()),
                end => panic!("{end:?}"),
            }
        };
        let error_text = "cannot render `fr/a.md`, line 3: no such function".to_string();
        assert_eq!(error("`fr/a.md`"), (2, error_text.clone(), true));
        assert_eq!(error(""), (1, error_text, false));
    }

    #[test]
    fn own_templates_that_take_too_much_are_named() {
        let (hold, wait) = channel::<()>();
        let wait = Mutex::new(wait);
        let large = move || {
            limits::take_more_and_more(&wait.lock().unwrap());
            Ok(())
        };
        let tasks = [Task { templates: "`templates/report.typ`".into(), ..task("report-pdf", &[], large) }];
        let of_task = limits::Limits { time: Duration::from_secs(60), memory: Some(64 << 20) };
        let outcomes = execute(&tasks, &Limits { of_task, ..limits() }, &|_| {}).unwrap();
        drop(hold);
        let StepOutcome::Failed(error) = &outcomes[0] else { panic!("{outcomes:?}") };
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("`templates/report.typ` takes more than 64 MB"), "{error}");
    }

    #[test]
    fn a_request_to_stop_lets_running_tasks_end_and_begins_no_more() {
        let limits = Limits { parallel: 1, ..limits() };
        let cancel = Arc::clone(&limits.cancel);
        let after = Arc::new(AtomicBool::new(false));
        let ran = Arc::clone(&after);
        let tasks = [
            task("a", &[], move || {
                cancel.store(true, Ordering::SeqCst);
                Ok(())
            }),
            task("b", &[], move || {
                ran.store(true, Ordering::SeqCst);
                Ok(())
            }),
        ];
        assert!(matches!(execute(&tasks, &limits, &|_| {}), Err(Error::Interrupted)));
        assert!(!after.load(Ordering::SeqCst));
    }
}
