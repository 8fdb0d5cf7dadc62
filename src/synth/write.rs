//! Catalog, geography and orders → bytes of rows, and the files that hold them. Last part of `synth`.

use std::io::Write;
use std::path::{Path, PathBuf};

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use tempfile::NamedTempFile;

use super::defects::{Injected, Injector};
use super::world::calendar::{Calendar, DAY};
use crate::error::{Error, Result};
use crate::parallel::{self, join};
use crate::schema::contract::{Table, TableId};
use crate::schema::format::signed;

/// A buffer for rows of one table and chunk. Every field ends with a comma, the last of which [`Rows::end`] replaces by a line end.
#[derive(Debug)]
pub struct Rows {
    bytes: Vec<u8>,
    start: usize,
    count: u64,
    injector: Option<Injector>,
}

impl Rows {
    /// With capacity for about `rows` rows of `width` bytes.
    pub fn new(rows: u64, width: usize, injector: Option<Injector>) -> Self {
        Rows { bytes: Vec::with_capacity(rows as usize * width), start: 0, count: 0, injector }
    }

    /// Rows that are written otherwise: their bytes and their number.
    pub fn complete(bytes: Vec<u8>, count: u64) -> Self {
        Rows { start: bytes.len(), bytes, count, injector: None }
    }

    /// Writes a value without quotes.
    #[inline]
    pub fn raw(&mut self, value: &str) {
        self.bytes.extend_from_slice(value.as_bytes());
        self.bytes.push(b',');
    }

    /// Writes a value in quotes; quotes in it must already be doubled.
    #[inline]
    pub fn text(&mut self, value: &str) {
        self.quoted(value.as_bytes());
    }

    #[inline]
    fn quoted(&mut self, value: &[u8]) {
        self.bytes.push(b'"');
        self.bytes.extend_from_slice(value);
        self.bytes.extend_from_slice(b"\",");
    }

    /// Writes an id of 32 digits.
    #[inline]
    pub fn id(&mut self, id: &[u8; 32]) {
        self.quoted(id);
    }

    /// Writes a missing value.
    #[inline]
    pub fn null(&mut self) {
        self.bytes.push(b',');
    }

    /// Writes a zip prefix of five digits.
    #[inline]
    pub fn zip(&mut self, zip: u32) {
        let digit = |power: u32| b'0' + (zip / power % 10) as u8;
        self.quoted(&[digit(10_000), digit(1_000), digit(100), digit(10), digit(1)]);
    }

    /// Writes a whole number.
    #[inline]
    pub fn integer(&mut self, value: u64) {
        signed(&mut self.bytes, value as i64);
        self.bytes.push(b',');
    }

    /// Writes reais in the shortest form with at least one decimal: `58.9`, `199.0`, `13.29`.
    #[inline]
    pub fn money(&mut self, centavos: u64) {
        signed(&mut self.bytes, (centavos / 100) as i64);
        let (tens, units) = ((centavos / 10 % 10) as u8, (centavos % 10) as u8);
        self.bytes.extend_from_slice(&[b'.', b'0' + tens]);
        if units != 0 {
            self.bytes.push(b'0' + units);
        }
        self.bytes.push(b',');
    }

    /// Writes degrees with fourteen decimals: millionths, then eight more digits.
    #[inline]
    pub fn degrees(&mut self, micro: i64, more: u64) {
        if micro < 0 {
            self.bytes.push(b'-');
        }
        signed(&mut self.bytes, micro.abs() / 1_000_000);
        let fraction = micro.unsigned_abs() % 1_000_000 * 100_000_000 + more;
        let mut buffer = *b".00000000000000,";
        let mut rest = fraction;
        for digit in buffer[1..15].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        self.bytes.extend_from_slice(&buffer);
    }

    /// Writes a time, given in seconds from the calendar's day 0.
    #[inline]
    pub fn time(&mut self, calendar: &Calendar, seconds: i64) {
        let mut buffer = *b"\"0000-00-00 00:00:00\",";
        buffer[1..11].copy_from_slice(calendar.date(seconds.div_euclid(DAY)));
        let time = seconds.rem_euclid(DAY);
        for (at, value) in [(12, time / 3600), (15, time / 60 % 60), (18, time % 60)] {
            buffer[at] = b'0' + (value / 10) as u8;
            buffer[at + 1] = b'0' + (value % 10) as u8;
        }
        self.bytes.extend_from_slice(&buffer);
    }

    /// Writes a time that may be missing.
    #[inline]
    pub fn time_or_null(&mut self, calendar: &Calendar, seconds: Option<i64>) {
        match seconds {
            Some(seconds) => self.time(calendar, seconds),
            None => self.null(),
        }
    }

    /// Ends the row, and spoils it at the rate of defects.
    #[inline]
    pub fn end(&mut self) {
        if let Some(last) = self.bytes.last_mut() {
            *last = b'\n';
        }
        self.count += 1;
        if let Some(injector) = &mut self.injector {
            injector.visit(&mut self.bytes, self.start);
        }
        self.start = self.bytes.len();
    }
}

/// A file that has a temporary name until everything is complete.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    file: NamedTempFile,
    crlf: bool,
    /// Number of rows written, without the header.
    pub rows: u64,
    /// Defects written.
    pub injected: Injected,
}

impl Output {
    /// Creates a file in `folder`.
    pub fn new(folder: &Path, name: &str) -> Result<Self> {
        let path = folder.join(name);
        let mut builder = tempfile::Builder::new();
        builder.prefix(".").suffix(".partial");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // Let the user's umask decide; the default of temporary files would make it readable by its owner only.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder).map_err(Error::io("create", &path))?;
        Ok(Output { path, file, crlf: false, rows: 0, injected: Injected::default() })
    }

    /// Creates the file of a table with a header in Kaggle's style; `crlf` selects Windows line ends.
    pub fn table(folder: &Path, table: &Table, crlf: bool) -> Result<Self> {
        let mut output = Output { crlf, ..Output::new(folder, table.file)? };
        let bare = matches!(table.id, TableId::Categories | TableId::States);
        let quote = if bare { "" } else { "\"" };
        let names: Vec<String> = table.columns.iter().map(|c| format!("{quote}{}{quote}", c.source)).collect();
        let mark = if bare { "\u{feff}" } else { "" };
        output.write(format!("{mark}{}\n", names.join(",")).as_bytes())?;
        Ok(output)
    }

    /// Appends bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let converted;
        let bytes = if self.crlf {
            let lines = bytes.split_inclusive(|&b| b == b'\n');
            converted = lines.flat_map(|l| [l.strip_suffix(b"\n").unwrap_or(l), b"\r\n"]).collect::<Vec<_>>().concat();
            &converted
        } else {
            bytes
        };
        self.file.write_all(bytes).map_err(Error::io("write", &self.path))
    }

    fn append(&mut self, mut rows: Rows) -> Result<()> {
        self.rows += rows.count;
        if let Some(injector) = rows.injector {
            let (injected, deferred) = injector.finish();
            rows.bytes.extend_from_slice(&deferred);
            self.rows += injected.extra_rows();
            self.injected.add(&injected);
        }
        self.write(&rows.bytes)
    }

    /// Renames the file to its final name. Does not sync it to the disk, which would double the time: after a power cut the data can be
    /// generated again.
    pub fn publish(self) -> Result<()> {
        let path = self.path;
        self.file.persist_noclobber(&path).map_err(|e| Error::io("write", &path)(e.error))?;
        Ok(())
    }
}

/// Makes `chunks` chunks in parallel and writes them in order; `make` returns rows for each of the files. Chunks are processed in windows,
/// so that memory does not grow with their number: one window is written while the next is made.
pub fn write_chunks<const N: usize>(
    outputs: &mut [Output; N],
    chunks: u64,
    make: impl Fn(u64) -> [Rows; N] + Sync,
) -> Result<()> {
    let window = 8 * rayon::current_num_threads() as u64;
    let mut append = |made: Vec<[Rows; N]>| {
        let mut each = made.into_iter().flat_map(|chunk| chunk.into_iter().enumerate());
        each.try_for_each(|(i, rows)| outputs[i].append(rows))
    };
    let mut windows = (0..chunks)
        .step_by(window as usize)
        .map(|first| -> Vec<[Rows; N]> { (first..chunks.min(first + window)).into_par_iter().map(&make).collect() });
    if parallel::is_alone() {
        return windows.try_for_each(append);
    }
    std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::sync_channel::<Vec<[Rows; N]>>(1);
        let writer = scope.spawn(move || receiver.into_iter().try_for_each(&mut append));
        // Sending fails only if the writer failed; its own error is reported instead.
        let _ = windows.try_for_each(|made| sender.send(made));
        drop(sender);
        join(writer)
    })
}
