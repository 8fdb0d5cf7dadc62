//! The data part alone: files → clean tables → mart, both written as Parquet. What `tests/bench/data` times beside other engines.
//!
//! Usage: data_part DATA OUT

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use pfe::data::{Source, load};
use pfe::{Error, Result};
use polars::prelude::*;

fn main() -> Result<()> {
    pfe::memory::few_heaps();
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [data, out] = &paths[..] else { return Err(Error::input("expected DATA and OUT")) };
    let out = Path::new(out);
    let (tables, _) = load(&Source::open(data)?)?;
    let mut lake = BTreeMap::new();
    for (name, frame) in tables.iter() {
        let path = write(out, "clean", name, frame)?;
        lake.insert(name.to_string(), LazyFrame::scan_parquet(PlRefPath::try_from_pathbuf(path)?, Default::default())?);
    }
    // From here on the lake holds the tables, and memory the columns that a query is at.
    drop(tables);
    for (name, frame) in pfe::mart::mart_of(lake)?.iter() {
        write(out, "mart", name, frame)?;
    }
    Ok(())
}

fn write(out: &Path, kind: &str, name: &str, frame: &DataFrame) -> Result<PathBuf> {
    let path = out.join(format!("{kind}-{name}.parquet"));
    let file = File::create(&path).map_err(Error::io("create", &path))?;
    ParquetWriter::new(file).with_compression(ParquetCompression::Snappy).finish(&mut frame.clone())?;
    Ok(path)
}
