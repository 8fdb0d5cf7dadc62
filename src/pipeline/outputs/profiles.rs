//! Results → the files of the profiles, one document per state or category, made side by side. Used by `persist` and `inspect::check`.

use crate::dossier::profiles::{Per, Profiles, Subject};
use crate::error::Result;
use crate::graph::ProfileFiles;
use crate::parallel;
use crate::report::Templates;
use crate::results::Results;

/// Makes the files that are asked for; `take` gets the path and the bytes of each, as soon as it is made.
pub(crate) fn each<T: Send>(
    results: &Results,
    templates: &Templates,
    (per, files): (Per, &ProfileFiles),
    take: impl Fn(&str, &[u8]) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    let profiles = Profiles::new(results, templates, per)?;
    let make = |subject: &Subject| {
        let document = profiles.document(subject)?;
        let path = |extension: &str| format!("{}/{}.{extension}", per.folder(), subject.file);
        let mut taken = Vec::new();
        if files.html {
            taken.push(take(&path("html"), document.to_html()?.as_bytes())?);
        }
        if files.pdf {
            taken.push(take(&path("pdf"), &document.to_pdf(&[])?)?);
        }
        Ok(taken)
    };
    Ok(parallel::map(profiles.chosen(&files.only)?, make)?.into_iter().flatten().collect())
}
