//! libpq's parameters: which there are, their variables and defaults, and what tokio-postgres calls them.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{
    ChannelBinding, LoadBalanceHosts, SslNegotiation, TargetSessionAttrs,
};

use super::super::conninfo::Parameters;
use super::{Endpoint, Roots, SslMode};

/// The port when none is named.
const DEFAULT_PORT: u16 = 5432;

/// Parameters that have a variable.
pub(super) const VARIABLES: &[(&str, &str)] = &[
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("dbname", "PGDATABASE"),
    ("password", "PGPASSWORD"),
    ("passfile", "PGPASSFILE"),
    ("options", "PGOPTIONS"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("sslnegotiation", "PGSSLNEGOTIATION"),
    ("channel_binding", "PGCHANNELBINDING"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
    ("target_session_attrs", "PGTARGETSESSIONATTRS"),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS"),
];

/// Parameters without a variable.
const MORE: &[&str] = &[
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
];

/// Parameters of libpq that change nothing here: ours are pinned, or they only tune what we do not have.
const PASSED_OVER: &[&str] = &[
    "application_name",
    "fallback_application_name",
    "client_encoding",
    "gssencmode",
    "gsslib",
    "krbsrvname",
    "gssdelegation",
    "sslcompression",
    "sslsni",
    "ssl_min_protocol_version",
];

/// Refuses parameters that libpq lacks, and those that would demand something we do not do.
pub(super) fn check(parameters: &Parameters) -> Result<(), String> {
    for (key, value) in parameters {
        let key = key.as_str();
        let known = VARIABLES.iter().any(|(known, _)| *known == key)
            || MORE.contains(&key)
            || PASSED_OVER.contains(&key);
        if !known {
            return Err(format!("the parameter `{key}` is not known here"));
        }
        // Passing these over would make a connection weaker than its address says.
        if (key == "gssencmode" && value == "require")
            || (key == "ssl_min_protocol_version" && value == "TLSv1.3")
        {
            return Err(format!("`{key}={value}` is not supported"));
        }
    }
    Ok(())
}

/// Adds what libpq's variables say, and the user's name.
pub(super) fn add_defaults(parameters: &mut Parameters, env: &dyn Fn(&str) -> Option<String>) {
    // An empty value means "the default", as in libpq.
    parameters.retain(|_, value| !value.is_empty());
    let host_is_named = parameters.contains_key("host") || parameters.contains_key("hostaddr");
    for (key, name) in VARIABLES {
        // `PGHOST` beside a named `hostaddr`, or the reverse, would mix two servers.
        if host_is_named && matches!(*key, "host" | "hostaddr") {
            continue;
        }
        if !parameters.contains_key(*key)
            && let Some(value) = env(name)
        {
            parameters.insert((*key).to_owned(), value);
        }
    }
    if !parameters.contains_key("user")
        && let Some(user) = env("USER").or_else(|| env("LOGNAME"))
    {
        parameters.insert("user".to_owned(), user);
    }
}

/// The folder of the server's socket when no host is named.
fn default_host() -> String {
    ["/var/run/postgresql", "/run/postgresql"]
        .into_iter()
        .find(|folder| Path::new(folder).is_dir())
        .unwrap_or("/tmp")
        .to_owned()
}

/// The hosts with their ports.
pub(super) fn endpoints(parameters: &Parameters) -> Result<Vec<Endpoint>, String> {
    let list = |key: &str| -> Vec<&str> {
        parameters
            .get(key)
            .map(|value| value.split(',').map(str::trim).collect())
            .unwrap_or_default()
    };
    let (hosts, addresses, ports) = (list("host"), list("hostaddr"), list("port"));
    let count = hosts.len().max(addresses.len()).max(1);
    if (!hosts.is_empty() && hosts.len() != count)
        || (!addresses.is_empty() && addresses.len() != count)
        || (ports.len() > 1 && ports.len() != count)
    {
        return Err("`host`, `hostaddr` and `port` list different numbers of hosts".to_owned());
    }
    (0..count)
        .map(|at| {
            let address = match addresses.get(at).filter(|text| !text.is_empty()) {
                Some(text) => Some(
                    text.parse::<IpAddr>()
                        .or(Err("`hostaddr` is not an IP address"))?,
                ),
                None => None,
            };
            let host = match (hosts.get(at).filter(|text| !text.is_empty()), address) {
                (Some(host), _) => (*host).to_owned(),
                (None, Some(address)) => address.to_string(),
                (None, None) => default_host(),
            };
            let port = match ports
                .get(at)
                .or(ports.first())
                .filter(|text| !text.is_empty())
            {
                Some(text) => text.parse().or(Err("`port` is not a port number"))?,
                None => DEFAULT_PORT,
            };
            Ok(Endpoint {
                host,
                address,
                port,
            })
        })
        .collect()
}

/// `sslmode` and `sslrootcert` as libpq reads them; `home_roots` is `~/.postgresql/root.crt` if it is there.
pub(super) fn tls(
    parameters: &Parameters,
    home_roots: Option<PathBuf>,
) -> Result<(SslMode, Roots), String> {
    let roots = match parameters.get("sslrootcert").map(String::as_str) {
        Some("system") => Roots::System,
        Some(path) if !path.is_empty() => Roots::File(PathBuf::from(path)),
        Some(_) | None => home_roots.map_or(Roots::None, Roots::File),
    };
    let mode = match parameters.get("sslmode").map(String::as_str) {
        // With the system's roots anybody's certificate would pass unless the name is checked.
        None if roots == Roots::System => SslMode::VerifyFull,
        None | Some("prefer" | "allow") => SslMode::Prefer,
        Some("disable") => SslMode::Disable,
        Some("require") => SslMode::Require,
        Some("verify-ca") => SslMode::VerifyCa,
        Some("verify-full") => SslMode::VerifyFull,
        Some(_) => {
            return Err(
                "`sslmode` is one of disable, allow, prefer, require, verify-ca, verify-full"
                    .to_owned(),
            );
        }
    };
    match (mode, &roots) {
        (SslMode::VerifyFull, _) => {}
        (_, Roots::System) => {
            return Err(format!(
                "`sslrootcert=system` needs `sslmode=verify-full`, not `{}`",
                mode.as_str()
            ));
        }
        (SslMode::Disable | SslMode::Prefer | SslMode::Require | SslMode::VerifyCa, _) => {}
    }
    if roots == Roots::None && matches!(mode, SslMode::VerifyCa | SslMode::VerifyFull) {
        return Err(format!(
            "`sslmode={}` needs `sslrootcert`: a file, or `system` for the authorities of this machine",
            mode.as_str()
        ));
    }
    Ok((mode, roots))
}

/// Everything that is the same for each host, except user, database and password.
pub(super) fn base(parameters: &Parameters) -> Result<Config, String> {
    let mut config = Config::new();
    let seconds =
        |key: &str, default: u64| number(parameters, key, default).map(Duration::from_secs);
    let timeout = seconds("connect_timeout", 10)?;
    if !timeout.is_zero() {
        config.connect_timeout(timeout);
    }
    // A firewall that forgets a quiet connection, or a host that is gone, is noticed in about a minute.
    config.keepalives(number(parameters, "keepalives", 1)? != 0);
    config.keepalives_idle(seconds("keepalives_idle", 30)?);
    config.keepalives_interval(seconds("keepalives_interval", 10)?);
    config.keepalives_retries(
        u32::try_from(number(parameters, "keepalives_count", 3)?)
            .or(Err("`keepalives_count` is too large"))?,
    );
    config.tcp_user_timeout(Duration::from_millis(number(
        parameters,
        "tcp_user_timeout",
        60_000,
    )?));
    if let Some(options) = parameters.get("options") {
        config.options(options);
    }
    match word(parameters, "sslnegotiation") {
        None | Some("postgres") => {}
        Some("direct") => {
            config.ssl_negotiation(SslNegotiation::Direct);
        }
        Some(_) => return Err("`sslnegotiation` is postgres or direct".to_owned()),
    }
    match word(parameters, "channel_binding") {
        None | Some("prefer") => {}
        Some("disable") => {
            config.channel_binding(ChannelBinding::Disable);
        }
        Some("require") => {
            config.channel_binding(ChannelBinding::Require);
        }
        Some(_) => return Err("`channel_binding` is disable, prefer or require".to_owned()),
    }
    match word(parameters, "target_session_attrs") {
        None | Some("any") => {}
        Some("read-write" | "primary") => {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        Some("read-only" | "standby") => {
            config.target_session_attrs(TargetSessionAttrs::ReadOnly);
        }
        Some(_) => {
            return Err(
                "`target_session_attrs` is any, read-write, primary, read-only or standby"
                    .to_owned(),
            );
        }
    }
    match word(parameters, "load_balance_hosts") {
        None | Some("disable") => {}
        Some("random") => {
            config.load_balance_hosts(LoadBalanceHosts::Random);
        }
        Some(_) => return Err("`load_balance_hosts` is disable or random".to_owned()),
    }
    Ok(config)
}

fn word<'a>(parameters: &'a Parameters, key: &str) -> Option<&'a str> {
    parameters.get(key).map(String::as_str)
}

fn number(parameters: &Parameters, key: &str, default: u64) -> Result<u64, String> {
    match parameters.get(key).map(|text| text.trim()) {
        None | Some("") => Ok(default),
        Some(text) => text
            .parse()
            .ok()
            .ok_or_else(|| format!("`{key}` is not a number")),
    }
}
