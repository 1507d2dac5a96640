//! greenlight moves a live PostgreSQL service from schema 1.X on a *blue* database to 2.X on a *green* one.
//!
//! # The map of rooms
//!
//! Imports run one way, from the top of this list to its end; `tests/it/architecture.rs` keeps the rule.
//!
//! | room | job |
//! |---|---|
//! | [`error`] | code, condition, effect, fix |
//! | [`model`] | sides, classes, catalogs, names, the migration as values: pure |
//! | [`pg`] | sessions with pinned settings, TLS, SQLSTATE, catalogs read from a server |
//! | [`state`] | what survives a crash: the store and the lease |
//! | [`converge`] | batches: how rows get from blue to landing and from landing to target |
//! | [`compare`] | row hashes, differences, verdicts |
//! | [`link`] | green's schemas: prepare, landing, swap |
//! | [`fence`] | blue refuses writes for a moment: put up, seal, expire, lift |
//! | [`traffic`] | what stands in front of the service: hold, point, release |
//! | [`tokens`] | lives of tokens in the window around a cutover; revocations: captured, kept and done on the side that serves |
//! | [`deletes`] | rows that are taken away on green after own: kept, alarmed about, put back |
//! | [`cutover`] | where a cutover stands, its gates, how it is given up |
//! | [`steps`] | one thin file per step kind |
//! | [`plan`] | TOML → spec → compiled plan, lint |
//! | [`engine`] | the only recorder: next step, run, record, tell the observer |
//! | [`ui`] | the only room that prints |
//! | [`commands`] | one file per command |

pub mod cli;
pub mod commands;
pub mod compare;
pub mod converge;
pub mod cutover;
pub mod deletes;
pub mod engine;
pub mod error;
pub mod fence;
pub mod link;
pub mod model;
pub mod pg;
pub mod plan;
pub mod state;
pub mod steps;
pub mod tokens;
pub mod traffic;
pub mod ui;
