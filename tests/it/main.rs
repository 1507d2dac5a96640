//! The one integration test binary: everything here runs against real servers or over the whole source.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on says why and fails"
)]

mod architecture;
mod cli_errors;
mod cluster_back;
mod cluster_cleanup;
mod cluster_constraints;
mod cluster_crash;
mod cluster_cutover;
mod cluster_deletes;
mod cluster_hydra;
mod cluster_inverse;
mod cluster_kill;
mod cluster_lease;
mod cluster_live;
mod cluster_orders;
mod cluster_revocations;
mod cluster_rollback;
mod cluster_stock;
mod cluster_tokens;
mod cluster_traffic;
mod compare;
mod cutover_traffic;
mod docs;
mod existing_servers;
mod gates;
mod oracle;
mod pg;
mod privileges;
mod protocol;
mod reading;
mod support;
mod traffic;
mod writers;
