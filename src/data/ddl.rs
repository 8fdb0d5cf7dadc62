//! Contract → SQL DDL of the `raw_data` and `cleaned_data` schemas, for the relational stores.

use std::fmt::Write;

use super::contract::{Column, Kind, TABLES, Table, TableId, ZIP_LOCATION_COLUMNS, ZIP_LOCATIONS};

/// A relational database's way of speaking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// MySQL 8 and MariaDB 10.
    Mysql,
    /// PostgreSQL.
    Postgres,
    /// SQLite 3, which has no schemas: the schema becomes a prefix of the table name.
    Sqlite,
}

/// The stage a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Schema {
    /// As the files have it: source names, reais, no keys.
    Raw,
    /// After cleaning: clean names, centavos, keys and references.
    Cleaned,
    /// What a run found: any columns.
    Results,
}

impl Schema {
    /// The name it has in every store: schema, database, folder or prefix.
    pub fn name(self) -> &'static str {
        match self {
            Schema::Raw => "raw_data",
            Schema::Cleaned => "cleaned_data",
            Schema::Results => "results",
        }
    }
}

/// Statements that create both schemas with all their tables; a table stands after those it refers to.
pub fn ddl(dialect: Dialect) -> String {
    let mut sql = String::new();
    for schema in [Schema::Raw, Schema::Cleaned] {
        match dialect {
            Dialect::Mysql => writeln!(sql, "CREATE DATABASE IF NOT EXISTS {};\n", dialect.quote(schema.name())),
            Dialect::Postgres => writeln!(sql, "CREATE SCHEMA IF NOT EXISTS {};\n", dialect.quote(schema.name())),
            Dialect::Sqlite => Ok(()),
        }
        .unwrap_or_default();
        for table in by_reference() {
            sql.push_str(&create(dialect, schema, table));
        }
    }
    let columns = ZIP_LOCATION_COLUMNS.iter().map(|c| dialect.column(Schema::Cleaned, c)).collect();
    let key = vec![primary_key(dialect, &[ZIP_LOCATION_COLUMNS[0].name])];
    sql.push_str(&statement(dialect, Schema::Cleaned, ZIP_LOCATIONS, [columns, key].concat()));
    sql
}

/// The tables, each after those it strictly refers to.
fn by_reference() -> Vec<&'static Table> {
    let mut ordered: Vec<&Table> = Vec::new();
    while ordered.len() < TABLES.len() {
        let known = |id: TableId| ordered.iter().any(|t| t.id == id);
        let ready =
            TABLES.iter().find(|t| !known(t.id) && t.foreign_keys.iter().all(|fk| !fk.strict || known(fk.table)));
        match ready {
            Some(table) => ordered.push(table),
            None => unreachable!("the references of the contract form a cycle"),
        }
    }
    ordered
}

fn create(dialect: Dialect, schema: Schema, table: &Table) -> String {
    if schema == Schema::Raw {
        let columns = table.columns.iter().map(|c| dialect.column(schema, c)).collect();
        return statement(dialect, schema, table.name, columns);
    }
    let mut lines: Vec<String> = table.clean_columns().map(|c| dialect.column(schema, c)).collect();
    if !table.key.is_empty() {
        lines.push(primary_key(dialect, table.key));
    }
    for fk in table.foreign_keys.iter().filter(|fk| fk.strict) {
        let target = dialect.table(schema, fk.table.name());
        lines.push(format!(
            "FOREIGN KEY ({}) REFERENCES {target} ({})",
            dialect.quote(fk.column),
            dialect.quote(fk.references)
        ));
    }
    let mut sql = statement(dialect, schema, table.name, lines);
    for fk in table.foreign_keys {
        let index = dialect.quote(&format!("{}_{}", table.name, fk.column));
        let on = format!("{} ({})", dialect.table(schema, table.name), dialect.quote(fk.column));
        writeln!(sql, "CREATE INDEX {index} ON {on};").unwrap_or_default();
    }
    sql.push('\n');
    sql
}

fn statement(dialect: Dialect, schema: Schema, table: &str, lines: Vec<String>) -> String {
    format!("CREATE TABLE {} (\n    {}\n);\n", dialect.table(schema, table), lines.join(",\n    "))
}

fn primary_key(dialect: Dialect, key: &[&str]) -> String {
    let key: Vec<String> = key.iter().map(|k| dialect.quote(k)).collect();
    format!("PRIMARY KEY ({})", key.join(", "))
}

impl Dialect {
    /// An identifier, quoted.
    fn quote(self, name: &str) -> String {
        match self {
            Dialect::Mysql => format!("`{}`", name.replace('`', "``")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    fn table(self, schema: Schema, table: &str) -> String {
        match self {
            Dialect::Sqlite => self.quote(&format!("{}_{table}", schema.name())),
            _ => format!("{}.{}", self.quote(schema.name()), self.quote(table)),
        }
    }

    fn column(self, schema: Schema, column: &Column) -> String {
        let name = if schema == Schema::Raw { column.source } else { column.name };
        let mut sql = format!("{} {}", self.quote(name), self.type_of(schema, column));
        if column.null.is_none() {
            sql.push_str(" NOT NULL");
        }
        if let (Schema::Cleaned, Kind::Word(words)) = (schema, column.kind) {
            let words: Vec<String> = words.iter().map(|w| format!("'{w}'")).collect();
            write!(sql, " CHECK ({} IN ({}))", self.quote(name), words.join(", ")).unwrap_or_default();
        }
        sql
    }

    fn type_of(self, schema: Schema, column: &Column) -> &'static str {
        let is_key = TABLES.iter().any(|t| t.key.contains(&column.name) && t.column(column.name) == Some(column));
        match (column.kind, self) {
            (Kind::Money, Dialect::Sqlite) if schema == Schema::Raw => "NUMERIC",
            (Kind::Money, _) if schema == Schema::Raw => "DECIMAL(17, 2)",
            (Kind::Integer(..) | Kind::Money | Kind::Flag, Dialect::Sqlite) => "INTEGER",
            (Kind::Degrees, Dialect::Sqlite) => "REAL",
            (_, Dialect::Sqlite) => "TEXT",
            (Kind::Id, _) => "CHAR(32)",
            (Kind::Zip, _) => "CHAR(5)",
            (Kind::State, _) => "CHAR(2)",
            (Kind::Word(_), _) => "VARCHAR(32)",
            // MySQL indexes no TEXT without a length.
            (Kind::Text, Dialect::Mysql) if is_key || column.name.starts_with("product_category") => "VARCHAR(255)",
            (Kind::Text, _) => "TEXT",
            (Kind::Integer(lo, hi), _) if i32::try_from(lo).is_ok() && i32::try_from(hi).is_ok() => "INTEGER",
            (Kind::Integer(..) | Kind::Money, _) => "BIGINT",
            (Kind::Degrees, _) => "DOUBLE PRECISION",
            (Kind::Timestamp, Dialect::Mysql) => "DATETIME",
            (Kind::Timestamp, _) => "TIMESTAMP",
            (Kind::Date, _) => "DATE",
            (Kind::Flag, _) => "BOOLEAN",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_follows_those_it_refers_to() {
        let order: Vec<TableId> = by_reference().iter().map(|t| t.id).collect();
        let place = |id| order.iter().position(|t| *t == id);
        for table in &TABLES {
            for fk in table.foreign_keys.iter().filter(|fk| fk.strict) {
                assert!(place(fk.table) < place(table.id));
            }
        }
    }

    #[test]
    fn raw_tables_keep_the_source_and_clean_tables_have_keys() {
        let sql = ddl(Dialect::Postgres);
        assert!(sql.contains("\"product_name_lenght\" INTEGER,"));
        assert!(sql.contains("\"price\" DECIMAL(17, 2) NOT NULL"));
        assert!(sql.contains("\"price_centavos\" BIGINT NOT NULL"));
        assert!(sql.contains("PRIMARY KEY (\"order_id\", \"order_item_id\")"));
        assert!(!ddl(Dialect::Sqlite).contains("CREATE SCHEMA"));
    }
}
