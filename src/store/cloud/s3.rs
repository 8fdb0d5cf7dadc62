//! `s3://bucket/prefix`, on AWS or any compatible server: Parquet like the local lake's, results as CSV, and raw files
//! (`csv/*.csv`, `json/*.json`, or Kaggle's names), which `input::find` finds like those of a folder. One of the stores.

mod bucket;
mod credentials;
mod object;

use std::collections::VecDeque;
use std::io::Seek;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt};
use polars::prelude::*;

pub(crate) use self::bucket::S3;
use self::object::Object;
use super::aws;
use crate::error::{Error, Result};
use crate::parallel;
use crate::schema::ddl::Stage;
use crate::schema::file_names::{MAX_FILES, is_worth_listing};
use crate::store::declared::columns;
use crate::store::interface::{Incoming, Store, StoredFile, TakeFrame};
use crate::store::parquet;

/// Objects transferred concurrently.
const AT_ONCE: usize = 4;
/// Approximate upper bound of bytes of text per byte of Parquet. The footer has the exact number of rows, but is only
/// read with them.
const UNPACKED: u64 = 4;

impl Store for S3 {
    fn url(&self) -> &str {
        &self.url
    }

    fn read_blocks(&self, schema: Stage, table: &str, take: &mut TakeFrame<'_>) -> Result<bool> {
        let key = self.key_of(schema, table)?;
        let Some(meta) = self.head(&key)? else { return Ok(false) };
        let mut file = self.fetch(meta)?;
        match schema {
            Stage::Results => {
                file.rewind().map_err(Error::io("read", std::env::temp_dir()))?;
                let options = CsvReadOptions::default().with_infer_schema_length(None);
                take(options.into_reader_with_file_handle(file).finish()?)?;
            }
            _ => parquet::decode(schema, table, file, &format!("s3://{}/{key}", self.bucket), take)?,
        }
        Ok(true)
    }

    fn rows(&self, schema: Stage, table: &str) -> Result<Option<u64>> {
        let meta = self.head(&self.key_of(schema, table)?)?;
        let width = columns(schema, table).map_or(1, |columns| columns.iter().map(|c| c.kind.typical_width()).sum());
        Ok(meta.map(|meta| meta.size.saturating_mul(UNPACKED) / width.max(1)))
    }

    fn write_all(&self, tables: &[Incoming], progress: &(dyn Fn(&str, u64) + Sync)) -> Result<()> {
        let keys: Vec<Path> =
            tables.iter().map(|table| self.key_of(table.schema, &table.name)).collect::<Result<_>>()?;
        parallel::map_on(AT_ONCE, &keys, |key| self.may_replace(key))?;
        // One object is replaced at once. Of several, all are uploaded before the first is replaced.
        let staging = match tables {
            [_] => None,
            _ => Some(self.key(&format!(".pfe-new-{:016x}", aws::unique()))),
        };
        let upload_key = |key: &Path| match &staging {
            None => key.clone(),
            Some(staging) => {
                key.prefix_match(&self.prefix).into_iter().flatten().fold(staging.clone(), |key, part| key.join(part))
            }
        };
        let put = |(table, key): (&Incoming, &Path)| -> Result<()> {
            let bytes = encode(table)?;
            let (rows, size) = (table.frame.height() as u64, bytes.len().max(1) as u64);
            self.put(&upload_key(key), bytes, &|sent| progress(&table.name, rows * sent as u64 / size))?;
            progress(&table.name, rows);
            Ok(())
        };
        let written = parallel::map_on(AT_ONCE, tables.iter().zip(&keys), put);
        if staging.is_none() {
            return written.map(drop);
        }
        let switch =
            |key: &Path| aws::wait(self.client.copy(&upload_key(key), key))?.map_err(|e| self.failed("write", key, &e));
        let switched = written.and_then(|_| parallel::map_on(AT_ONCE, &keys, switch));
        // Nobody reads the staged objects. Report the first error even if their removal fails.
        let _ = parallel::map_on(AT_ONCE, &keys, |key| aws::wait(self.client.delete(&upload_key(key))).map(drop));
        switched.map(drop)
    }

    fn place(&self, schema: Stage, table: &str) -> Result<Option<String>> {
        // Spark's scheme for S3; Sail takes it, too.
        Ok(Some(format!("s3a://{}/{}", self.bucket, self.key_of(schema, table)?)))
    }

    fn files(&self) -> Result<Vec<Box<dyn StoredFile>>> {
        let mut files: Vec<Box<dyn StoredFile>> = Vec::new();
        let mut folders = VecDeque::from([String::new()]);
        while let Some(folder) = folders.pop_front().filter(|_| files.len() < MAX_FILES) {
            let key = self.key(&folder);
            let listed = aws::wait(self.client.list_with_delimiter(Some(&key)))?;
            let listed = listed.map_err(|e| self.failed("list", &key, &e))?;
            let below = |name: &str| [&folder, name].join("/").trim_start_matches('/').to_string();
            let inner = listed.common_prefixes.iter().filter_map(|inner| Some(below(inner.filename()?)));
            folders.extend(inner.filter(|inner| is_worth_listing(inner)));
            files.extend(listed.objects.into_iter().filter_map(|meta| {
                let name = below(meta.location.filename()?);
                Some(Box::new(Object { store: self.clone(), meta, name }) as Box<dyn StoredFile>)
            }));
        }
        Ok(files)
    }
}

/// The bytes of a table's object. A run's results keep the bytes of the run's files.
fn encode(table: &Incoming) -> Result<Vec<u8>> {
    if let Some(file) = &table.file {
        return Ok(file.clone());
    }
    let mut bytes = Vec::new();
    match table.schema {
        Stage::Results => CsvWriter::new(&mut bytes).finish(&mut table.frame.clone())?,
        schema => parquet::encode(schema, &table.name, &table.frame, &mut bytes)?,
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
