//! Clean tables or raw files → SalesMart or clean tables, on a Spark cluster: the same SQL files over Spark Connect. Part of `engine`.

mod server;
mod session;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use polars::prelude::{DataFrame, DataType};
use spark_connect_core::block_on;
use tokio::time::timeout;

use self::server::AtWork;
pub use self::server::Spark;
use self::session::{Session, sql};
use super::interface::Engine;
use super::remote_cleaning::{self, Folders};
use crate::clean::Audit;
use crate::error::Result;
use crate::input::Source;
use crate::input::identity::InputFile;
use crate::mart::queries::in_order;
use crate::mart::{Methods, Query, SalesMart, law};
use crate::schema::TableId;

/// Time limit for ending the session. A cluster notices later by itself that its client is gone.
const FAREWELL: Duration = Duration::from_secs(2);

impl Spark {
    /// Runs `work` in a new session.
    fn run_in_session<T>(
        &self,
        cancel: &AtomicBool,
        progress: &dyn Fn(&str),
        work: impl FnOnce(&Session<'_>) -> Result<T>,
    ) -> Result<T> {
        let session = Session::open(self, cancel, progress)?;
        self.at_work().client = Some(Arc::clone(&session.client));
        let result = work(&session);
        self.stop();
        result
    }

    /// Runs a query. Returns its rows; `None` if it only serves later queries.
    fn query(&self, session: &Session<'_>, query: &Query) -> Result<Option<DataFrame>> {
        let hint =
            "the files run on Spark 4 and Sail 0.7, and `pfe plan --sql` shows them; `--engine polars` needs no server";
        let failure = format!("the server refuses `{}.sql`", query.name);
        if query.stored {
            let rows = session.query(&failure, hint, query.sql)?;
            return in_order(self.of_the_mart(query.name, rows)?, &query.key()).map(Some);
        }
        session.name_view(&failure, hint, query.name, sql(query.sql))?;
        if is_cached(query) {
            session.cache(query.name)?;
        }
        Ok(None)
    }

    /// Refuses column types that the mart does not have.
    fn of_the_mart(&self, name: &str, rows: DataFrame) -> Result<DataFrame> {
        let is_mart_type = |kind: &DataType| matches!(kind, DataType::Int64 | DataType::String | DataType::Date);
        match rows.columns().iter().find(|column| !is_mart_type(column.dtype())) {
            None => Ok(rows),
            Some(column) => Err(self
                .error(format!("column `{}` of the answer to `{name}.sql` holds {}", column.name(), column.dtype()))
                .with_hint("the mart holds whole numbers, texts and days: the server differs from Spark 4 here")),
        }
    }
}

/// Whether to cache a view: rows that do not add up serve a dozen statements, any other view only one.
fn is_cached(query: &Query) -> bool {
    !query.kind.adds_up()
}

impl Engine for Spark {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn identify(
        &self,
        source: &Source,
        cancel: &AtomicBool,
        progress: &dyn Fn(&str),
    ) -> Result<Vec<(TableId, InputFile)>> {
        self.run_in_session(cancel, progress, |session| remote_cleaning::identify(session, source))
    }

    fn clean(&self, source: &Source, to: &Folders<'_>, cancel: &AtomicBool, progress: &dyn Fn(&str)) -> Result<Audit> {
        self.run_in_session(cancel, progress, |session| remote_cleaning::clean(session, source, to))
    }

    fn cleaning(&self) -> Vec<(String, String)> {
        remote_cleaning::statements()
    }

    fn mart(
        &self,
        places: &BTreeMap<String, String>,
        methods: &Methods,
        cancel: &AtomicBool,
        progress: &dyn Fn(&str),
    ) -> Result<SalesMart> {
        self.run_in_session(cancel, progress, |session| {
            for (table, place) in places {
                session.progress(table);
                session.table(table, place)?;
            }
            let mut tables = BTreeMap::new();
            // In order: later queries read the views of queries that are not stored.
            for query in methods.queries() {
                session.progress(query.name);
                if let Some(frame) = self.query(session, query)? {
                    tables.insert(query.name.to_string(), frame);
                }
            }
            law::check(&tables, &BTreeMap::new())?;
            SalesMart::new(tables)
        })
    }

    fn stop(&self) {
        let AtWork { client, cached_views } = std::mem::take(&mut *self.at_work());
        let Some(client) = client else { return };
        let session = Session { spark: self, client, cancel: &AtomicBool::new(false), progress: &|_| () };
        let farewell = async {
            // A failure here costs only the cluster, which eventually stops work without a client by itself.
            let _ = session.client.interrupt_all().await;
            for view in &cached_views {
                let _ = session.forget(view).await;
            }
            let _ = session.client.release_session().await;
        };
        let _ = block_on(async { timeout(FAREWELL, farewell).await });
    }
}

#[cfg(test)]
mod tests {
    use polars::df;

    use super::*;

    #[test]
    fn urls_are_read_as_spark_reads_them() {
        assert_eq!(Spark::open("sc://db.example").unwrap().name(), "sc://db.example:15002");
        assert_eq!(Spark::open("sc://[::1]:7/;use_ssl=true").unwrap().name(), "sc://[::1]:7");
        for url in ["sc://", "sc://:7", "sc://host:port", "sc://host:99999", "sc://host/;use_ssl", "sc://host/path"] {
            assert_eq!(Spark::open(url).unwrap_err().exit_code(), 2, "{url}");
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        let spark = Spark::open("sc://host:1/;token=hunter2;use_ssl=true").unwrap();
        let refused = Spark::open("sc://host:port/;token=hunter2").unwrap_err();
        let shown = format!("{refused} {spark:?} {} {}", spark.name(), spark.error("x"));
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn answers_of_other_types_are_refused() {
        let spark = Spark::open("sc://host").unwrap();
        assert!(spark.of_the_mart("x", df!("a" => ["x"], "n" => [7i64]).unwrap()).is_ok());
        let refused = spark.of_the_mart("x", df!("share" => [0.5]).unwrap()).unwrap_err();
        assert!(refused.to_string().contains("column `share` of the answer to `x.sql` holds f64"), "{refused}");
    }
}
