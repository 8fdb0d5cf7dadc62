//! The local lake: a folder of Parquet files, `DIR/raw_data/orders.parquet`. One of the stores.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::declared::checked_name;
use super::interface::{Incoming, Store, TakeFrame};
use super::parquet;
use super::url::StoreUrl;
use crate::error::{Error, Result};
use crate::schema::ddl::Stage;
use crate::table::pages::Pages;
use crate::{files, regular};

/// A lake at a local folder.
#[derive(Debug)]
pub(super) struct Lake {
    root: PathBuf,
    url: String,
}

impl Lake {
    pub(super) fn new(url: &StoreUrl) -> Lake {
        Lake { root: PathBuf::from(&url.path), url: url.masked().into() }
    }

    fn path(&self, schema: Stage, table: &str) -> Result<PathBuf> {
        Ok(self.root.join(schema.name()).join(checked_name(table)?).with_extension("parquet"))
    }

    /// Opens a table's file; returns it with its name for messages. `None` if there is no such file.
    fn open(&self, schema: Stage, table: &str) -> Result<Option<(File, String)>> {
        let path = self.path(schema, table)?;
        match regular::open(&path) {
            Ok(file) => Ok(Some((file, path.display().to_string()))),
            Err(Error::Io { source, .. }) if source.kind() == ErrorKind::NotFound && self.root.is_dir() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Lake {
    /// Refuses to replace a file that no load has written.
    fn may_replace(&self, schema: Stage, path: &Path) -> Result<()> {
        let (look, folder) =
            (|path: &Path| files::look(path).map_err(Error::io("read", path)), self.root.join(schema.name()));
        let found = match (look(&folder)?, look(path)?) {
            (Some(meta), _) if !meta.is_dir() => Some((folder.as_path(), meta)),
            (_, Some(meta)) if !(meta.is_file() && parquet::is_made(path)) => Some((path, meta)),
            _ => None,
        };
        match found {
            None => Ok(()),
            Some((place, meta)) => {
                let message =
                    format!("`{}` is in the way: {} that no load of pfe has made", place.display(), files::kind(&meta));
                Err(Error::input(message).with_hint("move it away, or choose another folder"))
            }
        }
    }
}

/// Whether the folder is a lake with tables of this schema.
pub(crate) fn holds(folder: &Path, schema: Stage) -> bool {
    folder.join(schema.name()).is_dir()
}

impl Store for Lake {
    fn url(&self) -> &str {
        &self.url
    }

    fn read_blocks(&self, schema: Stage, table: &str, take: &mut TakeFrame<'_>) -> Result<bool> {
        let Some((file, place)) = self.open(schema, table)? else { return Ok(false) };
        parquet::decode(schema, table, file, &place, take).map(|()| true)
    }

    fn rows(&self, schema: Stage, table: &str) -> Result<Option<u64>> {
        let Some((file, place)) = self.open(schema, table)? else { return Ok(None) };
        Ok(Some(Pages::open(file, &place)?.rows()))
    }

    /// Writes and syncs all files beside their targets, then renames them one by one: a reader of a table sees the old or the new
    /// file.
    fn write_all(&self, tables: &[Incoming], progress: &(dyn Fn(&str, u64) + Sync)) -> Result<()> {
        let mut written = Vec::new();
        let mut folders = BTreeSet::new();
        for table in tables {
            let (path, folder) = (self.path(table.schema, &table.name)?, self.root.join(table.schema.name()));
            self.may_replace(table.schema, &path)?;
            fs::create_dir_all(&folder).map_err(Error::io("create", &folder))?;
            let mut staged = tempfile::NamedTempFile::new_in(&folder).map_err(Error::io("write into", &folder))?;
            parquet::encode(table.schema, &table.name, &table.frame, staged.as_file_mut())?;
            staged.as_file().sync_all().map_err(Error::io("write", &path))?;
            progress(&table.name, table.frame.height() as u64);
            written.push((staged, path));
            folders.insert(folder);
        }
        for (staged, path) in written {
            staged.persist(&path).map_err(|e| Error::io("write", &path)(e.error))?;
        }
        let sync = |folder: PathBuf| File::open(&folder).and_then(|f| f.sync_all()).map_err(Error::io("write", folder));
        folders.into_iter().try_for_each(sync)
    }

    fn place(&self, schema: Stage, table: &str) -> Result<Option<String>> {
        let path = self.path(schema, table)?;
        let absolute = std::path::absolute(&path).map_err(Error::io("read", &path))?;
        Ok(Some(absolute.display().to_string()))
    }
}

#[cfg(test)]
mod tests {
    use polars::prelude::{AnyValue, ParquetReader, SerReader, df};

    use super::*;
    use crate::store::open::open;

    #[test]
    fn what_is_written_is_read_and_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path().to_str().unwrap()).unwrap();
        let table = "product_category_name_translation";
        assert!(lake.read(Stage::Raw, table).unwrap().is_none());
        let frame =
            df!("product_category_name" => ["a'\"\t\n\\\0;é🎈", ""], "product_category_name_english" => ["x", "y"]);
        let frame = frame.unwrap();
        for _ in 0..2 {
            lake.write(Stage::Raw, table, &frame, &|_| ()).unwrap();
            assert!(lake.read(Stage::Raw, table).unwrap().unwrap().equals_missing(&frame));
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
        lake.write(Stage::Raw, "order_payments", &frame, &|_| ()).unwrap();
        let file = File::open(folder.path().join("raw_data/order_payments.parquet")).unwrap();
        let stored = ParquetReader::new(file).finish().unwrap();
        assert_eq!(stored.column("payment_centavos").unwrap().get(0).unwrap(), AnyValue::Int64(5890));
        assert!(lake.read(Stage::Raw, "order_payments").unwrap().unwrap().equals(&frame));
    }

    #[test]
    fn what_no_load_has_made_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path().to_str().unwrap()).unwrap();
        let (frame, path) = (df!("x" => [1i64]).unwrap(), folder.path().join("results/t.parquet"));
        fs::create_dir(folder.path().join("results")).unwrap();
        let refused = || {
            let error = lake.write(Stage::Results, "t", &frame, &|_| ()).unwrap_err().to_string();
            assert!(error.contains("t.parquet` is in the way"), "{error}");
        };
        fs::write(&path, "mine").unwrap();
        refused();
        crate::table::parquet::write_frame(&frame, File::create(&path).unwrap()).unwrap();
        refused();
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        refused();
        fs::remove_dir(&path).unwrap();
        lake.write(Stage::Results, "t", &frame, &|_| ()).unwrap();
        lake.write(Stage::Results, "t", &frame, &|_| ()).unwrap();
        // If one table is refused, the others stay unchanged.
        fs::write(folder.path().join("results/u.parquet"), "mine").unwrap();
        let table = |name: &str| crate::store::interface::Incoming {
            schema: Stage::Results,
            name: name.into(),
            frame: df!("x" => [2i64]).unwrap(),
            file: None,
        };
        assert!(lake.write_all(&[table("t"), table("u")], &|_, _| ()).is_err());
        assert!(lake.read(Stage::Results, "t").unwrap().unwrap().equals(&frame));
        assert_eq!(fs::read_dir(folder.path().join("results")).unwrap().count(), 2, "nothing is left aside");
    }

    #[test]
    fn names_stay_within_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let lake = open(folder.path().to_str().unwrap()).unwrap();
        for name in ["../x", "a/b", "", "a\0", "..", "a b"] {
            assert!(lake.write(Stage::Results, name, &df!("a" => [1i64]).unwrap(), &|_| ()).is_err(), "{name}");
            assert!(lake.read(Stage::Results, name).is_err(), "{name}");
        }
    }
}
