//! The source that the capture on blue is. Nothing is taken away there: another green may have to read it all again.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use super::event::Kinds;
use super::source::{AT_ONCE, Batch, unreadable};
use crate::error::{Code, Result};
use crate::model::revocations::CAPTURE;
use crate::pg::Session;
use crate::state::Run;

/// Where it is read on: everything of older transactions was read.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct State {
    xid: String,
}

/// Reads what the capture has noted.
#[derive(Debug, Default)]
pub(super) struct Reader {
    blue: Option<Session>,
    /// Transactions end in another order than they begin: what was read behind the oldest that is under way is read again
    /// next time, and known by this.
    known: HashSet<i64>,
    /// Where this pass is: transaction, id, and the oldest transaction when it began.
    pass: Option<(String, i64, String)>,
}

impl Reader {
    async fn session(&mut self, run: &Run) -> Result<&Session> {
        if self.blue.as_ref().is_none_or(|blue| blue.closed()) {
            self.blue = Some(run.blue("revocations").await?);
        }
        self.blue
            .as_ref()
            .ok_or_else(|| unreadable(CAPTURE, "no session"))
    }

    pub(super) async fn take(
        &mut self,
        run: &Run,
        kinds: &Kinds,
        state: Option<String>,
    ) -> Result<Batch> {
        let from = of(state)?;
        let (xid, id, horizon) = match self.pass.take() {
            Some((xid, id, horizon)) => (xid, id, Some(horizon)),
            None => (from.xid.clone(), 0, None),
        };
        let most = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let sql = include_str!("../../../sql/revocations/noted.sql");
        let rows = self
            .session(run)
            .await?
            .rows(sql, &[&xid, &id, &most], "read what blue has noted")
            .await
            .map_err(refused)?;
        let now: String = rows
            .first()
            .map_or_else(String::new, |row| row.get("horizon"));
        let horizon = horizon.unwrap_or(now);
        let mut batch = Batch::default();
        let mut last = None;
        for row in &rows {
            let Some(id) = row.get::<_, Option<i64>>("id") else {
                continue;
            };
            last = Some((row.get::<_, String>("xid"), id));
            if self.known.insert(id) {
                let (kind, event): (String, String) = (row.get("kind"), row.get("event"));
                let name = id.to_string();
                batch
                    .events
                    .push(kinds.noted(&name, format!("noted {name}"), &kind, &event));
            }
        }
        batch.more = rows.len() >= AT_ONCE;
        if let (true, Some((xid, id))) = (batch.more, last) {
            // A row of a transaction that was under way when the pass began may stand before this place by now: the next
            // pass begins at the horizon of this one, and finds it.
            self.pass = Some((xid, id, horizon));
        } else if !batch.events.is_empty() || self.known.len() > AT_ONCE {
            if horizon != from.xid {
                self.known.clear();
            }
            batch.state = serde_json::to_string(&State { xid: horizon }).ok();
        }
        Ok(batch)
    }

    pub(super) async fn unread(&mut self, run: &Run, state: Option<String>) -> Result<u64> {
        let from = of(state)?;
        let sql = include_str!("../../../sql/revocations/noted_count.sql");
        let row = self
            .session(run)
            .await?
            .one(sql, &[&from.xid], "count what blue has noted")
            .await
            .map_err(refused)?;
        Ok(u64::try_from(row.get::<_, i64>(0)).unwrap_or_default())
    }
}

fn of(state: Option<String>) -> Result<State> {
    match state {
        None => Ok(State {
            xid: "0".to_owned(),
        }),
        Some(text) => serde_json::from_str(&text).map_err(|error| unreadable(CAPTURE, error)),
    }
}

fn refused(error: crate::error::Error) -> crate::error::Error {
    if error.code() == Code::ConnectionLost {
        return error;
    }
    unreadable(CAPTURE, error.condition()).caused_by(error)
}
