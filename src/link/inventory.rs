//! What of ours is on a side, read from its catalogs.

use super::publish::followed_by_another;
use super::subscribe::subscriptions;
use crate::converge::pattern;
use crate::error::Result;
use crate::model::ident::quote_qualified;
use crate::model::migration::Migration;
use crate::model::{Side, names};
use crate::pg::{Session, probe};
use crate::state::Store;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A subscription.
    Subscription,
    /// A replication slot; its bytes are the WAL that is kept for it.
    Slot,
    /// A publication.
    Publication,
    /// Triggers of one name on tables of the service.
    Triggers,
    /// An index of ours on a table of the service.
    Index,
    /// A schema with all that is in it.
    Schema,
    /// A table with rows that are kept, in a schema that goes.
    Table,
}

/// An object of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Where it is.
    pub side: Side,
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Tables in it, or with it.
    pub tables: u64,
    /// Its size.
    pub bytes: Option<u64>,
}

impl Object {
    fn new(side: Side, kind: Kind, name: impl Into<String>) -> Self {
        Self {
            side,
            kind,
            name: name.into(),
            tables: 0,
            bytes: None,
        }
    }
}

/// The schemas that `cleanup` looks for on green besides the namespace.
#[must_use]
pub(super) fn schemas_of_ours() -> Vec<String> {
    let mut all: Vec<String> = [
        names::STORE,
        names::NEXT,
        names::ASIDE,
        names::RETIRED,
        names::TOKENS,
        names::REVOCATIONS,
    ]
    .map(ToOwned::to_owned)
    .into();
    all.extend(names::Kept::ALL.map(names::Kept::schema));
    all
}

/// Lists what is on green; `landing` is the namespace, where it goes as a whole.
///
/// # Errors
/// When green cannot be asked.
pub async fn on_green(
    green: &Session,
    migration: &Migration,
    landing: Option<&str>,
) -> Result<Vec<Object>> {
    let of = |kind, name: String| Object::new(Side::Green, kind, name);
    let mut found = Vec::new();
    for name in subscriptions(green, &migration.name).await? {
        found.push(of(Kind::Subscription, name));
    }
    let mut wanted = schemas_of_ours();
    wanted.extend(landing.map(ToOwned::to_owned));
    let functions = [names::STORE, names::REVOCATIONS];
    found.extend(triggers(green, Side::Green, &functions, &wanted).await?);
    if landing.is_none() {
        found.extend(indexes(green, &migration.namespace).await?);
    }
    for (name, bytes) in kept_tables(green).await? {
        found.push(Object {
            bytes: Some(bytes),
            ..of(Kind::Table, format!("{}.{name}", names::STORE))
        });
    }
    found.extend(schemas(green, Side::Green, &wanted).await?);
    Ok(found)
}

/// Lists what is on blue, whether it goes or stays. What another green has there is left out.
///
/// # Errors
/// When a side cannot be asked.
pub async fn on_blue(blue: &Session, store: &Store, migration: &Migration) -> Result<Vec<Object>> {
    let of = |kind, name: String| Object::new(Side::Blue, kind, name);
    let mut found = Vec::new();
    if !followed_by_another(blue, store, &migration.name).await? {
        let pattern = pattern(&migration.name);
        let system = probe::facts(store.session()).await?.system_identifier;
        let system = system.unwrap_or_else(|| "none".to_owned());
        let sql = include_str!("../../sql/link/slots.sql");
        let doing = "look for slots of ours";
        for row in blue.rows(sql, &[&pattern, &system], doing).await? {
            let kept: Option<i64> = row.get("kept");
            found.push(Object {
                bytes: kept.and_then(|kept| u64::try_from(kept).ok()),
                ..of(Kind::Slot, row.get("name"))
            });
        }
        let sql = include_str!("../../sql/link/publications.sql");
        let doing = "look for publications of ours";
        for row in blue.rows(sql, &[&pattern], doing).await? {
            found.push(of(Kind::Publication, row.get("name")));
        }
    }
    let functions = [names::STORE, names::REVOCATIONS];
    let ours = functions.map(ToOwned::to_owned);
    found.extend(triggers(blue, Side::Blue, &functions, &ours).await?);
    found.extend(schemas(blue, Side::Blue, &ours).await?);
    Ok(found)
}

/// Whether a table of the store's schema, if it is there, names another plan than this.
pub(super) async fn has_another(session: &Session, table: &str, plan: &str) -> Result<bool> {
    let name = quote_qualified(names::STORE, table);
    let there = "SELECT to_regclass($1::text) IS NOT NULL";
    let doing = "look for another plan";
    if !session.one(there, &[&name], doing).await?.get::<_, bool>(0) {
        return Ok(false);
    }
    let sql = format!("SELECT EXISTS (SELECT FROM {name} WHERE plan <> $1::text)");
    Ok(session.one(&sql, &[&plan], doing).await?.get(0))
}

/// Our triggers outside of these schemas that call functions of those, by name.
async fn triggers(
    session: &Session,
    side: Side,
    functions: &[&str],
    without: &[String],
) -> Result<Vec<Object>> {
    let mut found: Vec<Object> = Vec::new();
    for (_, _, triggers) in triggers_of_ours(session, functions, without).await? {
        for name in triggers {
            match found.iter_mut().find(|object| object.name == name) {
                Some(object) => object.tables += 1,
                None => found.push(Object {
                    tables: 1,
                    ..Object::new(side, Kind::Triggers, name)
                }),
            }
        }
    }
    Ok(found)
}

/// Tables outside of these schemas that have triggers which call functions of those: schema, table, triggers.
pub(super) async fn triggers_of_ours(
    session: &Session,
    functions: &[&str],
    without: &[String],
) -> Result<Vec<(String, String, Vec<String>)>> {
    let rows = session
        .rows(
            include_str!("../../sql/link/triggers_of_ours.sql"),
            &[&functions, &without],
            "look for triggers of ours",
        )
        .await?;
    Ok(rows
        .iter()
        .map(|row| (row.get("schema"), row.get("name"), row.get("triggers")))
        .collect())
}

async fn indexes(green: &Session, namespace: &str) -> Result<Vec<Object>> {
    let rows = green
        .rows(
            include_str!("../../sql/link/indexes_of_ours.sql"),
            &[&[namespace].as_slice()],
            "list indexes of ours",
        )
        .await?;
    let ours = rows.iter().filter(|row| {
        let name: String = row.get("name");
        names::is_back_index(&name)
    });
    Ok(ours
        .map(|row| Object {
            bytes: u64::try_from(row.get::<_, i64>("bytes")).ok(),
            ..Object::new(Side::Green, Kind::Index, row.get::<_, String>("name"))
        })
        .collect())
}

/// The tables of the store in which a rollback has kept rows, with their sizes.
pub(super) async fn kept_tables(green: &Session) -> Result<Vec<(String, u64)>> {
    let rows = green
        .rows(
            include_str!("../../sql/link/relations.sql"),
            &[&names::STORE],
            "look for rows that were kept",
        )
        .await?;
    let all = rows.iter().map(|row| {
        let bytes = u64::try_from(row.get::<_, i64>("bytes")).unwrap_or_default();
        (row.get("name"), bytes)
    });
    Ok(all
        .filter(|(name, _): &(String, u64)| names::is_lost(name))
        .collect())
}

pub(super) async fn schemas(
    session: &Session,
    side: Side,
    wanted: &[String],
) -> Result<Vec<Object>> {
    let rows = session
        .rows(
            include_str!("../../sql/link/leftovers.sql"),
            &[&wanted],
            "list what is ours",
        )
        .await?;
    let count = |value: i64| u64::try_from(value).unwrap_or_default();
    Ok(rows
        .iter()
        .map(|row| Object {
            tables: count(row.get("tables")),
            bytes: Some(count(row.get("bytes"))),
            ..Object::new(side, Kind::Schema, row.get::<_, String>("schema"))
        })
        .collect())
}
