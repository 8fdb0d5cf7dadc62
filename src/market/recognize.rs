//! Headers of the files of an export → the markets that they fit, and what each of the others lacks. Used by `input::export` and by
//! `pfe market`.

use std::collections::BTreeMap;

use super::description::Market;
use super::sheet::{header_key, names_header};

/// How well some files fit a market.
#[derive(Debug, Clone)]
pub struct Fit<'m> {
    /// The market.
    pub market: &'m Market,
    /// File of the description → positions of the files that are it.
    pub files: BTreeMap<String, Vec<usize>>,
    /// Files of the description that are missing, each with the headers that no file has. Empty if the market fits.
    pub missing: BTreeMap<String, Vec<String>>,
    /// Headers that the files have in common with the description.
    pub shared: usize,
}

impl Fit<'_> {
    /// Whether the export is of this market.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }
}

/// How the files, given by their headers, fit a market.
pub fn fit<'m>(market: &'m Market, headers: &[Vec<String>]) -> Fit<'m> {
    let keys: Vec<Vec<String>> =
        headers.iter().map(|names| names.iter().map(|name| header_key(name)).collect()).collect();
    let mut fit = Fit { market, files: BTreeMap::new(), missing: BTreeMap::new(), shared: 0 };
    for (name, file) in &market.files {
        let lacks = |at: usize| -> Vec<String> {
            file.headers
                .iter()
                .filter(|header| !keys[at].iter().any(|key| names_header(header, key)))
                .cloned()
                .collect()
        };
        let is_it: Vec<usize> = (0..keys.len()).filter(|at| lacks(*at).is_empty()).collect();
        let nearest = (0..keys.len()).map(lacks).min_by_key(Vec::len).unwrap_or_else(|| file.headers.clone());
        fit.shared += file.headers.len() - nearest.len();
        match is_it.is_empty() {
            true if !file.optional => drop(fit.missing.insert(name.clone(), nearest)),
            true => {}
            false => drop(fit.files.insert(name.clone(), is_it)),
        }
    }
    fit
}

/// The markets that fit, best first: those whose files identify themselves by most headers.
pub fn fitting<'m>(markets: &'m [Market], headers: &[Vec<String>]) -> Vec<Fit<'m>> {
    let mut fits: Vec<Fit<'m>> = markets.iter().map(|market| fit(market, headers)).filter(Fit::is_complete).collect();
    fits.sort_by_key(|fit| std::cmp::Reverse(fit.shared));
    fits
}
