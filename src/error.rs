//! The error type of the library: every fallible function → [`Error`], which says what went wrong, where, and what to do next. Next:
//! `main`, which prints it once. Also [`masked`], which hides the secrets of the URLs in any text.

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
    /// A file could not be read or written. Exit code 1.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// `read`, `write`, `create`, …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A store or the server of an engine failed: it cannot be reached, it is full, or the connection broke. Exit code 1.
    #[error("{store}: {message}")]
    Store {
        /// Its URL, secrets masked.
        store: String,
        /// What went wrong.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// polars refused an operation: a bug of this program, not a fault of the data.
    #[error("dataframe operation failed: {0}")]
    Polars(#[from] polars::error::PolarsError),
    /// An invariant does not hold: a bug of this program, not a fault of the data.
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
    /// The data do not suffice for forecasts or for a backtest. Exit code 2; the run still writes its report.
    #[error("{0}")]
    TooLittle(#[from] TooLittle),
    /// Files of a run are stale: they no longer match what the program would write now.
    #[error("{stale} of {all} files are stale")]
    Stale {
        /// Number of stale files.
        stale: usize,
        /// Number of all files.
        all: usize,
    },
    /// A run was changed since it was written, or cannot be reproduced. Names the first differing file and the place in it.
    #[error("{0}")]
    Differs(String),
    /// A step exceeded its time limit.
    #[error("step `{step}` did not end within {seconds} s")]
    Timeout {
        /// Which step.
        step: String,
        /// Time limit of a step, seconds.
        seconds: u64,
    },
    /// More than one step failed.
    #[error("{first}; also failed: {others}")]
    Several {
        /// The first failure.
        first: Box<Error>,
        /// The other failures, each with its step.
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

/// What the data lack to support forecasts or a backtest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum TooLittle {
    /// No sale: every order is canceled, or none has an item.
    #[error("there is no sale in the data")]
    Sales,
    /// No category has enough orders to be chosen.
    #[error("no category has enough orders in the last three months to be chosen")]
    Orders,
    /// No past cutoff leaves both a history before it and a holdout after it.
    #[error("the data are too short to test forecasts on them")]
    Past,
    /// The complete months do not fill the parts of the protocol by which methods are judged.
    #[error("the data are too short to set months apart on which methods of forecasting are judged")]
    Protocol,
    /// At no past cutoff could a category have been chosen.
    #[error("no category sold enough at past cutoffs to be chosen")]
    PastOrders,
    /// No seller entered early enough, or not enough of them in two categories that differ.
    #[error("too few sellers are new in the data to tell what a newcomer earns")]
    Entrants,
    /// At fewer than three past cutoffs could a newcomer have chosen between categories.
    #[error("too few sellers were new at past cutoffs to test a newcomer's choice on them")]
    PastEntrants,
}

impl TooLittle {
    /// What to do next.
    pub fn hint(self) -> &'static str {
        match self {
            TooLittle::Sales => "orders need items to be forecast",
            TooLittle::Orders => "more orders are needed to choose a category",
            TooLittle::Past => "three months to learn from and three to forecast are needed",
            TooLittle::Protocol => {
                "ten complete months are needed: three to learn from, five for the test, two for the holdout"
            }
            TooLittle::PastOrders => "more orders are needed to look back on a choice",
            TooLittle::Entrants => "at least two categories need ten sellers each whose first 90 days are in the data",
            TooLittle::PastEntrants => "a year of new sellers is needed to look back on a newcomer's choice",
        }
    }

    /// Key of its text in the report's phrases.
    pub fn key(self) -> &'static str {
        match self {
            TooLittle::Sales => "too_few_sales",
            TooLittle::Orders => "too_few_orders",
            TooLittle::Past => "too_short_past",
            TooLittle::Protocol => "too_short_protocol",
            TooLittle::PastOrders => "too_few_past_orders",
            TooLittle::Entrants => "too_few_entrants",
            TooLittle::PastEntrants => "too_few_past_entrants",
        }
    }
}

impl Error {
    /// An [`Error::Input`] without a hint. Masks secrets in URLs.
    pub fn input(message: impl Into<String>) -> Self {
        Error::Input { message: masked(&message.into()), hint: None }
    }

    /// An [`Error::Store`] without a hint. `store` is its URL, already masked. Masks secrets in URLs that the driver or server put into
    /// `message`.
    pub fn store(store: impl Into<String>, message: impl Into<String>) -> Self {
        Error::Store { store: store.into(), message: masked(&message.into()), hint: None }
    }

    /// The same error with a hint on what to do next. Only [`Error::Input`] and [`Error::Store`] carry one; others stay as they are.
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        match self {
            Error::Input { message, .. } => Error::Input { message, hint: Some(hint.into()) },
            Error::Store { store, message, .. } => Error::Store { store, message, hint: Some(hint.into()) },
            other => other,
        }
    }

    /// Adds the number of attempts to the message of an [`Error::Store`].
    pub(crate) fn after(self, attempts: u32) -> Self {
        match self {
            Error::Store { store, message, hint } => {
                Error::Store { store, message: format!("{message} (tried {attempts} times)"), hint }
            }
            other => other,
        }
    }

    /// An [`Error::Io`], for use as `map_err(Error::io("read", path))`.
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

/// Replaces a secret.
const MASK: &str = "***";

/// An option is secret when its name contains one of these.
const SECRET: [&str; 7] = ["pass", "pwd", "secret", "key", "token", "credential", "signature"];

/// Whether the value of an option called `name` is secret.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    SECRET.iter().any(|word| name.contains(word))
}

/// Masks the secrets in all URLs in `text`, URLs nested in others included: passwords before an `@`, and values of options whose names
/// [`is_secret`] recognizes. Anything derived from a store URL of the user must pass through here before it is printed, logged or
/// written.
pub fn masked(text: &str) -> String {
    if !text.contains("//") {
        return text.to_string();
    }
    let ends = |c: char| c.is_whitespace() || "`\"'<>".contains(c);
    let mut out = String::with_capacity(text.len());
    for word in text.split_inclusive(ends) {
        let mut parts = word.split("//");
        out += parts.next().unwrap_or_default();
        // Splits from one URL to the next: an unencoded password may contain any other character.
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

/// Masks the secret values in `?name=value&name=value;name=value`.
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
