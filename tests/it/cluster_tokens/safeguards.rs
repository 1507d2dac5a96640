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
