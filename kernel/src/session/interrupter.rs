//! Interrupts the running cell from another thread, and kills its process if it does not stop.

use crate::process::signal_group;
use rustix::process::{Pid, Signal, kill_process};
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Interrupts the running cell from another thread.
#[derive(Clone, Default)]
pub struct Interrupter(Arc<Mutex<RunningCell>>);

#[derive(Default)]
struct RunningCell {
    /// The process, if a cell is running in it.
    pid: Option<u32>,
    /// The process, whether or not a cell is running.
    process: Option<u32>,
    /// The way to it: closed for writing, it ends.
    socket: Option<UnixStream>,
    /// Number of the running cell, so that a delayed kill cannot hit the next cell.
    cell: u64,
    killed: bool,
}

/// Time an interrupted cell has to stop before its process is killed.
pub(super) const GRACE: Duration = Duration::from_millis(1700);

impl Interrupter {
    fn running_cell(&self) -> std::sync::MutexGuard<'_, RunningCell> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on a cell runs in process `pid`, which `socket` leads to.
    pub(super) fn begin(&self, pid: u32, socket: &UnixStream) {
        let mut running = self.running_cell();
        let socket = if running.process == Some(pid) { running.socket.take() } else { socket.try_clone().ok() };
        *running = RunningCell { pid: Some(pid), process: Some(pid), socket, cell: running.cell + 1, killed: false };
    }

    /// The cell has ended. Returns whether its process was killed because it did not stop.
    pub(super) fn end(&self) -> bool {
        let mut running = self.running_cell();
        running.pid = None;
        running.killed
    }

    /// Lets the cell process drop its variables and end, if no cell is running. Waits for `limit` at most.
    pub fn end_process(&self, limit: Duration) {
        let socket = {
            let mut running = self.running_cell();
            if running.pid.is_some() { None } else { running.socket.take() }
        };
        let Some(mut socket) = socket else { return };
        let end = Instant::now() + limit;
        let _ = socket.shutdown(std::net::Shutdown::Write);
        let _ = socket.set_read_timeout(Some(limit));
        while Instant::now() < end && matches!(socket.read(&mut [0; 1 << 12]), Ok(length) if length > 0) {}
    }

    /// Kills the cell process and all processes it started.
    pub fn kill(&self) {
        if let Some(pid) = self.running_cell().process {
            signal_group(pid, Signal::KILL);
        }
    }

    /// Interrupts the running cell, and kills its process if it does not stop.
    pub fn interrupt(&self) {
        let (pid, cell) = {
            let running = self.running_cell();
            let Some(pid) = running.pid else { return };
            (pid, running.cell)
        };
        let this = self.clone();
        std::thread::spawn(move || {
            let end = Instant::now() + GRACE;
            loop {
                let mut running = this.running_cell();
                if running.pid != Some(pid) || running.cell != cell {
                    return;
                }
                if Instant::now() >= end {
                    running.killed = true;
                    signal_group(pid, Signal::KILL);
                    return;
                }
                // Again and again: the first one may come before the cell has begun, or before it waits in a system call.
                if let Some(process) = Pid::from_raw(pid as i32) {
                    let _ = kill_process(process, Signal::INT);
                }
                drop(running);
                std::thread::sleep(FIRST);
                // Like Ctrl-C in a terminal, to the programs that the cell has started as well. Later than to itself: a cell
                // that waits for them knows then that it shall stop.
                if this.running_cell().pid == Some(pid) {
                    signal_group(pid, Signal::INT);
                }
                std::thread::sleep(AGAIN);
            }
        });
    }
}

/// Time until the programs of a cell are stopped as well.
const FIRST: Duration = Duration::from_millis(50);
/// Time between two signals to a cell that does not stop.
const AGAIN: Duration = Duration::from_millis(200);
