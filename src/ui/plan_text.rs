//! The plan as text for a person.

use super::View;
use super::numbers::{bytes, count, maybe, plural};
use super::paper::{Paper, Tone, clean, indent};
use super::plan_view::{CheckRow, Class, PlanView, SideView, StepRow};
use super::table::{Cell, Column, Table};
use crate::model::migration::{OnFound, Seed};

impl View for PlanView {
    fn human(&self, paper: &Paper) -> String {
        let mut parts = vec![self.head(paper)];
        let mut section = |title: &str, body: String| {
            if !body.is_empty() {
                parts.push(format!("{}\n{}", paper.strong(title), indent(&body, 2)));
            }
        };
        // What is drawn is moved in by two columns afterwards.
        let inner = &Paper {
            width: paper.width.saturating_sub(2),
            colour: paper.colour,
        };
        section("Tables", self.tables(inner));
        section("Steps", self.steps(inner));
        section("Locks that others can notice", self.locks(inner));
        section("Data checks", self.checks(inner));
        for sample in &self.samples {
            section(&format!("Sample of {}", clean(&sample.transform)), {
                let columns = sample.columns.iter().map(|name| Column::owned(name));
                let mut table = Table::new(columns.collect::<Vec<_>>());
                for row in &sample.rows {
                    table.row(row.iter().map(Cell::from));
                }
                table.render(inner)
            });
        }
        if self.explain {
            for step in &self.steps {
                section(&format!("Step {}", clean(&step.id)), step_sql(step));
            }
            for explain in &self.explains {
                let how = if explain.nested_loops {
                    "joined tables are looked up by index"
                } else {
                    "a joined table is read whole for each batch"
                };
                let temp = match explain.temp_bytes {
                    Some(0) => "no temporary storage".to_owned(),
                    Some(size) => format!("about {} of temporary storage", bytes(size)),
                    None => "temporary storage unknown".to_owned(),
                };
                section(
                    &format!("Server's plan for a batch of {}", clean(&explain.transform)),
                    format!("{how}; {temp}\n{}", clean(&explain.plan_text)),
                );
            }
        }
        section("Forecast (estimates)", self.forecast());
        let words = |tone, head: &str, texts: &[String]| {
            let head = paper.tone(tone, head);
            let lines = texts.iter().map(|text| format!("{head} {}", clean(text)));
            lines.collect::<Vec<_>>().join("\n")
        };
        let warnings = words(Tone::Caution, "warning:", &self.warnings);
        let refusals = words(Tone::Bad, "refused:", &self.refusals);
        parts.extend([warnings, refusals].into_iter().filter(|p| !p.is_empty()));
        parts.push(self.closing(paper));
        parts.join("\n\n")
    }
}

impl PlanView {
    fn head(&self, paper: &Paper) -> String {
        let seed = match self.seed {
            Seed::Copy => "greenlight copies blue",
            Seed::Restored => "green is a restored copy of blue",
        };
        let mut table = Table::bare([
            Column::name("side"),
            Column::text("address"),
            Column::text("version"),
            Column::number("size"),
        ]);
        for (name, side) in [("blue", &self.blue), ("green", &self.green)] {
            table.row(side.cells(name));
        }
        format!(
            "{} {}\n{}",
            paper.strong(&format!("Plan {}:", clean(&self.plan))),
            seed,
            indent(&table.render(paper), 2)
        )
    }

    fn tables(&self, paper: &Paper) -> String {
        let mut table = Table::new([
            Column::name("table"),
            Column::name("class"),
            Column::text("into"),
            Column::name("way"),
            Column::number("rows"),
            Column::number("size"),
            Column::number("batches"),
            Column::text("note"),
        ]);
        for row in &self.tables {
            let tone = match row.class {
                Class::Carry | Class::New => Tone::Plain,
                Class::Patch | Class::Transform => Tone::Strong,
                Class::Drop => Tone::Caution,
            };
            let dropped = row.class == Class::Drop;
            table.row([
                Cell::from(&row.table),
                Cell::new(row.class.word(), tone),
                row.into.join(", ").into(),
                Cell::from(&row.way),
                maybe(row.rows, count).into(),
                maybe(row.bytes, bytes).into(),
                if dropped || row.class == Class::New {
                    String::new().into()
                } else {
                    maybe(row.batches, count).into()
                },
                Cell::from(&row.note),
            ]);
        }
        table.render(paper)
    }

    fn steps(&self, paper: &Paper) -> String {
        let mut table = Table::new([
            Column::number("#"),
            Column::name("step"),
            Column::name("on"),
            Column::text("what it does"),
            Column::number("rows"),
            Column::number("WAL"),
            Column::number("temporary"),
            Column::text("undo"),
        ]);
        for (index, step) in self.steps.iter().enumerate() {
            let zero_is_blank = |number: Option<u64>, show: fn(u64) -> String| match number {
                Some(0) => String::new(),
                other => maybe(other, show),
            };
            let tone = if step.no_return {
                Tone::Bad
            } else {
                Tone::Plain
            };
            let title = if step.no_return {
                format!("{} (point of no return)", step.title)
            } else {
                step.title.clone()
            };
            table.row([
                Cell::from((index + 1).to_string()),
                Cell::new(&step.id, tone),
                step.side
                    .map_or_else(String::new, |side| side.to_string())
                    .into(),
                title.into(),
                zero_is_blank(step.rows, count).into(),
                zero_is_blank(step.wal_bytes, bytes).into(),
                zero_is_blank(step.temp_bytes, bytes).into(),
                Cell::from(&step.undo),
            ]);
        }
        table.render(paper)
    }

    fn locks(&self, paper: &Paper) -> String {
        let mut table = Table::new([
            Column::name("step"),
            Column::name("on"),
            Column::text("what"),
            Column::text("mode"),
            Column::text("how long"),
        ]);
        for step in &self.steps {
            for lock in &step.locks {
                table.row([
                    Cell::from(&step.id),
                    lock.side.to_string().into(),
                    Cell::from(&lock.what),
                    Cell::from(&lock.mode),
                    Cell::from(&lock.how_long),
                ]);
            }
        }
        table.render(paper)
    }

    fn checks(&self, paper: &Paper) -> String {
        let mut table = Table::new([
            Column::name("check"),
            Column::number("found"),
            Column::name("means"),
            Column::text("effect on those rows"),
        ]);
        for check in &self.checks {
            let (word, tone) = verdict(check);
            table.row([
                Cell::from(&check.name),
                maybe(check.found, count).into(),
                Cell::new(word, tone),
                match &check.error {
                    Some(error) => error.into(),
                    None if check.found == Some(0) => String::new().into(),
                    None => Cell::from(&check.effect),
                },
            ]);
        }
        let mut lines = vec![table.render(paper)];
        for check in &self.checks {
            if check.found.is_none_or(|rows| rows > 0) && !check.query.is_empty() {
                lines.push(format!(
                    "\n-- {}\n{}",
                    clean(&check.name),
                    clean(check.query.trim_end())
                ));
            }
        }
        lines.join("\n").trim_end().to_owned()
    }

    fn forecast(&self) -> String {
        let totals = &self.totals;
        let mut lines = Vec::new();
        if let Some(rows) = totals.rows {
            lines.push(format!("rows written on green  {}", count(rows)));
        }
        if let Some(size) = totals.green_bytes {
            let limit = totals
                .green_limit_bytes
                .map_or_else(String::new, |limit| format!(" (limit {})", bytes(limit)));
            lines.push(format!("green at the end       {}{limit}", bytes(size)));
        }
        if let Some(size) = totals.wal_bytes {
            lines.push(format!("WAL on green           {}", bytes(size)));
        }
        if let Some(size) = totals.temp_bytes {
            lines.push(format!("temporary storage      {}", bytes(size)));
        }
        lines.join("\n")
    }

    fn closing(&self, paper: &Paper) -> String {
        let classes: Vec<String> = Class::ALL
            .iter()
            .filter_map(|class| {
                let number = self.tables.iter().filter(|row| row.class == *class).count();
                (number > 0).then(|| format!("{number} {}", class.counted()))
            })
            .collect();
        let mut parts = vec![
            format!(
                "{} ({})",
                plural(number(self.tables.len()), "table", "tables"),
                classes.join(", ")
            ),
            plural(number(self.steps.len()), "step", "steps"),
            format!(
                "{} found rows",
                plural(number(self.checks_with_rows()), "check", "checks")
            ),
        ];
        if self.checks_unknown() > 0 {
            let unknown = plural(number(self.checks_unknown()), "check", "checks");
            parts.push(format!("{unknown} could not be run"));
        }
        parts.push(plural(
            number(self.points_of_no_return()),
            "point of no return",
            "points of no return",
        ));
        let line = format!("Plan: {}. Nothing was written.", parts.join(", "));
        let path = clean(&self.path);
        let next = if self.refusals.is_empty() {
            format!("next: greenlight run {path}")
        } else {
            let reasons = plural(number(self.refusals.len()), "refusal", "refusals");
            format!("next: mend the {reasons} above, then greenlight plan {path}")
        };
        format!("{}\n{next}", paper.strong(&line))
    }
}

impl SideView {
    fn cells(&self, name: &str) -> [Cell; 4] {
        let version = if self.version.is_empty() {
            "?".to_owned()
        } else {
            format!("PostgreSQL {}", self.version)
        };
        [
            Cell::new(name, Tone::Strong),
            format!("{}/{}", self.address, self.database).into(),
            version.into(),
            maybe(self.size_bytes, bytes).into(),
        ]
    }
}

fn verdict(check: &CheckRow) -> (&'static str, Tone) {
    match (check.found, check.on_found) {
        (Some(0), _) => ("fine", Tone::Good),
        (Some(_), OnFound::Warn) => ("warning", Tone::Caution),
        (Some(_), OnFound::Stop) => ("stops the run", Tone::Bad),
        (None, _) => ("cannot tell", Tone::Bad),
    }
}

fn step_sql(step: &StepRow) -> String {
    let mut lines = vec![format!("-- {}", clean(&step.title))];
    lines.extend(step.locks.iter().map(|lock| {
        clean(&format!(
            "-- locks {} on {} in {}: {}",
            lock.what, lock.side, lock.mode, lock.how_long
        ))
    }));
    if !step.undo.is_empty() {
        lines.push(format!("-- undo: {}", clean(&step.undo)));
    }
    lines.extend(step.sql.iter().map(|sql| {
        let sql = clean(sql.trim_end());
        let end = if sql.ends_with(';') { "" } else { ";" };
        format!("{sql}{end}")
    }));
    lines.join("\n")
}

/// A length as the number that it is.
fn number(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
