//! Parquet file → frames with a bounded number of rows, page by page. Used by `input::read`, by the lake and by S3.
//!
//! polars reads a whole row group at once and trusts the sizes that a file declares. This reader never holds a whole row group or column in
//! memory, and compares declared sizes with the size of the file before it decompresses anything.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use polars::prelude::{
    ArrowDataType, ArrowField, ArrowTimeUnit, ChunkAgg, Column, DataFrame, DataType, IntoColumn, Series,
};
use polars_parquet::parquet::metadata::{ColumnChunkMetadata, FileMetadata, RowGroupMetadata};
use polars_parquet::parquet::read::{PageMetaData, PageReader, deserialize_metadata};
use polars_parquet::parquet::schema::types::PhysicalType;
use polars_parquet::read::schema::parquet_to_arrow_schema;
use polars_parquet::read::{BasicDecompressor, Filter, column_iter_to_arrays};
use polars_parquet_format::thrift::protocol::TCompactInputProtocol;
use polars_parquet_format::{FileMetaData, PageHeader, PageType};

use crate::error::{Error, Result};
use crate::guard::{MAX_COMPRESSION, guarded};

/// Most rows per frame.
const ROWS: usize = 1 << 16;
/// Most bytes per frame, by the sizes that the file declares.
const BYTES: usize = 16 << 20;
/// Largest page, bytes: a page is in memory as a whole. Writers end pages at 1 MB, some at 100 MB.
const MAX_PAGE: u64 = 128 << 20;
/// Largest footer, bytes: it is in memory as a whole, too. The footer of ten thousand row groups takes 20 MB.
const MAX_FOOTER: u64 = 64 << 20;
/// Bytes that any file may unpack to, however small it is and however well it is compressed.
const SMALL: u64 = 64 << 20;
/// Deepest nesting of columns. Libraries recurse once per level, and the stack is limited.
const MAX_DEPTH: usize = 64;
const MAGIC: &[u8] = b"PAR1";

/// Most bytes that a file of `size` bytes may unpack to.
pub(crate) fn most_unpacked(size: u64) -> u64 {
    size.saturating_mul(MAX_COMPRESSION).max(SMALL)
}

/// An open Parquet file.
pub(crate) struct Pages {
    file: File,
    size: u64,
    /// Name of the file in messages.
    place: String,
    metadata: FileMetadata,
}

/// A page of a column chunk.
struct Page {
    /// Offset of its header in the file, bytes.
    start: u64,
    /// Compressed size including the header, bytes.
    bytes: u64,
    /// Unpacked size, bytes.
    unpacked: u64,
    /// Its rows within the row group; an empty range for a dictionary page.
    rows: Range<usize>,
}

impl Pages {
    /// Reads and checks the footer.
    ///
    /// # Errors
    /// It is not a Parquet file, it is damaged, or it would unpack to more than a table can hold.
    pub(crate) fn open(mut file: File, place: &str) -> Result<Pages> {
        let (metadata, size) = guarded(place, || {
            let size = file.seek(SeekFrom::End(0)).map_err(|e| damaged(place, &e))?;
            let footer = footer(&mut file, size, place)?;
            flat_enough(&footer, place)?;
            Ok((deserialize_metadata(footer.into()).map_err(|e| damaged(place, &e))?, size))
        })?;
        let pages = Pages { file, size, place: place.into(), metadata };
        // A null takes no byte in the file, but a comma as text.
        let fields = pages.rows().saturating_mul(pages.metadata.schema().fields().len() as u64);
        if fields > most_unpacked(size) { Err(pages.too_large()) } else { Ok(pages) }
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> Vec<String> {
        self.metadata.schema().fields().iter().map(|field| field.name().to_string()).collect()
    }

    pub(crate) fn rows(&self) -> u64 {
        self.metadata.row_groups.iter().fold(0, |rows: u64, group| rows.saturating_add(group.num_rows() as u64))
    }

    /// Passes all rows to `take`, a bounded number per frame. `columns` are positions in the file; frames have them in this order. Texts
    /// come as bytes, unchecked. If there are no rows, `take` gets one empty frame.
    ///
    /// # Errors
    /// A column has a type that no cell of a table can have, the file is damaged or a decompression bomb, or `take` fails.
    pub(crate) fn read(&self, columns: &[usize], take: &mut dyn FnMut(DataFrame) -> Result<()>) -> Result<()> {
        let fields: Vec<ArrowField> =
            columns.iter().map(|&column| guarded(&self.place, || self.field(column))).collect::<Result<_>>()?;
        let mut unpacked = 0;
        for group in self.metadata.row_groups.iter().filter(|group| group.num_rows() > 0) {
            let chunks: Vec<(&ColumnChunkMetadata, Vec<Page>)> = guarded(&self.place, || {
                fields
                    .iter()
                    .map(|field| self.chunk(group, field).and_then(|c| Ok((c, self.pages(c, group)?))))
                    .collect()
            })?;
            let bytes: u64 = chunks.iter().flat_map(|(_, pages)| pages).map(|page| page.unpacked).sum();
            unpacked += bytes;
            if unpacked > most_unpacked(self.size) {
                return Err(self.too_large());
            }
            let rows = group.num_rows();
            let wide = usize::try_from(bytes).unwrap_or(usize::MAX) / rows;
            let step = (BYTES / wide.max(1)).clamp(1, ROWS);
            for start in (0..rows).step_by(step) {
                let rows = start..rows.min(start + step);
                let frame = guarded(&self.place, || {
                    let chunks = fields.iter().zip(&chunks);
                    let columns = chunks.map(|(field, (chunk, pages))| self.column(field, chunk, pages, &rows));
                    DataFrame::new(rows.len(), columns.collect::<Result<_>>()?).map_err(|e| damaged(&self.place, &e))
                })?;
                take(frame)?;
            }
        }
        if self.rows() == 0 {
            let empty = |field: &ArrowField| Series::new_empty(field.name.clone(), &DataType::from_arrow_field(field));
            take(DataFrame::new(0, fields.iter().map(|field| empty(field).into_column()).collect())?)?;
        }
        Ok(())
    }

    /// The field of a column, if its Parquet type is one that a cell of a table can have.
    fn field(&self, column: usize) -> Result<ArrowField> {
        use ArrowDataType as A;
        let declared = &self.metadata.schema().fields()[column];
        let schema = parquet_to_arrow_schema(std::slice::from_ref(declared));
        let stored_type = schema.get_at_index(0).map_or(A::Null, |(_, field)| field.dtype().clone());
        let dtype = match stored_type {
            // Read as bytes even if declared as text: invalid UTF-8 is quarantined with its row, as in other formats.
            A::Utf8View | A::BinaryView => A::BinaryView,
            // Stored as 32-bit integers in the file.
            A::Int8 | A::Int16 | A::UInt8 | A::UInt16 => A::Int32,
            A::Boolean | A::Int32 | A::Int64 | A::UInt32 | A::UInt64 | A::Float32 | A::Float64 => stored_type,
            A::Date32 | A::Timestamp(..) | A::Decimal(..) => stored_type,
            other => {
                let message = format!("column `{}` of `{}` holds {}", declared.name(), self.place, kind_of(&other));
                return Err(Error::input(message).with_hint("write it as text, numbers, dates or decimals"));
            }
        };
        Ok(ArrowField::new(declared.name().into(), dtype, true))
    }

    fn chunk<'a>(&self, group: &'a RowGroupMetadata, field: &ArrowField) -> Result<&'a ColumnChunkMetadata> {
        let mut chunks = group.columns_under_root_iter(&field.name).into_iter().flatten();
        chunks.next().ok_or_else(|| damaged(&self.place, &format_args!("a row group lacks column `{}`", field.name)))
    }

    /// Lists the pages of a column in a row group, the dictionary page first if there is one. Reads only their headers.
    fn pages(&self, chunk: &ColumnChunkMetadata, group: &RowGroupMetadata) -> Result<Vec<Page>> {
        let failed = |e: &dyn std::fmt::Display| damaged(&self.place, e);
        let range = chunk.byte_range();
        if range.start > range.end || range.end > self.size {
            return Err(failed(&"a column ends after the file"));
        }
        let mut file = BufReader::new(&self.file);
        file.seek(SeekFrom::Start(range.start)).map_err(|e| failed(&e))?;
        let (mut at, mut rows, mut pages) = (range.start, 0, Vec::new());
        while rows < group.num_rows() {
            let mut left = (&mut file).take(range.end.saturating_sub(at));
            let limit = left.limit();
            let header =
                PageHeader::read_from_in_protocol(&mut TCompactInputProtocol::new(&mut left, MAX_FOOTER as usize))
                    .map_err(|e| failed(&e))?;
            let head = limit - left.limit();
            let packed = u64::try_from(header.compressed_page_size).map_err(|e| failed(&e))?;
            let unpacked = u64::try_from(header.uncompressed_page_size).map_err(|e| failed(&e))?;
            if unpacked.max(packed) > MAX_PAGE.min(most_unpacked(self.size)) {
                return Err(self.too_large_a_page(unpacked.max(packed)));
            }
            let of_page = match (header.type_, &header.data_page_header, &header.data_page_header_v2) {
                (PageType::DICTIONARY_PAGE, ..) if pages.is_empty() => Some(0),
                (PageType::DATA_PAGE, Some(data), _) => Some(data.num_values),
                (PageType::DATA_PAGE_V2, _, Some(data)) => Some(data.num_values),
                (PageType::INDEX_PAGE, ..) => None,
                _ => return Err(failed(&"a page has the header of another kind")),
            };
            if let Some(values) = of_page {
                let end = rows + usize::try_from(values).map_err(|e| failed(&e))?;
                pages.push(Page { start: at, bytes: head + packed, unpacked, rows: rows..end });
                rows = end;
            }
            at += head + packed;
            if at > range.end {
                return Err(failed(&"a page ends after its column"));
            }
            file.seek_relative(packed as i64).map_err(|e| failed(&e))?;
        }
        match rows == group.num_rows() {
            true => Ok(pages),
            false => Err(failed(&"a column has more rows than its row group")),
        }
    }

    /// Decodes a range of rows of a column in a row group.
    fn column(
        &self,
        field: &ArrowField,
        chunk: &ColumnChunkMetadata,
        pages: &[Page],
        rows: &Range<usize>,
    ) -> Result<Column> {
        let mut series = self.decoded(field, chunk, pages, rows)?;
        if chunk.physical_type() == PhysicalType::Int96 && series.to_physical_repr().i64()?.max() == Some(i64::MAX) {
            // The year is out of range for nanoseconds: uses microseconds.
            let dtype = ArrowDataType::Timestamp(ArrowTimeUnit::Microsecond, None);
            series = self.decoded(&ArrowField::new(field.name.clone(), dtype, true), chunk, pages, rows)?;
        }
        match series.len() == rows.len() {
            true => Ok(series.into_column()),
            false => Err(damaged(&self.place, &format_args!("column `{}` lacks rows", field.name))),
        }
    }

    fn decoded(
        &self,
        field: &ArrowField,
        chunk: &ColumnChunkMetadata,
        pages: &[Page],
        rows: &Range<usize>,
    ) -> Result<Series> {
        let failed = |e: &dyn std::fmt::Display| damaged(&self.place, &format_args!("column `{}`: {e}", field.name));
        let is_taken = |page: &&Page| {
            let is_dictionary = page.rows.is_empty() && page.rows.start == 0;
            is_dictionary || (page.rows.start < rows.end && rows.start < page.rows.end)
        };
        let taken: Vec<&Page> = pages.iter().filter(is_taken).collect();
        let mut bytes = Vec::with_capacity(taken.iter().map(|page| page.bytes as usize).sum());
        for page in &taken {
            let mut file = &self.file;
            file.seek(SeekFrom::Start(page.start)).map_err(|e| failed(&e))?;
            file.take(page.bytes).read_to_end(&mut bytes).map_err(|e| failed(&e))?;
        }
        let first = taken.iter().find(|page| !page.rows.is_empty()).map_or(0, |page| page.rows.start);
        let values: usize = taken.iter().map(|page| page.rows.len()).sum();
        let meta = PageMetaData::new(0, values as i64, chunk.compression(), chunk.descriptor().descriptor.clone());
        let reader =
            PageReader::new_with_page_meta(std::io::Cursor::new(bytes.into()), meta, Vec::new(), MAX_PAGE as usize);
        let (arrays, _) = column_iter_to_arrays(
            vec![BasicDecompressor::new(reader, Vec::new())],
            vec![&chunk.descriptor().descriptor.primitive_type],
            field.clone(),
            Some(Filter::new_ranged(rows.start - first, rows.end - first)),
        )
        .map_err(|e| failed(&e))?;
        Series::try_from((field, arrays)).map_err(|e| failed(&e))
    }

    /// The error for a file that would unpack to more than a table can hold.
    pub(crate) fn too_large(&self) -> Error {
        let message =
            format!("`{}` unpacks to more than {MAX_COMPRESSION} times its size, as no table does", self.place);
        Error::input(message).with_hint("it is damaged or made to fill memory; get it again from where it comes from")
    }

    /// Most bytes that its rows may take as text.
    pub(crate) fn most_unpacked(&self) -> u64 {
        most_unpacked(self.size)
    }

    fn too_large_a_page(&self, bytes: u64) -> Error {
        if bytes > most_unpacked(self.size) {
            return self.too_large();
        }
        Error::input(format!("`{}` has a page of {bytes} bytes, and no more than {MAX_PAGE} are read", self.place))
            .with_hint("write it with smaller pages: a megabyte is usual")
    }
}

/// Reads the footer: the schema and the offsets of the columns.
fn footer(file: &mut File, size: u64, place: &str) -> Result<Vec<u8>> {
    let failed = |e: &dyn std::fmt::Display| damaged(place, e);
    let mut end = [0; 8];
    if size < 12 {
        return Err(failed(&"it is too short"));
    }
    file.seek(SeekFrom::End(-8)).and_then(|_| file.read_exact(&mut end)).map_err(|e| failed(&e))?;
    let bytes = 8 + u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
    if &end[4..] != MAGIC || bytes > size.min(MAX_FOOTER) {
        return Err(failed(&"it does not end as such a file does"));
    }
    let mut footer = Vec::with_capacity(bytes as usize);
    file.seek(SeekFrom::End(-(bytes as i64))).and_then(|_| file.read_to_end(&mut footer)).map_err(|e| failed(&e))?;
    Ok(footer)
}

/// Checks the nesting of the columns before the footer is parsed.
///
/// # Errors
/// The columns nest so deeply that the libraries would exhaust the stack.
fn flat_enough(footer: &[u8], place: &str) -> Result<()> {
    let mut protocol = TCompactInputProtocol::new(footer, 4 * MAX_FOOTER as usize);
    let metadata = FileMetaData::read_from_in_protocol(&mut protocol).map_err(|e| damaged(place, &e))?;
    // Number of children still to come, by level.
    let mut open: Vec<i32> = Vec::new();
    for element in &metadata.schema {
        while open.pop_if(|left| *left == 0).is_some() {}
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        open.extend(element.num_children.filter(|children| *children > 0));
        if open.len() > MAX_DEPTH {
            return Err(damaged(place, &format_args!("its columns nest more than {MAX_DEPTH} levels deep")));
        }
    }
    Ok(())
}

fn kind_of(dtype: &ArrowDataType) -> String {
    use ArrowDataType as A;
    match dtype {
        A::Struct(_) | A::Map(..) => "nested documents".into(),
        A::List(_) | A::LargeList(_) | A::FixedSizeList(..) => "lists".into(),
        A::FixedSizeBinary(bytes) => format!("binary data of {bytes} bytes"),
        A::Time32(_) | A::Time64(_) => "times without a day".into(),
        other => format!("{other:?}"),
    }
}

fn damaged(place: &str, reason: &dyn std::fmt::Display) -> Error {
    Error::input(format!("cannot read `{place}` as a Parquet file: {reason}"))
        .with_hint("it is damaged, or no Parquet file; get it again from where it comes from")
}

#[cfg(test)]
mod tests;
