//! Signals to the programs that the kernel starts.

use rustix::process::{Pid, Signal, kill_process_group};

/// Sends a signal to a process group: a process and those it started.
pub(crate) fn signal_group(pid: u32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid as i32) {
        let _ = kill_process_group(pid, signal);
    }
}
