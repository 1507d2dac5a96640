//! Gates about the writers of the side that serves: what would keep the fence from coming up, or pass it.

use super::super::gate::Gate;
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::model::Side;
use crate::pg::Session;
use crate::state::Run;

pub(super) async fn look(run: &Run) -> Vec<Gate> {
    // Gates about blue itself have said so already.
    let Ok(blue) = run.blue("gates").await else {
        return Vec::new();
    };
    at(run, &blue).await
}

/// The same for the side of this session.
pub(super) async fn at(run: &Run, there: &Session) -> Vec<Gate> {
    vec![
        transactions(run, there).await,
        prepared(there).await,
        vacuum(run, there).await,
        bypass(there).await,
        privilege(run, there).await,
        standbys(there).await,
        fenced(run, there).await,
    ]
}

/// The command that a gate of this side is looked at with again.
fn command(there: &Session) -> &'static str {
    match there.side() {
        Side::Blue => "cutover",
        Side::Green => "rollback",
    }
}

async fn transactions(run: &Run, blue: &Session) -> Gate {
    let limit = run.migration.limits.transaction_age.as_secs();
    let read = async {
        let rows = blue
            .rows(
                include_str!("../../../sql/converge/holders.sql"),
                &[&run.migration.namespace],
                "look for old transactions",
            )
            .await?;
        let oldest = rows
            .iter()
            .find(|row| !row.get::<_, Option<bool>>("vacuum").unwrap_or(false));
        let Some(row) = oldest else {
            return Ok(("none".to_owned(), true));
        };
        let (seconds, pid): (i64, i32) = (row.get("seconds"), row.get("pid"));
        let (who, state): (String, String) = (row.get("who"), row.get("state"));
        let value = format!("{seconds} s old: pid {pid}, {who}, {state}");
        Ok((value, u64::try_from(seconds).unwrap_or_default() <= limit))
    };
    Gate::of(
        "oldest open write",
        format!("≤ {limit} s"),
        "the fence waits for every transaction that has written",
        read.await,
        format!(
            "wait for it, or end it with `SELECT pg_terminate_backend(pid)` on {}",
            blue.side()
        ),
        command(blue),
    )
}

async fn prepared(blue: &Session) -> Gate {
    let read = async {
        let sql = include_str!("../../../sql/cutover/prepared.sql");
        let row = blue.one(sql, &[], "look for prepared transactions").await?;
        let (count, one): (i64, String) = (row.get("prepared"), row.get("one"));
        Ok(match count {
            0 => ("none".to_owned(), true),
            count => (format!("{count}, one is `{one}`"), false),
        })
    };
    Gate::of(
        "prepared transactions",
        "none",
        "they hold their locks until somebody ends them",
        read.await,
        format!("COMMIT PREPARED or ROLLBACK PREPARED on {}", blue.side()),
        command(blue),
    )
}

async fn vacuum(run: &Run, blue: &Session) -> Gate {
    let read = async {
        // Ours would be lowered in the fence's session only; here it is asked whether it may be.
        let quick = crate::converge::quick_deadlock(blue).await?;
        let rows = blue
            .rows(
                include_str!("../../../sql/cutover/vacuum.sql"),
                &[&run.migration.namespace],
                "look for vacuum",
            )
            .await?;
        let mut open = true;
        let mut words = Vec::new();
        for row in &rows {
            let (table, stubborn): (String, Option<bool>) = (row.get("table"), row.get("stubborn"));
            let seconds: Option<i64> = row.get("seconds");
            let kind = match stubborn {
                Some(true) => "against wraparound, gives way to nobody",
                Some(false) if quick => "gives way",
                Some(false) => {
                    "gives way after 1 s only, and this role may not set `deadlock_timeout`"
                }
                None => return Err(unseen(blue, "whether autovacuum would give way")),
            };
            open &= stubborn == Some(false) && quick;
            words.push(format!(
                "`{table}` for {} s ({kind})",
                seconds.unwrap_or_default()
            ));
        }
        let value = if words.is_empty() {
            "none".to_owned()
        } else {
            words.join(", ")
        };
        Ok((value, open))
    };
    Gate::of(
        "vacuum at work",
        "none that stays",
        "the fence needs a lock that vacuum holds",
        read.await,
        format!(
            "wait for it; or `GRANT SET ON PARAMETER deadlock_timeout TO <role>` on {} (15 and later)",
            blue.side()
        ),
        command(blue),
    )
}

fn unseen(there: &Session, what: &str) -> Error {
    Error::new(Code::Privilege, format!("this role may not see {what}")).fix(format!(
        "`GRANT pg_read_all_stats TO <role>` on {}.",
        there.side()
    ))
}

async fn bypass(blue: &Session) -> Gate {
    let read = async {
        let sql = include_str!("../../../sql/cutover/bypass.sql");
        let count: i64 = blue.one(sql, &[], "look for subscriptions").await?.get(0);
        Ok((count.to_string(), count == 0))
    };
    Gate::of(
        match blue.side() {
            Side::Blue => "subscriptions that write to blue",
            Side::Green => "subscriptions that write to green",
        },
        "0",
        "replication workers fire no ordinary trigger: the fence would not stop them",
        read.await,
        format!("disable them on {}", blue.side()),
        command(blue),
    )
}

async fn privilege(run: &Run, blue: &Session) -> Gate {
    let read = async {
        let sql = include_str!("../../../sql/cutover/unfenceable.sql");
        let tables: String = blue
            .one(sql, &[&run.migration.namespace], "look at privileges")
            .await?
            .get(0);
        Ok(if tables.is_empty() {
            ("all tables".to_owned(), true)
        } else {
            (format!("not on {tables}"), false)
        })
    };
    Gate::of(
        "the fence may be put up",
        "all tables",
        "one table without it would take writes that the other side never sees",
        read.await,
        format!(
            "`GRANT TRIGGER ON ALL TABLES IN SCHEMA … TO <role>` on {}",
            blue.side()
        ),
        command(blue),
    )
}

async fn standbys(blue: &Session) -> Gate {
    let read = async {
        let sql = include_str!("../../../sql/cutover/standbys.sql");
        let row = blue.one(sql, &[], "look at the standbys").await?;
        let (count, lag): (i64, i64) = (row.get("standbys"), row.get("lag_ms"));
        if count == 0 {
            return Ok(("none".to_owned(), true));
        }
        if row.get::<_, Option<bool>>("seen") != Some(true) {
            return Err(unseen(blue, "how far the standbys are"));
        }
        Ok((format!("{count}, {lag} ms behind"), lag <= 1000))
    };
    Gate::of(
        match blue.side() {
            Side::Blue => "standbys of blue",
            Side::Green => "standbys of green",
        },
        "≤ 1000 ms behind",
        "one that is promoted without the seal would take writes",
        read.await,
        "let them catch up",
        command(blue),
    )
}

async fn fenced(run: &Run, blue: &Session) -> Gate {
    let read = async {
        let standing: Result<_> = fence::read(blue).await;
        let standing = standing?;
        let other = standing.plan != run.migration.name && standing.state != fence::State::Open;
        Ok(if other {
            (format!("plan `{}`", standing.plan), false)
        } else {
            ("none".to_owned(), true)
        })
    };
    Gate::of(
        "another plan's fence",
        "none",
        "one database can be moved by one plan only",
        read.await,
        "finish or abort what that plan has begun first",
        "status",
    )
}
