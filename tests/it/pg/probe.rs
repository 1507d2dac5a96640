//! Facts, sizes, privileges and counters.

use greenlight::model::Side;
use greenlight::pg::probe::{self, Counters, Needs};
use greenlight::pg::{Address, Settings, connect};

use crate::support::{Cluster, Pair};

#[tokio::test]
async fn one_database_under_two_addresses_is_found_out() {
    let pair = Pair::start();
    pair.blue.create_database("second");
    let blue = pair.blue.session("postgres").await;
    let twin = Address::resolve(
        Side::Green,
        Some(&pair.blue.url("postgres")),
        None,
        None,
        &|_| None,
    )
    .expect("an address");
    let twin = connect(&twin, "test", "test", &Settings::default())
        .await
        .expect("a session");
    let green = pair.green.session("postgres").await;
    let second = pair.blue.session("second").await;
    assert!(probe::same_database(&blue, &twin).await.expect("an answer"));
    assert!(
        !probe::same_database(&blue, &green)
            .await
            .expect("an answer")
    );
    assert!(
        !probe::same_database(&blue, &second)
            .await
            .expect("an answer")
    );
    assert_eq!(
        blue.text(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'",
            "test"
        )
        .await
        .expect("a count")
        .as_deref(),
        Some("0")
    );
    let (one, two) = (
        probe::facts(&blue).await.expect("facts"),
        probe::facts(&green).await.expect("facts"),
    );
    assert_ne!(one.system_identifier, two.system_identifier);
    assert!(one.superuser && !one.in_recovery && one.size_bytes > 1_000_000);
    assert_eq!(
        (one.encoding.as_str(), one.database.as_str()),
        ("UTF8", "postgres")
    );
}

#[tokio::test]
async fn a_poor_role_learns_what_it_lacks() {
    let cluster = Cluster::start(Side::Blue);
    cluster.psql(
        "postgres",
        "CREATE ROLE poor LOGIN; CREATE SCHEMA shop; CREATE TABLE shop.\"T\" (id int);
         CREATE SEQUENCE shop.numbers; CREATE TABLE shop.hidden (id int); ALTER TABLE shop.hidden ENABLE ROW LEVEL SECURITY;
         GRANT SELECT ON shop.hidden TO poor;
         REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
    );
    let url = cluster
        .url("postgres")
        .replace("user=postgres", "user=poor");
    let address =
        Address::resolve(Side::Blue, Some(&url), None, None, &|_| None).expect("an address");
    let session = connect(&address, "test", "test", &Settings::default())
        .await
        .expect("a session");
    let facts = probe::facts(&session).await.expect("facts");
    assert_eq!((facts.superuser, facts.system_identifier), (false, None));
    let needs = Needs {
        read: true,
        own: true,
        create_schemas: true,
    };
    let missing = probe::table_privileges(&session, "shop", needs)
        .await
        .expect("a list");
    let statements: Vec<&str> = missing
        .iter()
        .map(|missing| missing.statement.as_str())
        .collect();
    assert_eq!(
        statements,
        [
            "GRANT USAGE ON SCHEMA shop TO poor",
            "GRANT SELECT ON SEQUENCE shop.numbers TO poor",
            "GRANT SELECT ON TABLE shop.\"T\" TO poor",
            "ALTER ROLE poor BYPASSRLS",
            "ALTER SCHEMA shop OWNER TO poor",
            "ALTER TABLE shop.\"T\" OWNER TO poor",
            "ALTER TABLE shop.hidden OWNER TO poor",
            "GRANT CREATE ON DATABASE postgres TO poor",
        ]
    );
    for statement in statements {
        cluster.psql("postgres", statement);
    }
    assert_eq!(
        probe::table_privileges(&session, "shop", needs)
            .await
            .expect("a list"),
        []
    );
}

#[tokio::test]
async fn sizes_and_counters_are_read() {
    let cluster = Cluster::start(Side::Blue);
    cluster.psql(
        "postgres",
        "CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (500);
         CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (500) TO (1000);
         INSERT INTO p SELECT n, repeat('x', 100) FROM generate_series(0, 999) n;
         CREATE TABLE empty (id int); ANALYZE p1; ANALYZE p2",
    );
    let session = cluster.session("postgres").await;
    let sizes = probe::relation_sizes(&session, "public")
        .await
        .expect("sizes");
    let (whole, one, two) = (sizes["p"], sizes["p1"], sizes["p2"]);
    assert_eq!(whole.pages, one.pages + two.pages);
    assert_eq!(whole.bytes(), one.bytes() + two.bytes());
    assert_eq!(
        (whole.rows_estimate, one.rows_estimate),
        (Some(1000), Some(500))
    );
    assert!(one.pages > 5 && one.index_bytes > 0 && one.toast_bytes > 0);
    assert_eq!(
        (sizes["empty"].pages, sizes["empty"].rows_estimate),
        (0, None)
    );

    // 14 hears of them late, and of a session that is idle only at its next statement.
    let late = session.server_version() < 150_000;
    let counters = async |arrived: &dyn Fn(&Counters) -> bool| {
        let began = std::time::Instant::now();
        loop {
            let now = probe::counters(&session).await.expect("counters");
            if !late || arrived(&now) {
                return now;
            }
            assert!(began.elapsed().as_secs() < 30, "they never arrive");
        }
    };
    let before = counters(&|now| now.inserted >= 1000).await;
    session
        .run(
            "INSERT INTO public.empty SELECT generate_series(1, 500)",
            "writing",
        )
        .await
        .expect("rows");
    session.run("SET work_mem = 64; SELECT count(*) FROM (SELECT n FROM generate_series(1, 100000) n ORDER BY -n) s", "sorting").await.expect("a sort");
    let after = counters(&|now| {
        now.inserted > before.inserted
            && now.temp_files > before.temp_files
            && now.commits > before.commits
    })
    .await;
    assert_eq!(after.inserted - before.inserted, 500);
    assert!(after.temp_files > before.temp_files && after.temp_bytes > before.temp_bytes);
    assert!(after.wal_bytes > before.wal_bytes && after.commits > before.commits);
}
