//! Files → clean tables → mart, both written as Parquet: the data part alone. `tests/bench/data` times it beside other engines.
//!
//! Usage: `data_part DATA OUT [--shards N | --memory MB]`. Without an option, in memory; otherwise out of core, in N ranges of
//! orders, or in as many as the memory limit requires.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use pfe::clean::load;
use pfe::clean::partition::ranges::Shards;
use pfe::input::Source;
use pfe::mart::{Methods, SalesMart, mart_in_shards, mart_of};
use pfe::table::parquet::{Appender, PerTable, write_frame, write_frames};
use pfe::{Error, Result};
use polars::prelude::*;

fn main() -> Result<()> {
    pfe::memory::few_heaps();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let usage = || Error::input("expected DATA OUT [--shards N | --memory MB]");
    let number = |text: &str| text.parse::<u32>().map_err(|_| usage());
    let [data, out, ref how @ ..] = arguments[..] else { return Err(usage()) };
    let (source, out) = (Source::open(data)?, Path::new(out));
    let (ranges, memory) = match how[..] {
        [] => (1, u64::MAX),
        ["--shards", ranges] => (number(ranges)? as usize, u64::MAX),
        ["--memory", memory] => {
            let memory = u64::from(number(memory)?) << 20;
            (Shards::ranges_within(memory, source.bytes()?), memory)
        }
        _ => return Err(usage()),
    };
    let mart = match ranges {
        1 => whole(&source, out)?,
        _ => in_shards(&source, out, Shards { ranges, scratch: out.into(), memory })?,
    };
    write_frames(mart.iter()?, |name, frame| write_frame(frame, create(out, "mart", name)?))?;
    Ok(())
}

fn whole(source: &Source, out: &Path) -> Result<SalesMart> {
    let (tables, _) = load(source)?;
    let mut lake = BTreeMap::new();
    for (name, frame) in tables.iter() {
        write_frame(frame, create(out, "clean", name)?)?;
        let path = out.join(format!("clean-{name}.parquet"));
        lake.insert(name.to_string(), LazyFrame::scan_parquet(PlRefPath::try_from_pathbuf(path)?, Default::default())?);
    }
    // From here on, the lake holds the tables, and memory only the columns of the current query.
    drop(tables);
    mart_of(lake, &Methods::default())
}

fn in_shards(source: &Source, out: &Path, how: Shards) -> Result<SalesMart> {
    let files = PerTable::new(|name: &str, schema: &Schema| Appender::new(create(out, "clean", name)?, schema));
    let (sums, _) =
        mart_in_shards(source, &how, &|name, rows, _| files.with(name, rows.schema(), |file| file.append(rows)))?;
    files.into_tables().into_iter().try_for_each(|(_, file)| file.finish())?;
    sums.finish()
}

fn create(out: &Path, kind: &str, name: &str) -> Result<BufWriter<File>> {
    let path = out.join(format!("{kind}-{name}.parquet"));
    Ok(BufWriter::with_capacity(1 << 18, File::create(&path).map_err(Error::io("create", &path))?))
}
