//! `tokens restore`: what would be put back; with `--execute`, puts it back, on the side that owns the data.

use std::sync::Arc;

use super::super::Outcome;
use super::super::cutover::{owner, stage_of};
use super::super::site::Site;
use super::{begins, ends, is_live, record, settings, standing, stop, tokens};
use crate::cli::{Global, RestoreArgs};
use crate::cutover::Stage;
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::model::Side;
use crate::model::event::Observer;
use crate::model::tokens::Tokens;
use crate::state::{RunRecord, Stop};
use crate::tokens::{Done, Lifetimes};
use crate::ui::tokens_view::{LifeRow, TokensView};
use crate::ui::{Printer, Progress};

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &RestoreArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let tokens = tokens(&site)?;
    let green = serving(&site, arguments.blue_serves).await?;
    let path = arguments.plan.display();
    let blue = site.reader(Side::Blue, "tokens").await?;
    let before = crate::tokens::standing(&blue, site.name()).await?;
    let mut view = TokensView {
        plan: site.name().to_owned(),
        standing: before.as_ref().map(standing),
        settings: settings(&tokens).await,
        lives: Vec::new(),
        said: "Nothing was changed.".to_owned(),
        executed: false,
        notes: Vec::new(),
        next: format!("greenlight tokens restore {path} --execute"),
    };
    if !arguments.execute || before.is_none() {
        if before.is_none() {
            view.next = format!("greenlight status {path}");
        }
        printer.show(&view)?;
        return Ok(0);
    }
    let progress = Arc::new(Progress::new(printer));
    let observer: Arc<dyn Observer> = Arc::clone(&progress) as _;
    begins(&observer, "put lives of tokens back");
    let back = Box::pin(back(
        &site,
        tokens.clone(),
        green,
        &arguments.leave,
        &observer,
        stop(),
    ))
    .await;
    if back.is_ok() {
        ends(&observer);
    }
    progress.finish();
    let done = back?.unwrap_or_default();
    view.standing = None;
    view.settings = settings(&tokens).await;
    told(&mut view, &done);
    view.next = format!("greenlight status {path}");
    printer.show(&view)?;
    Ok(0)
}

/// The record of the green that owns the data; `None` if blue does.
async fn serving(site: &Site, blue_serves: bool) -> Result<Option<RunRecord>> {
    let record = match record(site, blue_serves).await {
        Err(error) if is_live(site) && error.code() != Code::PlanChanged => {
            // Green owns nothing that blue was not sealed for.
            let blue = site.reader(Side::Blue, "tokens").await?;
            if fence::read(&blue).await?.state == fence::State::Sealed {
                return Err(error);
            }
            None
        }
        other => other?,
    };
    let Some(record) = record else {
        return Ok(None);
    };
    if owner(&record) == Side::Green {
        return Ok(Some(record));
    }
    let store = site.store("tokens").await?;
    let stage = stage_of(site, &store, &record).await?;
    if matches!(stage, Stage::Fenced | Stage::Sealed) {
        return Err(Error::new(Code::LivesTooLate, stage.words()).fix(
            "Finish the cutover, or give it up with `greenlight abort`: both put lives back.",
        ));
    }
    Ok(None)
}

async fn back(
    site: &Site,
    tokens: Tokens,
    green: Option<RunRecord>,
    leave: &[String],
    observer: &Arc<dyn Observer>,
    stop: Stop,
) -> Result<Option<Done>> {
    let address = site.address(Side::Blue)?;
    let namespace = &site.loaded.spec.namespace;
    let observer = Arc::clone(observer);
    let take = Lifetimes::take(
        &address,
        site.name(),
        namespace,
        tokens,
        Arc::clone(&observer),
        stop.clone(),
    );
    let Some(record) = green else {
        return Box::pin(take.await?.restore(leave)).await;
    };
    let store = site.store("tokens").await?;
    let run = site
        .lead(record.migration, store, false, observer, stop)
        .await?;
    Box::pin(take.await?.restore_on_green(&run, leave)).await
}

fn told(view: &mut TokensView, done: &Done) {
    view.executed = true;
    view.said = "Put back.".to_owned();
    for (name, written) in &done.rows {
        view.lives.push(LifeRow {
            name: name.clone(),
            live: None,
            short: None,
            unread: None,
            written: Some(*written),
            note: String::new(),
        });
    }
    if done.passed > 0 {
        view.notes.push(format!(
            "{} rows have another expiry by now, or are gone: they stay as they are.",
            done.passed
        ));
    }
    for name in &done.others {
        view.notes.push(format!(
            "`{name}` was left as it reads: it was set otherwise since, or was to be left."
        ));
    }
}
