//! PAUSE, RELOAD and RESUME of a real PgBouncer.

use std::time::{Duration, Instant};

use greenlight::error::{Code, Effect};
use greenlight::model::Side;
use greenlight::model::address::Address as Place;
use greenlight::model::traffic::{Driver, Pgbouncer as Spec};
use greenlight::pg::Console;
use greenlight::traffic::Traffic;

use super::{SOON, pair, target, words};
use crate::support::{Cluster, Options, Pair, Pgbouncer};

struct Site {
    pair: Pair,
    pooler: Pgbouncer,
}

fn line(cluster: &Cluster) -> String {
    format!(
        "host={} port={} dbname=postgres",
        cluster.socket_folder().display(),
        cluster.port()
    )
}

impl Site {
    fn new(mode: &str) -> Self {
        let pair = pair(&Options::default());
        let pooler = Pgbouncer::start(mode, &line(&pair.blue));
        Self { pair, pooler }
    }

    fn traffic_as(&self, user: &str, timeout: Duration) -> Traffic {
        let driver = Driver::Pgbouncer(Spec {
            admin: Place::Url(self.pooler.url(user, "")),
            database: "shop".into(),
            file: self.pooler.file(),
            blue: line(&self.pair.blue),
            green: line(&self.pair.green),
        });
        target(driver, timeout)
    }

    fn traffic(&self) -> Traffic {
        self.traffic_as("admin", SOON)
    }
}

async fn side(client: &Console) -> String {
    let rows = client.rows("SELECT name FROM side", "ask").await;
    let rows = rows.unwrap_or_else(|error| panic!("{error:?}"));
    rows[0]["name"].clone().expect("a side")
}

#[tokio::test]
async fn a_held_client_waits_and_is_served_by_the_other_side() {
    let site = Site::new("transaction");
    let traffic = site.traffic();
    let client = site.pooler.client().await;
    assert_eq!(side(&client).await, "blue");
    let before = traffic.read(0).await.expect("a reading");
    assert_eq!((before.side, before.held), (Some(Side::Blue), false));
    assert_eq!(
        traffic.examine(0).await.expect("a look"),
        Vec::<String>::new()
    );

    traffic.hold(0, SOON).await.expect("a hold");
    traffic.hold(0, SOON).await.expect("a hold that is there");
    let held = traffic.read(0).await.expect("a reading");
    assert_eq!((held.side, held.held), (Some(Side::Blue), true));
    let waiting = tokio::spawn(async move { (side(&client).await, client) });
    site.pooler.until_waiting(1).await;

    traffic.point(0, Side::Green).await.expect("green");
    traffic.point(0, Side::Green).await.expect("green again");
    let there = traffic.read(0).await.expect("a reading");
    assert_eq!((there.side, there.held), (Some(Side::Green), true));
    traffic.release(0).await.expect("a release");
    traffic.release(0).await.expect("a release of nothing");
    let (answer, client) = waiting.await.expect("the client");
    assert_eq!(answer, "green");
    assert_eq!(side(&client).await, "green");

    let text = std::fs::read_to_string(site.pooler.file()).expect("the file");
    assert!(text.contains("pool_size=7"), "{text}");
    assert!(traffic.examine(0).await.expect("a look").is_empty());

    // And back, without a hold: what is open goes on until its transaction ends.
    traffic.point(0, Side::Blue).await.expect("blue");
    assert_eq!(side(&client).await, "blue");
}

#[tokio::test]
async fn a_pause_behind_an_open_transaction_is_taken_back() {
    let site = Site::new("transaction");
    let traffic = site.traffic();
    let busy = site.pooler.client().await;
    busy.run("BEGIN; SELECT name FROM side", "begin")
        .await
        .expect("a transaction");

    let begun = Instant::now();
    let within = Duration::from_millis(300);
    let error = traffic.hold(0, within).await.expect_err("no hold");
    assert_eq!(error.code(), Code::TrafficNotHeld);
    assert_eq!(error.effect_left(), Effect::None, "{}", words(&error));
    assert!(words(&error).contains("1 connections"), "{}", words(&error));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert!(!traffic.read(0).await.expect("a reading").held);

    // Others were made to wait for no longer than that, and the transaction goes on.
    let other = site.pooler.client().await;
    assert_eq!(side(&other).await, "blue");
    busy.run("COMMIT", "commit")
        .await
        .expect("the transaction's end");
    traffic.hold(0, SOON).await.expect("a hold");
}

#[tokio::test]
async fn a_pause_whose_process_died_is_finished_or_released_by_another() {
    let site = Site::new("transaction");
    let busy = site.pooler.client().await;
    busy.run("BEGIN; SELECT name FROM side", "begin")
        .await
        .expect("a transaction");
    let dying = site.traffic();
    let hold = tokio::spawn(async move { dying.hold(0, SOON).await });
    let traffic = site.traffic();
    while !traffic.read(0).await.expect("a reading").held {
        tokio::task::yield_now().await;
    }
    // Its connection to the console is closed with it.
    hold.abort();
    hold.await.expect_err("it was cut off");

    assert!(
        traffic.read(0).await.expect("a reading").held,
        "PAUSE stands"
    );
    let error = traffic.hold(0, Duration::from_millis(300)).await;
    let error = error.expect_err("a transaction is still open");
    assert_eq!(error.code(), Code::TrafficNotHeld);
    assert!(!traffic.read(0).await.expect("a reading").held, "undone");

    let admin = site.pooler.connect("admin", "pgbouncer").await;
    let pause = tokio::spawn(async move { admin.run("PAUSE shop", "pause").await });
    while !traffic.read(0).await.expect("a reading").held {
        tokio::task::yield_now().await;
    }
    pause.abort();
    busy.run("COMMIT", "commit")
        .await
        .expect("the transaction's end");
    traffic
        .hold(0, SOON)
        .await
        .expect("the earlier one's, finished");
    traffic.release(0).await.expect("a release");
    assert_eq!(side(&busy).await, "blue");
}

#[tokio::test]
async fn what_would_break_a_flip_is_named() {
    let site = Site::new("session");
    let found = site.traffic().examine(0).await.expect("a look");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("session pooling"), "{found:?}");

    let found = site
        .traffic_as("watcher", SOON)
        .examine(0)
        .await
        .expect("a look");
    assert!(found[0].contains("admin_users"), "{found:?}");

    std::fs::write(site.pooler.file(), "shop = host=elsewhere\n").expect("the file");
    let found = site.traffic().examine(0).await.expect("a look");
    assert!(
        found
            .iter()
            .any(|line| line.contains("does not say what PgBouncer does")),
        "{found:?}"
    );
    std::fs::write(site.pooler.file(), "other = host=elsewhere\n").expect("the file");
    let found = site.traffic().examine(0).await.expect("a look");
    assert!(
        found.iter().any(|line| line.contains("has no line")),
        "{found:?}"
    );
    let error = site
        .traffic()
        .point(0, Side::Green)
        .await
        .expect_err("no line");
    assert_eq!(error.code(), Code::TrafficNotPointed);
    assert_eq!(error.effect_left(), Effect::None, "{}", words(&error));

    let transaction = Site::new("transaction");
    let cautions = transaction.traffic().cautions(0).await.expect("a look");
    let version = transaction
        .pooler
        .connect("admin", "pgbouncer")
        .await
        .rows("SHOW CONFIG", "look")
        .await
        .expect("the configuration");
    let prepares = version.iter().any(|row| {
        row["key"].as_deref() == Some("max_prepared_statements")
            && row["value"].as_deref() != Some("0")
    });
    assert_eq!(cautions.is_empty(), prepares, "{cautions:?}");
}

#[tokio::test]
async fn a_pooler_that_is_gone_is_not_known_to_have_done_anything() {
    let site = Site::new("transaction");
    let traffic = site.traffic_as("admin", Duration::from_secs(2));
    let folder = site.pooler.folder().to_owned();
    traffic.hold(0, SOON).await.expect("a hold");
    drop(site.pooler);
    assert!(!folder.exists());
    let error = traffic.read(0).await.expect_err("nobody answers");
    assert_eq!(error.code(), Code::TrafficUnreadable);
    let error = traffic.release(0).await.expect_err("nobody answers");
    assert_eq!(error.code(), Code::TrafficNotReleased);
    assert_eq!(error.effect_left(), Effect::Unknown);
}
