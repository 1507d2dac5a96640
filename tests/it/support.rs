//! What the tests stand on.

mod binaries;
pub(crate) mod cluster;
mod leftovers;
pub(crate) mod program;
mod template;

pub(crate) use binaries::{binaries, must};
pub(crate) use cluster::{Cluster, Options, Pair};
pub(crate) use program::{Program, copy_folder};
