//! Every column that 2.X adds to a carried table and forbids to be NULL has a value.

use super::{Context, Findings};
use crate::error::{Code, Error};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for (from, to) in context.carried() {
        let given = context.values_for(&to.name);
        let added = to.writable().filter(|column| {
            from.column(&column.name).is_none() && !given.contains_key(column.name.as_str())
        });
        for column in added {
            match &column.default {
                None if column.not_null && column.identity.is_none() => {
                    let condition = format!(
                        "2.X adds `{}.{}`, which has no value for the rows of blue",
                        to.name, column.name
                    );
                    let fix = format!(
                        "Add `{} = …` to `[carry] add`, compute it under `[patch.{}]`, or make the table a transform.",
                        column.name, to.name
                    );
                    let mut error = Error::new(Code::PlanNoValue, condition).fix(fix);
                    if !context.spec().carry.add.is_empty() {
                        error =
                            error.at(context.loaded.key_place(&["carry", "add"], "no value here"));
                    }
                    findings.error(error);
                }
                Some(default) if super::volatile::is_volatile(default) => {
                    let text = format!(
                        "2.X adds `{}.{}` with the default `{default}`: the rows of blue get the value of the moment",
                        to.name, column.name
                    );
                    findings.warn(text, None);
                }
                _ => {}
            }
        }
    }
}
