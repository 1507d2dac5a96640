//! How the fence of a side stands, read back from it.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::{Code, Error, Result};
use crate::pg::Session;

/// The state of the fence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum State {
    /// The side takes writes.
    #[default]
    Open,
    /// It refuses writes until the deadline.
    Fenced,
    /// It refuses writes.
    Sealed,
}

/// What a side says of its fence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The plan that has put it up last.
    pub plan: String,
    /// The epoch that may move it.
    pub epoch: i64,
    /// The turn by which blue became the owner again; zero if it never was given away.
    pub turn: i64,
    /// Open, fenced, sealed.
    pub state: State,
    /// How many fences there were.
    pub number: i64,
    /// The markers that were sent with it, by group.
    pub markers: BTreeMap<String, i64>,
    /// Since when it stands.
    pub fenced_at: Option<String>,
    /// When it stops refusing.
    pub deadline: Option<String>,
    /// When it was sealed.
    pub sealed_at: Option<String>,
    /// How far its WAL was then.
    pub sealed_lsn: Option<String>,
    /// What is left until the deadline; zero once it has passed.
    pub left: Duration,
    /// Writes that passed after the deadline.
    pub leaked: u64,
    /// Writes that were refused, by this fence and earlier ones.
    pub rejected: u64,
}

impl Standing {
    /// Whether the side refuses writes now.
    #[must_use]
    pub fn closed(&self) -> bool {
        match self.state {
            State::Open => false,
            State::Fenced => !self.left.is_zero(),
            State::Sealed => true,
        }
    }
}

/// Reads it; an open one if there never was any.
///
/// # Errors
/// When the side cannot be asked.
pub async fn read(blue: &Session) -> Result<Standing> {
    let there = "SELECT to_regclass('greenlight.fence') IS NOT NULL";
    let there: bool = blue.one(there, &[], "look for the fence").await?.get(0);
    if !there {
        return Ok(Standing::default());
    }
    let sql = include_str!("../../sql/fence/read.sql");
    let Some(row) = blue.opt(sql, &[], "read the fence").await? else {
        return Ok(Standing::default());
    };
    let count = |name: &str| u64::try_from(row.get::<_, i64>(name)).unwrap_or_default();
    let markers: String = row.get("markers");
    Ok(Standing {
        plan: row.get("plan"),
        epoch: row.get("epoch"),
        turn: row.get("turn"),
        state: match row.get("state") {
            "fenced" => State::Fenced,
            "sealed" => State::Sealed,
            _ => State::Open,
        },
        number: row.get("number"),
        markers: serde_json::from_str(&markers).map_err(|error| {
            Error::new(Code::Bug, "the fence's markers cannot be read").caused_by(error)
        })?,
        fenced_at: row.get("fenced_at"),
        deadline: row.get("deadline"),
        sealed_at: row.get("sealed_at"),
        sealed_lsn: row.get("sealed_lsn"),
        left: Duration::from_millis(count("left_ms")),
        leaked: count("leaked"),
        rejected: count("rejected"),
    })
}

/// Every table that a statement can write to, in the order in which they are locked, and whether it has the fence's trigger.
///
/// # Errors
/// When the side cannot be asked.
pub async fn tables(blue: &Session, namespace: &str) -> Result<Vec<(String, bool)>> {
    let sql = include_str!("../../sql/fence/tables.sql");
    let rows = blue
        .rows(sql, &[&namespace], "list the tables to fence")
        .await?;
    Ok(rows
        .iter()
        .map(|row| (row.get("name"), row.get("fenced")))
        .collect())
}
