//! A variable → a file, and back. `:save` and `:load` of the kernel compile calls of this module.
//!
//! The kernel need not know what a type implements: `(&&&Tag(&value)).save(path)` resolves to the first of the
//! implementations below that the type has, and `(&&&Of::<T>::new()).load(path)` likewise.

use crate::show::Tag;
use serde::{Serialize, de::DeserializeOwned};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::marker::PhantomData;
use std::path::Path;

/// Stands for a type, as [`Tag`] for a value.
pub struct Of<T>(PhantomData<T>);

impl<T> Of<T> {
    /// Stands for `T`.
    #[expect(clippy::new_without_default, reason = "only generated code makes it")]
    pub fn new() -> Self {
        Of(PhantomData)
    }
}

/// Values that a file can keep: frames as Parquet, what serde can write as CBOR.
pub trait Save {
    /// Writes the value. A file at `path` is replaced only by a whole one.
    fn save(&self, path: &str) -> io::Result<()>;
}

/// Types whose values [`Save`] has written.
pub trait Load {
    /// Type of the value.
    type Value;
    /// Reads the value.
    fn load(&self, path: &str) -> io::Result<Self::Value>;
}

#[cfg(feature = "polars")]
mod frame {
    use super::{Load, Of, Save, Tag, replace};
    use polars::prelude::{DataFrame, ParquetReader, ParquetWriter, SerReader};
    use std::fs::File;
    use std::io;

    impl Save for &&Tag<'_, DataFrame> {
        fn save(&self, path: &str) -> io::Result<()> {
            replace(path, |file| {
                ParquetWriter::new(file).finish(&mut self.0.clone()).map(drop).map_err(io::Error::other)
            })
        }
    }

    impl Load for &&Of<DataFrame> {
        type Value = DataFrame;
        fn load(&self, path: &str) -> io::Result<DataFrame> {
            ParquetReader::new(File::open(path)?).finish().map_err(io::Error::other)
        }
    }
}

impl<T: Serialize> Save for &Tag<'_, T> {
    fn save(&self, path: &str) -> io::Result<()> {
        replace(path, |file| ciborium::into_writer(self.0, file).map_err(|error| io::Error::other(error.to_string())))
    }
}

impl<T: DeserializeOwned> Load for &Of<T> {
    type Value = T;
    fn load(&self, path: &str) -> io::Result<T> {
        let file = BufReader::new(File::open(path)?);
        ciborium::from_reader(file).map_err(|error| io::Error::other(error.to_string()))
    }
}

impl<T> Save for Tag<'_, T> {
    fn save(&self, _: &str) -> io::Result<()> {
        Err(refused::<T>())
    }
}

impl<T> Load for Of<T> {
    type Value = T;
    fn load(&self, _: &str) -> io::Result<T> {
        Err(refused::<T>())
    }
}

fn refused<T>() -> io::Error {
    let name = std::any::type_name::<T>();
    io::Error::other(format!("a `{name}` is no DataFrame and has no `Serialize` and `Deserialize` of serde"))
}

/// Writes a file beside `path`, then renames it.
fn replace(path: &str, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    let part = Path::new(path).with_added_extension("part");
    let mut file = BufWriter::new(File::create(&part)?);
    write(&mut file).and_then(|()| file.flush()).and_then(|()| std::fs::rename(&part, path)).inspect_err(|_| {
        // The error that came first says more.
        let _ = std::fs::remove_file(&part);
    })
}
