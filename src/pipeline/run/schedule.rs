//! Graph + records of earlier runs → the tasks of this run: which steps run, which are reused. Next: `execute`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::cleaning::incremental;
use super::context::RunContext;
use super::execute::Task;
use super::plan::{Planned, State};
use crate::error::{Error, Result};
use crate::graph::{Format, STEPS, Step};
use crate::parallel::lock;
use crate::pipeline::outputs::manifest::{Did, StepLog};
use crate::pipeline::outputs::persist::persist;
use crate::pipeline::params::Select;

/// Decides about every step, and reuses the output of fresh ones.
///
/// # Errors
/// A named step does not exist, or an input cannot be read.
pub(crate) fn plan(flow: &RunContext) -> Result<Vec<Planned>> {
    let select = &flow.params.how.select;
    let chosen = select.steps()?;
    check_formats(flow)?;
    if !matches!(select, Select::Only(_))
        && flow.earlier_runs.knows(named("clean")?)
        && flow.parameters.generated.is_none()
    {
        flow.identify()?;
    }
    let mut planned = Vec::new();
    for step in &STEPS {
        let (state, why) = match select {
            _ if !flow.applies(step) => (State::Idle, not_part(step)),
            Select::Only(_) if chosen.contains(&step.id) => (State::Stale, "asked for".into()),
            Select::Only(_) => {
                if let Some(finished) = step.has_outputs().then(|| flow.earlier_runs.cached(step)).flatten() {
                    flow.reuse(step, finished);
                }
                (State::Idle, "not asked for".into())
            }
            _ if !step.has_outputs() => (State::Idle, "no step that runs needs it".into()),
            Select::From(_) if chosen.contains(&step.id) => (State::Stale, "asked for".into()),
            _ => judge(flow, step)?,
        };
        planned.push(Planned { step, state, why, how: None });
    }
    if incremental::previous(flow).is_some() {
        for plan in planned.iter_mut().filter(|plan| plan.state == State::Open) {
            // In an incremental run the step starts on the values at once, without waiting for files that show whether they
            // changed.
            (plan.state, plan.why) = (State::Stale, "its input may have new rows".into());
        }
    }
    demand(flow, &mut planned);
    if let Select::Only(_) = select {
        check_needs(flow, &chosen)?;
    }
    Ok(planned)
}

fn named(id: &str) -> Result<&'static Step> {
    Step::named(id).ok_or_else(|| {
        let ids: Vec<&str> = STEPS.iter().map(|step| step.id).collect();
        Error::input(format!("there is no step `{id}`")).with_hint(format!("steps: {}", ids.join(", ")))
    })
}

impl Select {
    /// The steps that run even if they are fresh.
    fn steps(&self) -> Result<Vec<&'static str>> {
        match self {
            Select::All => Ok(Vec::new()),
            Select::From(id) => Ok(named(id)?.downstream().iter().map(|step| step.id).collect()),
            Select::Only(ids) => ids.iter().map(|id| Ok(named(id)?.id)).collect(),
        }
    }
}

fn not_part(step: &Step) -> String {
    match Format::of_step(step.id) {
        None => "the user's own data are analysed".into(),
        Some(format) if format.built_in => format!("format `{}` is not asked for", format.name),
        Some(_) => "not built in".into(),
    }
}

/// Refuses to run nothing: a step that is named and writes a format that is not asked for.
fn check_formats(flow: &RunContext) -> Result<()> {
    let named: &[String] = match &flow.params.how.select {
        Select::All => &[],
        Select::From(step) => std::slice::from_ref(step),
        Select::Only(steps) => steps,
    };
    for format in named.iter().filter_map(|step| Format::of_step(step)).filter(|format| format.built_in) {
        if !flow.params.formats.need(format.step) {
            return Err(Error::input(format!("step `{}` writes a format that is not asked for", format.step))
                .with_hint(format!("name the formats of the run: `--formats {}`", flow.params.formats.with(format))));
        }
    }
    Ok(())
}

/// Compares the step with earlier runs; reuses its output if it is fresh.
fn judge(flow: &RunContext, step: &'static Step) -> Result<(State, String)> {
    // If the generated files stay, their identities are known.
    let generated = step.id == "clean" && flow.parameters.generated.is_some();
    if generated && flow.finished().contains_key("generate") && flow.earlier_runs.knows(step) {
        flow.identify()?;
    }
    let (parts, complete) = flow.parts(step);
    let (state, why, finished) = flow.earlier_runs.judge(step, &parts, complete);
    if let Some(finished) = finished {
        flow.reuse(step, finished);
    }
    Ok((state, why))
}

/// Makes a step without files run if a step that must run needs its rows.
fn demand(flow: &RunContext, planned: &mut [Planned]) {
    for i in (0..planned.len()).rev() {
        let step = planned[i].step;
        if step.has_outputs() || planned[i].state != State::Idle || !flow.applies(step) {
            continue;
        }
        let is_needed_by = |p: &&Planned| p.state == State::Stale && p.step.needs.contains(&step.id);
        if let Some(needed_by) = planned.iter().find(is_needed_by).map(|p| p.step.id) {
            // With `--only`, a step reads files of earlier runs, but a step without files must run to provide its rows.
            planned[i].state = State::Stale;
            planned[i].why = format!("`{needed_by}` needs it");
        }
    }
}

/// Checks that the steps of `--only` find the output of the steps before them, fresh or not.
fn check_needs(flow: &RunContext, chosen: &[&str]) -> Result<()> {
    let finished = flow.finished();
    let lacks = |step: &Step| flow.applies(step) && !finished.contains_key(step.id) && !chosen.contains(&step.id);
    let generate = named("generate")?;
    // Every page says whether data are generated, so pages must not mix generated rows with others.
    if lacks(generate) {
        return Err(Error::input(format!("`{}` holds no generated data", flow.params.out.display()))
            .with_hint("name the data with `--data`, or run `pfe run --only generate` first"));
    }
    if !flow.applies(generate) && flow.earlier_runs.cached(generate).is_some() {
        return Err(Error::input(format!("`{}` holds a run on generated data", flow.params.out.display()))
            .with_hint("leave `--data` out, or run without `--only`"));
    }
    for step in chosen.iter().filter_map(|id| Step::named(id)) {
        if let Some(need) = files_before(step).into_iter().find(|need| lacks(need)) {
            return Err(Error::input(format!("step `{}` needs what `{}` makes", step.id, need.id))
                .with_hint(format!("run it first: `pfe run --only {}`, or without `--only`", need.id)));
        }
    }
    Ok(())
}

/// The steps whose files `step` depends on, also through steps without files.
fn files_before(step: &Step) -> Vec<&'static Step> {
    let needs = step.needs.iter().filter_map(|id| Step::named(id));
    needs.flat_map(|need| if need.has_outputs() { vec![need] } else { files_before(need) }).collect()
}

/// Log of the steps, filled in as they end.
pub(crate) type Log = Arc<Mutex<BTreeMap<&'static str, StepLog>>>;

/// One task per step that must run, and one more that writes its files while other steps begin.
pub(crate) fn tasks(flow: &Arc<RunContext>, planned: &[Planned], log: &Log) -> Vec<Task> {
    let mut tasks: Vec<Task> = Vec::new();
    let mut makes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut persists: BTreeMap<&str, usize> = BTreeMap::new();
    for plan in planned {
        let (step, open) = (plan.step, plan.state == State::Open);
        let did = if plan.state == State::Fresh { Did::Reused } else { Did::Skipped };
        let entry = StepLog { step: step.id.into(), did, why: plan.why.clone(), seconds: 0.0, rows: None };
        lock(log).insert(step.id, entry);
        if !matches!(plan.state, State::Stale | State::Open) {
            continue;
        }
        // An open step waits until the files show whether they changed; the others start on the values.
        let mut after: Vec<usize> = tasks_before(step, &makes).collect();
        if open {
            after.extend(files_before(step).iter().filter_map(|need| persists.get(need.id)));
        }
        // A remote engine reads the files of the clean tables, not their values.
        if step.id == "mart" && flow.params.how.engine.is_remote() {
            after.extend(persists.get("clean"));
        }
        let (flow_of, log_of) = (Arc::clone(flow), Arc::clone(log));
        makes.insert(step.id, tasks.len());
        let work = move || timed(&log_of, step, || make(&flow_of, step, open, &log_of));
        let templates = flow.params.templates.of_step(step.id, flow.params.lang.code());
        tasks.push(Task { name: step.id, after, writes: false, templates: templates.clone(), work: Arc::new(work) });
        if step.has_outputs() {
            let (flow, log) = (Arc::clone(flow), Arc::clone(log));
            let work = move || {
                if flow.finished().contains_key(step.id) {
                    return Ok(());
                }
                timed(&log, step, || {
                    let files = persist(&flow, step)?;
                    let rows: Vec<u64> = files.iter().filter_map(|file| Some(file.rows.as_ref()?.count)).collect();
                    flow.record_outputs(step, files)?;
                    Ok((!rows.is_empty()).then(|| rows.iter().sum()))
                })
            };
            persists.insert(step.id, tasks.len());
            let after = vec![tasks.len() - 1];
            tasks.push(Task { name: step.id, after, writes: true, templates, work: Arc::new(work) });
        }
    }
    tasks
}

/// The tasks that `step` waits for, also through steps that do not run.
fn tasks_before<'a>(step: &'a Step, makes: &'a BTreeMap<&str, usize>) -> Box<dyn Iterator<Item = usize> + 'a> {
    Box::new(step.needs.iter().filter_map(|id| Step::named(id)).flat_map(move |need| match makes.get(need.id) {
        Some(task) => vec![*task],
        None if need.has_outputs() => Vec::new(),
        None => tasks_before(need, makes).collect(),
    }))
}

/// Computes the value of a step, unless its files turn out to match.
fn make(flow: &RunContext, step: &'static Step, open: bool, log: &Log) -> Result<Option<u64>> {
    if open {
        let (state, why) = judge(flow, step)?;
        let fresh = state == State::Fresh;
        if let Some(entry) = lock(log).get_mut(step.id) {
            entry.why = why;
            entry.did = if fresh { Did::Reused } else { entry.did };
        }
        if fresh {
            return Ok(None);
        }
    }
    if let Some(table) = step.table() {
        return flow.read(table.id);
    }
    match step.id {
        "generate" => flow.generate()?,
        "clean" => {
            flow.audit()?;
            if let (Some(incremental_note), Some(entry)) = (flow.incremental_note(), lock(log).get_mut(step.id)) {
                entry.why = format!("{}; {incremental_note}", entry.why);
            }
        }
        "mart" => drop(flow.mart()?),
        "supply" => drop(flow.supply()?),
        "reference" => drop(flow.reference()?),
        "findings" => drop(flow.findings()?),
        "decisions" => drop(flow.decided()?),
        "entrants" => drop(flow.profit()?),
        "trials" => drop(flow.trials()?),
        "compose" => drop(flow.document()?),
        _ if step.needs == ["compose"] => drop(flow.document()?),
        _ => drop(flow.results()?),
    }
    Ok(None)
}

/// Runs a piece of work; adds its time and rows to the log of the step.
fn timed(log: &Log, step: &'static Step, work: impl FnOnce() -> Result<Option<u64>>) -> Result<()> {
    let started = Instant::now();
    let result = work();
    if let Some(entry) = lock(log).get_mut(step.id) {
        entry.seconds += started.elapsed().as_secs_f64();
        match &result {
            Err(_) => entry.did = Did::Failed,
            Ok(rows) => entry.rows = rows.or(entry.rows),
        }
        if result.is_ok() && entry.did == Did::Skipped {
            entry.did = Did::Ran;
        }
    }
    result.map(drop)
}
