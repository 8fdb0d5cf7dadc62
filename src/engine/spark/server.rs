//! A Spark Connect server: its URL, its errors, and what it is running for this process. Used by `spark` and `session`.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use spark_connect_core::{ChannelBuilder, SparkConnectClient};

use crate::error::{Error, Result};
use crate::parallel::lock;

/// After this long without an answer, tests whether the server still accepts connections. Spark reports progress every two seconds.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// A Spark Connect server: Spark 4 or Sail.
pub struct Spark {
    pub(super) server: ChannelBuilder,
    /// Its URL without options, since one of them may be a token.
    pub(super) name: String,
    pub(super) at_work: Mutex<AtWork>,
}

/// What the server is running for this process.
#[derive(Default)]
pub(super) struct AtWork {
    pub(super) client: Option<Arc<SparkConnectClient>>,
    /// The views that it was asked to cache.
    pub(super) cached_views: BTreeSet<String>,
}

impl Spark {
    /// Parses the URL of a server, `sc://host:port/;key=value;…` as in Spark's own clients, including `use_ssl` and `token`. The token may
    /// be set in `SPARK_CONNECT_AUTHENTICATE_TOKEN` instead.
    ///
    /// # Errors
    /// [`Error::Input`]: the URL is malformed. The server is contacted only when there is work.
    pub fn open(url: &str) -> Result<Spark> {
        let server = ChannelBuilder::parse(url).map_err(|_| {
            let shown = url.split(';').next().unwrap_or_default();
            Error::input(format!("`{shown}` is no URL of a Spark Connect server"))
                .with_hint("write `sc://host:port`, and options behind it as in `/;use_ssl=true`")
        })?;
        Ok(Spark { name: format!("sc://{}", server.endpoint()), server, at_work: Mutex::default() })
    }

    pub(super) fn error(&self, message: impl fmt::Display) -> Error {
        Error::store(&self.name, message.to_string())
    }

    pub(super) fn connection_lost(&self) -> Error {
        self.error("the server went away while it was at work").with_hint(
            "its log says why, often for want of memory; the same command goes on from the steps that are finished",
        )
    }

    /// Tests whether the server accepts connections.
    pub(super) fn reach(&self) -> std::io::Result<()> {
        let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
        for address in self.server.endpoint().to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, SILENCE) {
                Ok(_) => return Ok(()),
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    pub(super) fn at_work(&self) -> MutexGuard<'_, AtWork> {
        lock(&self.at_work)
    }
}

impl fmt::Debug for Spark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spark").field("name", &self.name).finish_non_exhaustive()
    }
}
