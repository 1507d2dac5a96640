//! What rows must be on green, worked out a second time without the plans' SQL.

pub(crate) mod hydra;
pub(crate) mod orders;
