//! A real PgBouncer in a folder of its own, gone at the end of the test.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use greenlight::model::address::Address as Place;
use greenlight::pg::{Address, Console};

use super::binaries::{binaries, installed_program};
use super::port::free_port;

const PATIENCE: Duration = Duration::from_secs(20);

/// A running PgBouncer with one database, `shop`, whose line is in a file of its own.
pub(crate) struct Pgbouncer {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Pgbouncer {
    /// Starts one in this pool mode; `line` is where `shop` leads first.
    pub(crate) fn start(mode: &str, line: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
        let port = free_port();
        let here = path.display();
        let ini = format!(
            "[databases]\n%include {here}/shop.ini\n\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = trust\nauth_file = {here}/users\nadmin_users = admin\n\
             stats_users = watcher\npool_mode = {mode}\nlogfile = {here}/log\n"
        );
        fs::write(path.join("pgbouncer.ini"), ini).expect("pgbouncer.ini");
        fs::write(
            path.join("shop.ini"),
            format!("shop = {line} pool_size=7\n"),
        )
        .expect("shop.ini");
        let users = "\"admin\" \"\"\n\"watcher\" \"\"\n\"postgres\" \"\"\n";
        fs::write(path.join("users"), users).expect("users");
        binaries().give(path);
        let child = launch(path, port);
        Self {
            folder,
            port,
            child,
        }
    }

    /// Ends it as SIGKILL does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a running pgbouncer");
        self.child.wait().expect("its end");
    }

    /// Starts it anew after [`Pgbouncer::kill`], with the files as they are now.
    pub(crate) fn again(&mut self) {
        self.child = launch(self.folder.path(), self.port);
    }

    /// The file with the line of `shop`.
    pub(crate) fn file(&self) -> PathBuf {
        self.folder.path().join("shop.ini")
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A URL of this user.
    pub(crate) fn url(&self, user: &str, database: &str) -> String {
        format!("postgresql://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// A connection of this user.
    pub(crate) async fn connect(&self, user: &str, database: &str) -> Console {
        let place = Place::Url(self.url(user, database));
        let address = Address::beside("a client", &place, &|_| None).expect("an address");
        Console::connect(&address, "test", PATIENCE)
            .await
            .unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// A client of the service.
    pub(crate) async fn client(&self) -> Console {
        self.connect("postgres", "shop").await
    }

    /// Waits until this many clients wait for a server.
    pub(crate) async fn until_waiting(&self, count: u64) {
        let admin = self.connect("admin", "pgbouncer").await;
        let started = Instant::now();
        loop {
            let rows = admin.rows("SHOW POOLS", "look").await.expect("pools");
            let waiting: u64 = rows
                .iter()
                .filter(|row| row["database"].as_deref() == Some("shop"))
                .filter_map(|row| row["cl_waiting"].as_deref()?.parse::<u64>().ok())
                .sum();
            if waiting >= count {
                return;
            }
            assert!(started.elapsed() < PATIENCE, "{waiting} clients wait");
            tokio::task::yield_now().await;
        }
    }
}

/// Starts the program in its folder, and waits until it listens.
fn launch(path: &Path, port: u16) -> Child {
    let mut command = Command::new(installed_program("pgbouncer", "GREENLIGHT_PGBOUNCER"));
    binaries().as_server(&mut command);
    let child = command
        .arg("-q")
        .arg(path.join("pgbouncer.ini"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pgbouncer");
    let started = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        let log = fs::read_to_string(path.join("log")).unwrap_or_default();
        assert!(
            started.elapsed() < PATIENCE,
            "pgbouncer does not listen:\n{log}"
        );
        // A poll: it tells nobody when it listens.
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

impl Drop for Pgbouncer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
