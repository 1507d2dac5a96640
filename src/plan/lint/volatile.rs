//! What becomes a row of green must be a pure function of blue's rows.
//!
//! This is the list for working without a server; the functions of extensions and of the service are asked for there.

use super::{Context, Findings};
use crate::error::{Code, Error};
use crate::plan::sql::{Facts, Form};
use crate::plan::text::{Role, Text};

/// Functions whose result depends on the time.
const TIME: &[&str] = &[
    "age",
    "clock_timestamp",
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
    "localtimestamp",
    "now",
    "pg_postmaster_start_time",
    "statement_timestamp",
    "timeofday",
    "transaction_timestamp",
];

/// Functions that give another result each time.
const CHANCE: &[&str] = &[
    "currval",
    "gen_random_bytes",
    "gen_random_uuid",
    "gen_salt",
    "lastval",
    "nextval",
    "random",
    "random_normal",
    "setseed",
    "setval",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuidv4",
    "uuidv7",
];

/// Functions whose result depends on the session, the server or other transactions.
const SESSION: &[&str] = &[
    "current_catalog",
    "current_database",
    "current_query",
    "current_role",
    "current_schema",
    "current_schemas",
    "current_setting",
    "current_user",
    "inet_client_addr",
    "inet_server_addr",
    "pg_backend_pid",
    "pg_current_snapshot",
    "pg_current_wal_lsn",
    "pg_current_xact_id",
    "pg_is_in_recovery",
    "pg_relation_size",
    "pg_sleep",
    "pg_total_relation_size",
    "session_user",
    "system_user",
    "txid_current",
    "txid_current_snapshot",
    "user",
    "version",
];

/// Aggregates whose result depends on the order of the rows.
const ORDERED: &[&str] = &[
    "array_agg",
    "json_agg",
    "json_agg_strict",
    "json_arrayagg",
    "json_object_agg",
    "json_objectagg",
    "jsonb_agg",
    "jsonb_agg_strict",
    "string_agg",
    "xmlagg",
];

/// Window functions whose result depends on the order of the rows.
const WINDOWS: &[&str] = &[
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "nth_value",
    "ntile",
    "percent_rank",
    "rank",
    "row_number",
];

/// Whether a default of the catalog gives another value each time.
pub(super) fn is_volatile(expression: &str) -> bool {
    Facts::read(expression, Form::Expression)
        .calls
        .iter()
        .any(|call| {
            [TIME, CHANCE, SESSION]
                .iter()
                .any(|list| list.contains(&call.name.as_str()))
        })
}

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for text in context.sound().filter(|text| text.role.makes_rows()) {
        let mut found = Vec::new();
        for call in &text.facts.calls {
            let name = call.name.as_str();
            let what = if TIME.contains(&name) && !(name == "age" && call.arguments > 1) {
                "depends on the time"
            } else if CHANCE.contains(&name) {
                "gives another result each time"
            } else if SESSION.contains(&name) {
                "depends on the session or the server"
            } else if ORDERED.contains(&name) && !call.ordered {
                "depends on the order of the rows: add ORDER BY inside its parentheses"
            } else if WINDOWS.contains(&name) && call.window && !call.ordered_window {
                "depends on the order of the rows: add ORDER BY to its OVER clause"
            } else {
                continue;
            };
            found.push((call.span.clone(), format!("`{name}` {what}")));
        }
        for (span, why) in &text.facts.chance {
            found.push((span.clone(), (*why).to_owned()));
        }
        found.sort_by_key(|(span, _why)| span.start);
        for (span, why) in found {
            findings.error(error(text, span, why));
        }
    }
}

fn error(text: &Text<'_>, span: std::ops::Range<usize>, why: String) -> Error {
    let condition = format!(
        "{} is not a pure function of the rows: {why}",
        text.role.words()
    );
    let found = Error::new(Code::PlanVolatile, condition).at(text.place(span, &why));
    match text.role {
        Role::Transform(_name, spec) if why.contains("uuid") => {
            let key = spec
                .key
                .as_ref()
                .and_then(|words| words.0.first())
                .map_or("id", String::as_str);
            found.fix(format!("Derive it from the row's key, which is the same each time: `md5('{}:' || {key})::uuid`.", spec.from))
        }
        Role::Transform(..)
        | Role::Add(_)
        | Role::Patch(..)
        | Role::Check(_)
        | Role::Variable(_)
        | Role::Inverse(..)
        | Role::Return(..)
        | Role::Loss(_) => found,
    }
}
