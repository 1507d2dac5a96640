//! Compares what changed of late: in a cutover the keys that leave a queue are kept, and what they lead to is made again and
//! compared with what is there. While blue is written to, a row that differs may only be on its way, and is looked at again
//! later; with blue fenced and the queues empty it differs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::resync::{Statements, TargetStatements, queue, recent, statements, taken};
use super::settle::{Follows, Settle};
use super::transform::{compare_hints, planner_hints};
use super::wait::rest;
use crate::error::{Code, Error, Result};
use crate::model::ident::quote_qualified;
use crate::model::migration::Migration;
use crate::model::names;
use crate::model::stream::{Stream, captured, streams};
use crate::pg::Session;
use crate::state::Run;

/// Keys of one look.
const BATCH: i64 = 1000;
/// Before blue is fenced, looks are repeated until the keys that are left take no longer than this, by the last look.
const SHORT: Duration = Duration::from_millis(20);
/// So few are not worth another look.
const FEW: i64 = 50;
/// After some looks this many will do: where writers are faster than looks there are never few.
const ENOUGH: i64 = 1000;
/// How many looks these are.
const LOOKS: u32 = 3;
/// How often at most.
const ROUNDS: u32 = 20;
/// How many keys may be left then, or the pause would not be short.
const MANY: i64 = 20_000;

/// Makes room for the keys of late; what an earlier cutover has left is thrown away.
///
/// # Errors
/// The first statement's.
pub async fn keep_recent(run: &Run, green: &Session) -> Result<()> {
    let mut made = Vec::new();
    for captured in captured(&run.migration) {
        let recent = recent(&captured);
        made.push(format!("DROP TABLE IF EXISTS {recent}"));
        made.push(format!("CREATE TABLE {recent} (LIKE {})", queue(&captured)));
    }
    run.transact(green, &made, "make room for the keys of late")
        .await
}

/// The statements that remove it.
#[must_use]
pub fn forget_recent(migration: &Migration) -> Vec<String> {
    captured(migration)
        .iter()
        .map(|captured| {
            let name = quote_qualified(names::STORE, &names::recent(captured.number));
            format!("DROP TABLE IF EXISTS {name}")
        })
        .collect()
}

/// Sessions that are ready to look.
pub struct Recheck {
    streams: Vec<(Stream, Statements, Session)>,
}

impl Recheck {
    /// Connects, or takes the sessions that were kept.
    ///
    /// # Errors
    /// When green cannot be reached.
    pub async fn open(run: &Run) -> Result<Self> {
        let values = run.store.variables().await?;
        let mut all = Vec::new();
        for (n, stream) in streams(&run.migration).into_iter().enumerate() {
            let statements = statements_of(run, &stream, &values);
            let session = match run.kept(&purpose(n)) {
                Some(session) => session,
                None => prepared(run, &statements).await?,
            };
            all.push((stream, statements, session));
        }
        Ok(Self { streams: all })
    }

    /// Keeps the sessions for the next [`Recheck::open`]: in a pause there is no time to make them.
    pub fn keep(self, run: &Run) {
        for (n, (_, _, session)) in self.streams.into_iter().enumerate() {
            run.keep(&purpose(n), session);
        }
    }

    /// Looks while blue is written to, until few keys are left.
    ///
    /// # Errors
    /// [`Code::RecentDiffers`] if too many stay; [`Code::CannotTell`] if green does not follow.
    pub async fn until_few(&self, run: &Run) -> Result<i64> {
        let settle = Settle::open(run, Follows::Green).await?;
        let mut each = None;
        for round in 0..ROUNDS {
            let left = self.left().await?;
            let count = u32::try_from(left).unwrap_or(u32::MAX);
            let short = each.is_some_and(|each: Duration| each.saturating_mul(count) <= SHORT);
            if left <= FEW || short || round >= LOOKS && left <= ENOUGH {
                return Ok(left);
            }
            settle.wait(run).await?;
            let began = Instant::now();
            let looked = self.look(run, false).await?;
            each = Some(began.elapsed() / u32::try_from(looked.max(1)).unwrap_or(u32::MAX));
        }
        let left = self.left().await?;
        if left > MANY {
            return Err(Error::new(
                Code::RecentDiffers,
                format!("{left} keys that changed of late could not be seen to be right"),
            ));
        }
        Ok(left)
    }

    /// Looks once more at what there is, while blue is written to: the fewer keys are left to a pause. One key may lead to many rows.
    ///
    /// # Errors
    /// When green cannot be asked.
    pub async fn glance(&self, run: &Run) -> Result<u64> {
        self.look(run, false).await
    }

    /// Looks at all that are left, with nothing moving: every one must be right. Gives how many keys it looked at.
    ///
    /// # Errors
    /// [`Code::RecentDiffers`].
    pub async fn last(&self, run: &Run) -> Result<u64> {
        self.look(run, true).await
    }

    async fn left(&self) -> Result<i64> {
        let mut left = 0;
        for (stream, _, session) in &self.streams {
            for captured in &stream.captured {
                let sql = format!("SELECT count(*) FROM {}", recent(captured));
                left += session
                    .one(&sql, &[], "count the keys of late")
                    .await?
                    .get::<_, i64>(0);
            }
        }
        Ok(left)
    }

    async fn look(&self, run: &Run, last: bool) -> Result<u64> {
        let mut looked = 0;
        for (stream, statements, session) in &self.streams {
            looked += one_stream(run, (stream, statements, session), last).await?;
        }
        Ok(looked)
    }
}

/// Rows that differ.
#[derive(Debug, Default)]
struct Differing {
    rows: i64,
    /// Some of them by their keys, a line for each target.
    named: Vec<String>,
}

fn purpose(stream: usize) -> String {
    format!("recheck {stream}")
}

fn statements_of(run: &Run, stream: &Stream, values: &BTreeMap<String, String>) -> Statements {
    let mut all = statements(&run.migration, stream, values);
    all.take = stream
        .captured
        .iter()
        .map(|captured| {
            format!(
                "INSERT INTO {} SELECT * FROM {} WHERE greenlight_id > $2 ORDER BY greenlight_id LIMIT $1",
                taken(captured),
                recent(captured)
            )
        })
        .collect();
    all
}

async fn prepared(run: &Run, statements: &Statements) -> Result<Session> {
    let session = run.green("recheck").await?;
    session
        .run(&statements.tables.join("; "), "make room for a look")
        .await?;
    Ok(session)
}

async fn one_stream(
    run: &Run,
    (stream, all, session): (&Stream, &Statements, &Session),
    last: bool,
) -> Result<u64> {
    let mut after = vec![i64::MIN; stream.captured.len()];
    let mut looked = 0;
    loop {
        run.begin(session, "look at the keys of late").await?;
        let found = one_batch(stream, all, session, &mut after).await;
        let (taken_now, more, differing) = match found {
            Ok(found) => found,
            Err(error) => {
                run.rollback(session).await;
                return Err(error);
            }
        };
        looked += taken_now;
        if differing.rows == 0 && taken_now > 0 {
            for captured in &stream.captured {
                let sql = format!(
                    "DELETE FROM {} WHERE greenlight_id = ANY (ARRAY(SELECT greenlight_id FROM {}))",
                    recent(captured),
                    taken(captured)
                );
                session.run(&sql, "forget the keys that are right").await?;
            }
            session.commit("look at the keys of late").await?;
        } else {
            run.rollback(session).await;
        }
        if differing.rows > 0 && last {
            let error = Error::new(
                Code::RecentDiffers,
                format!(
                    "{} rows that changed of late are not what they should be",
                    differing.rows
                ),
            );
            return Err(differing.named.into_iter().fold(error, Error::detail));
        }
        if !more {
            return Ok(looked);
        }
        rest(&run.stop, Duration::ZERO).await?;
    }
}

/// Takes keys beyond `after`, and gives how many, whether there may be more, and how many rows that they lead to differ.
async fn one_batch(
    stream: &Stream,
    all: &Statements,
    session: &Session,
    after: &mut [i64],
) -> Result<(u64, bool, Differing)> {
    let mut found = Vec::new();
    for ((take, captured), after) in all.take.iter().zip(&stream.captured).zip(after) {
        let taken_now = session
            .execute(take, &[&BATCH, &*after], "take keys of late")
            .await?;
        found.push(taken_now);
        if taken_now == 0 {
            continue;
        }
        let sql = format!("SELECT max(greenlight_id) FROM {}", taken(captured));
        let highest: Option<i64> = session.one(&sql, &[], "take keys of late").await?.get(0);
        *after = highest.unwrap_or(*after);
    }
    let all_found: u64 = found.iter().sum();
    if all_found == 0 {
        return Ok((0, false, Differing::default()));
    }
    let more = found.iter().any(|found| i64::try_from(*found) == Ok(BATCH));
    session.run(planner_hints(), "set the planner").await?;
    let mut touched: Vec<&str> = Vec::new();
    for (place, driver, expand) in &all.expand {
        if found.get(*place).is_some_and(|found| *found > 0)
            && session
                .execute(expand, &[], "find the rows that keys of late touch")
                .await?
                > 0
        {
            touched.push(driver);
        }
    }
    let is_touched = |target: &&TargetStatements| {
        let mut drivers = target.drivers.iter();
        drivers.any(|driver| touched.contains(&driver.as_str()))
    };
    let mut differing = Differing::default();
    let made: Vec<&TargetStatements> = all.targets.iter().filter(is_touched).collect();
    for target in &made {
        for old in &target.old {
            session.execute(old, &[], "find what was made").await?;
        }
        session
            .execute(&target.fresh, &[], "make rows again")
            .await?;
    }
    session.run(compare_hints(), "set the planner").await?;
    for target in made {
        let row = session
            .one(&target.differing, &[], "compare rows of late")
            .await?;
        differing.rows += row.get::<_, i64>(0);
        let named: Option<String> = row.get(1);
        differing
            .named
            .extend(named.map(|named| format!("`{}`: {named}", target.name)));
    }
    let patches = all.unpatched.iter();
    for (_, count) in patches.filter(|(driver, _)| touched.contains(&driver.as_str())) {
        differing.rows += session
            .one(count, &[], "compare rows of late")
            .await?
            .get::<_, i64>(0);
    }
    Ok((all_found, more, differing))
}
