//! The alarm: more rows were taken away within a minute than the plan allows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tokio_postgres::Row;

use crate::error::Result;
use crate::link::keep_removal_rule;
use crate::model::deletes::Deletes;
use crate::pg::Session;
use crate::state::{Run, Store};
use crate::traffic;

/// What the limits are counted over.
const MINUTE: Duration = Duration::from_secs(60);
/// How many alarms are kept, the last ones.
const LAST: usize = 20;
/// How many origins an alarm names.
const NAMED: usize = 3;
/// The facts in which they are kept.
const SEEN: &str = "deletes_seen";
const ALARMS: &str = "deletes_alarms";

/// Rows of one table that one role took away over one application.
#[derive(Clone, Debug)]
struct Taken {
    table: String,
    role: String,
    application: String,
    rows: u64,
}

impl Taken {
    /// `None` for the row that only carries the snapshot.
    fn of(row: &Row) -> Option<Self> {
        Some(Self {
            table: row.get::<_, Option<String>>("relation")?,
            role: row.get("role"),
            application: row.get("application"),
            rows: u64::try_from(row.get::<_, i64>("rows")).unwrap_or_default(),
        })
    }
}

/// Who took rows away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct By {
    /// The role that had logged in.
    pub role: String,
    /// The `application_name` of its sessions; may be empty.
    pub application: String,
    /// The rows.
    pub rows: u64,
}

/// More rows were taken away within a minute than the plan allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// When it was raised, in UTC.
    pub at: String,
    /// The table whose limit was passed; `None` for that over all tables.
    pub table: Option<String>,
    /// The rows.
    pub rows: u64,
    /// The limit.
    pub limit: u64,
    /// Who took away how many of them, the largest first.
    pub by: Vec<By>,
    /// The roles that may delete nothing any more because of it.
    pub blocked: Vec<String>,
}

impl Alarm {
    /// The alarm in one sentence.
    #[must_use]
    pub fn text(&self) -> String {
        let what = self.table.as_ref().map_or_else(
            || "of all tables".to_owned(),
            |table| format!("of `{table}`"),
        );
        let by: Vec<String> = self
            .by
            .iter()
            .map(|by| match by.application.as_str() {
                "" => format!("{} by {}", by.rows, by.role),
                application => format!("{} by {} ({application})", by.rows, by.role),
            })
            .collect();
        let blocked = if self.blocked.is_empty() {
            String::new()
        } else {
            format!("; blocked: {}", self.blocked.join(", "))
        };
        format!(
            "ALARM: {} rows {what} were deleted or changed by the many within a minute, more than {}: {}{blocked}",
            self.rows,
            self.limit,
            by.join(", ")
        )
    }
}

/// The alarms of late, the last one at the end.
///
/// # Errors
/// When the record cannot be read.
pub async fn alarms(store: &Store) -> Result<Vec<Alarm>> {
    Ok(store.get(ALARMS).await?.unwrap_or_default())
}

/// Watches what is taken away. Looked at again and again, by one process at a time.
pub struct Watch {
    /// The snapshot of the last look: what it does not see has become visible since.
    seen: Option<String>,
    recent: VecDeque<(Instant, Vec<Taken>)>,
    /// The limits that are passed now, by table: each alarm is raised once, until it is over.
    over: BTreeSet<Option<String>>,
    looked: bool,
}

impl Watch {
    /// Keeps the plan's rule; `None` if this green keeps no rows.
    ///
    /// # Errors
    /// When green cannot be asked.
    pub async fn open(run: &Run) -> Result<Option<Self>> {
        let green = run.store.session();
        let (Some(deletes), Some(_)) = (&run.migration.deletes, super::kept(green).await?) else {
            return Ok(None);
        };
        keep_removal_rule(green, deletes).await?;
        Ok(Some(Self {
            seen: run.store.get(SEEN).await?,
            recent: VecDeque::new(),
            over: BTreeSet::new(),
            looked: false,
        }))
    }

    /// Whether rows that are taken away now are kept no longer.
    ///
    /// # Errors
    /// When green cannot be asked.
    pub async fn is_over(run: &Run) -> Result<bool> {
        let sql = "SELECT coalesce(bool_and(until < clock_timestamp()), true) FROM greenlight.removal_rule";
        let green = run.store.session();
        let row = green.one(sql, &[], "look until when rows are kept").await?;
        Ok(row.get(0))
    }

    /// Looks at what has been taken away since the last look, that of an earlier process at first; raises alarms, and blocks and runs
    /// the hook if the plan says so. Gives the alarms, each with what came of the hook.
    ///
    /// # Errors
    /// When green cannot be asked. A hook that fails is no error.
    pub async fn look(&mut self, run: &Run) -> Result<Vec<(Alarm, Option<String>)>> {
        let Some(deletes) = &run.migration.deletes else {
            return Ok(Vec::new());
        };
        let green = run.store.session();
        let mut found = if self.looked {
            self.newly(run).await?;
            self.of_this_minute(deletes)
        } else {
            let mut missed = self.missed(run, deletes).await?;
            missed.extend(self.of_this_minute(deletes));
            missed
        };
        self.looked = true;
        let mut raised: Vec<(Alarm, Option<String>)> = Vec::new();
        for alarm in &mut found {
            alarm.at = now(green).await?;
            if deletes.block {
                alarm.blocked = block(green, alarm).await?;
            }
            let told = match &deletes.hook {
                Some(hook) => Some(traffic::alarm_hook(hook, &alarm.text()).await),
                None => None,
            };
            raised.push((alarm.clone(), told));
        }
        if !raised.is_empty() {
            let mut all = alarms(&run.store).await?;
            all.extend(raised.iter().map(|(alarm, _)| alarm.clone()));
            let surplus = all.len().saturating_sub(LAST);
            all.drain(..surplus);
            run.put(ALARMS, &all).await?;
        }
        Ok(raised)
    }

    /// What has become visible since the last look.
    async fn newly(&mut self, run: &Run) -> Result<()> {
        let sql = include_str!("../../sql/deletes/newly.sql");
        let doing = "look at what is deleted";
        let rows = run.store.session().rows(sql, &[&self.seen], doing).await?;
        let taken: Vec<Taken> = rows.iter().filter_map(Taken::of).collect();
        if !taken.is_empty() {
            self.recent.push_back((Instant::now(), taken));
            self.saw(run, &rows).await?;
        }
        Ok(())
    }

    async fn saw(&mut self, run: &Run, rows: &[Row]) -> Result<()> {
        self.seen = rows.first().map(|row| row.get("seen"));
        run.put(SEEN, &self.seen).await
    }

    /// What was taken away while nobody looked: each minute by itself.
    async fn missed(&mut self, run: &Run, deletes: &Deletes) -> Result<Vec<Alarm>> {
        let sql = include_str!("../../sql/deletes/minutes.sql");
        let doing = "look at what was deleted while nobody looked";
        let rows = run.store.session().rows(sql, &[&self.seen], doing).await?;
        let mut minutes: BTreeMap<i64, Vec<Taken>> = BTreeMap::new();
        let mut young = Vec::new();
        for row in &rows {
            let Some(taken) = Taken::of(row) else {
                continue;
            };
            if row.get::<_, i64>("ago") < 60 {
                young.push(taken);
            } else {
                minutes.entry(row.get("minute")).or_default().push(taken);
            }
        }
        self.saw(run, &rows).await?;
        self.recent.push_back((Instant::now(), young));
        let mut worst: BTreeMap<Option<String>, Alarm> = BTreeMap::new();
        for taken in minutes.values() {
            for alarm in over(deletes, taken.iter()) {
                match worst.get(&alarm.table) {
                    Some(other) if other.rows >= alarm.rows => {}
                    _ => {
                        worst.insert(alarm.table.clone(), alarm);
                    }
                }
            }
        }
        Ok(worst.into_values().collect())
    }

    /// The limits that have been passed since the last look.
    fn of_this_minute(&mut self, deletes: &Deletes) -> Vec<Alarm> {
        while let Some((at, _)) = self.recent.front()
            && at.elapsed() > MINUTE
        {
            self.recent.pop_front();
        }
        let all = over(deletes, self.recent.iter().flat_map(|(_, taken)| taken));
        let before = std::mem::take(&mut self.over);
        self.over = all.iter().map(|alarm| alarm.table.clone()).collect();
        all.into_iter()
            .filter(|alarm| !before.contains(&alarm.table))
            .collect()
    }
}

/// The limits that these rows are above.
fn over<'a>(deletes: &Deletes, taken: impl Iterator<Item = &'a Taken> + Clone) -> Vec<Alarm> {
    let mut tables: BTreeMap<String, u64> = BTreeMap::new();
    for one in taken.clone() {
        *tables.entry(one.table.clone()).or_default() += one.rows;
    }
    deletes
        .over(&tables)
        .into_iter()
        .map(|(table, rows, limit)| {
            let mut by: BTreeMap<(&str, &str), u64> = BTreeMap::new();
            for one in taken
                .clone()
                .filter(|one| table.is_none_or(|t| t == one.table))
            {
                *by.entry((&one.role, &one.application)).or_default() += one.rows;
            }
            let mut by: Vec<By> = by
                .into_iter()
                .map(|((role, application), rows)| By {
                    role: role.to_owned(),
                    application: application.to_owned(),
                    rows,
                })
                .collect();
            by.sort_by_key(|by| std::cmp::Reverse(by.rows));
            by.truncate(NAMED);
            Alarm {
                at: String::new(),
                table: table.map(str::to_owned),
                rows,
                limit,
                by,
                blocked: Vec::new(),
            }
        })
        .collect()
}

/// Blocks the role that took away the most.
async fn block(green: &Session, alarm: &Alarm) -> Result<Vec<String>> {
    let mut blocked = Vec::new();
    if let Some(By { role, .. }) = alarm.by.first() {
        let sql = include_str!("../../sql/deletes/block.sql");
        let why = alarm.text();
        let row = green.opt(sql, &[role, &why], "block a role").await?;
        blocked.extend(row.map(|row| row.get(0)));
    }
    Ok(blocked)
}

async fn now(green: &Session) -> Result<String> {
    let sql =
        "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"')";
    Ok(green.text(sql, "read the time").await?.unwrap_or_default())
}
