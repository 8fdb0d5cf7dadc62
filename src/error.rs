//! The one error type of the library: what went wrong, where, and what to do next. Shown once, by the binary.

use std::path::{Path, PathBuf};

/// Result of every fallible function of the crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data, a parameter or a path given by the user is not usable. Exit code 2.
    #[error("{message}")]
    Input {
        /// What is wrong, and where.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// A file could not be read or written.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// `read`, `write`, `create`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A store or the server of an engine failed: it cannot be reached, it is full, it broke off.
    #[error("{store}: {message}")]
    Store {
        /// Its URL, secrets masked.
        store: String,
        /// What went wrong.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// polars refused an operation: a fault of this program, not of the data.
    #[error("dataframe operation failed: {0}")]
    Polars(#[from] polars::error::PolarsError),
    /// A law that always holds does not: a fault of this program, not of the data.
    #[error("internal error: {0}")]
    Internal(String),
    /// A model could not be fitted.
    #[error("cannot fit {model}: {message}")]
    Model {
        /// Which model, on what.
        model: String,
        /// Why.
        message: String,
    },
    /// The data do not suffice for forecasts, or for testing them. Exit code 2; a run still makes its report.
    #[error("{0}")]
    TooLittle(#[from] TooLittle),
    /// Files of a run do not say any more what they would say now.
    #[error("{stale} of {all} files are stale")]
    Stale {
        /// How many.
        stale: usize,
        /// Of how many.
        all: usize,
    },
    /// A run is not what it was, or does not come out the same: the first file, and where.
    #[error("{0}")]
    Differs(String),
    /// A step of the flow took longer than it may.
    #[error("step `{step}` did not end within {seconds} s")]
    Timeout {
        /// Which step.
        step: String,
        /// Longest time of a step, seconds.
        seconds: u64,
    },
    /// More than one step failed.
    #[error("{first}; also failed: {others}")]
    Several {
        /// The first failure.
        first: Box<Error>,
        /// The others, with their steps.
        others: String,
    },
    /// The user asked to stop.
    #[error("interrupted")]
    Interrupted,
    /// The report could not be rendered.
    #[error("cannot render {what}: {message}")]
    Report {
        /// Chapter, figure or output format.
        what: String,
        /// Why, with the line where known.
        message: String,
    },
}

/// What the data lack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum TooLittle {
    /// Every order is canceled, or none has an item.
    #[error("there is no sale in the data")]
    Sales,
    /// No category can be chosen.
    #[error("no category has enough orders in the last three months to be chosen")]
    Orders,
    /// No past cutoff leaves both a history and what followed it.
    #[error("the data are too short to test forecasts on them")]
    Past,
    /// No category could have been chosen at a past cutoff.
    #[error("no category sold enough at past cutoffs to be chosen")]
    PastOrders,
}

impl TooLittle {
    /// What to do next.
    pub fn hint(self) -> &'static str {
        match self {
            TooLittle::Sales => "orders need items to be forecast",
            TooLittle::Orders => "more orders are needed to choose a category",
            TooLittle::Past => "three months to learn from and three to forecast are needed",
            TooLittle::PastOrders => "more orders are needed to look back on a choice",
        }
    }

    /// Its name among the words of the report.
    pub fn key(self) -> &'static str {
        match self {
            TooLittle::Sales => "too_few_sales",
            TooLittle::Orders => "too_few_orders",
            TooLittle::Past => "too_short_past",
            TooLittle::PastOrders => "too_few_past_orders",
        }
    }
}

impl Error {
    /// An [`Error::Input`] without a hint; secrets in URLs are masked.
    pub fn input(message: impl Into<String>) -> Self {
        Error::Input { message: masked(&message.into()), hint: None }
    }

    /// An [`Error::Store`] without a hint; `store` is its masked URL. Secrets in URLs that a driver or a server tells are masked.
    pub fn store(store: impl Into<String>, message: impl Into<String>) -> Self {
        Error::Store { store: store.into(), message: masked(&message.into()), hint: None }
    }

    /// The same error with a hint on what to do next; only errors of input and stores carry one.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        match self {
            Error::Input { message, .. } => Error::Input { message, hint: Some(hint.into()) },
            Error::Store { store, message, .. } => Error::Store { store, message, hint: Some(hint.into()) },
            other => other,
        }
    }

    /// The same error of a store, which says how often it was tried.
    pub(crate) fn after(self, attempts: u32) -> Self {
        match self {
            Error::Store { store, message, hint } => {
                Error::Store { store, message: format!("{message} (tried {attempts} times)"), hint }
            }
            other => other,
        }
    }

    /// An [`Error::Io`], to be used as `map_err(Error::io("read", path))`.
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Error::Io { action, path, source }
    }

    /// An [`Error::Report`].
    pub fn report(what: impl Into<String>, message: impl ToString) -> Self {
        Error::Report { what: what.into(), message: message.to_string() }
    }

    /// What to do next, where known.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Error::Input { hint, .. } | Error::Store { hint, .. } => hint.as_deref(),
            Error::TooLittle(lack) => Some(lack.hint()),
            Error::Stale { .. } => Some("`pfe run` makes all of them again, `pfe report` the report"),
            Error::Several { first, .. } => first.hint(),
            Error::Timeout { .. } => Some("give it more with `--timeout`; what is finished is used again"),
            Error::Internal(_) => {
                Some("no result was written; please report this with the version of pfe and, if you may, the data")
            }
            Error::Interrupted => Some("the same command goes on from the steps that are finished"),
            Error::Io { source, .. } => match source.kind() {
                std::io::ErrorKind::PermissionDenied => {
                    Some("check the permissions of the folder, or choose another with `--out`")
                }
                std::io::ErrorKind::StorageFull => Some("free some space, or choose another folder with `--out`"),
                _ => None,
            },
            _ => None,
        }
    }

    /// 2 when the user's input is at fault, 130 after Ctrl-C, 1 otherwise.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Input { .. } | Error::TooLittle(_) => 2,
            Error::Interrupted => 130,
            Error::Several { first, .. } => first.exit_code(),
            _ => 1,
        }
    }
}

/// Stands for a secret.
const MASK: &str = "***";

/// Words in the names of options whose values are secret.
const SECRET: [&str; 7] = ["pass", "pwd", "secret", "key", "token", "credential", "signature"];

/// Whether the value of an option of this name is secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET.iter().any(|word| name.contains(word))
}

/// A text without what is secret in the URLs in it, those inside other URLs included: the passwords before an `@`, and options whose
/// name sounds secret. Nothing may be printed, logged or written that holds what a user gave as the URL of a store otherwise.
pub fn masked(text: &str) -> String {
    if !text.contains("//") {
        return text.to_string();
    }
    let ends = |c: char| c.is_whitespace() || "`\"'<>".contains(c);
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(ends) {
        let mut parts = word.split("//");
        out += parts.next().unwrap_or_default();
        // From one URL to the next: a password may hold any other character, unencoded.
        for part in parts {
            out += "//";
            out += &match part.rsplit_once('@') {
                Some((login, rest)) => match login.split_once(':') {
                    Some((user, _)) => format!("{user}:{MASK}@{rest}"),
                    None => part.to_string(),
                },
                None => part.to_string(),
            };
        }
    }
    masked_options(&out, ends)
}

/// `?name=value&name=value;name=value` with the secret values masked.
fn masked_options(text: &str, ends: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['?', '&', ';']) {
        let (before, option) = rest.split_at(at + 1);
        out += before;
        let end = option.find(|c: char| ends(c) || "?&;".contains(c)).unwrap_or(option.len());
        let (pair, after) = option.split_at(end);
        out += &match pair.split_once('=') {
            Some((name, value)) if is_secret(name) && !value.is_empty() => format!("{name}={MASK}"),
            _ => pair.to_string(),
        };
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_urls_in_a_text_are_masked() {
        for (text, shown) in [
            ("no URL: me:PW@h", "no URL: me:PW@h"),
            ("cannot reach `mysql://me:PW@h/db`: refused", "cannot reach `mysql://me:***@h/db`: refused"),
            ("jdbc:mysql://me:PW@h/db", "jdbc:mysql://me:***@h/db"),
            ("s3://b/p?endpoint=http://u:PW@h:1/x&a=b", "s3://b/p?endpoint=http://u:***@h:1/x&a=b"),
            ("mysql://me:P/W?x@h and http://v:P@W@h", "mysql://me:***@h and http://v:***@h"),
            ("sc://h:1/;token=PW;user=me", "sc://h:1/;token=***;user=me"),
            ("http://h/?api_key=PW&password=PW `x`", "http://h/?api_key=***&password=*** `x`"),
            ("postgres://me@h/db", "postgres://me@h/db"),
        ] {
            assert_eq!(masked(text), shown);
            assert!(text.starts_with("no URL") || !format!("{:?}", Error::store("x", text)).contains("PW"));
        }
    }
}
