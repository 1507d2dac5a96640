//! What is made longer, what is not, and that all of it is put back.

use std::sync::atomic::{AtomicBool, Ordering};

use greenlight::pg::Session;

use super::stage::Stage;

#[test]
fn lives_are_made_longer_and_put_back_exactly() {
    let stage = Stage::watched();
    let before = stage.contents();
    let looked = stage.run(&["tokens", "extend"], &[]).with(0).json();
    assert_eq!(looked["executed"], false);
    assert_eq!(stage.contents(), before, "a dry run has written");
    let rows = looked["lives"].as_array().expect("lives");
    let refresh = rows
        .iter()
        .find(|row| row["name"] == "refresh_tokens")
        .expect("refresh tokens");
    assert!(refresh["unread"].as_u64() > Some(0), "{refresh:#}");
    assert!(
        refresh["note"]
            .as_str()
            .is_some_and(|note| note.contains("30days")),
        "{refresh:#}"
    );

    let done = stage.extend();
    assert_eq!(done["standing"]["state"], "extended", "{done:#}");
    assert_eq!(stage.short(), "0|0|0");
    stage.nothing_wrong();
    let at_most = stage.on_blue(
        "SELECT max(expires_at) <= now() + interval '6 hours' FROM access_tokens WHERE expires_at <> first_life",
    );
    assert_eq!(at_most, "t", "a life is longer than the horizon");
    // NULL of a client stays: the issuer's setting holds.
    assert_eq!(
        stage.on_blue("SELECT access_ns IS NULL, refresh_ns FROM clients WHERE id = 'b'"),
        "t|86400000000000"
    );
    // A second time over what has come since: no row is written twice.
    let kept = "SELECT md5(string_agg(life || digest::text || was, ',' ORDER BY life, digest)) FROM greenlight_tokens.lifetime_row";
    let first = stage.on_blue(kept);
    stage.on_blue(
        "INSERT INTO access_tokens VALUES ('late', 'a', true, now(), now() + interval '1 hour', now() + interval '1 hour')",
    );
    let again = stage.extend();
    assert_eq!(
        again["lives"][2]["written"], 1,
        "only the token that came since: {again:#}"
    );
    assert_ne!(stage.on_blue(kept), first);
    stage.on_blue("DELETE FROM access_tokens WHERE signature = 'late'");
    let status = stage.run(&["tokens", "status"], &[]).with(0).json();
    assert_eq!(status["standing"]["state"], "extended");

    let back = stage.restore();
    assert_eq!(back["standing"], serde_json::Value::Null);
    stage.nothing_wrong();
    stage.as_issued();
    assert_eq!(stage.contents(), before);
    let nothing = stage.restore();
    assert_eq!(nothing["executed"], false);
}

#[test]
fn partitions_are_walked_leaf_by_leaf() {
    let stage = Stage::plain();
    stage.on_blue(
        "CREATE TABLE parted (signature text, client text, active boolean, expires_at timestamptz, PRIMARY KEY (client, signature)) PARTITION BY LIST (client);
         CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
         CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
         INSERT INTO parted SELECT 'p' || i, (ARRAY['a', 'b', 'c'])[1 + i % 3], i % 2 = 0, now() + interval '1 hour' FROM generate_series(1, 900) AS i",
    );
    stage.add("[tokens.rows.parted]\nlive = \"active\"\nexpires = \"expires_at\"");
    let hash = "SELECT md5(string_agg(p::text, ',' ORDER BY signature)) FROM parted p";
    let before = stage.on_blue(hash);
    stage.extend();
    assert_eq!(
        stage.on_blue("SELECT count(*) FROM parted WHERE expires_at > now() + interval '5 hours'"),
        "450"
    );
    stage.restore();
    assert_eq!(stage.on_blue(hash), before);
}

/// Tells clients to stop, however the test ends.
struct Stops<'a>(&'a AtomicBool);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What clients of the service do, at random, until told to stop.
async fn clients(session: Session, seed: u64, stop: &AtomicBool) -> u64 {
    let mut number = seed;
    let mut next = |below: u64| {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (number >> 33) % below
    };
    let mut done = 0;
    while !stop.load(Ordering::Relaxed) {
        let (one, deed) = (next(4000) + 1, next(5));
        let sql = match deed {
            0 => format!("UPDATE access_tokens SET active = false WHERE signature = 'access-{one}'"),
            1 => format!("DELETE FROM access_tokens WHERE signature = 'access-{one}'"),
            2 => format!(
                "UPDATE access_tokens SET expires_at = life, first_life = life
                 FROM (SELECT now() + interval '1 hour' + {one} * interval '1.1 s' AS life) AS l
                 WHERE signature = 'access-{one}' AND active AND expires_at > now() AND expires_at < now() + interval '7 hours'"
            ),
            3 => format!(
                "UPDATE refresh_tokens SET active = false WHERE signature = 'refresh-{one}'"
            ),
            _ => format!(
                "BEGIN;
                 UPDATE refresh_tokens SET active = false, used_at = now() WHERE signature = 'refresh-{one}' AND active;
                 INSERT INTO refresh_tokens SELECT 'rotated-{seed}-{done}', true, NULL, now(),
                     jsonb_build_object('id_token', jsonb_build_object('expires_at', jsonb_build_object('refresh_token', life)))::text, life
                 FROM (SELECT to_char((now() + interval '2 hours') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') AS life) AS l;
                 COMMIT"
            ),
        };
        session.run(&sql, "be a client").await.expect("a client");
        done += 1;
    }
    done
}

#[test]
fn tokens_that_are_revoked_and_refreshed_meanwhile_keep_what_they_have() {
    let stage = Stage::watched();
    let stop = AtomicBool::new(false);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let done = std::thread::scope(|scope| {
        // Clients whom nobody stops would keep a test that fails from ending.
        let stopped = Stops(&stop);
        let writers: Vec<_> = (1..=3)
            .map(|seed| {
                let (stop, stage, runtime) = (&stop, &stage, &runtime);
                scope.spawn(move || {
                    runtime.block_on(async {
                        let session = stage.session().await;
                        clients(session, seed, stop).await
                    })
                })
            })
            .collect();
        for _ in 0..2 {
            stage.extend();
            stage.nothing_wrong();
            stage.restore();
            stage.nothing_wrong();
        }
        drop(stopped);
        writers
            .into_iter()
            .map(|writer| writer.join().expect("a client"))
            .sum::<u64>()
    });
    assert!(done > 200, "clients did {done} things only");
    stage.as_issued();
}
