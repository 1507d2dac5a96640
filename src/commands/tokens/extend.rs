//! `tokens extend`: what would live longer; with `--execute`, makes it so.

use std::sync::Arc;

use super::super::Outcome;
use super::super::cutover::{owner, stage_of};
use super::super::site::Site;
use super::{begins, ends, is_live, looked, record, settings, standing, stop, tokens};
use crate::cli::{ExtendArgs, Global};
use crate::cutover::Stage;
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::event::Observer;
use crate::tokens::{Done, Lifetimes};
use crate::ui::tokens_view::TokensView;
use crate::ui::{Printer, Progress};

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &ExtendArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let tokens = tokens(&site)?;
    let notes = in_time(&site).await?;
    let path = arguments.plan.display();
    let mut view = TokensView {
        plan: site.name().to_owned(),
        standing: None,
        settings: settings(&tokens).await,
        lives: looked(&site, &tokens).await?,
        said: "Nothing was changed.".to_owned(),
        executed: false,
        notes,
        next: format!("greenlight tokens extend {path} --execute"),
    };
    let blue = site.reader(Side::Blue, "tokens").await?;
    view.standing = crate::tokens::standing(&blue, site.name())
        .await?
        .as_ref()
        .map(standing);
    if !arguments.execute {
        printer.show(&view)?;
        return Ok(0);
    }
    let progress = Arc::new(Progress::new(printer));
    let observer: Arc<dyn Observer> = Arc::clone(&progress) as _;
    begins(&observer, "make lives of tokens longer");
    let extended = async {
        let address = site.address(Side::Blue)?;
        let namespace = &site.loaded.spec.namespace;
        let (name, plan) = (site.name(), tokens.clone());
        let lifetimes = Lifetimes::take(
            &address,
            name,
            namespace,
            plan,
            Arc::clone(&observer),
            stop(),
        )
        .await?;
        let done = Box::pin(lifetimes.extend()).await?;
        Ok((done, lifetimes.standing().await?))
    };
    let extended: Result<_> = extended.await;
    if extended.is_ok() {
        ends(&observer);
    }
    progress.finish();
    let (done, record) = extended?;
    view.standing = record.as_ref().map(standing);
    view.settings = settings(&tokens).await;
    told(&mut view, &done);
    view.next = format!("greenlight cutover {path}");
    printer.show(&view)?;
    Ok(0)
}

/// Whether it can be done now, and what should be known; refused after own, and while a cutover is under way.
async fn in_time(site: &Site) -> Result<Vec<String>> {
    let Some(record) = record(site, !is_live(site)).await? else {
        let note = "Green has no record of a run yet: a copy of blue that is made later has the longer lives.";
        return Ok(vec![note.to_owned()]);
    };
    if owner(&record) == Side::Green {
        let condition = "green owns the data: what is made longer on blue reaches nobody";
        return Err(Error::new(Code::LivesTooLate, condition));
    }
    let store = site.store("tokens").await?;
    let stage = stage_of(site, &store, &record).await?;
    if stage != Stage::Open {
        return Err(Error::new(Code::LivesTooLate, stage.words()));
    }
    if record.migration.live.is_none() {
        let note = "Green was seeded and does not follow: it keeps the shorter lives of the tokens that it has.";
        return Ok(vec![note.to_owned()]);
    }
    Ok(Vec::new())
}

fn told(view: &mut TokensView, done: &Done) {
    view.executed = true;
    view.said = "Lives are longer.".to_owned();
    for (name, written) in &done.rows {
        if let Some(row) = view.lives.iter_mut().find(|row| row.name == *name) {
            row.written = Some(*written);
        }
    }
    for (name, left) in &done.left {
        view.notes.push(format!(
            "{left} rows of `{name}` came or were held by others meanwhile: run it again, or leave them to the gate."
        ));
    }
}
