//! SQL statements → rows, in a session on a Spark Connect server. Used by `spark`.
//!
//! Uses only the transport of Apache's client, not its DataFrame layer. That layer requests reattachable results: Spark ends their streams
//! after two minutes, and the layer mistakes this for the end of the rows. It also retries for a quarter of an hour when a server is gone.
//! A plain execution has one stream, which ends properly or with an error.

use std::future::Future;
use std::io::Cursor;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use polars::prelude::{DataFrame, DataType, IpcStreamReader, SerReader};
use spark_connect_core::{RetryPolicy, SparkConnectClient, SparkError, block_on};
use spark_connect_proto as proto;
use spark_connect_proto::command::CommandType;
use spark_connect_proto::execute_plan_response::ResponseType;
use spark_connect_proto::plan::OpType;
use spark_connect_proto::relation::RelType;
use spark_connect_proto::write_operation::{SaveMode, SaveType};
use tokio::time::timeout;

use super::server::{SILENCE, Spark};
use crate::engine::remote_cleaning::{self, MALFORMED, RawFiles};
use crate::error::{Error, Result};

/// Interval at which a request to stop is checked.
const TICK: Duration = Duration::from_millis(20);
/// A dying server may still accept connections for a moment.
const MOMENT: Duration = Duration::from_millis(300);
/// gRPC code for a server that cannot be reached or is gone.
const UNAVAILABLE: i32 = 14;
/// Hint for a file that the server does not see.
const SHARED: &str = "the server must see the clean tables: put `--out` on a path that it shares with this machine, or name a \
                      store that both reach with `--engine-store`";

/// A session on a server, until it is cancelled.
pub(crate) struct Session<'a> {
    pub(crate) spark: &'a Spark,
    pub(crate) client: Arc<SparkConnectClient>,
    pub(crate) cancel: &'a AtomicBool,
    pub(crate) progress: &'a dyn Fn(&str),
}

impl<'a> Session<'a> {
    /// Opens a session. Calls `progress` with each table and statement when it starts.
    pub(crate) fn open(spark: &'a Spark, cancel: &'a AtomicBool, progress: &'a dyn Fn(&str)) -> Result<Session<'a>> {
        spark.reach().map_err(|e| {
            spark
                .error(format!("no Spark Connect server listens there: {e}"))
                .with_hint("start one, or leave `--engine` out to aggregate in this process")
        })?;
        let mut client = block_on(SparkConnectClient::connect(&spark.server)).map_err(|e| {
            let hint = "options stand behind the port, as in `/;use_ssl=true`";
            refusal(spark, "cannot open a session", hint, &e)
        })?;
        // No retries: a half-run statement must not be repeated, and ending the session must not wait for a server that is gone.
        client.set_retry_policy(RetryPolicy::no_retries());
        Ok(Session { spark, client: Arc::new(client), cancel, progress })
    }

    pub(crate) fn progress(&self, step: &str) {
        (self.progress)(step);
    }

    /// Waits for an answer, unless the user cancels or the server is gone.
    async fn wait<T>(&self, answer: impl Future<Output = T>) -> Result<T> {
        let (mut answer, mut last_check) = (pin!(answer), Instant::now());
        loop {
            if let Ok(answer) = timeout(TICK, answer.as_mut()).await {
                return Ok(answer);
            }
            if self.cancel.load(Ordering::SeqCst) {
                return Err(Error::Interrupted);
            }
            if last_check.elapsed() > SILENCE {
                self.spark.reach().map_err(|_| self.spark.connection_lost())?;
                last_check = Instant::now();
            }
        }
    }

    /// Executes a plan and collects its rows; each answer has several streams of Arrow IPC.
    async fn execute(&self, plan: OpType, refused: impl Fn(&SparkError) -> Error) -> Result<Vec<DataFrame>> {
        let request = proto::ExecutePlanRequest {
            session_id: self.client.session_id().into(),
            user_context: Some(proto::UserContext {
                user_id: self.client.user_id().unwrap_or_default().into(),
                ..Default::default()
            }),
            plan: Some(proto::Plan { op_type: Some(plan) }),
            client_type: Some("pfe".into()),
            ..Default::default()
        };
        let mut answers = self.wait(self.client.execute_plan(request)).await?.map_err(|e| refused(&e))?;
        let mut batches = Vec::new();
        loop {
            let answer = self.wait(answers.message()).await?;
            match answer.map_err(|status| refused(&SparkError::from_grpc_status(status)))? {
                Some(answer) => {
                    if let Some(ResponseType::ArrowBatch(batch)) = answer.response_type {
                        batches.push(IpcStreamReader::new(Cursor::new(batch.data)).finish()?);
                    }
                }
                None => return Ok(batches),
            }
        }
    }

    fn command(&self, command: CommandType, refused: impl Fn(&SparkError) -> Error) -> Result<()> {
        let plan = OpType::Command(proto::Command { command_type: Some(command) });
        block_on(self.execute(plan, refused)).map(drop)
    }

    /// Runs a statement and returns its rows, with whole numbers as 64-bit: engines count in different widths. `failure` and `hint` are for
    /// the error if the server refuses.
    pub(crate) fn query(&self, failure: &str, hint: &str, statement: &str) -> Result<DataFrame> {
        let plan = OpType::Root(relation(sql(statement)));
        let batches = block_on(self.execute(plan, |e| refusal(self.spark, failure, hint, e)))?;
        rows(batches)?.ok_or_else(|| self.spark.error(format!("{failure}: no answer")))
    }

    /// Creates a view for a relation. The server resolves it at once, so an unknown path or an invalid statement fails here.
    pub(crate) fn name_view(&self, failure: &str, hint: &str, name: &str, rows: RelType) -> Result<()> {
        let view = proto::CreateDataFrameViewCommand {
            input: Some(relation(rows)),
            name: name.into(),
            replace: true,
            ..Default::default()
        };
        self.command(CommandType::CreateDataframeView(view), |e| refusal(self.spark, failure, hint, e))
    }

    /// Creates a view for a table of Parquet files, and checks that the server sees them.
    pub(crate) fn table(&self, table: &str, place: &str) -> Result<()> {
        let failure = format!("cannot read `{place}`");
        let parquet =
            proto::read::DataSource { format: Some("parquet".into()), paths: vec![place.into()], ..Default::default() };
        self.name_view(&failure, SHARED, table, source(parquet))?;
        // Sail treats a path that does not exist as a table without columns.
        let rows = self.query(&failure, SHARED, &format!("SELECT * FROM {table} LIMIT 0"))?;
        match rows.width() {
            0 => Err(self.spark.error(format!("{failure}: there is no such file")).with_hint(SHARED)),
            _ => Ok(()),
        }
    }

    /// Asks the server to cache a view, because several statements read it. A server without caching, such as Sail 0.7, computes it each
    /// time.
    pub(crate) fn cache(&self, view: &str) -> Result<()> {
        self.spark.at_work().cached_views.insert(view.into());
        match block_on(self.attempt(&format!("CACHE LAZY TABLE {view}"))) {
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(_) if self.spark.reach().is_err() => Err(self.spark.connection_lost()),
            _ => Ok(()),
        }
    }

    /// Removes a view from the cache, where it would outlast the session.
    pub(crate) async fn forget(&self, view: &str) -> Result<()> {
        self.attempt(&format!("UNCACHE TABLE IF EXISTS {view}")).await
    }

    /// Runs a statement that the server may refuse.
    async fn attempt(&self, statement: &str) -> Result<()> {
        self.execute(OpType::Root(relation(sql(statement))), |e| self.spark.error(e)).await.map(drop)
    }
}

/// All that cleaning needs of a session.
impl remote_cleaning::Server for Session<'_> {
    fn progress(&self, step: &str) {
        Session::progress(self, step);
    }

    fn read(&self, name: &str, files: &RawFiles) -> Result<()> {
        let hint = "the server must see the raw files by the path or URL that `--data` names. Sail reads no file with a record of \
                    too many or too few fields; without `--engine-cleans` this process sets it aside";
        let failure = format!("cannot read `{}`", files.name);
        let raw = format!("{name}_read");
        let read = |columns: &[String], mode: &str| {
            self.name_view(&failure, hint, &raw, csv(files, columns, mode))?;
            self.query(&failure, hint, &format!("SELECT * FROM {raw} LIMIT 1"))
        };
        let malformed: Vec<String> = files.header.iter().cloned().chain([MALFORMED.into()]).collect();
        let malformed_column = match read(&malformed, "PERMISSIVE") {
            Ok(_) => MALFORMED.to_string(),
            Err(Error::Interrupted) => return Err(Error::Interrupted),
            // Sail has no column for malformed records: with `FAILFAST` it refuses them instead.
            Err(_) => read(&files.header, "FAILFAST").map(|_| format!("CAST(NULL AS STRING) AS {MALFORMED}"))?,
        };
        let columns: Vec<String> =
            files.header.iter().map(|column| remote_cleaning::quoted(column)).chain([malformed_column]).collect();
        self.view(name, &format!("SELECT {} FROM {raw}", columns.join(", ")))
    }

    fn view(&self, name: &str, statement: &str) -> Result<()> {
        self.name_view(&format!("the server refuses `{name}`"), remote_cleaning::HINT, name, sql(statement))
    }

    fn cache(&self, name: &str) -> Result<()> {
        Session::cache(self, name)
    }

    fn rows(&self, failure: &str, statement: &str) -> Result<DataFrame> {
        self.query(failure, remote_cleaning::HINT, statement)
    }

    fn write(&self, name: &str, folder: &str, statement: &str) -> Result<()> {
        let failure = format!("cannot write the clean `{name}` to `{folder}`");
        let write = proto::WriteOperation {
            input: Some(relation(sql(statement))),
            source: Some("parquet".into()),
            save_type: Some(SaveType::Path(folder.into())),
            mode: SaveMode::Overwrite as i32,
            ..Default::default()
        };
        self.command(CommandType::WriteOperation(write), |e| refusal(self.spark, &failure, SHARED, e))
    }

    fn open(&self, name: &str, folder: &str) -> Result<()> {
        self.table(name, folder)
    }
}

/// The error for a refused statement or path. Only the first line of the server's message is kept: the plan follows it.
fn refusal(spark: &Spark, failure: &str, hint: &str, error: &SparkError) -> Error {
    // Lost connections are reported in many forms, but never with Spark's details.
    if error.grpc_details().is_none() {
        thread::sleep(MOMENT);
        if error.grpc_code() == Some(UNAVAILABLE) || spark.reach().is_err() {
            return spark.connection_lost();
        }
    }
    let message = error.message();
    let reason = message.lines().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    let reason: String = reason.trim().chars().take(400).collect();
    spark.error(format!("{failure}: {reason}")).with_hint(hint)
}

/// Concatenates the parts of an answer; `None` if there are none.
fn rows(batches: Vec<DataFrame>) -> Result<Option<DataFrame>> {
    let mut batches = batches.into_iter();
    let Some(mut frame) = batches.next() else { return Ok(None) };
    batches.try_for_each(|batch| frame.vstack_mut_owned(batch).map(drop))?;
    frame.rechunk_mut();
    for column in frame.clone().columns().iter().filter(|column| column.dtype().is_integer()) {
        frame.with_column(column.cast(&DataType::Int64)?)?;
    }
    Ok(Some(frame))
}

pub(crate) fn sql(statement: &str) -> RelType {
    RelType::Sql(proto::Sql { query: statement.into(), ..Default::default() })
}

/// A relation that reads CSV files as columns of text.
fn csv(files: &RawFiles, columns: &[String], mode: &str) -> RelType {
    let options = [
        ("header", "true"),
        ("quote", "\""),
        ("escape", "\""),
        ("multiLine", "true"),
        // Other settings lose `\r\n` inside quotes; the `\r` at the end of a record is trimmed later.
        ("lineSep", "\n"),
        ("columnNameOfCorruptRecord", MALFORMED),
        ("mode", mode),
    ];
    let schema: Vec<String> =
        columns.iter().map(|column| format!("{} STRING", remote_cleaning::quoted(column))).collect();
    source(proto::read::DataSource {
        format: Some("csv".into()),
        schema: Some(schema.join(", ")),
        options: options.into_iter().map(|(key, value)| (key.into(), value.into())).collect(),
        paths: files.places.clone(),
        ..Default::default()
    })
}

fn source(files: proto::read::DataSource) -> RelType {
    RelType::Read(proto::Read { read_type: Some(proto::read::ReadType::DataSource(files)), ..Default::default() })
}

fn relation(rows: RelType) -> proto::Relation {
    proto::Relation { rel_type: Some(rows), ..Default::default() }
}

#[cfg(test)]
mod tests {
    use polars::df;

    use super::*;

    #[test]
    fn parts_of_an_answer_become_one_frame() {
        let part = |text: &str, n: i32| df!("a" => [text], "n" => [n]).unwrap();
        let frame = rows(vec![part("x", 7), part("y", 8)]).unwrap().unwrap();
        assert!(frame.equals(&df!("a" => ["x", "y"], "n" => [7i64, 8]).unwrap()));
        assert!(rows(Vec::new()).unwrap().is_none());
    }
}
