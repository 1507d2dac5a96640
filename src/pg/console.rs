//! Connections to what is neither side: a pooler's console, a routing table.
//!
//! A console such as PgBouncer's knows the simple protocol only and no settings, so nothing is pinned here; what is read are
//! a few words that no setting changes.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tokio_postgres::config::SslMode as WireSslMode;
use tokio_postgres::{Client, Config, SimpleQueryMessage};

use super::address::{Address, SslMode};
use super::session::failure;
use super::sqlstate;
use super::tls::Tls;
use crate::error::{Code, Error, Result};

/// A row by the names of its columns; the order and the number of a console's columns change from version to version.
pub type Words = BTreeMap<String, Option<String>>;

/// A connection over the simple protocol. Dropping it closes it.
pub struct Console {
    client: Client,
    who: String,
}

impl Console {
    /// Connects under this `application_name`.
    ///
    /// # Errors
    /// `Unreachable`, also if there is no answer within `limit`; `LoginRefused`, `TlsFailed`.
    pub async fn connect(address: &Address, application: &str, limit: Duration) -> Result<Self> {
        let tls = Tls::new(address)?;
        let mut last = None;
        for config in address.configs() {
            let mut config = config.clone();
            config.application_name(application);
            match open(address, &config, &tls, limit).await {
                Ok(client) => {
                    return Ok(Self {
                        client,
                        who: address.who().to_owned(),
                    });
                }
                Err(error) if error.code() == Code::Unreachable => last = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(last.unwrap_or_else(|| Error::new(Code::Bug, "an address without a host")))
    }

    /// The rows of a statement; of several, the rows of all.
    ///
    /// # Errors
    /// `Sql` with what the server said, without values; `ConnectionLost`.
    pub async fn rows(&self, sql: &str, doing: &str) -> Result<Vec<Words>> {
        let messages = self.client.simple_query(sql).await.map_err(|cause| {
            let code = if cause.as_db_error().is_some() {
                Code::Sql
            } else {
                Code::ConnectionLost
            };
            let message = sqlstate::message(&cause);
            Error::new(code, format!("{doing} on {}: {message}", self.who))
        })?;
        let words = |message: &SimpleQueryMessage| {
            let SimpleQueryMessage::Row(row) = message else {
                return None;
            };
            let columns = row.columns().iter().enumerate();
            Some(
                columns
                    .map(|(at, column)| {
                        (column.name().to_owned(), row.get(at).map(ToOwned::to_owned))
                    })
                    .collect(),
            )
        };
        Ok(messages.iter().filter_map(words).collect())
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// As [`Console::rows`].
    pub async fn run(&self, sql: &str, doing: &str) -> Result<()> {
        self.rows(sql, doing).await.map(|_rows| ())
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console")
            .field("who", &self.who)
            .finish_non_exhaustive()
    }
}

async fn open(address: &Address, config: &Config, tls: &Tls, limit: Duration) -> Result<Client> {
    match attempt(address, config, tls, limit).await {
        Err(error)
            if address.sslmode() == SslMode::Prefer
                && config.get_ssl_mode() == WireSslMode::Prefer
                && failure::may_pass_without_tls(&error) =>
        {
            // As sessions do: `prefer` promises nothing.
            let mut plain = config.clone();
            plain.ssl_mode(WireSslMode::Disable);
            attempt(address, &plain, tls, limit).await.or(Err(error))
        }
        other => other,
    }
}

async fn attempt(address: &Address, config: &Config, tls: &Tls, limit: Duration) -> Result<Client> {
    let connecting = Box::pin(config.connect(tls.connector()));
    let Ok(connected) = tokio::time::timeout(limit, connecting).await else {
        return Err(failure::silent(address, limit));
    };
    let (client, connection) = connected.map_err(|cause| failure::login(address, &cause))?;
    let who = address.who().to_owned();
    tokio::spawn(async move {
        if let Err(cause) = connection.await {
            tracing::debug!(%who, error = %sqlstate::message(&cause), "connection ended");
        }
    });
    Ok(client)
}
