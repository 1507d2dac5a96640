//! Guarded deletes as text.

use super::super::numbers::count;
use super::super::paper::{Paper, hanging};
use super::super::plan_view::PlanView;

pub(super) fn section(view: &PlanView, paper: &Paper) -> String {
    let Some(deletes) = &view.deletes else {
        return String::new();
    };
    let updates = deletes.updates.map_or_else(String::new, |rows| {
        format!(", or change {} of them at once", count(rows))
    });
    let mut limits: Vec<String> = deletes
        .per_minute
        .iter()
        .map(|limit| format!("{} over all tables", count(*limit)))
        .collect();
    let tables = deletes.limits.iter();
    limits.extend(tables.map(|(table, limit)| format!("{} of {table}", count(*limit))));
    let alarm = if limits.is_empty() {
        " Nothing raises an alarm: the plan names no limit.".to_owned()
    } else {
        let block = if deletes.block {
            " and keeps the role from deleting more"
        } else {
            ""
        };
        let hook = if deletes.hook { ", runs the hook" } else { "" };
        format!(
            " More than {} a minute raise an alarm in `greenlight observe`{hook}{block}.",
            limits.join(" or ")
        )
    };
    let words = format!(
        "For {} after own, rows of these tables are kept when statements on green delete or truncate them{updates}; `greenlight restore` puts them back: {}.{alarm}",
        deletes.window,
        deletes.tables.join(", ")
    );
    hanging("", &words, paper)
}
