//! The room `compare` against real servers: what must be seen is seen, and nothing else.

mod site;
mod types;

use std::time::Duration;

use greenlight::compare::{self, Kind, Verdict};
use greenlight::model::template::Template;

use site::{Site, catalog, shown};

const ROWS: &str =
    "CREATE TABLE t (id bigint PRIMARY KEY, a text, b int, c text NOT NULL DEFAULT '');
    INSERT INTO t SELECT i, 'a' || i, i, 'c' || i FROM generate_series(1, 5000) i;";

#[tokio::test]
async fn cluster_rows_missing_extra_and_changed_are_named() {
    let site = Site::carried(
        ROWS,
        &format!(
            "{ROWS} DELETE FROM t WHERE id = 7; INSERT INTO t VALUES (6000, 'x', 1, 'y');
             UPDATE t SET a = a || 'x' WHERE id = 9; UPDATE t SET a = NULL, c = '' WHERE id = 11;
             UPDATE t SET b = 31 - b WHERE id IN (15, 16)"
        ),
    )
    .await;
    let part = site.one().await;
    assert_eq!(
        (part.verdict, part.rows, part.differing, part.at_least),
        (Verdict::Differs, 5000, 6, false)
    );
    assert_eq!(
        shown(&part),
        [
            (Kind::Differs, "(id) = 11", vec!["a", "c"]),
            (Kind::Differs, "(id) = 15", vec!["b"]),
            (Kind::Differs, "(id) = 16", vec!["b"]),
            (Kind::Extra, "(id) = 6000", vec![]),
            (Kind::Missing, "(id) = 7", vec![]),
            (Kind::Differs, "(id) = 9", vec!["a"]),
        ]
    );
    let error = site.compare().await.into_result().expect_err("they differ");
    assert_eq!(error.code(), greenlight::error::Code::Differs);
    assert!(
        error
            .details()
            .iter()
            .any(|line| line.contains("(id) = 11 differs in a, c")),
        "{error:?}"
    );
    assert!(!format!("{error:?}").contains("a11"), "no value is shown");
}

#[tokio::test]
async fn cluster_many_differences_are_bounded() {
    let site = Site::carried(
        "CREATE TABLE t (id bigint PRIMARY KEY, a text); INSERT INTO t SELECT i, 'a' FROM generate_series(1, 120000) i",
        "CREATE TABLE t (id bigint PRIMARY KEY, a text); INSERT INTO t SELECT i, 'b' FROM generate_series(1, 120000) i",
    )
    .await;
    let part = site.one().await;
    assert!(
        part.at_least && part.differing > 40_000 && part.differing < 60_000,
        "{part:?}"
    );
    assert_eq!(part.shown.len(), 20);
}

#[tokio::test]
async fn cluster_rows_without_a_key_are_counted() {
    let rows = "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, 'x'), (1, 'x'), (1, 'x'), (2, NULL), (2, ''), (NULL, NULL);";
    let site = Site::carried(
        rows,
        &format!(
            "{rows} INSERT INTO t VALUES (2, NULL); DELETE FROM t WHERE ctid IN ('(0,1)', '(0,2)')"
        ),
    )
    .await;
    let part = site.one().await;
    assert_eq!((part.differing, part.rows), (3, 6), "{part:?}");
    let mut kinds: Vec<_> = part.shown.iter().map(|row| row.kind).collect();
    kinds.sort_by_key(|kind| *kind as u8);
    assert_eq!(kinds, [Kind::Missing, Kind::Extra]);
    assert!(
        part.shown
            .iter()
            .all(|row| row.key.starts_with("no key, at (0,")),
        "{part:?}"
    );
    let same = Site::carried(rows, rows).await.one().await;
    assert_eq!((same.verdict, same.rows), (Verdict::Same, 6));
}

#[tokio::test]
async fn cluster_leaves_columns_and_types_may_lie_otherwise() {
    let site = Site::carried(
        "CREATE TABLE t (id int, at date, v numeric(10,2), n int, s varchar(10), PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
         CREATE TABLE t1 PARTITION OF t FOR VALUES FROM ('2024-01-01') TO ('2024-07-01');
         CREATE TABLE t2 (s varchar(10), n int, at date NOT NULL, v numeric(10,2), id int NOT NULL);
         ALTER TABLE t ATTACH PARTITION t2 FOR VALUES FROM ('2024-07-01') TO ('2025-01-01');
         INSERT INTO t SELECT i, date '2024-01-01' + i % 300, i / 7.0, i, i FROM generate_series(1, 3000) i;
         CREATE TABLE empty (id int PRIMARY KEY)",
        "CREATE TABLE t (at date, id int, added text DEFAULT 'x', v numeric(12,4), n bigint, s text);
         INSERT INTO t SELECT date '2024-01-01' + i % 300, i, 'x', (i / 7.0)::numeric(10,2), i, i FROM generate_series(1, 3000) i;
         CREATE TABLE empty (id int PRIMARY KEY)",
    )
    .await;
    let outcome = site.compare().await;
    assert_eq!(outcome.verdict, Verdict::Same, "{outcome:?}");
    let rows: Vec<u64> = outcome.parts.iter().map(|part| part.rows).collect();
    assert_eq!(rows, [0, 3000]);
    assert!(
        outcome.parts.iter().all(|part| part.notes.is_empty()),
        "{outcome:?}"
    );
    site.pair
        .green
        .psql("postgres", "UPDATE t SET v = v + 0.0001 WHERE id = 299");
    let outcome = site.compare().await;
    assert_eq!(
        shown(&outcome.parts[1]),
        [(Kind::Differs, "(id, at) = (299,2024-10-26)", vec!["v"])]
    );
}

/// A source and the target that two transforms make of it.
async fn made() -> Site {
    let source = "CREATE TABLE s (id int PRIMARY KEY, price text, kind text);
        INSERT INTO s SELECT i, (i / 3.0)::text, CASE WHEN i % 5 = 0 THEN 'bill' END FROM generate_series(1, 4000) i;";
    let mut site = Site::new(
        source,
        &format!(
            "{source}
             SET search_path = greenlight_next; CREATE TYPE mood AS ENUM ('good', 'bad');
             CREATE TABLE t (id int, mood mood, price numeric(10,2), label varchar(20) NOT NULL DEFAULT 'none', made timestamptz DEFAULT now(), PRIMARY KEY (id, mood));
             INSERT INTO t (id, mood, price) SELECT id, 'good', price::numeric FROM public.s;
             INSERT INTO t (id, mood, price, label) SELECT id, 'bad', price::numeric, kind FROM public.s WHERE kind IS NOT NULL"
        ),
    )
    .await;
    let key = ["id", "mood"];
    let sql = "SELECT s.id, 'good' AS mood, s.price::numeric AS price FROM s AS s WHERE :batch";
    site.transform("t", "t", "s", &key, &["id", "mood", "price"], sql);
    let sql = "SELECT s.id, 'bad' AS mood, s.price::numeric AS price, s.kind AS label FROM s AS s WHERE :batch AND s.kind IS NOT NULL";
    site.transform(
        "more",
        "t",
        "s",
        &key,
        &["id", "mood", "price", "label"],
        sql,
    );
    site
}

#[tokio::test]
async fn cluster_a_target_has_what_its_transforms_make() {
    let site = made().await;
    let outcome = site.compare().await;
    assert_eq!(outcome.verdict, Verdict::Same, "{outcome:?}");
    let what: Vec<(&str, u64)> = outcome
        .parts
        .iter()
        .map(|part| (part.what.as_str(), part.rows))
        .collect();
    assert_eq!(
        what,
        [("blue.s = landing.s", 4000), ("transform → t", 4800)]
    );
    assert_eq!(
        outcome.parts[1].notes,
        ["`made` is left out: it has its default"]
    );
    site.pair.green.psql(
        "postgres",
        "SET search_path = greenlight_next; UPDATE t SET label = 'other' WHERE (id, mood) = (1, 'good');
         UPDATE t SET price = price + 0.01 WHERE (id, mood) = (5, 'bad'); DELETE FROM t WHERE id = 10; INSERT INTO t VALUES (0, 'bad', 1)",
    );
    let outcome = site.compare().await;
    assert_eq!(outcome.parts[0].verdict, Verdict::Same);
    assert_eq!(
        shown(&outcome.parts[1]),
        [
            (Kind::Extra, "(id, mood) = (0,bad)", vec![]),
            (Kind::Differs, "(id, mood) = (1,good)", vec!["label"]),
            (Kind::Missing, "(id, mood) = (10,bad)", vec![]),
            (Kind::Missing, "(id, mood) = (10,good)", vec![]),
            (Kind::Differs, "(id, mood) = (5,bad)", vec!["price"]),
        ]
    );
}

#[tokio::test]
async fn cluster_after_own_landing_is_found_where_it_was_retired() {
    let mut site = made().await;
    site.pair.blue.psql(
        "postgres",
        "CREATE TABLE c (id int PRIMARY KEY); INSERT INTO c VALUES (1)",
    );
    site.pair.green.psql(
        "postgres",
        "CREATE TABLE c (id int PRIMARY KEY); INSERT INTO c VALUES (1)",
    );
    site.migration.blue = catalog(&site.pair.blue, "public").await;
    site.carry("c");
    assert_eq!(site.compare().await.verdict, Verdict::Same);
    site.pair.green.psql(
        "postgres",
        "ALTER TABLE c SET SCHEMA greenlight_next; ALTER SCHEMA public RENAME TO greenlight_landing;
         ALTER SCHEMA greenlight_next RENAME TO public; UPDATE greenlight.ownership SET owner = 'green'",
    );
    let outcome = site.compare().await;
    assert_eq!(outcome.verdict, Verdict::Same, "{outcome:?}");
    assert_eq!(outcome.parts.len(), 3);
}

#[tokio::test]
async fn cluster_rejected_rows_are_left_out_and_others_cannot_be_told() {
    let site = made().await;
    for side in [&site.pair.blue, &site.pair.green] {
        side.psql("postgres", "UPDATE s SET price = 'free' WHERE id = 20");
    }
    let outcome = site.compare().await;
    assert_eq!(
        (outcome.verdict, outcome.parts[0].verdict),
        (Verdict::CannotTell, Verdict::Same)
    );
    let why = outcome.parts[1].why.as_deref().expect("why");
    assert!(why.contains("22P02") && !why.contains("free"), "{why}");
    site.pair.green.psql(
        "postgres",
        "INSERT INTO greenlight.reject (step, relation, key, reason) VALUES
         ('transform.t', 's', '(id) = (20)', 'x'), ('transform.more', 's', '(id) = (20)', 'x');
         DELETE FROM greenlight_next.t WHERE id = 20",
    );
    let outcome = site.compare().await;
    assert_eq!(outcome.verdict, Verdict::Same, "{outcome:?}");
    assert_eq!(outcome.parts[1].rows, 4798);
    assert_eq!(outcome.parts[1].notes.len(), 3);
}

#[tokio::test]
async fn cluster_patched_columns_are_compared_with_their_expression() {
    let rows = "CREATE TABLE people (id int PRIMARY KEY, email text, country text);
        INSERT INTO people SELECT i, i || '@a.b', 'x' FROM generate_series(1, 1000) i;";
    let mut site = Site::new(
        rows,
        &format!(
            "{rows} ALTER TABLE people ADD domain varchar(10), ADD part numeric(6,2);
                  UPDATE people SET domain = 'a.b', part = id / 3.0, country = 'y'"
        ),
    )
    .await;
    let carried = site.carry("people");
    for (column, sql) in [
        ("domain", "split_part(email, '@', 2) -- after the sign"),
        ("part", "people.id / 3.0"),
        ("country", "(SELECT 'y')"),
    ] {
        carried.patch.insert(column.into(), Template::parse(sql));
    }
    let outcome = site.compare().await;
    assert_eq!(outcome.verdict, Verdict::Same, "{outcome:?}");
    assert_eq!(
        outcome.parts[0].notes,
        ["`country` is left out: it is patched"]
    );
    assert_eq!(
        (outcome.parts[1].what.as_str(), outcome.parts[1].rows),
        ("patch → people", 1000)
    );
    site.pair.green.psql(
        "postgres",
        "UPDATE people SET part = NULL, country = 'x' WHERE id = 5",
    );
    let outcome = site.compare().await;
    assert_eq!(outcome.parts[0].verdict, Verdict::Same);
    assert_eq!(
        shown(&outcome.parts[1]),
        [(Kind::Differs, "(id) = 5", vec!["country", "part"])]
    );
}

#[tokio::test]
async fn cluster_what_is_not_reached_is_not_the_same() {
    let mut site = made().await;
    let run = site.run_with(None).await;
    let outcome = compare::all(&run, "verify").await.expect("an outcome");
    let verdicts: Vec<Verdict> = outcome.parts.iter().map(|part| part.verdict).collect();
    assert_eq!(
        (outcome.verdict, verdicts),
        (
            Verdict::CannotTell,
            vec![Verdict::CannotTell, Verdict::Same]
        )
    );
    assert_eq!(outcome.into_result().expect_err("unknown").exit_code(), 4);
    site.pair.green.psql("postgres", "DROP TABLE s");
    let outcome = site.compare().await;
    assert!(
        outcome
            .parts
            .iter()
            .all(|part| part.verdict == Verdict::CannotTell),
        "{outcome:?}"
    );
    site.pair.blue.stop_fast();
    let outcome = site.compare().await;
    assert_eq!(outcome.verdict, Verdict::CannotTell);
}

#[tokio::test]
async fn cluster_a_row_that_is_written_meanwhile_is_looked_at_again() {
    let site = Site::carried(
        ROWS,
        &format!("{ROWS} UPDATE t SET a = 'late' WHERE id = 9"),
    )
    .await;
    let run = site.run().await;
    let comparing = tokio::spawn(async move { compare::all(&run, "verify").await });
    // The first look and the first list are over in this time, the pause before the second is not.
    tokio::time::timeout(Duration::from_millis(350), std::future::pending::<()>())
        .await
        .ok();
    site.pair
        .green
        .psql("postgres", "UPDATE t SET a = 'a9' WHERE id = 9");
    let outcome = comparing.await.expect("joined").expect("an outcome");
    assert_eq!(outcome.verdict, Verdict::Same, "{outcome:?}");
}
