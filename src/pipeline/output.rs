//! Files on their way into the output folder: written aside, synced, then moved in together, the manifest last.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

use polars::prelude::DataFrame;

use super::manifest::{MANIFEST, Manifest, OutputFile, Rows, to_json};
use super::spreadsheet::csv;
use super::tables::Table;
use crate::data::parquet::write_frame;
use crate::data::read::hash_file;
use crate::data::rows::hash_rows;
use crate::error::{Error, Result};
use crate::parallel::lock;

/// Everything a run owns in the output folder, beside the manifest and generated data; other files there are left alone.
const OWNED: [&str; 10] = [
    "clean",
    "references",
    "mart",
    "models",
    "tables",
    "quarantine",
    "audit.json",
    "report.html",
    "report.pdf",
    "dashboard.html",
];
/// Where generated data go.
pub(super) const DATA: &str = "data";

/// Stands in the folder while files are moved in: without it, outputs without a manifest are somebody else's files.
const UNFINISHED: &str = ".unfinished-pfe-run";

/// Where a run puts its files until all are there.
const STAGING: &str = ".pfe-run";

/// In it: one record per step that has ended.
pub(super) const STEPS: &str = "steps";

/// Where an unfinished run of `out` has its files.
pub(super) fn staged(out: &Path) -> PathBuf {
    out.join(STAGING)
}

/// A folder beside the outputs, which vanishes if it is dropped before a step has ended. What it holds then is found by
/// the next run.
pub(super) struct Staging {
    out: PathBuf,
    dir: PathBuf,
    /// Whether the folder held what a run that did not end had staged, or moved in half.
    pub(super) abandoned: bool,
    /// Whether there was no such folder before.
    created: bool,
    syncing: Mutex<Option<Syncing>>,
    _lock: File,
}

/// A thread that syncs files: waiting for the disk would hold up the workers that write them.
struct Syncing {
    /// A file, and the name that messages give it.
    files: Sender<(File, PathBuf)>,
    ended: JoinHandle<Result<()>>,
}

impl Syncing {
    fn begin() -> Syncing {
        let (files, written) = channel::<(File, PathBuf)>();
        let sync = move || {
            written.into_iter().try_for_each(|(file, shown)| file.sync_all().map_err(Error::io("write", shown)))
        };
        Syncing { files, ended: thread::spawn(sync) }
    }

    /// Waits until all files are on the disk.
    fn end(self) -> Result<()> {
        drop(self.files);
        self.ended.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

impl Staging {
    /// Creates `out` if needed, until nothing came of it, and makes sure that nobody else writes to it.
    pub(super) fn new(out: &Path) -> Result<Staging> {
        if out.exists() && !out.is_dir() {
            return Err(Error::input(format!("the output folder `{}` is a file", out.display()))
                .with_hint("choose another folder with `--out`"));
        }
        let created = !out.exists();
        fs::create_dir_all(out).map_err(Error::io("create", out))?;
        // The lock goes with the process, however it ends; whoever holds it may clear what a killed run left.
        let lock = File::open(out).map_err(Error::io("read", out))?;
        lock.try_lock().map_err(|e| match e {
            TryLockError::WouldBlock => Error::input(format!("another run is writing to `{}`", out.display()))
                .with_hint("wait for it, or choose another folder with `--out`"),
            TryLockError::Error(e) => Error::io("lock", out)(e),
        })?;
        let interrupted = out.join(UNFINISHED).exists();
        if let (false, false, Some(name)) =
            (interrupted, out.join(MANIFEST).exists(), OWNED.iter().find(|name| out.join(name).exists()))
        {
            return Err(Error::input(format!("`{}` holds `{name}` but no finished run", out.display())).with_hint(
                "pfe replaces nothing that it did not write: remove it, or choose another folder with `--out`",
            ));
        }
        let dir = staged(out);
        let abandoned = interrupted || dir.exists();
        Ok(Staging { out: out.to_path_buf(), dir, abandoned, created, syncing: Mutex::default(), _lock: lock })
    }

    /// Where `name` is staged.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// What messages call the file `name`.
    pub(super) fn shown(&self, name: &str) -> PathBuf {
        self.out.join(name)
    }

    /// A folder on the disk of the outputs, for files that need not outlive the run.
    pub(super) fn scratch(&self) -> Result<PathBuf> {
        fs::create_dir_all(&self.dir).map_err(Error::io("create", &self.dir))?;
        Ok(self.dir.clone())
    }

    /// Stages a file.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<OutputFile> {
        self.write_with(name, |file| file.write_all(bytes).map_err(Error::io("write", self.shown(name))))
    }

    /// Stages a table as CSV.
    pub(super) fn write_csv(&self, name: &str, table: &Table) -> Result<OutputFile> {
        let mut file = self.write(name, &csv(table))?;
        let mut hasher = blake3::Hasher::new();
        for cell in table.iter().flatten() {
            hasher.update(&(cell.len() as u64).to_le_bytes());
            hasher.update(cell.as_bytes());
        }
        let count = table.len().saturating_sub(1) as u64;
        hasher.update(&count.to_le_bytes());
        file.rows = Some(Rows { count, blake3: hasher.finalize().to_hex().to_string() });
        Ok(file)
    }

    /// Stages a table as Parquet, with the same bytes for the same rows.
    pub(super) fn write_parquet(&self, name: &str, frame: &DataFrame) -> Result<OutputFile> {
        let mut file = self.write_with(name, |file| write_frame(frame, file))?;
        file.rows = Some(Rows { count: frame.height() as u64, blake3: hash_rows(frame)? });
        Ok(file)
    }

    fn write_with(&self, name: &str, write: impl FnOnce(&mut Hashing) -> Result<()>) -> Result<OutputFile> {
        let mut hashing = self.begin(name)?;
        write(&mut hashing).map_err(|e| hashing.explain(e, &self.shown(name)))?;
        self.end(name, &mut hashing)
    }

    /// Opens a file.
    pub(super) fn begin(&self, name: &str) -> Result<Hashing> {
        let file = create(&self.path(name)).map_err(Error::io("create", self.shown(name)))?;
        Ok(Hashing {
            file: BufWriter::with_capacity(1 << 18, file),
            hasher: blake3::Hasher::new(),
            bytes: 0,
            failed: None,
        })
    }

    /// Everything is written: the file is synced while others are.
    pub(super) fn end(&self, name: &str, hashing: &mut Hashing) -> Result<OutputFile> {
        let shown = self.shown(name);
        let file =
            hashing.flush().and_then(|()| hashing.file.get_ref().try_clone()).map_err(Error::io("write", &shown))?;
        self.sync_later(file, shown);
        Ok(OutputFile {
            path: name.into(),
            bytes: hashing.bytes,
            blake3: hashing.hasher.finalize().to_hex().to_string(),
            rows: None,
        })
    }

    /// Takes a file that somebody else has written to its place.
    pub(super) fn adopt(&self, name: &str) -> Result<OutputFile> {
        let (path, shown) = (self.path(name), self.shown(name));
        let file = File::open(&path).map_err(Error::io("read", &shown))?;
        let bytes = file.metadata().map_err(Error::io("read", &shown))?.len();
        let blake3 = hash_file(&path)?;
        self.sync_later(file, shown);
        Ok(OutputFile { path: name.into(), bytes, blake3, rows: None })
    }

    fn sync_later(&self, file: File, shown: PathBuf) {
        // Who can no longer be sent a file has failed, and says so in the end.
        let _ = lock(&self.syncing).get_or_insert_with(Syncing::begin).files.send((file, shown));
    }

    /// Waits until all that was written is on the disk, where other machines see it too.
    pub(super) fn settle(&self) -> Result<()> {
        let syncing = lock(&self.syncing).take();
        syncing.map_or(Ok(()), Syncing::end)
    }

    /// Notes that a step has ended. What is noted is only believed where the files fit, so that it need not be synced.
    pub(super) fn note(&self, step: &str, record: &impl serde::Serialize) -> Result<()> {
        let path = self.path(STEPS).join(step).with_extension("json");
        let mut file = create(&path).map_err(Error::io("create", &path))?;
        file.write_all(&to_json(record)).map_err(Error::io("write", &path))
    }

    /// Moves what is staged in, the manifest last; what the manifest does not list is removed from the places that a run
    /// owns. Files that stayed in their place stay.
    pub(super) fn commit(&self, manifest: &Manifest, fresh: &[String]) -> Result<()> {
        self.write(MANIFEST, &to_json(manifest))?;
        self.settle()?;
        let mark = self.out.join(UNFINISHED);
        File::create(&mark).map_err(Error::io("write", &mark))?;
        remove(&self.out.join(MANIFEST))?;
        let listed: BTreeSet<&str> = manifest.core.outputs.iter().map(|f| f.path.as_str()).collect();
        let generated = manifest.core.parameters.generated.is_some().then_some(DATA);
        for name in OWNED.into_iter().chain(generated) {
            clear(&self.out, name, &listed)?;
        }
        for path in fresh {
            self.move_in(path)?;
        }
        // Names are only safe once their folder is synced: after a power cut, a manifest must find all its files.
        let folders: BTreeSet<&Path> = fresh.iter().flat_map(|path| Path::new(path).ancestors().skip(1)).collect();
        for folder in folders {
            sync(&self.out.join(folder))?;
        }
        self.move_in(MANIFEST)?;
        remove(&mark)?;
        sync(&self.out)?;
        self.discard()
    }

    /// Removes what is staged.
    pub(super) fn discard(&self) -> Result<()> {
        remove(&self.dir)
    }

    fn move_in(&self, name: &str) -> Result<()> {
        let to = self.out.join(name);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        }
        fs::rename(self.path(name), &to).map_err(Error::io("write", to))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        if !self.dir.join(STEPS).exists() {
            // What could not be removed is found and removed by the next run.
            let _ = fs::remove_dir_all(&self.dir);
        }
        if self.created {
            // A folder that holds anything stays.
            let _ = fs::remove_dir(&self.out);
        }
    }
}

fn sync(folder: &Path) -> Result<()> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(Error::io("write", folder))
}

fn create(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    File::create(path)
}

/// Removes what stands at `name` of `out` and is not listed.
fn clear(out: &Path, name: &str, listed: &BTreeSet<&str>) -> Result<()> {
    let path = out.join(name);
    // A link to a folder is no folder of ours.
    if !path.symlink_metadata().is_ok_and(|meta| meta.is_dir()) {
        return if listed.contains(name) { Ok(()) } else { remove(&path) };
    }
    let mut kept = false;
    for entry in fs::read_dir(&path).map_err(Error::io("read", &path))?.flatten() {
        let inner = format!("{name}/{}", entry.file_name().to_string_lossy());
        clear(out, &inner, listed)?;
        kept |= entry.path().exists();
    }
    if kept { Ok(()) } else { remove(&path) }
}

fn remove(path: &Path) -> Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    match removed {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::io("replace", path)(e)),
        _ => Ok(()),
    }
}

/// Hashes and counts the bytes on their way to the disk.
pub(super) struct Hashing {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
    bytes: u64,
    /// Why writing failed, if it did.
    failed: Option<std::io::Error>,
}

impl Hashing {
    /// A full disk is told as such, not in the words of whoever was writing.
    pub(super) fn explain(&mut self, error: Error, shown: &Path) -> Error {
        match self.failed.take() {
            Some(source) => Error::io("write", shown)(source),
            None => error,
        }
    }

    fn note<T>(&mut self, result: std::io::Result<T>) -> std::io::Result<T> {
        if let Err(e) = &result {
            self.failed = Some(std::io::Error::new(e.kind(), e.to_string()));
        }
        result
    }
}

impl Write for Hashing {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(buffer);
        let n = self.note(written)?;
        self.hasher.update(&buffer[..n]);
        self.bytes += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let flushed = self.file.flush();
        self.note(flushed)
    }
}
