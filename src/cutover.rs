//! Where a cutover stands, its gates, and how it is given up.
//!
//! May import `error`, `model`, `pg`, `state`, `converge`, `compare`, `link`, `fence`, `traffic`, `tokens`.
//! Invariants: what a cutover is, is read from both sides, never remembered; unknown never means go; giving up works from
//! every place before own, and from none after it.

mod cancel;
mod cancel_back;
mod forecast;
mod gate;
mod gates;
mod stage;
mod world;

pub use cancel::cancel;
pub use cancel_back::cancel_back;
pub use forecast::{Forecast, Load, Measured, forecast};
pub use gate::{Gate, Opening};
pub(crate) use gates::REHEARSED;
pub use gates::{Chosen, Looked, look, look_back};
pub use stage::{Stage, World, stage};
