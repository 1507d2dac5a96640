//! Who stands in front of the service: revokes on the side that serves, and notes each event, whatever the side answers; as
//! Hydra's endpoint answers 200.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::grant;
use crate::support::binaries;

/// How long one may wait for a pause.
const PATIENCE: Duration = Duration::from_secs(60);

/// Grants that may be revoked, one a line.
pub(super) const GRANTS: &str =
    "SELECT DISTINCT request_id FROM hydra_oauth2_refresh WHERE active ORDER BY 1 LIMIT 60";

/// One that revokes, in a thread of its own.
pub(super) struct Front {
    stop: Arc<AtomicBool>,
    refusals: Receiver<()>,
    thread: Option<JoinHandle<Vec<String>>>,
}

impl Front {
    /// Revokes these grants one after the other, again from the first when all are: a pause comes when it comes.
    pub(super) fn start(
        url: String,
        grants: &str,
        mut note: impl FnMut(&str) + Send + 'static,
    ) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&stop);
        let grants: Vec<String> = grants.lines().map(str::to_owned).collect();
        let (refused, refusals) = channel();
        let thread = std::thread::spawn(move || {
            let mut revoked = Vec::new();
            for request in grants.iter().cycle() {
                if until.load(Ordering::SeqCst) {
                    break;
                }
                if !revoke(&url, request) {
                    // Nobody may listen any more.
                    refused.send(()).ok();
                }
                note(&grant(&format!("front {request}"), request));
                if !revoked.contains(request) {
                    revoked.push(request.clone());
                }
                // As fast as people do.
                std::thread::sleep(Duration::from_millis(100));
            }
            revoked
        });
        Self {
            stop,
            refusals,
            thread: Some(thread),
        }
    }

    /// Waits until one is refused that is revoked from now on.
    pub(super) fn until_refused(&self) {
        while self.refusals.try_recv().is_ok() {}
        self.refusals
            .recv_timeout(PATIENCE)
            .expect("the side refuses in the pause");
    }

    /// Stops: the grants that were revoked.
    pub(super) fn stop(mut self) -> Vec<String> {
        self.stop.store(true, Ordering::SeqCst);
        let thread = self.thread.take().expect("a thread");
        thread.join().expect("the front")
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // Where a test fails, nobody revokes on a server that is gone.
        self.stop.store(true, Ordering::SeqCst);
    }
}

fn revoke(url: &str, request: &str) -> bool {
    let sql = format!(
        "DELETE FROM hydra_oauth2_access WHERE request_id = '{request}';
         UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = '{request}'"
    );
    let mut psql = binaries().client("psql");
    psql.args([
        "-X",
        "-q",
        "-1",
        "-v",
        "ON_ERROR_STOP=1",
        "-d",
        url,
        "-c",
        &sql,
    ]);
    psql.output().expect("psql").status.success()
}
