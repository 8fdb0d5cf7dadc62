//! Foreign keys of a MySQL database around the swap of a table: dropped before, added again after. Used by `mysql`.

use std::collections::BTreeMap;

use mysql::Conn;
use mysql::prelude::Queryable;

use super::{MYSQL, Mysql};
use crate::error::Error;
use crate::schema::ddl::{Reference, Stage};
use crate::store::retry::Failure;
use crate::store::sql::SqlTable;

impl Mysql {
    /// Drops our foreign keys that refer to a table about to be renamed, because they would follow it to its new name.
    /// Before it drops one, it adds the statement that restores it to `released`.
    pub(super) fn release(
        &self,
        connection: &mut Conn,
        schema: Stage,
        table: &str,
        released: &mut Vec<String>,
    ) -> Result<(), Failure> {
        let database = self.database(schema);
        let sql = "SELECT constraint_schema, table_name, constraint_name FROM information_schema.referential_constraints \
                   WHERE unique_constraint_schema = ? AND referenced_table_name = ?";
        let found: Vec<(String, String, String)> = self.ask(sql, (&database, table))?;
        let ours = MYSQL.references_of(schema, table);
        for (child_database, child, name) in found {
            let quoted = MYSQL.quote(&name);
            let known = ours.iter().find(|r| child_database == database && r.from == child && r.name == quoted);
            let Some(reference) = known else {
                let message = format!("`{child_database}.{child}` refers to `{database}.{table}` by its key `{name}`");
                let hint = "drop that key first, and make it again after: pfe cannot replace the table under it";
                return Err(Failure::Final(Error::store(&self.url, message).with_hint(hint)));
            };
            released.push(self.adding(schema, reference));
            let child = MYSQL.table(&database, schema, &child);
            connection
                .query_drop(format!("ALTER TABLE {child} DROP FOREIGN KEY {quoted}"))
                .map_err(|e| self.failed(e))?;
        }
        Ok(())
    }

    /// Adds the foreign keys from and to these tables if both ends exist. They apply to later writes; cleaning has checked the
    /// present rows.
    pub(super) fn refer(&self, connection: &mut Conn, plans: &[&SqlTable]) -> Result<(), Failure> {
        let mut references = BTreeMap::new();
        for plan in plans {
            let of_table = MYSQL.references_of(plan.schema, &plan.name).into_iter();
            references.extend(of_table.map(|reference| ((plan.schema, reference.name.clone()), reference)));
        }
        for ((schema, _), reference) in references {
            let existing = |table: &str| Ok::<_, Failure>(!self.columns(&self.database(schema), table)?.is_empty());
            if existing(reference.from)? && existing(reference.to)? {
                connection.query_drop(self.adding(schema, &reference)).map_err(|e| self.failed(e))?;
            }
        }
        Ok(())
    }

    /// The statement that adds a foreign key.
    fn adding(&self, schema: Stage, reference: &Reference) -> String {
        let child = MYSQL.table(&self.database(schema), schema, reference.from);
        // Unqualified table names are those of the child's database.
        format!("ALTER TABLE {child} ADD CONSTRAINT {} {}", reference.name, reference.clause)
    }

    /// Restores the foreign keys that a failed load had dropped. Ignores keys that cannot be added, for example because they exist:
    /// the load's own error matters more, and the next load adds all.
    pub(super) fn restore(&self, released: &[String]) {
        if let (false, Ok(mut connection)) = (released.is_empty(), self.connect()) {
            for add in released {
                let _ = connection.query_drop(add);
            }
        }
    }
}
