//! Reads what both sides say of a cutover or a rollback.

use super::stage::World;
use crate::error::Result;
use crate::fence::{self, Standing, State};
use crate::model::Side;
use crate::pg::Session;
use crate::state::RunRecord;

impl World {
    /// Reads it. Blue is asked only where it has a say: it owns the data, or green is sealed and may have given them back. Without
    /// that green's own word counts, and blue may be switched off.
    ///
    /// # Errors
    /// When a side that has a say cannot be asked.
    pub async fn read(
        record: &RunRecord,
        begun: (bool, bool),
        green: &Session,
        blue: impl AsyncFnOnce() -> Result<Session>,
    ) -> Result<Self> {
        let mut world = Self {
            plan: record.plan.clone(),
            green_owns: record.owner() == Side::Green,
            turn: record.turn,
            returned: record.returned_at.is_some(),
            begun,
            ..Self::default()
        };
        if record.migration.live.is_none() {
            return Ok(world);
        }
        if world.green_owns {
            world.green = fence::read(green).await?;
        }
        if world.asks_blue() {
            world.blue = fence::read(&blue().await?).await?;
        }
        Ok(world)
    }

    fn asks_blue(&self) -> bool {
        let sealed = |fence: &Standing| fence.plan == self.plan && fence.state == State::Sealed;
        if self.green_owns {
            sealed(&self.green)
        } else {
            !self.returned
        }
    }
}
