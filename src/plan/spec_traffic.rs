//! What a plan says about the cutover: `[[traffic]]`, `[cutover]`, `[canary]`, `[observe]`.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

use super::unit::{Span, Words};

/// A traffic target: exactly one driver, and how it is called.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrafficSpec {
    /// What it is called in messages and in the record. Default: the driver's name. Needed where a driver is used twice.
    #[serde(default)]
    pub name: Option<String>,
    /// How long one action may take. Default: `"10s"`.
    #[serde(default)]
    pub timeout: Option<Span>,
    /// A database of a PgBouncer: held by PAUSE, pointed by its line in PgBouncer's configuration.
    /// Example: `{ admin = { url = "postgresql://admin@127.0.0.1:6432/pgbouncer" }, database = "shop", file = "pgbouncer.d/shop.ini", blue = "host=10.0.0.1", green = "host=10.0.0.2" }`.
    #[serde(default)]
    pub pgbouncer: Option<PgbouncerSpec>,
    /// A frontend and a backend of an HAProxy, over its runtime socket.
    /// Example: `{ socket = "/run/haproxy/admin.sock", frontend = "oauth", backend = "hydra", blue = ["v1"], green = ["v2"] }`.
    #[serde(default)]
    pub haproxy: Option<HaproxySpec>,
    /// Programs of yours, run in the plan's folder without a shell. Example: `{ point = ["./flip.sh", "{side}"], read = ["./which.sh"] }`.
    #[serde(default)]
    pub command: Option<CommandSpec>,
    /// Requests. Example: `{ point = { url = "http://router.internal/point/{side}" }, read = { url = "http://router.internal/side" } }`.
    #[serde(default)]
    pub http: Option<HttpSpec>,
    /// Statements on some PostgreSQL server.
    /// Example: `{ at = { service = "routing" }, point = "UPDATE route SET side = :'side'", read = "SELECT side FROM route" }`.
    #[serde(default)]
    pub sql: Option<SqlSpec>,
    /// A file that a service or a forwarder watches, replaced as a whole. Example: `{ path = "side", blue = "blue\n", green = "green\n" }`.
    #[serde(default)]
    pub file: Option<FileSpec>,
}

/// A server's address: one of `service`, `url_env` and `url`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AddressSpec {
    /// A service of `pg_service.conf`.
    #[serde(default)]
    pub service: Option<String>,
    /// The environment variable that holds the connection string.
    #[serde(default)]
    pub url_env: Option<String>,
    /// A connection string without a password (use `PGPASSFILE`).
    #[serde(default)]
    pub url: Option<String>,
}

/// A database of a PgBouncer. Its host, port and database on either side are all that changes in its line of the file; other
/// words of the line (`pool_size`, `auth_user`, a password) stay.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PgbouncerSpec {
    /// The admin console: database `pgbouncer`, as a user of `admin_users`.
    pub admin: AddressSpec,
    /// The database as clients name it. Example: `"shop"`.
    pub database: String,
    /// The file with its line: PgBouncer's own ini file or one that it includes. Relative to the plan.
    pub file: PathBuf,
    /// Where blue is, in the words of PgBouncer's `[databases]`, without a password. Example: `"host=10.0.0.1 port=5432 dbname=shop"`.
    pub blue: String,
    /// Where green is. Example: `"host=10.0.0.2 port=5432 dbname=shop"`.
    pub green: String,
}

/// A frontend and a backend of an HAProxy. What is changed over the runtime socket is gone after a reload of HAProxy: change
/// its configuration as well, once the cutover is done.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HaproxySpec {
    /// The runtime socket, with `level admin`: a path (relative to the plan) or `host:port`.
    pub socket: String,
    /// The frontend that clients connect to.
    pub frontend: String,
    /// The backend with the servers of both sides.
    pub backend: String,
    /// The servers of 1.X on blue.
    pub blue: Words,
    /// The servers of 2.X on green.
    pub green: Words,
    /// The frontend's `maxconn` while nothing is held. Default: what it was before the hold; the process's own `maxconn` if
    /// nobody knows that any more.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub maxconn: Option<u32>,
    /// What a hold does. Default: `"wait"`.
    #[serde(default)]
    pub hold: HaproxyHoldSpec,
}

/// What a hold does at an HAProxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HaproxyHoldSpec {
    /// The frontend's `maxconn` is set to 0: new connections wait, and are served after the release. Sessions that are open
    /// go on, unless `cutover.acks_refused_writes` is set: then they are turned away. HAProxy 2.6.20, 2.8.12, 2.9.12, 3.0.6
    /// or newer: an older one dies on release when a client waits.
    #[default]
    Wait,
    /// The servers are drained: requests are answered with 503, connections closed at once.
    TurnAway,
    /// Nothing: requests fail at the fence.
    None,
}

/// Programs and their arguments. `{side}` becomes `blue` or `green`. Each may be called again at any time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandSpec {
    /// Points to a side. Example: `["./flip.sh", "{side}"]`.
    pub point: Vec<String>,
    /// Prints the side that is served, `blue` or `green`, and the word `held` besides while requests wait. Needed: without it
    /// nobody knows what a program that failed has done. Example: `["./which.sh"]`.
    #[serde(default)]
    pub read: Vec<String>,
    /// Makes requests wait.
    #[serde(default)]
    pub hold: Vec<String>,
    /// Lets them go. Goes with `hold`.
    #[serde(default)]
    pub release: Vec<String>,
}

/// Requests. Each may be sent again at any time. Done is what answers with a status from 200 to 299.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpSpec {
    /// Points to a side.
    pub point: RequestSpec,
    /// Is answered with the side that is served. Needed, as in `command`.
    #[serde(default)]
    pub read: Option<RequestSpec>,
    /// Makes requests wait.
    #[serde(default)]
    pub hold: Option<RequestSpec>,
    /// Lets them go. Goes with `hold`.
    #[serde(default)]
    pub release: Option<RequestSpec>,
    /// What the answer to `read` contains while blue is served. Default: `"blue"`.
    #[serde(default)]
    pub blue: Option<String>,
    /// What it contains while green is served. Default: `"green"`.
    #[serde(default)]
    pub green: Option<String>,
    /// What it contains while requests wait. Default: `"held"`.
    #[serde(default)]
    pub held: Option<String>,
}

/// A request. `{side}` in the URL and in the body becomes `blue` or `green`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestSpec {
    /// The URL, `http://…` or `https://…`.
    pub url: String,
    /// The method. Default: `"GET"` to read, else `"POST"`.
    #[serde(default)]
    pub method: Option<String>,
    /// The body.
    #[serde(default)]
    pub body: Option<String>,
    /// Headers, each with the environment variable that holds its value: a token does not belong into a plan.
    /// Example: `{ Authorization = "ROUTER_AUTHORIZATION" }`.
    #[serde(default)]
    pub headers_env: BTreeMap<String, String>,
}

/// Statements on some PostgreSQL server. `:'side'` becomes `'blue'` or `'green'`. Each may be run again at any time.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SqlSpec {
    /// The server.
    pub at: AddressSpec,
    /// Points to a side. Example: `"UPDATE route SET side = :'side'"`.
    pub point: String,
    /// Gives the side that is served, `blue` or `green`, and the word `held` besides while requests wait. Needed, as in
    /// `command`. Example: `"SELECT side FROM route"`.
    #[serde(default)]
    pub read: Option<String>,
    /// Makes requests wait.
    #[serde(default)]
    pub hold: Option<String>,
    /// Lets them go. Goes with `hold`.
    #[serde(default)]
    pub release: Option<String>,
}

/// A file that somebody watches.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileSpec {
    /// The file, which must be there. Relative to the plan.
    pub path: PathBuf,
    /// Its whole text while blue is served.
    pub blue: String,
    /// Its whole text while green is served.
    pub green: String,
}

/// What the cutover does around the fence.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CutoverSpec {
    /// Whether 1.X tells its clients that a write is done when the database has refused it. Then requests must be held in
    /// front of it before blue is fenced, so a traffic target that can hold is needed. Default: false.
    #[serde(default)]
    pub acks_refused_writes: bool,
    /// What starts and probes 2.X on green, in order, before traffic is held. Example:
    /// `[{ command = ["./start-v2.sh"] }, { http = "http://v2.internal/health/ready", body = "ok" }]`.
    #[serde(default)]
    pub before: Vec<HookSpec>,
}

/// A program that must succeed, or a probe that is repeated until it does.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HookSpec {
    /// A program and its arguments, run in the plan's folder without a shell.
    #[serde(default)]
    pub command: Vec<String>,
    /// What is asked for.
    #[serde(default)]
    pub http: Option<String>,
    /// The status that it must be answered with. Default: 200.
    #[serde(default)]
    pub status: Option<u16>,
    /// A text that the answer must contain.
    #[serde(default)]
    pub body: Option<String>,
    /// How long it may take. Default: `"30s"`.
    #[serde(default)]
    pub within: Option<Span>,
}

/// What proves, once traffic has moved, that the application's path leads to green.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanarySpec {
    /// A program and its arguments, run in the plan's folder without a shell: it writes as a client of the service does, and
    /// ends with 0 if that was acknowledged. Example: `["./canary.sh"]`.
    #[serde(default)]
    pub command: Vec<String>,
    /// A query on green that gives one boolean: whether that write is there.
    /// Example: `"SELECT EXISTS (SELECT FROM orders WHERE note = 'canary')"`.
    #[serde(default)]
    pub landed: Option<String>,
    /// How long the command may take. Default: `"30s"`.
    #[serde(default)]
    pub within: Option<Span>,
}

/// What happens after traffic has moved.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ObserveSpec {
    /// How long both sides are watched: writes that blue refuses, errors on green. Default: not at all. Example: `"5min"`.
    #[serde(default, rename = "for")]
    pub span: Option<Span>,
}
