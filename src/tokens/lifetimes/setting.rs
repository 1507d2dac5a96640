//! Settings of the issuer: what one was is kept before it is set, and set again afterwards.

use std::time::{Duration, Instant};

use crate::converge::rest;
use crate::error::{Code, Error, Result};
use crate::model::tokens::Setting;
use crate::pg::Session;
use crate::state::{Stop, point};
use crate::traffic::{read_setting, write_setting};

/// Between two looks at a setting that was set.
const BETWEEN: Duration = Duration::from_millis(100);

/// What became of a setting that was to be put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is what it was.
    Back,
    /// Somebody else has set it since: it is left as it is.
    Other,
}

/// A setting as it was kept.
struct Kept {
    place: i32,
    setting: Setting,
    was: String,
    wrote: String,
}

/// Sets one for the window; whether there was something to do.
pub(super) async fn set(
    blue: &Session,
    stop: &Stop,
    place: usize,
    setting: &Setting,
) -> Result<bool> {
    let doing = "keep what a setting was";
    let place = i32::try_from(place).unwrap_or(i32::MAX);
    let sql = "SELECT set_at IS NOT NULL FROM greenlight_tokens.lifetime_setting WHERE place = $1";
    let known = blue.opt(sql, &[&place], doing).await?;
    if known.is_some_and(|row| row.get::<_, bool>(0)) {
        return Ok(false);
    }
    let now = read_setting(setting).await?;
    // One that reads as it shall was set by a run that was killed, or needs nothing: what is kept of it already stays.
    let body = serde_json::to_string(setting).map_err(|error| {
        Error::new(Code::Bug, "a setting cannot be written as JSON").caused_by(error)
    })?;
    let keep = include_str!("../../../sql/tokens/keep_setting.sql");
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
        [&place, &setting.name, &body, &now, &setting.value];
    blue.execute(keep, &parameters, doing).await?;
    point("lives:intended").await?;
    written(setting, stop, &now, &setting.value).await?;
    point("lives:set").await?;
    let sql =
        "UPDATE greenlight_tokens.lifetime_setting SET set_at = clock_timestamp() WHERE place = $1";
    blue.execute(sql, &[&place], doing).await?;
    Ok(true)
}

/// Puts all back that are kept, the last one first, and forgets them. One that fails keeps none from being tried.
pub(super) async fn restore(
    blue: &Session,
    stop: &Stop,
    leave: &[String],
) -> Result<(Vec<(String, Outcome)>, Option<Error>)> {
    let (mut done, mut failed) = (Vec::new(), None);
    for kept in all(blue).await? {
        let left = leave.contains(&kept.setting.name);
        let outcome = if left {
            Ok(Outcome::Other)
        } else {
            back(stop, &kept).await
        };
        match outcome {
            Ok(outcome) => {
                point("lives:reset").await?;
                let sql = "DELETE FROM greenlight_tokens.lifetime_setting WHERE place = $1";
                blue.execute(sql, &[&kept.place], "forget a setting")
                    .await?;
                done.push((kept.setting.name, outcome));
            }
            Err(error) => failed = Some(failed.unwrap_or(error)),
        }
    }
    Ok((done, failed))
}

async fn back(stop: &Stop, kept: &Kept) -> Result<Outcome> {
    let now = read_setting(&kept.setting).await?;
    if now != kept.wrote && now != kept.was {
        return Ok(Outcome::Other);
    }
    written(&kept.setting, stop, &now, &kept.was).await?;
    Ok(Outcome::Back)
}

/// Sets a setting that reads `now`, until it reads as it shall. What a hook says of itself does not count.
async fn written(setting: &Setting, stop: &Stop, now: &str, value: &str) -> Result<()> {
    if now == value {
        return Ok(());
    }
    let began = Instant::now();
    let said = write_setting(setting, value).await;
    loop {
        let reads = read_setting(setting).await?;
        if reads == value {
            return Ok(());
        }
        if said.is_err() || began.elapsed() > setting.within {
            let condition = format!(
                "the setting `{}` reads {reads} instead of {value}",
                setting.name
            );
            return Err(said
                .err()
                .unwrap_or_else(|| Error::new(Code::SettingNotSet, condition)));
        }
        rest(stop, BETWEEN).await?;
    }
}

async fn all(blue: &Session) -> Result<Vec<Kept>> {
    let doing = "read what settings were";
    let sql = include_str!("../../../sql/tokens/settings.sql");
    let rows = blue.rows(sql, &[], doing).await?;
    rows.iter()
        .map(|row| {
            let body: String = row.get("setting");
            Ok(Kept {
                place: row.get("place"),
                setting: serde_json::from_str(&body).map_err(|error| {
                    Error::new(Code::StoreVersion, "a setting that was kept cannot be read")
                        .caused_by(error)
                })?,
                was: row.get("was"),
                wrote: row.get("wrote"),
            })
        })
        .collect()
}
