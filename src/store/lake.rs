//! The local lake: a folder of Parquet files, `DIR/raw_data/orders.parquet`.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use polars::prelude::DataFrame;

use super::{Schema, Store, StoreUrl, checked_name, parquet};
use crate::data::regular;
use crate::error::{Error, Result};

/// A folder of Parquet files.
#[derive(Debug)]
pub(super) struct Lake {
    root: PathBuf,
    url: String,
}

impl Lake {
    pub(super) fn new(url: &StoreUrl) -> Lake {
        Lake { root: PathBuf::from(&url.path), url: url.masked().into() }
    }

    fn path(&self, schema: Schema, table: &str) -> Result<PathBuf> {
        Ok(self.root.join(schema.name()).join(checked_name(table)?).with_extension("parquet"))
    }
}

/// Whether the folder is a lake with tables of a schema in it.
pub(crate) fn holds(folder: &Path, schema: Schema) -> bool {
    folder.join(schema.name()).is_dir()
}

impl Store for Lake {
    fn url(&self) -> &str {
        &self.url
    }

    fn read(&self, schema: Schema, table: &str) -> Result<Option<DataFrame>> {
        let path = self.path(schema, table)?;
        match regular::open(&path) {
            Ok(file) => parquet::decode(schema, table, file, &path.display().to_string()).map(Some),
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound && self.root.is_dir() => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn write(&self, schema: Schema, table: &str, frame: &DataFrame, progress: &(dyn Fn(u64) + Sync)) -> Result<()> {
        let path = self.path(schema, table)?;
        let folder = self.root.join(schema.name());
        fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
        // Written aside, synced, then renamed: a reader sees the old file or the new one.
        let mut aside = tempfile::NamedTempFile::new_in(&folder).map_err(Error::io("write into", &folder))?;
        parquet::encode(schema, table, frame, aside.as_file_mut())?;
        aside.as_file().sync_all().map_err(Error::io("write", &path))?;
        aside.persist(&path).map_err(|e| Error::io("write", &path)(e.error))?;
        File::open(&folder).and_then(|f| f.sync_all()).map_err(Error::io("write", &folder))?;
        progress(frame.height() as u64);
        Ok(())
    }

    fn place(&self, schema: Schema, table: &str) -> Result<Option<String>> {
        let path = self.path(schema, table)?;
        let absolute = std::path::absolute(&path).map_err(Error::io("read", &path))?;
        Ok(Some(absolute.display().to_string()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use polars::prelude::{AnyValue, ParquetReader, SerReader, df};

    use super::super::open;
    use super::*;

    #[test]
    fn what_is_written_is_read_and_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path().to_str().unwrap()).unwrap();
        let table = "product_category_name_translation";
        assert!(lake.read(Schema::Raw, table).unwrap().is_none());
        let frame =
            df!("product_category_name" => ["a'\"\t\n\\\0;é🎈", ""], "product_category_name_english" => ["x", "y"]);
        let frame = frame.unwrap();
        for _ in 0..2 {
            lake.write(Schema::Raw, table, &frame, &|_| ()).unwrap();
            assert!(lake.read(Schema::Raw, table).unwrap().unwrap().equals_missing(&frame));
        }
        let files = fs::read_dir(folder.path().join("raw_data")).unwrap().count();
        assert_eq!(files, 1, "nothing is left aside");
    }

    #[test]
    fn amounts_in_files_say_their_unit() {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path().to_str().unwrap()).unwrap();
        let frame = df!("order_id" => ["a"], "payment_sequential" => [1i64], "payment_type" => ["boleto"],
            "payment_installments" => [1i64], "payment_value" => [5890i64])
        .unwrap();
        lake.write(Schema::Raw, "order_payments", &frame, &|_| ()).unwrap();
        let file = File::open(folder.path().join("raw_data/order_payments.parquet")).unwrap();
        let stored = ParquetReader::new(file).finish().unwrap();
        assert_eq!(stored.column("payment_centavos").unwrap().get(0).unwrap(), AnyValue::Int64(5890));
        assert!(lake.read(Schema::Raw, "order_payments").unwrap().unwrap().equals(&frame));
    }

    #[test]
    fn names_stay_within_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path().to_str().unwrap()).unwrap();
        for name in ["../x", "a/b", "", "a\0", "..", "a b"] {
            assert!(lake.write(Schema::Results, name, &df!("a" => [1i64]).unwrap(), &|_| ()).is_err(), "{name}");
            assert!(lake.read(Schema::Results, name).is_err(), "{name}");
        }
    }
}
