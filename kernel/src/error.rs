//! Errors of the kernel itself. An error of a cell is a `Failure` of the `session`.

use std::path::{Path, PathBuf};

/// Result of the fallible functions of the kernel.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the kernel.
#[derive(Debug)]
pub enum Error {
    /// A file or a program could not be used.
    Io {
        /// `read`, `write`, `run`, …
        action: &'static str,
        /// The file or program.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
    /// Any other error.
    Message {
        /// What is wrong.
        message: String,
        /// What to do next, if known.
        hint: Option<String>,
    },
    /// The user interrupted the kernel.
    Interrupted,
}

impl Error {
    /// Returns a function for `map_err` that builds an [`Error::Io`].
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.as_ref().to_path_buf();
        move |source| Error::Io { action, path, source }
    }

    /// Creates an [`Error::Message`] without a hint.
    pub fn message(message: impl Into<String>) -> Error {
        Error::Message { message: message.into(), hint: None }
    }

    /// Adds a hint to an [`Error::Message`]: what to do next.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Error {
        match self {
            Error::Message { message, .. } => Error::Message { message, hint: Some(hint.into()) },
            other => other,
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Error::Io { action, path, source } => write!(formatter, "cannot {action} `{}`: {source}", path.display()),
            Error::Message { message, hint: None } => formatter.write_str(message),
            Error::Message { message, hint: Some(hint) } => write!(formatter, "{message}\nhint: {hint}"),
            Error::Interrupted => formatter.write_str("interrupted"),
        }
    }
}

impl std::error::Error for Error {}
