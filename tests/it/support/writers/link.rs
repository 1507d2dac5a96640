//! A writer's own connection. It is a plain one: the program's sessions pin settings that no service has.

use tokio::runtime::Runtime;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

/// Why a statement gave no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The server refused it; the transaction is to be rolled back.
    Refused {
        /// Its SQLSTATE.
        state: SqlState,
        /// What it said, with the statement.
        said: String,
    },
    /// The connection is gone: what was sent last may have been done.
    Gone(String),
}

/// A connection, or none yet.
pub(crate) struct Link {
    config: Config,
    runtime: Runtime,
    client: Option<Client>,
}

impl Link {
    /// Not yet connected.
    pub(crate) fn new(url: &str) -> Self {
        let mut config: Config = url.parse().expect("the address of a server");
        config.application_name("writer");
        // A writer that hangs behind a lock ends before the patience of the tests does, and says what it waited in.
        config.options("-c statement_timeout=40s -c TimeZone=UTC");
        Self {
            config,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            client: None,
        }
    }

    /// Connects if it is not connected.
    pub(crate) fn connect(&mut self) -> Result<(), String> {
        if self
            .client
            .as_ref()
            .is_some_and(|client| !client.is_closed())
        {
            return Ok(());
        }
        self.client = None;
        let config = &self.config;
        let connected = self.runtime.block_on(async {
            let (client, connection) = config.connect(NoTls).await?;
            // Its end shows in the client's next call.
            drop(tokio::spawn(connection));
            Ok::<_, tokio_postgres::Error>(client)
        });
        self.client = Some(connected.map_err(|cause| format!("connect: {}", whole(&cause)))?);
        Ok(())
    }

    /// Runs statements. An error that ends the session counts as a lost connection: the server may say it in place of
    /// the reply to what it has done.
    pub(crate) fn send(&mut self, sql: &str) -> Result<Vec<SimpleQueryMessage>, Failure> {
        let Some(client) = &self.client else {
            return Err(Failure::Gone("no connection".to_owned()));
        };
        let answer = self.runtime.block_on(client.simple_query(sql));
        answer.map_err(|cause| {
            let said = format!("{} in: {}", whole(&cause), begin(sql));
            match cause.as_db_error() {
                Some(error) if error.severity() == "ERROR" => Failure::Refused {
                    state: error.code().clone(),
                    said,
                },
                _ => {
                    self.client = None;
                    Failure::Gone(said)
                }
            }
        })
    }
}

/// An error with its reasons.
fn whole(cause: &tokio_postgres::Error) -> String {
    cause.as_db_error().map_or_else(
        || {
            let below = std::error::Error::source(cause);
            below.map_or(cause.to_string(), |below| format!("{cause}: {below}"))
        },
        |error| {
            let detail = error.detail().unwrap_or_default();
            format!("{} {} {detail}", error.code().code(), error.message())
        },
    )
}

/// The beginning of a statement, for a message.
fn begin(sql: &str) -> String {
    sql.chars().take(600).collect()
}
