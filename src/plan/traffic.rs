//! From what the plan says about traffic to its targets.

use std::path::PathBuf;
use std::time::Duration;

use super::load::Loaded;
use super::spec_traffic::{
    AddressSpec, CanarySpec, CommandSpec, HaproxyHoldSpec, HaproxySpec, HookSpec, HttpSpec,
    PgbouncerSpec, RequestSpec, SqlSpec, TrafficSpec,
};
use crate::model::address::Address;
use crate::model::traffic::{
    Act, Canary, Command, Cutover, Driver, File, Haproxy, HaproxyHold, Hook, Http, Pgbouncer,
    Request, Socket, Sql, Target,
};

/// How long an action of a target may take.
const ACTION: Duration = Duration::from_secs(10);
/// How long a hook and the canary's command may take.
const HOOK: Duration = Duration::from_secs(30);

impl TrafficSpec {
    /// The name of its driver; empty if it has none.
    pub(super) fn driver(&self) -> &'static str {
        self.drivers().first().copied().unwrap_or_default()
    }

    /// The names of all drivers that it gives.
    pub(super) fn drivers(&self) -> Vec<&'static str> {
        let given = [
            ("pgbouncer", self.pgbouncer.is_some()),
            ("haproxy", self.haproxy.is_some()),
            ("command", self.command.is_some()),
            ("http", self.http.is_some()),
            ("sql", self.sql.is_some()),
            ("file", self.file.is_some()),
        ];
        given
            .into_iter()
            .filter(|(_name, given)| *given)
            .map(|(name, _given)| name)
            .collect()
    }

    /// What it is called.
    pub(super) fn called(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.driver())
    }

    /// Whether it can make requests wait.
    pub(super) fn can_hold(&self) -> bool {
        self.pgbouncer.is_some()
            || (self.haproxy.as_ref()).is_some_and(|it| it.hold != HaproxyHoldSpec::None)
            || self.command.as_ref().is_some_and(|it| !it.hold.is_empty())
            || self.http.as_ref().is_some_and(|it| it.hold.is_some())
            || self.sql.as_ref().is_some_and(|it| it.hold.is_some())
    }
}

/// The targets of a plan that has been checked.
pub(super) fn targets(loaded: &Loaded) -> Vec<Target> {
    let strict = loaded.spec.cutover.acks_refused_writes;
    let target = |spec: &TrafficSpec| {
        Some(Target {
            name: spec.called().to_owned(),
            timeout: spec.timeout.map_or(ACTION, |timeout| timeout.0),
            folder: loaded.working_folder(),
            driver: driver(loaded, spec, strict)?,
        })
    };
    loaded.spec.traffic.iter().filter_map(target).collect()
}

fn driver(loaded: &Loaded, spec: &TrafficSpec, strict: bool) -> Option<Driver> {
    Some(if let Some(it) = &spec.pgbouncer {
        Driver::Pgbouncer(pgbouncer(loaded, it)?)
    } else if let Some(it) = &spec.haproxy {
        Driver::Haproxy(haproxy(loaded, it, strict))
    } else if let Some(it) = &spec.command {
        Driver::Command(command(it))
    } else if let Some(it) = &spec.http {
        Driver::Http(Box::new(http(it)?))
    } else if let Some(it) = &spec.sql {
        Driver::Sql(sql(it)?)
    } else {
        let file = spec.file.as_ref()?;
        Driver::File(File {
            path: loaded.folder.join(&file.path),
            blue: file.blue.clone(),
            green: file.green.clone(),
        })
    })
}

fn address(spec: &AddressSpec) -> Option<Address> {
    Address::of(
        spec.service.as_ref(),
        spec.url_env.as_ref(),
        spec.url.as_ref(),
    )
}

fn pgbouncer(loaded: &Loaded, spec: &PgbouncerSpec) -> Option<Pgbouncer> {
    Some(Pgbouncer {
        admin: address(&spec.admin)?,
        database: spec.database.clone(),
        file: loaded.folder.join(&spec.file),
        blue: spec.blue.clone(),
        green: spec.green.clone(),
    })
}

fn haproxy(loaded: &Loaded, spec: &HaproxySpec, strict: bool) -> Haproxy {
    Haproxy {
        socket: match spec.socket.rsplit_once(':') {
            Some((_host, port)) if port.parse::<u16>().is_ok() => Socket::Tcp(spec.socket.clone()),
            Some(_) | None => Socket::Unix(loaded.folder.join(&spec.socket)),
        },
        frontend: spec.frontend.clone(),
        backend: spec.backend.clone(),
        blue: spec.blue.0.clone(),
        green: spec.green.0.clone(),
        maxconn: spec.maxconn.map(u64::from),
        hold: match spec.hold {
            HaproxyHoldSpec::Wait => HaproxyHold::Wait,
            HaproxyHoldSpec::TurnAway => HaproxyHold::TurnAway,
            HaproxyHoldSpec::None => HaproxyHold::None,
        },
        strict,
    }
}

fn given(argv: &[String]) -> Option<Vec<String>> {
    (!argv.is_empty()).then(|| argv.to_owned())
}

fn command(spec: &CommandSpec) -> Command {
    Command {
        point: spec.point.clone(),
        read: spec.read.clone(),
        hold: given(&spec.hold),
        release: given(&spec.release),
    }
}

fn http(spec: &HttpSpec) -> Option<Http> {
    let word =
        |given: &Option<String>, default: &str| given.clone().unwrap_or_else(|| default.to_owned());
    let act = |request: &RequestSpec| self::request(request, "POST");
    Some(Http {
        point: act(&spec.point),
        read: request(spec.read.as_ref()?, "GET"),
        hold: spec.hold.as_ref().map(act),
        release: spec.release.as_ref().map(act),
        blue: word(&spec.blue, "blue"),
        green: word(&spec.green, "green"),
        held: word(&spec.held, "held"),
    })
}

pub(super) fn request(spec: &RequestSpec, method: &str) -> Request {
    Request {
        url: spec.url.clone(),
        method: spec
            .method
            .as_deref()
            .unwrap_or(method)
            .to_ascii_uppercase(),
        body: spec.body.clone(),
        headers_env: spec.headers_env.clone(),
    }
}

fn sql(spec: &SqlSpec) -> Option<Sql> {
    Some(Sql {
        at: address(&spec.at)?,
        point: spec.point.clone(),
        read: spec.read.clone()?,
        hold: spec.hold.clone(),
        release: spec.release.clone(),
    })
}

/// What the cutover of a plan does around the fence.
pub(super) fn cutover(loaded: &Loaded) -> Cutover {
    let (spec, folder) = (&loaded.spec, loaded.working_folder());
    Cutover {
        acks_refused_writes: spec.cutover.acks_refused_writes,
        before: spec
            .cutover
            .before
            .iter()
            .map(|hook| self::hook(hook, &folder))
            .collect(),
        canary: spec
            .canary
            .as_ref()
            .map(|canary| self::canary(canary, folder)),
        observe: spec.observe.span.map(|span| span.0),
    }
}

pub(super) fn hook(spec: &HookSpec, folder: &std::path::Path) -> Hook {
    Hook {
        act: match &spec.http {
            Some(url) => Act::Http {
                url: url.clone(),
                status: spec.status.unwrap_or(200),
                body: spec.body.clone(),
            },
            None => Act::Command(spec.command.clone()),
        },
        within: spec.within.map_or(HOOK, |within| within.0),
        folder: folder.to_owned(),
    }
}

fn canary(spec: &CanarySpec, folder: PathBuf) -> Canary {
    Canary {
        command: given(&spec.command),
        landed: spec.landed.clone(),
        within: spec.within.map_or(HOOK, |within| within.0),
        folder,
    }
}
