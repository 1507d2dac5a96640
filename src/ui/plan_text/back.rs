//! The way back as text.

use super::super::numbers::{count, maybe, plural};
use super::super::paper::{Paper, Tone, hanging};
use super::super::plan_view::{BackPlanned, PlanView};
use super::super::table::{Cell, Column, Table};
use crate::model::back::Way;

pub(super) fn section(view: &PlanView, paper: &Paper) -> String {
    let Some(back) = &view.back else {
        let text = "None: the plan has no `[back]`. Once green has taken a write, nothing brings it to blue.";
        return hanging("", text, paper);
    };
    let mut blocks = vec![tables(back, paper), losses(back, paper)];
    blocks.retain(|block| !block.is_empty());
    let mut words = format!(
        "For {} after own, `greenlight observe` brings to blue what green takes: a rollback needs that.",
        back.window
    );
    if back.tables.iter().any(|row| row.way == Way::None) {
        words.push_str(" Tables with `none` stay behind.");
    }
    if !back.losses.is_empty() {
        words.push_str(" What 1.X cannot hold stays on green: a rollback loses it.");
    }
    if !back.stays.is_empty() {
        let tables = u64::try_from(back.stays.len()).unwrap_or(u64::MAX);
        words.push_str(&format!(
            " What green writes into {} stays there: {}.",
            plural(tables, "table of 2.X", "tables of 2.X"),
            back.stays.join(", ")
        ));
    }
    blocks.push(hanging("", &words, paper));
    blocks.join("\n")
}

fn tables(back: &BackPlanned, paper: &Paper) -> String {
    let mut table = Table::new([
        Column::name("table"),
        Column::name("way back"),
        Column::text("from"),
        Column::text("note"),
    ]);
    for row in &back.tables {
        let tone = match row.way {
            Way::Derived | Way::Lossless => Tone::Plain,
            Way::Bounded => Tone::Strong,
            Way::None => Tone::Caution,
        };
        table.row([
            Cell::from(&row.table),
            Cell::new(row.way.word(), tone),
            Cell::from(row.from.join(", ")),
            Cell::from(&row.note),
        ]);
    }
    table.render(paper)
}

fn losses(back: &BackPlanned, paper: &Paper) -> String {
    if back.losses.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        Column::name("loss"),
        Column::number("rows now"),
        Column::text("effect"),
    ]);
    for row in &back.losses {
        let effect = match &row.error {
            Some(error) => format!("{} (not counted: {error})", row.effect),
            None => row.effect.clone(),
        };
        table.row([
            Cell::from(&row.name),
            maybe(row.rows, count).into(),
            Cell::from(effect),
        ]);
    }
    table.render(paper)
}
