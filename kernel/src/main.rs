//! `pfe-kernel`: parses the command line, runs the sub-command and prints its messages.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use clap::{Args, Parser, Subcommand};
use pfe_kernel::install::{self, Place};
use pfe_kernel::runner::{self, Notebook, Progress, RunParams};
use pfe_kernel::text::escaped;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// The Jupyter kernel of pfe, and the headless runner of its notebooks.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the libraries of the cells (about ten minutes the first time) and register the kernel with Jupyter
    Install {
        #[command(flatten)]
        place: PlaceArgs,
        /// The project to build from
        #[arg(long, value_name = "FOLDER", default_value_os_t = install::project())]
        project: PathBuf,
    },
    /// Remove what `install` has made, and nothing else
    Uninstall {
        #[command(flatten)]
        place: PlaceArgs,
    },
    /// Run a notebook without Jupyter, and save it with its outputs
    Run(RunArgs),
    /// Compile all cells of a notebook, and run none
    Check { notebook: PathBuf },
    /// Run a notebook again, and compare its outputs with those in the file
    Verify { notebook: PathBuf },
    /// Write the cells of a notebook as a plain Rust program
    Export {
        notebook: PathBuf,
        /// Where to write it [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Serve Jupyter, which writes the connection file and starts this by itself
    #[command(hide = true)]
    Jupyter {
        /// What Jupyter passes on
        connection_file: PathBuf,
    },
    /// Complete and inspect; started by the kernel
    #[command(hide = true)]
    Analyzer { project: PathBuf },
    /// Say what is missing
    Doctor {
        #[command(flatten)]
        place: PlaceArgs,
    },
}

#[derive(Args)]
struct RunArgs {
    notebook: PathBuf,
    /// Where to save it [default: NOTEBOOK with `.out.ipynb`, in this folder]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A value for the cell tagged `parameters`
    #[arg(long = "param", value_name = "KEY=VALUE", value_parser = key_value)]
    parameters: Vec<(String, String)>,
    /// Stop a cell that runs longer
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<f64>,
    /// Go on after a cell that fails (a tag `raises-exception` says so of one cell)
    #[arg(long)]
    allow_errors: bool,
    /// Save how long each cell took (two runs then differ)
    #[arg(long)]
    timings: bool,
    /// Print the result as an HTML page beside the saved notebook
    #[arg(long)]
    html: bool,
    /// Print it as a PDF
    #[arg(long)]
    pdf: bool,
    /// Language of the pages
    #[arg(long, value_parser = ["fr", "en"], default_value = "fr")]
    lang: String,
}

fn key_value(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.trim().to_owned(), value.to_owned()))
}

#[derive(Args)]
struct PlaceArgs {
    /// Register under FOLDER/share/jupyter
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["user", "sys_prefix"])]
    prefix: Option<PathBuf>,
    /// Register for this user (the default)
    #[arg(long, conflicts_with = "sys_prefix")]
    user: bool,
    /// Register in the Python environment in use
    #[arg(long)]
    sys_prefix: bool,
}

impl From<PlaceArgs> for Place {
    fn from(args: PlaceArgs) -> Place {
        Place { prefix: args.prefix, sys_prefix: args.sys_prefix }
    }
}

fn main() -> ExitCode {
    if let Some(code) = install::wrap_rustc() {
        return ExitCode::from(u8::try_from(code).unwrap_or(1));
    }
    // rust-analyzer comes with evcxr, which starts this program again as its subprocess: this call serves it.
    evcxr::runtime_hook();
    match run(Cli::parse().command) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::from(1)
        }
    }
}

fn run(command: Command) -> pfe_kernel::Result<ExitCode> {
    match command {
        Command::Install { place, project } => {
            let folder = install::install(&project, &place.into())?;
            say(&format!("kernel `{}` registered in `{}`", install::NAME, folder.display()));
        }
        Command::Uninstall { place } => {
            let done = install::uninstall(&place.into())?;
            for path in &done.removed {
                say(&format!("removed `{}`", path.display()));
            }
            for path in &done.kept {
                say(&format!("kept `{}`: `install` has not made it", path.display()));
            }
            if done.removed.is_empty() {
                say("there is nothing to remove");
            }
        }
        Command::Run(args) => return run_notebook(&args),
        Command::Check { notebook } => {
            if let Some(failure) = runner::check(&Notebook::read(&notebook)?)? {
                eprintln!("{}", coloured(&failure.traceback.join("\n")));
                return Ok(ExitCode::from(1));
            }
            say(&format!("`{}` compiles", notebook.display()));
        }
        Command::Verify { notebook } => {
            let before = Notebook::read(&notebook)?;
            let mut now = before.clone();
            runner::run(&mut now, folder_of(&notebook), &RunParams::default(), &mut show)?;
            if let Some(difference) = runner::verify(&before, &now) {
                say(&difference.to_string());
                return Ok(ExitCode::from(1));
            }
            say(&format!("the outputs of `{}` are the same", notebook.display()));
        }
        Command::Export { notebook, output } => {
            let program = runner::export(&Notebook::read(&notebook)?);
            match output {
                Some(file) => std::fs::write(&file, program).map_err(pfe_kernel::Error::io("write", &file))?,
                None => print!("{program}"),
            }
        }
        Command::Jupyter { connection_file } => pfe_kernel::jupyter::serve(&connection_file)?,
        Command::Analyzer { project } => pfe_kernel::completion::analyzer::serve(&project)?,
        Command::Doctor { place } => {
            let lines = install::doctor(&place.into());
            for (good, what, todo) in &lines {
                println!("{} {what}", if *good { "ok     " } else { "missing" });
                if let Some(todo) = todo {
                    println!("        hint: {todo}");
                }
            }
            return Ok(ExitCode::from(u8::from(lines.iter().any(|(good, ..)| !good))));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a line to standard error. Escapes control characters, because the text may come from a notebook.
fn say(text: &str) {
    eprintln!("{}", escaped(text));
}

/// Escapes control characters, except the colour sequences that rustc writes: a terminal gets them, a file does not.
fn coloured(text: &str) -> String {
    let keep = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|it| it.is_empty());
    let mut parts = text.split("\u{1b}[");
    let mut out = escaped(parts.next().unwrap_or_default()).into_owned();
    for part in parts {
        let codes = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        match codes.strip_prefix('m') {
            Some(_) if keep => out = out + "\u{1b}[" + &escaped(part),
            Some(rest) => out += &escaped(rest),
            None => out = out + "\\u{1b}[" + &escaped(part),
        }
    }
    out
}

fn folder_of(notebook: &Path) -> &Path {
    notebook.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn show(progress: Progress) {
    let Progress { number, total, source, timings, failed } = progress;
    let line = source.lines().find(|line| !line.trim().is_empty() && !line.starts_with("//")).unwrap_or_default();
    let line: String = line.chars().take(60).collect();
    let time = timings.total().as_secs_f64();
    say(&format!("[{number:>2}/{total}] {} {time:6.2} s  {line}", if failed { "failed" } else { "ok    " }));
}

fn run_notebook(args: &RunArgs) -> pfe_kernel::Result<ExitCode> {
    let mut notebook = Notebook::read(&args.notebook)?;
    let params = RunParams {
        parameters: args.parameters.clone(),
        timeout: args.timeout.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
        allow_errors: args.allow_errors,
        timings: args.timings,
    };
    let failed = runner::run(&mut notebook, folder_of(&args.notebook), &params, &mut show)?;
    let output = args
        .output
        .clone()
        .unwrap_or_else(|| PathBuf::from(args.notebook.with_extension("out.ipynb").file_name().unwrap_or_default()));
    notebook.write(&output)?;
    say(&format!("saved `{}`", output.display()));
    let pages: Vec<_> = [("html", args.html), ("pdf", args.pdf)].into_iter().filter(|(_, wanted)| *wanted).collect();
    let pages: Vec<&str> = pages.into_iter().map(|(format, _)| format).collect();
    for page in runner::print(&output, &pages, &args.lang)? {
        say(&format!("saved `{}`", page.display()));
    }
    match failed {
        None => Ok(ExitCode::SUCCESS),
        Some(cell) => {
            say(&format!("error: cell {} failed: {}\n", cell.number, cell.failure.value));
            for (number, line) in cell.source.lines().enumerate() {
                say(&format!("{:>4} | {line}", number + 1));
            }
            eprintln!("\n{}", coloured(&cell.failure.traceback.join("\n")));
            Ok(ExitCode::from(1))
        }
    }
}
