//! Files of a shop's export → the market that they are of, and its tables, as a store that `read` reads. Used by `source`.

pub(crate) mod dry_run;
pub(crate) mod records;
mod whole;
mod workbook;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

use polars::prelude::{DataFrame, StringChunkedBuilder};

use self::records::ExportRecords;
use super::file::part::FilePart;
use crate::error::{Error, Result};
use crate::market::built_in;
use crate::market::lines;
use crate::market::recognize::{self, Fit};
use crate::market::sheet::{self, Sheet};
use crate::market::tables::{self, MarketTables, Salt};
use crate::market::{Market, MarketFacts, Rates};
use crate::parallel::lock;
use crate::schema::contract::{TABLES, TableId};
use crate::schema::read_options::Reading;
use crate::store::{Incoming, Stage, Store, TakeFrame};
use crate::text::listed;

/// An export that is read as a market's description says.
pub(crate) struct Export {
    /// Name of the place and of the market.
    url: String,
    market: Market,
    /// The files of the export by their names in the description, each with where its header is.
    files: BTreeMap<String, Vec<ExportRecords>>,
    reading: OnceLock<Reading>,
    salt: OnceLock<Salt>,
    rates: OnceLock<Rates>,
    made: Mutex<Option<Arc<MarketTables>>>,
}

/// A file of a place, and the headers that it may have.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// One entry for each line that may be the header.
    pub(crate) headers: Vec<ExportRecords>,
}

impl Candidate {
    /// All columns, from the line that is most likely the header.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn sheet(&self) -> Result<Sheet> {
        let Some(records) = self.headers.first() else { return Ok(Sheet::default()) };
        let wanted = records.names.clone();
        sheet_of(std::slice::from_ref(records), wanted, None)
    }
}

/// The files that may be exports, with their headers. Files that cannot be read are none.
pub(crate) fn candidates(parts: Vec<FilePart>) -> Vec<Candidate> {
    let candidate = |part: FilePart| {
        let headers = records::headers(&part).ok()?;
        (!headers.is_empty()).then_some(Candidate { headers })
    };
    parts.into_iter().filter_map(candidate).collect()
}

/// The market that fits, and its export; `None` if none does.
///
/// # Errors
/// [`Error::Input`]: the named market does not fit, or several do equally well; names what each lacks.
pub(crate) fn find(at: &str, candidates: &[Candidate], market: Option<&Market>) -> Result<Option<Export>> {
    let markets = match market {
        Some(market) => std::slice::from_ref(market),
        None => built_in::markets(),
    };
    let (records, owners) = possible(candidates);
    let headers: Vec<Vec<String>> = records.iter().map(|records| records.names.clone()).collect();
    let fits = recognize::fitting(markets, &headers);
    let Some(best) = fits.first() else {
        return match market {
            Some(market) => Err(does_not_fit(at, &recognize::fit(market, &headers))),
            None => Ok(None),
        };
    };
    if let Some(second) = fits.get(1).filter(|second| second.shared == best.shared) {
        let (first, second) = (&best.market.name, &second.market.name);
        return Err(Error::input(format!("the files of `{at}` may be an export of `{first}` or of `{second}`"))
            .with_hint(format!("say which with `--market {first}` or `--market {second}`")));
    }
    let files = best.files.iter().map(|(name, positions)| {
        // A file is read once, from the first line that fits.
        let mut seen = BTreeSet::new();
        let once = positions.iter().filter(|at| seen.insert(owners[**at])).map(|at| records[*at].clone());
        (name.clone(), once.collect())
    });
    Ok(Some(Export {
        url: format!("{at} ({})", best.market.name),
        market: best.market.clone(),
        files: files.collect(),
        reading: OnceLock::new(),
        salt: OnceLock::new(),
        rates: OnceLock::new(),
        made: Mutex::default(),
    }))
}

/// The markets that come nearest, for a message about files that fit none.
pub(crate) fn nearest(candidates: &[Candidate]) -> Vec<(String, Vec<String>)> {
    let (records, _) = possible(candidates);
    let headers: Vec<Vec<String>> = records.iter().map(|records| records.names.clone()).collect();
    let mut fits: Vec<Fit<'_>> = built_in::markets().iter().map(|market| recognize::fit(market, &headers)).collect();
    fits.sort_by_key(|fit| std::cmp::Reverse(fit.shared));
    let near = fits.iter().filter(|fit| fit.shared > 1 && fit.shared >= missing(fit).len());
    near.take(3).map(|fit| (fit.market.name.clone(), missing(fit))).collect()
}

fn missing(fit: &Fit<'_>) -> Vec<String> {
    fit.missing.values().flatten().cloned().collect()
}

/// All headers of all candidates, and the candidate of each.
fn possible(candidates: &[Candidate]) -> (Vec<ExportRecords>, Vec<usize>) {
    let all = candidates
        .iter()
        .enumerate()
        .flat_map(|(at, candidate)| candidate.headers.iter().map(move |h| (h.clone(), at)));
    all.unzip()
}

fn does_not_fit(at: &str, fit: &Fit<'_>) -> Error {
    let lacks = |(file, headers): (&String, &Vec<String>)| format!("`{file}` lacks {}", listed(headers));
    let lacks: Vec<String> = fit.missing.iter().map(lacks).collect();
    Error::input(format!("the files of `{at}` are no export of `{}`: {}", fit.market.name, lacks.join("; ")))
        .with_hint(format!("`pfe market show {}` prints what it reads", fit.market.name))
}

impl Export {
    /// Sets how ambiguous dates and numbers are read; before the first read.
    pub(crate) fn read_as(&self, reading: Reading) {
        let _ = self.reading.set(reading);
    }

    /// Sets the salt of the hashes of persons; before the first read. Without one, a salt of this process is used.
    pub(crate) fn hash_with(&self, salt: Salt) {
        let _ = self.salt.set(salt);
    }

    /// Sets the rates at which amounts of other currencies are converted; before the first read. Without a rate, they are set aside.
    pub(crate) fn convert_with(&self, rates: Rates) {
        let _ = self.rates.set(rates);
    }

    pub(crate) fn market(&self) -> &Market {
        &self.market
    }

    /// The names of the files that are read.
    pub(crate) fn file_names(&self) -> Vec<String> {
        self.files.values().flatten().map(|records| records.part.name.clone()).collect()
    }

    /// What the report says of the market.
    ///
    /// # Errors
    /// As [`Export::tables`].
    pub(crate) fn facts(&self) -> Result<MarketFacts> {
        Ok(MarketFacts { files: self.file_names(), ..self.tables()?.facts.clone() })
    }

    /// What was set aside or converted, after the name of the market.
    ///
    /// # Errors
    /// As [`Export::tables`].
    pub(crate) fn notes(&self) -> Result<Vec<String>> {
        let tables = self.tables()?;
        let read = format!(
            "{} is read as an export of `{}` (`{}`)",
            listed(self.file_names()),
            self.market.name,
            self.market.title
        );
        Ok(std::iter::once(read).chain(tables.notes.iter().cloned()).collect())
    }

    /// The tables, made on first use.
    ///
    /// # Errors
    /// A file cannot be read, or as `market::lines`.
    pub(crate) fn tables(&self) -> Result<Arc<MarketTables>> {
        let mut made = lock(&self.made);
        if let Some(tables) = &*made {
            return Ok(Arc::clone(tables));
        }
        let sheet = self.sheet()?;
        let reading = self.reading.get().copied().unwrap_or_default();
        let salt = self.salt.get_or_init(|| Salt::new(Salt::secret().as_bytes()));
        let rates = self.rates.get_or_init(Rates::default);
        let lines = lines::lines(&self.market, &sheet, &reading, rates)?;
        drop(sheet);
        let tables = Arc::new(tables::tables(&self.market, lines, salt)?);
        *made = Some(Arc::clone(&tables));
        Ok(tables)
    }

    /// The rows of all files, joined; one row per order line.
    ///
    /// # Errors
    /// A file cannot be read, or lacks a column by which files are joined.
    pub(crate) fn sheet(&self) -> Result<Sheet> {
        let sheets = self.files.iter().map(|(name, files)| Ok((name.clone(), self.read(name, files)?)));
        lines::joined(&self.market, sheets.collect::<Result<_>>()?)
    }

    /// The columns of one kind of file that the market needs.
    fn read(&self, kind: &str, files: &[ExportRecords]) -> Result<Sheet> {
        let mut wanted: Vec<String> = self.market.columns_of(kind).into_keys().collect();
        let described = &self.market.files[kind];
        if let Some(how) = self.market.unpack.as_ref().filter(|_| kind == self.market.lines) {
            let start = sheet::header_key(&how.columns);
            let packed =
                files.iter().flat_map(|file| &file.names).filter(|name| sheet::header_key(name).starts_with(&start));
            wanted.extend(packed.cloned().collect::<BTreeSet<_>>());
        }
        wanted.retain(|name| files.iter().any(|file| file.position(name).is_some()));
        let mut sheet = sheet_of(files, wanted, described.rows.as_deref())?;
        if let Some(how) = &described.fill {
            sheet.fill(how);
        }
        Ok(sheet)
    }
}

/// Some columns of the rows of several files; of JSON, `rows` names the list whose elements are the rows.
fn sheet_of(files: &[ExportRecords], wanted: Vec<String>, rows: Option<&str>) -> Result<Sheet> {
    let mut builders: Vec<StringChunkedBuilder> =
        wanted.iter().map(|name| StringChunkedBuilder::new(name.as_str().into(), 0)).collect();
    let mut origins = Vec::new();
    for (number, file) in files.iter().enumerate() {
        file.each(&wanted, rows, &mut |line, fields| {
            origins.push((number as u16, line));
            for (builder, field) in builders.iter_mut().zip(fields) {
                builder.append_option(field.as_ref().filter(|text| !text.is_empty()));
            }
            Ok(())
        })?;
    }
    let columns = wanted.into_iter().zip(builders).map(|(name, builder)| (name, builder.finish())).collect();
    let names = files.iter().map(|file| file.part.name.clone()).collect();
    let mut sheet = Sheet::new(names, origins, columns);
    sheet.headers = files.iter().flat_map(|file| file.names.iter().cloned()).collect();
    Ok(sheet)
}

impl std::fmt::Debug for Export {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.url)
    }
}

impl Store for Export {
    fn url(&self) -> &str {
        &self.url
    }

    fn read_blocks(&self, schema: Stage, table: &str, take: &mut TakeFrame<'_>) -> Result<bool> {
        let Some(frame) = self.frame(schema, table)? else { return Ok(false) };
        take(frame)?;
        Ok(true)
    }

    fn rows(&self, schema: Stage, table: &str) -> Result<Option<u64>> {
        Ok(self.frame(schema, table)?.map(|frame| frame.height() as u64))
    }

    fn write_all(&self, _: &[Incoming], _: &(dyn Fn(&str, u64) + Sync)) -> Result<()> {
        Err(Error::input(format!("`{}` is an export: nothing is written to it", self.url)))
    }

    fn keeps_files(&self) -> bool {
        false
    }
}

impl Export {
    fn frame(&self, schema: Stage, table: &str) -> Result<Option<DataFrame>> {
        let id = TABLES.iter().find(|known| known.name == table && schema == Stage::Raw).map(|known| known.id);
        let tables = self.tables()?;
        Ok(id.and_then(|id: TableId| tables.tables.get(&id).cloned()))
    }
}
