//! A real NATS server with JetStream and TLS in a folder of its own, gone at the end of the test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use futures_util::StreamExt as _;

use super::binaries::{installed_program, must};
use super::port::free_port;

const PATIENCE: Duration = Duration::from_secs(20);

/// A running server; its streams survive [`Nats::kill`] and [`Nats::launch`].
pub(crate) struct Nats {
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
    runtime: tokio::runtime::Runtime,
}

impl Nats {
    /// Starts one with the stream `REVOCATIONS`, which takes what is published to `revoked` and `other`.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        certificates(folder.path());
        let port = free_port();
        let config = format!(
            "port: {port}\nhost: 127.0.0.1\njetstream {{ store_dir: \"{0}/store\" }}\ntls {{ cert_file: \"{0}/server.pem\", key_file: \"{0}/server.key\" }}\n",
            folder.path().display()
        );
        std::fs::write(folder.path().join("nats.conf"), config).expect("nats.conf");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let mut nats = Self {
            folder,
            port,
            child: None,
            runtime,
        };
        nats.launch();
        nats.with(async |context| {
            context
                .create_stream(jetstream::stream::Config {
                    name: "REVOCATIONS".to_owned(),
                    subjects: vec!["revoked".to_owned(), "other".to_owned()],
                    ..jetstream::stream::Config::default()
                })
                .await
                .expect("a stream");
        });
        nats
    }

    /// Starts it again.
    pub(crate) fn launch(&mut self) {
        let program = installed_program("nats-server", "GREENLIGHT_NATS_SERVER");
        let log = std::fs::File::create(self.folder.path().join("log")).expect("a log");
        let child = Command::new(program)
            .arg("-c")
            .arg(self.folder.path().join("nats.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("nats-server");
        self.child = Some(child);
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(began.elapsed() < PATIENCE, "nats-server does not listen");
            // A poll: it tells nobody when it listens.
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Ends it as SIGKILL does.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// What a plan says of it.
    pub(crate) fn table(&self) -> String {
        format!(
            "[revocations.nats]\nurl = \"tls://localhost:{}\"\nstream = \"REVOCATIONS\"\nca = \"{}\"\n",
            self.port,
            self.ca().display()
        )
    }

    fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Publishes messages, each acknowledged by the server.
    pub(crate) fn publish(&self, messages: &[String]) {
        self.publish_to("revoked", messages);
    }

    /// The same to a subject.
    pub(crate) fn publish_to(&self, subject: &'static str, messages: &[String]) {
        let messages = messages.to_vec();
        self.with(async |context| {
            for message in &messages {
                let sent = context.publish(subject, message.clone().into()).await;
                sent.expect("sent").await.expect("acknowledged");
            }
        });
    }

    /// Somebody removes every consumer, and with `purge` all messages.
    pub(crate) fn lose(&self, purge: bool) {
        self.with(async |context| {
            let stream = context.get_stream("REVOCATIONS").await.expect("a stream");
            let names: Vec<_> = stream.consumer_names().collect().await;
            for name in names {
                let name = name.expect("a consumer");
                stream.delete_consumer(&name).await.expect("removed");
            }
            if purge {
                stream.purge().await.expect("purged");
            }
        });
    }

    /// All messages go, as by a retention that is too short; consumers stay.
    pub(crate) fn purge(&self) {
        self.with(async |context| {
            let stream = context.get_stream("REVOCATIONS").await.expect("a stream");
            stream.purge().await.expect("purged");
        });
    }

    fn with(&self, work: impl AsyncFnOnce(jetstream::Context)) {
        self.runtime.block_on(async {
            let options = async_nats::ConnectOptions::new()
                .require_tls(true)
                .add_root_certificates(self.ca());
            let url = format!("tls://localhost:{}", self.port);
            let began = Instant::now();
            // It listens before it serves.
            let client = loop {
                match options.clone().connect(url.clone()).await {
                    Ok(client) => break client,
                    Err(cause) => assert!(began.elapsed() < PATIENCE, "{cause}"),
                }
            };
            work(jetstream::new(client)).await;
        });
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An authority, and a server's certificate for `localhost` by it.
fn certificates(folder: &Path) {
    let openssl = |arguments: &str| {
        must(
            Command::new("openssl")
                .current_dir(folder)
                .stderr(Stdio::null())
                .args(arguments.split(' ')),
        )
    };
    openssl(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=greenlight-test -keyout ca.key -out ca.pem",
    );
    openssl(
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
    );
    std::fs::write(folder.join("extensions"), "subjectAltName=DNS:localhost\n").expect("a file");
    openssl(
        "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out server.pem",
    );
}
