//! Puts lives back on green, which has the longer ones from blue since it owns the data: what blue has kept is brought there
//! first. Digests are all that travels and stays there for that time.

use super::{Done, Keyed, Lifetimes, Record, State, leave, read};
use crate::error::{Code, Error, Result};
use crate::pg::Session;
use crate::state::{Run, committed, point};

/// Old values that are brought at once.
const CHUNK: i64 = 5000;

impl Lifetimes {
    /// Puts back on green what was made longer on blue; `None` if nothing was.
    ///
    /// # Errors
    /// As [`Lifetimes::restore`]; [`Code::LeaseLost`].
    pub async fn restore_on_green(
        &self,
        run: &Run,
        leave_settings: &[String],
    ) -> Result<Option<Done>> {
        let Some(record) = self.standing().await? else {
            return Ok(None);
        };
        self.turn_back(&record).await?;
        let (mut done, failed) = self.settings_back(leave_settings).await?;
        let green = run.green_in("lives", &[self.namespace.as_str()]).await?;
        let there = self.brought(run, &green, &record).await?;
        self.rows_back(&there, &green, Some(run), &mut done).await?;
        if let Some(error) = failed {
            return Err(error);
        }
        run.still_ours().await?;
        leave(&green).await?;
        leave(&self.blue).await?;
        Ok(Some(done))
    }

    /// Green's own record, with all that blue has kept.
    async fn brought(&self, run: &Run, green: &Session, record: &Record) -> Result<Record> {
        let there = match read(green).await? {
            Some(there) if there.salt == record.salt => there,
            Some(_) | None => self.room_on_green(run, green, record).await?,
        };
        if there.state != State::Copying {
            return Ok(there);
        }
        let doing = "bring what lives were to green";
        loop {
            self.stop.check()?;
            let last = green
                .opt(include_str!("../../../sql/tokens/last.sql"), &[], doing)
                .await?;
            let (life, digest): (i32, Vec<u8>) =
                last.map_or((-1, Vec::new()), |row| (row.get("life"), row.get("digest")));
            let rows = self
                .blue
                .rows(
                    include_str!("../../../sql/tokens/chunk.sql"),
                    &[&life, &digest, &CHUNK],
                    doing,
                )
                .await?;
            if rows.is_empty() {
                break;
            }
            let lives: Vec<i32> = rows.iter().map(|row| row.get("life")).collect();
            let digests: Vec<Vec<u8>> = rows.iter().map(|row| row.get("digest")).collect();
            let was: Vec<Option<String>> = rows.iter().map(|row| row.get("was")).collect();
            let wrote: Vec<Option<String>> = rows.iter().map(|row| row.get("wrote")).collect();
            run.begin(green, doing).await?;
            let sql = include_str!("../../../sql/tokens/bring.sql");
            green
                .execute(sql, &[&lives, &digests, &was, &wrote], doing)
                .await?;
            committed("lives:brought", green.commit(doing).await).await?;
        }
        run.begin(green, doing).await?;
        self.turn(green, State::Restoring, State::Copying).await?;
        green.commit(doing).await?;
        point("lives:copied").await?;
        (read(green).await?).ok_or_else(gone)
    }

    /// Makes room on green; a record that came with a copy of blue is none of green's.
    async fn room_on_green(&self, run: &Run, green: &Session, record: &Record) -> Result<Record> {
        let doing = "make room for what lives were";
        let lives = serde_json::to_string::<Vec<Keyed>>(&record.lives).map_err(|error| {
            Error::new(Code::Bug, "lives cannot be written as JSON").caused_by(error)
        })?;
        run.begin(green, doing).await?;
        for sql in [
            include_str!("../../../sql/tokens/leave.sql"),
            include_str!("../../../sql/tokens/room.sql"),
        ] {
            green.run(sql, doing).await?;
        }
        let sql = include_str!("../../../sql/tokens/begin_on_green.sql");
        green
            .execute(
                sql,
                &[&self.plan, &record.salt, &record.stamp, &lives],
                doing,
            )
            .await?;
        committed("lives:room", green.commit(doing).await).await?;
        (read(green).await?).ok_or_else(gone)
    }
}

fn gone() -> Error {
    Error::new(Code::Bug, "what was begun on green is not there")
}
