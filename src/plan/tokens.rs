//! From what the plan says about tokens to their lives.

use std::collections::BTreeMap;
use std::time::Duration;

use super::load::Loaded;
use super::spec_tokens::{LifespansSpec, RowsSpec, SettingSpec, TokensSpec, UnitSpec, UnsetSpec};
use super::traffic::request;
use crate::model::ident::quote_ident;
use crate::model::template::Template;
use crate::model::tokens::{Allowed, Expiry, Life, LifeKind, Setting, SettingHook, Tokens};

/// How long the statement of one batch should take: about as long as a kernel lets one process run while others wait.
const BATCH: Duration = Duration::from_millis(2);
/// The part of the time in which batches work, in percent.
const SHARE: u8 = 10;
/// How long a hook may take.
const HOOK: Duration = Duration::from_secs(30);

/// The lives of tokens of a plan that has been checked; `None` if it says nothing of them.
#[must_use]
pub fn tokens(loaded: &Loaded) -> Option<Tokens> {
    let spec = loaded.spec.tokens.as_ref()?;
    let spans = spec
        .lifespans
        .iter()
        .flat_map(|(table, spec)| lifespans(table, spec));
    Some(Tokens {
        horizon: spec.horizon.0,
        batch: spec.batch.map_or(BATCH, |batch| batch.0),
        share: spec.share.unwrap_or(SHARE).clamp(1, 100),
        throttle: spec.throttle.throttle(&loaded.folder),
        allowed: allowed(spec),
        settings: spec
            .setting
            .iter()
            .filter_map(|setting| self::setting(loaded, setting))
            .collect(),
        lives: spans
            .chain(spec.rows.iter().map(|(table, spec)| rows(table, spec)))
            .collect(),
    })
}

fn allowed(spec: &TokensSpec) -> Allowed {
    Allowed {
        margin: spec.margin.unwrap_or(10).max(1),
        expiring: spec.expiring.unwrap_or(0),
        refreshes: spec.refreshes,
    }
}

fn setting(loaded: &Loaded, spec: &SettingSpec) -> Option<Setting> {
    let hook = if let Some(it) = &spec.command {
        SettingHook::Command {
            read: it.read.clone(),
            set: it.set.clone(),
        }
    } else {
        let it = spec.http.as_ref()?;
        SettingHook::Http {
            read: request(&it.read, "GET"),
            pointer: it.pointer.clone(),
            set: request(&it.set, "POST"),
        }
    };
    Some(Setting {
        name: spec.name.clone(),
        value: spec.value.clone(),
        hook,
        within: spec.within.map_or(HOOK, |within| within.0),
        folder: loaded.working_folder(),
    })
}

/// One life a column: each row is then undone column by column.
fn lifespans(table: &str, spec: &LifespansSpec) -> Vec<Life> {
    let nanoseconds = spec.value.0.as_nanos();
    let wanted = match spec.unit {
        UnitSpec::Ns => nanoseconds,
        UnitSpec::Us => nanoseconds / 1_000,
        UnitSpec::Ms => nanoseconds / 1_000_000,
        UnitSpec::S => nanoseconds / 1_000_000_000,
    };
    let life = |column: &String| Life {
        name: format!("{table}.{column}"),
        table: table.to_owned(),
        key: spec.key.clone(),
        value: Some(quote_ident(column)),
        set: BTreeMap::from([(column.clone(), Template::parse("(:expires)::bigint"))]),
        kind: LifeKind::Span {
            wanted: i64::try_from(wanted).unwrap_or(i64::MAX),
            unset: spec.unset == UnsetSpec::Set,
        },
    };
    spec.columns.iter().map(life).collect()
}

fn rows(table: &str, spec: &RowsSpec) -> Life {
    let mut set: BTreeMap<String, Template> = spec
        .set
        .iter()
        .map(|(column, sql)| (column.clone(), Template::parse(sql)))
        .collect();
    if let Some(column) = spec.expires.as_deref().filter(|_| set.is_empty())
        && is_column(column)
    {
        let sql = "(:expires)::timestamptz";
        set.insert(column.to_owned(), Template::parse(sql));
    }
    Life {
        name: table.to_owned(),
        table: table.to_owned(),
        key: spec.key.clone(),
        value: spec.expires.clone(),
        set,
        kind: LifeKind::Expiry(Expiry {
            live: spec.live.clone(),
            format: spec.format.clone(),
            issued: spec.issued.clone(),
            refresh: spec.refresh,
            ttl: spec.ttl.map(|ttl| ttl.0),
            attested: spec.attested.clone(),
        }),
    }
}

/// Whether an expression is nothing but the name of a column.
pub(super) fn is_column(expression: &str) -> bool {
    let mut letters = expression.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_lowercase() || first == '_')
        && letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}
