//! What a connection that could not be made means.

use std::time::Duration;

use crate::error::{Code, Error};
use crate::pg::address::Address;
use crate::pg::sqlstate;

/// The error of a connection attempt.
pub(in crate::pg) fn login(address: &Address, source: &tokio_postgres::Error) -> Error {
    let (who, message) = (address.who(), sqlstate::message(source));
    let code = code(&message.sqlstate, source);
    let what = if code == Code::LoginRefused {
        "refused the login"
    } else if code == Code::TlsFailed {
        "failed in TLS"
    } else {
        "cannot be reached"
    };
    Error::new(code, format!("{who} {what}: {address}")).caused_by(message)
}

/// The error of a server that accepted the connection and said nothing.
pub(in crate::pg) fn silent(address: &Address, limit: Duration) -> Error {
    Error::new(
        Code::Unreachable,
        format!(
            "{} cannot be reached: {address}: no answer in {} s",
            address.who(),
            limit.as_secs()
        ),
    )
}

/// The error of a server below [`super::OLDEST`].
pub(in crate::pg) fn too_old(address: &Address, version: &str) -> Error {
    Error::new(
        Code::ServerTooOld,
        format!("{} is PostgreSQL {version}: {address}", address.side()),
    )
}

/// Whether a connection in the clear may succeed where this one failed.
pub(in crate::pg) fn may_pass_without_tls(error: &Error) -> bool {
    error.code() == Code::TlsFailed
        // `pg_hba.conf` has lines for `hostnossl` only.
        || sqlstate::server_message(error).is_some_and(|message| message.sqlstate == "28000")
}

fn code(state: &str, source: &tokio_postgres::Error) -> Code {
    match state {
        // 42501: no CONNECT on the database.
        "3D000" | "42501" => return Code::LoginRefused,
        state if state.starts_with("28") => return Code::LoginRefused,
        "" => {}
        _ => return Code::Unreachable,
    }
    // The driver keeps the kind of its error to itself; its words are all there is.
    match source.to_string().as_str() {
        "error performing TLS handshake" => Code::TlsFailed,
        // No password where one is demanded, or a way to log in that the driver lacks.
        "authentication error" | "invalid configuration" => Code::LoginRefused,
        // A client certificate that the server refuses is told after the handshake.
        _ if is_tls(source) => Code::TlsFailed,
        _ => Code::Unreachable,
    }
}

fn is_tls(source: &tokio_postgres::Error) -> bool {
    let mut cause = std::error::Error::source(source);
    while let Some(next) = cause {
        let inner = next
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .is_some_and(|inner| inner.is::<rustls::Error>());
        if inner || next.is::<rustls::Error>() {
            return true;
        }
        cause = next.source();
    }
    false
}
