//! Files of a run → the output folder: staged, synced, then committed together, the manifest last. Used by `persist`.

mod folder;
mod hashing;
mod lease;
mod owned;
pub(crate) mod streaming;
mod syncing;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use polars::prelude::DataFrame;

pub(crate) use self::folder::staged;
use self::folder::{create, open, remove, sync};
pub(crate) use self::hashing::Hashing;
use self::lease::Lease;
use self::owned::{Mark, Owned, UNFINISHED, in_the_way};
use self::syncing::Syncing;
use super::manifest::{MANIFEST, Manifest, OutputFile, Rows, to_json};
use crate::error::{Error, Result};
use crate::files;
use crate::graph::Step;
use crate::input::identity::hash_file;
use crate::parallel::lock;
use crate::pipeline::export::spreadsheet::csv;
use crate::schema::result_tables::TextTable;
use crate::table::parquet::{write_frame, write_frames};
use crate::table::row_hash::hash_rows;

/// Folder in it with one record per finished step.
pub(crate) const RECORDS: &str = "steps";

/// The staging folder beside the outputs. Dropping it before any step has ended removes it; later, it stays for the next run.
pub(crate) struct Staging {
    out: PathBuf,
    dir: PathBuf,
    /// Whether the folder held files that an unfinished run staged or committed in part.
    pub(crate) abandoned: bool,
    /// Whether this run created the output folder.
    created: bool,
    /// Which files of the output folder are ours.
    owned: Owned,
    /// The steps of this run.
    steps: Vec<&'static Step>,
    syncing: Mutex<Option<Syncing>>,
    lease: Option<Lease>,
}

impl Staging {
    /// Creates `out` if needed; it is removed again if the run makes nothing. Fails if another process writes there, or if
    /// a file of the user's has a name that one of `steps` writes.
    pub(crate) fn new(out: &Path, steps: Vec<&'static Step>) -> Result<Staging> {
        if out.exists() && !out.is_dir() {
            return Err(Error::input(format!("the output folder `{}` is a file", out.display()))
                .with_hint("choose another folder with `--out`"));
        }
        let created = !out.exists();
        if created && out.is_symlink() {
            return Err(Error::input(format!("the output folder `{}` is a link that leads nowhere", out.display()))
                .with_hint("remove the link, or choose another folder with `--out`"));
        }
        fs::create_dir_all(out).map_err(Error::io("create", out))?;
        let lease = Lease::take(out)?;
        let owned = Owned::of(out)?;
        owned.check(out, &steps)?;
        let (dir, interrupted) = (staged(out), owned.interrupted);
        let abandoned = open(out, &dir)? || interrupted;
        let (syncing, lease) = (Mutex::default(), Some(lease));
        Ok(Staging { out: out.into(), dir, abandoned, created, owned, steps, syncing, lease })
    }

    /// Path of the staged file `name`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Path of the file `name` in messages.
    pub(crate) fn shown(&self, name: &str) -> PathBuf {
        self.out.join(name)
    }

    /// A folder on the disk of the outputs, for files that are not needed after the run.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.dir.clone()
    }

    /// Empties a folder in which another program is to leave files.
    pub(crate) fn empty(&self, name: &str) -> Result<PathBuf> {
        let folder = self.path(name);
        remove(&folder)?;
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        Ok(folder)
    }

    /// Stages a file.
    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> Result<OutputFile> {
        self.write_with(name, |file| file.write_all(bytes).map_err(Error::io("write", self.shown(name))))
    }

    /// Stages a table as CSV.
    pub(crate) fn write_csv(&self, name: &str, table: &TextTable) -> Result<OutputFile> {
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

    /// Stages a table as Parquet; equal rows give equal bytes.
    pub(crate) fn write_parquet(&self, name: &str, frame: &DataFrame) -> Result<OutputFile> {
        let mut file = self.write_with(name, |file| write_frame(frame, file))?;
        file.rows = Some(Rows { count: frame.height() as u64, blake3: hash_rows(frame)? });
        Ok(file)
    }

    fn write_with(&self, name: &str, write: impl FnOnce(&mut Hashing) -> Result<()>) -> Result<OutputFile> {
        let mut hashing = self.begin(name)?;
        write(&mut hashing).map_err(|e| hashing.explain(e, &self.shown(name)))?;
        self.end(name, &mut hashing)
    }

    /// Stages tables as Parquet, by the paths of their files without extension.
    pub(crate) fn write_tables(&self, tables: &[(String, DataFrame)]) -> Result<Vec<OutputFile>> {
        let tables = tables.iter().map(|(path, frame)| (path.as_str(), frame));
        write_frames(tables, |path, frame| self.write_parquet(&format!("{path}.parquet"), frame))
    }

    /// Opens a file for writing in parts.
    pub(crate) fn begin(&self, name: &str) -> Result<Hashing> {
        let file = create(&self.path(name)).map_err(Error::io("create", self.shown(name)))?;
        Ok(Hashing {
            file: BufWriter::with_capacity(1 << 18, file),
            hasher: blake3::Hasher::new(),
            bytes: 0,
            failed: None,
        })
    }

    /// Completes a file; it is synced while others are written.
    pub(crate) fn end(&self, name: &str, hashing: &mut Hashing) -> Result<OutputFile> {
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

    /// Takes over a file that another program has written to its place.
    pub(crate) fn adopt(&self, name: &str) -> Result<OutputFile> {
        let (path, shown) = (self.path(name), self.shown(name));
        let file = File::open(&path).map_err(Error::io("read", &shown))?;
        let bytes = file.metadata().map_err(Error::io("read", &shown))?.len();
        let blake3 = hash_file(&path)?;
        self.sync_later(file, shown);
        Ok(OutputFile { path: name.into(), bytes, blake3, rows: None })
    }

    fn sync_later(&self, file: File, shown: PathBuf) {
        // If the receiver is gone, it has failed, and reports that at the end.
        let _ = lock(&self.syncing).get_or_insert_with(Syncing::begin).files.send((file, shown));
    }

    /// Waits until everything written is on disk, where other machines see it too.
    pub(crate) fn sync(&self) -> Result<()> {
        let syncing = lock(&self.syncing).take();
        syncing.map_or(Ok(()), Syncing::end)
    }

    /// Records that a step has ended. Records count only if their files match, so that they need no sync.
    pub(crate) fn note(&self, step: &str, record: &impl serde::Serialize) -> Result<()> {
        let path = self.path(RECORDS).join(step).with_extension("json");
        let mut file = create(&path).map_err(Error::io("create", &path))?;
        file.write_all(&to_json(record)).map_err(Error::io("write", &path))
    }

    /// Commits what is staged, the manifest last. The old manifest is removed before any output is moved. Removes files
    /// that the previous manifest lists and this one does not. Files in place that are still valid are not touched, nor
    /// are files that neither manifest lists.
    pub(crate) fn commit(&self, manifest: &Manifest, fresh: &[String]) -> Result<()> {
        let listed: BTreeSet<String> = manifest.core.outputs.iter().map(|f| f.path.clone()).collect();
        // A run on data that the user names keeps generated data, because it may be reading them.
        let is_kept = |path: &str| manifest.core.parameters.generated.is_none() && path.starts_with("data/");
        let removed: Vec<&String> = self.owned.files.difference(&listed).filter(|path| !is_kept(path)).collect();
        self.write(MANIFEST, &to_json(manifest))?;
        let files = listed.iter().chain(&self.owned.files).cloned().collect();
        self.write(UNFINISHED, &to_json(&Mark { pfe: manifest.core.pfe.clone(), files }))?;
        self.sync()?;
        if let Some(lease) = &self.lease {
            lease.check()?;
        }
        // A file that appeared since the start is not ours either.
        self.owned.check(&self.out, &self.steps)?;
        for path in fresh.iter().filter(|path| !self.owned.files.contains(*path)) {
            let place = self.out.join(path);
            if let Some(meta) = files::look(&place).map_err(Error::io("read", &place))? {
                return Err(in_the_way(&self.out, path, &meta));
            }
        }
        self.move_in(UNFINISHED)?;
        sync(&self.out)?;
        remove(&self.out.join(MANIFEST))?;
        for path in removed {
            self.remove_output(path)?;
        }
        for path in fresh {
            self.move_in(path)?;
        }
        // A name is durable only after its folder is synced: after a power cut, a manifest must find all its files.
        let folders: BTreeSet<&Path> = fresh.iter().flat_map(|path| Path::new(path).ancestors().skip(1)).collect();
        for folder in folders {
            sync(&self.out.join(folder))?;
        }
        self.move_in(MANIFEST)?;
        remove(&self.out.join(UNFINISHED))?;
        sync(&self.out)?;
        self.discard()
    }

    /// Removes a file of ours, and the folders that it leaves empty.
    fn remove_output(&self, path: &str) -> Result<()> {
        if files::regular(&self.out, path).is_ok() {
            remove(&self.out.join(path))?;
        }
        for folder in Path::new(path).ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty()) {
            // Folders that are not empty stay.
            if fs::remove_dir(self.out.join(folder)).is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Removes the staged files.
    pub(crate) fn discard(&self) -> Result<()> {
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
        if !self.dir.join(RECORDS).exists() {
            // The next run finds and removes what could not be removed now.
            let _ = fs::remove_dir_all(&self.dir);
        }
        drop(self.lease.take());
        if self.created {
            // A folder that is not empty stays.
            let _ = fs::remove_dir(&self.out);
        }
    }
}
