//! Logins that fail, and that nothing of a password is shown.

use greenlight::error::{Code, Error};
use greenlight::model::Side;
use greenlight::pg::{self, Address, Settings};

use crate::support::{Cluster, Options, binaries};

pub(super) async fn attempt(url: &str) -> Result<pg::Session, Error> {
    let address = Address::resolve(Side::Blue, Some(url), None, None, &|_| None)?;
    pg::connect(&address, "test", "test", &Settings::default()).await
}

#[tokio::test]
async fn each_refusal_has_its_code_and_the_address() {
    let hba = "local all postgres trust\nhost all locked 127.0.0.1/32 scram-sha-256\n";
    let cluster = Cluster::start_with(Side::Blue, &Options::default().tcp().hba(hba));
    cluster.psql("postgres", "CREATE ROLE locked LOGIN PASSWORD 'r1ght'");
    let port = cluster.port();
    let folder = cluster.socket_folder().display().to_string();
    for (url, code, part) in [
        (
            format!("postgres://locked:wr0ng@127.0.0.1:{port}/postgres"),
            Code::LoginRefused,
            "28P01",
        ),
        (
            format!("postgres://locked@127.0.0.1:{port}/postgres"),
            Code::LoginRefused,
            "locked",
        ),
        (
            format!("postgres://locked:r1ght@127.0.0.1:{port}/gone"),
            Code::LoginRefused,
            "3D000",
        ),
        (
            format!("postgres://nobody:wr0ng@127.0.0.1:{port}/postgres"),
            Code::LoginRefused,
            "28000",
        ),
        (
            format!("postgres://u:wr0ng@127.0.0.1:{port}/postgres?sslmode=require"),
            Code::TlsFailed,
            "TLS",
        ),
        (
            "postgres://u:wr0ng@127.0.0.1:1/d".to_owned(),
            Code::Unreachable,
            "127.0.0.1:1/d as u",
        ),
        (
            "postgres://u:wr0ng@no-such-host.invalid/d".to_owned(),
            Code::Unreachable,
            "no-such-host",
        ),
        (
            format!("host={folder}/none user=u password=wr0ng"),
            Code::Unreachable,
            "none",
        ),
    ] {
        let error = attempt(&url).await.expect_err(&url);
        assert_eq!(error.code(), code, "{url}: {error:?}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(part), "{url}: {shown}");
        assert!(
            !shown.contains("wr0ng") && !shown.contains("r1ght"),
            "{shown}"
        );
    }
    let session = attempt(&format!(
        "postgres://locked:r1ght@127.0.0.1:{port}/postgres"
    ))
    .await
    .expect("a session");
    assert!(!format!("{session:?}").contains("r1ght"));
}

#[tokio::test]
async fn the_next_host_is_tried_if_one_is_away() {
    let cluster = Cluster::start(Side::Blue);
    let folder = cluster.socket_folder().display().to_string();
    let url = format!(
        "host=127.0.0.1,{folder} port=1,{} user=postgres dbname=postgres",
        cluster.port()
    );
    attempt(&url).await.expect("a session on the second");
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let error = attempt(&format!(
        "host=127.0.0.1 port={port} user=u connect_timeout=1"
    ))
    .await
    .expect_err("silence");
    assert_eq!(error.code(), Code::Unreachable);
}

#[tokio::test]
async fn a_child_process_gets_in_with_the_environment_alone() {
    let cluster = Cluster::start(Side::Blue);
    let output = binaries()
        .client("psql")
        .args(["-XAtc", "SELECT current_database()"])
        .envs(
            cluster
                .address("postgres")
                .with_database("template1")
                .expect("an address")
                .env(),
        )
        .output()
        .expect("psql");
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "template1",
        "{output:?}"
    );
}
