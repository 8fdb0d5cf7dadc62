//! Places to which the tests write: SQLite everywhere, servers where they run.

use std::sync::atomic::{AtomicU32, Ordering};

use pfe::store::url::StoreUrl;

/// A place of one test.
pub struct Place {
    pub kind: &'static str,
    pub url: String,
    /// Lives as long as the place.
    #[allow(dead_code)]
    pub folder: tempfile::TempDir,
}

/// A server's URL from the environment. CI must have it; elsewhere, a test without it says that it was skipped.
pub fn server(variable: &str) -> Option<String> {
    match std::env::var(variable) {
        Ok(url) => Some(url),
        Err(_) if std::env::var_os("CI").is_some() => {
            panic!("{variable} is not set: `. tests/tools.sh && . tests/servers.sh` starts the server")
        }
        Err(_) => {
            eprintln!("skipped: {variable} is not set; `. tests/tools.sh && . tests/servers.sh` starts the server");
            None
        }
    }
}

/// Certificate authority of the servers.
pub fn authority() -> String {
    server("PFE_TEST_CA").unwrap()
}

/// A fresh, empty place in every relational store.
pub fn places() -> Vec<Place> {
    ["sqlite", "mysql", "postgres"].into_iter().filter_map(place).collect()
}

/// A fresh, empty place in one store, with an encrypted and verified connection.
pub fn place(kind: &'static str) -> Option<Place> {
    place_with(kind, None, &format!("?ca={}", std::env::var("PFE_TEST_CA").unwrap_or_default()))
}

/// The same with other options, and through another port.
pub fn place_with(kind: &'static str, port: Option<u16>, options: &str) -> Option<Place> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().unwrap();
    let name = format!("t{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let through = |url: String| match port {
        Some(port) => format!("{}:{port}", url.rsplit_once(':').unwrap().0),
        None => url,
    };
    let url = match kind {
        "sqlite" => format!("sqlite:{}", folder.path().join("shop.db").display()),
        "mysql" => format!("{}/{name}{options}", through(server("PFE_TEST_MYSQL")?)),
        _ => {
            let url = server("PFE_TEST_POSTGRES")?;
            postgres(&url, "postgres").batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
            format!("{}/{name}{options}", through(url))
        }
    };
    Some(Place { kind, url, folder })
}

/// Port of a server.
pub fn port(url: &str) -> u16 {
    StoreUrl::parse(url).unwrap().port.unwrap()
}

/// A separate connection of the test.
pub fn postgres(url: &str, database: &str) -> postgres::Client {
    let url = StoreUrl::parse(url).unwrap();
    let mut config = postgres::Config::new();
    config.host(&url.host).port(url.port.unwrap()).user(&url.user.unwrap()).password(url.password.unwrap());
    config.dbname(database).connect(postgres::NoTls).unwrap()
}

/// A separate connection of the test.
pub fn mysql(url: &str) -> mysql::Conn {
    let url = StoreUrl::parse(url).unwrap();
    let options = mysql::OptsBuilder::new().ip_or_hostname(Some(url.host)).tcp_port(url.port.unwrap());
    mysql::Conn::new(options.user(url.user).pass(url.password).prefer_socket(false)).unwrap()
}

/// Runs a statement in a place on a separate connection. `{schema.table}` stands for the table's name there.
pub fn execute(place: &Place, sql: &str) -> Vec<String> {
    let url = StoreUrl::parse(&place.url).unwrap();
    let table = |schema: &str, table: &str| match place.kind {
        "sqlite" => format!("{schema}_{table}"),
        "mysql" => format!("{}_{schema}.{table}", url.path),
        _ => format!("{schema}.{table}"),
    };
    let mut text = sql.to_string();
    while let Some((start, end)) = text.find('{').zip(text.find('}')) {
        let (schema, name) = text[start + 1..end].split_once('.').unwrap();
        text.replace_range(start..=end, &table(schema, name));
    }
    match place.kind {
        "sqlite" => {
            let connection = rusqlite::Connection::open(&url.path).unwrap();
            let mut statement = connection.prepare(&text).unwrap();
            if statement.column_count() == 0 {
                statement.execute([]).unwrap();
                return Vec::new();
            }
            let rows = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
            rows.collect::<Result<_, _>>().unwrap()
        }
        "mysql" => mysql::prelude::Queryable::query(&mut mysql(&place.url), text).unwrap(),
        _ => {
            let messages = postgres(&place.url, &url.path).simple_query(&text).unwrap();
            let first = |m: &postgres::SimpleQueryMessage| match m {
                postgres::SimpleQueryMessage::Row(row) => row.get(0).map(String::from),
                _ => None,
            };
            messages.iter().filter_map(first).collect()
        }
    }
}
