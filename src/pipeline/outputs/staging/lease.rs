//! One writer per output folder, also on a network file system. Used by `staging`.
//!
//! Two locks protect the folder: the system's advisory lock, which ends with the process, and a lock file, because network
//! file systems may ignore the first. The lock file names its holder, who rewrites it every few seconds. On the same
//! machine, a dead holder is detected at once. A holder on another machine counts as dead after a minute without a sign of
//! life, by the clock of the file system.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

use crate::error::{Error, Result};
use crate::files;

/// The lock file. Its name starts as that of the staging folder, so that one pattern excludes both.
const LOCK: &str = ".pfe-run.lock";
/// Interval between signs of life.
const BEAT: Duration = Duration::from_secs(10);
/// A holder without a sign of life for this long counts as dead. The retries of the exported state machine last longer.
const SILENCE: Duration = Duration::from_secs(60);
/// Attempts to take a lock while others take it over.
const ATTEMPTS: usize = 5;

/// The holder of the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    host: String,
    /// Boot time of the machine, seconds since 1970: another machine may have the same name.
    boot: u64,
    /// Process namespace: containers number their own processes.
    space: String,
    pid: u32,
    /// Start time of the process, seconds since 1970: process ids are reused.
    started: u64,
    /// Tells apart two folders of one process.
    token: u64,
}

impl Holder {
    fn me() -> Holder {
        let pid = std::process::id();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos() as u64);
        Holder {
            host: System::host_name().unwrap_or_default(),
            boot: System::boot_time(),
            space: fs::read_link("/proc/self/ns/pid").map_or(String::new(), |link| link.display().to_string()),
            pid,
            started: started(pid).unwrap_or_default(),
            token: now,
        }
    }

    /// Whether both holders see the same processes.
    fn is_beside(&self, other: &Holder) -> bool {
        (&self.host, &self.space) == (&other.host, &other.space) && self.boot.abs_diff(other.boot) <= 2
    }

    fn is_alive(&self) -> bool {
        started(self.pid).is_some_and(|started| started.abs_diff(self.started) <= 2)
    }
}

/// Start time of a process; `None` if there is no such process.
fn started(pid: u32) -> Option<u64> {
    let (mut system, pid) = (System::new(), sysinfo::Pid::from_u32(pid));
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, ProcessRefreshKind::nothing());
    Some(system.process(pid)?.start_time())
}

/// The right to write to a folder; ends when dropped or with its process.
pub(crate) struct Lease {
    out: PathBuf,
    me: Holder,
    beats: Option<(Sender<()>, JoinHandle<()>)>,
    _folder: File,
}

impl Lease {
    /// Takes the lease of `out`.
    ///
    /// # Errors
    /// Another process writes there, or the folder cannot be written to.
    pub(crate) fn take(out: &Path) -> Result<Lease> {
        let path = out.join(LOCK);
        let folder = File::open(out).map_err(Error::io("read", out))?;
        // On a file system without advisory locks, the lock file still protects.
        if let Err(TryLockError::WouldBlock) = folder.try_lock() {
            return Err(busy(out, read(&path).ok().and_then(|(holder, _)| holder).as_ref()));
        }
        let me = Holder::me();
        for _ in 0..ATTEMPTS {
            match files::create_new(&path) {
                Ok(mut file) => {
                    write(&mut file, &me).map_err(Error::io("write", &path))?;
                    return Ok(Lease { out: out.into(), beats: Some(beat(file, me.clone())), me, _folder: folder });
                }
                Err(e) if e.kind() == ErrorKind::AlreadyExists => take_over(out, &path, &me)?,
                Err(e) => return Err(Error::io("create", &path)(e)),
            }
        }
        Err(busy(out, None))
    }

    /// Checks that no other process has taken this one for dead and its lock over.
    ///
    /// # Errors
    /// Another process has.
    pub(crate) fn check(&self) -> Result<()> {
        match read(&self.out.join(LOCK)) {
            Ok((Some(holder), _)) if holder == self.me => Ok(()),
            _ => Err(Error::input(format!("another run has taken over `{}`", self.out.display()))
                .with_hint("this one was silent for too long, as on a machine that sleeps; run it again")),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((stop, beats)) = self.beats.take() {
            drop(stop);
            // A last sign of life that could not be written no longer matters.
            let _ = beats.join();
        }
        if self.check().is_ok() {
            // A lock file that stays is recognised by the next run as left over.
            let _ = fs::remove_file(self.out.join(LOCK));
        }
    }
}

/// Starts the thread that gives signs of life until it is stopped.
fn beat(mut file: File, me: Holder) -> (Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = channel();
    let beats = thread::spawn(move || {
        while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
            // If the disk is full, the next attempt may succeed.
            let _ = write(&mut file, &me);
        }
    });
    (stop, beats)
}

/// Writes instead of setting a time, so that the file system's own clock sets it.
fn write(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    file.rewind()?;
    file.write_all(&serde_json::to_vec(holder)?)?;
    file.sync_data()
}

/// The holder that a lock names, with its last sign of life; no holder if it has not written its name yet.
fn read(path: &Path) -> std::io::Result<(Option<Holder>, SystemTime)> {
    match files::look(path)? {
        Some(meta) if !meta.is_file() => return Err(std::io::Error::other(files::kind(&meta))),
        _ => {}
    }
    // Opening the file makes a network file system ask its server for the time.
    let file = File::open(path)?;
    let modified = file.metadata()?.modified()?;
    let mut text = Vec::new();
    (&file).take(1 << 12).read_to_end(&mut text)?;
    Ok((serde_json::from_slice(&text).ok(), modified))
}

/// Removes the lock of a dead holder.
///
/// # Errors
/// The holder is alive, or may be.
fn take_over(out: &Path, path: &Path, me: &Holder) -> Result<()> {
    let (holder, modified) = match read(path) {
        Ok(found) => found,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::io("lock with", path)(e)),
    };
    let is_silent = || -> std::io::Result<bool> {
        let now = tempfile::Builder::new().prefix(LOCK).tempfile_in(out)?.as_file().metadata()?.modified()?;
        Ok(now.duration_since(modified).is_ok_and(|silence| silence > SILENCE))
    };
    let is_dead = match &holder {
        Some(holder) if holder.is_beside(me) => !holder.is_alive(),
        _ => is_silent().map_err(Error::io("create a file in", out))?,
    };
    if !is_dead {
        return Err(busy(out, holder.as_ref()));
    }
    // Renames the lock first: of two processes that find it left over, the second must not remove the new lock of the
    // first.
    let moved_lock = out.join(format!("{LOCK}-{:x}", me.token));
    match fs::rename(path, &moved_lock) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        moved => moved.map_err(Error::io("remove", path))?,
    }
    let is_same_holder = read(&moved_lock).is_ok_and(|(found, _)| found == holder);
    if !is_same_holder {
        let _ = fs::hard_link(&moved_lock, path);
    }
    fs::remove_file(&moved_lock).map_err(Error::io("remove", &moved_lock))?;
    if is_same_holder { Ok(()) } else { Err(busy(out, None)) }
}

fn busy(out: &Path, holder: Option<&Holder>) -> Error {
    let out = out.display();
    let of_holder = holder.map_or(String::new(), |holder| format!(": process {} on `{}`", holder.pid, holder.host));
    Error::input(format!("another run is writing to `{out}`{of_holder}")).with_hint(format!(
        "wait for it, or choose another folder with `--out`; of a machine that is gone, the folder is free {} seconds after its last \
         sign of life, or once `{LOCK}` in it is removed",
        SILENCE.as_secs()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(out: &Path, holder: &Holder, age: u64) {
        let mut file = File::create(out.join(LOCK)).unwrap();
        write(&mut file, holder).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(age)).unwrap();
    }

    #[test]
    fn one_at_a_time_and_nothing_is_left() {
        let out = tempfile::tempdir().unwrap();
        let lease = Lease::take(out.path()).unwrap();
        let error = Lease::take(out.path()).err().unwrap();
        assert!(error.to_string().contains(&format!("process {} on", std::process::id())), "{error}");
        lease.check().unwrap();
        drop(lease);
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
        drop(Lease::take(out.path()).unwrap());
    }

    /// On a file system without advisory locks, the lock file alone decides.
    #[test]
    fn who_is_gone_is_known_by_process_or_by_silence() {
        let out = tempfile::tempdir().unwrap();
        let alive = Holder::me();
        let ended = Holder { started: alive.started.saturating_sub(1_000), ..alive.clone() };
        let remote = Holder { host: "elsewhere".into(), ..alive.clone() };
        let container = Holder { space: "pid:[1]".into(), ..ended.clone() };
        for (holder, age, free) in [
            (&alive, 0, false),
            (&alive, 3_600, false),
            (&ended, 0, true),
            (&remote, 0, false),
            (&remote, 3_600, true),
            (&container, 0, false),
            (&container, 3_600, true),
        ] {
            put(out.path(), holder, age);
            let taken = Lease::take(out.path());
            assert_eq!(taken.is_ok(), free, "{holder:?}, silent for {age} s");
            match taken {
                Ok(lease) => drop(lease),
                Err(error) => {
                    assert!(error.to_string().contains(&holder.host) && error.hint().unwrap().contains(LOCK));
                    fs::remove_file(out.path().join(LOCK)).unwrap();
                }
            }
            assert_eq!(fs::read_dir(out.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_lock_that_was_taken_over_is_missed() {
        let out = tempfile::tempdir().unwrap();
        let lease = Lease::take(out.path()).unwrap();
        put(out.path(), &Holder { token: 1, ..Holder::me() }, 0);
        assert!(lease.check().unwrap_err().to_string().contains("has taken over"));
        drop(lease);
        assert!(out.path().join(LOCK).exists(), "the lock of the other stays");
    }
}
