//! Sample rows on their side: a line for each column, the records beside each other.

use super::super::Tone;
use super::super::paper::{Paper, clean};
use super::super::plan_view::Sample;
use super::super::table::{Cell, Column, Table};

/// What a record gets where the paper has no end.
const WIDE: usize = 40;
/// A record is not drawn narrower: fewer are drawn beside each other then.
const NARROW: usize = 20;
/// How many are drawn beside each other at most.
const BESIDE: usize = 3;

pub(super) fn section(sample: &Sample, paper: &Paper) -> String {
    if sample.rows.is_empty() {
        return "no rows".to_owned();
    }
    let names = sample
        .columns
        .iter()
        .map(|name| console::measure_text_width(name))
        .max()
        .unwrap_or(0);
    let room = if paper.endless {
        usize::MAX
    } else {
        paper.width.saturating_sub(names)
    };
    let beside = (room / (NARROW + 2)).clamp(1, BESIDE);
    let width = (room / beside.min(sample.rows.len()))
        .saturating_sub(2)
        .clamp(8, WIDE);
    let mut blocks = Vec::new();
    for (block, rows) in sample.rows.chunks(beside).enumerate() {
        let mut columns = vec![Column::name("column")];
        columns.extend(
            (0..rows.len())
                .map(|place| Column::owned(&format!("row {}", block * beside + place + 1))),
        );
        let mut table = Table::new(columns);
        for (place, name) in sample.columns.iter().enumerate() {
            let mut cells = vec![Cell::from(name)];
            cells.extend(
                rows.iter()
                    .map(|row| cell(row.get(place).map_or("", String::as_str), width)),
            );
            table.row(cells);
        }
        blocks.push(table.render(paper));
    }
    if !sample.unknown.is_empty() {
        let names: Vec<String> = sample
            .unknown
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        blocks.push(format!(
            "NULL stands for {}, which is read from green when the 2.X schema has been made",
            clean(&names.join(", "))
        ));
    }
    blocks.join("\n\n")
}

fn cell(value: &str, width: usize) -> Cell {
    let flat = clean(value).replace('\n', " ");
    let tone = if value == "NULL" {
        Tone::Dim
    } else {
        Tone::Plain
    };
    Cell::new(console::truncate_str(&flat, width, "…"), tone)
}
