//! `[cleanup]`.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::unit::Retention;

/// What becomes of data that `greenlight cleanup` takes away.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CleanupSpec {
    /// How long data stays in quarantine before it is dropped: the 1.X rows that were kept on green, what green has served until
    /// a rollback, rows that 1.X could not hold. `"0s"` drops it at once. Default: `"7d"`.
    #[serde(default)]
    pub keep: Option<Retention>,
}

impl CleanupSpec {
    /// How long data is kept by default.
    const KEEP: Duration = Duration::from_secs(7 * 24 * 3600);

    /// How long data is kept.
    #[must_use]
    pub fn keep(self) -> Duration {
        self.keep.map_or(Self::KEEP, |keep| keep.0)
    }
}
