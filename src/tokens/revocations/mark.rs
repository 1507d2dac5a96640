//! The marker: whether green's rows were copied from blue after the capture of revocations began.
//!
//! It is written on blue when all triggers stand. Whoever writes to a captured table after that is noted; whoever wrote before
//! has committed before, and is in every snapshot that has the marker. So rows that came with the marker lack no revocation
//! that was not noted.

use super::capture::{digest_of, installed};
use crate::error::{Code, Error, Result};
use crate::model::ident::quote_ident;
use crate::model::migration::{Migration, Seed};
use crate::model::names;
use crate::pg::Session;
use crate::state::{Run, point, without};

/// The marker of a capture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Another one for each capture.
    pub id: String,
    /// Whose capture it is.
    pub plan: String,
    /// The digest of what is captured.
    pub captured: String,
    /// Since when, in UTC.
    pub at: String,
}

/// The fact: the marker that came with green's rows.
const FACT: &str = "revocations_marker";

/// The marker on a side, if there is one.
///
/// # Errors
/// When the session fails.
pub async fn marker_of(session: &Session) -> Result<Option<Marker>> {
    let there = "SELECT to_regclass('greenlight_revocations.marker') IS NOT NULL";
    let doing = "look for the capture of revocations";
    if !session.one(there, &[], doing).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let sql = include_str!("../../../sql/revocations/marker.sql");
    let row = session.opt(sql, &[], doing).await?;
    Ok(row.map(|row| Marker {
        id: row.get("id"),
        plan: row.get("plan"),
        captured: row.get("captured"),
        at: row.get("at"),
    }))
}

/// Whether a run may begin: blue captures, and a restored green has the capture's marker. Only looks.
///
/// # Errors
/// [`Code::NotCaptured`], [`Code::NoMarker`].
pub async fn matches(migration: &Migration, blue: &Session, green: &Session) -> Result<()> {
    let captures = migration
        .revocations
        .as_ref()
        .is_some_and(|revocations| !revocations.captured.is_empty());
    if !captures || without("marker") {
        return Ok(());
    }
    let marker = captured(migration, blue).await?;
    if migration.seed == Seed::Restored && marker_of(green).await?.as_ref() != Some(&marker) {
        return Err(no_marker(
            "green's copy of blue has not the capture's marker",
        ));
    }
    Ok(())
}

async fn captured(migration: &Migration, blue: &Session) -> Result<Marker> {
    let Some(marker) = marker_of(blue).await? else {
        return Err(Error::new(
            Code::NotCaptured,
            "blue's revocations are not captured",
        ));
    };
    if marker.plan != migration.name {
        let condition = format!("blue's revocations are captured by plan `{}`", marker.plan);
        return Err(Error::new(Code::NotCaptured, condition)
            .fix("Finish that one, and clean it up, first."));
    }
    if marker.captured != digest_of(migration) || !installed(blue, migration).await? {
        return Err(Error::new(
            Code::NotCaptured,
            "what captures blue's revocations is not what the plan says",
        )
        .fix("`greenlight revocations capture PLAN` makes it anew; green's rows must then be copied after it."));
    }
    Ok(marker)
}

fn no_marker(condition: &str) -> Error {
    Error::new(Code::NoMarker, condition)
}

/// Keeps with which marker green's rows came: before anything of blue is copied, and from the restored copy. What of the
/// capture has come with a restored copy goes away: its triggers would note on green.
///
/// # Errors
/// As [`matches()`].
pub async fn mark(run: &Run) -> Result<()> {
    let captures = (run.migration.revocations.as_ref())
        .is_some_and(|revocations| !revocations.captured.is_empty());
    if !captures {
        return Ok(());
    }
    let green = run.green("revocations").await?;
    if run.store.get::<String>(FACT).await?.is_none() {
        let blue = run.blue("revocations").await?;
        matches(&run.migration, &blue, &green).await?;
        let marker = marker_of(&blue).await?;
        let marker = marker.map(|marker| marker.id).unwrap_or_default();
        run.put(FACT, &marker).await?;
        point("revocations:mark").await?;
    }
    if marker_of(&green).await?.is_some() {
        let drop = format!("DROP SCHEMA {} CASCADE", quote_ident(names::REVOCATIONS));
        run.transact(&green, &[drop], "remove the copy of the capture from green")
            .await?;
    }
    Ok(())
}

/// Whether blue still captures, without an interruption since green's rows were copied. Only looks.
///
/// # Errors
/// [`Code::NotCaptured`], [`Code::NoMarker`].
pub(super) async fn still(run: &Run) -> Result<()> {
    let captures = (run.migration.revocations.as_ref())
        .is_some_and(|revocations| !revocations.captured.is_empty());
    if !captures || without("marker") {
        return Ok(());
    }
    let blue = run.blue("revocations").await?;
    let marker = captured(&run.migration, &blue).await?;
    let came: Option<String> = run.store.get(FACT).await?;
    if came.as_ref() == Some(&marker.id) {
        return Ok(());
    }
    Err(no_marker(
        "green's rows came with another marker than the one that is on blue now",
    ))
}
