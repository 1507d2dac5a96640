//! Writers of every kind run into the fence.

use std::sync::mpsc::channel;

use super::stage::Stage;
use crate::support::binaries;
use crate::support::writers::Kind;

/// Long enough to try all of it while the fence stands.
const PAUSE: u64 = 30_000;
const HANG: u64 = 8_000;

/// What a session may try, each by itself.
const WRITES: &[&str] = &[
    "INSERT INTO public.audit_log (actor) VALUES ('refused')",
    "WITH one AS (INSERT INTO public.audit_log (actor) VALUES ('refused') RETURNING 1) SELECT count(*) FROM one",
    "UPDATE public.audit_log SET actor = 'refused'",
    "DELETE FROM public.audit_log",
    "COPY public.audit_log (actor) FROM PROGRAM 'echo refused'",
    "TRUNCATE public.audit_log",
    // Partitions by themselves, and through their root.
    "DELETE FROM public.events_2024h1",
    "INSERT INTO public.events_other SELECT * FROM public.events_other LIMIT 1",
    "DELETE FROM public.events",
    // Cascades begin with a statement on another table.
    "DELETE FROM public.customers",
    "DO $$ BEGIN INSERT INTO public.audit_log (actor) VALUES ('refused'); END $$",
];
const MERGE: &str = "MERGE INTO public.audit_log USING (SELECT 1) AS one ON false WHEN NOT MATCHED THEN INSERT (actor) VALUES ('refused')";

#[test]
fn writers_of_every_kind_are_refused_by_a_fence_that_says_its_name() {
    let stage = Stage::open(Kind::Shop, 31, PAUSE);
    let blue = &stage.migration.pair.blue;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    // Opened before the fence: a snapshot that does not see it, and a plan that was made without it.
    let (old, ready) = runtime.block_on(async {
        let (old, ready) = (blue.session("blue").await, blue.session("blue").await);
        let snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM pg_class";
        old.run(snapshot, "test").await.expect("a snapshot");
        ready
            .run(
                "PREPARE write (text) AS INSERT INTO public.audit_log (actor) VALUES ($1)",
                "test",
            )
            .await
            .expect("a statement");
        for _ in 0..7 {
            ready
                .run("EXECUTE write('before')", "test")
                .await
                .expect("a write");
        }
        (old, ready)
    });
    let cutover = stage.migration.cutover();
    let mut cutover = stage.begin_with(&cutover, "fence:done=hang", HANG, "");
    stage.until_reached(&mut cutover, "fence:done");

    let named = |said: &str| {
        assert!(
            said.contains("greenlight") && said.contains(stage.migration.name()),
            "{said}"
        );
    };
    runtime.block_on(async {
        for (session, sql) in [
            (
                &old,
                "INSERT INTO public.audit_log (actor) VALUES ('refused')",
            ),
            (&ready, "EXECUTE write('refused')"),
        ] {
            let error = session.run(sql, "test").await.expect_err(sql);
            // What a function of the database says is shown by psql, and not by our own sessions.
            assert!(format!("{error:?}").contains("25006"), "{error:?}");
        }
    });
    let merge = (!binaries().version.starts_with("14.")).then_some(MERGE);
    for sql in WRITES.iter().copied().chain(merge) {
        let said = blue.try_psql("blue", sql).expect_err(sql);
        named(&said);
    }
    assert_ne!(
        blue.psql("blue", "SELECT count(*) FROM public.audit_log"),
        "0"
    );
    assert!(!cutover.has_ended(), "the fence stood through all of it");
    cutover.end().with(0);
    let refused = "SELECT count(*) FROM public.audit_log WHERE actor = 'refused'";
    assert_eq!(blue.psql("blue", refused), "0");
    assert_eq!(stage.migration.on_green(refused), "0");
    drop((old, ready));
    stage.green_owns();
}

/// Writers that wait behind the fence's lock, which waits itself for an open transaction: what they are told is true.
#[test]
fn a_writer_in_the_queue_behind_the_fence_is_told_the_truth() {
    let stage = Stage::open(Kind::Shop, 32, PAUSE);
    let blue = &stage.migration.pair.blue;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let open = runtime.block_on(async {
        let open = blue.session("blue").await;
        // Rows out of the writers' reach, who change and delete random ones from the key 0 on.
        let sql = "BEGIN; INSERT INTO public.audit_log (id, actor) VALUES (-1000000, 'open')";
        open.run(sql, "test").await.expect("a write");
        open
    });
    let cutover = stage.migration.cutover();
    let mut cutover = stage.begin_with(&cutover, "fence:done=hang", 2000, "");
    let waits = |mode: &str| {
        let sql = format!("SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
            WHERE NOT l.granted AND l.mode = '{mode}' AND l.relation = 'audit_log'::regclass AND a.datname = 'blue'");
        blue.psql("blue", &sql) != "0"
    };
    stage.until("the fence waits", || waits("ShareRowExclusiveLock"));
    let acknowledged = std::thread::scope(|scope| {
        let (told, heard) = channel();
        scope.spawn(move || {
            for number in 0.. {
                let sql = format!(
                    "INSERT INTO public.audit_log (id, actor) VALUES (-2000000 - {number}, 'queued {number}')"
                );
                let taken = blue.try_psql("blue", &sql);
                if let Err(said) = &taken {
                    assert!(said.contains("greenlight"), "{said}");
                }
                if told.send(taken.is_ok()).is_err() || taken.is_err() {
                    break;
                }
            }
        });
        stage.until("a writer waits behind it", || waits("RowExclusiveLock"));
        runtime
            .block_on(open.run("COMMIT", "test"))
            .expect("COMMIT");
        heard.iter().filter(|taken| *taken).count()
    });
    stage.until_reached(&mut cutover, "fence:done");
    cutover.end().with(0);
    let count = |like: &str| {
        let sql = format!("SELECT count(*) FROM public.audit_log WHERE actor LIKE '{like}'");
        stage.migration.on_green(&sql)
    };
    assert_eq!(count("queued %"), acknowledged.to_string());
    assert_eq!(count("open"), "1");
    drop(open);
    stage.green_owns();
}
