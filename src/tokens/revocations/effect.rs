//! What events do on a side: the plan's statements, prepared once, sent without waiting for each other's answers.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::BytesMut;
use futures_util::future::try_join_all;
use tokio_postgres::types::{Format, IsNull, ToSql, Type};
use tokio_postgres::{Client, Statement};

use crate::error::{Code, Effect, Error, Result, Retry};
use crate::model::Side;
use crate::model::revocations::Revocations;
use crate::pg::Session;
use crate::pg::sqlstate::server_message;

/// An event that is to be done.
pub(super) struct Waiting {
    pub(super) n: i64,
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) values: BTreeMap<String, String>,
}

/// A value as a literal without a type: the server reads it as what it is compared with. It shows itself to nobody.
struct Literal<'a>(&'a str);

impl std::fmt::Debug for Literal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

impl ToSql for Literal<'_> {
    fn to_sql(
        &self,
        _type: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_type: &Type) -> bool {
        true
    }

    fn encode_format(&self, _type: &Type) -> Format {
        Format::Text
    }

    fn to_sql_checked(
        &self,
        of: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        self.to_sql(of, out)
    }
}

/// A statement that was prepared, with the names of its parameters.
type Prepared = (Statement, Vec<String>);

/// The statements of all kinds on one side.
pub(super) struct Effects {
    side: Side,
    revocations: Arc<Revocations>,
    /// The values of the plan's variables.
    variables: BTreeMap<String, String>,
    prepared: HashMap<String, Arc<Vec<Prepared>>>,
}

/// How doing events ended.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Rows that each has changed, by its number.
    pub(super) changed: Vec<(i64, i64)>,
    /// Those that could not be done, with the reason.
    pub(super) dead: Vec<(i64, String)>,
}

impl Effects {
    pub(super) fn new(
        side: Side,
        revocations: &Arc<Revocations>,
        variables: BTreeMap<String, String>,
    ) -> Self {
        Self {
            side,
            revocations: Arc::clone(revocations),
            variables,
            prepared: HashMap::new(),
        }
    }

    /// Another session: what was prepared is gone.
    pub(super) fn forget(&mut self) {
        self.prepared.clear();
    }

    async fn prepare(&mut self, session: &Session, kind: &str) -> Result<Arc<Vec<Prepared>>> {
        if let Some(known) = self.prepared.get(kind) {
            return Ok(Arc::clone(known));
        }
        let mut all = Vec::new();
        let doing = format!("prepare what `{kind}` does");
        let of = self.revocations.kinds.get(kind);
        for template in of.map(|kind| kind.on(self.side)).unwrap_or_default() {
            let (sql, names) = template.bind(&self.variables);
            let statement = session
                .prepare(&sql)
                .await
                .map_err(|error| session.error(&doing, &error))?;
            all.push((statement, names));
        }
        let all = Arc::new(all);
        self.prepared.insert(kind.to_owned(), Arc::clone(&all));
        Ok(all)
    }

    /// Does events in the transaction that is open: together, and where one of them fails, one after the other, so that only
    /// that one is dead.
    ///
    /// # Errors
    /// What is no event's own fault; the transaction is to be rolled back then.
    pub(super) async fn run(&mut self, session: &Session, events: &[Waiting]) -> Result<Done> {
        let point = "SAVEPOINT events";
        session.run(point, "replay revocations").await?;
        let mut statements = Vec::new();
        let mut unready = None;
        for event in events {
            match self.prepare(session, &event.kind).await {
                Ok(prepared) => statements.push(prepared),
                Err(error) => {
                    unready = Some(error);
                    break;
                }
            }
        }
        let together = match unready {
            Some(error) => Err(error),
            None => {
                let each = events
                    .iter()
                    .zip(&statements)
                    .map(|(event, prepared)| one(session, event, prepared));
                try_join_all(each).await
            }
        };
        match together {
            Ok(changed) => Ok(Done {
                changed: changed.into_iter().collect(),
                dead: Vec::new(),
            }),
            Err(error) if is_its_own(&error) => {
                let back = "ROLLBACK TO SAVEPOINT events";
                session.run(back, "replay revocations").await?;
                self.each(session, events).await
            }
            Err(error) => Err(error),
        }
    }

    async fn each(&mut self, session: &Session, events: &[Waiting]) -> Result<Done> {
        let mut done = Done::default();
        for event in events {
            session
                .run("SAVEPOINT event", "replay a revocation")
                .await?;
            let tried = match self.prepare(session, &event.kind).await {
                Ok(prepared) => one(session, event, &prepared).await,
                Err(error) => Err(error),
            };
            match tried {
                Ok(changed) => {
                    done.changed.push(changed);
                    session
                        .run("RELEASE SAVEPOINT event", "replay a revocation")
                        .await?;
                }
                Err(error) if is_its_own(&error) => {
                    let back = "ROLLBACK TO SAVEPOINT event; RELEASE SAVEPOINT event";
                    session.run(back, "replay a revocation").await?;
                    done.dead.push((event.n, reason(&error, self.side)));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }
}

/// Runs an event's statements in their order, and counts the rows that they change.
async fn one(session: &Session, event: &Waiting, statements: &[Prepared]) -> Result<(i64, i64)> {
    let mut changed = 0;
    for (statement, names) in statements {
        let values: Vec<Literal<'_>> = names
            .iter()
            .map(|name| Literal(event.values.get(name).map_or("", String::as_str)))
            .collect();
        let parameters: Vec<&(dyn ToSql + Sync)> = values
            .iter()
            .map(|value| value as &(dyn ToSql + Sync))
            .collect();
        let client: &Client = session;
        let rows = client
            .execute(statement, &parameters)
            .await
            .map_err(|cause| session.error("replay revocations", &cause))?;
        changed += i64::try_from(rows).unwrap_or(i64::MAX);
    }
    Ok((event.n, changed))
}

/// Whether an error is of what the event or its statements say, so that it comes again however often it is tried.
fn is_its_own(error: &Error) -> bool {
    let others = [
        Code::ConnectionLost,
        Code::LockTimeout,
        Code::StatementTimeout,
        Code::DiskFull,
        Code::Interrupted,
        Code::LeaseLost,
    ];
    error.effect_left() != Effect::Unknown
        && error.retry_when() != Retry::Now
        && !others.contains(&error.code())
        && server_message(error).is_some()
}

/// Why, in the server's words without values.
fn reason(error: &Error, side: Side) -> String {
    match server_message(error) {
        Some(message) => format!("on {side}: {message}"),
        None => format!("on {side}: {}", error.condition()),
    }
}
