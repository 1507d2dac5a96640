//! A real nginx with its Lua module in a folder of its own, gone at the end of the test.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::binaries::{binaries, installed_program};
use super::port::free_port;
use super::signal::send;

const PATIENCE: Duration = Duration::from_secs(20);

/// A running nginx.
pub(crate) struct Nginx {
    folder: tempfile::TempDir,
    port: u16,
    child: Child,
}

impl Nginx {
    /// Starts it with the configuration that is shipped, which is changed by these pairs of texts; the issuer is at `issuer`.
    pub(crate) fn coalescing(issuer: u16, changes: &[(&str, &str)]) -> Self {
        let program = installed_program("nginx", "GREENLIGHT_NGINX");
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().to_owned();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/nginx");
        let port = free_port();
        let mut text = fs::read_to_string(shipped.join("coalesce.conf")).expect("coalesce.conf");
        let (listen, server) = (format!("127.0.0.1:{port}"), format!("127.0.0.1:{issuer}"));
        // Its workers may not be allowed to read where the project is.
        fs::copy(shipped.join("coalesce.lua"), path.join("coalesce.lua")).expect("coalesce.lua");
        let (script, log) = (
            path.join("coalesce.lua").display().to_string(),
            path.join("issuer.log").display().to_string(),
        );
        let places = [
            ("127.0.0.1:8080", listen.as_str()),
            ("127.0.0.1:4444", &server),
            ("/etc/nginx/coalesce.lua", &script),
            ("/var/log/nginx/issuer.log", &log),
        ];
        for (from, to) in places.iter().chain(changes) {
            assert!(text.contains(from), "coalesce.conf has no {from}");
            text = text.replace(from, to);
        }
        let here = path.display();
        let main = format!(
            "{}daemon off;\npid {here}/pid;\nerror_log {here}/error.log info;\nworker_processes 2;\nevents {{ worker_connections 256; }}\n\
             http {{\n  client_body_temp_path {here}/body;\n  proxy_temp_path {here}/proxy;\n  fastcgi_temp_path {here}/fastcgi;\n\
             uwsgi_temp_path {here}/uwsgi;\n  scgi_temp_path {here}/scgi;\n  include {here}/coalesce.conf;\n}}\n",
            modules()
        );
        fs::write(path.join("coalesce.conf"), text).expect("coalesce.conf");
        fs::write(path.join("nginx.conf"), main).expect("nginx.conf");
        binaries().give(&path);
        let mut command = Command::new(program);
        binaries().as_server(&mut command);
        let said = fs::File::create(path.join("said")).expect("a log");
        let child = command
            .args(["-p", &here.to_string(), "-c"])
            .arg(path.join("nginx.conf"))
            .args(["-e", &path.join("error.log").display().to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .expect("nginx");
        let mut nginx = Self {
            folder,
            port,
            child,
        };
        let started = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let dead = nginx.child.try_wait().expect("wait").is_some();
            assert!(
                !dead && started.elapsed() < PATIENCE,
                "nginx does not listen: is its Lua module there (`apt-get install libnginx-mod-http-lua`)?\n{}",
                nginx.files()
            );
            // A poll: it tells nobody when it listens.
            std::thread::sleep(Duration::from_millis(5));
        }
        nginx
    }

    /// Where clients connect.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Every file in its folder, one after the other.
    pub(crate) fn files(&self) -> String {
        let mut all = String::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("a folder").flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else if let Ok(bytes) = fs::read(entry.path()) {
                    all.push_str(&entry.path().display().to_string());
                    all.push('\n');
                    all.push_str(&String::from_utf8_lossy(&bytes));
                }
            }
        }
        all
    }
}

/// The lines that load the modules, where they are not built in.
fn modules() -> String {
    ["/usr/lib/nginx/modules", "/usr/lib64/nginx/modules"]
        .iter()
        .flat_map(|folder| {
            ["ndk_http_module.so", "ngx_http_lua_module.so"]
                .map(|name| PathBuf::from(folder).join(name))
        })
        .filter(|path| path.exists())
        .map(|path| format!("load_module {};\n", path.display()))
        .collect()
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its workers go with the master only if that is asked to go.
        send(self.child.id(), "TERM").ok();
        self.child.wait().ok();
    }
}
