//! The rows of the list: what is there, read from both sides' catalogs, and what becomes of each.

use super::super::site::Site;
use super::{Place, Wanted};
use crate::deletes;
use crate::error::{Error, Result};
use crate::fence;
use crate::link::{self, Kind, Object, Quarantine};
use crate::model::Side;
use crate::model::names::{self, Kept};
use crate::pg::Session;
use crate::state::{RunRecord, Store};
use crate::tokens::revocations;
use crate::ui::cleanup_view::{Action, ObjectRow};
use crate::ui::numbers::{duration, plural};

/// Whose the things are on a side whose names are the same for all plans.
struct Plans {
    /// The plan of the fence there.
    fence: Option<String>,
    /// The plan that captures revocations there.
    capture: Option<String>,
}

impl Plans {
    async fn read(session: &Session) -> Result<Self> {
        let fence = fence::read(session).await?.plan;
        let capture = revocations::marker_of(session).await?;
        Ok(Self {
            fence: Some(fence).filter(|plan| !plan.is_empty()),
            capture: capture.map(|marker| marker.plan),
        })
    }
}

/// Whether something is another plan's.
fn others(plan: &Option<String>, record: &RunRecord) -> bool {
    plan.as_ref().is_some_and(|plan| *plan != record.plan)
}

/// Everything, and why blue could not be asked.
pub(super) async fn list(
    site: &Site,
    store: &Store,
    record: &RunRecord,
    wanted: &Wanted,
) -> Result<(Vec<ObjectRow>, Option<Error>)> {
    let green = store.session();
    let landing = wanted.landing.as_deref();
    let objects = link::on_green(green, &record.migration, landing).await?;
    let there = Plans::read(green).await?;
    let mut rows: Vec<ObjectRow> = objects
        .iter()
        .map(|object| of_green(object, record, wanted, &there))
        .collect();
    rows.extend(taken_away(green, wanted).await?);
    if !wanted.asks_blue(record) {
        return Ok((rows, None));
    }
    match Box::pin(of_blue(site, store, record, wanted)).await {
        Ok(blue) => rows.extend(blue),
        Err(error) => return Ok((rows, Some(error))),
    }
    Ok((rows, None))
}

/// Rows that something took away on green, which the record keeps.
async fn taken_away(green: &Session, wanted: &Wanted) -> Result<Option<ObjectRow>> {
    let kept = deletes::kept(green).await?;
    Ok(kept.map(|kept| {
        let action = match (wanted.allowed(), wanted.drops_data()) {
            (true, true) => Action::Remove,
            _ => Action::Keep,
        };
        ObjectRow {
            side: Side::Green,
            kind: "table".to_owned(),
            name: "greenlight.former".to_owned(),
            size_bytes: Some(kept.bytes),
            action,
            why: format!(
                "{} that were taken away on green, kept until {} at least, with the record; from the cleanup on none come in",
                plural(kept.rows, "row", "rows"),
                kept.until
            ),
        }
    }))
}

async fn of_blue(
    site: &Site,
    store: &Store,
    record: &RunRecord,
    wanted: &Wanted,
) -> Result<Vec<ObjectRow>> {
    let blue = site.reader(Side::Blue, "cleanup").await?;
    let there = Plans::read(&blue).await?;
    let objects = link::on_blue(&blue, store, &record.migration).await?;
    Ok(objects
        .iter()
        .map(|object| row_of_blue(object, record, wanted, &there))
        .collect())
}

fn row(object: &Object, action: Action, why: String) -> ObjectRow {
    let kind = match object.kind {
        Kind::Subscription => "subscription",
        Kind::Slot => "replication slot",
        Kind::Publication => "publication",
        Kind::Triggers => "triggers",
        Kind::Index => "index",
        Kind::Schema => "schema",
        Kind::Table => "table",
    };
    ObjectRow {
        side: object.side,
        kind: kind.to_owned(),
        name: object.name.clone(),
        size_bytes: object.bytes,
        action,
        why,
    }
}

fn of_green(object: &Object, record: &RunRecord, wanted: &Wanted, there: &Plans) -> ObjectRow {
    let gone = if wanted.allowed() {
        Action::Remove
    } else {
        Action::Keep
    };
    let data = match (wanted.allowed(), wanted.drops_data()) {
        (false, _) => Action::Keep,
        (true, true) => Action::Remove,
        (true, false) => Action::Quarantine,
    };
    let counted = |what: &str| format!("{what} ({})", tables(object.tables));
    match object.kind {
        Kind::Subscription => row(object, gone, "green reads blue's changes by it".to_owned()),
        Kind::Triggers => {
            let of_capture = object.name.starts_with("greenlight_revocation");
            let of_fence = object.name == names::FENCE_TRIGGER;
            if of_capture && others(&there.capture, record)
                || of_fence && others(&there.fence, record)
            {
                return row(object, Action::Keep, "of another plan".to_owned());
            }
            let why = format!("on {} of the service", tables(object.tables));
            row(object, gone, why)
        }
        Kind::Index => row(object, gone, "the way back finds rows by it".to_owned()),
        Kind::Table => row(object, data, "rows that 1.X could not hold".to_owned()),
        Kind::Slot | Kind::Publication => row(object, Action::Keep, String::new()),
        Kind::Schema => {
            let name = object.name.as_str();
            if let Some(kept) = Kept::of_schema(name) {
                let until = match &wanted.quarantine {
                    Some(quarantine) if data == Action::Quarantine => {
                        format!("; in quarantine until {}", quarantine.until)
                    }
                    _ => "; in quarantine".to_owned(),
                };
                let action = match data {
                    Action::Quarantine => Action::Keep,
                    other => other,
                };
                return row(object, action, counted(words(kept)) + &until);
            }
            let (action, what) = match name {
                names::STORE if data == Action::Quarantine => (
                    Action::Keep,
                    "the record of the run; it stays as long as the quarantine",
                ),
                names::STORE => (gone, "the record of the run"),
                names::NEXT => (gone, "the 2.X schema that waits"),
                names::ASIDE if wanted.place == Place::Built => {
                    (gone, "the restored copy, moved aside")
                }
                names::ASIDE => (data, words(Kept::Aside)),
                names::TOKENS => (data, words(Kept::Tokens)),
                names::RETIRED => (data, words(Kept::Landing)),
                names::REVOCATIONS if others(&there.capture, record) => (
                    Action::Keep,
                    "revocations that another plan captures; not of this plan",
                ),
                names::REVOCATIONS => (gone, "what a copy of blue has brought of its capture"),
                _ if wanted.place == Place::Returned => (data, words(Kept::Served)),
                _ => (
                    gone,
                    "landing: rows copied from blue; an empty schema is left",
                ),
            };
            row(object, action, counted(what))
        }
    }
}

fn words(kept: Kept) -> &'static str {
    match kept {
        Kept::Landing => "the retired landing: 1.X rows as they were at own",
        Kept::Aside => "a restored copy that stood aside",
        Kept::Tokens => "what lives of tokens were",
        Kept::Served => "what green has served until the rollback; an empty schema is left",
        Kept::Rows => "rows that 1.X could not hold",
    }
}

fn row_of_blue(object: &Object, record: &RunRecord, wanted: &Wanted, there: &Plans) -> ObjectRow {
    let gone = if wanted.allowed() {
        Action::Remove
    } else {
        Action::Keep
    };
    let why = match object.kind {
        Kind::Slot => "blue keeps WAL for green by it".to_owned(),
        Kind::Publication => "the tables that go to green".to_owned(),
        Kind::Triggers => format!("on {} of the service", tables(object.tables)),
        _ if object.name == names::REVOCATIONS => "revocations that were noted or replayed there: a green that is begun anew needs another capture, and a copy of blue made after it".to_owned(),
        _ => "the markers, and the state of the fence".to_owned(),
    };
    let of_capture = object.name.starts_with("greenlight_revocation");
    let of_fence = matches!(object.kind, Kind::Triggers | Kind::Schema) && !of_capture;
    if of_capture && others(&there.capture, record) || of_fence && others(&there.fence, record) {
        return row(object, Action::Keep, "of another plan".to_owned());
    }
    if of_fence && wanted.place == Place::Owned {
        return if wanted.unseal {
            let why =
                "blue's seal: without it blue takes writes again, which nobody carries to green";
            row(object, gone, why.to_owned())
        } else {
            let why = "blue's seal: without it somebody could write where nobody looks any more; it goes with blue's database, or with `--unseal`";
            row(object, Action::Keep, why.to_owned())
        };
    }
    row(object, gone, why)
}

fn tables(number: u64) -> String {
    format!("{number} table{}", if number == 1 { "" } else { "s" })
}

/// What should be known before it is done.
pub(super) fn note(wanted: &Wanted, plan: &str) -> String {
    let keep = duration(wanted.keep);
    let kept = match &wanted.quarantine {
        Some(kept) if !wanted.drops_data() => return kept_until(kept, plan),
        _ if wanted.drops_data() => "Data is dropped at once.".to_owned(),
        _ => format!(
            "Data is put into quarantine for {keep} (`cleanup.keep`) and dropped by the cleanup after that; `--purge {plan}` drops it at once."
        ),
    };
    let mut note = match (wanted.place, wanted.all) {
        (Place::Owned, _) => format!(
            "Green owns the data; 2.X's tables stay. This removes the record, what the way back needs, and the 1.X rows that were kept. {kept}"
        ),
        (Place::Built, true) => {
            "The run is not finished: this throws away all that it has built. Blue's own tables are not touched.".to_owned()
        }
        (Place::Returned, true) => format!(
            "Blue owns the data again: this takes away what is on green, also what it took after the cutover. {kept}"
        ),
        (_, false) => {
            "The run is not finished and is kept: only `--all` throws away what it has built.".to_owned()
        }
    };
    if wanted.unseal && wanted.place == Place::Owned {
        note.push_str(" Blue takes writes again after it, and nobody carries them to green.");
    }
    note
}

/// What is in quarantine, and what can be done.
pub(super) fn kept_until(kept: &Quarantine, plan: &str) -> String {
    format!(
        "Data is in quarantine since {}, until {}: the cleanup after that drops it, and the record with it. To look at it or bring it back, name its schema; `--purge {plan}` drops it at once.",
        kept.since, kept.until
    )
}
