//! Locks of the steps, grouped: a table that is held in a stronger mode by the same step is not named twice.

use super::super::numbers::plural;
use super::super::paper::{Paper, clean, hanging, indent};
use super::super::plan_view::{LockRow, PlanView};
use crate::model::Side;

/// Tables that one step locks in one mode for one length of time.
struct Group<'a> {
    step: &'a str,
    like: &'a LockRow,
    tables: Vec<&'a str>,
}

pub(super) fn section(view: &PlanView, paper: &Paper) -> String {
    let groups = groups(view);
    if groups.is_empty() {
        return String::new();
    }
    let mut blocks = Vec::new();
    let before = |group: &Group<'_>| {
        view.steps
            .iter()
            .take_while(|step| !step.no_return)
            .any(|step| step.id == group.step)
    };
    if groups
        .iter()
        .any(|group| group.like.side == Side::Green && before(group))
    {
        let text = "Green serves nobody before own, so until then only sessions of your own can wait for its locks.";
        blocks.push(hanging("", text, paper));
    }
    let longest = groups
        .iter()
        .map(|group| group.step.len())
        .max()
        .unwrap_or(0);
    for group in &groups {
        let count = u64::try_from(group.tables.len()).unwrap_or(u64::MAX);
        let head = format!("{:longest$}  ", clean(group.step));
        let line = clean(&format!(
            "{} on {}: {}, {}",
            group.like.mode,
            group.like.side,
            plural(count, "table", "tables"),
            group.like.how_long
        ));
        blocks.push(hanging(&head, &line, paper));
        let tables = hanging(
            "",
            &clean(&group.tables.join(", ")),
            &paper.inner(longest + 4),
        );
        blocks.push(indent(&tables, longest + 4));
    }
    blocks.join("\n")
}

fn groups(view: &PlanView) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for step in &view.steps {
        let stronger = |lock: &LockRow| {
            step.locks.iter().any(|other| {
                (&other.what, other.side, &other.how_long)
                    == (&lock.what, lock.side, &lock.how_long)
                    && strength(&other.mode) > strength(&lock.mode)
            })
        };
        for lock in step.locks.iter().filter(|lock| !stronger(lock)) {
            let same = groups.iter_mut().find(|group| {
                let like = group.like;
                group.step == step.id
                    && (like.side, &like.mode, &like.how_long)
                        == (lock.side, &lock.mode, &lock.how_long)
            });
            match same {
                Some(group) if group.tables.contains(&lock.what.as_str()) => {}
                Some(group) => group.tables.push(&lock.what),
                None => groups.push(Group {
                    step: &step.id,
                    like: lock,
                    tables: vec![&lock.what],
                }),
            }
        }
    }
    groups
}

/// PostgreSQL's order of table locks; zero if the mode is none of them.
fn strength(mode: &str) -> usize {
    const MODES: [&str; 8] = [
        "ACCESS SHARE",
        "ROW SHARE",
        "ROW EXCLUSIVE",
        "SHARE UPDATE EXCLUSIVE",
        "SHARE",
        "SHARE ROW EXCLUSIVE",
        "EXCLUSIVE",
        "ACCESS EXCLUSIVE",
    ];
    MODES
        .iter()
        .position(|known| *known == mode)
        .map_or(0, |place| place + 1)
}
