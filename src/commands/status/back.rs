//! Whether there is a way back, and what waits to go that way.

use std::sync::Arc;

use super::super::site::Site;
use super::super::verify::verdict;
use crate::compare::kept_back;
use crate::converge::back::{Way, kept, queued, way};
use crate::error::Result;
use crate::model::Side;
use crate::model::event::Silent;
use crate::state::{RunRecord, Stop};
use crate::ui::status_view::BackState;

/// The way back in words, and how it is; the latter from own on, until what it needs is cleaned up.
pub(super) async fn stand(
    site: &Site,
    record: &RunRecord,
    owner: Side,
    cleaned: bool,
    path: &str,
) -> Result<(String, Option<BackState>)> {
    let Some(back) = record.migration.way_back() else {
        return Ok((without(owner, path), None));
    };
    if owner == Side::Blue {
        let hours = back.window.as_secs() / 3600;
        let words = without(owner, path);
        return Ok((
            format!("{words}; after the cutover green's writes flow back to blue for {hours} h"),
            None,
        ));
    }
    let run = site.look(
        record.migration.clone(),
        site.store("status").await?,
        Arc::new(Silent),
        Stop::never(),
    )?;
    let queue = if cleaned {
        None
    } else {
        queued(run.store.session(), &run.migration).await.ok()
    };
    let kept = kept(&run.store).await?;
    let waits = queue.map_or_else(
        || "what waits cannot be read".to_owned(),
        |queue| format!("{} changes wait", queue.depth),
    );
    let (open, words) = match way(&run).await {
        Ok(Way::Open { since, until }) => {
            (true, format!("open since {since}, until {until}; {waits}"))
        }
        Ok(Way::Stuck(why)) => (
            false,
            format!(
                "NO WAY BACK until this is mended: {why}; {waits}, `greenlight observe {path}` goes on"
            ),
        ),
        Ok(Way::Over(why)) => (false, format!("none any more: {why}")),
        Ok(Way::Closed(why)) => (false, format!("NO WAY BACK: {why}")),
        Ok(Way::None | Way::Ahead) => (false, without(owner, path)),
        Err(error) => (false, format!("cannot tell: {}", error.condition())),
    };
    if cleaned {
        return Ok((words, None));
    }
    let state = BackState {
        open,
        compared: kept_back(&run.store, record.turn).await?.map(verdict),
        queue: queue.map(|queue| queue.depth),
        limit: back.queue,
        oldest_ms: queue.and_then(|queue| queue.oldest_ms),
        measured_at: kept.as_ref().map(|kept| kept.at.clone()),
        arriving: kept.as_ref().map_or(0.0, |kept| kept.arriving),
        draining: kept.as_ref().map_or(0.0, |kept| kept.draining),
    };
    Ok((words, Some(state)))
}

fn without(owner: Side, path: &str) -> String {
    match owner {
        Side::Green => "none: green's writes do not flow back".to_owned(),
        Side::Blue => format!(
            "blue serves as before; `greenlight cleanup {path} --all` removes everything from green"
        ),
    }
}
