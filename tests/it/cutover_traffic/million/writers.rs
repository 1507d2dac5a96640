//! Clients at a pace of their own, each with one connection to the pooler for as long as it lives. A failed transaction is a
//! failed test: requests are held in front, so that none has to fail.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::Service;

/// How long a test waits for clients to come one transaction further.
const PATIENCE: Duration = Duration::from_secs(60);

/// A transaction that was acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) key: String,
    /// The one of this client before.
    pub(super) old: String,
    /// The database that took it.
    pub(super) by: String,
    pub(super) took: Duration,
}

#[derive(Debug, Default)]
struct State {
    told: Vec<Told>,
    error: Option<String>,
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
pub(super) struct Writers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Writers {
    /// So many clients, each with so many transactions a second.
    pub(super) fn start(url: &str, service: &'static Service, clients: u32, pace: u32) -> Self {
        let shared = Arc::new(Shared::default());
        let threads = (1..=clients).map(|client| {
            let (url, shared) = (url.to_owned(), Arc::clone(&shared));
            std::thread::spawn(move || {
                if let Err(error) = serve(&url, service, (client, pace), &shared) {
                    shared.state().error.get_or_insert(error);
                    shared.progress.notify_all();
                }
            })
        });
        Self {
            threads: threads.collect(),
            shared,
        }
    }

    /// Waits until so many transactions are acknowledged in all, by this side or by either.
    #[track_caller]
    pub(super) fn until(&self, side: Option<&str>, wanted: usize) {
        let mut state = self.shared.state();
        let mut seen = state.told.len();
        let mut since = Instant::now();
        loop {
            assert!(state.error.is_none(), "{:?}", state.error);
            let by = |told: &&Told| side.is_none_or(|side| told.by == side);
            let many = state.told.len();
            if many >= wanted && state.told.iter().filter(by).count() >= wanted {
                return;
            }
            if many > seen {
                (seen, since) = (many, Instant::now());
            }
            assert!(
                since.elapsed() < PATIENCE,
                "{many} of {wanted}, and no more"
            );
            // Looked at now and then: the count of one side takes time.
            let waited = self
                .shared
                .progress
                .wait_timeout(state, Duration::from_millis(200));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends them, each after its transaction: what was acknowledged.
    #[track_caller]
    pub(super) fn stop(mut self) -> Vec<Told> {
        self.shared.state().stopping = true;
        for thread in self.threads.drain(..) {
            thread.join().expect("a client");
        }
        let mut state = self.shared.state();
        assert!(state.error.is_none(), "{:?}", state.error);
        std::mem::take(&mut state.told)
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        // Not joined: a failing test must not wait for a pooler that holds.
        self.shared.state().stopping = true;
    }
}

fn serve(
    url: &str,
    service: &Service,
    (client, pace): (u32, u32),
    shared: &Shared,
) -> Result<(), String> {
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
        let mut old = String::new();
        let mut next = Instant::now();
        for n in 1_u32.. {
            let now = Instant::now();
            std::thread::sleep(next.saturating_duration_since(now));
            // What was held up is not made up for.
            next = next.max(now) + Duration::from_secs(1) / pace;
            if shared.state().stopping {
                break;
            }
            let key = format!("m-{client}-{n}");
            let began = Instant::now();
            let by = transaction(&session, service, client, &key, &old).await;
            let by = by.map_err(|cause| format!("{key}: {cause:?}"))?;
            let told = Told {
                key: key.clone(),
                old: std::mem::replace(&mut old, key),
                by,
                took: began.elapsed(),
            };
            shared.state().told.push(told);
            shared.progress.notify_all();
        }
        Ok(())
    })
}

/// One transaction, in the version of who answers; which side that is.
async fn transaction(
    session: &Client,
    service: &Service,
    client: u32,
    key: &str,
    old: &str,
) -> Result<String, tokio_postgres::Error> {
    let answer = session
        .simple_query("BEGIN; SELECT current_database()")
        .await?;
    let by = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    let by = by.unwrap_or_default();
    let sql = if by == "green" {
        service.new
    } else {
        service.old
    };
    let sql = sql
        .replace("KEY", key)
        .replace("OLD", old)
        .replace("CLIENT", &client.to_string());
    session.simple_query(&format!("{sql}; COMMIT")).await?;
    Ok(by)
}
