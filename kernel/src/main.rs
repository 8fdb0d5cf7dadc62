//! `pfe-kernel`: parses the command line, runs the sub-command and prints its messages.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use clap::{Args, Parser, Subcommand};
use pfe_kernel::install::{self, Bundle, Place, Toolchain};
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
    /// The kernel to use [default: that of the notebook, or `pfe`]
    #[arg(long, value_name = "NAME", global = true)]
    kernel: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Build the libraries of the cells (about ten minutes the first time) and register the kernel with Jupyter
    Install {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(flatten)]
        bundle: BundleArgs,
        /// The project to build from
        #[arg(long, value_name = "FOLDER", default_value_os_t = install::project())]
        project: PathBuf,
    },
    /// Remove what `install` has made, and nothing else
    Uninstall {
        #[command(flatten)]
        place: PlaceArgs,
        /// Name of the kernel
        #[arg(long, default_value = install::PFE)]
        name: String,
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
    Analyzer { bundle: PathBuf },
    /// Say what is missing
    Doctor {
        #[command(flatten)]
        place: PlaceArgs,
        /// Name of the kernel
        #[arg(long, default_value = install::PFE)]
        name: String,
    },
}

#[derive(Args)]
struct BundleArgs {
    /// Make a kernel of the dependencies of this manifest, and of its own library
    #[arg(long, value_name = "FILE", requires = "name", conflicts_with = "bundle")]
    manifest: Option<PathBuf>,
    /// Name of the kernel, such as `my-lab`
    #[arg(long)]
    name: Option<String>,
    /// Imports of every cell: a file of Rust items such as `pub use rand::prelude::*;`
    #[arg(long, value_name = "FILE", requires = "manifest")]
    prelude: Option<PathBuf>,
    /// Crates of this project: those of its notebooks, or crates for data in general
    #[arg(long, value_parser = ["pfe", "data"], default_value = install::PFE)]
    bundle: String,
}

impl BundleArgs {
    fn bundle(self, project: &Path) -> Bundle {
        match (self.manifest, self.name) {
            (Some(manifest), Some(name)) => Bundle { name, manifest, prelude: self.prelude },
            (_, name) => Bundle::built_in(project, &self.bundle, name),
        }
    }
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
    #[arg(long, value_parser = ["fr", "en", "pt"], default_value = "fr")]
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
    if let Some(code) = pfe_kernel::wrap_rustc() {
        return ExitCode::from(u8::try_from(code).unwrap_or(1));
    }
    // rust-analyzer comes with evcxr, which starts this program again as its subprocess: this call serves it.
    evcxr::runtime_hook();
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::from(1)
        }
    }
}

/// Chooses the kernel: the one that is asked for, or else the one that the notebook names, if it is installed.
fn select(kernel: Option<&str>, notebook: Option<&Notebook>) {
    let of_notebook = notebook.and_then(Notebook::kernel).filter(|name| install::is_installed(name));
    if let Some(name) = kernel.or(of_notebook) {
        install::select(name);
    }
}

fn read(kernel: Option<&str>, notebook: &Path) -> pfe_kernel::Result<Notebook> {
    let notebook = Notebook::read(notebook)?;
    select(kernel, Some(&notebook));
    Ok(notebook)
}

fn run(Cli { kernel, command }: Cli) -> pfe_kernel::Result<ExitCode> {
    let kernel = kernel.as_deref();
    match command {
        Command::Install { place, bundle, project } => {
            let bundle = bundle.bundle(&project);
            let folder = install::install(&project, &bundle, &place.into())?;
            say(&format!("kernel `{}` registered in `{}`", bundle.name, folder.display()));
        }
        Command::Uninstall { place, name } => {
            let done = install::uninstall(&place.into(), &name)?;
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
        Command::Run(args) => return run_notebook(kernel, &args),
        Command::Check { notebook } => {
            let book = read(kernel, &notebook)?;
            say_what_it_rests_on();
            if let Some(failure) = runner::check(&book)? {
                eprintln!("{}", coloured(&failure.traceback.join("\n")));
                return Ok(ExitCode::from(1));
            }
            say(&format!("`{}` compiles", notebook.display()));
        }
        Command::Verify { notebook } => {
            let before = read(kernel, &notebook)?;
            say_what_it_rests_on();
            let mut now = before.clone();
            runner::run(&mut now, folder_of(&notebook), &RunParams::default(), &mut show)?;
            if let Some(difference) = runner::verify(&before, &now) {
                say(&difference.to_string());
                return Ok(ExitCode::from(1));
            }
            say(&format!("the outputs of `{}` are the same", notebook.display()));
        }
        Command::Export { notebook, output } => {
            let program = runner::export(&read(kernel, &notebook)?);
            match output {
                Some(file) => std::fs::write(&file, program).map_err(pfe_kernel::Error::io("write", &file))?,
                None => print!("{program}"),
            }
        }
        Command::Jupyter { connection_file } => {
            select(kernel, None);
            pfe_kernel::jupyter::serve(&connection_file)?;
        }
        Command::Analyzer { bundle } => pfe_kernel::completion::analyzer::serve(&bundle)?,
        Command::Doctor { place, name } => {
            let lines = install::doctor(&place.into(), &name);
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

fn say_what_it_rests_on() {
    if let Some(crates) = Toolchain::load().ok().and_then(|it| it.rests_on()) {
        say(&format!("the notebook {crates}"));
    }
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

fn run_notebook(kernel: Option<&str>, args: &RunArgs) -> pfe_kernel::Result<ExitCode> {
    let mut notebook = read(kernel, &args.notebook)?;
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
