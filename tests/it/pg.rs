//! The room `pg` against real servers.

mod catalog;
mod connecting;
mod errors;
mod probe;
mod session;
mod tls;
