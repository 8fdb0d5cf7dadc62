//! Rows → temporary files on the disk, partitioned by range of an id, and back. Used by `split`, `ranges`, `mart` and `outputs`.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use polars::prelude::*;

use crate::error::{Error, Result};
use crate::parallel::lock;
use crate::table::parquet::join_rows;
use crate::table::sort_dedupe::prefix;

/// The rows of one table on the disk. The file has no name: the system removes it, however the program ends.
#[derive(Debug)]
pub(crate) struct Spill {
    file: Mutex<File>,
    dir: PathBuf,
    /// Offset of the next piece, bytes.
    end: u64,
    /// The pieces of each range, in the order in which they were added.
    pieces: Vec<Vec<Piece>>,
}

/// Rows that were written together.
#[derive(Debug)]
struct Piece {
    /// Offset in the file, bytes.
    start: u64,
    bytes: usize,
    rows: usize,
}

impl Spill {
    /// Creates the temporary file in `dir`.
    ///
    /// # Errors
    /// Nothing can be written in `dir`.
    pub(crate) fn new(dir: &Path, ranges: usize) -> Result<Spill> {
        let file = tempfile::tempfile_in(dir).map_err(Error::io("write", dir))?;
        Ok(Spill::on(file, dir, ranges))
    }

    fn on(file: File, dir: &Path, ranges: usize) -> Spill {
        Spill { file: Mutex::new(file), dir: dir.into(), end: 0, pieces: (0..ranges).map(|_| Vec::new()).collect() }
    }

    pub(crate) fn append(&mut self, range: usize, mut rows: DataFrame) -> Result<()> {
        let mut bytes = Vec::new();
        // Copies texts out of their shared buffer; otherwise the whole buffer would be written with them.
        IpcStreamWriter::new(&mut bytes).with_compat_level(CompatLevel::oldest()).finish(&mut rows)?;
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.end))
            .and_then(|_| file.write_all(&bytes))
            .map_err(Error::io("write", &self.dir))?;
        self.pieces[range].push(Piece { start: self.end, bytes: bytes.len(), rows: rows.height() });
        self.end += bytes.len() as u64;
        Ok(())
    }

    /// Adds each row to the range of its id in `column`.
    pub(crate) fn scatter(&mut self, rows: &DataFrame, column: &str, bounds: &Bounds) -> Result<()> {
        let ids = rows.column(column)?.str()?.iter();
        self.scatter_to(rows, ids.map(|id| bounds.range(id.unwrap_or_default())))
    }

    /// Adds each row to its range.
    pub(crate) fn scatter_to(&mut self, rows: &DataFrame, ranges: impl Iterator<Item = usize>) -> Result<()> {
        let mut of_range: Vec<Vec<IdxSize>> = vec![Vec::new(); self.pieces.len()];
        (0..).zip(ranges).for_each(|(row, range)| of_range[range].push(row));
        for (range, rows_of_range) in
            of_range.into_iter().enumerate().filter(|(_, rows_of_range)| !rows_of_range.is_empty())
        {
            self.append(range, rows.take(&IdxCa::from_vec("row".into(), rows_of_range))?)?;
        }
        Ok(())
    }

    /// Whether a range has at least twice its share of the rows.
    pub(crate) fn is_skewed(&self) -> bool {
        let rows = || self.pieces.iter().map(|pieces| pieces.iter().map(|piece| piece.rows).sum::<usize>());
        rows().max().unwrap_or(0) * rows().len() >= 2 * rows().sum::<usize>().max(1)
    }

    /// Repartitions all rows by other `bounds`.
    pub(crate) fn repartition(&mut self, column: &str, bounds: &Bounds) -> Result<()> {
        let mut resplit = Spill::new(&self.dir, self.pieces.len())?;
        for piece in self.pieces.iter().flatten() {
            resplit.scatter(&self.read(piece)?, column, bounds)?;
        }
        *self = resplit;
        Ok(())
    }

    /// All rows of a range, in the order in which they were added; `None` if there are none.
    pub(crate) fn rows(&self, range: usize) -> Result<Option<DataFrame>> {
        let mut rows: Option<DataFrame> = None;
        for piece in self.pieces(range) {
            let piece = piece?;
            match &mut rows {
                Some(rows) => drop(rows.vstack_mut(&piece)?),
                None => rows = Some(piece),
            }
        }
        Ok(rows.map(join_rows))
    }

    /// The rows of a range as they were added, one piece at a time.
    pub(crate) fn pieces(&self, range: usize) -> impl Iterator<Item = Result<DataFrame>> {
        self.pieces[range].iter().map(|piece| self.read(piece))
    }

    /// The ranges that have rows.
    pub(crate) fn filled(&self) -> Vec<usize> {
        (0..self.pieces.len()).filter(|range| self.pieces[*range].iter().any(|piece| piece.rows > 0)).collect()
    }

    fn read(&self, piece: &Piece) -> Result<DataFrame> {
        let mut bytes = vec![0; piece.bytes];
        let mut file = lock(&self.file);
        file.seek(SeekFrom::Start(piece.start))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(Error::io("read", &self.dir))?;
        drop(file);
        Ok(IpcStreamReader::new(Cursor::new(bytes)).finish()?)
    }
}

/// The lower bounds of ranges of ids. Ranges rather than hashes, so that processing them in turn yields sorted output. A prefix before each
/// id makes most comparisons fast.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bounds(Vec<(u64, String)>);

impl Bounds {
    /// Bounds that give each range about as many of `ids`.
    pub(crate) fn of(ids: &StringChunked, ranges: usize) -> Bounds {
        let mut ids: Vec<&str> = ids.iter().flatten().collect();
        ids.sort_unstable();
        let firsts = (1..ranges).filter_map(|range| ids.get(range * ids.len() / ranges));
        let mut bounds: Vec<(u64, String)> = firsts.map(|id| (prefix(id), id.to_string())).collect();
        bounds.dedup();
        Bounds(bounds)
    }

    /// Bounds of a hundred ranges by the first two digits.
    pub(crate) fn of_two_digits() -> Bounds {
        Bounds((1..100).map(|digits| format!("{digits:02}")).map(|first| (prefix(&first), first)).collect())
    }

    fn range(&self, id: &str) -> usize {
        let prefix = prefix(id);
        self.0.partition_point(|(first, text)| (*first, text.as_str()) <= (prefix, id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_each_other_and_rows_keep_their_order() {
        let ids = ["d", "a", "c", "b", "c", "zz", "", "d"];
        let rows = df!("id" => ids, "line" => [0u32, 1, 2, 3, 4, 5, 6, 7]).unwrap();
        let bounds = Bounds::of(rows.column("id").unwrap().str().unwrap(), 3);
        let dir = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(dir.path(), 3).unwrap();
        spill.scatter(&rows.slice(0, 4), "id", &bounds).unwrap();
        spill.scatter(&rows.slice(4, 4), "id", &bounds).unwrap();
        let lines: Vec<Vec<u32>> = (0..3)
            .map(|range| {
                let rows = spill.rows(range).unwrap().unwrap();
                rows.column("line").unwrap().u32().unwrap().into_no_null_iter().collect()
            })
            .collect();
        assert_eq!(lines, [vec![1, 6], vec![2, 3, 4], vec![0, 5, 7]]);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn ranges_that_the_first_ids_did_not_foretell_are_cut_again() {
        let ids: Vec<String> = (0..64).map(|id| format!("{id:02}")).collect();
        let rows = df!("id" => &ids).unwrap();
        let ids = rows.column("id").unwrap().str().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(dir.path(), 4).unwrap();
        for start in [0, 32] {
            spill.scatter(&rows.slice(start, 32), "id", &Bounds::of(&ids.slice(0, 8), 4)).unwrap();
        }
        assert!(spill.is_skewed());
        spill.repartition("id", &Bounds::of(ids, 4)).unwrap();
        assert!(!spill.is_skewed());
        for range in 0..4 {
            assert!(spill.rows(range).unwrap().unwrap().equals(&rows.slice(16 * range as i64, 16)));
        }
    }

    #[test]
    fn few_ids_leave_ranges_empty() {
        let ids = StringChunked::from_slice("id".into(), &["a", "a"]);
        let bounds = Bounds::of(&ids, 5);
        assert_eq!((bounds.range("Z"), bounds.range("a"), bounds.range("b")), (0, 1, 1));
        assert_eq!(Bounds::of(&ids.clear(), 5).range("x"), 0);
        let of_two_digits = Bounds::of_two_digits();
        assert_eq!(
            ["", "00999", "01000", "01999", "99999", "zip"].map(|id| of_two_digits.range(id)),
            [0, 0, 1, 1, 99, 99]
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told_as_such() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let error = Spill::on(full, Path::new("scratch"), 1).append(0, df!("x" => [1i64]).unwrap()).unwrap_err();
        assert!(error.to_string().starts_with("cannot write `scratch`: No space left"), "{error}");
        assert!(error.hint().is_some_and(|hint| hint.starts_with("free some space")));
    }
}
