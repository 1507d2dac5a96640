//! Puts lives back, where the row still has what we wrote.

use super::setting::{self, Outcome};
use super::statement::Way;
use super::walk::{Walk, proves};
use super::{Done, Lifetimes, Record, State, leave};
use crate::error::{Code, Error, Result};
use crate::pg::Session;
use crate::state::{Run, point};

impl Lifetimes {
    /// Puts back on blue what was made longer; `None` if nothing was. Settings that `leave_settings` names are left as they are.
    ///
    /// # Errors
    /// [`Code::LivesHeld`] if rows stayed locked; a hook's, after everything else was put back.
    pub async fn restore(&self, leave_settings: &[String]) -> Result<Option<Done>> {
        let Some(record) = self.standing().await? else {
            return Ok(None);
        };
        self.turn_back(&record).await?;
        let (mut done, failed) = self.settings_back(leave_settings).await?;
        self.rows_back(&record, &self.blue, None, &mut done).await?;
        if let Some(error) = failed {
            return Err(error);
        }
        leave(&self.blue).await?;
        Ok(Some(done))
    }

    /// From here on lives are put back: nobody makes them longer meanwhile.
    pub(super) async fn turn_back(&self, record: &Record) -> Result<()> {
        if record.state == State::Restoring {
            return Ok(());
        }
        let doing = "begin to put lives back";
        self.blue.run("BEGIN", doing).await?;
        self.turn(&self.blue, State::Restoring, record.state)
            .await?;
        let sql = "DELETE FROM greenlight_tokens.lifetime_walk";
        self.blue.run(sql, doing).await?;
        self.blue.commit(doing).await?;
        point("lives:restoring").await
    }

    /// Settings first: what is issued from here on has its own life again.
    pub(super) async fn settings_back(
        &self,
        leave_settings: &[String],
    ) -> Result<(Done, Option<Error>)> {
        let (settings, failed) = setting::restore(&self.blue, &self.stop, leave_settings).await?;
        let mut done = Done::default();
        for (name, outcome) in settings {
            match outcome {
                Outcome::Back => done.settings.push(name),
                Outcome::Other => done.others.push(name),
            }
        }
        Ok((done, failed))
    }

    /// The rows of a side.
    pub(super) async fn rows_back(
        &self,
        record: &Record,
        session: &Session,
        run: Option<&Run>,
        done: &mut Done,
    ) -> Result<()> {
        if !proves(session, run) {
            return Err(Error::new(
                Code::Bug,
                "lives of a side without the right to it",
            ));
        }
        for (number, keyed) in record.lives.iter().enumerate() {
            if !keyed.life.is_extended() {
                continue;
            }
            let walk = Walk {
                lifetimes: self,
                session,
                run,
                record,
                number,
                keyed,
                way: Way::Back,
            };
            let (written, left) = walk.all().await?;
            if left > 0 {
                let condition = format!("{left} rows of `{}` are held by others", keyed.life.table);
                return Err(Error::new(Code::LivesHeld, condition));
            }
            done.passed += walk.forget().await?;
            self.note(format!("`{}`: {written} rows put back", keyed.life.name));
            done.rows.push((keyed.life.name.clone(), written));
        }
        Ok(())
    }
}
