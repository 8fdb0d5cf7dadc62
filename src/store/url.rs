//! A store's URL → scheme, place, credentials and options. Keeps its secrets out of every message. Used by all stores.
//!
//! Not the crate `url`: it ends the login at an unencoded `/`, `?` or `#` of a password, so that messages would show the rest as host
//! and path, and it does not take the paths of `lake:` and `sqlite:` literally.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use percent_encoding::percent_decode_str;

use crate::error::{self, Error, Result};

/// Replaces a secret in messages.
pub(super) const MASK: &str = "***";

/// The kinds of stores, by the scheme of their URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scheme {
    Lake,
    Sqlite,
    S3,
    Mysql,
    Postgres,
    Dynamodb,
}

impl Scheme {
    /// Every spelling of every scheme.
    const ALL: [(&str, Scheme); 8] = [
        ("lake", Scheme::Lake),
        ("sqlite", Scheme::Sqlite),
        ("s3", Scheme::S3),
        ("mysql", Scheme::Mysql),
        ("mariadb", Scheme::Mysql),
        ("postgres", Scheme::Postgres),
        ("postgresql", Scheme::Postgres),
        ("dynamodb", Scheme::Dynamodb),
    ];

    /// Its name, which is also its Cargo feature.
    pub fn name(self) -> &'static str {
        Scheme::ALL.iter().find(|(_, scheme)| *scheme == self).map_or("", |(name, _)| name)
    }

    /// Whether a local path, taken literally, follows the colon.
    fn is_file(self) -> bool {
        matches!(self, Scheme::Lake | Scheme::Sqlite)
    }
}

/// A parsed store URL: `scheme://user:password@host:port/path?option=value`, percent-decoded, or `scheme:PATH`.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl {
    /// Kind of store.
    pub scheme: Scheme,
    /// User name.
    pub user: Option<String>,
    /// Password from the URL, never from the environment.
    pub password: Option<String>,
    /// Host, bucket or prefix of tables; empty for stores on the local disk.
    pub host: String,
    /// Port.
    pub port: Option<u16>,
    /// What follows the host, without the first `/`; the whole path for stores on the local disk.
    pub path: String,
    options: BTreeMap<String, String>,
    masked: String,
}

/// Whether `text` names a store rather than a local file or folder: it begins with a scheme, known or not. `C:\data` does not, and
/// neither does `./a:b`.
pub fn is_url(text: &str) -> bool {
    scheme_of(text).is_some()
}

/// The scheme before the first colon, and what follows it.
fn scheme_of(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
    let is = scheme.len() > 1 && scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(plain);
    is.then_some((scheme, rest))
}

impl StoreUrl {
    /// Parses a URL; a path without a scheme is a local lake.
    ///
    /// # Errors
    /// The scheme is unknown, or a part is malformed. Messages never show the password.
    pub fn parse(url: &str) -> Result<StoreUrl> {
        let Some((name, rest)) = scheme_of(url) else {
            return Ok(StoreUrl::file(Scheme::Lake, url));
        };
        let name = &*name.to_ascii_lowercase();
        let Some(&(_, scheme)) = Scheme::ALL.iter().find(|(known, _)| *known == name) else {
            return Err(Error::input(format!("unknown kind of store `{name}:`")).with_hint(
                "stores are a folder or `lake:DIR`, `sqlite:FILE`, `s3://`, `mysql://`, `postgres://`, `dynamodb://`; a folder whose \
                 name has a colon is written `./NAME`",
            ));
        };
        if scheme.is_file() {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            let names_no_file = |reason: &str| {
                Err(Error::input(format!("`{name}:` {reason}"))
                    .with_hint(format!("write `{name}:PATH`, such as `{name}:shop`")))
            };
            let lower = path.to_ascii_lowercase();
            return match () {
                () if path.is_empty() => names_no_file("names no file"),
                // SQLite would keep the rows in memory, or read options from the name.
                () if scheme == Scheme::Sqlite && (path.starts_with(':') || lower.starts_with("file:")) => {
                    names_no_file("takes the path of a file: tables in memory would be gone with the program")
                }
                () if path.contains("://") || is_known(path) => names_no_file("takes a path, and no other URL"),
                () => Ok(StoreUrl::file(scheme, path)),
            };
        }
        let malformed = |problem: &str| {
            Error::input(format!("the {name} URL {problem}")).with_hint(format!(
                "write `{name}://user@host:port/path?option=value`; `%40` stands for `@`, `%2F` for `/`, and so on"
            ))
        };
        let rest = rest.strip_prefix("//").ok_or_else(|| malformed("lacks `//` after its scheme"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // Split at the last `@`, so that a password with an unencoded `@` does not become part of the host.
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, authority),
        };
        // A password with an unencoded `/` or `?` ends up behind the host, where messages would show it.
        let split = credentials.is_none() && url.contains('@');
        if split && (matches!(scheme, Scheme::Mysql | Scheme::Postgres) || place.contains(':')) {
            return Err(malformed("has an `@` behind its first `/` or `?`"));
        }
        let decode = |text: &str, part: &str| {
            decode(text).ok_or_else(|| malformed(&format!("has a malformed `%` sequence in its {part}")))
        };
        let (user, password) = match credentials.map(|c| c.split_once(':').map_or((c, None), |(u, p)| (u, Some(p)))) {
            Some((user, password)) => (
                Some(decode(user, "user name")?).filter(|user| !user.is_empty()),
                password.map(|p| decode(p, "password")).transpose()?,
            ),
            None => (None, None),
        };
        // Colons within brackets belong to an IPv6 address.
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (place, None),
        };
        let port = port.map(|p| p.parse().map_err(|_| malformed("has a port that is no number"))).transpose()?;
        let host = decode(host.trim_start_matches('[').trim_end_matches(']'), "host")?;
        let path = decode(path, "path")?;
        let mut options = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            options.insert(decode(key, "options")?, decode(value, "options")?);
        }
        // For AWS, both halves of the credentials are secret.
        let hidden = matches!(scheme, Scheme::S3 | Scheme::Dynamodb);
        let credentials = credentials.map(|credentials| if hidden { MASK } else { credentials });
        let masked = masked(name, credentials, place, rest.get(authority.len()..).unwrap_or_default(), query);
        Ok(StoreUrl { scheme, user, password, host, port, path, options, masked })
    }

    fn file(scheme: Scheme, path: &str) -> StoreUrl {
        StoreUrl {
            scheme,
            user: None,
            password: None,
            host: String::new(),
            port: None,
            path: path.into(),
            options: BTreeMap::new(),
            masked: error::masked(&format!("{}:{path}", scheme.name())),
        }
    }

    /// The URL for messages and records: secrets are replaced by `***`.
    pub fn masked(&self) -> &str {
        &self.masked
    }

    /// The value of an option after the `?`.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// Refuses unknown options: a misspelt one must not be ignored.
    #[cfg(any(test, feature = "dynamodb", feature = "mysql", feature = "postgres", feature = "s3"))]
    pub(super) fn only_options(&self, known: &[&str]) -> Result<()> {
        match self.options.keys().find(|name| !known.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => {
                Err(Error::input(format!("`{}` has an unknown option `{name}`", self.masked)).with_hint(match known {
                    [] => "this store has no options".to_string(),
                    _ => format!("its options are `{}`", known.join("`, `")),
                }))
            }
        }
    }

    /// The host; an error if it is missing.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(super) fn host(&self) -> Result<&str> {
        match self.host.as_str() {
            "" => Err(Error::input(format!("`{}` names no host", self.masked))
                .with_hint(format!("write `{}://user@host/`", self.scheme.name()))),
            host => Ok(host),
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({})", self.masked)
    }
}

/// Assembles the URL again with its secrets masked.
fn masked(scheme: &str, credentials: Option<&str>, place: &str, path: &str, query: &str) -> String {
    let mut url = format!("{scheme}://");
    if let Some(credentials) = credentials {
        url += match credentials.split_once(':') {
            Some((user, _)) => format!("{user}:***@"),
            None => format!("{credentials}@"),
        }
        .as_str();
    }
    url += &shown(place);
    url += &shown(path);
    for (i, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        url.push(if i == 0 { '?' } else { '&' });
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        url += &match error::is_secret(name) {
            true => format!("{name}={MASK}"),
            false if value.is_empty() => shown(pair),
            false => format!("{name}={}", shown(value)),
        };
    }
    url
}

/// Masks a part of a URL, which may contain another URL, percent-encoded or not.
fn shown(part: &str) -> String {
    let decoded = decode(part).unwrap_or_else(|| part.into());
    let masked = error::masked(&decoded);
    if masked == decoded { part.into() } else { masked }
}

/// Whether the text begins with the scheme of a store.
fn is_known(text: &str) -> bool {
    let known = |scheme: &str| Scheme::ALL.iter().any(|(name, _)| name.eq_ignore_ascii_case(scheme));
    scheme_of(text).is_some_and(|(scheme, _)| known(scheme))
}

/// Percent-decodes; `None` if a `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut sequences = text.split('%').skip(1).map(|after| after.as_bytes().get(..2));
    if !sequences.all(|digits| digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))) {
        return None;
    }
    percent_decode_str(text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests;
