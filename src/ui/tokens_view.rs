//! Which lives of tokens are longer, and what was done to them: the result of `greenlight tokens`.

use serde::Serialize;

use super::View;
use super::numbers::{count, plural};
use super::paper::{Paper, Tone, clean, hanging};
use super::table::{Cell, Column, Table};

/// What `greenlight tokens` shows.
#[derive(Clone, Debug, Serialize)]
pub struct TokensView {
    /// The plan's name.
    pub plan: String,
    /// What stands; `None` if every life is as it was issued.
    pub standing: Option<LivesStanding>,
    /// Settings of the issuer.
    pub settings: Vec<SettingRow>,
    /// Rows of blue.
    pub lives: Vec<LifeRow>,
    /// What was done, or would be.
    pub said: String,
    /// Whether something was done.
    pub executed: bool,
    /// What should be known; may be empty.
    pub notes: Vec<String>,
    /// The command that comes next.
    pub next: String,
}

/// Longer lives that stand.
#[derive(Clone, Debug, Serialize)]
pub struct LivesStanding {
    /// What is being done with them: `extending`, `extended`, `restoring`.
    pub state: String,
    /// Since when, in UTC.
    pub since: String,
    /// When the last of them ends, in UTC.
    pub until: String,
    /// Rows with a longer life that is not put back.
    pub rows: u64,
    /// Settings that are not put back.
    pub settings: u64,
    /// Pages that the work under way has done.
    pub pages_done: u64,
    /// All pages of it.
    pub pages: u64,
}

/// A setting of the issuer.
#[derive(Clone, Debug, Serialize)]
pub struct SettingRow {
    /// Its name.
    pub name: String,
    /// How it reads; `None` if it cannot be read.
    pub reads: Option<String>,
    /// What it is set to for the window.
    pub wanted: String,
    /// What is wrong with it, or was done; may be empty.
    pub note: String,
}

/// Rows of one table, or one column of it.
#[derive(Clone, Debug, Serialize)]
pub struct LifeRow {
    /// Its name.
    pub name: String,
    /// Live tokens; for lengths of lives, rows below the plan's.
    pub live: Option<u64>,
    /// Those that can be given a longer life.
    pub short: Option<u64>,
    /// Live tokens whose expiry SQL cannot read.
    pub unread: Option<u64>,
    /// Rows that were written.
    pub written: Option<u64>,
    /// How it is done, or why not.
    pub note: String,
}

impl View for TokensView {
    fn human(&self, paper: &Paper) -> String {
        let mut blocks = vec![
            settings_table(&self.settings, paper),
            lives_table(&self.lives, paper),
        ];
        blocks.extend(
            self.notes
                .iter()
                .map(|note| hanging("", &clean(note), paper)),
        );
        blocks.push(self.closing(paper));
        blocks.retain(|block| !block.is_empty());
        blocks.join("\n\n")
    }
}

impl TokensView {
    fn closing(&self, paper: &Paper) -> String {
        let standing = match &self.standing {
            None => "Every life is as it was issued.".to_owned(),
            Some(lives) => format!(
                "Longer lives stand ({}) since {}, until {} at the latest: {} and {}.",
                clean(&lives.state),
                lives.since,
                lives.until,
                plural(lives.rows, "row", "rows"),
                plural(lives.settings, "setting", "settings"),
            ),
        };
        let said = clean(&self.said);
        let line = if said.is_empty() {
            standing
        } else {
            format!("{said} {standing}")
        };
        format!("{}\nnext: {}", hanging("", &line, paper), clean(&self.next))
    }
}

/// Settings of the issuer; empty without any.
pub(super) fn settings_table(rows: &[SettingRow], paper: &Paper) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        Column::name("setting"),
        Column::name("reads"),
        Column::name("for the window"),
        Column::text("note"),
    ]);
    for row in rows {
        let reads = match &row.reads {
            Some(reads) => Cell::from(reads),
            None => Cell::new("unknown", Tone::Bad),
        };
        table.row([
            Cell::from(&row.name),
            reads,
            Cell::from(&row.wanted),
            Cell::from(&row.note),
        ]);
    }
    table.render(paper)
}

/// Rows of tokens; empty without any.
pub(super) fn lives_table(rows: &[LifeRow], paper: &Paper) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        Column::name("rows of"),
        Column::number("live"),
        Column::number("to extend"),
        Column::number("not readable"),
        Column::number("written"),
        Column::text("note"),
    ]);
    for row in rows {
        table.row([
            Cell::from(&row.name),
            known(row.live),
            known(row.short),
            known(row.unread),
            known(row.written),
            Cell::from(&row.note),
        ]);
    }
    table.render(paper)
}

/// A count; nothing where there is none to be had.
fn known(number: Option<u64>) -> Cell {
    Cell::from(number.map_or_else(String::new, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_done_and_what_stands() {
        let view = TokensView {
            plan: "shop".to_owned(),
            standing: Some(LivesStanding {
                state: "extended".to_owned(),
                since: "2026-11-25 23:22:00 UTC".to_owned(),
                until: "2026-11-26 05:22:00 UTC".to_owned(),
                rows: 12_345,
                settings: 1,
                pages_done: 7,
                pages: 7,
            }),
            settings: vec![SettingRow {
                name: "ttl.access_token".to_owned(),
                reads: Some("6h".to_owned()),
                wanted: "6h".to_owned(),
                note: String::new(),
            }],
            lives: vec![LifeRow {
                name: "hydra_oauth2_refresh".to_owned(),
                live: Some(20_000),
                short: Some(0),
                unread: Some(5),
                written: None,
                note: "its own expiry".to_owned(),
            }],
            said: String::new(),
            executed: false,
            notes: Vec::new(),
            next: "greenlight cutover plan.toml".to_owned(),
        };
        insta::assert_snapshot!(view.human(&Paper::plain(100)), @r#"
setting           reads  for the window
───────────────────────────────────────
ttl.access_token  6h     6h

rows of                 live  to extend  not readable  note
─────────────────────────────────────────────────────────────────────
hydra_oauth2_refresh  20,000          0             5  its own expiry

Longer lives stand (extended) since 2026-11-25 23:22:00 UTC, until 2026-11-26 05:22:00 UTC at the
latest: 12,345 rows and 1 setting.
next: greenlight cutover plan.toml
"#);
    }
}
