//! Green follows a blue that is written to.

use crate::support::{Fixture, Migration, Seed};

/// What every kind of change on blue comes to: each statement is one that a service could run.
const CHANGES: &[&str] = &[
    "UPDATE hydra_oauth2_consent_request_handled SET was_used = true WHERE challenge IN (SELECT challenge FROM hydra_oauth2_consent_request_handled ORDER BY challenge LIMIT 20)",
    "DELETE FROM hydra_oauth2_authentication_session WHERE id IN (SELECT login_session_id FROM hydra_oauth2_authentication_request WHERE login_session_id IS NOT NULL ORDER BY challenge LIMIT 10)",
    "UPDATE hydra_client SET redirect_uris = 'https://a|https://b' WHERE id IN (SELECT id FROM hydra_client ORDER BY id LIMIT 3)",
];

#[test]
fn a_followed_hydra_comes_in_step_and_is_what_1_11_meant() {
    let migration = Migration::start(Fixture::Hydra(400), "plan.toml", Seed::Live);
    migration.run(&["check"]).with(0);
    migration.run(&["plan"]).with(0);
    migration.run(&["run", "--until", "in-step"]).with(0);
    for change in CHANGES {
        migration.pair.blue.psql("blue", change);
    }
    migration.run(&["run", "--until", "compare"]).with(0);
}

#[test]
fn followed_orders_come_in_step_and_leave_nothing_behind() {
    let migration = Migration::start(Fixture::Orders(300), "plan.toml", Seed::Live);
    migration.run(&["plan"]).with(0);
    migration.run(&["run", "--until", "in-step"]).with(0);
    migration.pair.blue.psql(
        "blue",
        "BEGIN; UPDATE orders SET number = 'x' || number; UPDATE orders SET number = substr(number, 2); COMMIT;
         UPDATE customers SET email = 'a' || email WHERE id < 20;
         DELETE FROM orders WHERE id IN (SELECT id FROM orders o WHERE NOT EXISTS (SELECT FROM orders r WHERE r.replaces = o.id) ORDER BY id LIMIT 5)",
    );
    migration.run(&["run", "--until", "compare"]).with(0);
    migration
        .run(&[
            "cleanup",
            "--all",
            "--execute",
            "--confirm",
            migration.name(),
        ])
        .with(0);
    let left =
        "SELECT (SELECT count(*) FROM pg_replication_slots) + (SELECT count(*) FROM pg_publication)
        + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'greenlight%')";
    assert_eq!(migration.pair.blue.psql("blue", left), "0");
    let left = "SELECT (SELECT count(*) FROM pg_subscription) + (SELECT count(*) FROM pg_replication_origin)
        + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'greenlight%')";
    assert_eq!(migration.pair.green.psql(&migration.green, left), "0");
}
