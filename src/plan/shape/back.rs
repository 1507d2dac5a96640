//! Of the way back: each table says in one way how it goes back, and each loss has a name of its own.

use super::{At, Spans};
use crate::error::{Code, Error, Result};
use crate::plan::spec::Spec;

pub(super) fn check(spec: &Spec, spans: &Spans, at: At<'_>) -> Result<()> {
    let Some(back) = &spec.back else {
        return Ok(());
    };
    let wrong = |path: &[&str], condition: String, label: &str, fix: &str| {
        let error = Error::new(Code::PlanSyntax, condition).at(at(spans.value_of(path), label));
        Err(error.fix(fix.to_owned()))
    };
    for (name, table) in &back.table {
        let select = table.from.is_some() || table.sql.is_some() || !table.reach.is_empty();
        let carried = !table.set.is_empty() || table.keep.is_some();
        let path = ["back", "table", name];
        let half = table.from.is_some() != table.sql.is_some();
        if let Some(reason) = &table.none {
            if select || carried {
                return wrong(
                    &path,
                    format!("`back.table.{name}` says how it goes back and that it does not"),
                    "`none` and something else",
                    "Keep one of the two.",
                );
            }
            if reason.trim().is_empty() {
                return wrong(
                    &["back", "table", name, "none"],
                    format!("`back.table.{name}.none` gives no reason"),
                    "say why its rows may stay behind",
                    "Write one sentence: it is shown before every cutover.",
                );
            }
        } else if !select && !carried || half || !table.reach.is_empty() && table.sql.is_none() {
            return wrong(
                &path,
                format!("`back.table.{name}` does not say how it goes back"),
                "needs `from` and `sql`, or `set`, or `none`",
                "Name the 2.X table that drives it and a file with its SELECT; `set` and `keep` alone are for carried tables.",
            );
        } else if select && !table.set.is_empty() {
            return wrong(
                &["back", "table", name, "set"],
                format!("`back.table.{name}` has a SELECT and `set`"),
                "its SELECT makes the columns",
                "Leave `set` out: it is for carried tables without a SELECT.",
            );
        }
    }
    for (number, loss) in back.loses.iter().enumerate() {
        if back.loses[..number]
            .iter()
            .any(|earlier| earlier.name == loss.name)
        {
            return wrong(
                &["back", "loses", &number.to_string(), "name"],
                format!("two losses are named `{}`", loss.name),
                "the second one of this name",
                "Give it another name.",
            );
        }
    }
    Ok(())
}
