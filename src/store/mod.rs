//! Stores: where tables live beside a run's files. A local lake, SQLite, S3, MySQL, PostgreSQL, DynamoDB; [`open()`] chooses one by
//! URL. Each is behind the Cargo feature of its name. `input` reads from them; a run and `pfe load` write to them.
//!
//! **Passwords.** A database's URL may hold the password. pfe masks it in everything that it prints and writes, also in URLs
//! inside URLs, and masks options whose names sound secret. Prefer the environment, because other users of the machine can see a
//! process's arguments. pfe looks in this order:
//!
//! 1. the variable of this login: `PFE_STORE_PASSWORD` with user, host and port in capitals
//!    (`PFE_STORE_PASSWORD_ME_DB_EXAMPLE_3306` for `mysql://me@db.example:3306/`);
//! 2. `PFE_STORE_PASSWORD`;
//! 3. the variable of the database's own client, `MYSQL_PWD` or `PGPASSWORD`.
//!
//! The last two serve a command with one database. If a command names several logins without a password, each needs its own
//! variable.
//!
//! **Encryption.** Connections to databases are encrypted, and the server's certificate is verified. `?ca=FILE` (PEM) trusts one
//! more certificate authority. `?tls=disable` turns encryption off, as for a server on the same machine.
//!
//! **What pfe may replace.** Each load marks the tables that it makes: in the table's comment (SQLite: in its
//! statement; Parquet: in its footer; S3: in the object's metadata; DynamoDB: in an item of `prefix_tables`). A table
//! without the mark is the user's. pfe replaces it only if it is empty and has the same columns, as after `pfe ddl`. In
//! the lake, in S3 and in DynamoDB it never does.
//!
//! **Swapping a run's tables together.**
//!
//! - SQLite, PostgreSQL: one transaction.
//! - MySQL: one RENAME TABLE, after all staging tables are loaded.
//! - Lake: all files are written beside their targets, then renamed. Only a failure among the renames mixes two runs.
//! - S3: all objects are put under `.pfe-new-…/`, then the server copies each to its place. Only a failure among the copies mixes
//!   two runs. You may remove what a killed load leaves under `.pfe-new-…/`.
//! - DynamoDB: takes no tables of runs; switches table by table.
//!
//! **Databases.** MySQL: the path of the URL is a prefix of the database names (`mysql://me@db/shop`: `shop_raw_data`, …);
//! `?load=insert` is for servers without `local_infile`. PostgreSQL: the path names the database; a replaced table is a new one, so
//! its rights come from `ALTER DEFAULT PRIVILEGES`. Foreign keys of clean tables apply to later writes; pfe's own rows are not
//! checked against them, because cleaning has done so.
//!
//! **AWS.** Credentials never stand in a URL. They come from `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, from a profile
//! (`AWS_PROFILE`) or from the container's role. The region comes from `?region=`, `AWS_REGION` or the profile.
//! `AWS_ENDPOINT_URL_S3` and `AWS_ENDPOINT_URL_DYNAMODB`, or `AWS_ENDPOINT_URL` for both, name a custom server.

#[cfg(any(feature = "dynamodb", feature = "s3"))]
mod cloud;
mod declared;
mod interface;
pub(crate) mod lake;
mod load;
mod open;
mod parquet;
pub mod passwords;
#[cfg(any(feature = "dynamodb", feature = "mysql", feature = "postgres", feature = "s3"))]
mod retry;
pub(crate) mod rows;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "sqlite"))]
mod sql;
pub mod url;

pub use self::interface::{Incoming, Store, StoredFile, TakeFrame};
pub use self::load::{Loaded, load, read_cleaned, table_named};
pub use self::open::open;
pub use crate::schema::ddl::Stage;
