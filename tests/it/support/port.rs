//! Ports for servers of the tests.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// A port that nobody listens on at the moment, and that no other test is given: whoever came second to it would speak to the
/// other's server.
pub(crate) fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))
            .and_then(|listener| listener.local_addr())
            .expect("a free port")
            .port();
        let mut given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner);
        if given.insert(port) {
            return port;
        }
    }
}
