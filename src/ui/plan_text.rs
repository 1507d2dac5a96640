//! The plan as text for a person.

mod back;
mod deletes;
mod locks;
mod samples;

use super::View;
use super::numbers::{bytes, count, maybe, plural};
use super::paper::{Paper, Tone, clean, hanging, indent};
use super::plan_view::{CheckRow, Class, PlanView, SideView, StepRow, TableRow};
use super::table::{Cell, Column, Table};
use super::tokens_view::{lives_table, settings_table};
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
        let inner = &paper.inner(2);
        section("Tables", self.tables(inner));
        section(&self.steps_title(), self.steps(inner));
        section("Undo", self.undo(inner));
        section("Locks that others can notice", locks::section(self, inner));
        section("Lives of tokens", self.lives(inner));
        section("Way back", back::section(self, inner));
        section("Guarded deletes", deletes::section(self, inner));
        section("Data checks", self.checks(inner));
        for sample in &self.samples {
            let title = format!("Sample of {} (masked)", clean(&sample.transform));
            section(&title, samples::section(sample, inner));
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
        let warnings: Vec<String> = (self.warnings.iter())
            .map(|warning| warning.human(self.verbose, paper))
            .collect();
        let refusals: Vec<String> = (self.refusals.iter())
            .map(|text| format!("{} {}", paper.tone(Tone::Bad, "refused:"), clean(text)))
            .collect();
        let lists = [warnings.join("\n"), refusals.join("\n\n")];
        parts.extend(lists.into_iter().filter(|part| !part.is_empty()));
        parts.push(self.closing(paper));
        parts.join("\n\n")
    }
}

impl PlanView {
    /// What `tokens extend` would do on blue.
    fn lives(&self, paper: &Paper) -> String {
        let Some(tokens) = &self.tokens else {
            return String::new();
        };
        let mut blocks = vec![
            settings_table(&tokens.settings, paper),
            lives_table(&tokens.lives, paper),
        ];
        blocks.retain(|block| !block.is_empty());
        blocks.push(hanging(
            "",
            &format!(
                "`greenlight tokens extend` makes them longer, by {} at most; {}",
                tokens.horizon, tokens.undo
            ),
            paper,
        ));
        blocks.join("\n")
    }

    fn head(&self, paper: &Paper) -> String {
        let seed = match self.seed {
            Seed::Copy if self.steps.iter().any(|step| step.id == "link") => {
                "greenlight copies blue, logical replication follows it"
            }
            Seed::Copy => "greenlight copies blue",
            Seed::Tablesync => "logical replication copies blue and follows it",
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
            let on_blue = |text: String| match row.class {
                Class::New => Cell::default(),
                Class::Carry | Class::Patch | Class::Transform | Class::Drop => Cell::from(text),
            };
            table.row([
                Cell::from(&row.table),
                Cell::new(row.class.word(), tone),
                Cell::from(&row.way),
                on_blue(maybe(row.rows, count)),
                on_blue(maybe(row.bytes, bytes)),
                if dropped || row.class == Class::New {
                    String::new().into()
                } else {
                    maybe(row.batches, count).into()
                },
                noted(row).into(),
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
        ]);
        let one_side = self.one_side().is_some();
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
                (step.side.filter(|_| !one_side))
                    .map_or_else(String::new, |side| side.to_string())
                    .into(),
                title.into(),
                zero_is_blank(step.rows, count).into(),
                zero_is_blank(step.wal_bytes, bytes).into(),
                zero_is_blank(step.temp_bytes, bytes).into(),
            ]);
        }
        table.render(paper)
    }

    /// The side on which all steps are, if it is one.
    fn one_side(&self) -> Option<crate::model::Side> {
        let first = self.steps.first()?.side?;
        let all = self.steps.iter().all(|step| step.side == Some(first));
        all.then_some(first)
    }

    fn steps_title(&self) -> String {
        match self.one_side() {
            Some(side) => format!("Steps, all on {side}"),
            None => "Steps".to_owned(),
        }
    }

    /// How steps are undone, once for all that are undone in the same way.
    fn undo(&self, paper: &Paper) -> String {
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            match groups.last_mut() {
                Some((from, to)) if self.steps[*from].undo == step.undo => *to = index,
                _ => groups.push((index, index)),
            }
        }
        let lines = groups
            .into_iter()
            .filter(|(from, _)| !self.steps[*from].undo.is_empty());
        let head = |from: usize, to: usize| match from == to {
            true => format!("{} {}", from + 1, clean(&self.steps[from].id)),
            false => format!("{}–{}", from + 1, to + 1),
        };
        let lines: Vec<(String, &str)> = lines
            .map(|(from, to)| (head(from, to), self.steps[from].undo.as_str()))
            .collect();
        let longest = lines.iter().map(|(head, _)| head.chars().count()).max();
        let longest = longest.unwrap_or(0);
        let lines = lines
            .iter()
            .map(|(head, undo)| hanging(&format!("{head:longest$}  "), &clean(undo), paper));
        lines.collect::<Vec<_>>().join("\n")
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
        let unknown = |step: &&StepRow| step.rows.is_none() && step.wal_bytes.is_none();
        let unknown: Vec<&str> = (self.steps.iter().filter(unknown))
            .map(|step| step.id.as_str())
            .collect();
        if !lines.is_empty() && !unknown.is_empty() {
            lines.push(format!(
                "not known before       {}",
                clean(&unknown.join(", "))
            ));
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

/// Where its rows go, and the note.
fn noted(row: &TableRow) -> String {
    let into = match row.into.is_empty() {
        true => String::new(),
        false => format!("into {}", row.into.join(", ")),
    };
    let parts = [into, row.note.clone()];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
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
            Cell::from(&self.address),
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
