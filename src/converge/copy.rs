//! Rows of blue into landing: ranges of pages under one exported snapshot, binary COPY piped from side to side.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt, pin_mut};

use super::batch::Work;
use crate::error::{Code, Effect, Error, Result, Retry};
use crate::model::catalog::Table;
use crate::model::ident::{quote_list, quote_literal, quote_qualified};
use crate::pg::Session;
use crate::state::{Rows, Run, SegmentRecord};

/// Rows are gathered to messages of this size: one message a row costs more than the row.
const MESSAGE: usize = 256 * 1024;

/// A snapshot of blue that all workers share. It lives as long as this value.
#[derive(Debug)]
pub struct Snapshot {
    session: Session,
    id: String,
    seen: String,
}

impl Snapshot {
    /// Takes and exports a snapshot.
    ///
    /// # Errors
    /// When blue cannot be reached, or refuses.
    pub async fn take(run: &Run) -> Result<Self> {
        Self::of(run.blue("snapshot").await?).await
    }

    /// The same in a session that is open already.
    ///
    /// # Errors
    /// When blue refuses.
    pub async fn of(session: Session) -> Result<Self> {
        // It says nothing for as long as the copy takes.
        session
            .run(
                "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0",
                "take a snapshot of blue",
            )
            .await?;
        let row = session
            .one(
                "SELECT pg_export_snapshot(), pg_current_snapshot()::text",
                &[],
                "export a snapshot of blue",
            )
            .await?;
        Ok(Self {
            id: row.get(0),
            seen: row.get(1),
            session,
        })
    }

    /// What it sees, as `pg_current_snapshot` writes it: two snapshots with one text see the same rows.
    #[must_use]
    pub fn seen(&self) -> &str {
        &self.seen
    }

    /// The session of the snapshot, for reads that must see the same rows.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// A session that sees the same rows.
    ///
    /// # Errors
    /// [`Code::ConnectionLost`] when the snapshot is gone.
    pub async fn share(&self, run: &Run, purpose: &str) -> Result<Session> {
        let session = run.blue(purpose).await?;
        let begin = format!(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT {}",
            quote_literal(&self.id)
        );
        session.run(&begin, "share blue's snapshot").await.map_err(|error| {
            if self.session.closed() {
                Error::new(Code::ConnectionLost, "the connection that held blue's snapshot was lost, and with it the snapshot")
                    .effect("What was copied under it starts over: it cannot be joined with rows of another snapshot.")
                    .retry(Retry::AfterFix)
                    .caused_by(error)
            } else {
                error
            }
        })?;
        Ok(session)
    }
}

/// The two statements that copy pages `from..to` of a leaf: out of blue, into the landing table `into`.
///
/// Text instead of binary for a table with arrays of types of the schema's own or composite columns: their binary form
/// carries type numbers, which differ from server to server.
#[must_use]
pub fn copy_statement(
    namespace: &str,
    leaf: &str,
    from: i64,
    to: i64,
    table: &Table,
    into: &str,
) -> (String, String) {
    let columns: Vec<&str> = table
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    let list = quote_list(&columns);
    let form = if portable(table) { "binary" } else { "text" };
    let out = format!(
        "COPY (SELECT {list} FROM ONLY {} WHERE ctid >= '({from},0)'::tid AND ctid < '({to},0)'::tid) TO STDOUT (FORMAT {form})",
        quote_qualified(namespace, leaf)
    );
    (
        out,
        format!(
            "COPY {} ({list}) FROM STDIN (FORMAT {form})",
            quote_qualified(namespace, into)
        ),
    )
}

/// Whether the binary form of every column means the same on another server.
fn portable(table: &Table) -> bool {
    table
        .columns
        .iter()
        .all(|column| match column.base.as_str() {
            "composite" | "range" => false,
            // Arrays of built-in types are the same everywhere; others are written with their type's own name.
            "array" => crate::model::ddl::user_type(&column.type_name)
                .is_some_and(|name| BUILT_IN.contains(&name.as_str())),
            _ => true,
        })
}

/// Element types of arrays that have the same number on every server.
const BUILT_IN: &[&str] = &[
    "text",
    "character varying",
    "integer",
    "bigint",
    "smallint",
    "boolean",
    "uuid",
    "numeric",
    "real",
    "double precision",
    "date",
    "timestamp without time zone",
    "timestamp with time zone",
    "jsonb",
    "json",
    "bytea",
    "inet",
    "interval",
    "character",
];

/// Copies pages of blue's tables into landing.
pub struct Copy {
    snapshot: Arc<Snapshot>,
    /// `leaf relation` on blue → (table value with its columns, landing table).
    tables: std::collections::BTreeMap<String, (Table, String)>,
}

impl Copy {
    /// Under this snapshot, these leaves into these landing tables.
    #[must_use]
    pub fn new(
        snapshot: Arc<Snapshot>,
        tables: std::collections::BTreeMap<String, (Table, String)>,
    ) -> Self {
        Self { snapshot, tables }
    }
}

/// The sessions of one worker of the copy.
pub struct CopyHands {
    blue: Session,
    green: Session,
}

impl Work for Copy {
    type Hands = CopyHands;

    async fn hands(&self, run: &Run, worker: usize) -> Result<CopyHands> {
        let purpose = format!("copy {worker}");
        Ok(CopyHands {
            blue: self.snapshot.share(run, &purpose).await?,
            green: run.green(&purpose).await?,
        })
    }

    fn green(hands: &CopyHands) -> &Session {
        &hands.green
    }

    async fn range(
        &self,
        run: &Run,
        hands: &mut CopyHands,
        segment: &SegmentRecord,
        from: i64,
        to: i64,
    ) -> Result<Rows> {
        let Some((table, into)) = self.tables.get(&segment.relation) else {
            return Err(Error::new(
                Code::PlanChanged,
                format!(
                    "`{}` was being copied and is not to be copied any more",
                    segment.relation
                ),
            ));
        };
        let (out, into) = copy_statement(
            &run.migration.namespace,
            &segment.relation,
            from,
            to,
            table,
            &into.clone(),
        );
        let inserted = pipe(&hands.blue, &out, &hands.green, &into).await?;
        Ok(Rows {
            inserted,
            ..Rows::default()
        })
    }

    async fn bad_page(
        &self,
        _run: &Run,
        _hands: &mut CopyHands,
        segment: &SegmentRecord,
        page: i64,
        error: Error,
    ) -> Result<Rows> {
        Err(error.detail(format!("in page {page} of blue's `{}`", segment.relation)))
    }
}

/// Pipes one COPY into the other; the rows that the other took.
pub(super) async fn pipe(from: &Session, out: &str, to: &Session, into: &str) -> Result<u64> {
    let out_error = |error| from.error("copy rows out", &error);
    let in_error = |error| to.error("copy rows in", &error);
    let stream = from.copy_out(out).await.map_err(out_error)?;
    let sink = to.copy_in::<_, Bytes>(into).await.map_err(in_error)?;
    pin_mut!(stream, sink);
    let mut message = BytesMut::with_capacity(MESSAGE + 64 * 1024);
    while let Some(chunk) = stream.next().await {
        message.extend_from_slice(&chunk.map_err(out_error)?);
        if message.len() >= MESSAGE {
            sink.send(message.split().freeze())
                .await
                .map_err(in_error)?;
            message.reserve(MESSAGE + 64 * 1024);
        }
    }
    if !message.is_empty() {
        sink.send(message.freeze()).await.map_err(in_error)?;
    }
    sink.finish()
        .await
        .map_err(in_error)
        .map_err(|error| error.left(Effect::None))
}
