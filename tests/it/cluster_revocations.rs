//! Revocations at any instant, by every source: on whichever side serves, no token lives that was revoked, and none is dead
//! that nobody has revoked. Judged by what 2.2 itself asks of a token.

mod captured;
mod dead;
mod front;
mod gaps;
mod kills;
mod kinds;
mod outside;
mod put_back;
mod rollback;
mod safeguards;

use std::collections::BTreeSet;
use std::fs;

use crate::support::program::Ended;
use crate::support::{Cluster, Fixture, Migration, Program, Seed, greenlight};

/// Tokens that a service of either version takes: an access token is there, a refresh token or code is there and active.
pub(super) const LIVE: &str = "SELECT 'access ' || signature FROM hydra_oauth2_access
    UNION ALL SELECT 'refresh ' || signature FROM hydra_oauth2_refresh WHERE active
    UNION ALL SELECT 'code ' || signature FROM hydra_oauth2_code WHERE active";

/// A migration whose plan has revocations, with nothing run yet.
pub(super) struct Scene {
    pub(super) migration: Migration,
}

/// The part of the snapshot's plan that is about revocations: all of it, or what does not capture.
fn table(captures: bool, observe: &str) -> String {
    let plan = fs::read_to_string(Fixture::Hydra(0).folder().join("snapshot.toml"));
    let plan = plan.expect("the plan");
    let from = plan.find("[observe]").expect("its observation");
    let to = plan.find("[[data_check]]").expect("its checks");
    let table = plan[from..to].replace("10min", observe);
    match table.find("[[revocations.capture]]") {
        Some(at) if !captures => table[..at].to_owned(),
        _ => table,
    }
}

impl Scene {
    /// Hydra in 200 rows; `more` is added to the plan.
    pub(super) fn open(seed: Seed, captures: bool, observe: &str, more: &str) -> Self {
        let migration = Migration::start(Fixture::Hydra(200), "plan.toml", seed);
        if seed != Seed::Live {
            migration.edit(
                "mode = \"none\"",
                "mode = \"none\"\naccept_lost_writes = true",
            );
        }
        migration.with_table(&table(captures, observe));
        migration.with_table(more);
        Self { migration }
    }

    /// A command on revocations.
    pub(super) fn command(&self, action: &str, options: &[&str]) -> std::process::Command {
        let mut command = greenlight();
        command
            .args(["revocations", action])
            .arg(self.migration.path("plan.toml"))
            .args(options)
            .arg("--json")
            .env("GREENLIGHT_BLUE_URL", self.migration.pair.blue.url("blue"))
            .env(
                "GREENLIGHT_GREEN_URL",
                self.migration.pair.green.url(&self.migration.green),
            );
        command
    }

    pub(super) fn revocations(&self, action: &str, options: &[&str]) -> Ended {
        Program::start(&mut self.command(action, options)).end()
    }

    pub(super) fn on_blue(&self, sql: &str) -> String {
        self.migration.pair.blue.psql("blue", sql)
    }

    pub(super) fn on_green(&self, sql: &str) -> String {
        self.migration
            .on_green(&format!("SET search_path = greenlight_next, public; {sql}"))
            .trim_start_matches("SET\n")
            .to_owned()
    }

    pub(super) fn blue_lives(&self) -> BTreeSet<String> {
        set(&self.on_blue(LIVE))
    }

    pub(super) fn green_lives(&self) -> BTreeSet<String> {
        set(&self.on_green(LIVE))
    }

    /// Fails unless green's tokens are those that landed and that blue still has: `resurrected 0`, `extra 0`.
    #[track_caller]
    pub(super) fn judge(&self, landed: &BTreeSet<String>) {
        let (blue, green) = (self.blue_lives(), self.green_lives());
        let resurrected: Vec<_> = green.difference(&blue).collect();
        let expected: BTreeSet<String> = landed.intersection(&blue).cloned().collect();
        let extra: Vec<_> = expected.difference(&green).collect();
        assert!(
            resurrected.is_empty() && extra.is_empty(),
            "resurrected {} {resurrected:?}, extra {} {extra:?}",
            resurrected.len(),
            extra.len()
        );
    }

    /// Ends a random grant on blue, as `POST /oauth2/revoke` does, and gives its request id.
    pub(super) fn revoke_a_grant(&self) -> String {
        revoke_a_grant(&self.migration.pair.blue)
    }
}

pub(super) fn revoke_a_grant(blue: &Cluster) -> String {
    blue.psql(
        "blue",
        "WITH g AS (SELECT request_id FROM hydra_oauth2_refresh WHERE active ORDER BY random() LIMIT 1),
              d AS (DELETE FROM hydra_oauth2_access a USING g WHERE a.request_id = g.request_id),
              u AS (UPDATE hydra_oauth2_refresh r SET active = false FROM g WHERE r.request_id = g.request_id)
         SELECT request_id FROM g",
    )
}

fn set(lines: &str) -> BTreeSet<String> {
    lines.lines().map(str::to_owned).collect()
}

/// An event about a grant.
pub(super) fn grant(id: &str, request: &str) -> String {
    format!("{{\"id\": \"{id}\", \"kind\": \"grant_revoked\", \"request_id\": \"{request}\"}}")
}
