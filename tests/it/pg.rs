//! The room `pg` against real servers.

use greenlight::model::Side;

use crate::support::Cluster;

#[tokio::test]
async fn smoke() {
    let cluster = Cluster::start(Side::Blue);
    let session = cluster.session("postgres").await;
    eprintln!(
        "{} {:?}",
        session.server_version(),
        session.text("SELECT 1", "x").await
    );
}
