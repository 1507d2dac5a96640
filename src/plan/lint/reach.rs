//! Every table that a transform joins says how a changed row of it finds the driving rows.

use std::collections::BTreeMap;

use super::{Context, Findings};
use crate::error::{Code, Error};
use crate::model::catalog::Catalog;
use crate::plan::load::closest;
use crate::plan::text::{Role, Text};

/// Reads `joined column = driving column and …` into pairs. Names with other characters stand in double quotes.
pub(crate) fn parse(words: &str) -> Result<Vec<(String, String)>, String> {
    let mut rest = words.trim_start();
    let mut pairs = Vec::new();
    loop {
        let (joined, after) = name(rest)?;
        let after = after
            .strip_prefix('=')
            .ok_or_else(|| format!("`=` is missing after `{joined}`"))?;
        let (driving, after) = name(after.trim_start())?;
        pairs.push((joined, driving));
        if after.is_empty() {
            return Ok(pairs);
        }
        let (word, after) = name(after)?;
        if !word.eq_ignore_ascii_case("and") {
            return Err(format!("`and` is missing before `{word}`"));
        }
        rest = after;
    }
}

/// A name at the start of a text, and the rest without the white space after it.
fn name(text: &str) -> Result<(String, &str), String> {
    if let Some(quoted) = text.strip_prefix('"') {
        let mut found = String::new();
        let mut characters = quoted.char_indices();
        while let Some((at, character)) = characters.next() {
            if character != '"' {
                found.push(character);
            } else if quoted[at + 1..].starts_with('"') {
                found.push('"');
                characters.next();
            } else if found.is_empty() {
                return Err("a name is empty".to_owned());
            } else {
                return Ok((found, quoted[at + 1..].trim_start()));
            }
        }
        return Err("a `\"` is not closed".to_owned());
    }
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$')))
        .unwrap_or(text.len());
    if end == 0 {
        return Err("a column name is missing".to_owned());
    }
    if text[end..].starts_with('.') {
        return Err(format!("columns stand alone, without `{}.`", &text[..end]));
    }
    Ok((text[..end].to_owned(), text[end..].trim_start()))
}

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for text in context.sound() {
        let Role::Transform(name, spec) = text.role else {
            continue;
        };
        let path = ["transform", name];
        let side = context.blue.map(|blue| (blue, "blue"));
        of(
            context,
            text,
            &path,
            &spec.from,
            &spec.reach,
            side,
            findings,
        );
    }
}

/// Checks the reach of one SELECT, whose key in the plan is `path`, against the catalog of the side that it reads.
pub(super) fn of(
    context: &Context<'_>,
    text: &Text<'_>,
    path: &[&str],
    from: &str,
    reach: &BTreeMap<String, String>,
    side: Option<(&Catalog, &str)>,
    findings: &mut Findings,
) {
    missing(text, from, reach, findings);
    let of = text.role.words();
    for (table, words) in reach {
        let place = |label: &str| {
            let path: Vec<&str> = path.iter().copied().chain(["reach", table]).collect();
            context.place(&path, label)
        };
        let wrong = |condition: String, label: &str| {
            Error::new(Code::PlanNoReach, condition).at(place(label))
        };
        if !text.facts.reads.iter().any(|read| read.name == *table) {
            let condition = format!("`reach` names `{table}`, which {of} does not read");
            let near = closest(
                table,
                text.facts.reads.iter().map(|read| read.name.as_str()),
            );
            let label = near.map_or_else(
                || "not read".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            findings.error(wrong(condition, &label).fix("Leave it out, or correct the name."));
            continue;
        }
        match parse(words) {
            Err(why) => {
                let condition = format!("the reach of `{table}` in {of} cannot be read: {why}");
                let fix = "Write `\"joined_column = driving_column\"`, several with `and`.";
                findings.error(wrong(condition, "cannot be read").fix(fix));
            }
            Ok(pairs) => {
                let Some((catalog, side)) = side else {
                    continue;
                };
                let unknown = pairs
                    .iter()
                    .flat_map(|(joined, driving)| [(table.as_str(), joined), (from, driving)])
                    .find(|(table, column)| lacks(catalog, table, column));
                if let Some((owner, column)) = unknown {
                    let condition = format!(
                        "the reach of `{table}` in {of} names `{owner}.{column}`, which {side} does not have"
                    );
                    let label = format!("`{owner}` has no column `{column}`");
                    let fix = format!(
                        "The left side is a column of `{table}`, the right side one of `{from}`."
                    );
                    findings.error(wrong(condition, &label).fix(fix));
                }
            }
        }
    }
}

/// Whether a table is known and lacks a column; an unknown table is another rule's.
fn lacks(catalog: &Catalog, table: &str, column: &str) -> bool {
    catalog
        .tables
        .get(table)
        .is_some_and(|table| table.column(column).is_none())
}

fn missing(text: &Text<'_>, from: &str, reach: &BTreeMap<String, String>, findings: &mut Findings) {
    let mut seen: Vec<&str> = Vec::new();
    let mut driving = false;
    for read in &text.facts.reads {
        let name = read.name.as_str();
        let outermost = text
            .facts
            .from
            .iter()
            .any(|item| item.table.span == read.span);
        // The driving table's own place in FROM needs no reach; read once more, its other rows matter as well.
        if name == from && outermost && !driving {
            driving = true;
            continue;
        }
        if seen.contains(&name) || reach.contains_key(name) {
            continue;
        }
        seen.push(name);
        let again = if name == from { " a second time" } else { "" };
        let condition = format!(
            "{} reads `{name}`{again}, and `reach` does not name it",
            text.role.words()
        );
        let column = format!("reach = {{ {name} = \"column of {name} = column of {from}\" }}");
        findings.error(
            Error::new(Code::PlanNoReach, condition)
                .at(text.place(read.span.clone(), "no reach for this table"))
                .at(text.key_place("this transform"))
                .fix(format!("Add `{column}` to the transform.")),
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pairs_are_joined_by_and() {
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(
            parse("id = customer_id"),
            Ok(vec![pair("id", "customer_id")])
        );
        assert_eq!(
            parse(" a=b AND \"Order \"\"Id\" = \"and\" "),
            Ok(vec![pair("a", "b"), pair("Order \"Id", "and")])
        );
        for text in [
            "",
            "a",
            "a =",
            "a = b c = d",
            "a = b and",
            "x.a = b",
            "\"a = b",
            "\"\" = b",
            "a = b, c = d",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(pairs in prop::collection::vec(("[a-z\"A-Z =.]{1,8}", "[a-z_][a-z0-9_]{0,8}"), 1..4)) {
            let text: Vec<String> = pairs
                .iter()
                .map(|(joined, driving)| format!("{} = {driving}", crate::model::quote_ident(joined)))
                .collect();
            prop_assert_eq!(parse(&text.join(" and ")), Ok(pairs));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,24}") {
            let _kept = parse(&text);
        }
    }
}
