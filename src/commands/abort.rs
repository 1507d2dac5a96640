//! `abort`: gives up a cutover from every place before own, or a rollback from every place before blue is opened.

use super::cutover::{Watchman, owned, retried, stage_of, undone};
use super::site::Site;
use super::{Outcome, rollback, tokens};
use crate::cli::{AbortArgs, Global};
use crate::cutover::{Stage, stage};
use crate::error::{Code, Error};
use crate::fence;
use crate::model::Side;
use crate::state::{RunRecord, Store};
use crate::tokens::revocations;
use crate::ui::Printer;
use crate::ui::abort_view::AbortView;

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &AbortArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let store = site.store("abort").await?;
    let record = site.begun(&store).await?;
    let stage = stage_of(&site, &store, &record).await?;
    if stage.is_turning_back() {
        return back(printer, &site, store, &record, arguments).await;
    }
    if !stage.can_abort() {
        return Err(owned(&record, stage).into());
    }
    let watchman = Watchman::new(printer);
    // Takes the lease first: whoever was about to make green the owner does not any more.
    let run = site
        .lead(
            record.migration.clone(),
            store,
            arguments.takeover,
            watchman.observer(),
            watchman.stop(),
        )
        .await?;
    let Some(record) = run.store.load().await? else {
        return Err(Error::new(Code::NoRun, "the record is gone").into());
    };
    let stage = stage_of(&site, &run.store, &record).await?;
    if stage.owner() == Side::Green || !stage.can_abort() {
        return Err(owned(&record, stage).into());
    }
    let replayed = if stage != Stage::Open {
        if run.migration.live.is_some() {
            fence::arm(&run, Side::Blue).await?;
        }
        match undone(&run).await {
            Ok(()) => Ok(0),
            // Blue takes writes: a source that cannot be read is no reason to leave lives long.
            Err(error) if matches!(error.code(), Code::SourceUnreadable | Code::SourceGap) => {
                Err(error)
            }
            Err(error) => return Err(error.into()),
        }
    } else {
        // An abort that could not be finished may have left some.
        match Box::pin(revocations::to_blue(&run)).await {
            Err(error) if error.code() == Code::LeaseLost => return Err(error.into()),
            done => done,
        }
    };
    let lives = tokens::put_back(&site, watchman.observer(), watchman.stop()).await;
    watchman.finish();
    let path = arguments.plan.display().to_string();
    let again = format!("greenlight abort {path}");
    let (lives, failed, next) = match (lives, replayed) {
        (Err(error), Err(of_blue)) => (None, Some(of_blue.detail(error.to_string())), again),
        (Ok(lives), Err(of_blue)) => (lives, Some(of_blue), again),
        // What is given up stays so: a revocation that blue does not know is said, and is mended apart.
        (lives, Ok(_done)) => match (lives, revocations::settled(&run.store).await) {
            (Ok(lives), Ok(())) => (lives, None, format!("greenlight status {path}")),
            (Ok(lives), Err(dead)) => {
                let next = retried(&path, &dead);
                (lives, Some(dead), next)
            }
            (Err(error), dead) => {
                let error = match dead {
                    Ok(()) => error,
                    Err(dead) => error.detail(dead.to_string()),
                };
                let restore = format!("greenlight tokens restore {path} --execute");
                (None, Some(error), restore)
            }
        },
    };
    printer.show(&AbortView {
        plan: record.plan,
        was: stage.words().to_owned(),
        undone: stage != Stage::Open,
        owner: Side::Blue,
        lives,
        next,
    })?;
    match failed {
        None => Ok(0),
        // The cutover is given up all the same, and the result has said so.
        Some(error) => {
            printer.error(&error);
            Ok(error.exit_code())
        }
    }
}

/// Gives a rollback up: green serves on.
async fn back(
    printer: &Printer,
    site: &Site,
    store: Store,
    record: &RunRecord,
    arguments: &AbortArgs,
) -> Outcome {
    let watchman = Watchman::new(printer);
    let run = site
        .lead(
            record.migration.clone(),
            store,
            arguments.takeover,
            watchman.observer(),
            watchman.stop(),
        )
        .await?;
    // Whoever was about to open blue does not any more; what it has come to until now counts.
    let (record, world) = rollback::claimed(&run).await?;
    let stage = stage(&world);
    if stage.owner() == Side::Blue {
        return Err(owned(&record, stage).into());
    }
    rollback::undone(&run).await?;
    watchman.finish();
    printer.show(&AbortView {
        plan: record.plan,
        was: stage.words().to_owned(),
        undone: true,
        owner: Side::Green,
        lives: None,
        next: format!("greenlight status {}", arguments.plan.display()),
    })?;
    Ok(0)
}
