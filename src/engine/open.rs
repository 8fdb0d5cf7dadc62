//! The name of an engine → the engine.

use std::sync::Arc;

use super::interface::Engine;
use super::polars::Polars;
use crate::error::{Error, Result};

/// Opens the engine that the user names: `polars`, or `sc://host:port` for a Spark Connect server.
///
/// # Errors
/// [`Error::Input`]: there is no engine of this name, or its support is not built in. A server is contacted only when the mart is made.
pub fn open(name: &str) -> Result<Arc<dyn Engine>> {
    match name {
        "polars" => Ok(Arc::new(Polars)),
        #[cfg(feature = "spark")]
        url if url.starts_with("sc://") => Ok(Arc::new(super::spark::Spark::open(url)?)),
        #[cfg(not(feature = "spark"))]
        url if url.starts_with("sc://") => Err(Error::input("support for Spark Connect (`sc:`) is not built in")
            .with_hint(
                "rebuild with `--features spark`; the build needs `protoc` (Debian: protobuf-compiler libprotobuf-dev)",
            )),
        _ => Err(Error::input(format!("there is no engine `{name}`"))
            .with_hint("engines: `polars`, which is this process, and `sc://host:port`, a Spark Connect server")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_no_engine_is_told_with_those_that_are() {
        let error = open("dask://host").unwrap_err();
        assert_eq!((error.to_string(), error.exit_code()), ("there is no engine `dask://host`".into(), 2));
        assert!(error.hint().unwrap().contains("sc://host:port"));
        assert_eq!(open("polars").unwrap().name(), "polars");
    }

    #[cfg(not(feature = "spark"))]
    #[test]
    fn an_engine_that_is_not_built_in_says_how_to_get_it() {
        let error = open("sc://host").unwrap_err();
        assert!(error.hint().unwrap().contains("--features spark"));
    }
}
