//! What moves the service's traffic from one side to the other, and what a cutover does around that.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::address::Address;

/// A traffic target: one place in front of the service that decides which side is talked to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its name, unique in the plan.
    pub name: String,
    /// How long one action may take.
    pub timeout: Duration,
    /// The folder of the plan, in which commands run.
    pub folder: PathBuf,
    /// What moves it.
    pub driver: Driver,
}

impl Target {
    /// Whether it can make requests wait.
    #[must_use]
    pub fn can_hold(&self) -> bool {
        match &self.driver {
            Driver::Pgbouncer(_) => true,
            Driver::Haproxy(haproxy) => haproxy.hold != HaproxyHold::None,
            Driver::Command(command) => command.hold.is_some(),
            Driver::Http(http) => http.hold.is_some(),
            Driver::Sql(sql) => sql.hold.is_some(),
            Driver::File(_) => false,
        }
    }
}

/// What moves a target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Driver {
    /// A database of a PgBouncer.
    Pgbouncer(Pgbouncer),
    /// A frontend and a backend of an HAProxy.
    Haproxy(Haproxy),
    /// Programs.
    Command(Command),
    /// Requests.
    Http(Http),
    /// Statements on some PostgreSQL server.
    Sql(Sql),
    /// A file that somebody watches.
    File(File),
}

impl Driver {
    /// Whether greenlight itself knows what a hold consists of there.
    #[must_use]
    pub fn knows_holding(&self) -> bool {
        matches!(self, Self::Pgbouncer(_) | Self::Haproxy(_))
    }
}

/// A database of a PgBouncer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pgbouncer {
    /// Its admin console.
    pub admin: Address,
    /// The database as its clients name it.
    pub database: String,
    /// The file with the line of this database.
    pub file: PathBuf,
    /// Where blue is, in the words of that line.
    pub blue: String,
    /// Where green is.
    pub green: String,
}

/// A frontend and a backend of an HAProxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Haproxy {
    /// Its runtime socket.
    pub socket: Socket,
    /// The frontend that is held.
    pub frontend: String,
    /// The backend with the servers of both sides.
    pub backend: String,
    /// The servers of the 1.X service on blue.
    pub blue: Vec<String>,
    /// The servers of the 2.X service on green.
    pub green: Vec<String>,
    /// The frontend's `maxconn` when nothing is held; without one, what was seen before the hold.
    pub maxconn: Option<u64>,
    /// What a hold does.
    pub hold: HaproxyHold,
    /// Whether the service acknowledges writes that the database refused: then no request may reach it during a hold, not even
    /// over a connection that was open before.
    pub strict: bool,
}

/// What a hold does at an HAProxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HaproxyHold {
    /// New connections wait.
    Wait,
    /// Requests are turned away.
    TurnAway,
    /// Nothing.
    None,
}

/// Where a runtime socket is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Socket {
    /// A path.
    Unix(PathBuf),
    /// `host:port`.
    Tcp(String),
}

/// Programs and their arguments; no shell. `{side}` is `blue` or `green`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Points to a side.
    pub point: Vec<String>,
    /// Prints `blue` or `green`, and `held` besides while it is held.
    pub read: Vec<String>,
    /// Makes requests wait.
    pub hold: Option<Vec<String>>,
    /// Lets them go.
    pub release: Option<Vec<String>>,
}

/// Requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Http {
    /// Points to a side.
    pub point: Request,
    /// Answers with the texts below.
    pub read: Request,
    /// Makes requests wait.
    pub hold: Option<Request>,
    /// Lets them go.
    pub release: Option<Request>,
    /// What the answer contains while blue is served.
    pub blue: String,
    /// What it contains while green is served.
    pub green: String,
    /// What it contains while requests wait.
    pub held: String,
}

/// A request. `{side}` in its URL and its body is `blue` or `green`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The URL.
    pub url: String,
    /// The method.
    pub method: String,
    /// The body.
    pub body: Option<String>,
    /// Headers, each with the environment variable that holds its value.
    pub headers_env: BTreeMap<String, String>,
}

/// Statements on some PostgreSQL server. `:'side'` is `'blue'` or `'green'`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sql {
    /// The server.
    pub at: Address,
    /// Points to a side.
    pub point: String,
    /// Gives `blue` or `green`, and `held` besides while it is held.
    pub read: String,
    /// Makes requests wait.
    pub hold: Option<String>,
    /// Lets them go.
    pub release: Option<String>,
}

/// A file that somebody watches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The file.
    pub path: PathBuf,
    /// Its text for blue.
    pub blue: String,
    /// Its text for green.
    pub green: String,
}

/// What a cutover does around the fence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cutover {
    /// Whether the 1.X service acknowledges writes that the database refused.
    pub acks_refused_writes: bool,
    /// What starts and probes the 2.X service before traffic is held, in order.
    pub before: Vec<Hook>,
    /// What proves that the application's path leads to green.
    pub canary: Option<Canary>,
    /// How long both sides are watched after the traffic has moved.
    pub observe: Option<Duration>,
}

/// Something that must succeed before traffic is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// What is done.
    pub act: Act,
    /// How long it may take; a probe is repeated until then.
    pub within: Duration,
    /// The folder of the plan, in which commands run.
    pub folder: PathBuf,
}

/// What a hook does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// A program and its arguments; no shell. Done when it ends with 0.
    Command(Vec<String>),
    /// A probe.
    Http {
        /// What is asked.
        url: String,
        /// The status that is waited for.
        status: u16,
        /// What the answer must contain.
        body: Option<String>,
    },
}

/// What proves that the application's path leads to green: the command writes through it, and the query sees that on green.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// A program and its arguments; no shell.
    pub command: Option<Vec<String>>,
    /// A query on green that gives one boolean.
    pub landed: Option<String>,
    /// How long the command may take.
    pub within: Duration,
    /// The folder of the plan, in which the command runs.
    pub folder: PathBuf,
}
