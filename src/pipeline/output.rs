//! Files on their way into the output folder: written aside, synced, then moved in together, the manifest last.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use polars::prelude::{DataFrame, ParquetCompression, ParquetWriter};
use tempfile::TempDir;

use super::manifest::{MANIFEST, Manifest, OutputFile, to_json};
use crate::error::{Error, Result};
use crate::results::{CODE, Results};

/// Everything a run owns in the output folder, beside the manifest and generated data; other files there are left alone.
const OWNED: [&str; 8] =
    ["clean", "mart", "tables", "quarantine", "audit.json", "report.html", "report.pdf", "dashboard.html"];
/// Where generated data go.
pub(super) const DATA: &str = "data";

/// Stands in the folder while files are moved in: without it, outputs without a manifest are somebody else's files.
const UNFINISHED: &str = ".unfinished-pfe-run";

/// Start of the names of staging folders.
const PREFIX: &str = ".pfe-";

/// Rows per row group: fixed, so that the bytes do not depend on the number of threads.
const ROW_GROUP: usize = 1 << 18;

/// A folder beside the outputs, which vanishes if it is dropped without [`Staging::commit`].
pub(super) struct Staging {
    out: PathBuf,
    dir: TempDir,
    /// Whether the folder held what a killed run had staged, or moved in half.
    abandoned: bool,
    _lock: File,
}

impl Staging {
    /// Creates `out` if needed and a hidden folder in it.
    pub(super) fn new(out: &Path) -> Result<Staging> {
        if out.exists() && !out.is_dir() {
            return Err(Error::input(format!("the output folder `{}` is a file", out.display()))
                .with_hint("choose another folder with `--out`"));
        }
        fs::create_dir_all(out).map_err(Error::io("create", out))?;
        // The lock goes with the process, however it ends; whoever holds it may clear what a killed run left.
        let lock = File::open(out).map_err(Error::io("read", out))?;
        lock.try_lock().map_err(|_| {
            Error::input(format!("another run is writing to `{}`", out.display()))
                .with_hint("wait for it, or choose another folder with `--out`")
        })?;
        let interrupted = out.join(UNFINISHED).exists();
        if let (false, false, Some(name)) =
            (interrupted, out.join(MANIFEST).exists(), OWNED.iter().find(|name| out.join(name).exists()))
        {
            return Err(Error::input(format!("`{}` holds `{name}` but no finished run", out.display())).with_hint(
                "pfe replaces nothing that it did not write: remove it, or choose another folder with `--out`",
            ));
        }
        let abandoned = clear_abandoned(out)? || interrupted;
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(out).map_err(Error::io("write into", out))?;
        Ok(Staging { out: out.to_path_buf(), dir, abandoned, _lock: lock })
    }

    /// Where `name` is staged.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Stages a file.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<OutputFile> {
        self.write_with(name, |file| file.write_all(bytes).map_err(Error::io("write", self.out.join(name))))
    }

    /// Stages a table as Parquet, with the same bytes for the same rows.
    pub(super) fn write_parquet(&self, name: &str, frame: &DataFrame) -> Result<OutputFile> {
        self.write_with(name, |file| {
            // Sorted rows in one chunk: how a frame came to be must not show in its file.
            let mut frame = frame.clone();
            frame.rechunk_mut();
            let writer = ParquetWriter::new(file).with_compression(ParquetCompression::Snappy);
            writer.with_row_group_size(Some(ROW_GROUP)).set_parallel(false).finish(&mut frame)?;
            Ok(())
        })
    }

    fn write_with(&self, name: &str, write: impl FnOnce(&mut Hashing) -> Result<()>) -> Result<OutputFile> {
        let (path, shown) = (self.path(name), self.out.join(name));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
        }
        let file = File::create(&path).map_err(Error::io("create", &shown))?;
        let mut hashing = Hashing {
            file: BufWriter::with_capacity(1 << 18, file),
            hasher: blake3::Hasher::new(),
            bytes: 0,
            failed: None,
        };
        // A full disk is told as such, not in the words of whoever was writing.
        write(&mut hashing).map_err(|e| match hashing.failed.take() {
            Some(source) => Error::io("write", &shown)(source),
            None => e,
        })?;
        let file = hashing.file.into_inner().map_err(|e| Error::io("write", &shown)(e.into_error()))?;
        file.sync_all().map_err(Error::io("write", &shown))?;
        Ok(OutputFile {
            path: name.into(),
            bytes: hashing.bytes,
            blake3: hashing.hasher.finalize().to_hex().to_string(),
        })
    }

    /// Moves everything in, the manifest last. Says whether the run before did not end.
    pub(super) fn commit(self, manifest: &Manifest) -> Result<bool> {
        self.write(MANIFEST, &to_json(manifest))?;
        let mark = self.out.join(UNFINISHED);
        File::create(&mark).map_err(Error::io("write", &mark))?;
        remove(&self.out.join(MANIFEST))?;
        for name in OWNED {
            remove(&self.out.join(name))?;
            self.move_in(name)?;
        }
        if self.path(DATA).exists() {
            remove(&self.out.join(DATA))?;
            self.move_in(DATA)?;
        }
        self.move_in(MANIFEST)?;
        remove(&mark)?;
        // The names are only safe once the folder itself is synced.
        File::open(&self.out).and_then(|folder| folder.sync_all()).map_err(Error::io("write", &self.out))?;
        Ok(self.abandoned)
    }

    /// Replaces the report files of a finished run and what its manifest says of them.
    pub(super) fn commit_report(self, files: Vec<OutputFile>, results: &Results) -> Result<Vec<PathBuf>> {
        let mut manifest = Manifest::load(&self.out)?;
        manifest.core.parameters = results.parameters.clone();
        manifest.core.fingerprint = results.fingerprint();
        manifest.core.code = CODE.into();
        for file in &files {
            manifest.core.outputs.retain(|o| o.path != file.path);
            manifest.core.outputs.push(file.clone());
        }
        manifest.core.outputs.sort_by(|a, b| a.path.cmp(&b.path));
        self.write(MANIFEST, &to_json(&manifest))?;
        for file in &files {
            self.move_in(&file.path)?;
        }
        self.move_in(MANIFEST)?;
        Ok(files.iter().map(|f| self.out.join(&f.path)).collect())
    }

    fn move_in(&self, name: &str) -> Result<()> {
        let (from, to) = (self.path(name), self.out.join(name));
        match from.exists() {
            true => fs::rename(&from, &to).map_err(Error::io("write", to)),
            false => Ok(()),
        }
    }
}

/// Removes the staging folders of runs that were killed; says whether there were any.
fn clear_abandoned(out: &Path) -> Result<bool> {
    let mut found = false;
    for entry in fs::read_dir(out).map_err(Error::io("read", out))?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            remove(&entry.path())?;
            found = true;
        }
    }
    Ok(found)
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
