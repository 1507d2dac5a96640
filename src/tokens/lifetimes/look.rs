//! What the gate of the cutover and a dry run go by: read from a part of each table, in a moment.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::error::Result;
use crate::model::ident::quote_qualified;
use crate::model::template::Template;
use crate::model::tokens::{Life, LifeKind, Setting, Tokens};
use crate::pg::Session;
use crate::traffic::read_setting;

/// How many pages of a table are read at most, 128 MB: of a larger one it is a part, drawn at random.
const PAGES: i64 = 16 * 1024;

/// What was seen of the rows of a life. Counts are estimates where `part` is below 1.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LookedAt {
    /// The name of the life.
    pub name: String,
    /// Rows that are live tokens; of spans, rows that would be raised.
    pub live: u64,
    /// Live tokens whose expiry SQL cannot read.
    pub unread: u64,
    /// Those of them for which nothing says how long they live.
    pub unbound: u64,
    /// Who says that they live long enough, and why.
    pub attested: Option<String>,
    /// Live tokens that expire in the window.
    pub soon: u64,
    /// As many there may be: the same, unless only a part was read.
    pub soon_at_most: u64,
    /// Live tokens that can be given a longer life.
    pub short: u64,
    /// Tokens that were issued in the last hour; `None` if the plan does not say how that is seen.
    pub issued: Option<u64>,
    /// Whether each of those stands for a refresh.
    pub refresh: bool,
    /// The part of the table that was read.
    pub part: f64,
    /// Whether its rows are made longer, not only looked at.
    pub extended: bool,
}

/// Looks at all lives. `window` is how far the gate looks ahead.
///
/// # Errors
/// When a table cannot be read, or not in time.
pub async fn look(
    blue: &Session,
    namespace: &str,
    tokens: &Tokens,
    window: Duration,
) -> Result<Vec<LookedAt>> {
    let mut all = Vec::new();
    for life in &tokens.lives {
        all.push(match &life.kind {
            LifeKind::Span { .. } => span(blue, namespace, life).await?,
            LifeKind::Expiry(_) => expiry(blue, namespace, tokens, life, window).await?,
        });
    }
    Ok(all)
}

/// How settings read, or why that is not known.
pub async fn look_at_settings(settings: &[Setting]) -> Vec<(&Setting, Result<String>)> {
    let mut all = Vec::new();
    for setting in settings {
        all.push((setting, read_setting(setting).await));
    }
    all
}

async fn span(blue: &Session, namespace: &str, life: &Life) -> Result<LookedAt> {
    let LifeKind::Span { wanted, unset } = &life.kind else {
        return Ok(LookedAt::default());
    };
    let sql = include_str!("../../../sql/tokens/look_at_spans.sql");
    let sql = rendered(
        sql,
        [
            ("table", quote_qualified(namespace, &life.table)),
            ("value", life.value.clone().unwrap_or_default()),
            ("wanted", wanted.to_string()),
            ("unset", unset.to_string()),
        ],
    );
    let row = blue.one(&sql, &[], "look at spans of lives").await?;
    let count = u64::try_from(row.get::<_, i64>(0)).unwrap_or_default();
    Ok(LookedAt {
        name: life.name.clone(),
        live: count,
        short: count,
        part: 1.0,
        extended: true,
        ..LookedAt::default()
    })
}

async fn expiry(
    blue: &Session,
    namespace: &str,
    tokens: &Tokens,
    life: &Life,
    window: Duration,
) -> Result<LookedAt> {
    let LifeKind::Expiry(expiry) = &life.kind else {
        return Ok(LookedAt::default());
    };
    let doing = format!("look at tokens of `{}`", life.table);
    let sql = include_str!("../../../sql/tokens/relations.sql");
    let leaves = blue.rows(sql, &[&namespace, &life.table], &doing).await?;
    let pages: i64 = leaves.iter().map(|row| row.get::<_, i64>("pages")).sum();
    #[expect(clippy::cast_precision_loss, reason = "pages are far below 2^52")]
    let part = (PAGES as f64 / pages.max(1) as f64).min(1.0);
    let issued = expiry.issued.as_ref().map(|issued| format!("({issued})"));
    let bound = match (&issued, expiry.ttl) {
        (Some(issued), Some(ttl)) => format!(
            "{issued}::timestamptz + make_interval(secs => {})",
            ttl.as_secs_f64()
        ),
        (Some(_), None) | (None, _) => "NULL".to_owned(),
    };
    let sql = rendered(
        include_str!("../../../sql/tokens/look.sql"),
        [
            ("table", quote_qualified(namespace, &life.table)),
            ("live", expiry.live.clone()),
            (
                "expiry",
                life.value.clone().unwrap_or_else(|| "NULL".to_owned()),
            ),
            ("bound", bound),
            (
                "issued",
                issued.clone().unwrap_or_else(|| "NULL".to_owned()),
            ),
            ("window", window.as_secs_f64().to_string()),
            ("horizon", tokens.horizon.as_secs_f64().to_string()),
            ("percent", (part * 100.0).to_string()),
        ],
    );
    let row = blue.one(&sql, &[], &doing).await?;
    let seen = |name: &str| u64::try_from(row.get::<_, i64>(name)).unwrap_or_default();
    let count = |name: &str| estimate(seen(name), part);
    Ok(LookedAt {
        name: life.name.clone(),
        live: count("live"),
        unread: count("unread"),
        unbound: if expiry.attested.is_some() {
            0
        } else {
            count("unbound")
        },
        attested: expiry.attested.clone(),
        soon: count("soon"),
        soon_at_most: at_most(seen("soon"), part),
        short: count("short"),
        issued: issued.map(|_| count("issued")),
        refresh: expiry.refresh,
        part,
        extended: life.is_extended(),
    })
}

/// How many there are by what was seen in a part.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of a count"
)]
fn estimate(seen: u64, part: f64) -> u64 {
    (seen as f64 / part).round() as u64
}

/// How many there may be: a sample in which none was seen says little of a few, and a gate opens by no luck. Nineteen of twenty
/// samples of rows that lie anywhere say so or less.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an estimate of a count"
)]
fn at_most(seen: u64, part: f64) -> u64 {
    if part >= 1.0 {
        return seen;
    }
    let seen = seen as f64;
    ((seen + 2.0 * seen.sqrt() + 3.0) / part).ceil() as u64
}

fn rendered<const N: usize>(sql: &str, values: [(&str, String); N]) -> String {
    let values: BTreeMap<String, String> = values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Template::parse(sql).render("true", &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_says_how_many_there_may_be() {
        assert_eq!((estimate(7, 1.0), at_most(7, 1.0)), (7, 7));
        assert_eq!((estimate(0, 0.1), at_most(0, 0.1)), (0, 30));
        assert_eq!((estimate(4, 0.5), at_most(4, 0.5)), (8, 22));
    }
}
