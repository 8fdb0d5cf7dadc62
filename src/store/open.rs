//! URL → the store that it names. Used by `input`, `pipeline` and the command line.

use super::interface::Store;
use super::url::{Scheme, StoreUrl};
use crate::error::{Error, Result};

/// Opens the store that a URL names; a path without a scheme is a local lake. Network stores connect when a table is first used.
///
/// # Errors
/// The URL is malformed, or its kind of store is not built in.
pub fn open(url: &str) -> Result<Box<dyn Store>> {
    let url = StoreUrl::parse(url)?;
    match url.scheme {
        Scheme::Lake => Ok(Box::new(super::lake::Lake::new(&url))),
        #[cfg(feature = "sqlite")]
        Scheme::Sqlite => Ok(Box::new(super::sql::sqlite::Sqlite::new(&url))),
        #[cfg(feature = "mysql")]
        Scheme::Mysql => Ok(Box::new(super::sql::mysql::Mysql::new(&url)?)),
        #[cfg(feature = "postgres")]
        Scheme::Postgres => Ok(Box::new(super::sql::postgres::Postgres::new(&url)?)),
        #[cfg(feature = "s3")]
        Scheme::S3 => Ok(Box::new(super::cloud::s3::S3::open(&url)?)),
        #[cfg(feature = "dynamodb")]
        Scheme::Dynamodb => Ok(Box::new(super::cloud::dynamodb::Dynamodb::open(&url)?)),
        #[allow(unreachable_patterns)]
        scheme => Err(not_built_in(scheme)),
    }
}

fn not_built_in(scheme: Scheme) -> Error {
    let name = scheme.name();
    Error::input(format!("support for `{name}:` is not built in"))
        .with_hint(format!("rebuild with `--features {name}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switched_off_store_says_how_to_get_it() {
        let error = not_built_in(Scheme::Dynamodb);
        assert_eq!(error.to_string(), "support for `dynamodb:` is not built in");
        assert!(error.hint().unwrap().contains("--features dynamodb"));
    }

    #[test]
    fn tables_for_engines_are_files() {
        let frame = polars::df!("product_category_name" => ["x"], "product_category_name_english" => ["y"]).unwrap();
        let (folder, table) = (tempfile::tempdir().unwrap(), "product_category_name_translation");
        let lake = open(folder.path().to_str().unwrap()).unwrap();
        let place = lake.share(table, &frame).unwrap();
        assert!(std::path::Path::new(&place).is_absolute() && std::path::Path::new(&place).exists(), "{place}");
        if cfg!(feature = "sqlite") {
            let database = open(&format!("sqlite:{}", folder.path().join("shop.db").display())).unwrap();
            assert!(
                database.share(table, &frame).unwrap_err().to_string().starts_with("no engine reads the tables of")
            );
            assert!(!folder.path().join("shop.db").exists(), "nothing was written");
        }
    }
}
