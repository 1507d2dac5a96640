//! How revocations stand: what is unread, what waits, what found nothing, what is dead. Only looks.

use super::keep;
use super::side::belongs;
use super::source::Source;
use crate::error::Result;
use crate::model::Side;
use crate::state::Run;

/// Dead letters that are shown.
const SHOWN: i64 = 100;

/// A source and what was not read of it.
#[derive(Clone, Debug)]
pub struct Unread {
    /// `capture`, `file` or `nats`.
    pub name: &'static str,
    /// Events that were not read; why they cannot be.
    pub events: std::result::Result<u64, String>,
}

/// An event that could not be done.
#[derive(Clone, Debug)]
pub struct Dead {
    /// Its number.
    pub number: i64,
    /// Its source.
    pub source: String,
    /// Where it stood there.
    pub place: String,
    /// Its kind; empty if it has none that the plan knows.
    pub kind: String,
    /// Why.
    pub why: String,
    /// When it came in, in UTC.
    pub at: String,
}

/// How revocations stand.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// What was not read.
    pub sources: Vec<Unread>,
    /// Events that have come in.
    pub events: u64,
    /// Those that are to be done on the side where they belong now.
    pub waiting: u64,
    /// The side where they belong now; `None` while they can only be kept.
    pub side: Option<Side>,
    /// Those that found nothing on green.
    pub tombstones: u64,
    /// How many are dead.
    pub dead: u64,
    /// Some of them.
    pub letters: Vec<Dead>,
    /// How long ago the last one came in, in milliseconds.
    pub age_ms: Option<u64>,
    /// Why green's rows do not go with blue's capture, if they do not.
    pub mark: Option<String>,
}

impl Standing {
    /// Events that are not done, read or not; `None` if a source cannot be read.
    #[must_use]
    pub fn backlog(&self) -> Option<u64> {
        let mut sum = self.waiting;
        for source in &self.sources {
            sum += source.events.as_ref().ok()?;
        }
        Some(sum)
    }
}

/// Reads how revocations stand; `None` if the plan has none.
///
/// # Errors
/// When green cannot be reached; what a source says is in the answer.
pub async fn standing(run: &Run) -> Result<Option<Standing>> {
    let Some(revocations) = &run.migration.revocations else {
        return Ok(None);
    };
    let green = run.store.session();
    let mut standing = Standing {
        side: belongs(run).await?,
        mark: super::mark::still(run)
            .await
            .err()
            .map(|error| error.condition().to_owned()),
        ..Standing::default()
    };
    for mut source in Source::all(revocations) {
        let name = source.name();
        let unread = source.unread(run, green).await;
        standing.sources.push(Unread {
            name,
            events: unread.map_err(|error| error.condition().to_owned()),
        });
    }
    if !keep::has_room(green).await? {
        return Ok(Some(standing));
    }
    let sql = include_str!("../../../sql/revocations/standing.sql");
    let row = green.one(sql, &[], "look how revocations stand").await?;
    let count = |name: &str| u64::try_from(row.get::<_, i64>(name)).unwrap_or_default();
    standing.events = count("events");
    standing.waiting = match standing.side {
        Some(Side::Blue) => count("blue_waits"),
        Some(Side::Green) | None => count("green_waits"),
    };
    standing.tombstones = count("tombstones");
    standing.dead = count("dead");
    standing.age_ms = row
        .get::<_, Option<i64>>("age_ms")
        .and_then(|age| u64::try_from(age).ok());
    let sql = include_str!("../../../sql/revocations/dead.sql");
    let rows = green.rows(sql, &[&SHOWN], "list dead letters").await?;
    standing.letters = rows
        .iter()
        .map(|row| Dead {
            number: row.get("n"),
            source: row.get("source"),
            place: row.get("place"),
            kind: row.get("kind"),
            why: row.get("dead"),
            at: row.get("at"),
        })
        .collect();
    Ok(Some(standing))
}
