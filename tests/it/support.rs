//! What the tests stand on.

mod binaries;
pub(crate) mod cluster;
mod template;

pub(crate) use cluster::{Cluster, Options, Pair};
