//! A routing table on a real PostgreSQL.

use greenlight::error::{Code, Effect};
use greenlight::model::Side;
use greenlight::model::address::Address as Place;
use greenlight::model::traffic::{Driver, Sql};

use super::{SOON, target, words};
use crate::support::Cluster;

#[tokio::test]
async fn a_statement_moves_the_route_and_is_read_back() {
    let server = Cluster::start(Side::Blue);
    server.psql(
        "postgres",
        "CREATE TABLE route AS SELECT 'blue' AS side, '' AS state",
    );
    let driver = |point: &str| {
        Driver::Sql(Sql {
            at: Place::Url(server.url("postgres")),
            point: point.into(),
            read: "SELECT side, state FROM route".into(),
            hold: Some("UPDATE route SET state = 'held'".into()),
            release: Some("UPDATE route SET state = ''".into()),
        })
    };
    let traffic = target(driver("UPDATE route SET side = :'side'"), SOON);
    assert!(traffic.can_hold());
    traffic.hold(0, SOON).await.expect("a hold");
    traffic.point(0, Side::Green).await.expect("green");
    let reading = traffic.read(0).await.expect("a reading");
    assert_eq!((reading.side, reading.held), (Some(Side::Green), true));
    traffic.release(0).await.expect("a release");
    assert_eq!(
        server.psql("postgres", "SELECT side, state FROM route"),
        "green|"
    );

    let wrong = target(driver("UPDATE root SET side = :'side'"), SOON);
    let error = wrong.point(0, Side::Blue).await.expect_err("no such table");
    assert_eq!(error.code(), Code::TrafficNotPointed);
    assert_eq!(error.effect_left(), Effect::None);
    assert!(words(&error).contains("42P01"), "{}", words(&error));
}
