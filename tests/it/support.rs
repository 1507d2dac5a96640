//! What the tests stand on.

mod binaries;
pub(crate) mod cluster;
mod leftovers;
mod template;

pub(crate) use binaries::{binaries, must};
pub(crate) use cluster::{Cluster, Options, Pair};
