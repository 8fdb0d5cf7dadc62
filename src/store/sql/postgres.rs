//! PostgreSQL: `postgres://user@host/database`, schemas `raw_data`, `cleaned_data` and `results`. One of the stores. Bulk load and
//! bulk read by COPY; a staging table is loaded and swapped in, in one transaction.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use ::postgres::config::SslMode;
use ::postgres::error::SqlState;
use ::postgres::{Client, Config, NoTls, Transaction};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::builder::Blocks;
use super::text::{self, Broken, Limits};
use super::tls::Tls;
use super::{SqlTable, fields_to_read, quoted};
use crate::error::{Error, Result};
use crate::schema::ddl::{Constraints, Dialect, Stage};
use crate::store::declared::checked_name;
use crate::store::interface::{Incoming, MADE, Store, TakeFrame};
use crate::store::passwords::Secrets;
use crate::store::retry::{Backoff, Failure};
use crate::store::rows::Cells;
use crate::store::url::StoreUrl;

const POSTGRES: Dialect = Dialect::Postgres;
const PORT: u16 = 5432;
const CONNECT: Duration = Duration::from_secs(10);
/// Time after which unacknowledged data count as a lost connection.
const SILENCE: Duration = Duration::from_secs(60);
/// Idle time before a keepalive probe: without it, pfe would wait for a dead server for ever.
const IDLE: Duration = Duration::from_secs(30);
const LIMITS: Limits = Limits { nul: false, infinite: true };

/// A PostgreSQL database.
pub(crate) struct Postgres {
    url: String,
    secrets: Secrets,
    password_hint: String,
    config: Config,
    /// `None` for an unencrypted connection.
    tls: Option<MakeRustlsConnect>,
}

impl Postgres {
    pub(crate) fn new(url: &StoreUrl) -> Result<Postgres> {
        url.only_options(&["tls", "ca"])?;
        let tls = match Tls::of(url)? {
            Tls::Disable => None,
            Tls::Verify { ca } => Some(verified(ca.as_deref())?),
        };
        let mut config = Config::new();
        config.host(url.host()?).port(url.port.unwrap_or(PORT)).connect_timeout(CONNECT);
        config.tcp_user_timeout(SILENCE).keepalives_idle(IDLE);
        config.application_name("pfe").ssl_mode(if tls.is_some() { SslMode::Require } else { SslMode::Disable });
        config.dbname(if url.path.is_empty() { "postgres" } else { &url.path });
        let Some(user) = &url.user else {
            return Err(Error::input(format!("`{}` names no user", url.masked()))
                .with_hint("write `postgres://user@host/database`"));
        };
        config.user(user);
        if let Some(password) = url.secret() {
            config.password(password);
        }
        let (secrets, password_hint) = (Secrets::of(url), url.password_hint());
        Ok(Postgres { url: url.masked().into(), secrets, password_hint, config, tls })
    }

    fn connect(&self) -> Result<Client, Failure> {
        let connected = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        };
        let mut client = connected.map_err(|e| self.failed(e))?;
        // Limits the wait for other sessions' locks, and fixes the text formats whatever the server's settings.
        let session = "SET lock_timeout = '60s'; SET datestyle = 'ISO, YMD'; SET extra_float_digits = 1; \
                       SET client_encoding = 'UTF8'";
        client.batch_execute(session).map_err(|e| self.failed(e))?;
        Ok(client)
    }

    fn failed(&self, error: ::postgres::Error) -> Failure {
        use std::error::Error as _;
        let Some(db) = error.as_db_error() else {
            let mut message = error.to_string();
            let mut source = error.source();
            while let Some(inner) = source {
                message += &format!(": {inner}");
                source = inner.source();
            }
            let message = self.secrets.masked(&message);
            let failed = Error::store(&self.url, message.clone());
            return match message.contains("TLS") || message.contains("certificate") {
                true => Failure::Final(failed.with_hint(Tls::HINT)),
                false if message.contains("password missing") => Failure::Final(
                    Error::input(format!("`{}` wants a password", self.url)).with_hint(&self.password_hint),
                ),
                false => Failure::Passing(failed.with_hint("is the server running, and are host and port right?")),
            };
        };
        let message = match db.detail() {
            Some(detail) => format!("{}: {detail}", db.message()),
            None => db.message().to_string(),
        };
        let message = self.secrets.masked(&message);
        let refused = || Error::input(format!("`{}` refuses: {message}", self.url));
        let failed = Error::store(&self.url, message.clone());
        let code = db.code();
        match code.code().get(..2).unwrap_or_default() {
            "28" => Failure::Final(refused().with_hint(&self.password_hint)),
            "3D" => Failure::Final(refused().with_hint("create the database first, or name another after the host")),
            _ if *code == SqlState::INSUFFICIENT_PRIVILEGE => Failure::Final(
                refused().with_hint("ask the administrator for the right to create schemas in this database"),
            ),
            _ if *code == SqlState::DISK_FULL => Failure::Final(failed.with_hint("the server's disk is full")),
            _ if *code == SqlState::DEPENDENT_OBJECTS_STILL_EXIST => {
                Failure::Final(failed.with_hint(
                    "a view or a table of yours depends on the table: drop it first, and make it again after",
                ))
            }
            // Connection lost, too many connections, shutting down, deadlock, lock timeout.
            "08" | "40" => Failure::Passing(failed),
            _ if [
                SqlState::TOO_MANY_CONNECTIONS,
                SqlState::ADMIN_SHUTDOWN,
                SqlState::CRASH_SHUTDOWN,
                SqlState::CANNOT_CONNECT_NOW,
                SqlState::LOCK_NOT_AVAILABLE,
            ]
            .contains(code) =>
            {
                Failure::Passing(failed)
            }
            _ => Failure::Final(failed),
        }
    }

    /// Names and types of a table's columns; empty if there is no such table.
    fn columns(
        &self,
        transaction: &mut Transaction<'_>,
        schema: Stage,
        table: &str,
    ) -> Result<Vec<(String, String)>, Failure> {
        let sql = "SELECT column_name::text, data_type::text FROM information_schema.columns \
                   WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position";
        let rows = transaction.query(sql, &[&schema.name(), &table]).map_err(|e| self.failed(e))?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, _>>()
            .map_err(|e| self.failed(e))
    }

    fn try_read(&self, schema: Stage, table: &str, take: &mut TakeFrame<'_>) -> Result<bool, Failure> {
        let mut client = self.connect()?;
        let mut transaction = client.transaction().map_err(|e| self.failed(e))?;
        let existing = self.columns(&mut transaction, schema, table)?;
        if existing.is_empty() {
            return Ok(false);
        }
        let target = POSTGRES.table(schema.name(), schema, table);
        let shown = format!("table {target} of `{}`", self.url);
        let fields = fields_to_read(schema, table, &existing, &shown)?;
        let sql = format!("COPY (SELECT {} FROM {target}) TO STDOUT", quoted(POSTGRES, &fields));
        let reader = transaction.copy_out(&sql).map_err(|e| self.failed(e))?;
        text::decode(reader, Blocks::new(fields, take)).map_err(|broken| match broken {
            Broken::Stream(e) => self.broken(e),
            Broken::Value(problem) => Error::input(format!("{shown}, {problem}")).into(),
            Broken::Taken(e) => e.into(),
        })?;
        Ok(true)
    }

    fn try_count(&self, schema: Stage, table: &str) -> Result<Option<u64>, Failure> {
        let mut client = self.connect()?;
        let mut transaction = client.transaction().map_err(|e| self.failed(e))?;
        if self.columns(&mut transaction, schema, table)?.is_empty() {
            return Ok(None);
        }
        // The catalogue knows the row counts of analysed tables only.
        let count = format!("SELECT count(*) FROM {}", POSTGRES.table(schema.name(), schema, table));
        let rows: i64 =
            transaction.query_one(&count, &[]).and_then(|row| row.try_get(0)).map_err(|e| self.failed(e))?;
        Ok(Some(rows.unsigned_abs()))
    }

    /// An error of a COPY stream, with the database's own message inside.
    fn broken(&self, error: std::io::Error) -> Failure {
        match error.downcast::<::postgres::Error>() {
            Ok(error) => self.failed(error),
            Err(error) => Failure::Passing(Error::store(&self.url, self.secrets.masked(&error.to_string()))),
        }
    }

    /// Writes all tables in one transaction.
    fn try_write(&self, plans: &[SqlTable], progress: &(dyn Fn(&str, u64) + Sync)) -> Result<(), Failure> {
        let mut client = self.connect()?;
        let failed = |e| self.failed(e);
        let schemas: BTreeSet<Stage> = plans.iter().map(|plan| plan.schema).collect();
        for schema in &schemas {
            self.make_schema(&mut client, *schema)?;
        }
        let mut transaction = client.transaction().map_err(failed)?;
        // In a fixed order, so that two loads do not deadlock.
        let mut plans: Vec<&SqlTable> = plans.iter().collect();
        plans.sort_by(|a, b| (a.schema, &a.name).cmp(&(b.schema, &b.name)));
        for plan in &plans {
            self.lock(&mut transaction, &format!("{}.{}", plan.schema.name(), plan.name))?;
        }
        for plan in &plans {
            let [target, aside] = Self::places(plan);
            let existing = self.columns(&mut transaction, plan.schema, &plan.name)?;
            plan.may_replace(&existing, &format!("table {target} of `{}`", self.url), || {
                let is_made = "SELECT COALESCE(obj_description(to_regclass($1), 'pg_class') = $2, FALSE)";
                let is_made =
                    transaction.query_one(is_made, &[&target, &MADE]).and_then(|row| row.try_get::<_, bool>(0));
                let mut empty = || {
                    transaction.query_one(&*SqlTable::is_empty(&target), &[]).and_then(|row| row.try_get::<_, i32>(0))
                };
                Ok::<_, Failure>(is_made.map_err(failed)? || empty().map_err(failed)? == 1)
            })?;
            transaction.batch_execute(&plan.create(&aside, Constraints::Columns)).map_err(failed)?;
            self.copy(&mut transaction, &aside, plan, &|rows| progress(&plan.name, rows))?;
        }
        // From here on other tables are altered, too: one load at a time, so that loads do not deadlock.
        for schema in &schemas {
            self.lock(&mut transaction, schema.name())?;
        }
        let of = |schema: Stage, name: &str| POSTGRES.table(schema.name(), schema, name);
        let (mut swap, mut references) = (vec![], BTreeMap::new());
        for plan in &plans {
            for reference in POSTGRES.references_of(plan.schema, &plan.name) {
                if reference.to == plan.name {
                    let (child, name) = (of(plan.schema, reference.from), &reference.name);
                    swap.push(format!("ALTER TABLE IF EXISTS {child} DROP CONSTRAINT IF EXISTS {name}"));
                }
                references.insert((plan.schema, reference.name.clone()), reference);
            }
        }
        for plan in &plans {
            let [target, aside] = Self::places(plan);
            swap.push(format!("DROP TABLE IF EXISTS {target}"));
            swap.push(format!("ALTER TABLE {aside} RENAME TO {}", POSTGRES.quote(&plan.name)));
            swap.extend(plan.key().map(|key| format!("ALTER TABLE {target} ADD {key}")));
            swap.extend(plan.indexes(&target));
        }
        transaction.batch_execute(&swap.join(";\n")).map_err(failed)?;
        for ((schema, _), reference) in references {
            let (child, parent) = (of(schema, reference.from), of(schema, reference.to));
            let both = "SELECT to_regclass($1) IS NOT NULL AND to_regclass($2) IS NOT NULL";
            let both: bool =
                transaction.query_one(both, &[&child, &parent]).and_then(|row| row.try_get(0)).map_err(failed)?;
            if both {
                // Applies to later writes; cleaning has checked the present rows.
                let add =
                    format!("ALTER TABLE {child} ADD CONSTRAINT {} {} NOT VALID", reference.name, reference.clause);
                transaction.batch_execute(&add).map_err(failed)?;
            }
        }
        transaction.commit().map_err(failed)
    }

    /// The table and its staging table.
    fn places(plan: &SqlTable) -> [String; 2] {
        ["", "__pfe_new"]
            .map(|suffix| POSTGRES.table(plan.schema.name(), plan.schema, &format!("{}{suffix}", plan.name)))
    }

    fn copy(
        &self,
        transaction: &mut Transaction<'_>,
        target: &str,
        plan: &SqlTable,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(), Failure> {
        let frame = &plan.frame;
        let cells = Cells::of(frame, &plan.fields)?;
        // FREEZE: a reader that began before the swap and waits for it finds rows instead of an empty table.
        let sql = format!("COPY {target} ({}) FROM STDIN WITH (FREEZE)", plan.columns());
        let mut writer = transaction.copy_in(&sql).map_err(|e| self.failed(e))?;
        // A writer that is dropped before its end aborts the COPY.
        text::encoded(&cells, &plan.fields, frame.height(), LIMITS, progress, |chunks| {
            for chunk in chunks {
                let bytes = chunk.map_err(|problem| Error::input(format!("{target} of `{}`, {problem}", self.url)))?;
                writer.write_all(&bytes).map_err(|e| self.broken(e))?;
            }
            Ok::<_, Failure>(())
        })?;
        writer.finish().map_err(|e| self.failed(e))?;
        Ok(())
    }

    /// Creates the schema if it is missing. Checks first, because a user of the schema may lack the right to create it.
    fn make_schema(&self, client: &mut Client, schema: Stage) -> Result<(), Failure> {
        let failed = |e| self.failed(e);
        let mut transaction = client.transaction().map_err(failed)?;
        self.lock(&mut transaction, schema.name())?;
        let name = POSTGRES.quote(schema.name());
        let existing: bool = transaction
            .query_one("SELECT to_regnamespace($1) IS NOT NULL", &[&name])
            .and_then(|row| row.try_get(0))
            .map_err(failed)?;
        if let (false, Some(create)) = (existing, POSTGRES.create_schema(schema.name())) {
            transaction.batch_execute(&create).map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    /// Waits for other loads of the same name, longer than for readers' locks. The lock ends with the transaction.
    fn lock(&self, transaction: &mut Transaction<'_>, name: &str) -> Result<(), Failure> {
        let key = format!("pfe {name}");
        let mut locked = || {
            transaction.batch_execute("SET LOCAL lock_timeout = '600s'")?;
            transaction.execute("SELECT pg_advisory_xact_lock(hashtext($1))", &[&key])?;
            transaction.batch_execute("SET LOCAL lock_timeout = '60s'")
        };
        locked().map_err(|e| match e.code() == Some(&SqlState::LOCK_NOT_AVAILABLE) {
            true => Failure::Final(
                Error::store(&self.url, format!("another load of `{name}` is under way"))
                    .with_hint("wait for it to end"),
            ),
            false => self.failed(e),
        })
    }
}

/// TLS configuration that trusts the system's authorities and those in the file `ca`.
fn verified(ca: Option<&Path>) -> Result<MakeRustlsConnect> {
    super::tls::install_provider();
    let mut roots = rustls::RootCertStore::empty();
    // Skip authorities that cannot be read: no certificate verifies by them.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca {
        let unreadable = |e: &dyn std::fmt::Display| {
            Error::input(format!("cannot read the certificates of `{}`: {e}", path.display()))
                .with_hint("`ca` names a file in PEM form")
        };
        for certificate in CertificateDer::pem_file_iter(path).map_err(|e| unreadable(&e))? {
            roots.add(certificate.map_err(|e| unreadable(&e))?).map_err(|e| unreadable(&e))?;
        }
    }
    let config = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

impl Store for Postgres {
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
        let plans = SqlTable::all(POSTGRES, tables)?;
        Backoff::default().run(|| self.try_write(&plans, progress))
    }
}
