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
    /// Live tokens that can be given a longer life.
    pub short: u64,
    /// Tokens that were issued in the last hour; `None` if the plan does not say how that is seen.
    pub issued: Option<u64>,
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
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate of a count"
    )]
    let count = |name: &str| (row.get::<_, i64>(name) as f64 / part).round() as u64;
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
        short: count("short"),
        issued: issued.map(|_| count("issued")),
        part,
        extended: life.is_extended(),
    })
}

fn rendered<const N: usize>(sql: &str, values: [(&str, String); N]) -> String {
    let values: BTreeMap<String, String> = values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Template::parse(sql).render("true", &values)
}
