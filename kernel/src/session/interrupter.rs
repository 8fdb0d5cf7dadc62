//! Interrupts the running cell from another thread, and kills its process if it does not stop.

use crate::process::signal_group;
use rustix::process::{Pid, Signal, kill_process};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Interrupts the running cell from another thread.
#[derive(Clone, Default)]
pub struct Interrupter(Arc<Mutex<RunningCell>>);

#[derive(Default)]
struct RunningCell {
    /// The process, if a cell is running in it.
    pid: Option<u32>,
    /// The process, whether or not a cell is running.
    process: Option<u32>,
    /// Number of the running cell, so that a delayed kill cannot hit the next cell.
    cell: u64,
    killed: bool,
}

/// Time an interrupted cell has to stop before its process is killed.
pub(super) const GRACE: Duration = Duration::from_secs(3);

impl Interrupter {
    fn running_cell(&self) -> std::sync::MutexGuard<'_, RunningCell> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a cell runs in process `pid`.
    pub(super) fn begin(&self, pid: u32) {
        let mut running = self.running_cell();
        *running = RunningCell { pid: Some(pid), process: Some(pid), cell: running.cell + 1, killed: false };
    }

    /// The cell has ended. Returns whether its process was killed because it did not stop.
    pub(super) fn end(&self) -> bool {
        let mut running = self.running_cell();
        running.pid = None;
        running.killed
    }

    /// Kills the cell process and all processes it started.
    pub fn kill(&self) {
        if let Some(pid) = self.running_cell().process {
            signal_group(pid, Signal::KILL);
        }
    }

    /// Interrupts the running cell, and kills its process if it does not stop. Returns false if no cell is running.
    pub fn interrupt(&self) -> bool {
        let (pid, cell) = {
            let running = self.running_cell();
            let Some(pid) = running.pid else { return false };
            (pid, running.cell)
        };
        if let Some(pid) = Pid::from_raw(pid as i32) {
            let _ = kill_process(pid, Signal::INT);
        }
        let this = self.clone();
        std::thread::spawn(move || {
            std::thread::sleep(GRACE);
            let mut running = this.running_cell();
            if running.pid == Some(pid) && running.cell == cell {
                running.killed = true;
                signal_group(pid, Signal::KILL);
            }
        });
        true
    }
}
