//! Contract → SQL DDL of the `raw_data` and `cleaned_data` schemas. Used by the relational stores.

use std::fmt::Write;

use super::contract::{Column, ForeignKey, LogicalType, TABLES, Table, TableId, ZIP_LOCATION_COLUMNS, ZIP_LOCATIONS};

/// Key of [`ZIP_LOCATIONS`].
const ZIP_LOCATION_KEY: [&str; 1] = ["zip_code_prefix"];

/// A SQL dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// MySQL 8 and MariaDB 10.
    Mysql,
    /// PostgreSQL.
    Postgres,
    /// SQLite 3. It has no schemas: the schema name becomes a prefix of the table name.
    Sqlite,
}

/// The stage of the tables of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// As the files hold them: source names, reais, no keys.
    Raw,
    /// After cleaning: clean names, centavos, keys and references.
    Cleaned,
    /// Results of a run: declared in [`result_tables`](super::result_tables); of any other table the columns are free.
    Results,
}

impl Stage {
    /// The stage with this name.
    pub(crate) fn named(name: &str) -> Option<Stage> {
        [Stage::Raw, Stage::Cleaned, Stage::Results].into_iter().find(|schema| schema.name() == name)
    }

    /// Its name in every store: that of a schema, database or folder, or a prefix.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Raw => "raw_data",
            Stage::Cleaned => "cleaned_data",
            Stage::Results => "results",
        }
    }
}

/// SQL statements that create both schemas and all their tables. A table comes after those it references.
pub fn ddl(dialect: Dialect) -> String {
    let mut sql = String::new();
    for schema in [Stage::Raw, Stage::Cleaned] {
        if let Some(statement) = dialect.create_schema(schema.name()) {
            writeln!(sql, "{statement};\n").unwrap_or_default();
        }
        let located = (schema == Stage::Cleaned).then_some(ZIP_LOCATIONS);
        for name in by_reference().iter().map(|t| t.name).chain(located) {
            let Some(definition) = dialect.definition(schema, name) else { continue };
            let target = dialect.table(schema.name(), schema, name);
            writeln!(sql, "{};", definition.create(dialect, &target, Constraints::All)).unwrap_or_default();
            for index in definition.indexes(dialect, &target) {
                writeln!(sql, "{index};").unwrap_or_default();
            }
            sql.push('\n');
        }
    }
    sql.truncate(sql.trim_end().len());
    sql.push('\n');
    sql
}

/// The tables of the contract, each after those it strictly references.
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

/// The SQL definition of a table of the contract.
pub(crate) struct Definition {
    table: &'static str,
    schema: Stage,
    columns: Vec<String>,
    key: &'static [&'static str],
    foreign_keys: &'static [ForeignKey],
}

/// Which constraints the `CREATE TABLE` statement declares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Constraints {
    /// Only those of single columns.
    Columns,
    /// Also the primary key.
    Key,
    /// Also the foreign keys.
    All,
}

impl Definition {
    /// The `CREATE TABLE` statement for `target`, a quoted name.
    pub(crate) fn create(&self, dialect: Dialect, target: &str, constraints: Constraints) -> String {
        let mut lines = self.columns.clone();
        if constraints != Constraints::Columns {
            lines.extend(self.key(dialect));
        }
        if constraints == Constraints::All {
            lines.extend(self.references(dialect).into_iter().map(|reference| reference.clause));
        }
        create_table(dialect, target, &lines)
    }

    /// The `PRIMARY KEY` clause.
    pub(crate) fn key(&self, dialect: Dialect) -> Option<String> {
        let key: Vec<String> = self.key.iter().map(|k| dialect.quote(k)).collect();
        (!key.is_empty()).then(|| format!("PRIMARY KEY ({})", key.join(", ")))
    }

    /// The strict foreign keys: those that every row satisfies.
    pub(crate) fn references(&self, dialect: Dialect) -> Vec<Reference> {
        let reference = |fk: &ForeignKey| {
            let target = match dialect {
                // The reference stays within the same database, whatever its name.
                Dialect::Mysql => dialect.quote(fk.table.name()),
                _ => dialect.table(self.schema.name(), self.schema, fk.table.name()),
            };
            let (column, key) = (dialect.quote(fk.column), dialect.quote(fk.references));
            Reference {
                from: self.table,
                to: fk.table.name(),
                name: dialect.quote(&format!("{}_{}_fkey", self.table, fk.column)),
                clause: format!("FOREIGN KEY ({column}) REFERENCES {target} ({key})"),
            }
        };
        self.foreign_keys.iter().filter(|fk| fk.strict).map(reference).collect()
    }

    /// The `CREATE INDEX` statements for `target`, one for each foreign key.
    pub(crate) fn indexes(&self, dialect: Dialect, target: &str) -> Vec<String> {
        let index = |fk: &ForeignKey| {
            let name = dialect.quote(&format!("{}_{}", self.table, fk.column));
            format!("CREATE INDEX {name} ON {target} ({})", dialect.quote(fk.column))
        };
        self.foreign_keys.iter().map(index).collect()
    }
}

/// A foreign key constraint.
pub(crate) struct Reference {
    /// The referencing table.
    pub(crate) from: &'static str,
    /// The referenced table.
    pub(crate) to: &'static str,
    /// Quoted name of the constraint.
    pub(crate) name: String,
    /// `FOREIGN KEY …`.
    pub(crate) clause: String,
}

/// The statement that creates `target` with these columns and constraints. MySQL gets a binary collation: by default it ignores case and
/// accents when it compares texts.
pub(crate) fn create_table(dialect: Dialect, target: &str, lines: &[String]) -> String {
    let options = if dialect == Dialect::Mysql { " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" } else { "" };
    format!("CREATE TABLE {target} (\n    {}\n){options}", lines.join(",\n    "))
}

impl Dialect {
    /// Quotes an identifier.
    pub(crate) fn quote(self, name: &str) -> String {
        match self {
            Dialect::Mysql => format!("`{}`", name.replace('`', "``")),
            _ => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// The statement that creates the schema `name` if it does not exist.
    pub(crate) fn create_schema(self, name: &str) -> Option<String> {
        match self {
            Dialect::Mysql => Some(format!("CREATE DATABASE IF NOT EXISTS {}", self.quote(name))),
            Dialect::Postgres => Some(format!("CREATE SCHEMA IF NOT EXISTS {}", self.quote(name))),
            Dialect::Sqlite => None,
        }
    }

    /// Quoted name of a table in the schema called `name` in the store.
    pub(crate) fn table(self, name: &str, schema: Stage, table: &str) -> String {
        match self {
            Dialect::Sqlite => self.quote(&format!("{}_{table}", schema.name())),
            _ => format!("{}.{}", self.quote(name), self.quote(table)),
        }
    }

    /// The foreign keys of a schema from or to `table`.
    pub(crate) fn references_of(self, schema: Stage, table: &str) -> Vec<Reference> {
        let definitions = TABLES.iter().filter_map(|t| self.definition(schema, t.name));
        definitions.flat_map(|d| d.references(self)).filter(|r| r.from == table || r.to == table).collect()
    }

    /// The definition of a table; `None` if the schema does not declare it.
    pub(crate) fn definition(self, schema: Stage, name: &str) -> Option<Definition> {
        let table = TABLES.iter().find(|t| t.name == name);
        let column = |c: &'static Column| self.column(schema, c);
        let (columns, key, foreign_keys): (Vec<String>, &[&str], &[ForeignKey]) = match (schema, table) {
            (Stage::Raw, Some(table)) => (table.columns.iter().map(column).collect(), &[], &[]),
            (Stage::Cleaned, Some(table)) => {
                (table.clean_columns().map(column).collect(), table.key, table.foreign_keys)
            }
            (Stage::Cleaned, None) if name == ZIP_LOCATIONS => {
                (ZIP_LOCATION_COLUMNS.iter().map(column).collect(), &ZIP_LOCATION_KEY, &[])
            }
            _ => return None,
        };
        let table = table.map_or(ZIP_LOCATIONS, |t| t.name);
        Some(Definition { table, schema, columns, key, foreign_keys })
    }

    fn column(self, schema: Stage, column: &Column) -> String {
        let name = if schema == Stage::Raw { column.source } else { column.name };
        let mut sql = format!("{} {}", self.quote(name), self.type_of(schema, column));
        if !column.is_nullable() {
            sql.push_str(" NOT NULL");
        }
        if let (Stage::Cleaned, LogicalType::Enumeration(words)) = (schema, column.kind) {
            let words: Vec<String> = words.iter().map(|w| format!("'{w}'")).collect();
            write!(sql, " CHECK ({} IN ({}))", self.quote(name), words.join(", ")).unwrap_or_default();
        }
        sql
    }

    /// The type of a column of the contract.
    pub(crate) fn type_of(self, schema: Stage, column: &Column) -> &'static str {
        let is_key = TABLES.iter().any(|t| t.key.contains(&column.name) && t.column(column.name) == Some(column));
        match (column.kind, self) {
            (LogicalType::Money, Dialect::Sqlite) if schema == Stage::Raw => "NUMERIC",
            (LogicalType::Money, _) if schema == Stage::Raw => "DECIMAL(17, 2)",
            (LogicalType::Integer(..) | LogicalType::Money | LogicalType::Flag, Dialect::Sqlite) => "INTEGER",
            (LogicalType::Degrees, Dialect::Sqlite) => "REAL",
            (_, Dialect::Sqlite) => "TEXT",
            (LogicalType::Id, _) => "VARCHAR(64)",
            (LogicalType::Zip, _) => "CHAR(5)",
            (LogicalType::State, _) => "CHAR(2)",
            (LogicalType::Enumeration(_), _) => "VARCHAR(32)",
            // MySQL indexes TEXT only with a length, and at most 768 characters.
            (LogicalType::Text, Dialect::Mysql) if is_key || column.name.starts_with("product_category") => {
                "VARCHAR(512)"
            }
            (LogicalType::Text, _) => "TEXT",
            (LogicalType::Integer(lo, hi), _) if i32::try_from(lo).is_ok() && i32::try_from(hi).is_ok() => "INTEGER",
            (LogicalType::Integer(..) | LogicalType::Money, _) => "BIGINT",
            (LogicalType::Degrees, _) => "DOUBLE PRECISION",
            (LogicalType::Timestamp, Dialect::Mysql) => "DATETIME(6)",
            (LogicalType::Timestamp, _) => "TIMESTAMP",
            (LogicalType::Date, _) => "DATE",
            (LogicalType::Flag, _) => "BOOLEAN",
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
        // A column whose values are quarantined alone is nullable, and a key may be any text.
        assert!(sql.contains("\"customer_state\" CHAR(2),") && sql.contains("\"customer_id\" VARCHAR(64) NOT NULL"));
    }
}
