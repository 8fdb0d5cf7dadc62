//! A long command at work: its progress on the terminal, and its end on Ctrl-C. Used by `run`, `verify` and `load`.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pfe::Error;
use pfe::text::escaped;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown};

/// Exit code after Ctrl-C, as of a shell.
const INTERRUPTED: i32 = 130;

/// A flag that the first Ctrl-C sets, or the stop of a container; the second one ends the process at once.
pub(super) fn stop_on_signals() -> pfe::Result<Arc<AtomicBool>> {
    let stop = Arc::<AtomicBool>::default();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal must not see what it sets itself.
        register_conditional_shutdown(signal, INTERRUPTED, Arc::clone(&stop))
            .and_then(|_| register(signal, Arc::clone(&stop)))
            .map_err(|e| Error::input(format!("cannot listen for Ctrl-C: {e}")))?;
    }
    Ok(stop)
}

/// Shows on the bar what is being done.
pub(super) fn message(bar: &ProgressBar, text: &str) {
    bar.set_message(escaped(text).into_owned());
}

pub(super) fn progress_bar(quiet: bool) -> ProgressBar {
    if quiet || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(80));
    bar
}
