//! A frontend and a backend of an HAProxy, over its runtime socket.
//!
//! A server is `ready`, drained or in maintenance. The side whose servers are not in maintenance is the one that is served;
//! drained ones are those that a hold has put out for a while, so that a release, also by another process, knows which to
//! bring back.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::{Findings, Reading, moment, runtime};
use crate::error::{Code, Error, Result};
use crate::model::Side;
use crate::model::traffic::{Haproxy, HaproxyHold, Target};

/// Bits of `srv_admin_state`: in maintenance by command, by a tracked server or for want of an address (that the
/// configuration began with `disabled` is a bit of its own, which stays when it no longer counts); and drained.
const MAINTENANCE: u32 = 0x01 | 0x02 | 0x20;
const DRAINED: u32 = 0x08 | 0x10;
/// `srv_op_state` of a server that may be used.
const RUNNING: u32 = 2;

/// What this process has seen before a hold.
#[derive(Debug, Default)]
pub(super) struct Seen {
    maxconn: Mutex<Option<u64>>,
}

struct Server {
    name: String,
    side: Side,
    admin: u32,
    running: bool,
}

impl Server {
    fn out(&self) -> bool {
        self.admin & MAINTENANCE != 0
    }

    fn drained(&self) -> bool {
        !self.out() && self.admin & DRAINED != 0
    }
}

struct World {
    /// The frontend's `maxconn`.
    limit: u64,
    servers: Vec<Server>,
}

impl World {
    /// The servers that requests go to when nothing is held.
    fn served(&self) -> impl Iterator<Item = &Server> {
        self.servers.iter().filter(|server| !server.out())
    }

    fn turned_away(&self) -> bool {
        self.served().count() > 0 && self.served().all(Server::drained)
    }

    fn held(&self, it: &Haproxy) -> bool {
        self.limit == 0 || (it.hold == HaproxyHold::TurnAway && self.turned_away())
    }

    fn reading(&self, it: &Haproxy) -> Reading {
        let words: Vec<String> = self
            .servers
            .iter()
            .map(|server| {
                let state = match (server.out(), server.drained(), server.running) {
                    (true, _, _) => "maintenance",
                    (_, true, _) => "drained",
                    (_, _, true) => "ready",
                    (_, _, false) => "down",
                };
                format!("{} {state}", server.name)
            })
            .collect();
        let has = |side: Side| self.served().any(|server| server.side == side);
        Reading::of(
            has(Side::Blue),
            has(Side::Green),
            self.held(it),
            &format!("{}; maxconn {}", words.join(", "), self.limit),
        )
    }
}

async fn world(it: &Haproxy) -> Result<World> {
    let stat = runtime::stat(&it.socket).await?;
    let frontend = stat
        .iter()
        .find(|row| is(row, "pxname", &it.frontend) && is(row, "svname", "FRONTEND"))
        .ok_or_else(|| missing("frontend", &it.frontend))?;
    let limit = frontend.get("slim").and_then(|limit| limit.parse().ok());
    let found = runtime::servers(&it.socket, &it.backend).await?;
    let number = |row: &runtime::Row, column: &str| {
        row.get(column).and_then(|value| value.parse::<u32>().ok())
    };
    let mut servers = Vec::new();
    for (side, names) in [(Side::Blue, &it.blue), (Side::Green, &it.green)] {
        for name in names {
            let row = found
                .iter()
                .find(|row| is(row, "srv_name", name))
                .ok_or_else(|| missing("server", &format!("{}/{name}", it.backend)))?;
            servers.push(Server {
                name: name.clone(),
                side,
                admin: number(row, "srv_admin_state").ok_or_else(|| missing("state of", name))?,
                running: number(row, "srv_op_state") == Some(RUNNING),
            });
        }
    }
    Ok(World {
        limit: limit.ok_or_else(|| missing("`maxconn` of frontend", &it.frontend))?,
        servers,
    })
}

fn is(row: &runtime::Row, column: &str, value: &str) -> bool {
    row.get(column).is_some_and(|found| found == value)
}

fn missing(what: &str, name: &str) -> Error {
    Error::new(
        Code::TrafficUnreadable,
        format!("HAProxy has no {what} `{name}`"),
    )
}

pub(super) async fn read(_target: &Target, it: &Haproxy) -> Result<Reading> {
    Ok(world(it).await?.reading(it))
}

async fn set(it: &Haproxy, server: &str, state: &str) -> Result<()> {
    let command = format!("set server {}/{server} state {state}", it.backend);
    runtime::change(&it.socket, &command).await
}

async fn limit(it: &Haproxy, most: u64) -> Result<()> {
    let command = format!("set maxconn frontend {} {most}", it.frontend);
    runtime::change(&it.socket, &command).await
}

/// Sessions at these servers.
async fn sessions(it: &Haproxy, servers: &[String]) -> Result<u64> {
    let stat = runtime::stat(&it.socket).await?;
    Ok(stat
        .iter()
        .filter(|row| is(row, "pxname", &it.backend))
        .filter(|row| servers.iter().any(|name| is(row, "svname", name)))
        .filter_map(|row| row.get("scur")?.parse::<u64>().ok())
        .sum())
}

/// Ends the sessions at these servers. Without this, connections that are open keep talking to the other side for as long as
/// they live.
async fn shut(it: &Haproxy, servers: &[String]) -> Result<()> {
    while sessions(it, servers).await? > 0 {
        for name in servers {
            let command = format!("shutdown sessions server {}/{name}", it.backend);
            runtime::change(&it.socket, &command).await?;
        }
        moment().await;
    }
    Ok(())
}

pub(super) async fn hold(
    target: &Target,
    it: &Haproxy,
    seen: &Seen,
    within: Duration,
) -> Result<()> {
    let begun = Instant::now();
    let work = async {
        let before = world(it).await?;
        if it.hold == HaproxyHold::Wait && before.limit > 0 {
            if let Some(version) = deadly(it).await? {
                return Err(Error::new(Code::TrafficNotHeld, version));
            }
            *seen.maxconn.lock().unwrap_or_else(PoisonError::into_inner) = Some(before.limit);
            limit(it, 0).await?;
        }
        if it.hold == HaproxyHold::Wait && !it.strict {
            return Ok(());
        }
        // A client with an open connection is not asked to wait by `maxconn`: its next request would reach 1.X.
        let served: Vec<String> = before.served().map(|server| server.name.clone()).collect();
        for server in before.served().filter(|server| !server.drained()) {
            set(it, &server.name, "drain").await?;
        }
        // Requests that are under way may end by themselves for half of the time.
        while begun.elapsed() < within / 2 && sessions(it, &served).await? > 0 {
            moment().await;
        }
        shut(it, &served).await
    };
    let limit = within.min(target.timeout);
    tokio::time::timeout(limit, Box::pin(work))
        .await
        .unwrap_or_else(|_elapsed| {
            let what = format!(
                "its sessions have not ended in {}",
                humantime::format_duration(limit)
            );
            Err(Error::new(Code::TrafficNotHeld, what))
        })
}

pub(super) async fn point(target: &Target, it: &Haproxy, side: Side) -> Result<()> {
    let before = world(it).await?;
    // Turned away until the release.
    let state = if it.hold == HaproxyHold::TurnAway && before.turned_away() {
        "drain"
    } else {
        "ready"
    };
    let (to, from) = match side {
        Side::Blue => (&it.blue, &it.green),
        Side::Green => (&it.green, &it.blue),
    };
    // The side that we point to owns the data, and the other one is sealed and refuses writes. So for a moment both may be
    // served, in either direction: a request that still goes to the sealed side fails at its database. The other order would
    // answer every request of a client that is connected already with 503. Only where 1.X acknowledges what the database
    // refused is that moment a lost write, and the 503 the honest answer.
    if it.strict {
        for name in from {
            set(it, name, "maint").await?;
        }
    }
    for name in to {
        set(it, name, state).await?;
    }
    for name in from {
        set(it, name, "maint").await?;
    }
    shut(it, from).await?;
    loop {
        let after = world(it).await?;
        let up = after
            .served()
            .any(|server| server.side == side && (server.running || server.drained()));
        if up {
            return Ok(());
        }
        tracing::debug!(target = %target.name, %side, "no server is up yet");
        moment().await;
    }
}

pub(super) async fn release(_target: &Target, it: &Haproxy, seen: &Seen) -> Result<()> {
    let before = world(it).await?;
    if it.strict || it.hold == HaproxyHold::TurnAway {
        for server in before.servers.iter().filter(|server| server.drained()) {
            set(it, &server.name, "ready").await?;
        }
    }
    if before.limit > 0 {
        return Ok(());
    }
    if let Some(version) = deadly(it).await? {
        return Err(Error::new(Code::TrafficNotReleased, version));
    }
    let known = *seen.maxconn.lock().unwrap_or_else(PoisonError::into_inner);
    let most = match it.maxconn.or(known) {
        Some(most) => most,
        // More than the process takes makes no difference.
        None => runtime::info(&it.socket, "Maxconn")
            .await?
            .and_then(|most| most.parse().ok())
            .ok_or_else(|| missing("limit", "Maxconn"))?,
    };
    limit(it, most).await
}

/// What a version that dies of a hold says of itself: raising a frontend's `maxconn` while a client waits there takes a lock
/// twice, and the watchdog then ends the process (HAProxy's issue 2726).
async fn deadly(it: &Haproxy) -> Result<Option<String>> {
    let version = runtime::info(&it.socket, "Version")
        .await?
        .ok_or_else(|| missing("line", "Version"))?;
    Ok((!mended(&version)).then(|| {
        format!(
            "HAProxy {version} dies when a hold ends while a client waits; mended in 2.6.20, 2.8.12, 2.9.12 and 3.0.6 \
             (or set `hold = \"turn_away\"` for this target)"
        )
    }))
}

fn mended(version: &str) -> bool {
    let mut parts = version
        .split(|letter: char| !letter.is_ascii_digit())
        .map(|part| part.parse::<u32>().unwrap_or_default());
    let mut next = || parts.next().unwrap_or_default();
    match (next(), next(), next()) {
        (2, 6, patch) => patch >= 20,
        (2, 8 | 9, patch) => patch >= 12,
        (3, 0, patch) => patch >= 6,
        (2, _, _) => false,
        (major, _, _) => major >= 3,
    }
}

pub(super) async fn look(_target: &Target, it: &Haproxy) -> Result<Findings> {
    let world = world(it).await?;
    let mut findings = world.reading(it).findings();
    let level = runtime::ask(&it.socket, "show cli level").await?;
    if level.trim() != "admin" {
        findings.breaks.push(format!(
            "the runtime socket has the level `{}`, and `admin` is needed",
            level.trim()
        ));
    }
    if it.hold == HaproxyHold::Wait {
        findings.breaks.extend(deadly(it).await?);
    }
    let stat = runtime::stat(&it.socket).await?;
    let cookie = stat
        .iter()
        .find(|row| is(row, "pxname", &it.backend) && is(row, "svname", "BACKEND"))
        .and_then(|row| row.get("cookie"))
        .is_some_and(|cookie| !cookie.is_empty());
    if cookie && (it.strict || it.hold == HaproxyHold::TurnAway) {
        findings.breaks.push(format!(
            "backend `{}` keeps clients at their server by a cookie: their requests reach it while it is drained",
            it.backend
        ));
    }
    findings.cautions.push(
        "what is changed over the runtime socket is gone after a reload of HAProxy: its configuration must say the same afterwards"
            .to_owned(),
    );
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::mended;

    #[test]
    fn versions_that_die_of_a_hold_are_known() {
        for (version, expected) in [
            ("2.6.12-1+deb12u4", false),
            ("2.6.20-0", true),
            ("2.8.5-1ubuntu3", false),
            ("2.8.16", true),
            ("3.0.5", false),
            ("3.0.11-1+deb13u4", true),
            ("3.1.0", true),
            ("2.4.24", false),
        ] {
            assert_eq!(mended(version), expected, "{version}");
        }
    }
}
