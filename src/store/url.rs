//! A store's URL → scheme, place, credentials and options; its secrets stay out of every message.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::{Error, Result};

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
    /// Every scheme in every spelling.
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

    /// Its name: also that of the Cargo feature that builds it in.
    pub fn name(self) -> &'static str {
        Scheme::ALL.iter().find(|(_, scheme)| *scheme == self).map_or("", |(name, _)| name)
    }

    /// What follows the colon is a path of this machine, taken as it stands.
    fn is_file(self) -> bool {
        matches!(self, Scheme::Lake | Scheme::Sqlite)
    }
}

/// A parsed store URL: `scheme://user:password@host:port/path?option=value`, percent-decoded, or `scheme:PATH`.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl {
    /// Which kind of store.
    pub scheme: Scheme,
    /// User name.
    pub user: Option<String>,
    /// Password: of the URL, never of the environment.
    pub password: Option<String>,
    /// Host, bucket or region; empty for stores on this machine's disk.
    pub host: String,
    /// Port.
    pub port: Option<u16>,
    /// What follows the host, without the first `/`; the whole path for stores on this machine's disk.
    pub path: String,
    options: BTreeMap<String, String>,
    masked: String,
}

/// Whether `text` names a store rather than a file or folder of this machine.
pub fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    // `C:\data` is no URL, and neither is a file with a colon in its name; a misspelt scheme is one.
    Scheme::ALL.iter().any(|(name, _)| *name == scheme) || (rest.starts_with("//") && scheme.len() > 1)
}

impl StoreUrl {
    /// Parses a URL; a path without a scheme is a local lake.
    ///
    /// # Errors
    /// The scheme is unknown, or a part is malformed. Messages never show the password.
    pub fn parse(url: &str) -> Result<StoreUrl> {
        if !is_url(url) {
            return Ok(StoreUrl::file(Scheme::Lake, url));
        }
        let (name, rest) = url.split_once(':').unwrap_or_default();
        let Some(&(_, scheme)) = Scheme::ALL.iter().find(|(known, _)| *known == name) else {
            return Err(Error::input(format!("unknown kind of store `{name}:`")).with_hint(
                "stores are a folder or `lake:DIR`, `sqlite:FILE`, `s3://`, `mysql://`, `postgres://`, `dynamodb://`",
            ));
        };
        if scheme.is_file() {
            return match rest.strip_prefix("//").unwrap_or(rest) {
                "" => Err(Error::input(format!("`{url}` names no file")).with_hint(format!("write `{name}:PATH`"))),
                path => Ok(StoreUrl::file(scheme, path)),
            };
        }
        let malformed = |what: &str| {
            Error::input(format!("the {name} URL {what}")).with_hint(format!(
                "write `{name}://user@host:port/path?option=value`; `%40` stands for `@`, `%2F` for `/`, and so on"
            ))
        };
        let rest = rest.strip_prefix("//").ok_or_else(|| malformed("lacks `//` after its scheme"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        // The last `@`: a password that holds one, unencoded, is still kept out of the host.
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, authority),
        };
        // A password with an unencoded `/` or `?` ends up behind the host, where it would be shown.
        if credentials.is_none() && url.contains('@') && matches!(scheme, Scheme::Mysql | Scheme::Postgres) {
            return Err(malformed("has an `@` behind its first `/` or `?`"));
        }
        let decode = |text: &str, what: &str| {
            decode(text).ok_or_else(|| malformed(&format!("has a malformed `%` sequence in its {what}")))
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
            masked: format!("{}:{path}", scheme.name()),
        }
    }

    /// The URL as it may be shown and recorded: secrets replaced by `***`.
    pub fn masked(&self) -> &str {
        &self.masked
    }

    /// The value of an option after the `?`.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// Refuses options that the store does not know: a misspelt one must not be ignored.
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

    /// The host, which must be there.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(super) fn host(&self) -> Result<&str> {
        match self.host.as_str() {
            "" => Err(Error::input(format!("`{}` names no host", self.masked))
                .with_hint(format!("write `{}://user@host/`", self.scheme.name()))),
            host => Ok(host),
        }
    }

    /// The password of the URL or, better, of the environment: `PFE_STORE_PASSWORD`, then `fallback`, the variable that
    /// the database's own client reads.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(super) fn secret(&self, fallback: &str) -> Option<String> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        self.password.clone().or_else(|| variable("PFE_STORE_PASSWORD")).or_else(|| variable(fallback))
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({})", self.masked)
    }
}

/// Puts a URL together again without what is secret in it.
fn masked(scheme: &str, credentials: Option<&str>, place: &str, path: &str, query: &str) -> String {
    let mut url = format!("{scheme}://");
    if let Some(credentials) = credentials {
        url += match credentials.split_once(':') {
            Some((user, _)) => format!("{user}:***@"),
            None => format!("{credentials}@"),
        }
        .as_str();
    }
    url += place;
    url += path;
    for (i, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        url.push(if i == 0 { '?' } else { '&' });
        let name = pair.split_once('=').map_or(pair, |(name, _)| name);
        let secret = ["pass", "pwd", "secret", "key", "token", "credential"];
        url += match secret.iter().any(|word| name.to_lowercase().contains(word)) {
            true => format!("{name}=***"),
            false => pair.to_string(),
        }
        .as_str();
    }
    url
}

/// Percent-decodes; `None` where a `%` is not followed by two hexadecimal digits, or the bytes are no UTF-8.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let digits = after.get(..2).filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
            bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_decoded_and_secrets_masked() {
        let url = StoreUrl::parse("mysql://shop%40eu:p%3A%2F%23@[::1]:3307/a%20b?tls=verify&api_key=abc").unwrap();
        assert_eq!((url.scheme, url.user.as_deref()), (Scheme::Mysql, Some("shop@eu")));
        assert_eq!((url.password.as_deref(), url.host.as_str(), url.port), (Some("p:/#"), "::1", Some(3307)));
        assert_eq!((url.path.as_str(), url.option("tls")), ("a b", Some("verify")));
        assert_eq!(url.masked(), "mysql://shop%40eu:***@[::1]:3307/a%20b?tls=verify&api_key=***");
        assert!(!format!("{url:?}").contains("p:/#"));
    }

    #[test]
    fn an_unencoded_at_sign_leaks_nothing() {
        let url = StoreUrl::parse("postgres://me:se@cret@db/shop").unwrap();
        assert_eq!((url.host.as_str(), url.masked()), ("db", "postgres://me:***@db/shop"));
        let error = StoreUrl::parse("mysql://me:secret@db:port/x").unwrap_err();
        assert!(!format!("{error:?}").contains("secret"), "{error}");
        for password in ["12/secret", "12?secret", "12?a=secret", "/secret"] {
            let error = StoreUrl::parse(&format!("mysql://me:{password}@db/x")).unwrap_err();
            assert!(!format!("{error:?}").contains("secret"), "{error}");
        }
        let error = StoreUrl::parse("mysql://me:sec%ret@db/x").unwrap_err();
        assert!(!format!("{error:?}").contains("sec%ret"), "{error}");
    }

    #[test]
    fn files_are_taken_literally() {
        for (text, path) in
            [("sqlite:a b%20?.db", "a b%20?.db"), ("sqlite:///tmp/x", "/tmp/x"), ("some/dir", "some/dir")]
        {
            assert_eq!(StoreUrl::parse(text).unwrap().path, path);
        }
        assert_eq!(StoreUrl::parse("C:\\data").unwrap().scheme, Scheme::Lake);
        assert!(StoreUrl::parse("sqlite:").is_err());
    }

    #[test]
    fn unknown_schemes_and_options_are_refused() {
        assert!(StoreUrl::parse("mongo://host/x").unwrap_err().to_string().contains("mongo"));
        let url = StoreUrl::parse("s3://bucket/prefix?regoin=x").unwrap();
        assert!(url.only_options(&["region"]).unwrap_err().hint().unwrap().contains("region"));
    }
}
