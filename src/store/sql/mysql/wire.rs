//! Values and error codes in the driver's form → ours. Used by `mysql`.

use mysql::Value as Wire;

use crate::store::rows::Value;

/// Hint for a server error, by its number.
pub(super) fn hint(code: u16) -> Option<&'static str> {
    match code {
        1044 | 1142 | 1227 => {
            Some("ask the administrator for rights on the databases `raw_data`, `cleaned_data`, `results`")
        }
        1148 | 3948 | 4166 => Some(
            "set `local_infile=1` on the server, or add `load=insert` to the options of the URL to load with INSERT",
        ),
        1021 | 1114 => Some("the server's disk is full"),
        3159 => Some("the server wants TLS: leave out `tls=disable`"),
        _ => None,
    }
}

/// Converts a value from the driver's form.
pub(super) fn value(wire: &Wire, is_date: bool) -> Result<Value<'_>, &'static str> {
    let day = |year: u16, month: u8, day: u8| {
        chrono::NaiveDate::from_ymd_opt(year.into(), month.into(), day.into()).ok_or("not a date")
    };
    Ok(match wire {
        Wire::NULL => Value::Null,
        Wire::Bytes(bytes) => Value::Text(std::str::from_utf8(bytes).map_err(|_| "a text is not UTF-8")?),
        Wire::Int(number) => Value::Integer(*number),
        Wire::UInt(number) => Value::Integer(i64::try_from(*number).map_err(|_| "a number is too large")?),
        Wire::Float(number) => Value::Float(f64::from(*number)),
        Wire::Double(number) => Value::Float(*number),
        Wire::Date(y, m, d, ..) if is_date => Value::Date(day(*y, *m, *d)?.to_epoch_days()),
        Wire::Date(y, m, d, hour, minute, second, micro) => {
            let time = day(*y, *m, *d)?
                .and_hms_micro_opt((*hour).into(), (*minute).into(), (*second).into(), *micro)
                .ok_or("not a time")?;
            Value::Timestamp(time.and_utc().timestamp_micros())
        }
        Wire::Time(..) => return Err("a duration is not expected"),
    })
}
