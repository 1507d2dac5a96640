//! Services that write to blue while greenlight follows it: random, seeded, and exact about what was acknowledged.
//!
//! Each writer is a thread with a connection of its own. Each of its transactions also inserts a row into
//! `ledger.entry`, so that [`Ledger::check`] can prove afterwards that blue kept what it acknowledged and nothing else.
//! A writer lives through killed servers and fences; an error that only a wrong statement can cause ends it, and
//! [`Writers::until`] and [`Writers::stop`] fail with it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

pub(crate) use link::{Failure, Link};
use random::Rng;
use transaction::{Deed, Memory};
use work::Writer;

mod hydra;
mod hydra22;
mod ledger;
mod link;
mod random;
mod service;
mod shop;
mod storm;
mod transaction;
mod work;

pub(crate) use ledger::{Ledger, entries};

/// How long a test waits for writers.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the writers' service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Orders of 1.X.
    Shop,
    /// Hydra 1.11.
    Hydra,
    /// Only what Hydra 1.11 does by itself: nothing there brings a dead token back to life.
    Oauth,
    /// Hydra 2.2, on green.
    Hydra22,
    /// The small service of the tests of the way back, 2.X, on green.
    Service,
}

impl Kind {
    /// The operations with their weights.
    fn deeds(self) -> Vec<Deed> {
        let own = match self {
            Self::Shop => shop::DEEDS,
            Self::Service => service::DEEDS,
            Self::Hydra => hydra::DEEDS,
            Self::Oauth => return hydra::oauth(),
            Self::Hydra22 => return hydra22::DEEDS.to_vec(),
        };
        [storm::DEEDS, own].concat()
    }

    /// The tables that random operations choose from.
    fn tables(self) -> &'static [storm::Table] {
        match self {
            Self::Shop => shop::TABLES,
            Self::Service => service::TABLES,
            Self::Hydra | Self::Oauth => hydra::TABLES,
            Self::Hydra22 => &[],
        }
    }

    /// The names of all operations that a ledger counts.
    pub(crate) fn operations(self) -> Vec<&'static str> {
        let named: Vec<&str> = match self {
            Self::Shop => shop::ALSO.to_vec(),
            Self::Service => service::ALSO.to_vec(),
            Self::Hydra | Self::Oauth => hydra::ALSO.to_vec(),
            Self::Hydra22 => hydra22::ALSO.to_vec(),
        };
        let deeds = self.deeds();
        let own = deeds.iter().map(|deed| deed.name);
        own.filter(|name| !name.is_empty()).chain(named).collect()
    }
}

/// What writers and test tell each other.
#[derive(Debug, Default)]
struct State {
    acknowledged: u64,
    ledger: Ledger,
    working: usize,
    stopping: bool,
    pace: Option<u32>,
    /// When the next transaction may begin, if there is a pace.
    next: Option<Instant>,
    last_error: Option<String>,
    /// An error that only a wrong statement can cause.
    fault: Option<String>,
}

/// The state, and the two things that one waits for.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// A transaction was acknowledged, or a writer has ended.
    progress: Condvar,
    /// Stop, or another pace.
    order: Condvar,
}

impl Shared {
    /// A writer that has panicked leaves a state that can still be read.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for this long, or until an order comes.
    fn pause(&self, time: Duration) {
        let state = self.state();
        if !state.stopping {
            drop(self.order.wait_timeout(state, time));
        }
    }

    /// Waits for a writer's turn; false when it is to stop.
    fn turn(&self) -> bool {
        let mut state = self.state();
        loop {
            let Some(rate) = state.pace.filter(|_| !state.stopping) else {
                state.next = None;
                return !state.stopping;
            };
            let now = Instant::now();
            let slot = state.next.unwrap_or(now);
            if slot <= now {
                // What was missed, while the server was down, is not made up for.
                let base = slot.max(now - Duration::from_millis(100));
                state.next = Some(base + Duration::from_secs(1) / rate.max(1));
                return true;
            }
            let waited = self.order.wait_timeout(state, slot - now);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until so many more transactions of anyone are acknowledged, or for this long.
    fn others(&self, many: u64, limit: Duration) {
        let state = self.state();
        let wanted = state.acknowledged + many;
        let waiting = |state: &mut State| state.acknowledged < wanted && !state.stopping;
        drop(self.progress.wait_timeout_while(state, limit, waiting));
    }
}

/// Writers at work. Dropped without [`Writers::stop`], they end by themselves.
pub(crate) struct Writers {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Writers {
    /// Starts so many writers on a database that has the tables of their kind.
    pub(crate) fn start(blue: &str, kind: Kind, seed: u64, threads: u32) -> Self {
        let first = prepare(blue);
        let shared = Arc::new(Shared::default());
        shared.state().working = usize::try_from(threads).expect("a number of threads");
        let threads = (0..threads).map(|place| {
            let writer = Writer {
                number: first + i32::try_from(place).expect("a number"),
                entries: 0,
                link: Link::new(blue),
                rng: Rng::new(seed, u64::from(place) + 1),
                memory: Memory::default(),
                deeds: kind.deeds(),
                tables: kind.tables(),
                shared: Arc::clone(&shared),
            };
            std::thread::spawn(move || writer.work())
        });
        Self {
            threads: threads.collect(),
            shared,
        }
    }

    /// Transactions acknowledged so far.
    pub(crate) fn acknowledged(&self) -> u64 {
        self.shared.state().acknowledged
    }

    /// Transactions that a fence has refused so far.
    pub(crate) fn refused(&self) -> u64 {
        let state = self.shared.state();
        state
            .ledger
            .refused()
            .map_or(0, |fenced| fenced.transactions)
    }

    /// Waits until so many more are acknowledged.
    #[track_caller]
    pub(crate) fn until(&self, more: u64) {
        let wanted = self.acknowledged() + more;
        self.wait(&format!("{more} more transactions"), |state| {
            state.acknowledged >= wanted
        });
    }

    /// Waits until a fence has refused so many more.
    #[track_caller]
    pub(crate) fn until_refused(&self, more: u64) {
        let wanted = self.refused() + more;
        let refused = |state: &State| {
            state
                .ledger
                .refused()
                .map_or(0, |fenced| fenced.transactions)
        };
        self.wait(&format!("{more} more refusals"), |state| {
            refused(state) >= wanted
        });
    }

    #[track_caller]
    fn wait(&self, what: &str, done: impl Fn(&State) -> bool) {
        let waiting =
            |state: &mut State| !done(state) && state.fault.is_none() && state.working > 0;
        let state = self.shared.state();
        let waited = self
            .shared
            .progress
            .wait_timeout_while(state, PATIENCE, waiting);
        let state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let (fault, last) = (state.fault.clone(), state.last_error.clone());
        let (done, writers) = (done(&state), state.working);
        drop(state);
        assert!(
            fault.is_none(),
            "a writer is wrong: {}",
            fault.unwrap_or_default()
        );
        assert!(
            done,
            "no {what}, {writers} writers at work; the last error: {last:?}"
        );
    }

    /// Limits all writers together to so many transactions a second.
    pub(crate) fn pace(&self, per_second: Option<u32>) {
        let mut state = self.shared.state();
        state.pace = per_second;
        state.next = None;
        drop(state);
        self.shared.order.notify_all();
    }

    /// Ends the writers, each after its transaction, and gives what they know.
    #[track_caller]
    pub(crate) fn stop(mut self) -> Ledger {
        self.tell_to_stop();
        self.wait("end", |state| state.working == 0);
        for thread in self.threads.drain(..) {
            thread.join().expect("a writer");
        }
        std::mem::take(&mut self.shared.state().ledger)
    }

    fn tell_to_stop(&self) {
        self.shared.state().stopping = true;
        self.shared.order.notify_all();
        self.shared.progress.notify_all();
    }
}

impl Drop for Writers {
    fn drop(&mut self) {
        // Not joined: a failing test must not wait for a server that hangs.
        self.tell_to_stop();
    }
}

/// Makes the ledger, and gives the number of the next writer: earlier ones keep their entries.
fn prepare(blue: &str) -> i32 {
    let mut link = Link::new(blue);
    link.connect().unwrap_or_else(|said| panic!("{said}"));
    let sql = format!(
        "{}; SELECT coalesce(max(writer), 0) + 1 FROM ledger.entry",
        ledger::SCHEMA
    );
    let answers = link
        .send(&sql)
        .unwrap_or_else(|failure| panic!("{failure:?}"));
    let numbers = transaction::table(&answers);
    let number = numbers
        .first()
        .and_then(|row| row.first().cloned().flatten());
    number.expect("a number").parse().expect("a number")
}
