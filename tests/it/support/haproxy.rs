//! A real HAProxy in a folder of its own, gone at the end of the test.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::binaries::{binaries, installed_program};
use super::port::free_port;

const PATIENCE: Duration = Duration::from_secs(20);

/// A running HAProxy with the frontend `front` and the backend `back`.
pub(crate) struct Haproxy {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Haproxy {
    /// Starts the newest that there is, in `mode` tcp or http, with these lines in the backend.
    pub(crate) fn start(mode: &str, servers: &str) -> Self {
        let program = installed_program("haproxy", "GREENLIGHT_HAPROXY");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
        let port = free_port();
        let config = format!(
            "global\n  stats socket {}/admin.sock mode 600 level admin\n  maxconn 500\n\
             defaults\n  mode {mode}\n  timeout connect 2s\n  timeout client 30s\n  timeout server 30s\n\
             frontend front\n  bind 127.0.0.1:{port}\n  maxconn 321\n  default_backend back\n\
             backend back\n{servers}\n",
            path.display()
        );
        fs::write(path.join("haproxy.cfg"), config).expect("haproxy.cfg");
        binaries().give(path);
        let mut command = Command::new(program);
        binaries().as_server(&mut command);
        let log = fs::File::create(path.join("log")).expect("a log");
        let child = command
            .arg("-db")
            .arg("-f")
            .arg(path.join("haproxy.cfg"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("haproxy");
        let haproxy = Self {
            folder,
            port,
            child,
        };
        let started = Instant::now();
        while UnixStream::connect(haproxy.socket()).is_err()
            || std::net::TcpStream::connect(("127.0.0.1", port)).is_err()
        {
            assert!(
                started.elapsed() < PATIENCE,
                "haproxy does not listen:\n{}",
                haproxy.log()
            );
            // A poll: it tells nobody when it listens.
            std::thread::sleep(Duration::from_millis(5));
        }
        haproxy
    }

    /// Its runtime socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("admin.sock")
    }

    /// Where clients connect.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What it has said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Whether it still runs.
    pub(crate) fn lives(&mut self) -> bool {
        self.child.try_wait().expect("wait").is_none()
    }

    /// A command on its runtime socket.
    pub(crate) fn ask(&self, command: &str) -> String {
        let mut stream = UnixStream::connect(self.socket()).expect("the runtime socket");
        stream
            .write_all(format!("{command}\n").as_bytes())
            .expect("a command");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
