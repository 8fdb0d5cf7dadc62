//! MySQL and MariaDB: `mysql://user@host/`, databases `raw_data`, `cleaned_data` and `results`; a path is a prefix of their names.
//! One of the stores. LOAD DATA LOCAL INFILE fills a staging table, which RENAME TABLE swaps in.

mod load;
mod references;
mod wire;

use std::collections::BTreeSet;
use std::time::Duration;

use mysql::consts::ColumnType;
use mysql::prelude::{FromRow, Queryable};
use mysql::{Conn, DriverError, OptsBuilder, SslOpts, Value as Wire};

use super::builder::Blocks;
use super::tls::Tls;
use super::{SqlTable, fields_to_read, quoted};
use crate::error::{Error, Result};
use crate::parallel;
use crate::schema::ddl::{Constraints, Dialect, Stage};
use crate::store::declared::checked_name;
use crate::store::interface::{Incoming, MADE, Store, TakeFrame};
use crate::store::passwords::Secrets;
use crate::store::retry::{Backoff, Failure};
use crate::store::url::StoreUrl;

const MYSQL: Dialect = Dialect::Mysql;
const PORT: u16 = 3306;
const CONNECT: Duration = Duration::from_secs(10);
/// Longest time without an answer during one statement.
const SILENCE: Duration = Duration::from_secs(600);
/// Longest wait, in seconds, for another load of the same table or the remains of an aborted one.
const LOCK: u32 = 590;
/// Tables loaded concurrently.
const AT_ONCE: usize = 4;
/// Suffixes of a table, its staging table and its previous version.
const SUFFIXES: [&str; 3] = ["", "__pfe_new", "__pfe_old"];

/// A MySQL or MariaDB server.
pub(crate) struct Mysql {
    url: String,
    secrets: Secrets,
    password_hint: String,
    options: OptsBuilder,
    /// Prefix of the database names.
    prefix: String,
    /// Whether to load with INSERT, for servers that refuse LOAD DATA LOCAL.
    insert: bool,
}

impl Mysql {
    pub(crate) fn new(url: &StoreUrl) -> Result<Mysql> {
        url.only_options(&["tls", "ca", "load"])?;
        let insert = match url.option("load") {
            None | Some("infile") => false,
            Some("insert") => true,
            Some(other) => {
                return Err(Error::input(format!("`load={other}` is unknown")).with_hint("write `infile` or `insert`"));
            }
        };
        let prefix = match url.path.as_str() {
            "" => String::new(),
            path => format!("{}_", checked_name(path)?),
        };
        let tls = match Tls::of(url)? {
            Tls::Disable => None,
            Tls::Verify { ca } => Some(SslOpts::default().with_root_cert_path(ca)),
        };
        super::tls::install_provider();
        let options = OptsBuilder::new()
            .ip_or_hostname(Some(url.host()?))
            .tcp_port(url.port.unwrap_or(PORT))
            .user(url.user.clone())
            .pass(url.secret())
            .prefer_socket(false)
            .tcp_connect_timeout(Some(CONNECT))
            .read_timeout(Some(SILENCE))
            .write_timeout(Some(SILENCE))
            .ssl_opts(tls);
        let (secrets, password_hint) = (Secrets::of(url), url.password_hint());
        Ok(Mysql { url: url.masked().into(), secrets, password_hint, options, prefix, insert })
    }

    fn connect(&self) -> Result<Conn, Failure> {
        let mut connection = Conn::new(self.options.clone()).map_err(|e| self.failed(e))?;
        // Cleaning has checked the references, and a table that others refer to is replaced whole.
        let session = "SET SESSION sql_mode = 'STRICT_ALL_TABLES', foreign_key_checks = 0, lock_wait_timeout = 60";
        connection.query_drop(session).map_err(|e| self.failed(e))?;
        Ok(connection)
    }

    fn database(&self, schema: Stage) -> String {
        format!("{}{}", self.prefix, schema.name())
    }

    /// Queries the server's catalogue on a separate connection. From a connection that holds a lock, such as that of
    /// [`Mysql::lock`], MariaDB omits tables that another load is altering; without a lock it waits.
    fn ask<T: FromRow>(&self, sql: &str, about: (&str, &str)) -> Result<Vec<T>, Failure> {
        self.connect()?.exec(sql, about).map_err(|e| self.failed(e))
    }

    /// Names and types of a table's columns; empty if there is no such table.
    fn columns(&self, database: &str, table: &str) -> Result<Vec<(String, String)>, Failure> {
        let sql = "SELECT column_name, data_type FROM information_schema.columns \
                   WHERE table_schema = ? AND table_name = ? ORDER BY ordinal_position";
        self.ask(sql, (database, table))
    }

    fn failed(&self, error: mysql::Error) -> Failure {
        let (message, hint) = match &error {
            mysql::Error::MySqlError(e) if matches!(e.code, 1045 | 1698) => {
                (e.message.clone(), Some(&*self.password_hint))
            }
            mysql::Error::MySqlError(e) => (e.message.clone(), wire::hint(e.code)),
            mysql::Error::IoError(e) => (e.to_string(), None),
            mysql::Error::CodecError(e) => (e.to_string(), None),
            mysql::Error::DriverError(e) => (e.to_string(), None),
            mysql::Error::TlsError(e) => (e.to_string(), None),
            other => (other.to_string(), None),
        };
        let message = self.secrets.masked(&message);
        let failed = Error::store(&self.url, message.clone());
        match &error {
            mysql::Error::TlsError(_) | mysql::Error::DriverError(DriverError::TlsNotSupported) => {
                Failure::Final(failed.with_hint(Tls::HINT))
            }
            mysql::Error::IoError(_) | mysql::Error::CodecError(_) if message.contains("certificate") => {
                Failure::Final(failed.with_hint(Tls::HINT))
            }
            mysql::Error::MySqlError(e) if matches!(e.code, 1044 | 1045 | 1142 | 1227 | 1698) => Failure::Final(
                Error::input(format!("`{}` refuses: {message}", self.url)).with_hint(hint.unwrap_or_default()),
            ),
            // Too many connections, shutting down, lock timeout, deadlock, network, killed.
            mysql::Error::MySqlError(e)
                if matches!(e.code, 1040 | 1053 | 1158..=1161 | 1205 | 1213 | 1927 | 2006 | 2013) =>
            {
                Failure::Passing(failed)
            }
            mysql::Error::MySqlError(_) => Failure::Final(match hint {
                Some(hint) => failed.with_hint(hint),
                None => failed,
            }),
            mysql::Error::IoError(_) | mysql::Error::CodecError(_) => Failure::Passing(failed),
            mysql::Error::DriverError(
                DriverError::ConnectTimeout
                | DriverError::CouldNotConnect(_)
                | DriverError::Timeout
                | DriverError::PacketOutOfSync
                | DriverError::UnexpectedPacket
                | DriverError::SetupError,
            ) => Failure::Passing(failed.with_hint("is the server running, and are host and port right?")),
            _ => Failure::Final(failed),
        }
    }

    fn try_read(&self, schema: Stage, table: &str, take: &mut TakeFrame<'_>) -> Result<bool, Failure> {
        let database = self.database(schema);
        let existing = self.columns(&database, table)?;
        if existing.is_empty() {
            return Ok(false);
        }
        let mut connection = self.connect()?;
        let target = MYSQL.table(&database, schema, table);
        let shown = format!("table {target} of `{}`", self.url);
        let fields = fields_to_read(schema, table, &existing, &shown)?;
        let sql = format!("SELECT {} FROM {target}", quoted(MYSQL, &fields));
        let mut blocks = Blocks::new(fields, take);
        // A prepared statement: numbers come as binary, floats exact to the bit. Rows are streamed.
        let rows = connection.exec_iter(sql, ()).map_err(|e| self.failed(e))?;
        let dates: Vec<bool> =
            rows.columns().as_ref().iter().map(|c| c.column_type() == ColumnType::MYSQL_TYPE_DATE).collect();
        for row in rows {
            let row = row.map_err(|e| self.failed(e))?;
            for (i, is_date) in dates.iter().enumerate() {
                let value = wire::value(row.as_ref(i).unwrap_or(&Wire::NULL), *is_date);
                blocks.push(i, value).map_err(|problem| Error::input(format!("{shown}, {problem}")))?;
            }
            blocks.end_row()?;
        }
        blocks.finish()?;
        Ok(true)
    }

    fn try_count(&self, schema: Stage, table: &str) -> Result<Option<u64>, Failure> {
        let database = self.database(schema);
        if self.columns(&database, table)?.is_empty() {
            return Ok(None);
        }
        // The catalogue's row count may be a day old.
        let count = format!("SELECT COUNT(*) FROM {}", MYSQL.table(&database, schema, table));
        self.connect()?.query_first(count).map_err(|e| self.failed(e))
    }

    fn try_write(
        &self,
        plans: &[SqlTable],
        released: &mut Vec<String>,
        progress: &(dyn Fn(&str, u64) + Sync),
    ) -> Result<(), Failure> {
        let mut connection = self.connect()?;
        let failed = |e| self.failed(e);
        let databases: BTreeSet<String> = plans.iter().map(|plan| self.database(plan.schema)).collect();
        for database in &databases {
            if let Some(create) = MYSQL.create_schema(database) {
                connection.query_drop(create).map_err(failed)?;
            }
        }
        // In a fixed order, so that two loads do not deadlock.
        let mut plans: Vec<&SqlTable> = plans.iter().collect();
        plans.sort_by(|a, b| (a.schema, &a.name).cmp(&(b.schema, &b.name)));
        let mut existing = Vec::new();
        for plan in &plans {
            self.lock(&mut connection, &self.database(plan.schema), &plan.name)?;
            existing.push(!self.prepare(&mut connection, plan)?.is_empty());
        }
        // Each table on its own connection; this one holds the locks.
        let filled =
            parallel::map_on(AT_ONCE, &plans, |plan| Ok(self.fill_staging(plan, &|rows| progress(&plan.name, rows))));
        let filled: Result<(), Failure> = filled?.into_iter().collect();
        let leftovers: Vec<String> = plans.iter().flat_map(|plan| self.versions(plan).into_iter().skip(1)).collect();
        let swapped = filled.and_then(|()| {
            // From here on other tables are altered, too: one load at a time.
            for database in &databases {
                self.lock(&mut connection, database, "")?;
            }
            for plan in &plans {
                self.release(&mut connection, plan.schema, &plan.name, released)?;
            }
            // One statement: a reader finds the old tables or the new ones.
            let rename = plans.iter().zip(&existing).map(|(plan, existing)| {
                let [target, staging, old] = self.versions(plan);
                let move_away = if *existing { format!("{target} TO {old}, ") } else { String::new() };
                format!("{move_away}{staging} TO {target}")
            });
            let swap = format!("RENAME TABLE {}", rename.collect::<Vec<_>>().join(", "));
            connection.query_drop(swap).map_err(failed)
        });
        // After a failure the connection may be gone; then the next load cleans up.
        let cleared = connection.query_drop(format!("DROP TABLE IF EXISTS {}", leftovers.join(", "))).map_err(failed);
        swapped.and(cleared)?;
        self.refer(&mut connection, &plans)
    }

    /// The table, its staging table, and its previous version, which exists only during the swap.
    fn versions(&self, plan: &SqlTable) -> [String; 3] {
        let name = |suffix: &str| format!("{}{suffix}", plan.name);
        SUFFIXES.map(|suffix| MYSQL.table(&self.database(plan.schema), plan.schema, &name(suffix)))
    }

    /// Checks that the table may be replaced, and creates an empty staging table. Returns the existing table's columns.
    fn prepare(&self, connection: &mut Conn, plan: &SqlTable) -> Result<Vec<(String, String)>, Failure> {
        let database = self.database(plan.schema);
        let existing = self.columns(&database, &plan.name)?;
        let [target, staging, old] = self.versions(plan);
        plan.may_replace(&existing, &format!("table {target} of `{}`", self.url), || {
            let mut empty =
                || connection.query_first::<i64, _>(SqlTable::is_empty(&target)).map_err(|e| self.failed(e));
            Ok::<_, Failure>(self.is_made(&database, &plan.name)? || empty()? == Some(1))
        })?;
        // Remove the remains of an aborted load, but no other table of such a name.
        for (suffix, version) in SUFFIXES.iter().zip([&target, &staging, &old]).skip(1) {
            let name = format!("{}{suffix}", plan.name);
            if self.columns(&database, &name)?.is_empty() {
                continue;
            }
            if !self.is_made(&database, &name)? {
                let message =
                    format!("table {version} of `{}` is in the way, and no load of pfe has made it", self.url);
                return Err(Failure::Final(Error::input(message).with_hint("rename or drop that table first")));
            }
            connection.query_drop(format!("DROP TABLE {version}")).map_err(|e| self.failed(e))?;
        }
        connection.query_drop(plan.create(&staging, Constraints::Key)).map_err(|e| self.failed(e))?;
        Ok(existing)
    }

    /// Whether a load made the table.
    fn is_made(&self, database: &str, table: &str) -> Result<bool, Failure> {
        let sql = "SELECT table_comment FROM information_schema.tables WHERE table_schema = ? AND table_name = ?";
        Ok(self.ask::<String>(sql, (database, table))?.iter().any(|comment| comment == MADE))
    }

    fn fill_staging(&self, plan: &SqlTable, progress: &(dyn Fn(u64) + Sync)) -> Result<(), Failure> {
        let (mut connection, [_, staging, _]) = (self.connect()?, self.versions(plan));
        self.fill(&mut connection, &staging, plan, &plan.frame, progress)?;
        let mut index = |sql: String| connection.query_drop(sql).map_err(|e| self.failed(e));
        plan.indexes(&staging).into_iter().try_for_each(&mut index)
    }

    /// Waits for other loads of the table, such as one whose connection was cut while the server still works on it. The lock
    /// ends with the connection.
    fn lock(&self, connection: &mut Conn, database: &str, table: &str) -> Result<(), Failure> {
        let name = blake3::hash(format!("{database}.{table}").as_bytes()).to_hex();
        let got: Option<Option<i64>> =
            connection.exec_first("SELECT GET_LOCK(?, ?)", (&name[..32], LOCK)).map_err(|e| self.failed(e))?;
        match got.flatten() {
            Some(1) => Ok(()),
            _ => Err(Failure::Final(
                Error::store(&self.url, format!("another load of `{database}.{table}` is under way"))
                    .with_hint("wait for it to end"),
            )),
        }
    }
}

impl Store for Mysql {
    fn url(&self) -> &str {
        &self.url
    }

    fn read_blocks(&self, schema: Stage, table: &str, take: &mut TakeFrame<'_>) -> Result<bool> {
        let table = checked_name(table)?;
        Backoff::default().run_passing_rows(take, |take| self.try_read(schema, table, take))
    }

    fn rows(&self, schema: Stage, table: &str) -> Result<Option<u64>> {
        let table = checked_name(table)?;
        Backoff::default().run(|| self.try_count(schema, table))
    }

    fn write_all(&self, tables: &[Incoming], progress: &(dyn Fn(&str, u64) + Sync)) -> Result<()> {
        let plans = SqlTable::all(MYSQL, tables)?;
        let mut released = Vec::new();
        let written = Backoff::default().run(|| self.try_write(&plans, &mut released, progress));
        written.inspect_err(|_| self.restore(&released))
    }
}
