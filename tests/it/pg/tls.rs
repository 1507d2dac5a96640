//! TLS: what each `sslmode` accepts and refuses.

use std::path::Path;
use std::process::Command;

use greenlight::error::Code;
use greenlight::model::Side;

use super::connecting::attempt;
use crate::support::{Cluster, Options, must};

/// An authority, and a server's certificate for `localhost` by it, made with the openssl program.
fn authority(folder: &Path, name: &str) {
    openssl(
        folder,
        &format!(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -keyout {name}-ca.key -out {name}-ca.pem \
             -addext keyUsage=critical,keyCertSign"
        ),
    );
    certificate(folder, name, name, "localhost");
}

/// A certificate `<file>.pem` with the key `<file>.key` for a host or a role.
fn certificate(folder: &Path, authority: &str, file: &str, common_name: &str) {
    openssl(
        folder,
        &format!(
            "req -newkey rsa:2048 -nodes -subj /CN={common_name} -keyout {file}.key -out {file}.csr"
        ),
    );
    std::fs::write(
        folder.join("names"),
        format!("subjectAltName=DNS:{common_name}\n"),
    )
    .expect("a file");
    openssl(
        folder,
        &format!(
            "x509 -req -days 2 -in {file}.csr -CA {authority}-ca.pem -CAkey {authority}-ca.key -CAcreateserial \
             -extfile names -out {file}.pem"
        ),
    );
}

fn openssl(folder: &Path, arguments: &str) {
    must(
        Command::new("openssl")
            .current_dir(folder)
            .args(arguments.split_whitespace()),
    );
}

/// A server with TLS, and the folder with the certificates.
fn server() -> (tempfile::TempDir, Cluster) {
    let folder = tempfile::tempdir().expect("a folder");
    authority(folder.path(), "good");
    authority(folder.path(), "other");
    certificate(folder.path(), "good", "certified", "certified");
    let read = |name: &str| std::fs::read(folder.path().join(name)).expect("a file");
    let options = Options::default()
        .tcp()
        .setting("ssl", "on")
        .file("server.crt", &read("good.pem"))
        .file("server.key", &read("good.key"))
        .file("clients.crt", &read("good-ca.pem"))
        .setting("ssl_ca_file", "clients.crt")
        .hba("local all all trust\nhostssl all certified 127.0.0.1/32 cert\nhostssl all postgres 127.0.0.1/32 trust\nhostnossl all plain 127.0.0.1/32 trust\n");
    let cluster = Cluster::start_with(Side::Blue, &options);
    cluster.psql(
        "postgres",
        "CREATE ROLE plain LOGIN; CREATE ROLE certified LOGIN",
    );
    (folder, cluster)
}

#[tokio::test]
async fn a_connection_is_never_weaker_than_its_mode() {
    let (folder, cluster) = server();
    let port = cluster.port();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (good, other) = (path("good-ca.pem"), path("other-ca.pem"));
    // The wrong host name is the address: the certificate names `localhost` only.
    for (host, rest, refused) in [
        (
            "localhost",
            format!("sslmode=verify-full sslrootcert={good}"),
            None,
        ),
        (
            "localhost",
            format!("sslmode=verify-full sslrootcert={other}"),
            Some("UnknownIssuer"),
        ),
        (
            "localhost",
            "sslmode=verify-full sslrootcert=system".to_owned(),
            Some("UnknownIssuer"),
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-full sslrootcert={good}"),
            Some("not valid for name"),
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca sslrootcert={good}"),
            None,
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca sslrootcert={other}"),
            Some("UnknownIssuer"),
        ),
        (
            "127.0.0.1",
            format!("sslmode=require sslrootcert={other}"),
            Some("UnknownIssuer"),
        ),
        (
            "127.0.0.1",
            format!("sslmode=verify-ca sslrootcert={}", path("none.pem")),
            Some("none.pem"),
        ),
        ("127.0.0.1", "sslmode=require".to_owned(), None),
        ("127.0.0.1", "sslmode=prefer".to_owned(), None),
        // The certificate is for localhost, the connection goes to the address.
        (
            "localhost",
            format!("hostaddr=127.0.0.1 sslmode=verify-full sslrootcert={good}"),
            None,
        ),
    ] {
        // `localhost` may be an IPv6 address first; the cluster listens on IPv4 and the driver tries all of them.
        let url = format!("host={host} port={port} user=postgres dbname=postgres {rest}");
        match (attempt(&url).await, refused) {
            (Ok(session), None) => {
                let encrypted = session
                    .text(
                        "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
                        "test",
                    )
                    .await
                    .expect("an answer");
                assert_eq!(encrypted.as_deref(), Some("t"), "{url}");
                session
                    .canceller()
                    .cancel()
                    .await
                    .expect("a cancel request over TLS");
            }
            (Err(error), Some(part)) => {
                assert_eq!(error.code(), Code::TlsFailed, "{url}: {error:?}");
                assert!(format!("{error:?}").contains(part), "{url}: {error:?}");
            }
            (Ok(_), Some(_)) => panic!("{url} was accepted"),
            (Err(error), None) => panic!("{url}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn a_role_logs_in_by_certificate_or_in_the_clear() {
    let (folder, cluster) = server();
    let port = cluster.port();
    let path = |name: &str| folder.path().join(name).display().to_string();
    // A role that logs in by its certificate.
    let url = format!("host=127.0.0.1 port={port} user=certified dbname=postgres sslmode=require");
    let (own, key) = (path("certified.pem"), path("certified.key"));
    attempt(&format!("{url} sslcert={own} sslkey={key}"))
        .await
        .expect("a session by certificate");
    let error = attempt(&url).await.expect_err("no certificate");
    assert_eq!(error.code(), Code::LoginRefused);
    let error = attempt(&format!("{url} sslcert={own}"))
        .await
        .expect_err("no key");
    assert_eq!(error.code(), Code::TlsFailed);
    // Only in the clear for this role: `prefer` falls back, `require` does not.
    let url = format!("host=127.0.0.1 port={port} user=plain dbname=postgres");
    attempt(&url).await.expect("a session in the clear");
    let error = attempt(&format!("{url} sslmode=require"))
        .await
        .expect_err("refused");
    assert_eq!(error.code(), Code::LoginRefused);
}
