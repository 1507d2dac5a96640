//! Pinned settings, cancelling, and connections that end.

use std::time::Duration;

use greenlight::error::{Code, Effect, Retry};
use greenlight::model::Side;
use greenlight::pg::{Address, Settings};

use crate::support::{Cluster, Options, Wire};

#[tokio::test]
async fn settings_are_pinned_whatever_database_and_role_say() {
    let cluster = Cluster::start(Side::Blue);
    for setting in [
        "TimeZone = 'Asia/Tokyo'",
        "DateStyle = 'German'",
        "IntervalStyle = 'iso_8601'",
        "extra_float_digits = 0",
        "bytea_output = 'escape'",
        "statement_timeout = '1ms'",
        "default_transaction_isolation = 'serializable'",
        "default_transaction_read_only = on",
        "search_path = 'elsewhere'",
        "quote_all_identifiers = on",
        "client_min_messages = 'debug5'",
    ] {
        cluster.psql(
            "template1",
            &format!("ALTER ROLE postgres IN DATABASE postgres SET {setting}"),
        );
    }
    let settings = Settings {
        statement_timeout: Duration::from_secs(7),
        lock_timeout: Duration::from_millis(800),
        idle_in_transaction: Duration::from_secs(61),
        search_path: vec!["shop".to_owned(), "It's \"odd\"".to_owned()],
        work_mem_kb: Some(12_345),
        maintenance_work_mem_kb: Some(54_321),
        read_only: false,
    };
    let session = cluster
        .connect("postgres", &settings)
        .await
        .expect("a session");
    for (name, expected) in [
        ("TimeZone", "UTC"),
        ("DateStyle", "ISO, YMD"),
        ("IntervalStyle", "postgres"),
        ("extra_float_digits", "3"),
        ("bytea_output", "hex"),
        ("lc_monetary", "C"),
        ("standard_conforming_strings", "on"),
        ("row_security", "off"),
        ("client_min_messages", "warning"),
        ("jit", "off"),
        ("synchronize_seqscans", "off"),
        ("default_transaction_isolation", "read committed"),
        ("transaction_isolation", "read committed"),
        ("default_transaction_read_only", "off"),
        ("transaction_read_only", "off"),
        ("quote_all_identifiers", "off"),
        ("statement_timeout", "7s"),
        ("lock_timeout", "800ms"),
        ("idle_in_transaction_session_timeout", "61s"),
        ("work_mem", "12345kB"),
        ("maintenance_work_mem", "54321kB"),
        ("search_path", "\"shop\", \"It's \"\"odd\"\"\", pg_temp"),
        ("application_name", "greenlight/test/test"),
        ("client_connection_check_interval", "1s"),
    ] {
        let found = session
            .text(&format!("SHOW {name}"), "test")
            .await
            .expect("a setting");
        assert_eq!(found.as_deref(), Some(expected), "{name}");
    }
    let pid = session
        .text("SELECT pg_backend_pid()", "test")
        .await
        .expect("a pid");
    assert_eq!(pid, Some(session.pid().to_string()));
}

#[tokio::test]
async fn a_read_only_session_writes_nothing() {
    let cluster = Cluster::start(Side::Blue);
    let settings = Settings {
        read_only: true,
        ..Settings::default()
    };
    let session = cluster
        .connect("postgres", &settings)
        .await
        .expect("a session");
    let error = session
        .run("CREATE TABLE t ()", "writing")
        .await
        .expect_err("refused");
    assert!(format!("{error:?}").contains("25006"), "{error:?}");
}

#[tokio::test]
async fn a_statement_can_be_cancelled() {
    let cluster = Cluster::start(Side::Blue);
    let session = cluster.session("postgres").await;
    let canceller = session.canceller();
    let (slept, cancelled) = tokio::join!(session.run("SELECT pg_sleep(60)", "sleeping"), async {
        // The request is only heard while the statement runs.
        let watcher = cluster.session("postgres").await;
        let query = format!(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = {} AND state = 'active'",
            session.pid()
        );
        while watcher
            .text(&query, "watching")
            .await
            .expect("a count")
            .as_deref()
            != Some("1")
        {}
        canceller.cancel().await
    });
    cancelled.expect("cancelled");
    let error = slept.expect_err("cancelled");
    assert_eq!((error.code(), error.retry_when()), (Code::Sql, Retry::Now));
    assert!(!session.closed());
}

#[tokio::test]
async fn a_lost_connection_is_told_with_the_servers_last_words() {
    let mut cluster = Cluster::start(Side::Green);
    let session = cluster.session("postgres").await;
    let other = cluster.session("postgres").await;
    other
        .run(
            &format!("SELECT pg_terminate_backend({}, 5000)", session.pid()),
            "ending it",
        )
        .await
        .expect("ended");
    let error = session.run("SELECT 1", "reading").await.expect_err("lost");
    assert_eq!(
        (error.code(), error.effect_left()),
        (Code::ConnectionLost, Effect::None)
    );
    let told = format!("{} {error:?}", error.details().join(" "));
    assert!(told.contains("57P01"), "{told}");
    assert!(session.closed());

    other
        .run("BEGIN; CREATE TABLE t ()", "making a table")
        .await
        .expect("a table");
    cluster.kill_postmaster();
    cluster.restart();
    let error = other.commit("making a table").await.expect_err("lost");
    assert_eq!(
        (error.code(), error.effect_left()),
        (Code::ConnectionLost, Effect::Unknown)
    );
    assert_eq!(error.exit_code(), 4);
    cluster.session("postgres").await;
}

#[tokio::test]
async fn a_cluster_keeps_its_rows_over_stops() {
    let options = Options::default().setting("work_mem", "7MB");
    let mut cluster = Cluster::start_with(Side::Blue, &options);
    cluster.create_database("The Shop");
    cluster.psql("The Shop", "CREATE TABLE t AS SELECT 1 AS v");
    cluster.stop_immediate();
    cluster.restart();
    assert_eq!(
        cluster.psql("The Shop", "SELECT v, current_setting('work_mem') FROM t"),
        "1|7MB"
    );
}

/// A network that swallows everything shows in nothing but silence.
#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_where_somebody_waits() {
    let cluster = Cluster::start(Side::Blue);
    let network = cluster.forwarder();
    let url = network.url("postgres");
    let address = Address::resolve(Side::Blue, Some(&url), None, None, &|_| None);
    let address = address.expect("the address of a network");
    let session = greenlight::pg::connect(&address, "plan", "test", &Settings::default())
        .await
        .expect("a session");
    let limited = address.silence().limited(Duration::from_millis(200));
    session.run("BEGIN", "begin").await.expect("it answers");
    network.set(Wire::Hole);
    let error = session.commit("end").await.expect_err("nothing is heard");
    assert_eq!(error.code(), Code::ConnectionLost);
    assert_eq!(error.effect_left(), Effect::Unknown);
    assert!(error.to_string().contains("said nothing"), "{error}");
    let after = session.run("SELECT 1", "ask again").await;
    assert_eq!(
        after.expect_err("it is closed").code(),
        Code::ConnectionLost
    );
    assert!(session.closed());
    // Elsewhere a statement may take its time, whoever had been in a hurry before.
    network.set(Wire::Whole);
    drop(limited);
    let patient = greenlight::pg::connect(&address, "plan", "test", &Settings::default())
        .await
        .expect("a session");
    let slow = patient.run("SELECT pg_sleep(0.4)", "take time").await;
    slow.expect("nobody waits");
}
