//! What follows `:dep` → a dependency of a manifest, or the crate of the kernel that answers it. Next: `build`.

use crate::error::{Error, Result};
use crate::install::Extern;
use cargo_metadata::semver::{Version, VersionReq};
use std::path::Path;
use toml::{Table, Value};

/// A dependency, as in a manifest.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub name: String,
    pub dependency: Value,
}

impl Request {
    /// Reads `name`, `name = "1"`, `name = { … }` or a path. Paths start at `folder`, which is the notebook's.
    pub fn parse(request: &str, folder: &Path) -> Result<Request> {
        let wrong = || {
            Error::message(format!("`:dep {request}` is not a dependency"))
                .hint("write `:dep rand = \"0.9\"`, `:dep rand` or `:dep ./path/to/crate`")
        };
        let request = request.trim();
        if request.starts_with(['.', '/']) {
            let path = folder.join(request);
            let path = std::fs::canonicalize(&path).map_err(Error::io("read", path))?;
            let manifest = path.join("Cargo.toml");
            let text = std::fs::read_to_string(&manifest).map_err(Error::io("read", &manifest))?;
            let manifest: Table = text.parse().map_err(|_| wrong())?;
            let name = manifest.get("package").and_then(|package| package.get("name")?.as_str()).ok_or_else(wrong)?;
            let path = Table::from_iter([("path".to_owned(), path.display().to_string().into())]);
            return Ok(Request { name: name.to_owned(), dependency: path.into() });
        }
        let text = if request.contains('=') { request.to_owned() } else { format!("{request} = \"*\"") };
        let parsed: Table = text.parse().map_err(|_| wrong())?;
        let (name, mut dependency) =
            parsed.into_iter().next().filter(|(name, _)| !name.is_empty()).ok_or_else(wrong)?;
        if let Value::Table(table) = &mut dependency {
            // Notebooks have the spelling of earlier editions.
            if let Some(value) = table.remove("default_features") {
                table.insert("default-features".to_owned(), value);
            }
            if let Some(Value::String(path)) = table.get_mut("path") {
                let there = folder.join(&*path);
                let there = std::fs::canonicalize(&there).map_err(Error::io("read", there))?;
                *path = there.display().to_string();
            }
        } else if !dependency.is_str() {
            return Err(wrong());
        }
        Ok(Request { name, dependency })
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.dependency.get(key).and_then(Value::as_str)
    }

    /// Returns the path of the crate, if it is one of this machine.
    pub fn path(&self) -> Option<&str> {
        self.text("path")
    }

    /// Returns the name of the package that a requested crate has been renamed from.
    pub fn renamed(&self) -> Option<&str> {
        self.text("package")
    }

    /// Returns the name of the package.
    pub fn package(&self) -> &str {
        self.renamed().unwrap_or(&self.name)
    }

    /// Answers the request by a crate of the kernel, if there is one of this name. Returns what to say of it.
    pub fn bundled(&self, externs: &[Extern]) -> Result<Option<String>> {
        let name = self.name.replace('-', "_");
        let Some(own) = externs.iter().find(|it| it.name == name) else { return Ok(None) };
        let which = format!("`{}` {}", own.package, own.version);
        let refused = |why: &str| {
            let hint = match self.text("version").or(self.dependency.as_str()) {
                Some(version) => format!(
                    "leave `:dep` out to use {}, or name the other one otherwise: `:dep other_{name} = {{ package = \"{}\", version = \"{version}\" }}`, or make a kernel of your own with `pfe-kernel install --manifest`",
                    own.version,
                    self.package()
                ),
                None => "leave `:dep` out to use it, or make a kernel of your own with `pfe-kernel install --manifest`"
                    .to_owned(),
            };
            Err(Error::message(format!("{why}: this kernel has {which}, and cells can use one `{name}` only"))
                .hint(hint))
        };
        if self.package().replace('-', "_") != own.package.replace('-', "_") {
            return refused(&format!("`{}` cannot be called `{name}`", self.package()));
        }
        if let Some(path) = self.path() {
            return match own.id.strip_prefix("path+file://").and_then(|id| id.split('#').next()) {
                Some(there) if there == path => Ok(Some(format!("{which} comes with this kernel"))),
                _ => refused(&format!("the crate in `{path}` cannot stand beside the kernel's")),
            };
        }
        if self.text("git").is_some() {
            return refused(&format!("`{name}` of a repository cannot stand beside the kernel's"));
        }
        let wanted = self.dependency.as_str().or(self.text("version")).unwrap_or("*");
        let requirement = VersionReq::parse(wanted)
            .map_err(|error| Error::message(format!("`{wanted}` is not a version of `{name}`: {error}")))?;
        if !Version::parse(&own.version).is_ok_and(|version| requirement.matches(&version)) {
            return refused(&format!("`{name}` {wanted} cannot stand beside the kernel's"));
        }
        let features = self.dependency.get("features").and_then(Value::as_array);
        let features = features.into_iter().flatten().filter_map(Value::as_str);
        let missing: Vec<String> =
            features.filter(|it| !own.features.iter().any(|own| own == it)).map(|it| format!("`{it}`")).collect();
        let but = if missing.is_empty() { String::new() } else { format!(", without {}", missing.join(", ")) };
        Ok(Some(format!("{which} comes with this kernel{but}")))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(request: &str) -> Result<Request> {
        Request::parse(request, Path::new("/"))
    }

    #[test]
    fn requests_are_read() {
        assert_eq!(parse("rand").unwrap().dependency.as_str(), Some("*"));
        assert_eq!(parse("rand = { version = \"0.9\" }").unwrap().dependency["version"].as_str(), Some("0.9"));
        let old = parse("rand = { version = \"0.9\", default_features = false }").unwrap();
        assert_eq!(old.dependency["default-features"].as_bool(), Some(false));
        for request in ["a b", "= 1", "", "rand = 0.9.1", "rand = 1"] {
            assert!(parse(request).is_err(), "{request}");
        }
    }

    #[test]
    fn paths_start_at_the_notebook() {
        let folder = tempfile::tempdir().unwrap();
        let there = std::fs::canonicalize(folder.path()).unwrap().join("own");
        std::fs::create_dir(&there).unwrap();
        std::fs::write(there.join("Cargo.toml"), "[package]\nname = \"my-own\"").unwrap();
        let short = Request::parse("./own", folder.path()).unwrap();
        assert_eq!((short.name.as_str(), short.path()), ("my-own", there.to_str()));
        assert_eq!(Request::parse("own = { path = \"own\" }", folder.path()).unwrap().path(), there.to_str());
        assert!(Request::parse("own = { path = \"none\" }", folder.path()).is_err());
    }

    #[test]
    fn crates_of_the_kernel_answer_when_they_fit() {
        let externs = [Extern {
            name: "polars".into(),
            package: "polars".into(),
            version: "0.55.2".into(),
            features: vec!["lazy".into()],
            ..Extern::default()
        }];
        let said = |request: &str| parse(request).unwrap().bundled(&externs);
        for request in ["polars", "polars = \"0.55\"", "polars = { version = \"0.55\", features = [\"lazy\"] }"] {
            assert_eq!(said(request).unwrap().unwrap(), "`polars` 0.55.2 comes with this kernel");
        }
        assert!(
            said("polars = { version = \"0.55\", features = [\"sql\"] }").unwrap().unwrap().ends_with("without `sql`")
        );
        for request in ["polars = \"0.46\"", "polars = { git = \"https://x/y\" }"] {
            assert!(said(request).unwrap_err().to_string().contains("has `polars` 0.55.2"), "{request}");
        }
        assert_eq!(said("rand").unwrap(), None);
        assert_eq!(said("old = { package = \"polars\", version = \"0.46\" }").unwrap(), None);
    }
}
