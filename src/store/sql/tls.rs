//! Encryption of database connections. Certificates are verified unless the URL says `?tls=disable`; `?ca=FILE` trusts one more
//! certificate authority. Used by `mysql` and `postgres`.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::regular;
use crate::store::url::StoreUrl;

/// How to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Unencrypted, because the URL asks for it.
    Disable,
    /// Encrypted, with the server's certificate verified.
    Verify {
        /// A file of certificates (PEM) to trust in addition to the usual ones.
        ca: Option<PathBuf>,
    },
}

impl Tls {
    /// Hint for a server without TLS or with a certificate that does not verify.
    pub(crate) const HINT: &'static str = "connections are encrypted and verified: name the server's certificate authority \
         with `?ca=FILE`, or give this up with `?tls=disable`, as for a server on this machine";

    pub(crate) fn of(url: &StoreUrl) -> Result<Tls> {
        let ca = url.option("ca").map(PathBuf::from);
        if let Some((ca, meta)) = ca.as_ref().and_then(|ca| Some((ca, ca.metadata().ok()?))) {
            regular::demand(ca, &meta)?;
        }
        match (url.option("tls"), ca) {
            (None | Some("verify"), ca) => Ok(Tls::Verify { ca }),
            (Some("disable"), None) => Ok(Tls::Disable),
            (Some("disable"), Some(_)) => {
                Err(Error::input(format!("`{}` has both `tls=disable` and `ca`", url.masked()))
                    .with_hint("leave one out"))
            }
            (Some(other), _) => {
                Err(Error::input(format!("`tls={other}` is unknown")).with_hint("write `verify` or `disable`"))
            }
        }
    }
}

/// Sets the process's cryptography provider once; keeps another library's choice.
pub(crate) fn install_provider() {
    // An error means that a provider is set already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verified_unless_asked_not_to() {
        let tls = |query: &str| Tls::of(&StoreUrl::parse(&format!("mysql://host/{query}")).unwrap());
        assert_eq!(tls("").unwrap(), Tls::Verify { ca: None });
        assert_eq!(tls("?ca=/ca.pem").unwrap(), Tls::Verify { ca: Some("/ca.pem".into()) });
        assert_eq!(tls("?tls=disable").unwrap(), Tls::Disable);
        assert!(tls("?tls=off").is_err() && tls("?tls=disable&ca=x").is_err());
    }
}
