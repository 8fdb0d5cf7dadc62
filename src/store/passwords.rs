//! Where the password of a login is found: in the URL, else in the environment. `Secrets` hides it in what servers say;
//! `url` hides it in the URL, [`masked`](crate::error::masked) in the URLs of any text. Used by `sql`.

use std::collections::BTreeMap;

use super::url::{MASK, Scheme, StoreUrl, is_url};
use crate::error::{self, Error, Result};
use crate::text::listed;

/// Holds the password of the only database that a command names without one.
const PASSWORD: &str = "PFE_STORE_PASSWORD";

/// The value of an environment variable, if it is not empty.
fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl StoreUrl {
    /// Whether it names a database and holds no password.
    fn lacks_password(&self) -> bool {
        matches!(self.scheme, Scheme::Mysql | Scheme::Postgres) && self.password.is_none()
    }

    /// The environment variable with the password of this login: `PFE_STORE_PASSWORD_ME_DB_EXAMPLE_3306` for
    /// `mysql://me@db.example:3306/`.
    pub fn variable(&self) -> String {
        let port = self.port.map(|port| port.to_string());
        let parts = [self.user.as_deref(), Some(self.host.as_str()), port.as_deref()].into_iter().flatten();
        let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        parts.fold(PASSWORD.to_string(), |name, part| name + "_" + &part.chars().map(plain).collect::<String>())
    }

    /// The variable that the database's own client reads.
    fn client_variable(&self) -> &'static str {
        if self.scheme == Scheme::Mysql { "MYSQL_PWD" } else { "PGPASSWORD" }
    }

    /// The password: from the URL, else from this login's variable, `PFE_STORE_PASSWORD` or the variable of the database's
    /// own client, in this order.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(super) fn secret(&self) -> Option<String> {
        let own = self.variable();
        let names = [own.as_str(), PASSWORD, self.client_variable()];
        self.password.clone().or_else(|| names.into_iter().find_map(set))
    }

    /// Hint for a refused or missing password.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(super) fn password_hint(&self) -> String {
        let found = match &self.password {
            Some(_) => "the password was that of the URL".to_string(),
            None => {
                match [&*self.variable(), PASSWORD, self.client_variable()].into_iter().find(|name| set(name).is_some())
                {
                    Some(name) => format!("the password was that of `{name}`"),
                    None => "no password was given".to_string(),
                }
            }
        };
        let (own, client) = (self.variable(), self.client_variable());
        format!(
            "check user and password; {found}: `{own}`, then `{PASSWORD}`, then `{client}` of the environment are looked at"
        )
    }
}

/// Makes sure that no password goes to the wrong database: if a command names several logins without a password, each needs its own
/// variable. Places that are no URLs are ignored.
///
/// # Errors
/// A URL is malformed, or one of several logins lacks its own variable while a shared one is set.
pub fn check_passwords<'a>(places: impl IntoIterator<Item = &'a str>) -> Result<()> {
    let urls = places.into_iter().filter(|place| is_url(place)).map(StoreUrl::parse).collect::<Result<Vec<_>>>()?;
    let mut logins: BTreeMap<(Option<&str>, &str, Option<u16>), &StoreUrl> = BTreeMap::new();
    for url in urls.iter().filter(|url| url.lacks_password()) {
        logins.insert((url.user.as_deref(), url.host.as_str(), url.port), url);
    }
    if logins.len() < 2 {
        return Ok(());
    }
    let variables: std::collections::BTreeSet<String> = logins.values().map(|url| url.variable()).collect();
    let missing = logins.values().find(|url| set(&url.variable()).is_none());
    let for_any =
        missing.and_then(|url| [PASSWORD, url.client_variable()].into_iter().find(|name| set(name).is_some()));
    let databases = || listed(logins.values().map(|url| url.masked()));
    match for_any {
        Some(name) => Err(Error::input(format!(
            "`{name}` is the password of one database, and the command names {} without a password: {}",
            logins.len(),
            databases()
        ))
        .with_hint(format!("give each its own: {}", listed(&variables)))),
        None if variables.len() < logins.len() => {
            Err(Error::input(format!("one variable would hold the passwords of {}", databases()))
                .with_hint("put one of the passwords into its URL"))
        }
        None => Ok(()),
    }
}

/// The secrets of a database's URL, to be masked in foreign messages, too.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// The password, both as sent and as written in the URL.
    #[cfg(any(feature = "mysql", feature = "postgres"))]
    pub(super) fn of(url: &StoreUrl) -> Secrets {
        // A short password might be any word; it is masked only inside URLs.
        Secrets(url.secret().into_iter().filter(|secret| secret.len() > 3).collect())
    }

    /// The text with the secrets masked.
    pub(super) fn masked(&self, text: &str) -> String {
        error::masked(&self.0.iter().fold(text.to_string(), |text, secret| text.replace(secret, MASK)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_has_a_variable_of_its_own() {
        let variable = |url: &str| StoreUrl::parse(url).unwrap().variable();
        assert_eq!(variable("mysql://me@db.example:3307/x"), "PFE_STORE_PASSWORD_ME_DB_EXAMPLE_3307");
        assert_eq!(variable("postgres://db/x"), "PFE_STORE_PASSWORD_DB");
        let check = |urls: &[&str]| check_passwords(urls.iter().copied());
        assert!(check(&["data", "mysql://me@a/", "mysql://me@a/other", "postgres://me:pw@b/", "s3://x"]).is_ok());
        let error = check(&["mysql://a.b@c/", "mysql://a@b.c/"]).unwrap_err();
        assert!(error.to_string().starts_with("one variable would hold"), "{error}");
    }

    #[cfg(feature = "mysql")]
    #[test]
    fn the_words_of_others_hold_no_password() {
        let secrets = Secrets::of(&StoreUrl::parse("mysql://me:s%40cret@db/x").unwrap());
        assert_eq!(secrets.masked("denied: s@cret of mysql://me:s%40cret@db"), "denied: *** of mysql://me:***@db");
    }
}
