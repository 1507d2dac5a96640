//! A network between a client and a server, which a test cuts and mends: a socket that forwards to the server's.

use std::io::{Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::cluster::{conninfo_at, url_at};

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wire {
    /// It carries everything.
    Whole,
    /// It takes everything and carries nothing: nobody learns that the other side is out of reach.
    Hole,
    /// Connections are reset, and new ones refused.
    Reset,
}

#[derive(Debug)]
struct State {
    wire: Wire,
    open: Vec<UnixStream>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    /// Waits until the network carries; false if it resets.
    fn carries(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_while(state, |state| state.wire == Wire::Hole);
        waited.unwrap_or_else(PoisonError::into_inner).wire == Wire::Whole
    }
}

/// See the head of this file. It forwards for as long as it lives.
pub(crate) struct Forwarder {
    folder: tempfile::TempDir,
    port: u16,
    shared: Arc<Shared>,
}

impl Forwarder {
    /// To the socket of a server in this folder.
    pub(crate) fn start(server: &Path, port: u16) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        super::binaries().give(folder.path());
        let name = format!(".s.PGSQL.{port}");
        let listener = UnixListener::bind(folder.path().join(&name)).expect("a socket");
        super::binaries().give(&folder.path().join(&name));
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                wire: Wire::Whole,
                open: Vec::new(),
            }),
            changed: Condvar::new(),
        });
        let there = server.join(name);
        let forwarding = Arc::clone(&shared);
        // It ends with the test's process: a socket that is not there any more wakes nobody.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (there, shared) = (there.clone(), Arc::clone(&forwarding));
                std::thread::spawn(move || forward(client, &there, &shared));
            }
        });
        Self {
            folder,
            port,
            shared,
        }
    }

    /// From here on it does this.
    pub(crate) fn set(&self, wire: Wire) {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        state.wire = wire;
        if wire == Wire::Reset {
            for stream in state.open.drain(..) {
                stream.shutdown(std::net::Shutdown::Both).ok();
            }
        }
        drop(state);
        self.shared.changed.notify_all();
    }

    /// Whether anybody is connected through it.
    pub(crate) fn carries(&self) -> bool {
        let state = self.shared.state.lock();
        !state
            .unwrap_or_else(PoisonError::into_inner)
            .open
            .is_empty()
    }

    /// The address of a database through it; a login may take as long as a test likes to wait.
    pub(crate) fn url(&self, database: &str) -> String {
        url_at(self.folder.path(), self.port, database) + "&connect_timeout=2"
    }

    /// The same as the other server's libpq reads it.
    pub(crate) fn conninfo(&self, database: &str) -> String {
        conninfo_at(self.folder.path(), self.port, database)
    }
}

/// Carries both ways until one side closes.
fn forward(client: UnixStream, there: &Path, shared: &Arc<Shared>) {
    if !shared.carries() {
        return;
    }
    let Ok(server) = UnixStream::connect(there) else {
        return;
    };
    let copy = |stream: &UnixStream| stream.try_clone().expect("a stream");
    {
        let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.wire == Wire::Reset {
            return;
        }
        state.open.extend([copy(&client), copy(&server)]);
    }
    let (other, back) = (Arc::clone(shared), (copy(&server), copy(&client)));
    std::thread::spawn(move || carry(back.0, back.1, &other));
    carry(client, server, shared);
}

/// One way. What was read before the network was cut is lost with the connection, or arrives when it is mended.
fn carry(mut from: UnixStream, mut to: UnixStream, shared: &Shared) {
    let mut buffer = [0; 16_384];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        if !shared.carries() || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    from.shutdown(std::net::Shutdown::Both).ok();
    to.shutdown(std::net::Shutdown::Both).ok();
}
