//! Guarded deletes: the tables are there and have a key by which a row is found again, and what follows an alarm has an alarm.

use super::{Context, Findings, tables};
use crate::error::{Code, Error};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    let Some(spec) = &context.spec().deletes else {
        return;
    };
    let wrong = |path: &[&str], text: String, label: &str, fix: &str| {
        Error::new(Code::PlanDeletes, text)
            .at(context.place(path, label))
            .fix(fix)
    };
    if spec.per_minute.is_none() && spec.limits.is_empty() && (spec.hook.is_some() || spec.block) {
        let what = if spec.block { "block" } else { "hook" };
        findings.error(wrong(
            &["deletes", what],
            format!("`deletes.{what}` follows an alarm, and nothing raises one"),
            "never comes about",
            "Give `deletes.per_minute` or `deletes.limits`.",
        ));
    }
    if let Some(hook) = &spec.hook
        && hook.command.is_empty()
    {
        findings.error(wrong(
            &["deletes", "hook"],
            "`deletes.hook` names no program".to_owned(),
            "needs `command`",
            "Write `hook = { command = [\"./page.sh\"] }`: the alarm's text is its last argument.",
        ));
    }
    let Some(expect) = context.expect else {
        return;
    };
    let keep = spec.keep.as_ref().map(|words| words.0.as_slice());
    for table in keep.unwrap_or_default() {
        let place = |label: String| context.place(&["deletes", "keep"], label);
        let unknown = tables::unknown(
            "`deletes.keep` names",
            table,
            "the 2.X schema",
            expect,
            place,
        );
        let known = unknown.is_none();
        findings.errors.extend(unknown);
        let keyless = expect
            .tables
            .get(table)
            .is_some_and(|found| found.row_key().is_empty());
        if known && keyless {
            findings.error(wrong(
                &["deletes", "keep"],
                format!("`{table}` has no key: whether a row is there again cannot be told"),
                "a table without a key",
                "Leave it out, or give it a primary key in 2.X.",
            ));
        }
    }
    for table in spec.limits.keys() {
        let path = ["deletes", "limits", table];
        let place = |label: String| context.loaded.key_place(&path, label);
        let unknown = tables::unknown(
            "`deletes.limits` names",
            table,
            "the 2.X schema",
            expect,
            place,
        );
        let left_out = unknown.is_none() && keep.is_some_and(|keep| !keep.contains(table));
        findings.errors.extend(unknown);
        if left_out {
            findings.error(wrong(
                &path,
                format!("`{table}` has a limit, and its rows are not kept"),
                "not under `deletes.keep`",
                "Add it to `deletes.keep`, or leave the limit out.",
            ));
        }
    }
}
