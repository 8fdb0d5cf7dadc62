//! Files under `reports/` (built in) + an organisation's replacements, chapters and queries → Templates. Used by `dossier` and `style`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use super::lang::Lang;
use crate::error::{Error, Result};
use crate::{files, regular};

/// The texts under `reports/`, as `build.rs` finds them: path below it, and text.
const BUILT_IN: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/texts.rs"));

/// Maximum size of a text of the report, bytes.
const MAX_BYTES: u64 = 1 << 24;

/// Most files of one kind that a folder may add.
const MOST_ADDED: usize = 200;

/// Texts of the report: those of a folder where it has them, otherwise the built-in ones; and the chapters and queries that it adds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// Texts by path: of built-in files, or added.
    replaced: BTreeMap<String, String>,
}

impl Templates {
    /// Reads the files of `dir`, laid out as under `reports/`. A further Markdown file in the folder of a language is a chapter of the user's,
    /// a TOML file in `queries/` a query.
    ///
    /// # Errors
    /// `dir` is not a folder, replaces and adds no text, or a file is unreadable or not UTF-8.
    pub fn read(dir: &Path) -> Result<Templates> {
        if !dir.is_dir() {
            return Err(Error::input(format!("the templates `{}` are no folder", dir.display()))
                .with_hint("`pfe report --init-templates DIR` makes one"));
        }
        let (mut replaced, mut found) = (BTreeMap::new(), false);
        for (path, built_in) in BUILT_IN {
            let file = dir.join(path);
            if file.exists() {
                found = true;
                let text = regular::read_to_string(&file, MAX_BYTES)?;
                // A file equal to the built-in one replaces nothing.
                if text != *built_in {
                    replaced.insert((*path).to_string(), text);
                }
            }
        }
        for lang in Lang::ALL {
            added(dir, lang.code(), "md", &mut replaced)?;
        }
        added(dir, QUERIES, "toml", &mut replaced)?;
        found |= !replaced.is_empty();
        if !found {
            return Err(Error::input(format!("`{}` holds no file that replaces one of the report", dir.display()))
                .with_hint("name them as `pfe report --init-templates DIR` does, such as `style/report.css`, or add chapters, such as `en/09-mine.md`"));
        }
        Ok(Templates { replaced })
    }

    /// Writes the built-in files into `dir`; returns how many.
    ///
    /// # Errors
    /// A file already exists or cannot be written.
    pub fn write_built_in(dir: &Path) -> Result<usize> {
        // Checked before the first write: existing files or links in the way, also in place of a folder.
        for (path, _) in BUILT_IN {
            let mut place = dir.to_path_buf();
            for part in Path::new(path) {
                place.push(part);
                let is_folder = place != dir.join(path);
                match files::look(&place).map_err(Error::io("read", &place))? {
                    Some(meta) if !(is_folder && meta.is_dir()) => {
                        return Err(Error::input(format!("`{}` is there already", place.display()))
                            .with_hint("choose another folder: nothing is replaced"));
                    }
                    _ => {}
                }
            }
        }
        for (path, text) in BUILT_IN {
            let file = dir.join(path);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder).map_err(Error::io("create", folder))?;
            }
            let written = files::create_new(&file).and_then(|mut new| new.write_all(text.as_bytes()));
            written.map_err(Error::io("write", &file))?;
        }
        Ok(BUILT_IN.len())
    }

    /// Text of a path below `reports/`; empty for unknown paths.
    pub(crate) fn text(&self, path: &str) -> &str {
        let built_in = || BUILT_IN.iter().find(|(p, _)| *p == path).map_or("", |(_, text)| text);
        self.replaced.get(path).map_or_else(built_in, String::as_str)
    }

    /// Chapters of a folder, such as `fr/`, in order, as (path, text).
    pub(crate) fn chapters<'a>(&'a self, folder: &str) -> impl Iterator<Item = (&'static str, &'a str)> {
        let folder = folder.to_string();
        let chapters = BUILT_IN.iter().map(|(path, _)| *path).filter(move |path| is_in(path, &folder, ".md"));
        chapters.map(|path| (path, self.text(path)))
    }

    /// The files of a folder that replace none, such as chapters in `fr/` or queries, in order, as (path, text).
    pub(crate) fn added<'a>(&'a self, folder: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let folder = folder.to_string();
        let files = self.replaced.iter().filter(|(path, _)| !is_built_in(path));
        files.filter(move |(path, _)| is_in(path, &folder, "")).map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The user's own files that a step of the pipeline renders, in words; empty if none.
    pub fn of_step(&self, step: &str, lang: &str) -> String {
        let rendered = |path: &str| match step {
            "compose" => {
                let is_of_lang = path.starts_with(&format!("{lang}/"));
                path == "references.bib" || path == "costs.toml" || is_of_lang || path.starts_with(QUERIES)
            }
            "report-html" => path == "templates/report.html",
            "report-pdf" => path == "templates/report.typ",
            "report-slides" => path.starts_with("templates/slides.") || path == "templates/report.typ",
            "profiles-state" | "profiles-category" => {
                path.starts_with("templates/report.") || path.starts_with(&format!("{lang}/"))
            }
            "dashboard" => path == "templates/dashboard.html",
            _ => false,
        };
        named(self.replaced.keys().filter(|path| rendered(path)))
    }

    /// All files of the user's own, in words; empty if none.
    pub fn overrides(&self) -> String {
        named(self.replaced.keys())
    }

    /// Path → hash of each replaced file.
    pub fn hashes(&self) -> BTreeMap<String, String> {
        let hash = |text: &String| blake3::hash(text.as_bytes()).to_hex().to_string();
        self.replaced.iter().map(|(path, text)| (path.clone(), hash(text))).collect()
    }
}

/// Folder of queries.
pub(crate) const QUERIES: &str = "queries";

fn is_built_in(path: &str) -> bool {
    BUILT_IN.iter().any(|(built_in, _)| *built_in == path)
}

fn is_in(path: &str, folder: &str, end: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|name| !name.contains('/') && name.ends_with(end))
}

/// Reads the files of `dir/folder` with this extension that are not built in.
fn added(dir: &Path, folder: &str, extension: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    let place = dir.join(folder);
    if !place.is_dir() {
        return Ok(());
    }
    let entries = std::fs::read_dir(&place).map_err(Error::io("read", &place))?;
    let mut count = 0;
    for entry in entries {
        let file = entry.map_err(Error::io("read", &place))?.path();
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let path = format!("{folder}/{name}");
        if name.starts_with('.') || file.extension().is_none_or(|e| e != extension) || is_built_in(&path) {
            continue;
        }
        count += 1;
        if count > MOST_ADDED {
            return Err(Error::input(format!("`{}` holds more than {MOST_ADDED} files", place.display()))
                .with_hint("leave only those that the report needs"));
        }
        files.insert(path, regular::read_to_string(&file, MAX_BYTES)?);
    }
    Ok(())
}

/// Maximum number of paths that a message names.
const NAMED: usize = 4;

fn named<'a>(paths: impl Iterator<Item = &'a String>) -> String {
    let paths: Vec<String> = paths.map(|path| format!("`{path}`")).collect();
    let more = if paths.len() > NAMED { format!(" and {} more", paths.len() - NAMED) } else { String::new() };
    paths[..paths.len().min(NAMED)].join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_replaced_one_by_one() {
        let dir = tempfile::tempdir().unwrap();
        let error = |dir: &Path| Templates::read(dir).unwrap_err().to_string();
        assert!(error(dir.path()).contains("no file") && error(&dir.path().join("none")).contains("no folder"));
        assert!(Templates::write_built_in(dir.path()).unwrap() > 30);
        assert!(Templates::write_built_in(dir.path()).unwrap_err().to_string().contains("there already"));
        assert_eq!(Templates::read(dir.path()).unwrap(), Templates::default());
        #[cfg(unix)]
        for name in ["style", "style/report.css", "references.bib"] {
            let (links, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            std::fs::create_dir_all(links.path().join(name).parent().unwrap()).unwrap();
            std::os::unix::fs::symlink(other.path().join("x"), links.path().join(name)).unwrap();
            let error = Templates::write_built_in(links.path()).unwrap_err().to_string();
            assert!(error.contains(&format!("{name}` is there already")), "{error}");
            assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0, "nothing is written through a link");
        }
        std::fs::write(dir.path().join("style/report.css"), "p { color: red }").unwrap();
        let changed = Templates::read(dir.path()).unwrap();
        assert_eq!(changed.text("style/report.css"), "p { color: red }");
        assert_eq!(changed.hashes().keys().collect::<Vec<_>>(), ["style/report.css"]);
        assert_eq!(Templates::default().chapters("fr/").count(), Templates::default().chapters("en/").count());
    }
}
