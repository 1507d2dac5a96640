//! Where a cutover stands, its gates, and how it is given up.
//!
//! May import `error`, `model`, `pg`, `state`, `converge`, `compare`, `link`, `fence`, `traffic`, `tokens`.
//! Invariants: what a cutover is, is read from both sides, never remembered; unknown never means go; giving up works from
//! every place before own, and from none after it.

mod cancel;
mod forecast;
mod gate;
mod gates;
mod stage;

pub use cancel::cancel;
pub use forecast::{Forecast, Measured, forecast};
pub use gate::{Gate, Opening};
pub(crate) use gates::REHEARSED;
pub use gates::{Looked, look};
pub use stage::{Stage, stage};
