//! What was taken away on green, and what became of putting it back: the results of `greenlight deletes` and `greenlight restore`.

use serde::Serialize;

use super::View;
use super::numbers::{bytes, count, plural};
use super::paper::{Paper, Tone, clean, hanging};
use super::table::{Cell, Column, Table};

/// What `greenlight deletes` shows.
#[derive(Clone, Debug, Serialize)]
pub struct DeletesView {
    /// The plan's name.
    pub plan: String,
    /// Rows that are kept.
    pub rows: u64,
    /// What they need on disk.
    pub bytes: u64,
    /// Until when rows are kept, in UTC.
    pub until: String,
    /// Whether that has passed.
    pub over: bool,
    /// What was done, if something was.
    pub said: String,
    /// Who took away what.
    pub origins: Vec<OriginRow>,
    /// The alarms of late.
    pub alarms: Vec<AlarmRow>,
    /// Roles that may delete nothing now.
    pub blocked: Vec<BlockedRow>,
    /// The command that comes next.
    pub next: String,
}

/// Rows of one table that one role took away, over one application, in one way.
#[derive(Clone, Debug, Serialize)]
pub struct OriginRow {
    /// The role that had logged in.
    pub role: String,
    /// The `application_name` of its sessions.
    pub application: String,
    /// The table.
    pub table: String,
    /// `delete`, `update` or `truncate`.
    pub op: String,
    /// Statements.
    pub statements: u64,
    /// Transactions.
    pub transactions: u64,
    /// The first transaction.
    pub first_transaction: String,
    /// Rows.
    pub rows: u64,
    /// The most rows in one minute of the clock.
    pub peak: u64,
    /// When the first statement ran, in UTC.
    pub first: String,
    /// When the last one ran, in UTC.
    pub last: String,
    /// Rows that were put back.
    pub restored: u64,
}

/// An alarm.
#[derive(Clone, Debug, Serialize)]
pub struct AlarmRow {
    /// When it was raised, in UTC.
    pub at: String,
    /// The table whose limit was passed; `None` for that over all tables.
    pub table: Option<String>,
    /// The rows.
    pub rows: u64,
    /// The limit.
    pub limit: u64,
    /// The alarm in a sentence.
    pub text: String,
}

/// A role that may delete nothing now.
#[derive(Clone, Debug, Serialize)]
pub struct BlockedRow {
    /// The role.
    pub role: String,
    /// Since when, in UTC.
    pub since: String,
    /// The alarm.
    pub why: String,
}

impl View for DeletesView {
    fn human(&self, paper: &Paper) -> String {
        let mut blocks = vec![origins(&self.origins, paper)];
        let alarms = self.alarms.iter().map(|alarm| {
            let text = format!("{} {}", alarm.at, clean(&alarm.text));
            paper.tone(Tone::Bad, &hanging("", &text, paper))
        });
        blocks.push(alarms.collect::<Vec<_>>().join("\n"));
        let blocked = self.blocked.iter().map(|blocked| {
            let role = clean(&blocked.role);
            let text = format!(
                "{role} may delete nothing since {}; `--allow {role}` lets it.",
                blocked.since
            );
            paper.tone(Tone::Caution, &text)
        });
        blocks.push(blocked.collect::<Vec<_>>().join("\n"));
        let until = if self.over {
            format!(
                "rows were kept until {}: what is taken away now is not",
                self.until
            )
        } else {
            format!("rows are kept until {}", self.until)
        };
        let kept = format!(
            "Deletes of {}: {} kept ({}); {until}.",
            clean(&self.plan),
            plural(self.rows, "row", "rows"),
            bytes(self.bytes)
        );
        let mut closing = vec![paper.strong(&kept)];
        if !self.said.is_empty() {
            closing.push(clean(&self.said));
        }
        closing.push(format!("next: {}", clean(&self.next)));
        blocks.push(closing.join("\n"));
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n")
    }
}

fn origins(rows: &[OriginRow], paper: &Paper) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        Column::name("role"),
        Column::text("application"),
        Column::name("table"),
        Column::name("what"),
        Column::number("rows"),
        Column::number("a minute"),
        Column::number("back"),
        Column::text("when, and in which transaction"),
    ]);
    for row in rows {
        let when = if row.first == row.last {
            row.first.clone()
        } else {
            format!("{} to {}", row.first, row.last)
        };
        let transactions = if row.transactions == 1 {
            format!("; xid={}", row.first_transaction)
        } else {
            format!("; {} transactions", count(row.transactions))
        };
        table.row([
            Cell::from(&row.role),
            Cell::from(&row.application),
            Cell::from(&row.table),
            Cell::from(&row.op),
            Cell::from(count(row.rows)),
            Cell::from(count(row.peak)),
            Cell::from(count(row.restored)),
            Cell::from(format!("{when}{transactions}")),
        ]);
    }
    table.render(paper)
}

/// What `greenlight restore` shows.
#[derive(Clone, Debug, Serialize)]
pub struct RestoreView {
    /// The plan's name.
    pub plan: String,
    /// Since when rows were chosen.
    pub since: String,
    /// Until when rows are kept, in UTC.
    pub until: String,
    /// Who took away what was chosen.
    pub origins: Vec<OriginRow>,
    /// What became of each table's rows, or would.
    pub tables: Vec<RestoredRow>,
    /// Whether it was done; else it only looked.
    pub executed: bool,
    /// The command that comes next.
    pub next: String,
}

/// What became of the kept rows of a table, or would.
#[derive(Clone, Debug, Serialize)]
pub struct RestoredRow {
    /// The table.
    pub table: String,
    /// Rows that come back.
    pub back: u64,
    /// Rows that are there as they were.
    pub there: u64,
    /// Older versions of rows that come back.
    pub older: u64,
    /// Rows that are left alone, by the reason.
    pub left: Vec<LeftRow>,
    /// Why no row of the table comes back.
    pub why: Option<String>,
}

/// Rows that are left alone, for one reason.
#[derive(Clone, Debug, Serialize)]
pub struct LeftRow {
    /// The reason.
    pub reason: String,
    /// How many.
    pub rows: u64,
    /// The keys of a few of them.
    pub keys: Vec<String>,
}

impl View for RestoreView {
    fn human(&self, paper: &Paper) -> String {
        let mut blocks = vec![origins(&self.origins, paper)];
        if !self.tables.is_empty() {
            blocks.push(self.by_table(paper));
        }
        let left: Vec<String> = self
            .tables
            .iter()
            .flat_map(|table| left(table, paper))
            .collect();
        blocks.push(left.join("\n"));
        let sum = |of: fn(&RestoredRow) -> u64| self.tables.iter().map(of).sum::<u64>();
        let back = plural(sum(|table| table.back), "row", "rows");
        let alone = sum(|table| table.left.iter().map(|left| left.rows).sum());
        let line = if self.executed {
            format!(
                "Restore of {}: {back} put back, {} left alone.",
                clean(&self.plan),
                count(alone)
            )
        } else {
            format!(
                "Restore of {}: {back} would be put back, {} left alone. Nothing was changed.",
                clean(&self.plan),
                count(alone)
            )
        };
        blocks.push(format!(
            "{}\nnext: {}",
            paper.strong(&line),
            clean(&self.next)
        ));
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n")
    }
}

impl RestoreView {
    fn by_table(&self, paper: &Paper) -> String {
        let mut table = Table::new([
            Column::name("table"),
            Column::number(if self.executed {
                "put back"
            } else {
                "would come back"
            }),
            Column::number("there already"),
            Column::number("older versions"),
            Column::number("left alone"),
        ]);
        for row in &self.tables {
            let left: u64 = row.left.iter().map(|left| left.rows).sum();
            let tone = if left > 0 { Tone::Caution } else { Tone::Plain };
            table.row([
                Cell::from(&row.table),
                Cell::from(count(row.back)),
                Cell::from(count(row.there)),
                Cell::from(count(row.older)),
                Cell::new(count(left), tone),
            ]);
        }
        table.render(paper)
    }
}

fn left(row: &RestoredRow, paper: &Paper) -> Vec<String> {
    let table = clean(&row.table);
    let reasons = row.left.iter().map(|left| {
        let keys = left.keys.iter().map(|key| clean(key)).collect::<Vec<_>>();
        let text = format!(
            "{table}: {} left alone: {} {}",
            plural(left.rows, "row", "rows"),
            clean(&left.reason),
            keys.join(" ")
        );
        paper.tone(Tone::Caution, &hanging("", text.trim_end(), paper))
    });
    let why = row.why.iter().map(|why| {
        paper.tone(
            Tone::Bad,
            &format!("{table}: nothing can be put back: {}", clean(why)),
        )
    });
    reasons.chain(why).collect()
}
