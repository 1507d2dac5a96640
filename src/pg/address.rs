//! Where a side is and how to log in there, by libpq's rules.
//!
//! tokio-postgres reads neither service files nor password files and knows no `verify-full`, so all of that is ours;
//! it gets finished values, one configuration for each host.
//! Invariant: a password is in the configuration handed to tokio-postgres and in [`Address::env`], nowhere else.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use tokio_postgres::Config;

use super::conninfo::{self, Parameters};
use super::passfile::{self, PassFile};
use super::service;
use super::session::Silence;
use crate::error::{Code, Error, Result};
use crate::model::{self, Side};

mod keys;

/// How much TLS is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// None.
    Disable,
    /// Encrypted if the server can, unverified. `allow` is taken as this.
    Prefer,
    /// Encrypted; the chain is verified only if there are roots.
    Require,
    /// Encrypted, with a verified chain.
    VerifyCa,
    /// Encrypted, with a verified chain and host name.
    VerifyFull,
}

impl SslMode {
    /// The word of libpq.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "disable",
            Self::Prefer => "prefer",
            Self::Require => "require",
            Self::VerifyCa => "verify-ca",
            Self::VerifyFull => "verify-full",
        }
    }
}

/// Whom a server's certificate must come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// Nobody in particular.
    None,
    /// An authority that this machine trusts.
    System,
    /// An authority in this PEM file.
    File(PathBuf),
}

/// Where a side is and how to log in there.
#[derive(Clone)]
pub struct Address {
    /// Of an address that is neither side's, blue; only sessions ask, and none is made with such an address.
    side: Side,
    /// Whose address it is, for messages.
    who: String,
    parameters: Parameters,
    passwords: PassFile,
    configs: Vec<Config>,
    sslmode: SslMode,
    roots: Roots,
    shown: String,
    silence: Silence,
}

impl Address {
    /// Finds the address of a side: the flag wins over the service, the service over the variable named by the plan.
    ///
    /// `lookup` reads an environment variable. What none of them says comes from libpq's variables and defaults.
    ///
    /// # Errors
    /// `SideNotNamed` if nothing names an address; `BadAddress` if it, a service file or a password file has a mistake.
    pub fn resolve(
        side: Side,
        url_flag: Option<&str>,
        service: Option<&str>,
        url_env: Option<&str>,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        Self::find(
            (side, &side.to_string()),
            url_flag,
            service,
            url_env,
            lookup,
        )
    }

    /// The address of a server that is neither side: a pooler's console, a routing table.
    ///
    /// # Errors
    /// As [`Address::resolve`].
    pub fn beside(
        who: &str,
        place: &model::address::Address,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        use model::address::Address as Place;
        let (mut url, mut service, mut url_env) = (None, None, None);
        match place {
            Place::Service(name) => service = Some(name.as_str()),
            Place::UrlEnv(name) => url_env = Some(name.as_str()),
            Place::Url(text) => url = Some(text.as_str()),
        }
        Self::find((Side::Blue, who), url, service, url_env, lookup)
    }

    fn find(
        (side, who): (Side, &str),
        url_flag: Option<&str>,
        service: Option<&str>,
        url_env: Option<&str>,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let bad = |what: &str, reason: String| {
            Error::new(
                Code::BadAddress,
                format!("the address of {who} ({what}): {reason}"),
            )
        };
        let mut parameters = if let Some(text) = url_flag {
            let what = if who == side.to_string() {
                format!("--{side}")
            } else {
                "its URL".to_owned()
            };
            conninfo::parse(text).map_err(|reason| bad(&what, reason))?
        } else if let Some(name) = service {
            Parameters::from([("service".to_owned(), name.to_owned())])
        } else if let Some(name) = url_env {
            let text = lookup(name)
                .filter(|text| !text.trim().is_empty())
                .ok_or_else(|| {
                    Error::new(
                        Code::SideNotNamed,
                        format!("{who} has no address: the variable `{name}` is not set"),
                    )
                    .fix(if who == side.to_string() {
                        format!("Set `{name}`, or pass `--{side} URL`.")
                    } else {
                        format!("Set `{name}`.")
                    })
                })?;
            conninfo::parse(&text).map_err(|reason| bad(&format!("variable `{name}`"), reason))?
        } else {
            return Err(Error::new(
                Code::SideNotNamed,
                format!("{who} has no address"),
            ));
        };
        let env = |name: &str| lookup(name).filter(|value| !value.is_empty());
        if let Some(name) = parameters.remove("service").or_else(|| env("PGSERVICE")) {
            for (key, value) in service::read(&name, lookup)? {
                parameters.entry(key).or_insert(value);
            }
        }
        keys::check(&parameters).map_err(|reason| bad("its parameters", reason))?;
        keys::add_defaults(&mut parameters, &env);
        let passwords = match passfile::path(
            parameters.get("passfile").map(String::as_str),
            env("HOME").as_deref(),
        ) {
            Some(path) if !parameters.contains_key("password") => PassFile::read(&path)?,
            Some(_) | None => PassFile::default(),
        };
        let own = |name: &str| {
            let path = Path::new(&env("HOME")?).join(".postgresql").join(name);
            path.is_file().then_some(path)
        };
        if let (Some(certificate), Some(key)) = (own("postgresql.crt"), own("postgresql.key"))
            && !parameters.contains_key("sslcert")
            && !parameters.contains_key("sslkey")
        {
            parameters.insert("sslcert".to_owned(), certificate.display().to_string());
            parameters.insert("sslkey".to_owned(), key.display().to_string());
        }
        let (sslmode, roots) = keys::tls(&parameters, own("root.crt"))
            .map_err(|reason| bad("its TLS parameters", reason))?;
        Self::build((side, who), parameters, passwords, sslmode, roots)
            .map_err(|reason| bad("its parameters", reason))
    }

    /// The same; its sessions and those of others share a limit of silence.
    #[must_use]
    pub fn sharing(mut self, silence: &Silence) -> Self {
        self.silence = silence.clone();
        self
    }

    /// How long the server may say nothing.
    #[must_use]
    pub fn silence(&self) -> &Silence {
        &self.silence
    }

    /// The same server and login, another database.
    ///
    /// # Errors
    /// `BadAddress`, as [`Address::resolve`].
    pub fn with_database(&self, name: &str) -> Result<Self> {
        let mut parameters = self.parameters.clone();
        parameters.insert("dbname".to_owned(), name.to_owned());
        Self::build(
            (self.side, &self.who),
            parameters,
            self.passwords.clone(),
            self.sslmode,
            self.roots.clone(),
        )
        .map_err(|reason| {
            Error::new(
                Code::BadAddress,
                format!("the address of {}: {reason}", self.who),
            )
        })
    }

    fn build(
        (side, who): (Side, &str),
        mut parameters: Parameters,
        passwords: PassFile,
        sslmode: SslMode,
        roots: Roots,
    ) -> Result<Self, String> {
        let get = |key: &str| parameters.get(key).map(String::as_str);
        let user = get("user").ok_or("no user is named; set `PGUSER`")?;
        let database = get("dbname").unwrap_or(user);
        let mut configs = Vec::new();
        let (mut places, mut hosts, mut ports) = (Vec::new(), Vec::new(), Vec::new());
        for endpoint in keys::endpoints(&parameters)? {
            let mut config = keys::base(&parameters)?;
            config.user(user).dbname(database).port(endpoint.port);
            let is_socket = endpoint.host.starts_with('/');
            if is_socket {
                config.host_path(&endpoint.host);
            } else {
                config.host(&endpoint.host);
            }
            if let Some(address) = endpoint.address {
                config.hostaddr(address);
            }
            // A server refuses TLS on a socket, and libpq passes over `sslmode` there.
            config.ssl_mode(match sslmode {
                _ if is_socket => tokio_postgres::config::SslMode::Disable,
                SslMode::Disable => tokio_postgres::config::SslMode::Disable,
                SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
                SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => {
                    tokio_postgres::config::SslMode::Require
                }
            });
            let password = get("password")
                .or_else(|| passwords.password(&endpoint.host, endpoint.port, database, user));
            if let Some(password) = password {
                config.password(password);
            }
            places.push(if endpoint.host.contains(':') {
                format!("[{}]:{}", endpoint.host, endpoint.port)
            } else {
                format!("{}:{}", endpoint.host, endpoint.port)
            });
            configs.push(config);
            ports.push(endpoint.port.to_string());
            hosts.push(endpoint.host);
        }
        let shown = format!("{}/{database} as {user}", places.join(","));
        // Defaults that were filled in, so that a child process connects to the same place.
        let database = database.to_owned();
        parameters.insert("dbname".to_owned(), database);
        parameters.insert("host".to_owned(), hosts.join(","));
        parameters.insert("port".to_owned(), ports.join(","));
        Ok(Self {
            side,
            who: who.to_owned(),
            parameters,
            passwords,
            configs,
            sslmode,
            roots,
            shown,
            silence: Silence::default(),
        })
    }

    /// The side.
    #[must_use]
    pub fn side(&self) -> Side {
        self.side
    }

    /// Whose address it is, for messages.
    #[must_use]
    pub fn who(&self) -> &str {
        &self.who
    }

    /// `host:port/database as user`, for messages.
    #[must_use]
    pub fn shown(&self) -> &str {
        &self.shown
    }

    /// How much TLS is demanded.
    #[must_use]
    pub fn sslmode(&self) -> SslMode {
        self.sslmode
    }

    /// Whom the server's certificate must come from.
    #[must_use]
    pub fn roots(&self) -> &Roots {
        &self.roots
    }

    /// The database.
    #[must_use]
    pub fn database(&self) -> &str {
        self.configs
            .first()
            .and_then(Config::get_dbname)
            .unwrap_or_default()
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &str {
        self.configs
            .first()
            .and_then(Config::get_user)
            .unwrap_or_default()
    }

    /// One configuration for each host, to be tried in turn.
    pub(super) fn configs(&self) -> &[Config] {
        &self.configs
    }

    /// A parameter by libpq's name.
    pub(super) fn parameter(&self, key: &str) -> Option<&str> {
        self.parameters.get(key).map(String::as_str)
    }

    /// libpq's variables for a child process: put them into its environment, never among its arguments.
    #[must_use]
    pub fn env(&self) -> Vec<(&'static str, String)> {
        let mut env = Vec::new();
        for (key, name) in keys::VARIABLES {
            if let Some(value) = self.parameters.get(*key) {
                env.push((*name, value.clone()));
            }
        }
        // Found by our own reading of the password file and of the home folder.
        if !self.parameters.contains_key("password")
            && let Some(password) = self.configs.first().and_then(Config::get_password)
        {
            env.push(("PGPASSWORD", String::from_utf8_lossy(password).into_owned()));
        }
        if !self.parameters.contains_key("sslrootcert")
            && let Roots::File(path) = &self.roots
        {
            env.push(("PGSSLROOTCERT", path.display().to_string()));
        }
        env.retain(|(name, _)| *name != "PGSSLMODE");
        env.push(("PGSSLMODE", self.sslmode.as_str().to_owned()));
        env
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Address")
            .field("side", &self.side)
            .field("shown", &self.shown)
            .field("sslmode", &self.sslmode)
            .field("roots", &self.roots)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// A host of an address.
struct Endpoint {
    host: String,
    address: Option<IpAddr>,
    port: u16,
}

#[cfg(test)]
mod tests;
