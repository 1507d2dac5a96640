//! Lives of tokens on a side: what was done to them, and the right to do more.
//!
//! Everything is kept on blue, in `greenlight_tokens`: lives may be made longer before there is a green, and what a copy of blue
//! brings to green must not be taken for green's own. One session does all the writing and holds a lock for as long as it lives:
//! whoever is gone writes nothing more.

mod across;
mod extend;
mod look;
mod ours;
mod pace;
mod restore;
mod setting;
mod statement;
mod walk;

pub use look::{LookedAt, look, look_at_settings};

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Code, Error, Result};
use crate::model::event::{Event, Observer};
use crate::model::tokens::{Life, Tokens};
use crate::model::{Side, names};
use crate::pg::{self, Address, Session, Settings};
use crate::state::{Stop, point};

/// What a step or a command of lives is called in events.
const STEP: &str = "lives";
/// How long one statement may take: a batch that takes longer has met something that it must not wait for.
const STATEMENT: Duration = Duration::from_secs(60);
/// How long the session of one that was killed just now may take to be seen as gone.
const GONE: &str = "5s";

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// What blue has kept is being brought to green.
    Copying,
    /// Lives are being made longer.
    Extending,
    /// They are longer.
    Extended,
    /// They are being put back.
    Restoring,
}

impl State {
    fn stored(self) -> &'static str {
        match self {
            Self::Copying => "copying",
            Self::Extending => "extending",
            Self::Extended => "extended",
            Self::Restoring => "restoring",
        }
    }
}

/// What was done to lives on a side.
#[derive(Clone, Debug)]
pub struct Record {
    /// The plan's name.
    pub plan: String,
    /// What is being done.
    pub state: State,
    /// Since when, in UTC.
    pub began: String,
    /// No life is longer than this, in UTC.
    pub until: String,
    /// Whether that is over: then the longer lives have run out by themselves.
    pub over: bool,
    /// How many rows have a longer life that is not put back yet.
    pub kept: u64,
    /// How many settings of the issuer are not put back yet.
    pub settings: u64,
    /// Pages that the work under way has done, and all of them.
    pub pages: (u64, u64),
    /// The same moment as PostgreSQL writes it.
    stamp: String,
    salt: String,
    lives: Vec<Keyed>,
}

/// A life with the key by which its rows are known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Keyed {
    life: Life,
    key: Vec<String>,
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Done {
    /// Rows that were written, by the name of their life.
    pub rows: Vec<(String, u64)>,
    /// Rows that could have had it and were held by others, by the name of their life.
    pub left: Vec<(String, u64)>,
    /// Rows of ours that have another value by now, or are gone: they were left as they are.
    pub passed: u64,
    /// Settings that were set, or put back.
    pub settings: Vec<String>,
    /// Settings that somebody else has set since: they were left as they are.
    pub others: Vec<String>,
}

/// What was done on a side; `None` if nothing was.
///
/// # Errors
/// When the session fails.
pub async fn read(session: &Session) -> Result<Option<Record>> {
    let doing = "look which lives of tokens stand";
    let there = include_str!("../../sql/tokens/there.sql");
    if !session.one(there, &[], doing).await?.get::<_, bool>(0) {
        return Ok(None);
    }
    let side = session.side().to_string();
    let sql = include_str!("../../sql/tokens/read.sql");
    let Some(row) = session.opt(sql, &[&side], doing).await? else {
        return Ok(None);
    };
    let count = |name: &str| u64::try_from(row.get::<_, i64>(name)).unwrap_or_default();
    let lives: String = row.get("lives");
    Ok(Some(Record {
        plan: row.get("plan"),
        state: match row.get::<_, &str>("state") {
            "copying" => State::Copying,
            "extended" => State::Extended,
            "restoring" => State::Restoring,
            _ => State::Extending,
        },
        began: row.get("began"),
        until: row.get("until_text"),
        over: row.get("over"),
        kept: count("kept"),
        settings: count("settings"),
        pages: (count("pages_done"), count("pages")),
        stamp: row.get("until"),
        salt: row.get("salt"),
        lives: serde_json::from_str(&lives).map_err(|error| {
            Error::new(Code::StoreVersion, "what was done to lives cannot be read").caused_by(error)
        })?,
    }))
}

/// What of this plan's stands on a side.
///
/// # Errors
/// When the session fails.
pub async fn standing(session: &Session, plan: &str) -> Result<Option<Record>> {
    Ok(read(session).await?.filter(|record| record.plan == plan))
}

/// The lives of a plan's tokens, and the right to change them.
pub struct Lifetimes {
    plan: String,
    namespace: String,
    tokens: Tokens,
    blue: Session,
    observer: Arc<dyn Observer>,
    stop: Stop,
}

impl Lifetimes {
    /// Takes the right to change the lives of a plan's tokens, for as long as this lives.
    ///
    /// # Errors
    /// [`Code::LeaseHeld`] if somebody else has it.
    pub async fn take(
        blue: &Address,
        plan: &str,
        namespace: &str,
        tokens: Tokens,
        observer: Arc<dyn Observer>,
        stop: Stop,
    ) -> Result<Self> {
        let session = writer(blue, plan, namespace).await?;
        session
            .run(
                &format!("SET lock_timeout = '{GONE}'"),
                "take the right to change lives",
            )
            .await?;
        let key = names::lives_lock(plan);
        let taken = session
            .one(
                "SELECT pg_advisory_lock($1)",
                &[&key],
                "take the right to change lives",
            )
            .await;
        match taken {
            Ok(_) => {}
            Err(error) if error.code() == Code::LockTimeout => {
                let condition =
                    format!("another greenlight changes the lives of the tokens of plan `{plan}`");
                return Err(Error::new(Code::LeaseHeld, condition));
            }
            Err(error) => return Err(error),
        }
        session
            .run("SET lock_timeout = '1s'", "take the right to change lives")
            .await?;
        Ok(Self {
            plan: plan.to_owned(),
            namespace: namespace.to_owned(),
            tokens,
            blue: session,
            observer,
            stop,
        })
    }

    /// What stands on blue of this plan.
    ///
    /// # Errors
    /// [`Code::LivesStand`] if another plan's stand.
    pub async fn standing(&self) -> Result<Option<Record>> {
        match read(&self.blue).await? {
            Some(record) if record.plan != self.plan => {
                let condition = format!("longer lives of plan `{}` stand on blue", record.plan);
                Err(Error::new(Code::LivesStand, condition))
            }
            other => Ok(other),
        }
    }

    /// Another state, from the one that it is in.
    async fn turn(&self, session: &Session, state: State, before: State) -> Result<()> {
        let doing = "note what is being done to lives";
        let sql = include_str!("../../sql/tokens/become.sql");
        let row = session
            .opt(sql, &[&state.stored(), &before.stored()], doing)
            .await?;
        if row.is_none() {
            let condition = "what is being done to lives has changed meanwhile";
            return Err(Error::new(Code::LeaseLost, condition));
        }
        Ok(())
    }

    fn note(&self, text: String) {
        self.observer.event(Event::Note {
            step: STEP.to_owned(),
            text,
        });
    }
}

/// Takes everything of ours away again; what others keep in the schema stays, and the schema with it.
async fn leave(session: &Session) -> Result<()> {
    let doing = "forget the lives that were put back";
    let others = include_str!("../../sql/tokens/others.sql");
    let others: i64 = session.one(others, &[], doing).await?.get(0);
    let mut sql = include_str!("../../sql/tokens/leave.sql").to_owned();
    if others == 0 {
        sql.push_str("; DROP SCHEMA IF EXISTS greenlight_tokens");
    }
    session.run(&sql, doing).await?;
    point("lives:left").await
}

/// A session that writes lives on blue.
async fn writer(blue: &Address, plan: &str, namespace: &str) -> Result<Session> {
    let settings = Settings {
        statement_timeout: STATEMENT,
        search_path: vec![namespace.to_owned()],
        ..Settings::default()
    };
    pg::connect(blue, plan, "lives", &settings).await
}

/// Whether this is the side that the record on it belongs to.
fn is_blue(session: &Session) -> bool {
    session.side() == Side::Blue
}
