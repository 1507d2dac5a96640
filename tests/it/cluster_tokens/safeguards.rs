//! Each safeguard of longer lives is needed: without it a token is changed as none may be, and that is seen.

use super::stage::Stage;

fn without(stage: &Stage, way: &str, safeguard: &str) {
    stage
        .run_with(
            &["tokens", way],
            &["--execute"],
            &[("GREENLIGHT_WITHOUT", safeguard)],
        )
        .with(0);
}

#[test]
fn without_a_look_at_the_row_revoked_and_expired_ones_live_longer() {
    for (safeguard, wrong) in [
        ("token-live", "revoked and longer"),
        ("token-expired", "expired and longer"),
    ] {
        let stage = Stage::watched();
        without(&stage, "extend", safeguard);
        let found = stage.wrong();
        assert!(found.contains(wrong), "{safeguard}: {found}");
    }
}

#[test]
fn without_a_look_at_the_value_a_token_that_was_issued_anew_is_shortened() {
    for (safeguard, wrong) in [("", ""), ("token-unchanged", "shorter than issued")] {
        let stage = Stage::watched();
        stage.extend();
        stage.on_blue(
            "UPDATE access_tokens SET expires_at = life, first_life = life FROM (SELECT now() + interval '8 hours' AS life) AS l WHERE active AND expires_at > now()",
        );
        without(&stage, "restore", safeguard);
        let found = stage.wrong();
        assert_eq!(found.is_empty(), wrong.is_empty(), "{safeguard}: {found}");
        assert!(found.contains(wrong), "{safeguard}: {found}");
    }
}

/// A token that is being revoked when its page is written: with the lock it is passed over, without it the write waits for the
/// revocation and then makes a dead token live longer.
#[test]
fn without_the_lock_a_token_that_is_being_revoked_lives_longer() {
    for (safeguard, wrong) in [("", ""), ("token-lock", "revoked and longer")] {
        let stage = Stage::watched();
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let revoking = runtime.block_on(async {
            let session = stage.session().await;
            let sql = "BEGIN; UPDATE access_tokens SET active = false WHERE signature = 'access-1'";
            session.run(sql, "revoke").await.expect("a revocation");
            session
        });
        let program = crate::support::Program::start(
            stage
                .command(&["tokens", "extend"], &["--execute"])
                .env("GREENLIGHT_WITHOUT", safeguard),
        );
        if safeguard.is_empty() {
            // It passes the row by; what is left is that one row.
            let done = program.end().with(0).json();
            assert!(done["notes"].to_string().contains("1 rows"), "{done:#}");
            runtime.block_on(async { revoking.run("COMMIT", "revoke").await.expect("commit") });
        } else {
            let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE 'greenlight/%'";
            while stage.on_blue(waits) == "0" {
                // A poll: a lock that is waited for announces itself to nobody.
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            runtime.block_on(async { revoking.run("COMMIT", "revoke").await.expect("commit") });
            program.end().with(0);
        }
        let found = stage.wrong();
        assert_eq!(found.is_empty(), wrong.is_empty(), "{safeguard}: {found}");
        assert!(found.contains(wrong), "{safeguard}: {found}");
    }
}

/// Tokens that are revoked, or used and issued anew, between the look at their page and its lock: what was read is of another
/// version, and the next pass looks again.
#[test]
fn a_token_that_changes_after_the_look_is_looked_at_again() {
    let stage = Stage::watched();
    // The look of the batch waits at its first row, its snapshot taken.
    stage.on_blue(
        "CREATE FUNCTION watch.looks(signature text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
             IF signature = 'access-1' AND current_query() LIKE '%greenlight_picked%' THEN
                 PERFORM pg_advisory_xact_lock_shared(42);
             END IF;
             RETURN true;
         END $$",
    );
    stage.edit(
        "live = \"active\"",
        "live = \"active AND watch.looks(signature)\"",
    );
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let held = runtime.block_on(async {
        let session = stage.session().await;
        let sql = "SELECT pg_advisory_lock(42)";
        session.run(sql, "hold").await.expect("a lock");
        session
    });
    let mut extend = stage.command(&["tokens", "extend"], &["--execute"]);
    let mut program = crate::support::Program::start(&mut extend);
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND query LIKE '-- Makes the lives%'";
    while stage.on_blue(waits) == "0" {
        assert!(!program.has_ended(), "it does not wait");
        // A poll: a lock that is waited for announces itself to nobody.
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    stage.on_blue(
        "UPDATE access_tokens SET active = false WHERE signature = 'access-2';
         UPDATE access_tokens SET expires_at = life, first_life = life FROM (SELECT now() + interval '2 hours' AS life) AS l WHERE signature = 'access-3'",
    );
    let sql = "SELECT pg_advisory_unlock(42)";
    runtime.block_on(async { held.run(sql, "let go").await.expect("a lock") });
    program.end().with(0);
    stage.nothing_wrong();
    assert_eq!(stage.short(), "0|0|0");
    stage.restore();
    stage.as_issued();
}
