//! What the tests stand on.

mod binaries;
pub(crate) mod cluster;
mod dump;
mod fixture;
mod forwarder;
mod haproxy;
mod leftovers;
mod migration;
mod nats;
mod nginx;
pub(crate) mod operator;
mod pgbouncer;
mod port;
pub(crate) mod program;
mod rows;
pub(crate) mod shop;
pub(crate) mod signal;
mod template;
pub(crate) mod web;
pub(crate) mod writers;

pub(crate) use binaries::{binaries, must};
pub(crate) use cluster::{Cluster, Options, Pair};
pub(crate) use dump::{dump, restore};
pub(crate) use fixture::{Fixture, trap};
pub(crate) use forwarder::Wire;
pub(crate) use haproxy::Haproxy;
pub(crate) use migration::{Hold, Migration, Seed};
pub(crate) use nats::Nats;
pub(crate) use nginx::Nginx;
pub(crate) use operator::Operator;
pub(crate) use pgbouncer::Pgbouncer;
pub(crate) use program::{Ended, Program, greenlight};
pub(crate) use rows::{Row, contents, rows};
