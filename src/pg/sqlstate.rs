//! What an error of the server means: SQLSTATE to code, and a message without values.
//!
//! Invariant: nothing of DETAIL, HINT or CONTEXT is kept except names, and no value quoted in a message is. The source
//! of an error is therefore our own [`ServerMessage`], never the driver's error, which shows all of them.

use std::fmt;

use crate::error::{Code, Effect, Error, Retry};
use crate::model::Side;

mod mask;

/// What a server said, without values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerMessage {
    /// Five characters, `23505`; empty if the error came from the connection.
    pub sqlstate: String,
    /// The message, with values masked.
    pub message: String,
    /// The table that it is about, with its schema.
    pub table: Option<String>,
    /// The constraint or index.
    pub constraint: Option<String>,
    /// The column, or the columns of a key.
    pub column: Option<String>,
}

impl fmt::Display for ServerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.sqlstate.is_empty() {
            write!(f, " (SQLSTATE {})", self.sqlstate)?;
        }
        Ok(())
    }
}

impl std::error::Error for ServerMessage {}

/// What the server said, if this error came from a server or a connection.
#[must_use]
pub fn server_message(error: &Error) -> Option<&ServerMessage> {
    std::error::Error::source(error)?.downcast_ref()
}

/// The error of a statement; `doing` completes "… on blue", as in "copying `orders`".
#[must_use]
pub fn error(side: Side, doing: &str, source: &tokio_postgres::Error) -> Error {
    let message = message(source);
    let code = if is_lost(source) {
        Code::ConnectionLost
    } else {
        classify(
            &message.sqlstate,
            &message.message,
            source
                .as_db_error()
                .is_some_and(|error| error.detail().is_some()),
        )
    };
    let mut error = Error::new(code, format!("{doing} on {side}: {}", code.text().title));
    for (name, value) in [
        ("table", &message.table),
        ("constraint", &message.constraint),
        ("column", &message.column),
    ] {
        if let Some(value) = value {
            error = error.detail(format!("{name}: {value}"));
        }
    }
    for line in source.as_db_error().map(mask::hints).unwrap_or_default() {
        error = error.detail(line);
    }
    if code == Code::Sql && is_transient(&message.sqlstate) {
        error = error.retry(Retry::Now);
    }
    error.caused_by(message)
}

/// An error as that of a COMMIT: if the connection was lost, nobody knows here whether the transaction stands.
#[must_use]
pub fn of_commit(found: Error) -> Error {
    if found.code() == Code::ConnectionLost {
        found
            .effect(
                "The server may have committed before the reply was lost; it is not known here.",
            )
            .left(Effect::Unknown)
    } else {
        found
    }
}

/// What the source says, without values.
pub(super) fn message(source: &tokio_postgres::Error) -> ServerMessage {
    match source.as_db_error() {
        Some(error) => ServerMessage {
            sqlstate: error.code().code().to_owned(),
            message: mask::message(error.code().code(), error.routine(), error.message()),
            table: error.table().map(|table| match error.schema() {
                Some(schema) => format!("{schema}.{table}"),
                None => table.to_owned(),
            }),
            constraint: error.constraint().map(ToOwned::to_owned),
            column: error
                .column()
                .map(ToOwned::to_owned)
                .or_else(|| error.detail().and_then(mask::key_columns)),
        },
        None => ServerMessage {
            sqlstate: String::new(),
            message: local(source),
            table: None,
            constraint: None,
            column: None,
        },
    }
}

/// An error of the driver. A value that could not be converted is not repeated: its own text may show it.
fn local(source: &tokio_postgres::Error) -> String {
    let mut text = source.to_string();
    let mut cause = std::error::Error::source(source);
    while let Some(next) = cause {
        if next.is::<std::io::Error>() || next.is::<rustls::Error>() {
            let next = next.to_string();
            if !text.ends_with(&next) {
                text.push_str(": ");
                text.push_str(&next);
            }
        }
        cause = next.source();
    }
    text
}

/// The code of a SQLSTATE. `names_row`: the server's DETAIL shows a row, so a row was refused, not a definition.
fn classify(sqlstate: &str, message: &str, names_row: bool) -> Code {
    match sqlstate {
        "55P03" => Code::LockTimeout,
        // The same SQLSTATE is given when somebody cancels; only the (possibly translated) message tells.
        "57014" if message.contains("user request") => Code::Sql,
        "57014" => Code::StatementTimeout,
        // An exclusion constraint is a kind of uniqueness, and its rows are found and mended the same way.
        "23505" | "23P01" => Code::NotUnique,
        "23503" => Code::ForeignKey,
        "23502" | "23514" if names_row => Code::BadRow,
        "23502" | "23514" => Code::CheckViolated,
        "42501" => Code::Privilege,
        "53100" => Code::DiskFull,
        // Timeouts that end the session: idle in a transaction, of a transaction, idle.
        "25P03" | "25P04" | "57P05" | "57P01" | "57P02" | "57P03" | "57P04" => Code::ConnectionLost,
        class if class.starts_with("08") => Code::ConnectionLost,
        class if class.starts_with("22") => Code::BadRow,
        _ => Code::Sql,
    }
}

/// Whether the same statement may succeed as it is: serialization, deadlock, no memory, too many connections, cancelled.
fn is_transient(sqlstate: &str) -> bool {
    matches!(
        sqlstate,
        "40001" | "40P01" | "53000" | "53200" | "53300" | "57014"
    )
}

/// Whether the connection is gone.
pub(super) fn is_lost(source: &tokio_postgres::Error) -> bool {
    source.is_closed()
        || (source.as_db_error().is_none()
            && std::error::Error::source(source).is_some_and(|cause| cause.is::<std::io::Error>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sqlstate_has_its_code() {
        for (sqlstate, row, code) in [
            ("55P03", false, Code::LockTimeout),
            ("57014", false, Code::StatementTimeout),
            ("23505", true, Code::NotUnique),
            ("23503", true, Code::ForeignKey),
            ("23514", true, Code::BadRow),
            ("23514", false, Code::CheckViolated),
            ("23502", false, Code::CheckViolated),
            ("22P02", false, Code::BadRow),
            ("42501", false, Code::Privilege),
            ("53100", false, Code::DiskFull),
            ("57P01", false, Code::ConnectionLost),
            ("08006", false, Code::ConnectionLost),
            ("42P01", false, Code::Sql),
        ] {
            assert_eq!(classify(sqlstate, "", row), code, "{sqlstate}");
        }
        assert_eq!(
            classify("57014", "canceling statement due to user request", false),
            Code::Sql
        );
    }
}
