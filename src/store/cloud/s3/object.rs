//! A raw file in a bucket, and its bytes part by part. Used by `s3`.

use std::fs::File;
use std::io::{self, Cursor, Read};

use object_store::{GetOptions, GetRange, ObjectMeta, ObjectStore};
use tokio::task::JoinHandle;

use super::bucket::{PART, S3};
use crate::error::{Error, Result};
use crate::store::cloud::aws;
use crate::store::interface::StoredFile;

/// An object that holds a raw file.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) store: S3,
    pub(super) meta: ObjectMeta,
    pub(super) name: String,
}

impl StoredFile for Object {
    fn name(&self) -> &str {
        &self.name
    }

    fn size(&self) -> u64 {
        self.meta.size
    }

    fn place(&self) -> Option<String> {
        // Spark's scheme, as for tables.
        Some(format!("s3a://{}/{}", self.store.bucket, self.meta.location))
    }

    fn first(&self, bytes: u64) -> Box<dyn Read> {
        let meta = ObjectMeta { size: self.meta.size.min(bytes), ..self.meta.clone() };
        Box::new(Download::new(self.store.clone(), meta))
    }

    fn open(&self) -> Box<dyn Read> {
        Box::new(Download::new(self.store.clone(), self.meta.clone()))
    }
}

/// Reads an object part by part; fetches the next part while the reader works on this one.
pub(super) struct Download {
    store: S3,
    meta: ObjectMeta,
    part: Cursor<Vec<u8>>,
    /// Bytes requested so far.
    requested: u64,
    next: Option<JoinHandle<object_store::Result<Vec<u8>>>>,
}

impl Download {
    pub(super) fn new(store: S3, meta: ObjectMeta) -> Download {
        Download { store, meta, part: Cursor::default(), requested: 0, next: None }
    }

    /// Requests the next part, if there is one.
    fn request_next(&mut self) {
        if self.requested >= self.meta.size {
            return;
        }
        let end = self.meta.size.min(self.requested + PART as u64);
        // If another object replaces this one meanwhile, fail instead of mixing the two.
        let options = GetOptions {
            range: Some(GetRange::Bounded(self.requested..end)),
            if_match: self.meta.e_tag.clone(),
            ..Default::default()
        };
        self.requested = end;
        let (client, key) = (self.store.client.clone(), self.meta.location.clone());
        self.next = Some(tokio::spawn(async move { Ok(client.get_opts(&key, options).await?.bytes().await?.into()) }));
    }
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.part.read(buffer)?;
        if n > 0 || buffer.is_empty() {
            return Ok(n);
        }
        let part = aws::wait(async {
            if self.next.is_none() {
                self.request_next();
            }
            let Some(part) = self.next.take() else { return Ok(Vec::new()) };
            let part = part.await.map_err(object_store::Error::from)?;
            self.request_next();
            part
        });
        match part {
            Ok(Ok(part)) => self.part = Cursor::new(part),
            Ok(Err(e)) => return Err(io::Error::other(self.store.failed("read", &self.meta.location, &e))),
            Err(e) => return Err(io::Error::other(e)),
        }
        self.part.read(buffer)
    }
}

impl S3 {
    /// Downloads an object into an unnamed temporary file. A Parquet reader starts at the end of the file, and the object
    /// may exceed memory.
    pub(super) fn fetch(&self, meta: ObjectMeta) -> Result<File> {
        let mut file = tempfile::tempfile().map_err(Error::io("write", std::env::temp_dir()))?;
        io::copy(&mut Download::new(self.clone(), meta), &mut file).map_err(unwrapped(&self.url))?;
        Ok(file)
    }
}

/// Takes our error out of the `std::io` error that carries it.
fn unwrapped(url: &str) -> impl Fn(io::Error) -> Error {
    move |e| match e.downcast::<Error>() {
        Ok(error) => error,
        Err(e) => Error::store(url, e.to_string()),
    }
}
