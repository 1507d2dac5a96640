//! Clients of the service, whichever version serves: they go where the front points, wait while it holds, and know what they were
//! told. Some stray: they pass by the front, to either side. What a side acknowledges to them counts as well.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::support::writers::{Failure, Link};
use crate::support::{Cluster, rows};

use super::super::cluster_back::stage::{DATABASE, Stage};

/// How long a test waits for clients.
const PATIENCE: Duration = Duration::from_secs(60);

/// What there may be of a key: one thing, or two where the reply was lost. `None` is: no row.
type Known = Vec<Option<String>>;

/// What the clients know, by table and key.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    known: BTreeMap<(&'static str, String), Known>,
    /// Numbers of statements that were given out.
    next: u64,
    pub(super) acknowledged: u64,
    pub(super) refused: u64,
    fault: Option<String>,
}

#[derive(Debug, Default)]
struct Shared {
    ledger: Mutex<Ledger>,
    progress: Condvar,
    stopping: AtomicBool,
    straying: AtomicBool,
}

impl Shared {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Clients at work.
pub(super) struct Clients {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

impl Clients {
    /// Starts some, who go on with what earlier ones know.
    pub(super) fn start(stage: &Stage, ledger: Ledger) -> Self {
        let shared = Arc::new(Shared {
            ledger: Mutex::new(ledger),
            ..Shared::default()
        });
        let threads = (0..3).map(|_| {
            let client = Client {
                blue: Link::new(&stage.pair.blue.url(DATABASE)),
                green: Link::new(&stage.pair.green.url(DATABASE)),
                folder: stage.path(""),
                shared: Arc::clone(&shared),
                mine: Vec::new(),
            };
            std::thread::spawn(move || client.work())
        });
        Self {
            threads: threads.collect(),
            shared,
        }
    }

    /// From here on some pass by the front. Both sides must have the tables of their version for as long as these clients are at
    /// work.
    pub(super) fn stray(&self) {
        self.shared.straying.store(true, Ordering::SeqCst);
    }

    /// Waits until so many more statements are acknowledged.
    #[track_caller]
    pub(super) fn until(&self, more: u64) {
        let ledger = self.shared.ledger();
        let wanted = ledger.acknowledged + more;
        let waiting = |ledger: &mut Ledger| ledger.acknowledged < wanted && ledger.fault.is_none();
        let waited = self
            .shared
            .progress
            .wait_timeout_while(ledger, PATIENCE, waiting);
        let ledger = waited.unwrap_or_else(PoisonError::into_inner).0;
        let (fault, acknowledged) = (ledger.fault.clone(), ledger.acknowledged);
        drop(ledger);
        assert!(fault.is_none(), "a client is wrong: {fault:?}");
        assert!(
            acknowledged >= wanted,
            "{acknowledged} of {wanted} statements"
        );
    }

    /// Ends them, and gives what they know.
    #[track_caller]
    pub(super) fn stop(mut self) -> Ledger {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.progress.notify_all();
        for thread in self.threads.drain(..) {
            thread.join().expect("a client");
        }
        let ledger = self.shared.ledger().clone();
        assert!(
            ledger.fault.is_none(),
            "a client is wrong: {:?}",
            ledger.fault
        );
        ledger
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        // Not joined: a failing test must not wait for a server that hangs.
        self.shared.stopping.store(true, Ordering::SeqCst);
    }
}

impl Ledger {
    /// What serves is what was acknowledged: every row, and no other of the clients'.
    #[track_caller]
    pub(super) fn check(&self, owner: &Cluster, green: bool) {
        let logins = if green {
            "SELECT id AS key, subject AS value FROM flows WHERE id LIKE 'c-%'"
        } else {
            "SELECT challenge AS key, subject AS value FROM logins WHERE challenge LIKE 'c-%'"
        };
        let seats = "SELECT name AS key, weight AS value FROM seats WHERE name LIKE 'c-%'";
        for (table, sql) in [("seats", seats), ("logins", logins)] {
            let mut found: BTreeMap<String, String> = rows(owner, DATABASE, sql)
                .into_iter()
                .map(|row| {
                    let text = |name: &str| row[name].clone().unwrap_or_default();
                    (text("key"), text("value"))
                })
                .collect();
            let mut wrong = Vec::new();
            for ((_, key), known) in self.known.iter().filter(|((of, _), _)| *of == table) {
                let is = found.remove(key);
                if !known.contains(&is) {
                    wrong.push(format!("{table} {key}: {is:?}, and not {known:?}"));
                }
            }
            wrong.extend(found.keys().map(|key| format!("{table} {key}: nobody's")));
            assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        }
    }
}

struct Client {
    blue: Link,
    green: Link,
    folder: PathBuf,
    shared: Arc<Shared>,
    /// Keys of seats that it has made and nobody else changes.
    mine: Vec<String>,
}

impl Client {
    fn work(mut self) {
        while !self.shared.stopping.load(Ordering::SeqCst) {
            // A service has a pace; and what it does not get it tries again.
            let paced = self.once();
            let rest = Duration::from_millis(if paced { 8 } else { 10 });
            let ledger = self.shared.ledger();
            let stopping = || self.shared.stopping.load(Ordering::SeqCst);
            drop(
                self.shared
                    .progress
                    .wait_timeout_while(ledger, rest, |_| !stopping()),
            );
        }
    }

    /// One statement; false if it was not taken.
    fn once(&mut self) -> bool {
        let (number, astray) = {
            let mut ledger = self.shared.ledger();
            ledger.next += 1;
            let straying = self.shared.straying.load(Ordering::SeqCst);
            (ledger.next, straying && ledger.next.is_multiple_of(4))
        };
        let Some(green) = (if astray {
            Some(number.is_multiple_of(8))
        } else {
            self.served()
        }) else {
            return false;
        };
        // Two that change one row on two sides say nothing of what is lost.
        let kind = if astray { 3 } else { number % 5 };
        let (table, key, value, sql) = self.statement(number, kind, green);
        let link = if green {
            &mut self.green
        } else {
            &mut self.blue
        };
        if link.connect().is_err() {
            return false;
        }
        let answer = link.send(&sql);
        let mut ledger = self.shared.ledger();
        let entry = ledger.known.entry((table, key.clone()));
        let known = entry.or_insert_with(|| vec![None]);
        let taken = match answer {
            Ok(_) => {
                *known = vec![value.clone()];
                ledger.acknowledged += 1;
                true
            }
            Err(Failure::Refused { state, said }) => {
                if state.code() == "25006" {
                    ledger.refused += 1;
                } else {
                    ledger.fault.get_or_insert(said);
                }
                false
            }
            Err(Failure::Gone(_)) => {
                known.push(value.clone());
                false
            }
        };
        drop(ledger);
        if taken && table == "seats" {
            self.mine.retain(|mine| *mine != key);
            if value.is_some() {
                self.mine.push(key);
            }
        }
        self.shared.progress.notify_all();
        taken
    }

    /// Where the front leads: whether to green; nowhere while it holds.
    fn served(&self) -> Option<bool> {
        if self.folder.join("held").exists() {
            return None;
        }
        let side = std::fs::read_to_string(self.folder.join("side")).ok()?;
        Some(side.trim() == "green")
    }

    fn statement(
        &self,
        number: u64,
        kind: u64,
        green: bool,
    ) -> (&'static str, String, Option<String>, String) {
        let old = self
            .mine
            .get(usize::try_from(number).expect("a number") % self.mine.len().max(1));
        match (kind, old) {
            (0, Some(key)) => {
                let sql = format!("DELETE FROM seats WHERE name = '{key}'");
                ("seats", key.clone(), None, sql)
            }
            (1 | 2, Some(key)) => {
                let sql = format!("UPDATE seats SET weight = {number} WHERE name = '{key}'");
                ("seats", key.clone(), Some(number.to_string()), sql)
            }
            (3, _) => {
                let key = format!("c-{number}");
                let (into, column) = if green {
                    ("flows", "id")
                } else {
                    ("logins", "challenge")
                };
                let sql =
                    format!("INSERT INTO {into} ({column}, subject) VALUES ('{key}', 's{number}')");
                ("logins", key, Some(format!("s{number}")), sql)
            }
            _ => {
                let key = format!("c-{number}");
                let sql = format!("INSERT INTO seats (name, weight) VALUES ('{key}', {number})");
                ("seats", key, Some(number.to_string()), sql)
            }
        }
    }
}
