//! What the tests stand on.

mod binaries;
pub(crate) mod cluster;
mod leftovers;
pub(crate) mod operator;
pub(crate) mod shop;
mod template;

pub(crate) use binaries::{binaries, must};
pub(crate) use cluster::{Cluster, Options, Pair};
pub(crate) use operator::Operator;
