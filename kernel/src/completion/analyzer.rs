//! The helper process for completion and inspection. Reads questions as lines of JSON and answers them with evcxr's
//! rust-analyzer.

use super::protocol::{Answer, Context, Match, Matches, Question};
use crate::compile::Variable;
use crate::error::{Error, Result};
use crate::folders;
use evcxr::{CommandContext, EvalContext};
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::channel;
use toml::{Table, Value, toml};

/// Answers questions until the kernel closes the pipe.
pub fn serve(bundle: &Path) -> Result<()> {
    // Lowers the priority, so that the helper does not slow down cells. On Linux this applies to this thread and to the
    // threads it starts.
    let _ = rustix::process::nice(10);
    let (questions, queue) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(std::result::Result::ok) {
            if let Ok(question) = serde_json::from_str::<Question>(&line) {
                let _ = questions.send(question);
            }
        }
        // The kernel has exited. Exits at once, even while the sources are still loading.
        std::process::exit(0);
    });
    let mut analyzer = Analyzer::load(bundle)?;
    say(&Answer::Ready)?;
    while let Ok(question) = queue.recv() {
        say(&analyzer.answer(&question))?;
    }
    Ok(())
}

fn say(answer: &Answer) -> Result<()> {
    let line = serde_json::to_string(answer).map_err(|error| Error::message(error.to_string()))?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Error::io("write to", "the kernel"))
}

/// Returns a manifest of the bundle, with its sources at `lib`.
fn manifest(lib: &Path, dependencies: Table) -> String {
    let mut manifest = toml! {
        [package]
        name = "pfe-bundle"
        version = "0.1.0"
        edition = "2024"

        [workspace]
    };
    let path = lib.display().to_string();
    manifest.insert("lib".to_owned(), Table::from_iter([("path".to_owned(), path.into())]).into());
    manifest.insert("dependencies".to_owned(), dependencies.into());
    manifest.to_string()
}

/// Returns the dependencies of the bundle. Their paths are absolute.
fn dependencies(bundle: &Path) -> Result<Table> {
    let file = bundle.join("Cargo.toml");
    let text = std::fs::read_to_string(&file).map_err(Error::io("read", &file))?;
    let wrong = |error: toml::de::Error| Error::message(format!("`{}` is no manifest: {error}", file.display()));
    let mut manifest: Table = text.parse().map_err(wrong)?;
    match manifest.remove("dependencies") {
        Some(Value::Table(dependencies)) => Ok(dependencies),
        _ => Ok(Table::new()),
    }
}

/// rust-analyzer with the sources of the crate and of its dependencies.
struct Analyzer {
    context: CommandContext,
    /// The project that rust-analyzer reads. Dropping the analyzer removes it.
    _stub: tempfile::TempDir,
}

impl Analyzer {
    /// Loads the sources of the bundle and of its dependencies.
    ///
    /// evcxr builds every dependency that is added, which would take as long as the install. Gives it an empty crate to
    /// build first, and replaces that by the real one afterwards. Changing the optimisation level makes evcxr read the
    /// project again.
    fn load(bundle: &Path) -> Result<Analyzer> {
        let failed = |error: evcxr::Error| Error::message(format!("rust-analyzer: {error}"));
        let stub = folders::new_temporary()?;
        let write = |name: &str, text: &str| {
            std::fs::write(stub.path().join(name), text).map_err(Error::io("write", stub.path()))
        };
        write("Cargo.toml", &manifest(Path::new("lib.rs"), Table::new()))?;
        write("lib.rs", "")?;
        let program = std::env::current_exe().map_err(Error::io("find", "pfe-kernel"))?;
        let (mut evaluator, outputs) =
            EvalContext::with_subprocess_command(std::process::Command::new(program)).map_err(failed)?;
        // No cell is evaluated here, so nobody reads the outputs.
        drop(outputs);
        let mut state = evaluator.state();
        state.set_offline_mode(true);
        state
            .add_dep("pfe-bundle", &format!("{{ path = {:?} }}", stub.path().display().to_string()))
            .map_err(failed)?;
        evaluator.eval_with_state("let pfe_ready = 1;", state).map_err(failed)?;
        let mut context = CommandContext::with_eval_context(evaluator);
        let folder = context.execute(":last_compile_dir").map_err(failed)?;
        let folder = PathBuf::from(folder.get("text/plain").unwrap_or_default().trim());
        let lock = bundle.join("Cargo.lock");
        std::fs::copy(&lock, folder.join("Cargo.lock")).map_err(Error::io("read", &lock))?;
        write("Cargo.toml", &manifest(&bundle.join("src/lib.rs"), dependencies(bundle)?))?;
        context.set_opt_level("1").map_err(failed)?;
        let mut analyzer = Analyzer { context, _stub: stub };
        // The first question makes rust-analyzer load and infer. Asks it now, before a user waits for an answer.
        analyzer.answer(&Question {
            context: Context::default(),
            code: "DataFrame::".to_owned(),
            at: 11,
            inspect: false,
        });
        Ok(analyzer)
    }

    fn answer(&mut self, question: &Question) -> Answer {
        let Question { context, code, at, inspect } = question;
        let mut head = format!("use pfe_bundle::{{prelude::*, *}}; {}\n", context.items);
        for (name, Variable { ty, mutable }) in &context.variables {
            head.push_str(&format!("let {}{name}: {ty} = todo!();\n", if *mutable { "mut " } else { "" }));
        }
        let (code, at) = (format!("{head}{code}"), head.len() + at);
        if *inspect {
            return match self.context.hover_at(&code, at) {
                Ok((text, html)) if text != "No documentation found" && !text.trim().is_empty() => {
                    Answer::Documentation(text, html)
                }
                _ => Answer::Nothing,
            };
        }
        let Ok(found) = self.context.completions(&code, at) else { return Answer::Nothing };
        let range = found.start_offset.saturating_sub(head.len())..found.end_offset.saturating_sub(head.len());
        let own = found.completions.into_iter().filter(|it| !it.code.starts_with("pfe_"));
        Answer::Matches(Matches {
            matches: own.map(|it| Match { text: it.code, kind: it.kind.to_owned() }).collect(),
            range,
        })
    }
}
