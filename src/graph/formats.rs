//! The formats of a run's pages, declared once: which step writes each, and whether a run does so unasked. Part of `graph`.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::text::listed;

/// A format that a run can write.
#[derive(Debug)]
pub struct Format {
    /// Its name, as `--formats` takes it.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// The step that writes it.
    pub step: &'static str,
    /// Whether a run writes it unasked.
    pub by_default: bool,
    /// Whether this build can write it.
    pub built_in: bool,
}

/// All formats. A new one also needs its step in [`STEPS`](super::STEPS) and its files in `pipeline::outputs::persist`.
pub static FORMATS: [Format; 8] = [
    Format {
        name: "html",
        about: "the report as one HTML file",
        step: "report-html",
        by_default: true,
        built_in: true,
    },
    Format {
        name: "pdf",
        about: "the report as tagged PDF",
        step: "report-pdf",
        by_default: true,
        built_in: cfg!(feature = "pdf"),
    },
    Format {
        name: "dashboard",
        about: "the dashboard as one HTML file",
        step: "dashboard",
        by_default: true,
        built_in: true,
    },
    Format {
        name: "docx",
        about: "the report as a Word document",
        step: "report-docx",
        by_default: false,
        built_in: cfg!(feature = "docx"),
    },
    Format {
        name: "md",
        about: "the report as Markdown for wikis, with its figures as files",
        step: "report-markdown",
        by_default: false,
        built_in: true,
    },
    Format {
        name: "slides",
        about: "the summary and chosen figures as slides, HTML and PDF",
        step: "report-slides",
        by_default: false,
        built_in: true,
    },
    Format {
        name: "states",
        about: "a short report per state, HTML and PDF",
        step: "profiles-state",
        by_default: false,
        built_in: true,
    },
    Format {
        name: "categories",
        about: "a short report per category, HTML and PDF",
        step: "profiles-category",
        by_default: false,
        built_in: true,
    },
];

impl Format {
    /// The format that a step writes; `None` if the step writes no page.
    pub fn of_step(step: &str) -> Option<&'static Format> {
        FORMATS.iter().find(|format| format.step == step)
    }
}

/// The formats that a run writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Formats {
    names: BTreeSet<&'static str>,
    /// What is asked of the profiles, by step; nothing of those that are all written.
    profiles: BTreeMap<String, ProfileFiles>,
}

/// Which reports on one state or category are written, and as what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileFiles {
    /// Codes of the states or names of the categories; all if empty.
    pub only: Vec<String>,
    /// Whether as HTML.
    pub html: bool,
    /// Whether as PDF.
    pub pdf: bool,
}

impl Default for ProfileFiles {
    fn default() -> Self {
        ProfileFiles { only: Vec::new(), html: true, pdf: cfg!(feature = "pdf") }
    }
}

impl Default for Formats {
    /// What a run writes unasked.
    fn default() -> Self {
        let unasked = FORMATS.iter().filter(|format| format.by_default && format.built_in);
        Formats { names: unasked.map(|format| format.name).collect(), profiles: BTreeMap::new() }
    }
}

impl Formats {
    /// The formats with these names.
    ///
    /// # Errors
    /// There is no such format, or this build cannot write it.
    pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Formats> {
        let format = |name: &str| match FORMATS.iter().find(|format| format.name == name) {
            Some(format) if format.built_in => Ok(format.name),
            Some(_) => Err(Error::input(format!("format `{name}` is not built in"))
                .with_hint(format!("rebuild with `--features {name}`"))),
            None => Err(Error::input(format!("there is no format `{name}`"))
                .with_hint(format!("formats: {}", listed(FORMATS.iter().map(|format| format.name))))),
        };
        Ok(Formats { names: names.into_iter().map(format).collect::<Result<_>>()?, profiles: BTreeMap::new() })
    }

    /// The formats that steps with these ids write, as far as this build can.
    pub fn of_steps<'a>(steps: impl IntoIterator<Item = &'a str>) -> Formats {
        let formats = steps.into_iter().filter_map(Format::of_step).filter(|format| format.built_in);
        Formats { names: formats.map(|format| format.name).collect(), profiles: BTreeMap::new() }
    }

    /// These formats and the profiles that a step writes, as far as `files` says.
    pub fn and_profiles(mut self, step: &str, files: ProfileFiles) -> Formats {
        self.names.extend(Format::of_step(step).map(|format| format.name));
        self.profiles.remove(step);
        if files != ProfileFiles::default() {
            self.profiles.insert(step.into(), files);
        }
        self
    }

    /// What is asked of the profiles that a step writes; `None` if all are written.
    pub fn profiles(&self, step: &str) -> Option<&ProfileFiles> {
        self.profiles.get(step)
    }

    /// Whether the step with this id takes part: it writes one of these formats, or no page.
    pub fn need(&self, step: &str) -> bool {
        Format::of_step(step).is_none_or(|format| self.names.contains(format.name))
    }

    /// These formats and another, as `--formats` takes them.
    pub fn with(&self, format: &Format) -> String {
        let names = FORMATS.iter().map(|format| format.name);
        names.filter(|name| self.names.contains(name) || *name == format.name).collect::<Vec<_>>().join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_writes_what_is_asked_for() {
        let unasked = Formats::default();
        assert!(unasked.need("report-html") && unasked.need("dashboard") && unasked.need("mart"));
        assert!(!unasked.need("report-markdown"));
        let asked = Formats::named(["md"]).unwrap();
        assert!(asked.need("report-markdown") && asked.need("mart") && !asked.need("dashboard"));
        assert_eq!(asked.with(&FORMATS[0]), "html,md");
        assert_eq!(Formats::of_steps(["mart", "report-markdown"]), asked);
        let some = ProfileFiles { only: vec!["SP".into()], ..ProfileFiles::default() };
        let with = asked.clone().and_profiles("profiles-state", some.clone());
        assert!(with.need("profiles-state") && with.profiles("profiles-state") == Some(&some));
        let all = with.and_profiles("profiles-state", ProfileFiles::default());
        assert!(all.need("profiles-state") && all.profiles("profiles-state").is_none());
        let error = Formats::named(["html", "odt"]).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.hint().is_some()), ("there is no format `odt`", true));
    }
}
