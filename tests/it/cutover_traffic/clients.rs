//! Clients of the service, connected through its pooler: each keeps what it was told, and by which side.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio_postgres::{Config, NoTls, SimpleQueryMessage};

/// How long a test waits for clients.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a service does between two writes of a client.
const THINKS: Duration = Duration::from_millis(10);

/// A write that was acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// What the row says in `actor`: no other row does.
    pub(super) row: String,
    /// The database that took it.
    pub(super) by: String,
    at: Instant,
}

#[derive(Debug, Default)]
struct State {
    told: Vec<Told>,
    errors: Vec<String>,
    stopping: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    progress: Condvar,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clients at work.
pub(super) struct Clients {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Clients {
    /// So many clients; each one has a connection of its own for as long as it lives.
    pub(super) fn start(url: &str, count: u32) -> Self {
        let shared = Arc::new(Shared::default());
        let threads = (1..=count).map(|client| {
            let (url, shared) = (url.to_owned(), Arc::clone(&shared));
            std::thread::spawn(move || {
                if let Err(error) = serve(&url, client, &shared) {
                    shared.state().errors.push(error);
                    shared.progress.notify_all();
                }
            })
        });
        Self {
            threads: threads.collect(),
            shared,
        }
    }

    /// Waits until this side has acknowledged so many more writes.
    #[track_caller]
    pub(super) fn until(&self, side: &str, more: usize) {
        let count = |state: &State| state.told.iter().filter(|told| told.by == side).count();
        let state = self.shared.state();
        let wanted = count(&state) + more;
        let waiting = |state: &mut State| count(state) < wanted && state.errors.is_empty();
        let waited = self
            .shared
            .progress
            .wait_timeout_while(state, PATIENCE, waiting);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let (found, errors) = (count(&state), state.errors.clone());
        drop(state);
        assert!(
            found >= wanted,
            "{side} acknowledged {found} of {wanted} writes; errors: {errors:?}"
        );
    }

    /// Waits until so many have ended by an error.
    #[track_caller]
    pub(super) fn until_failed(&self, many: usize) {
        let waiting = |state: &mut State| state.errors.len() < many;
        let state = self.shared.state();
        let waited = self
            .shared
            .progress
            .wait_timeout_while(state, PATIENCE, waiting);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let errors = state.errors.clone();
        drop(state);
        assert!(errors.len() >= many, "{many} errors, not {errors:?}");
    }

    /// Ends them, each after its write: what was acknowledged, and what went wrong.
    pub(super) fn stop(mut self) -> (Vec<Told>, Vec<String>) {
        self.shared.state().stopping = true;
        for thread in self.threads.drain(..) {
            thread.join().expect("a client");
        }
        let mut state = self.shared.state();
        (
            std::mem::take(&mut state.told),
            std::mem::take(&mut state.errors),
        )
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        // Not joined: a failing test must not wait for a pooler that holds.
        self.shared.state().stopping = true;
    }
}

/// The longest time between two acknowledged writes of anybody.
pub(super) fn longest_gap(told: &[Told]) -> Duration {
    let mut times: Vec<Instant> = told.iter().map(|told| told.at).collect();
    times.sort_unstable();
    let gaps = times.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.max().unwrap_or_default()
}

fn serve(url: &str, client: u32, shared: &Shared) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let config: Config = url.parse().expect("the address of a pooler");
        let connected = config.connect(NoTls).await;
        let (session, connection) = connected.map_err(|cause| format!("connect: {cause:?}"))?;
        // Its end shows in the session's next call.
        drop(tokio::spawn(connection));
        for n in 1_u32.. {
            if shared.state().stopping {
                break;
            }
            let row = format!("client {client} write {n}");
            // Both schemas have the table, and both sides their own database: it says who answers.
            let sql = format!(
                "INSERT INTO audit_log (actor, labels) VALUES ('{row}', '{{through,the,pooler}}') RETURNING current_database()"
            );
            let answer = session.simple_query(&sql).await;
            let answer = answer.map_err(|cause| format!("{row}: {cause:?}"))?;
            let by = answer.iter().find_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            });
            shared.state().told.push(Told {
                row,
                by: by.unwrap_or_default(),
                at: Instant::now(),
            });
            shared.progress.notify_all();
            // A client's own pace: a write that follows at once would measure the machine.
            std::thread::sleep(THINKS);
        }
        Ok(())
    })
}
