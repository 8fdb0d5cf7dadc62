//! Interrupts the running cell from another thread, and kills its process if it does not stop.

use crate::process::signal_group;
use rustix::process::{Pid, Signal, kill_process};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Interrupts the running cell from another thread.
#[derive(Clone, Default)]
pub struct Interrupter(Arc<Mutex<Target>>);

#[derive(Default)]
struct Target {
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
    fn target(&self) -> std::sync::MutexGuard<'_, Target> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a cell runs in process `pid`.
    pub(super) fn begin(&self, pid: u32) {
        let mut target = self.target();
        *target = Target { pid: Some(pid), process: Some(pid), cell: target.cell + 1, killed: false };
    }

    /// The cell has ended. Returns whether its process was killed because it did not stop.
    pub(super) fn end(&self) -> bool {
        let mut target = self.target();
        target.pid = None;
        target.killed
    }

    /// Kills the cell process and all processes it started.
    pub fn kill(&self) {
        if let Some(pid) = self.target().process {
            signal_group(pid, Signal::KILL);
        }
    }

    /// Interrupts the running cell, and kills its process if it does not stop. Returns false if no cell is running.
    pub fn interrupt(&self) -> bool {
        let (pid, cell) = {
            let target = self.target();
            let Some(pid) = target.pid else { return false };
            (pid, target.cell)
        };
        if let Some(pid) = Pid::from_raw(pid as i32) {
            let _ = kill_process(pid, Signal::INT);
        }
        let this = self.clone();
        std::thread::spawn(move || {
            std::thread::sleep(GRACE);
            let mut target = this.target();
            if target.pid == Some(pid) && target.cell == cell {
                target.killed = true;
                signal_group(pid, Signal::KILL);
            }
        });
        true
    }
}
