//! Clean Parquet tables that a Spark cluster reads → the mart, by the same SQL files over Spark Connect. Only the mart comes back.
//!
//! On the transport of Apache's own client alone. Its layer of data frames asks for results that can be attached to again, whose
//! streams Spark ends after two minutes, and takes the end of such a stream for the end of the rows; and it tries again for a
//! quarter of an hour where a server is gone. A plain execution has one stream, which ends well or with an error.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::io::Cursor;
use std::net::{TcpStream, ToSocketAddrs};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use polars::prelude::{DataFrame, DataType, IpcStreamReader, SerReader};
use spark_connect_core::{ChannelBuilder, RetryPolicy, SparkConnectClient, SparkError, block_on};
use spark_connect_proto as proto;
use spark_connect_proto::execute_plan_response::ResponseType;
use spark_connect_proto::plan::OpType;
use spark_connect_proto::relation::RelType;
use tokio::time::timeout;

use super::engine::Engine;
use super::{STEPS, SalesMart, Step};
use crate::error::{Error, Result};
use crate::parallel::lock;

/// How often a request to stop is looked at.
const TICK: Duration = Duration::from_millis(20);
/// After so long without a word it is tried whether the server still takes connections; Spark tells its progress every two
/// seconds.
const SILENCE: Duration = Duration::from_secs(10);
/// How long the farewell may take; a cluster notices by itself, later, that nobody listens any more.
const FAREWELL: Duration = Duration::from_secs(2);
/// A server that dies may take connections for a moment still.
const MOMENT: Duration = Duration::from_millis(300);
/// The code of gRPC for a server that cannot be reached, or not any more.
const UNAVAILABLE: i32 = 14;

/// A Spark Connect server: Spark 4 or Sail.
pub struct Spark {
    server: ChannelBuilder,
    /// Its URL without options: one may be a token.
    name: String,
    /// Of the mart that is being made.
    session: Mutex<Option<Arc<SparkConnectClient>>>,
}

impl Spark {
    /// The server of a URL, `sc://host:port/;key=value;…` as Spark's own clients take it, `use_ssl` and `token` included; the token
    /// may stand in `SPARK_CONNECT_AUTHENTICATE_TOKEN` instead.
    ///
    /// # Errors
    /// The URL is malformed. The server is only reached when the mart is made.
    pub fn open(url: &str) -> Result<Spark> {
        let server = ChannelBuilder::parse(url).map_err(|_| {
            let shown = url.split(';').next().unwrap_or_default();
            Error::input(format!("`{shown}` is no URL of a Spark Connect server"))
                .with_hint("write `sc://host:port`, and options behind it as in `/;use_ssl=true`")
        })?;
        Ok(Spark { name: format!("sc://{}", server.endpoint()), server, session: Mutex::default() })
    }

    fn error(&self, message: impl fmt::Display) -> Error {
        Error::store(&self.name, message.to_string())
    }

    fn gone(&self) -> Error {
        self.error("the server went away while it was at work").with_hint(
            "its log says why, often for want of memory; the same command goes on from the steps that are finished",
        )
    }

    /// What a server says about a statement or a path, cut to its first line: the plan follows on the others.
    fn refusal(&self, what: &str, hint: &str, error: &SparkError) -> Error {
        // A connection that breaks off is told in many ways, but never with details of Spark's.
        if error.grpc_details().is_none() {
            thread::sleep(MOMENT);
            if error.grpc_code() == Some(UNAVAILABLE) || self.reach().is_err() {
                return self.gone();
            }
        }
        let message = error.message();
        let said = message.lines().find(|line| !line.trim().is_empty()).unwrap_or("no reason given");
        self.error(format!("{what}: {}", said.trim().chars().take(400).collect::<String>())).with_hint(hint)
    }

    /// Whether the server takes connections.
    fn reach(&self) -> std::io::Result<()> {
        let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
        for address in self.server.endpoint().to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, SILENCE) {
                Ok(_) => return Ok(()),
                Err(e) => last = e,
            }
        }
        Err(last)
    }

    /// Waits for the server, as long as the user does and the server is there.
    async fn wait<T>(&self, cancel: &AtomicBool, answer: impl Future<Output = T>) -> Result<T> {
        let (mut answer, mut asked) = (pin!(answer), Instant::now());
        loop {
            if let Ok(answer) = timeout(TICK, answer.as_mut()).await {
                return Ok(answer);
            }
            if cancel.load(Ordering::SeqCst) {
                return Err(Error::Interrupted);
            }
            if asked.elapsed() > SILENCE {
                self.reach().map_err(|_| self.gone())?;
                asked = Instant::now();
            }
        }
    }

    /// Runs a plan; the rows come in streams of Arrow IPC, several per answer.
    async fn execute(
        &self,
        client: &SparkConnectClient,
        cancel: &AtomicBool,
        plan: OpType,
        refused: impl Fn(&SparkError) -> Error,
    ) -> Result<Vec<DataFrame>> {
        let request = proto::ExecutePlanRequest {
            session_id: client.session_id().into(),
            user_context: Some(proto::UserContext {
                user_id: client.user_id().unwrap_or_default().into(),
                ..Default::default()
            }),
            plan: Some(proto::Plan { op_type: Some(plan) }),
            client_type: Some("pfe".into()),
            ..Default::default()
        };
        let mut answers = self.wait(cancel, client.execute_plan(request)).await?.map_err(|e| refused(&e))?;
        let mut batches = Vec::new();
        loop {
            let answer = self.wait(cancel, answers.message()).await?;
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

    /// Names a table or the rows of a statement on the server, which resolves them at once: a path that it does not see, or a
    /// statement that it does not take, is known here.
    async fn name_view(
        &self,
        client: &SparkConnectClient,
        cancel: &AtomicBool,
        (name, rows): (&str, RelType),
        refused: impl Fn(&SparkError) -> Error,
    ) -> Result<()> {
        let view = proto::CreateDataFrameViewCommand {
            input: Some(relation(rows)),
            name: name.into(),
            replace: true,
            ..Default::default()
        };
        let command = proto::Command { command_type: Some(proto::command::CommandType::CreateDataframeView(view)) };
        self.execute(client, cancel, OpType::Command(command), refused).await.map(drop)
    }

    /// Names a clean table, and makes sure that the server sees it.
    async fn table(&self, client: &SparkConnectClient, cancel: &AtomicBool, table: &str, place: &str) -> Result<()> {
        let hint = "the server must see the clean tables: put `--out` on a path that it shares with this machine, or name a \
                    store that both reach with `--engine-store`";
        let what = format!("cannot read `{place}`");
        let refused = |e: &SparkError| self.refusal(&what, hint, e);
        let parquet =
            proto::read::DataSource { format: Some("parquet".into()), paths: vec![place.into()], ..Default::default() };
        let read = proto::Read { read_type: Some(proto::read::ReadType::DataSource(parquet)), ..Default::default() };
        self.name_view(client, cancel, (table, RelType::Read(read)), refused).await?;
        // Sail takes a path that leads nowhere for a table without columns.
        let nothing = format!("SELECT * FROM {table} LIMIT 0");
        let batches = self.execute(client, cancel, run(&nothing), refused).await?;
        match batches.first() {
            Some(rows) if rows.width() > 0 => Ok(()),
            _ => Err(self.error(format!("{what}: there is no such file")).with_hint(hint)),
        }
    }

    /// The rows of a statement; `None` where it only serves those after it.
    async fn step(&self, client: &SparkConnectClient, cancel: &AtomicBool, step: &Step) -> Result<Option<DataFrame>> {
        let hint =
            "the files run on Spark 4 and Sail 0.7, and `pfe plan --sql` shows them; `--engine polars` needs no server";
        let what = format!("the server refuses `{}.sql`", step.name);
        let refused = |e: &SparkError| self.refusal(&what, hint, e);
        if !step.stored {
            self.name_view(client, cancel, (step.name, sql(step.sql)), refused).await?;
            if is_kept(step) {
                self.keep(client, cancel, step).await?;
            }
            return Ok(None);
        }
        let batches = self.execute(client, cancel, run(step.sql), refused).await?;
        self.frame(step.name, batches).map(Some)
    }

    /// Asks the server to keep the rows of a view once it has made them, for a dozen statements read them. One that cannot, as
    /// Sail 0.7, makes them anew each time.
    async fn keep(&self, client: &SparkConnectClient, cancel: &AtomicBool, step: &Step) -> Result<()> {
        let kept = format!("CACHE LAZY TABLE {}", step.name);
        match self.execute(client, cancel, run(&kept), |e| self.error(e)).await {
            Err(Error::Interrupted) => Err(Error::Interrupted),
            Err(_) if self.reach().is_err() => Err(self.gone()),
            _ => Ok(()),
        }
    }

    /// The parts of an answer as one frame in the types of the mart.
    fn frame(&self, step: &str, batches: Vec<DataFrame>) -> Result<DataFrame> {
        let mut batches = batches.into_iter();
        let mut frame = batches.next().ok_or_else(|| self.error(format!("no answer to `{step}.sql`")))?;
        batches.try_for_each(|batch| frame.vstack_mut_owned(batch).map(drop))?;
        frame.rechunk_mut();
        for column in frame.clone().columns() {
            match column.dtype() {
                // Engines count in different widths.
                kind if kind.is_integer() => drop(frame.with_column(column.cast(&DataType::Int64)?)?),
                DataType::String | DataType::Date => {}
                other => {
                    let name = column.name();
                    return Err(self
                        .error(format!("column `{name}` of the answer to `{step}.sql` holds {other}"))
                        .with_hint(
                            "the mart holds whole numbers, texts and days: the server differs from Spark 4 here",
                        ));
                }
            }
        }
        Ok(frame)
    }

    async fn make(
        &self,
        places: &BTreeMap<String, String>,
        cancel: &AtomicBool,
        told: &dyn Fn(&str),
    ) -> Result<SalesMart> {
        let mut client = SparkConnectClient::connect(&self.server).await.map_err(|e| {
            self.refusal("cannot open a session", "options stand behind the port, as in `/;use_ssl=true`", &e)
        })?;
        // A statement that has run half is not repeated; the farewell must not wait for a server that is gone.
        client.set_retry_policy(RetryPolicy::no_retries());
        let client = Arc::new(client);
        *self.session() = Some(Arc::clone(&client));
        for (table, place) in places {
            told(table);
            self.table(&client, cancel, table, place).await?;
        }
        let mut tables = BTreeMap::new();
        // In order: what is not stored is read by the others.
        for step in &STEPS {
            told(step.name);
            if let Some(frame) = self.step(&client, cancel, step).await? {
                tables.insert(step.name.to_string(), frame);
            }
        }
        SalesMart::new(tables)
    }

    fn session(&self) -> MutexGuard<'_, Option<Arc<SparkConnectClient>>> {
        lock(&self.session)
    }
}

/// Whether the rows are worth keeping: what does not add up serves a dozen statements, other views one.
fn is_kept(step: &Step) -> bool {
    !step.kind.adds_up()
}

/// The plan that runs a statement.
fn run(statement: &str) -> OpType {
    OpType::Root(relation(sql(statement)))
}

fn sql(statement: &str) -> RelType {
    RelType::Sql(proto::Sql { query: statement.into(), ..Default::default() })
}

fn relation(rows: RelType) -> proto::Relation {
    proto::Relation { rel_type: Some(rows), ..Default::default() }
}

impl Engine for Spark {
    fn name(&self) -> &str {
        &self.name
    }

    fn is_remote(&self) -> bool {
        true
    }

    fn mart(&self, places: &BTreeMap<String, String>, cancel: &AtomicBool, told: &dyn Fn(&str)) -> Result<SalesMart> {
        self.reach().map_err(|e| {
            self.error(format!("no Spark Connect server listens there: {e}"))
                .with_hint("start one, or leave `--engine` out to aggregate in this process")
        })?;
        let made = block_on(self.make(places, cancel, told));
        self.stop();
        made
    }

    fn stop(&self) {
        let Some(client) = self.session().take() else { return };
        let farewell = async {
            // What fails here costs the cluster, not the run: it ends what nobody listens to by itself.
            let _ = client.interrupt_all().await;
            // What was kept would outlast the session.
            for step in STEPS.iter().filter(|step| is_kept(step)) {
                let dropped = format!("UNCACHE TABLE IF EXISTS {}", step.name);
                let _ = self.execute(&client, &AtomicBool::new(false), run(&dropped), |e| self.error(e)).await;
            }
            let _ = client.release_session().await;
        };
        let _ = block_on(async { timeout(FAREWELL, farewell).await });
    }
}

impl fmt::Debug for Spark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spark").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
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
    fn answers_get_the_types_of_the_mart_and_others_are_refused() {
        let spark = Spark::open("sc://host").unwrap();
        let part = |text: &str, n: i32| df!("a" => [text], "n" => [n]).unwrap();
        let frame = spark.frame("x", vec![part("x", 7), part("y", 8)]).unwrap();
        assert!(frame.equals(&df!("a" => ["x", "y"], "n" => [7i64, 8]).unwrap()));
        let refused = spark.frame("x", vec![df!("share" => [0.5]).unwrap()]).unwrap_err();
        assert!(refused.to_string().contains("column `share` of the answer to `x.sql` holds f64"), "{refused}");
        assert!(spark.frame("x", Vec::new()).unwrap_err().to_string().contains("no answer to `x.sql`"));
    }
}
