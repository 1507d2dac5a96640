//! `tokens`: makes lives of tokens longer for the window, shows them, and puts them back.

mod extend;
mod restore;
mod status;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Outcome;
use super::site::{Site, stop_on_signals};
use crate::cli::{Global, TokensArgs, TokensCommand};
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::event::{Event, Observer};
use crate::model::tokens::{LifeKind, Tokens};
use crate::plan::Warning;
use crate::plan::spec::Mode;
use crate::state::{RunRecord, StepRecord, Stop};
use crate::tokens::{Lifetimes, LookedAt, Record, State};
use crate::ui::Printer;
use crate::ui::plan_view::TokensPlanned;
use crate::ui::tokens_view::{LifeRow, LivesStanding, SettingRow};

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &TokensArgs) -> Outcome {
    match &arguments.command {
        TokensCommand::Extend(arguments) => Box::pin(extend::run(printer, global, arguments)).await,
        TokensCommand::Status(arguments) => status::run(printer, global, &arguments.plan).await,
        TokensCommand::Restore(arguments) => {
            Box::pin(restore::run(printer, global, arguments)).await
        }
    }
}

/// What the plan says of tokens.
fn tokens(site: &Site) -> Result<Tokens> {
    crate::plan::tokens(&site.loaded).ok_or_else(|| {
        Error::new(Code::PlanTokens, "the plan says nothing of tokens")
            .fix("Add `[tokens]`; `docs/plan.md` lists its keys.")
    })
}

/// The record on green; `None` if nothing was begun there. Before a copy of blue is made there may be no green at all.
async fn record(site: &Site, absent: bool) -> Result<Option<RunRecord>> {
    let found = async {
        let store = site.store("tokens").await?;
        site.record(&store).await
    };
    match found.await {
        Err(error)
            if absent
                && matches!(
                    error.code(),
                    Code::Unreachable | Code::SideNotNamed | Code::LoginRefused
                ) =>
        {
            tracing::debug!(%error, "green cannot be asked");
            Ok(None)
        }
        other => other,
    }
}

/// Whether the plan follows blue: then there is a green before there is a window.
fn is_live(site: &Site) -> bool {
    site.loaded.spec.sync.mode == Mode::Logical
}

fn begins(observer: &Arc<dyn Observer>, title: &str) {
    observer.event(Event::StepStarted {
        step: "lives".to_owned(),
        title: title.to_owned(),
        resumed: false,
        total: 0,
        unit: "pages",
    });
}

fn ends(observer: &Arc<dyn Observer>) {
    observer.event(Event::StepDone {
        step: "lives".to_owned(),
        stats: crate::model::stats::Stats::default(),
        took_ms: 0,
    });
}

/// What stands, as it is shown.
pub(super) fn standing(record: &Record) -> LivesStanding {
    LivesStanding {
        state: match record.state {
            State::Copying | State::Restoring => "restoring",
            State::Extending => "extending",
            State::Extended => "extended",
        }
        .to_owned(),
        since: record.began.clone(),
        until: record.until.clone(),
        rows: record.kept,
        settings: record.settings,
        pages_done: record.pages.0,
        pages: record.pages.1,
    }
}

/// How settings of the issuer read.
async fn settings(tokens: &Tokens) -> Vec<SettingRow> {
    let looked = crate::tokens::look_at_settings(&tokens.settings).await;
    looked
        .into_iter()
        .map(|(setting, reads)| SettingRow {
            name: setting.name.clone(),
            wanted: setting.value.clone(),
            note: match &reads {
                Ok(_) => String::new(),
                Err(error) => error.to_string(),
            },
            reads: reads.ok(),
        })
        .collect()
}

/// What is known of the rows of a life, and how it is dealt with.
fn row(tokens: &Tokens, looked: &LookedAt) -> LifeRow {
    let life = tokens.lives.iter().find(|life| life.name == looked.name);
    let bound = life.map_or_else(String::new, |life| match &life.kind {
        LifeKind::Span { .. } => String::new(),
        LifeKind::Expiry(expiry) => match (&expiry.ttl, &expiry.attested) {
            _ if looked.unread == 0 => String::new(),
            (_, Some(who)) => {
                format!("what SQL cannot read stays; the gate takes the word of {who}")
            }
            (Some(ttl), None) => format!(
                "what SQL cannot read stays; the gate bounds it by `issued` + {}",
                humantime::format_duration(*ttl)
            ),
            (None, None) => {
                "what SQL cannot read stays, and nothing bounds it: the gate will be closed"
                    .to_owned()
            }
        },
    });
    let mut notes = vec![
        if looked.extended {
            String::new()
        } else {
            "only looked at".to_owned()
        },
        bound,
        if looked.part < 1.0 {
            "estimates, from a part of the table".to_owned()
        } else {
            String::new()
        },
    ];
    notes.retain(|note| !note.is_empty());
    LifeRow {
        name: looked.name.clone(),
        live: Some(looked.live),
        short: Some(if looked.extended { looked.short } else { 0 }),
        unread: Some(looked.unread),
        written: None,
        note: notes.join("; "),
    }
}

/// Looks at all lives of a plan on blue, as far ahead as the gate does.
async fn looked(site: &Site, tokens: &Tokens) -> Result<Vec<LifeRow>> {
    let blue = site.reader(Side::Blue, "tokens").await?;
    let window = site.loaded.spec.limits.limits().write_pause * tokens.allowed.margin;
    let namespace = &site.loaded.spec.namespace;
    let looked = crate::tokens::look(&blue, namespace, tokens, window).await?;
    Ok(looked.iter().map(|one| row(tokens, one)).collect())
}

/// Which longer lives stand, for `status`; `None` if none do, or if nobody can tell.
pub(super) async fn stand(
    site: &Site,
    steps: &BTreeMap<String, StepRecord>,
) -> Option<LivesStanding> {
    match still(site, steps).await {
        Ok(record) => record.as_ref().map(standing),
        Err(error) => {
            tracing::debug!(%error, "blue cannot be asked for lives of tokens");
            None
        }
    }
}

/// What stands of this plan on blue. It is not asked where the cutover has put everything back.
pub(super) async fn still(
    site: &Site,
    steps: &BTreeMap<String, StepRecord>,
) -> Result<Option<Record>> {
    let back = steps.get("lives").is_some_and(|step| step.done);
    if crate::plan::tokens(&site.loaded).is_none() || back {
        return Ok(None);
    }
    let blue = site.reader(Side::Blue, "tokens").await?;
    crate::tokens::standing(&blue, site.name()).await
}

/// Puts back on blue what stands, after a cutover was given up; a line that says so.
pub(super) async fn put_back(
    site: &Site,
    observer: Arc<dyn Observer>,
    stop: Stop,
) -> Result<Option<String>> {
    let Some(tokens) = crate::plan::tokens(&site.loaded) else {
        return Ok(None);
    };
    if still(site, &BTreeMap::new()).await?.is_none() {
        return Ok(None);
    }
    let address = site.address(Side::Blue)?;
    let namespace = &site.loaded.spec.namespace;
    let lifetimes =
        Lifetimes::take(&address, site.name(), namespace, tokens, observer, stop).await?;
    let done = Box::pin(lifetimes.restore(&[])).await?;
    Ok(done.map(|done| {
        let rows: u64 = done.rows.iter().map(|(_, rows)| rows).sum();
        format!(
            "Lives of tokens are as issued: {rows} rows and {} settings put back.",
            done.settings.len()
        )
    }))
}

/// What a dry run says of lives; a table that cannot be read becomes a warning.
pub(super) async fn planned(site: &Site, warnings: &mut Vec<Warning>) -> Option<TokensPlanned> {
    let tokens = crate::plan::tokens(&site.loaded)?;
    let lives = match looked(site, &tokens).await {
        Ok(lives) => lives,
        Err(error) => {
            let text = format!("tokens cannot be looked at: {error}");
            warnings.push(Warning::new(text));
            Vec::new()
        }
    };
    for row in &lives {
        let unread = row.unread.unwrap_or_default();
        if unread > 0 {
            let text = format!(
                "{unread} live rows of `{}` have an expiry that SQL cannot read: they are not made longer; {}",
                row.name, row.note
            );
            warnings.push(Warning::new(text));
        }
    }
    Some(TokensPlanned {
        horizon: humantime::format_duration(tokens.horizon).to_string(),
        settings: settings(&tokens).await,
        lives,
        undo: "what each one was is kept on blue, in `greenlight_tokens`, and put back at the end of the cutover, by `abort`, or by \
               `greenlight tokens restore`"
            .to_owned(),
    })
}

/// A stop for a command that changes lives.
fn stop() -> Stop {
    stop_on_signals()
}
