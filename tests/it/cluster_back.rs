//! The way back: what green takes after the cutover is on blue in its 1.X form, whatever dies meanwhile.

mod compared;
mod kills;
mod refused;
mod safeguards;
pub(crate) mod stage;

use stage::Stage;

/// What a service does to 2.X that makes a way back hard, a transaction each.
const DEEDS: &[&str] = &[
    "INSERT INTO customers (id, email, region) VALUES (1000, 'new@example.org', 'eu')",
    "INSERT INTO flows VALUES ('login-1000', 'consent-1000', 1000, 'somebody', 'scope 1000', NULL)",
    // What 1.X joins changes: the login's email is another.
    "UPDATE customers SET email = 'other@example.org' WHERE id = 7",
    // Unique values swapped, and through a third.
    "UPDATE seats SET name = CASE id WHEN 1 THEN 'tmp' ELSE name END WHERE id = 1; UPDATE seats SET name = 'seat 1' WHERE id = 2; UPDATE seats SET name = 'seat 2' WHERE id = 1",
    "UPDATE customers SET email = 'x' WHERE id = 11; UPDATE customers SET email = 'user11@example.org' WHERE id = 12; UPDATE customers SET email = 'user12@example.org' WHERE id = 11",
    // Made keys swapped between two rows of one table, and between the two tables that fill one of blue.
    "UPDATE flows SET consent = CASE id WHEN 'login-1' THEN 'consent-2' ELSE 'consent-1' END WHERE id IN ('login-1', 'login-2')",
    "UPDATE flows SET consent = 'consent-10', scope = 'scope 10' WHERE id = 'login-3'; UPDATE grants SET challenge = 'consent-3', scope = 'scope 3' WHERE challenge = 'consent-10'",
    // Keys that change.
    "UPDATE flows SET id = 'login-moved' WHERE id = 'login-20'",
    "UPDATE customers SET id = 2000 WHERE id = 60 AND NOT EXISTS (SELECT FROM flows WHERE customer = 60)",
    "UPDATE tallies SET kind = 'a' WHERE kind = 'b' AND many < 9",
    "UPDATE tallies SET day = day + 1000 WHERE many = 20",
    // Deleted, with what hangs on it; deleted and put in again.
    "DELETE FROM customers WHERE id IN (5, 6)",
    "DELETE FROM seats WHERE id = 9; INSERT INTO seats (id, name, weight) OVERRIDING SYSTEM VALUE VALUES (9, 'again', 3.50)",
    "DELETE FROM grants WHERE challenge = 'consent-20'",
    // NULL, and back; a consent that ends.
    "UPDATE flows SET consent = NULL, scope = NULL WHERE id = 'login-31'",
    "UPDATE flows SET subject = NULL, customer = NULL WHERE id = 'login-32'",
    "UPDATE customers SET note = NULL WHERE id = 3; UPDATE customers SET note = '' WHERE id = 4",
    // A large value that stays as it is, and one that changes.
    "UPDATE customers SET note = 'beside a large one' WHERE id = 10",
    "UPDATE customers SET doc = repeat(md5('x'), 3000) WHERE id = 15",
    "UPDATE tallies SET extra = '{\"z\": 0, \"a\": 1}' WHERE many = 3",
    "UPDATE seats SET weight = 1.100 WHERE id = 1; UPDATE seats SET weight = NULL WHERE id = 3",
    // Nothing comes of it.
    "BEGIN; INSERT INTO seats (name) VALUES ('never'); ROLLBACK",
    // The service's own triggers may be off.
    "SET session_replication_role = replica; UPDATE seats SET name = 'as a replica' WHERE id = 30",
];

pub(crate) fn act(stage: &Stage) {
    for deed in DEEDS {
        stage.on_green(deed);
    }
}

#[test]
fn everything_that_green_takes_is_on_blue_in_its_own_form() {
    let stage = Stage::cut_over();
    stage.same();
    act(&stage);
    assert!(!stage.wrong().is_empty());
    stage.drained();
    stage.same();
    let own = "SELECT string_agg(private || coalesce(kept, '-'), ',' ORDER BY challenge) FROM logins WHERE challenge IN ('login-1', 'login-1000', 'login-moved')";
    assert_eq!(
        stage.on_blue(own),
        "private 1kept 1,new-,newkept 20",
        "what blue alone has stays"
    );
    // Blue refuses everybody else as before.
    let refused = stage
        .pair
        .blue
        .try_psql(stage::DATABASE, "DELETE FROM seats");
    assert!(refused.is_err(), "{refused:?}");
    // A second time there is nothing to do.
    assert_eq!(
        stage.run(&["observe", "--until", "empty"]).with(0).json()["taken"],
        0
    );
}
