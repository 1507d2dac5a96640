//! A standby of blue that is promoted takes no write that green has not: it has replayed the seal before green opens.

use super::stage::Stage;
use crate::support::Cluster;
use crate::support::writers::Kind;

#[test]
fn a_standby_that_is_late_is_waited_for_and_promoted_it_refuses_writes() {
    let stage = Stage::open(Kind::Shop, 81, 3000);
    let standby = Cluster::standby(&stage.migration.pair.blue);
    let replay = |word: &str| {
        standby.psql("postgres", &format!("SELECT pg_wal_replay_{word}()"));
    };
    let cutover = stage.migration.cutover();
    let mut first = stage.begin_with(&cutover, "seal:intended=hang", 500, "");
    stage.until_reached(&mut first, "seal:intended");
    replay("pause");
    first.end().error(1, "GL0706");
    stage.blue_serves();
    replay("resume");
    stage.until("it has caught up", || {
        let lag = "SELECT replay_lag IS NULL OR replay_lag < interval '500 ms' FROM pg_stat_replication WHERE application_name = 'standby'";
        stage.migration.pair.blue.psql("blue", lag) == "t"
    });
    stage.must(&stage.migration.cutover());
    standby.psql("postgres", "SELECT pg_promote()");
    let said = standby
        .try_psql(
            "blue",
            "INSERT INTO audit_log (actor) VALUES ('on the standby')",
        )
        .expect_err("a write");
    assert!(said.contains("greenlight"), "{said}");
    drop(standby);
    stage.green_owns();
}
