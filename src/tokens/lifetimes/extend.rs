//! Makes lives longer: settings of the issuer first, so that what is issued meanwhile lives long, then spans, then tokens.

use super::statement::Way;
use super::walk::Walk;
use super::{Done, Keyed, Lifetimes, Record, State, setting};
use crate::error::{Code, Error, Result};
use crate::fence;
use crate::model::tokens::Life;
use crate::state::{committed, point};

impl Lifetimes {
    /// Makes lives longer, or goes on with that. What has come since is made longer too; no row is written twice.
    ///
    /// # Errors
    /// [`Code::LivesTooLate`] while blue is fenced, or lives are being put back; the hooks' and the statements' own.
    pub async fn extend(&self) -> Result<Done> {
        let standing = fence::read(&self.blue).await?;
        if standing.state != fence::State::Open {
            let condition = format!("blue is fenced by plan `{}`", standing.plan);
            return Err(Error::new(Code::LivesTooLate, condition));
        }
        let record = match self.standing().await? {
            None => self.begin().await?,
            Some(record) => self.again(record).await?,
        };
        let mut done = Done::default();
        for (place, setting) in self.tokens.settings.iter().enumerate() {
            if setting::set(&self.blue, &self.stop, place, setting).await? {
                done.settings.push(setting.name.clone());
                self.note(format!("`{}` is {}", setting.name, setting.value));
            }
        }
        for (number, keyed) in record.lives.iter().enumerate() {
            if !keyed.life.is_extended() {
                continue;
            }
            let walk = Walk {
                lifetimes: self,
                session: &self.blue,
                run: None,
                record: &record,
                number,
                keyed,
                way: Way::Longer,
            };
            let (written, left) = walk.all().await?;
            self.note(format!("`{}`: {written} rows", keyed.life.name));
            done.rows.push((keyed.life.name.clone(), written));
            if left > 0 {
                done.left.push((keyed.life.name.clone(), left));
            }
        }
        self.turn(&self.blue, State::Extended, State::Extending)
            .await?;
        point("lives:extended").await?;
        Ok(done)
    }

    /// The record, before the first row.
    async fn begin(&self) -> Result<Record> {
        let mut lives = Vec::new();
        for life in &self.tokens.lives {
            lives.push(self.keyed(life).await?);
        }
        let lives = serde_json::to_string(&lives).map_err(|error| {
            Error::new(Code::Bug, "lives cannot be written as JSON").caused_by(error)
        })?;
        let doing = "make room for what lives were";
        let (seconds, side) = (self.tokens.horizon.as_secs_f64(), "blue");
        self.blue.run("BEGIN", doing).await?;
        let made = async {
            self.blue
                .run(include_str!("../../../sql/tokens/room.sql"), doing)
                .await?;
            let sql = include_str!("../../../sql/tokens/begin.sql");
            self.blue
                .execute(sql, &[&self.plan, &side, &seconds, &lives], doing)
                .await
        };
        if let Err(error) = made.await {
            self.blue.rollback(doing).await?;
            return Err(error);
        }
        committed("lives:begun", self.blue.commit(doing).await).await?;
        (self.standing().await?).ok_or_else(|| Error::new(Code::Bug, "what was begun is not there"))
    }

    /// Goes on, or once more over what has come since.
    async fn again(&self, record: Record) -> Result<Record> {
        if matches!(record.state, State::Restoring | State::Copying) {
            let condition = "lives are being put back";
            return Err(Error::new(Code::LivesTooLate, condition));
        }
        if record.over {
            let condition = format!("the longer lives ended at {}", record.until);
            return Err(Error::new(Code::LivesTooLate, condition)
                .fix("Put back what is left of them with `greenlight tokens restore PLAN --execute`, then begin anew."));
        }
        let (then, now) = (record.lives.iter(), self.tokens.lives.iter());
        if !then.map(|keyed| &keyed.life).eq(now) {
            let condition = "the plan's `[tokens]` is another one than when lives were made longer";
            return Err(Error::new(Code::LivesStand, condition));
        }
        if record.state == State::Extended {
            let doing = "go over what has come since";
            let sql = "DELETE FROM greenlight_tokens.lifetime_walk";
            self.blue.run("BEGIN", doing).await?;
            self.turn(&self.blue, State::Extending, State::Extended)
                .await?;
            self.blue.run(sql, doing).await?;
            self.blue.commit(doing).await?;
        }
        Ok(record)
    }

    /// The key by which rows of a life are known, which must be unique: two rows of one key would share an old value.
    async fn keyed(&self, life: &Life) -> Result<Keyed> {
        let doing = "read the key of a table of tokens";
        let mut key = life.key.clone();
        if key.is_empty() {
            let sql = include_str!("../../../sql/tokens/key.sql");
            let rows = self
                .blue
                .rows(sql, &[&self.namespace, &life.table], doing)
                .await?;
            key = rows.iter().map(|row| row.get("name")).collect();
        }
        let sql = include_str!("../../../sql/tokens/unique.sql");
        let row = self
            .blue
            .one(sql, &[&self.namespace, &life.table, &key], doing)
            .await?;
        if key.is_empty() || !row.get::<_, bool>(0) {
            let condition = format!("`{}` on blue has no unique index for its key", life.table);
            return Err(Error::new(Code::PlanTokens, condition)
                .fix("Name the columns of a unique index as `key` in the plan."));
        }
        Ok(Keyed {
            life: life.clone(),
            key,
        })
    }
}
