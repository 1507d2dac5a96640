//! A million acknowledged writes through cutovers, one after the other, each of a fresh pair: what clients behind the pooler were
//! told is on green, once, in its 2.X form, and blue has nothing that green took first.

mod writers;

use std::collections::BTreeMap;
use std::time::Duration;

use super::Site;
use crate::support::{Fixture, rows};
use writers::{Told, Writers};

/// Clients, and transactions of each a second.
const CLIENTS: u32 = 8;
const PACE: u32 = 60;

/// A service in two versions, as its clients use it: each transaction adds a row that is carried and one that is reshaped, and
/// changes the reshaped one of the transaction before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Service {
    name: &'static str,
    fixture: Fixture,
    /// Statements of 1.X and of 2.X; `KEY` is this transaction's, `OLD` the one's before, `CLIENT` the client's number.
    old: &'static str,
    new: &'static str,
    /// The keys of the carried rows.
    carried: &'static str,
    /// Keys and what was changed of the reshaped rows, on blue and on green.
    was: &'static str,
    is: &'static str,
}

const ORDERS: Service = Service {
    name: "orders",
    fixture: Fixture::Orders(300),
    old: "INSERT INTO audit_log (actor) VALUES ('KEY');
        INSERT INTO orders (number, customer_id, net, country, placed_at, ship_name, ship_street, ship_city)
        SELECT 'KEY', id, 9.5, 'DE', now(), 'Ann', 'Hauptstraße 1', 'Köln' FROM customers ORDER BY id LIMIT 1 OFFSET CLIENT;
        UPDATE orders SET note = 'KEY' WHERE number = 'OLD'",
    new: "INSERT INTO audit_log (actor) VALUES ('KEY');
        INSERT INTO orders (number, customer_id, contact_email, region, currency, country, net_cents, placed_at, changed_at)
        SELECT 'KEY', id, email, 'eu', 'EUR', 'DE', 950, now(), now() FROM customers ORDER BY id LIMIT 1 OFFSET CLIENT;
        UPDATE orders SET note = 'KEY' WHERE number = 'OLD'",
    carried: "SELECT actor AS key FROM audit_log WHERE actor LIKE 'm-%'",
    was: "SELECT number AS key, note AS value FROM orders WHERE number LIKE 'm-%'",
    is: "SELECT number AS key, note AS value FROM orders WHERE number LIKE 'm-%'",
};

const HYDRA: Service = Service {
    name: "hydra",
    fixture: Fixture::Hydra(300),
    old: "INSERT INTO hydra_oauth2_access (signature, request_id, client_id, scope, granted_scope, form_data, session_data, subject)
        SELECT 'KEY', 'KEY', id, 'read', 'read', '', '{}', 'KEY' FROM hydra_client ORDER BY id LIMIT 1 OFFSET CLIENT;
        INSERT INTO hydra_oauth2_authentication_request (challenge, requested_scope, verifier, csrf, subject, request_url, skip, client_id,
            oidc_context)
        SELECT 'KEY', 'openid', 'KEY', 'KEY', '', '', false, id, '{}' FROM hydra_client ORDER BY id LIMIT 1 OFFSET CLIENT;
        UPDATE hydra_oauth2_authentication_request SET request_url = 'KEY' WHERE challenge = 'OLD'",
    new: "INSERT INTO hydra_oauth2_access (signature, nid, request_id, client_id, scope, granted_scope, form_data, session_data, subject)
        SELECT 'KEY', nid, 'KEY', id, 'read', 'read', '', '{}', 'KEY' FROM hydra_client ORDER BY id LIMIT 1 OFFSET CLIENT;
        INSERT INTO hydra_oauth2_flow (login_challenge, login_verifier, login_csrf, subject, request_url, login_skip, client_id, state,
            login_remember_for, requested_scope, nid)
        SELECT 'KEY', 'KEY', 'KEY', '', '', false, id, 1, 0, '[\"openid\"]', nid FROM hydra_client ORDER BY id LIMIT 1 OFFSET CLIENT;
        UPDATE hydra_oauth2_flow SET request_url = 'KEY' WHERE login_challenge = 'OLD'",
    carried: "SELECT signature AS key FROM hydra_oauth2_access WHERE signature LIKE 'm-%'",
    was: "SELECT challenge AS key, request_url AS value FROM hydra_oauth2_authentication_request WHERE challenge LIKE 'm-%'",
    is: "SELECT login_challenge AS key, request_url AS value FROM hydra_oauth2_flow WHERE login_challenge LIKE 'm-%'",
};

/// What came of one cutover.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    writes: usize,
    transactions: usize,
    /// From the hold to the release, by greenlight's own account, in milliseconds.
    pause: u64,
    /// The longest transaction of a client.
    felt: Duration,
}

/// Keys with what was changed of each last; NULL and '' say that nothing was.
type Found = BTreeMap<String, String>;

/// The rows of one version on a side, each of which is there once.
fn found(site: &Site, green: bool, sql: &str) -> Found {
    let pair = &site.migration.pair;
    let listed = if green {
        rows(&pair.green, &site.migration.green, sql)
    } else {
        rows(&pair.blue, "blue", sql)
    };
    let many = listed.len();
    let found: Found = listed
        .into_iter()
        .map(|mut row| {
            let mut text = |name: &str| row.remove(name).flatten().unwrap_or_default();
            (text("key"), text("value"))
        })
        .collect();
    assert_eq!(found.len(), many, "a row is there twice");
    found
}

/// Every acknowledged write is on green; none is on blue that green took and the way back has not brought.
fn judge(service: &Service, site: &Site, told: &[Told]) {
    let mut wanted: Found = told
        .iter()
        .map(|told| (told.key.clone(), String::new()))
        .collect();
    for told in told {
        if let Some(old) = wanted.get_mut(&told.old) {
            old.clone_from(&told.key);
        }
    }
    let green = found(site, true, service.is);
    assert!(green == wanted, "reshaped: {}", difference(&wanted, &green));
    let keys = |found: &Found| -> Vec<String> { found.keys().cloned().collect() };
    let carried = found(site, true, service.carried);
    assert!(keys(&carried) == keys(&wanted), "carried rows of green");
    let of_blue: Vec<&Told> = told.iter().filter(|told| told.by == "blue").collect();
    for sql in [service.carried, service.was] {
        let blue = found(site, false, sql);
        let lost = of_blue.iter().find(|told| !blue.contains_key(&told.key));
        assert!(lost.is_none(), "blue has lost {lost:?}");
        let strange = blue.keys().find(|key| !wanted.contains_key(*key));
        assert!(strange.is_none(), "blue has {strange:?} of nobody");
    }
}

/// The first few keys that are not what they should be.
fn difference(wanted: &Found, found: &Found) -> String {
    let keys = wanted.keys().chain(found.keys());
    let wrong = keys.filter(|key| wanted.get(*key) != found.get(*key));
    let named = wrong
        .take(5)
        .map(|key| format!("{key}: {:?}, not {:?}", found.get(key), wanted.get(key)));
    named.collect::<Vec<_>>().join("; ")
}

/// One cutover under clients, who write so many transactions in all.
fn once(service: &'static Service, transactions: usize) -> Outcome {
    let site = Site::of(service.fixture, |_| String::new());
    let writers = Writers::start(&site.pooler.url("postgres", "shop"), service, CLIENTS, PACE);
    site.migration.run(&["run", "--until", "compare"]).with(0);
    writers.until(None, transactions * 9 / 10);
    let ended = site.migration.run(&site.migration.cutover()).with(0).json();
    writers.until(Some("green"), transactions / 20);
    writers.until(None, transactions);
    let told = writers.stop();
    judge(service, &site, &told);
    Outcome {
        // The first transaction of a client has none before it.
        writes: 3 * told.len() - usize::try_from(CLIENTS).expect("a number"),
        transactions: told.len(),
        pause: ended["executed"]["pause_ms"].as_u64().expect("a pause"),
        felt: told.iter().map(|told| told.took).max().unwrap_or_default(),
    }
}

fn asked(name: &str, otherwise: usize) -> usize {
    let given = std::env::var(format!("GREENLIGHT_LEDGER_{name}")).ok();
    given.map_or(otherwise, |given| given.parse().expect("a number"))
}

#[test]
#[ignore = "takes a quarter of an hour: script/prove-ledger"]
fn a_million_acknowledged_writes() {
    let (writes, cutovers) = (asked("WRITES", 1_000_000), asked("CUTOVERS", 20));
    let each = writes.div_ceil(3 * cutovers) + 10;
    let mut all = Vec::new();
    for n in 0..cutovers {
        let service = if n % 2 == 0 { &ORDERS } else { &HYDRA };
        let outcome = once(service, each);
        eprintln!(
            "{:>3} {:<7} {:>8} writes in {:>6} transactions, pause {:>4} ms, longest transaction {:>4} ms",
            n + 1,
            service.name,
            outcome.writes,
            outcome.transactions,
            outcome.pause,
            outcome.felt.as_millis()
        );
        all.push(outcome);
    }
    let mut pauses: Vec<u64> = all.iter().map(|outcome| outcome.pause).collect();
    let mut felt: Vec<u128> = all.iter().map(|one| one.felt.as_millis()).collect();
    pauses.sort_unstable();
    felt.sort_unstable();
    eprintln!(
        "lost 0, doubled 0, failed 0: {} writes acknowledged in {} transactions through {cutovers} cutovers; pause p50 {} max {} ms; longest transaction of a client p50 {} max {} ms",
        all.iter().map(|one| one.writes).sum::<usize>(),
        all.iter().map(|one| one.transactions).sum::<usize>(),
        pauses[pauses.len() / 2],
        pauses[pauses.len() - 1],
        felt[felt.len() / 2],
        felt[felt.len() - 1],
    );
}

/// The same, short: so that the long one is known to work.
#[test]
fn cluster_some_hundred_acknowledged_transactions() {
    for service in [&ORDERS, &HYDRA] {
        let outcome = once(service, 500);
        assert!(outcome.transactions >= 500, "{outcome:?}");
    }
}
