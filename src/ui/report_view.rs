//! What was done, in figures: the result of `greenlight report`, for people as Markdown.

use std::fmt::Write as _;

use serde::Serialize;

use super::View;
use super::numbers::{bytes, count, maybe, millis};
use super::paper::{Paper, clean};
use crate::model::Side;
use crate::model::stats::Stats;

/// What `greenlight report` shows.
#[derive(Clone, Debug, Serialize)]
pub struct ReportView {
    /// The plan's name.
    pub plan: String,
    /// When the run began, in UTC.
    pub started: String,
    /// When the last step ended, in UTC; empty if it is not at its end.
    pub finished: String,
    /// Version of greenlight.
    pub version: String,
    /// Version of blue's server.
    pub blue_version: String,
    /// Version of green's server.
    pub green_version: String,
    /// All steps that have done something, in order.
    pub steps: Vec<ReportStep>,
    /// The sum of the steps.
    pub total: Stats,
    /// Time from start to end of each step, summed.
    pub total_took_ms: u64,
    /// What happened in the cutovers, and when.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cutover: Vec<Moment>,
    /// Sizes of both databases.
    pub sizes: Sizes,
    /// Whether others worked on green meanwhile: temporary storage is counted for the database, WAL for the server.
    pub includes_others: bool,
    /// What else should be read.
    pub notes: Vec<String>,
}

/// A step in figures.
#[derive(Clone, Debug, Serialize)]
pub struct ReportStep {
    /// Its id.
    pub id: String,
    /// What it does.
    pub title: String,
    /// Where it writes; `None` if nowhere.
    pub side: Option<Side>,
    /// Its figures.
    pub stats: Stats,
    /// How long it took, over all runs.
    pub took_ms: u64,
}

/// A moment of a cutover.
#[derive(Clone, Debug, Serialize)]
pub struct Moment {
    /// When, in UTC.
    pub at: String,
    /// How long after blue's writes were about to be stopped, in milliseconds; `None` before that.
    pub after_ms: Option<u64>,
    /// The step.
    pub step: String,
    /// What happened.
    pub what: String,
}

/// Sizes of the databases; `None` if one was not read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Sizes {
    /// Blue before the run.
    pub blue_before: Option<u64>,
    /// Blue now.
    pub blue_after: Option<u64>,
    /// Green before the run.
    pub green_before: Option<u64>,
    /// Green now.
    pub green_after: Option<u64>,
}

impl ReportView {
    /// Sums the steps into `total` and `total_took_ms`.
    #[must_use]
    pub fn summed(mut self) -> Self {
        let mut total = Stats::default();
        for step in &self.steps {
            total += &step.stats;
        }
        self.total = total;
        self.total_took_ms = self.steps.iter().map(|step| step.took_ms).sum();
        self
    }

    /// The report as Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).unwrap_or_default();
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        let until = if self.finished.is_empty() {
            "not at its end".to_owned()
        } else {
            clean(&self.finished)
        };
        writeln!(out, "# Migration report: {}\n", plain(&self.plan))?;
        writeln!(out, "| | |\n|---|---|")?;
        writeln!(out, "| Plan | {} |", plain(&self.plan))?;
        writeln!(out, "| From | {} |", clean(&self.started))?;
        writeln!(out, "| To | {until} |")?;
        writeln!(out, "| Blue | PostgreSQL {} |", plain(&self.blue_version))?;
        writeln!(out, "| Green | PostgreSQL {} |", plain(&self.green_version))?;
        writeln!(out, "| greenlight | {} |", plain(&self.version))?;

        writeln!(out, "\n## In all\n")?;
        writeln!(out, "| | |\n|---|--:|")?;
        let total = &self.total;
        for (name, value) in [
            ("Rows inserted", count(total.rows_inserted)),
            ("Rows updated", count(total.rows_updated)),
            ("Rows deleted", count(total.rows_deleted)),
            ("Rows compared", count(total.rows_compared)),
            ("Rows among the rejects", count(total.rows_rejected)),
            ("Batches", count(total.batches)),
            ("Commits", count(total.commits)),
            ("Temporary storage", bytes(total.temp_bytes)),
            ("Temporary files", count(total.temp_files)),
            ("WAL", bytes(total.wal_bytes)),
            ("Time", millis(self.total_took_ms)),
            ("… working", millis(total.working_ms)),
            ("… throttled", millis(total.throttled_ms)),
            ("… waiting", millis(total.waiting_ms)),
        ] {
            writeln!(out, "| {name} | {value} |")?;
        }
        if self.includes_others {
            writeln!(
                out,
                "\nTemporary storage is counted for the whole database, and WAL for the whole server: the work of others in that time is in them."
            )?;
        }

        if !self.cutover.is_empty() {
            writeln!(out, "\n## Cutover\n")?;
            writeln!(out, "| at | after | step | |\n|---|--:|---|---|")?;
            for moment in &self.cutover {
                let after = moment
                    .after_ms
                    .map_or_else(String::new, |ms| format!("{ms} ms"));
                writeln!(
                    out,
                    "| {} | {after} | {} | {} |",
                    clean(&moment.at),
                    plain(&moment.step),
                    plain(&moment.what)
                )?;
            }
        }
        writeln!(out, "\n## Sizes\n")?;
        writeln!(out, "| | before | after |\n|---|--:|--:|")?;
        let sizes = &self.sizes;
        for (name, before, after) in [
            ("Blue", sizes.blue_before, sizes.blue_after),
            ("Green", sizes.green_before, sizes.green_after),
        ] {
            let (before, after) = (maybe(before, bytes), maybe(after, bytes));
            writeln!(out, "| {name} | {before} | {after} |")?;
        }
        self.write_steps(out)?;
        if !self.notes.is_empty() {
            writeln!(out, "\n## Notes\n")?;
            for note in &self.notes {
                writeln!(out, "- {}", clean(note).replace('\n', "\n  "))?;
            }
        }
        Ok(())
    }

    fn write_steps(&self, out: &mut String) -> std::fmt::Result {
        if self.steps.is_empty() {
            return Ok(());
        }
        writeln!(out, "\n## Steps\n")?;
        type Figure = (&'static str, fn(&ReportStep) -> u64, fn(u64) -> String);
        let figures: [Figure; 12] = [
            ("inserted", |step| step.stats.rows_inserted, count),
            ("updated", |step| step.stats.rows_updated, count),
            ("deleted", |step| step.stats.rows_deleted, count),
            ("compared", |step| step.stats.rows_compared, count),
            ("rejected", |step| step.stats.rows_rejected, count),
            ("batches", |step| step.stats.batches, count),
            ("commits", |step| step.stats.commits, count),
            ("temporary", |step| step.stats.temp_bytes, bytes),
            ("WAL", |step| step.stats.wal_bytes, bytes),
            ("time", |step| step.took_ms, millis),
            ("throttled", |step| step.stats.throttled_ms, millis),
            ("waiting", |step| step.stats.waiting_ms, millis),
        ];
        // A column in which no step has anything is left out, as is a zero.
        let shown: Vec<&Figure> = (figures.iter())
            .filter(|(_, of, _)| self.steps.iter().any(|step| of(step) > 0))
            .collect();
        let mut head = vec!["step".to_owned(), "on".to_owned()];
        head.extend(shown.iter().map(|(name, ..)| (*name).to_owned()));
        writeln!(out, "| {} |", head.join(" | "))?;
        writeln!(out, "|---|---|{}", "--:|".repeat(shown.len()))?;
        for step in &self.steps {
            let side = step.side.map_or_else(String::new, |side| side.to_string());
            let mut cells = vec![plain(&step.id), side];
            cells.extend(shown.iter().map(|(_, of, show)| match of(step) {
                0 => String::new(),
                value => show(value),
            }));
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
        writeln!(out)?;
        for step in &self.steps {
            writeln!(out, "- {}: {}", plain(&step.id), plain(&step.title))?;
        }
        Ok(())
    }
}

impl View for ReportView {
    /// Markdown, whatever the paper: it is made to be put into a file or a pull request.
    fn human(&self, _paper: &Paper) -> String {
        self.markdown().trim_end().to_owned()
    }
}

/// Text inside a Markdown table: in one line, and nothing in it is markup but code between backticks.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let text = clean(text);
    let paired = text.matches('`').count().is_multiple_of(2);
    let mut code = false;
    for letter in text.chars() {
        match letter {
            '\n' => out.push(' '),
            '`' if code || paired => {
                code = !code;
                out.push('`');
            }
            // In code only the table's own sign has to be escaped.
            other if code && other != '|' => out.push(other),
            '|' | '\\' | '`' | '*' | '<' | '>' | '[' | ']' => {
                out.push('\\');
                out.push(letter);
            }
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(id: &str, stats: Stats) -> ReportStep {
        ReportStep {
            id: id.to_owned(),
            title: format!("do `{id}` | again"),
            side: Some(Side::Green),
            stats,
            took_ms: 72_000,
        }
    }

    fn sample() -> ReportView {
        let seed = Stats {
            rows_inserted: 114_700_000,
            batches: 11_000,
            commits: 11_002,
            wal_bytes: 36_000_000_000,
            working_ms: 70_000,
            throttled_ms: 2_000,
            ..Stats::default()
        };
        let patch = Stats {
            rows_updated: 132_500_000,
            batches: 11_000,
            commits: 11_001,
            temp_bytes: 147_000_000_000,
            temp_files: 412,
            waiting_ms: 40,
            ..Stats::default()
        };
        ReportView {
            plan: "hydra".to_owned(),
            started: "2026-07-01 02:00:04 UTC".to_owned(),
            finished: "2026-07-01 05:02:10 UTC".to_owned(),
            version: "0.1.0".to_owned(),
            blue_version: "15.4".to_owned(),
            green_version: "17.2".to_owned(),
            steps: vec![step("seed", seed), step("patch", patch)],
            total: Stats::default(),
            total_took_ms: 0,
            cutover: Vec::new(),
            sizes: Sizes {
                blue_before: Some(412_000_000_000),
                blue_after: Some(412_100_000_000),
                green_before: Some(8_000_000),
                green_after: None,
            },
            includes_others: true,
            notes: vec!["3 rows are among the rejects".to_owned()],
        }
        .summed()
    }

    #[test]
    fn markdown() {
        insta::assert_snapshot!(sample().human(&Paper::plain(80)), @r#"
# Migration report: hydra

| | |
|---|---|
| Plan | hydra |
| From | 2026-07-01 02:00:04 UTC |
| To | 2026-07-01 05:02:10 UTC |
| Blue | PostgreSQL 15.4 |
| Green | PostgreSQL 17.2 |
| greenlight | 0.1.0 |

## In all

| | |
|---|--:|
| Rows inserted | 114,700,000 |
| Rows updated | 132,500,000 |
| Rows deleted | 0 |
| Rows compared | 0 |
| Rows among the rejects | 0 |
| Batches | 22,000 |
| Commits | 22,003 |
| Temporary storage | 137 GB |
| Temporary files | 412 |
| WAL | 34 GB |
| Time | 2 min 24 s |
| … working | 1 min 10 s |
| … throttled | 2.0 s |
| … waiting | 40 ms |

Temporary storage is counted for the whole database, and WAL for the whole server: the work of others in that time is in them.

## Sizes

| | before | after |
|---|--:|--:|
| Blue | 384 GB | 384 GB |
| Green | 7.6 MB | ? |

## Steps

| step | on | inserted | updated | batches | commits | temporary | WAL | time | throttled | waiting |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|
| seed | green | 114,700,000 |  | 11,000 | 11,002 |  | 34 GB | 1 min 12 s | 2.0 s |  |
| patch | green |  | 132,500,000 | 11,000 | 11,001 | 137 GB |  | 1 min 12 s |  | 40 ms |

- seed: do `seed` \| again
- patch: do `patch` \| again

## Notes

- 3 rows are among the rejects
"#);
    }

    #[test]
    fn json() {
        let json = serde_json::to_value(sample()).unwrap();
        assert_eq!(json["total"]["commits"], 22_003);
        assert_eq!(json["total_took_ms"], 144_000);
        insta::assert_snapshot!(serde_json::to_string(&json["steps"][1]).unwrap(), @r#"{"id":"patch","title":"do `patch` | again","side":"green","stats":{"rows_inserted":0,"rows_updated":132500000,"rows_deleted":0,"rows_compared":0,"rows_rejected":0,"batches":11000,"commits":11001,"temp_files":412,"temp_bytes":147000000000,"wal_bytes":0,"working_ms":0,"throttled_ms":0,"waiting_ms":40},"took_ms":72000}"#);
    }

    #[test]
    fn names_are_not_markup() {
        assert_eq!(plain("a|b\n<i>*c*"), "a\\|b \\<i\\>\\*c\\*");
        assert_eq!(plain("<`a*|b`>"), "\\<`a*\\|b`\\>");
        assert_eq!(plain("one ` only"), "one \\` only");
    }
}
