//! Throwaway clusters, without Docker: a copy of a template, on a socket of its own, gone at the end of the test.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use greenlight::error::Result;
use greenlight::model::Side;
use greenlight::pg::{Address, Session, Settings};

use super::binaries::{binaries, must};
use super::forwarder::Forwarder;
use super::leftovers;
use super::port::free_port;
use super::signal::send;
use super::template::template;

/// How long a server may take to start or to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a cluster is started with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    settings: Vec<(String, String)>,
    files: Vec<(String, Vec<u8>)>,
    hba: Option<String>,
    tcp: bool,
    data: Option<PathBuf>,
}

impl Options {
    /// A line of `postgresql.conf`.
    pub(crate) fn setting(mut self, name: &str, value: &str) -> Self {
        self.settings.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A file in the data folder, readable by the server only.
    pub(crate) fn file(mut self, name: &str, content: &[u8]) -> Self {
        self.files.push((name.to_owned(), content.to_owned()));
        self
    }

    /// The whole of `pg_hba.conf`; without it everybody on the machine is trusted.
    pub(crate) fn hba(mut self, text: &str) -> Self {
        self.hba = Some(text.to_owned());
        self
    }

    /// Listens on 127.0.0.1 too, on a free port.
    pub(crate) fn tcp(mut self) -> Self {
        self.tcp = true;
        self
    }

    /// Starts from a copy of this data folder instead of an empty one.
    pub(crate) fn data(mut self, folder: PathBuf) -> Self {
        self.data = Some(folder);
        self
    }
}

/// A running server.
pub(crate) struct Cluster {
    side: Side,
    folder: tempfile::TempDir,
    /// Held while this process lives, so that others can tell a folder that a killed test has left.
    _alive: fs::File,
    port: u16,
    postmaster: Option<Child>,
}

impl Cluster {
    /// A fresh server of this side on a socket.
    pub(crate) fn start(side: Side) -> Self {
        Self::start_with(side, &Options::default())
    }

    /// A fresh server of this side.
    pub(crate) fn start_with(side: Side, options: &Options) -> Self {
        let programs = binaries();
        leftovers::sweep();
        let folder = tempfile::Builder::new()
            .prefix(leftovers::PREFIX)
            .tempdir()
            .expect("a temporary folder");
        let alive = leftovers::alive(folder.path());
        // A socket's path has about a hundred bytes, so it is in this folder and has a short name.
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("permissions");
        let mut cluster = Self {
            side,
            folder,
            _alive: alive,
            port: if options.tcp { free_port() } else { 5432 },
            postmaster: None,
        };
        must(
            Command::new("cp")
                .arg("-a")
                .arg(options.data.clone().unwrap_or_else(|| template(side)))
                .arg(cluster.data()),
        );
        cluster.configure(options);
        programs.give(cluster.folder.path());
        cluster.launch();
        cluster
    }

    /// A standby of a running server, which follows it as `standby` and answers queries.
    pub(crate) fn standby(of: &Self) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        must(
            binaries()
                .client("pg_basebackup")
                .args(["--checkpoint=fast", "--wal-method=stream", "-d"])
                .arg(of.url("postgres"))
                .arg("-D")
                .arg(&data),
        );
        let conninfo = format!("{} application_name=standby", of.conninfo("postgres"));
        let options = Options::default()
            .data(data)
            .file("standby.signal", b"")
            .setting("primary_conninfo", &conninfo.replace('\'', "''"));
        Self::start_with(of.side, &options)
    }

    fn configure(&self, options: &Options) {
        let listen = if options.tcp { "127.0.0.1" } else { "" };
        let mut text = format!(
            "\nlisten_addresses = '{listen}'\nport = {}\nunix_socket_directories = '{}'\n",
            self.port,
            self.folder.path().display()
        );
        for (name, value) in &options.settings {
            text.push_str(&format!("{name} = '{value}'\n"));
        }
        fs::OpenOptions::new()
            .append(true)
            .open(self.data().join("postgresql.conf"))
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .expect("postgresql.conf");
        for (name, content) in &options.files {
            let path = self.data().join(name);
            fs::write(&path, content).expect("a file of the cluster");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("permissions");
        }
        if let Some(hba) = &options.hba {
            fs::write(self.data().join("pg_hba.conf"), hba).expect("pg_hba.conf");
        }
    }

    /// Its data folder.
    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder of its socket.
    pub(crate) fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    /// Its port: of the socket's name, and of TCP if it has that.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Its log so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// An address over the socket, as the superuser.
    pub(crate) fn url(&self, database: &str) -> String {
        url_at(self.folder.path(), self.port, database)
    }

    /// The same as the other server's libpq reads it.
    pub(crate) fn conninfo(&self, database: &str) -> String {
        conninfo_at(self.folder.path(), self.port, database)
    }

    /// A network in front of it.
    pub(crate) fn forwarder(&self) -> Forwarder {
        Forwarder::start(self.folder.path(), self.port)
    }

    /// The same as a value.
    pub(crate) fn address(&self, database: &str) -> Address {
        Address::resolve(self.side, Some(&self.url(database)), None, None, &|_| None)
            .expect("the address of a cluster")
    }

    /// A session of the plan `test`.
    pub(crate) async fn session(&self, database: &str) -> Session {
        self.connect(database, &Settings::default())
            .await
            .unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// A session with these settings.
    pub(crate) async fn connect(&self, database: &str, settings: &Settings) -> Result<Session> {
        greenlight::pg::connect(&self.address(database), "test", "test", settings).await
    }

    /// Runs SQL in psql: the rows, without a head, columns separated by `|`.
    pub(crate) fn psql(&self, database: &str, sql: &str) -> String {
        self.try_psql(database, sql)
            .unwrap_or_else(|said| panic!("psql on {}: {said}\n{sql}", self.side))
    }

    /// As [`Cluster::psql`]; the error is what psql said.
    pub(crate) fn try_psql(&self, database: &str, sql: &str) -> Result<String, String> {
        self.run_psql(database, &["-c", sql])
    }

    /// Runs a file in psql with variables.
    pub(crate) fn psql_file(&self, database: &str, path: &Path, vars: &[(&str, &str)]) -> String {
        let vars: Vec<String> = vars
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut arguments: Vec<&str> = vars.iter().flat_map(|var| ["-v", var.as_str()]).collect();
        let path = path.to_str().expect("a path in UTF-8");
        arguments.extend(["-f", path]);
        self.run_psql(database, &arguments)
            .unwrap_or_else(|said| panic!("psql on {} with {path}: {said}", self.side))
    }

    fn run_psql(&self, database: &str, arguments: &[&str]) -> Result<String, String> {
        let output = binaries()
            .client("psql")
            .args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d"])
            .arg(self.url(database))
            .args(arguments)
            .env("PGOPTIONS", "-c client_min_messages=warning")
            .output()
            .expect("psql");
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout)
                .trim_end()
                .to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// Makes an empty database.
    pub(crate) fn create_database(&self, name: &str) {
        self.psql(
            "postgres",
            &format!("CREATE DATABASE {}", greenlight::model::quote_ident(name)),
        );
    }

    /// Stops as a power cut does: no checkpoint, sessions are cut.
    pub(crate) fn stop_immediate(&mut self) {
        self.stop("QUIT");
    }

    /// Stops in an orderly way, cutting sessions.
    pub(crate) fn stop_fast(&mut self) {
        self.stop("INT");
    }

    /// Kills the first process of the server; its others notice and end.
    pub(crate) fn kill_postmaster(&mut self) {
        self.stop("KILL");
    }

    /// Stops if it runs, and starts again with the same data.
    pub(crate) fn restart(&mut self) {
        self.stop_fast();
        self.launch();
    }

    fn stop(&mut self, signal: &str) {
        let Some(mut child) = self.postmaster.take() else {
            return;
        };
        let sent = send(child.id(), signal);
        let started = Instant::now();
        while child.try_wait().ok().flatten().is_none() {
            if sent.is_err() || started.elapsed() > PATIENCE {
                child.kill().expect("kill");
            }
            // A poll of the child: the standard library has no wait with a limit.
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn launch(&mut self) {
        let started = Instant::now();
        // After a kill the old processes may still hold the shared memory for a moment.
        while !self.try_launch() {
            assert!(
                started.elapsed() < PATIENCE,
                "{} does not start:\n{}",
                self.side,
                self.log()
            );
            // A poll: a server that recovers tells nobody when it is ready.
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn try_launch(&mut self) -> bool {
        let log = || {
            fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(self.folder.path().join("log"))
                .expect("the server's log")
        };
        let status = self.data().join("postmaster.pid");
        let mut child = binaries()
            .server("postgres")
            .arg("-D")
            .arg(self.data())
            .stdin(Stdio::null())
            .stdout(log())
            .stderr(log())
            .spawn()
            .expect("postgres");
        let pid = child.id().to_string();
        let started = Instant::now();
        loop {
            // The eighth line is how pg_ctl knows as well; the first tells ours from one that a kill left.
            let ready = fs::read_to_string(&status).is_ok_and(|text| {
                let mut lines = text.lines();
                lines.next() == Some(pid.as_str())
                    && lines.nth(6).is_some_and(|line| line.trim() == "ready")
            });
            if ready {
                self.postmaster = Some(child);
                return true;
            }
            if child.try_wait().expect("wait").is_some() {
                return false;
            }
            assert!(
                started.elapsed() < PATIENCE,
                "{} is not ready:\n{}",
                self.side,
                self.log()
            );
            // A poll: a server tells nobody when it is ready.
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            let tail = lines[lines.len().saturating_sub(15)..].join("\n");
            // Captured with the test's own output, unlike what the server prints.
            std::io::stderr()
                .write_all(format!("the end of {}'s log:\n{tail}\n", self.side).as_bytes())
                .ok();
        }
        self.stop_immediate();
    }
}

/// A blue and a green server.
pub(crate) struct Pair {
    /// Blue.
    pub(crate) blue: Cluster,
    /// Green.
    pub(crate) green: Cluster,
}

impl Pair {
    /// Starts both at once.
    pub(crate) fn start() -> Self {
        Self::start_with(&Options::default())
    }

    /// Starts both at once with the same options.
    pub(crate) fn start_with(options: &Options) -> Self {
        Self::start_each(options, options)
    }

    /// Starts both at once, blue and green with options of their own.
    pub(crate) fn start_each(blue: &Options, green: &Options) -> Self {
        std::thread::scope(|scope| {
            let blue = scope.spawn(|| Cluster::start_with(Side::Blue, blue));
            let green = Cluster::start_with(Side::Green, green);
            Self {
                blue: blue.join().expect("blue"),
                green,
            }
        })
    }
}

/// The address of a database behind a socket in this folder.
pub(super) fn url_at(folder: &Path, port: u16, database: &str) -> String {
    let folder = folder.display();
    format!("postgresql:///{database}?host={folder}&port={port}&user=postgres")
}

/// The same as libpq reads it.
pub(super) fn conninfo_at(folder: &Path, port: u16, database: &str) -> String {
    let folder = folder.display();
    format!("host={folder} port={port} dbname={database} user=postgres")
}
