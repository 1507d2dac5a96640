//! `deletes`: what was taken away on green since it owns the data, and by whom; with `--allow`, lets a role delete again.

use super::site::Site;
use super::{Outcome, deletes_kept};
use crate::cli::{Chosen, DeletesArgs, Global};
use crate::deletes::{self, Alarm, Blocked, Filter, Origin, alarms};
use crate::error::{Code, Error, Result};
use crate::pg::Session;
use crate::ui::Printer;
use crate::ui::deletes_view::{AlarmRow, BlockedRow, DeletesView, OriginRow};

pub(super) async fn run(printer: &Printer, global: &Global, arguments: &DeletesArgs) -> Outcome {
    let site = Site::open(global, &arguments.plan)?;
    let store = site.store("deletes").await?;
    let record = site.begun(&store).await?;
    let green = store.session();
    let kept = deletes_kept(green).await?;
    let path = arguments.plan.display();
    let mut said = String::new();
    if let Some(role) = &arguments.allow {
        said = if deletes::allow(green, role).await? {
            store
                .note(None, &format!("{role} may delete again"))
                .await?;
            format!("{role} may delete again; alarms do not block it any more.")
        } else {
            format!("{role} was not blocked.")
        };
    }
    let all = "-infinity".to_owned();
    let since = match &arguments.since {
        Some(when) => moment(green, when).await?,
        None => all,
    };
    let filter = filter(green, since, &arguments.chosen).await?;
    let origins = deletes::origins(green, &filter).await?;
    let next = match origins.first() {
        Some(_) => format!("greenlight restore {path} --since '15min'"),
        None => format!("greenlight status {path}"),
    };
    printer.show(&DeletesView {
        plan: record.plan,
        rows: kept.rows,
        bytes: kept.bytes,
        until: kept.until,
        over: kept.over,
        said,
        origins: origins.into_iter().map(OriginRow::from).collect(),
        alarms: alarms(&store)
            .await?
            .into_iter()
            .map(AlarmRow::from)
            .collect(),
        blocked: deletes::blocked(green)
            .await?
            .into_iter()
            .map(BlockedRow::from)
            .collect(),
        next,
    })?;
    Ok(0)
}

/// A time that was given as `15min`, which is so long ago, or as the server reads it.
pub(super) async fn moment(green: &Session, when: &str) -> Result<String> {
    let doing = "read a time";
    let read = match humantime::parse_duration(when) {
        Ok(ago) => {
            let sql = "SELECT (clock_timestamp() - $1::float8 * interval '1 second')::text";
            green.one(sql, &[&ago.as_secs_f64()], doing).await?
        }
        Err(_absolute) => {
            let sql = "SELECT $1::text::timestamptz::text";
            green
                .one(sql, &[&when], doing)
                .await
                .map_err(|error| match error.code() {
                    Code::ConnectionLost => error,
                    _ => Error::new(Code::BadTime, format!("`{when}` is no time")),
                })?
        }
    };
    Ok(read.get(0))
}

/// What the arguments choose.
pub(super) async fn filter(green: &Session, since: String, chosen: &Chosen) -> Result<Filter> {
    Ok(Filter {
        since,
        until: match &chosen.until {
            Some(when) => Some(moment(green, when).await?),
            None => None,
        },
        tables: (!chosen.table.is_empty()).then(|| chosen.table.clone()),
        role: chosen.role.clone(),
        application: chosen.application.clone(),
        transaction: chosen.transaction.clone(),
    })
}

impl From<Origin> for OriginRow {
    fn from(it: Origin) -> Self {
        Self {
            role: it.role,
            application: it.application,
            table: it.table,
            op: it.op,
            statements: it.statements,
            transactions: it.transactions,
            first_transaction: it.first_transaction,
            rows: it.rows,
            peak: it.peak,
            first: it.first,
            last: it.last,
            restored: it.restored,
        }
    }
}

impl From<Alarm> for AlarmRow {
    fn from(it: Alarm) -> Self {
        Self {
            text: it.text(),
            at: it.at,
            table: it.table,
            rows: it.rows,
            limit: it.limit,
        }
    }
}

impl From<Blocked> for BlockedRow {
    fn from(it: Blocked) -> Self {
        Self {
            role: it.role,
            since: it.since,
            why: it.why,
        }
    }
}
