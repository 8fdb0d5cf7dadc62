//! Who writes to an output folder: one process at a time, also on a network file system. Used by `output`.
//!
//! Two locks: the system's advisory lock on the folder, which goes with the process, and a file in the folder, since network file
//! systems may ignore the first. The file names its holder, who writes it again every few seconds. On the same machine a holder that
//! is gone is known at once; of another machine, whoever has been silent for a minute by the clock of the file system is gone.

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

/// The file. Its name begins as that of the staging folder, so that whoever leaves one out leaves both out.
const LOCK: &str = ".pfe-run.lock";
/// How often the holder gives a sign of life.
const BEAT: Duration = Duration::from_secs(10);
/// Who has been silent for so long is gone. Retries of the exported state machine span longer.
const SILENCE: Duration = Duration::from_secs(60);
/// Attempts to take a lock that others take over at the same time.
const ATTEMPTS: usize = 5;

/// Who holds the folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Holder {
    host: String,
    /// When the machine was started, seconds since 1970: another machine may bear the same name.
    boot: u64,
    /// Where numbers of processes count: those of a container are its own.
    space: String,
    pid: u32,
    /// When the process was started, seconds since 1970: numbers come again.
    started: u64,
    /// What tells two folders of one process apart.
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

    /// Whether both see the same processes.
    fn is_beside(&self, other: &Holder) -> bool {
        (&self.host, &self.space) == (&other.host, &other.space) && self.boot.abs_diff(other.boot) <= 2
    }

    fn is_alive(&self) -> bool {
        started(self.pid).is_some_and(|started| started.abs_diff(self.started) <= 2)
    }
}

/// When a process was started; none where there is no such process.
fn started(pid: u32) -> Option<u64> {
    let (mut system, pid) = (System::new(), sysinfo::Pid::from_u32(pid));
    system.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), false, ProcessRefreshKind::nothing());
    Some(system.process(pid)?.start_time())
}

/// The right to write to a folder, until it is dropped or its process is gone.
pub(crate) struct Lease {
    out: PathBuf,
    me: Holder,
    beats: Option<(Sender<()>, JoinHandle<()>)>,
    _folder: File,
}

impl Lease {
    /// # Errors
    /// Somebody else writes there, or the folder cannot be written to.
    pub(crate) fn take(out: &Path) -> Result<Lease> {
        let path = out.join(LOCK);
        let folder = File::open(out).map_err(Error::io("read", out))?;
        // A file system without such locks has the file all the same.
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

    /// Makes sure that nobody has taken this process for gone.
    ///
    /// # Errors
    /// Somebody has.
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
            // What it could not write, nobody misses now.
            let _ = beats.join();
        }
        if self.check().is_ok() {
            // One that stays is recognised by the next run as left over.
            let _ = fs::remove_file(self.out.join(LOCK));
        }
    }
}

/// Gives signs of life until it is told to stop.
fn beat(mut file: File, me: Holder) -> (Sender<()>, JoinHandle<()>) {
    let (stop, stopped) = channel();
    let beats = thread::spawn(move || {
        while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
            // Should the disk be full, the next one may succeed.
            let _ = write(&mut file, &me);
        }
    });
    (stop, beats)
}

/// Writing, and no setting of a time: the file system's own clock counts.
fn write(file: &mut File, holder: &Holder) -> std::io::Result<()> {
    file.rewind()?;
    file.write_all(&serde_json::to_vec(holder)?)?;
    file.sync_data()
}

/// The holder that a lock names, unless it has not yet written who it is; and its last sign of life.
fn read(path: &Path) -> std::io::Result<(Option<Holder>, SystemTime)> {
    match files::look(path)? {
        Some(meta) if !meta.is_file() => return Err(std::io::Error::other(files::kind(&meta))),
        _ => {}
    }
    // Opened, since a network file system then asks its server for the time.
    let file = File::open(path)?;
    let modified = file.metadata()?.modified()?;
    let mut text = Vec::new();
    (&file).take(1 << 12).read_to_end(&mut text)?;
    Ok((serde_json::from_slice(&text).ok(), modified))
}

/// Removes the lock of a holder that is gone.
///
/// # Errors
/// The holder is there, or may be.
fn take_over(out: &Path, path: &Path, me: &Holder) -> Result<()> {
    let (holder, modified) = match read(path) {
        Ok(found) => found,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Error::io("lock with", path)(e)),
    };
    let silent = || -> std::io::Result<bool> {
        let now = tempfile::Builder::new().prefix(LOCK).tempfile_in(out)?.as_file().metadata()?.modified()?;
        Ok(now.duration_since(modified).is_ok_and(|since| since > SILENCE))
    };
    let gone = match &holder {
        Some(holder) if holder.is_beside(me) => !holder.is_alive(),
        _ => silent().map_err(Error::io("create a file in", out))?,
    };
    if !gone {
        return Err(busy(out, holder.as_ref()));
    }
    // Of two that find it left over, the second must not remove what the first has put there meanwhile.
    let aside = out.join(format!("{LOCK}-{:x}", me.token));
    match fs::rename(path, &aside) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        moved => moved.map_err(Error::io("remove", path))?,
    }
    let taken = read(&aside).is_ok_and(|(found, _)| found == holder);
    if !taken {
        let _ = fs::hard_link(&aside, path);
    }
    fs::remove_file(&aside).map_err(Error::io("remove", &aside))?;
    if taken { Ok(()) } else { Err(busy(out, None)) }
}

fn busy(out: &Path, holder: Option<&Holder>) -> Error {
    let out = out.display();
    let who = holder.map_or(String::new(), |holder| format!(": process {} on `{}`", holder.pid, holder.host));
    Error::input(format!("another run is writing to `{out}`{who}")).with_hint(format!(
        "wait for it, or choose another folder with `--out`; of a machine that is gone, the folder is free {} seconds after its last \
         sign of life, or once `{LOCK}` in it is removed",
        SILENCE.as_secs()
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
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

    /// Where the file system knows no locks, the file alone tells.
    #[test]
    fn who_is_gone_is_known_by_process_or_by_silence() {
        let out = tempfile::tempdir().unwrap();
        let alive = Holder::me();
        let ended = Holder { started: alive.started.saturating_sub(1_000), ..alive.clone() };
        let elsewhere = Holder { host: "elsewhere".into(), ..alive.clone() };
        let container = Holder { space: "pid:[1]".into(), ..ended.clone() };
        for (holder, age, free) in [
            (&alive, 0, false),
            (&alive, 3_600, false),
            (&ended, 0, true),
            (&elsewhere, 0, false),
            (&elsewhere, 3_600, true),
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
