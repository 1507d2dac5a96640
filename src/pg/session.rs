//! Sessions: connections whose settings are pinned, and whose errors say what was being done.
//!
//! Invariant: two sessions of the same [`Settings`] turn the same rows into the same text on every server, whatever the
//! server, the database or the role has configured.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::AbortHandle;
use tokio_postgres::config::SslMode as WireSslMode;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, Row, SimpleQueryMessage, SimpleQueryRow};

use super::address::{Address, SslMode};
use super::sqlstate;
use super::tls::Tls;
use crate::error::{Code, Error, Result};
use crate::model::{Side, names};

mod cancel;
pub(super) mod failure;
mod ready;
mod settings;
mod silence;

pub use cancel::Canceller;
pub use settings::Settings;
pub(super) use settings::search_path;
pub use silence::{Limited, Silence};

/// The oldest server that we work with, as `server_version_num`.
pub const OLDEST: i32 = 140_000;

/// A connection with pinned settings. Dropping it closes it; the server rolls back what was open.
pub struct Session {
    client: Client,
    side: Side,
    pid: i32,
    server_version: i32,
    shown: String,
    tls: Tls,
    /// Why the connection ended, once it has.
    ended: Arc<Mutex<Option<sqlstate::ServerMessage>>>,
    /// What the server has prepared.
    ready: ready::Ready,
    /// How long the server may say nothing.
    silence: Silence,
    /// What reads from the server.
    connection: AbortHandle,
}

/// Connects as `greenlight/<plan>/<purpose>` and pins the settings, in one round trip after the login.
///
/// # Errors
/// `Unreachable`, `LoginRefused` or `TlsFailed` with the address; `ServerTooOld`; else what the server said.
pub async fn connect(
    address: &Address,
    plan: &str,
    purpose: &str,
    settings: &Settings,
) -> Result<Session> {
    let tls = Tls::new(address)?;
    let mut last = None;
    let mut configs: Vec<&Config> = address.configs().iter().collect();
    if address.parameter("load_balance_hosts") == Some("random") {
        // A hasher is seeded at random; each configuration has one host, so the driver has nothing to shuffle.
        let seed = RandomState::new();
        configs
            .sort_by_cached_key(|config| seed.hash_one((config.get_ports(), address_of(config))));
    }
    for config in configs {
        let mut config = config.clone();
        config.application_name(names::application(plan, purpose));
        match attempt(address, &config, &tls, settings).await {
            Ok(session) => return Ok(session),
            // As libpq does: the next host is tried if this one could not be reached, not if it refused us.
            Err(error) if error.code() == Code::Unreachable => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| Error::new(Code::Bug, "an address without a host")))
}

fn address_of(config: &Config) -> String {
    format!("{:?}", (config.get_hosts(), config.get_hostaddrs()))
}

async fn attempt(
    address: &Address,
    config: &Config,
    tls: &Tls,
    settings: &Settings,
) -> Result<Session> {
    match open(address, config, tls, settings).await {
        Err(error)
            if address.sslmode() == SslMode::Prefer
                && config.get_ssl_mode() == WireSslMode::Prefer
                && failure::may_pass_without_tls(&error) =>
        {
            // `prefer` promises nothing, and libpq tries again in the clear.
            let mut plain = config.clone();
            plain.ssl_mode(WireSslMode::Disable);
            open(address, &plain, tls, settings).await.or(Err(error))
        }
        other => other,
    }
}

async fn open(
    address: &Address,
    config: &Config,
    tls: &Tls,
    settings: &Settings,
) -> Result<Session> {
    // The driver's limit ends with the TCP handshake; a server that accepts and then is silent would hold us for ever.
    // It is for each address of the host, so this one leaves room for three of them.
    let limit = config.get_connect_timeout().map(|limit| *limit * 3);
    let connecting = Box::pin(config.connect(tls.connector()));
    let connected = match limit {
        Some(limit) => match tokio::time::timeout(limit, connecting).await {
            Ok(connected) => connected,
            Err(_) => return Err(failure::silent(address, limit)),
        },
        None => connecting.await,
    };
    let (client, connection) = connected.map_err(|cause| failure::login(address, &cause))?;
    let side = address.side();
    let told = connection
        .parameter("server_version")
        .unwrap_or_default()
        .to_owned();
    if settings::major(&told).is_some_and(|major| major < OLDEST / 10_000) {
        return Err(failure::too_old(address, &told));
    }
    let ended = Arc::new(Mutex::new(None));
    let connection = tokio::spawn({
        let ended = Arc::clone(&ended);
        async move {
            if let Err(cause) = connection.await {
                let message = sqlstate::message(&cause);
                tracing::debug!(%side, error = %message, "connection ended");
                *ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(message);
            }
        }
    });
    let mut session = Session {
        client,
        side,
        pid: 0,
        server_version: 0,
        shown: address.shown().to_owned(),
        tls: tls.clone(),
        ended,
        ready: ready::Ready::default(),
        silence: address.silence().clone(),
        connection: connection.abort_handle(),
    };
    session.pin(settings).await?;
    if session.server_version < OLDEST {
        return Err(failure::too_old(address, &told));
    }
    Ok(session)
}

impl Session {
    /// Sends all settings at once; those that some servers lack fail alone.
    async fn pin(&mut self, settings: &Settings) -> Result<()> {
        let doing = "pinning the settings of a session";
        let pinned = settings.statement();
        let (rows, _) = tokio::join!(
            self.heard(doing, self.client.simple_query(&pinned)),
            // Refused where the server's kernel cannot tell that a client is gone; then only the keepalive tells.
            self.client
                .batch_execute("SET client_connection_check_interval = '1s'"),
        );
        let rows = rows?;
        let row = rows.iter().rev().find_map(|message| {
            let row = as_row(message)?;
            Some((row.get(0)?.parse().ok()?, row.get(1)?.parse().ok()?))
        });
        let Some((pid, version)) = row else {
            return Err(Error::new(
                Code::Bug,
                format!("{doing} on {}: the server gave no version", self.side),
            ));
        };
        (self.pid, self.server_version) = (pid, version);
        Ok(())
    }

    /// The side.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// The process id of the server's backend.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// `server_version_num`: `150018` is 15.18.
    #[must_use]
    pub fn server_version(&self) -> i32 {
        self.server_version
    }

    /// The address, for messages.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Cancels what this session does, from another task or process, over the same kind of connection.
    #[must_use]
    pub fn canceller(&self) -> Canceller {
        Canceller {
            token: self.client.cancel_token(),
            tls: self.tls.clone(),
            side: self.side,
        }
    }

    /// Runs statements without results. Several are one transaction, unless they say otherwise.
    ///
    /// # Errors
    /// See [`sqlstate::error`]; so for all methods here.
    pub async fn run(&self, sql: &str, doing: &str) -> Result<()> {
        self.heard(doing, self.client.batch_execute(sql)).await
    }

    /// The rows of a query.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn rows(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
        doing: &str,
    ) -> Result<Vec<Row>> {
        self.heard(doing, self.client.query(sql, parameters)).await
    }

    /// The one row of a query.
    ///
    /// # Errors
    /// As [`Session::run`]; `Bug` if there is no row, or more than one.
    pub async fn one(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
        doing: &str,
    ) -> Result<Row> {
        let row = self.opt(sql, parameters, doing).await?;
        self.exactly_one(row, doing)
    }

    /// The row of a query that gives one or none.
    ///
    /// # Errors
    /// As [`Session::run`]; `Bug` if there is more than one.
    pub async fn opt(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
        doing: &str,
    ) -> Result<Option<Row>> {
        let rows = self.rows(sql, parameters, doing).await?;
        self.at_most_one(rows, doing)
    }

    fn at_most_one(&self, mut rows: Vec<Row>, doing: &str) -> Result<Option<Row>> {
        if rows.len() > 1 {
            return Err(Error::new(
                Code::Bug,
                format!("{doing} on {}: a query gave {} rows", self.side, rows.len()),
            ));
        }
        Ok(rows.pop())
    }

    fn exactly_one(&self, row: Option<Row>, doing: &str) -> Result<Row> {
        row.ok_or_else(|| {
            Error::new(
                Code::Bug,
                format!("{doing} on {}: a query gave no row", self.side),
            )
        })
    }

    /// The first column of the first row, as text whatever its type; `None` if it is NULL or there is no row.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn text(&self, sql: &str, doing: &str) -> Result<Option<String>> {
        let messages = self.heard(doing, self.client.simple_query(sql)).await?;
        let row = messages.iter().find_map(as_row);
        Ok(row
            .filter(|row| !row.is_empty())
            .and_then(|row| row.get(0).map(ToOwned::to_owned)))
    }

    /// Runs a statement and gives the number of rows in its command tag.
    ///
    /// # Errors
    /// As [`Session::run`].
    pub async fn execute(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
        doing: &str,
    ) -> Result<u64> {
        self.heard(doing, self.client.execute(sql, parameters))
            .await
    }

    /// Commits the open transaction.
    ///
    /// # Errors
    /// As [`Session::run`]; a lost connection leaves [`Effect::Unknown`](crate::error::Effect::Unknown).
    pub async fn commit(&self, doing: &str) -> Result<()> {
        self.run("COMMIT", doing).await.map_err(sqlstate::of_commit)
    }

    /// Rolls the open transaction back.
    ///
    /// # Errors
    /// As [`Session::run`]. If the connection is lost, the server rolls back by itself.
    pub async fn rollback(&self, doing: &str) -> Result<()> {
        self.run("ROLLBACK", doing).await
    }

    /// The error of a call made on the client itself, with what is known of the connection's end.
    #[must_use]
    pub fn error(&self, doing: &str, source: &tokio_postgres::Error) -> Error {
        self.with_reason(sqlstate::error(self.side, doing, source))
    }

    /// The client hears only that the connection is closed; the server's last words went to the connection.
    fn with_reason(&self, error: Error) -> Error {
        if error.code() != Code::ConnectionLost {
            return error;
        }
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        match ended.as_ref() {
            Some(message) => error.detail(format!("the connection ended with: {message}")),
            None => error,
        }
    }
}

impl Deref for Session {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("side", &self.side)
            .field("pid", &self.pid)
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

fn as_row(message: &SimpleQueryMessage) -> Option<&SimpleQueryRow> {
    if let SimpleQueryMessage::Row(row) = message {
        Some(row)
    } else {
        None
    }
}
