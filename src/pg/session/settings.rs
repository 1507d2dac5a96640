//! What is pinned in every session, and why.

use std::time::Duration;

use crate::model::ident::{quote_list, quote_literal};

/// Pinned whatever a session is for. Each of these changes the text of a value or of a definition, hides rows, ends a
/// session or changes how a statement is read, and can be set by the server, the database or the role.
const PINNED: &[(&str, &str)] = &[
    // The text of values.
    ("TimeZone", "UTC"),
    ("DateStyle", "ISO, YMD"),
    ("IntervalStyle", "postgres"),
    ("extra_float_digits", "3"),
    ("bytea_output", "hex"),
    ("xmloption", "content"),
    ("xmlbinary", "base64"),
    ("array_nulls", "on"),
    ("lc_monetary", "C"),
    ("lc_numeric", "C"),
    ("lc_time", "C"),
    ("client_encoding", "UTF8"),
    // The text of definitions.
    ("quote_all_identifiers", "off"),
    // How a statement is read and what it may do.
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_deferrable", "off"),
    // Rows that a policy would hide must be an error, never a silent gap.
    ("row_security", "off"),
    // Compiling costs more than it gives in batches of half a second.
    ("jit", "off"),
    // The first row of a table is the same one for every session.
    ("synchronize_seqscans", "off"),
    ("client_min_messages", "warning"),
    ("idle_session_timeout", "0"),
];

/// What a session is pinned to. Durations of zero mean no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `statement_timeout`.
    pub statement_timeout: Duration,
    /// `lock_timeout`.
    pub lock_timeout: Duration,
    /// `idle_in_transaction_session_timeout`: how long we may hold a transaction open without a word.
    pub idle_in_transaction: Duration,
    /// Schemas in which names are found, unquoted, after `pg_catalog`.
    pub search_path: Vec<String>,
    /// `work_mem` in kilobytes; `None` leaves the server's.
    pub work_mem_kb: Option<u64>,
    /// `maintenance_work_mem` in kilobytes; `None` leaves the server's.
    pub maintenance_work_mem_kb: Option<u64>,
    /// `default_transaction_read_only`.
    pub read_only: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            statement_timeout: Duration::from_secs(600),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction: Duration::from_secs(60),
            search_path: Vec::new(),
            work_mem_kb: None,
            maintenance_work_mem_kb: None,
            read_only: false,
        }
    }
}

impl Settings {
    /// The statements that pin everything, ending in a query for the backend's pid and the server's version.
    pub(super) fn statement(&self) -> String {
        let mut sql = String::new();
        let mut set = |name: &str, value: &str| {
            sql.push_str(&format!("SET {name} = {}; ", quote_literal(value)));
        };
        for (name, value) in PINNED {
            set(name, value);
        }
        for (name, limit) in [
            ("statement_timeout", self.statement_timeout),
            ("lock_timeout", self.lock_timeout),
            (
                "idle_in_transaction_session_timeout",
                self.idle_in_transaction,
            ),
        ] {
            set(name, &milliseconds(limit).to_string());
        }
        for (name, kilobytes) in [
            ("work_mem", self.work_mem_kb),
            ("maintenance_work_mem", self.maintenance_work_mem_kb),
        ] {
            if let Some(kilobytes) = kilobytes {
                set(name, &kilobytes.to_string());
            }
        }
        set(
            "default_transaction_read_only",
            if self.read_only { "on" } else { "off" },
        );
        // Green's guard lets those pass who say so.
        set("greenlight.writer", "on");
        // From 17 on; an unknown name would be an error in the server's log each time.
        sql.push_str(
            "SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'; ",
        );
        sql.push_str(&search_path(&self.search_path));
        sql.push_str("; SELECT pg_backend_pid(), current_setting('server_version_num')");
        sql
    }
}

/// A statement that sets `search_path` for the session; the temporary schema comes last, so that it hides nothing.
pub(in crate::pg) fn search_path(schemas: &[String]) -> String {
    let mut path = quote_list(schemas);
    if !path.is_empty() {
        path.push_str(", ");
    }
    path.push_str("pg_temp");
    // `SET search_path` would take the list as one quoted name.
    format!(
        "SELECT set_config('search_path', {}, false)",
        quote_literal(&path)
    )
}

/// Whole milliseconds, at least one for what is not zero: zero would mean no limit.
fn milliseconds(limit: Duration) -> u128 {
    if limit.is_zero() {
        0
    } else {
        limit.as_millis().clamp(1, i32::MAX.unsigned_abs().into())
    }
}

/// The major version in `server_version`, such as `15.18 (Debian 15.18-1)` or `17beta1`.
pub(super) fn major(server_version: &str) -> Option<i32> {
    let end = server_version
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(server_version.len());
    server_version[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_the_search_path_are_quoted() {
        assert_eq!(
            search_path(&["public".to_owned(), "it's \"odd\"".to_owned()]),
            "SELECT set_config('search_path', '\"public\", \"it''s \"\"odd\"\"\", pg_temp', false)"
        );
        assert_eq!(
            search_path(&[]),
            "SELECT set_config('search_path', 'pg_temp', false)"
        );
    }

    #[test]
    fn a_short_limit_does_not_become_none() {
        assert_eq!(milliseconds(Duration::from_micros(1)), 1);
        assert_eq!(milliseconds(Duration::ZERO), 0);
        assert_eq!(milliseconds(Duration::MAX), 2_147_483_647);
    }

    #[test]
    fn versions_are_read() {
        for (text, major_version) in [
            ("15.18 (Debian 15.18-0+deb12u1)", Some(15)),
            ("9.6.24", Some(9)),
            ("17beta1", Some(17)),
            ("", None),
        ] {
            assert_eq!(major(text), major_version);
        }
    }
}
