//! Where a server is, as the plan names it.

use serde::{Deserialize, Serialize};

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// A service of `pg_service.conf`.
    Service(String),
    /// An environment variable that holds a connection string.
    UrlEnv(String),
    /// A connection string without a password.
    Url(String),
}

impl Address {
    /// The first of the three that is there; the plan has refused a second one.
    #[must_use]
    pub fn of(
        service: Option<&String>,
        url_env: Option<&String>,
        url: Option<&String>,
    ) -> Option<Self> {
        service
            .map(|name| Self::Service(name.clone()))
            .or_else(|| url_env.map(|name| Self::UrlEnv(name.clone())))
            .or_else(|| url.map(|url| Self::Url(url.clone())))
    }
}
