//! Rows → MySQL table, by LOAD DATA LOCAL INFILE from our own stream, or by INSERT. Used by `mysql`.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};

use mysql::prelude::Queryable;
use mysql::{Conn, LocalInfileHandler, Value as Wire};
use polars::prelude::DataFrame;

use super::Mysql;
use crate::error::{Error, Result};
use crate::store::retry::Failure;
use crate::store::rows::{Cells, Value};
use crate::store::sql::SqlTable;
use crate::store::sql::text::{self, Chunk, Limits};

/// File name that the server must ask for; it gets rows under no other name.
const STREAM: &[u8] = b"pfe";
/// Rows of one INSERT; a statement has at most 65,535 values.
const INSERT_ROWS: usize = 1000;
/// Bytes of one INSERT, far below the limit of servers.
const INSERT_BYTES: usize = 1 << 20;
const LIMITS: Limits = Limits { nul: true, infinite: false };

impl Mysql {
    /// Fills an empty table with the rows of `frame`.
    pub(super) fn fill(
        &self,
        connection: &mut Conn,
        target: &str,
        plan: &SqlTable,
        frame: &DataFrame,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(), Failure> {
        let cells = Cells::of(frame, &plan.fields)?;
        if self.insert {
            return self.insert(connection, target, plan, &cells, frame.height(), progress);
        }
        let rows = frame.height();
        let (reason_sender, reason_receiver) = channel();
        let loaded = text::encoded(&cells, &plan.fields, rows, LIMITS, progress, |chunks| {
            connection.set_local_infile_handler(Some(LocalInfileHandler::new(move |name, stream| {
                serve(name, &chunks, stream, &reason_sender)
            })));
            let sql = format!(
                "LOAD DATA LOCAL INFILE 'pfe' INTO TABLE {target} CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' \
                 ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' ({})",
                plan.columns()
            );
            let loaded = connection.query_iter(sql).map(|result| (result.affected_rows(), result.warnings()));
            // Drops the receiver, so that the encoder ends even if the server never asked for the rows.
            connection.set_local_infile_handler(None);
            loaded
        });
        if let Ok(reason) = reason_receiver.try_recv() {
            return Err(Failure::Final(Error::input(format!("{target} of `{}`, {reason}", self.url))));
        }
        let (affected, warnings) = loaded.map_err(|e| self.failed(e))?;
        // LOCAL turns errors into warnings: a truncated value, a duplicate key.
        if warnings > 0 || affected != rows as u64 {
            let first: Option<(String, u32, String)> =
                connection.query_first("SHOW WARNINGS LIMIT 1").map_err(|e| self.failed(e))?;
            let reason = first.map_or_else(|| format!("{affected} of {rows} rows were taken"), |warning| warning.2);
            return Err(Failure::Final(Error::store(&self.url, format!("{target} was not loaded: {reason}"))));
        }
        Ok(())
    }

    /// Loads without LOAD DATA: many rows per statement, all in one transaction.
    fn insert(
        &self,
        connection: &mut Conn,
        target: &str,
        plan: &SqlTable,
        cells: &[Cells<'_>],
        rows: usize,
        progress: &(dyn Fn(u64) + Sync),
    ) -> Result<(), Failure> {
        let placeholders = format!("({})", vec!["?"; cells.len()].join(", "));
        let max_rows = INSERT_ROWS.min(usize::from(u16::MAX) / cells.len());
        connection.query_drop("START TRANSACTION").map_err(|e| self.failed(e))?;
        let mut next = 0;
        while next < rows {
            let (mut values, mut bytes, start) = (Vec::new(), 0, next);
            while next < rows && next - start < max_rows && bytes < INSERT_BYTES {
                for (cell, field) in cells.iter().zip(&plan.fields) {
                    let value = wire(cell.get(next)).map_err(|reason| {
                        Error::input(format!(
                            "{target} of `{}`, row {}, column `{}`: {reason}",
                            self.url,
                            next + 1,
                            field.name
                        ))
                    })?;
                    bytes += if let Wire::Bytes(text) = &value { text.len() } else { 8 };
                    values.push(value);
                }
                next += 1;
            }
            let rows_of_values = vec![placeholders.as_str(); next - start].join(", ");
            let sql = format!("INSERT INTO {target} ({}) VALUES {rows_of_values}", plan.columns());
            connection.exec_drop(sql, values).map_err(|e| self.failed(e))?;
            progress(next as u64);
        }
        connection.query_drop("COMMIT").map_err(|e| self.failed(e))
    }
}

/// Answers the server's request for a file: with our rows for our name, with an error for any other. A value that the database
/// cannot hold aborts the load; `reason_sender` gets the reason.
fn serve(
    name: &[u8],
    chunks: &Receiver<Chunk>,
    stream: &mut dyn Write,
    reason_sender: &Sender<String>,
) -> io::Result<()> {
    if name != STREAM {
        return Err(io::Error::other("the server asks for a file of this machine, which it does not get"));
    }
    for chunk in chunks {
        match chunk {
            Ok(bytes) => stream.write_all(&bytes)?,
            Err(reason) => {
                // The receiver is gone only if the load is given up.
                let _ = reason_sender.send(reason.clone());
                return Err(io::Error::other(reason));
            }
        }
    }
    Ok(())
}

/// Converts a value to the driver's form.
fn wire(value: Value<'_>) -> Result<Wire, &'static str> {
    let mut text = Vec::new();
    match value {
        Value::Null => return Ok(Wire::NULL),
        Value::Text(text) => return Ok(Wire::Bytes(text.as_bytes().to_vec())),
        Value::Integer(number) => return Ok(Wire::Int(number)),
        Value::Float(number) if !number.is_finite() => return Err("the database holds finite numbers only"),
        Value::Float(number) => return Ok(Wire::Double(number)),
        Value::Flag(flag) => return Ok(Wire::Int(flag.into())),
        Value::Reais(_) | Value::Timestamp(_) | Value::Date(_) => value.write(&mut text),
    }
    Ok(Wire::Bytes(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_gets_our_stream_and_no_file() {
        let ((to, from), (reason_sender, reason_receiver)) = (channel::<Chunk>(), channel());
        to.send(Ok(b"1\n".to_vec())).unwrap();
        to.send(Err("row 2".into())).unwrap();
        let mut stream = Vec::new();
        assert!(serve(b"/etc/passwd", &from, &mut stream, &reason_sender).is_err());
        assert!(stream.is_empty() && reason_receiver.try_recv().is_err());
        assert!(serve(STREAM, &from, &mut stream, &reason_sender).is_err());
        assert_eq!((stream.as_slice(), reason_receiver.try_recv().unwrap().as_str()), (&b"1\n"[..], "row 2"));
    }
}
