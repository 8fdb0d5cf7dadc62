//! What can go wrong in the kernel itself; errors of a cell are values, see `session`.

use std::path::{Path, PathBuf};

/// Result of the fallible functions of the kernel.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong.
#[derive(Debug)]
pub enum Error {
    /// A file or a program could not be used.
    Io {
        /// `read`, `write`, `run`, …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Anything else, with what to do next where known.
    Message {
        /// What is wrong.
        message: String,
        /// What to do next.
        hint: Option<String>,
    },
    /// The user asked to stop.
    Interrupted,
}

impl Error {
    /// An error of a file, for `map_err`.
    pub fn io(action: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Error {
        let path = path.as_ref().to_path_buf();
        move |source| Error::Io { action, path, source }
    }

    /// Any other error.
    pub fn message(message: impl Into<String>) -> Error {
        Error::Message { message: message.into(), hint: None }
    }

    /// Adds what to do next.
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
