//! What is asked of a landed table: has landing exactly blue's rows, in the columns of 1.X?

use std::sync::Arc;

use super::hash::{Class, Common, Hashed, Value};
use super::rows::Question;
use super::source::{Form, Hand, ROW, Source};
use super::world::{Schema, World};
use crate::model::Side;
use crate::model::catalog::{Column, Table};
use crate::model::ident::quote_ident;
use crate::model::migration::CarryWay;
use crate::state::Run;

/// The question, and what it leaves out; or why it cannot be asked.
pub(super) fn question(
    run: &Run,
    world: &World,
    table: &str,
) -> Result<(Question, Vec<String>), String> {
    let blue = world.blue.as_ref().map_err(Clone::clone)?;
    let landing = world.landing(run, table);
    let missing = |side: &str, schema: &Schema| {
        format!("there is no table `{}.{table}` on {side}", schema.name)
    };
    let before = blue.table(table).ok_or_else(|| missing("blue", blue))?;
    let after = landing
        .table(table)
        .ok_or_else(|| missing("green", landing))?;
    let mut notes = Vec::new();
    let mut pairs = Vec::new();
    for column in &before.columns {
        match comparable(run, table, column, after) {
            Ok(pair) => pairs.push(pair),
            Err(why) => notes.push(format!("`{}` is left out: {why}", column.name)),
        }
    }
    let mut key = before.row_key();
    if !key
        .iter()
        .all(|name| pairs.iter().any(|(value, _)| value.name == *name))
    {
        key.clear();
    }
    let (should, is): (Vec<Value>, Vec<Value>) = pairs.into_iter().unzip();
    let columns = should.iter().map(|value| value.name.clone()).collect();
    let mut sources = Vec::new();
    for (hand, side, schema, values) in [
        (Hand::Should, Side::Blue, blue, should),
        (Hand::Is, Side::Green, landing, is),
    ] {
        sources.extend(pages_of(
            hand,
            side,
            schema,
            table,
            &values,
            &key,
            world.common,
        ));
    }
    Ok((
        Question {
            sources,
            key,
            columns,
        },
        notes,
    ))
}

/// The pages of a table, each leaf a source.
pub(super) fn pages_of(
    hand: Hand,
    side: Side,
    schema: &Schema,
    table: &str,
    values: &[Value],
    key: &[String],
    common: Common,
) -> Vec<Source> {
    let place = format!(
        "'at ' || {0}.ctid::text || ' of ' || {0}.tableoid::regclass::text",
        quote_ident(ROW)
    );
    let hashed = Arc::new(Hashed::new(values, key, &place, common));
    let leaves = schema.leaves(table).into_iter();
    leaves
        .map(|(relation, pages)| Source {
            hand,
            side,
            relation,
            pages,
            hashed: Arc::clone(&hashed),
            form: Form::Table {
                schema: schema.name.clone(),
                alias: ROW.to_owned(),
            },
        })
        .collect()
}

/// A column of blue and the one of landing as values of one form; or why they are not the same by design.
fn comparable(
    run: &Run,
    table: &str,
    before: &Column,
    landing: &Table,
) -> Result<(Value, Value), String> {
    // The landing of a rewritten table is blue's own: its patches are made on the way to the target.
    let patched = run.migration.carried.iter().any(|carried| {
        carried.table == table
            && carried.way != CarryWay::Rewrite
            && carried.patch.contains_key(&before.name)
    });
    if patched {
        return Err("it is patched".to_owned());
    }
    let after = landing
        .column(&before.name)
        .ok_or("2.X has no such column")?;
    if after.generated.is_some() && after.generated != before.generated {
        return Err("2.X computes it otherwise".to_owned());
    }
    let cast = form(before, after)?;
    Ok((
        Value::column(ROW, before, cast),
        Value::column(ROW, after, None),
    ))
}

/// What a value of blue is cast to so that it has the form of green's: what was stored there by assignment.
pub(super) fn form<'a>(before: &Column, after: &'a Column) -> Result<Option<&'a str>, String> {
    if before.type_name == after.type_name && before.base == after.base {
        return Ok(None);
    }
    let classes = (Class::of(&before.base), Class::of(&after.base));
    match classes {
        (one, other) if one == other && one != Class::Other => Ok(None),
        // An enum renamed, a domain over the same type: the labels and the text are the same.
        _ if before.base == after.base && !takes_modifier(&after.base) => Ok(None),
        // Another precision: the stored value has it. The type's name is the server's own, the same on both sides.
        _ if before.base == after.base && after.type_name.starts_with(built_in(&after.base)) => {
            Ok(Some(&after.type_name))
        }
        _ => Err(format!(
            "2.X makes {} of {}",
            after.type_name, before.type_name
        )),
    }
}

/// Whether the type's modifier changes the text of a value.
fn takes_modifier(base: &str) -> bool {
    !matches!(built_in(base), "")
}

/// The name that `format_type` begins with for types whose modifier changes the text of a value.
fn built_in(base: &str) -> &'static str {
    match base {
        "numeric" => "numeric",
        "timestamp" | "timestamptz" => "timestamp",
        "time" | "timetz" => "time",
        "interval" => "interval",
        "bpchar" => "character",
        "bit" | "varbit" => "bit",
        // A domain over an array or a composite may have one inside.
        "array" | "composite" => "\u{0}",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(type_name: &str, base: &str) -> Column {
        Column {
            name: "a".into(),
            type_name: type_name.into(),
            base: base.into(),
            ..Column::default()
        }
    }

    #[test]
    fn types_are_brought_to_one_form_or_left_out() {
        let form = |before: (&str, &str), after: (&str, &str)| {
            form(&column(before.0, before.1), &column(after.0, after.1))
                .map(|cast| cast.map(ToOwned::to_owned))
        };
        let int = ("integer", "int4");
        assert_eq!(form(int, int), Ok(None));
        assert_eq!(form(int, ("bigint", "int8")), Ok(None));
        assert_eq!(
            form(("character varying(40)", "varchar"), ("text", "text")),
            Ok(None)
        );
        assert_eq!(form(("status", "enum"), ("state", "enum")), Ok(None));
        assert_eq!(
            form(("numeric(10,2)", "numeric"), ("numeric(12,4)", "numeric")),
            Ok(Some("numeric(12,4)".into()))
        );
        assert!(form(("numeric(10,2)", "numeric"), ("price", "numeric")).is_err());
        assert!(form(("json", "json"), ("jsonb", "jsonb")).is_err());
        assert!(form(("integer[]", "array"), ("bigint[]", "array")).is_err());
        assert!(form(("character(3)", "bpchar"), ("text", "text")).is_err());
    }
}
