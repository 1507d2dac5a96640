//! Hydra 2.2: the statements of its own events, on a green that serves. Every row is one that 1.11 can hold, so that nothing but
//! what the plan lists may be missing on blue after a way back.

use super::transaction::Deed;

mod admin;
mod grant;
mod token;

pub(super) use grant::Grant;

/// The network of every row, which 2.2 knows from its start.
const NID: &str = "(SELECT id FROM networks)";

/// The operations that are counted within others, or that name themselves.
pub(super) const ALSO: &[&str] = &[
    "session opened",
    "session authenticated",
    "consent given",
    "consent rejected",
    "code issued",
    "oidc session stored",
    "pkce session stored",
    "pkce session redeemed",
    "code exchanged",
    "refresh token rotated",
    "refresh token revoked",
    "access tokens revoked",
    "logout requested",
    "logout accepted",
    "logout used",
    "session removed",
    "flows that lost their session",
    "rows of a revoked consent",
    "rows of a deleted client",
];

/// The operations of the service.
pub(super) const DEEDS: &[Deed] = &[
    Deed {
        name: "",
        weight: 260,
        act: grant::advance,
    },
    Deed {
        name: "refresh token reused",
        weight: 10,
        act: token::reuse_refresh,
    },
    Deed {
        name: "client credentials granted",
        weight: 15,
        act: token::client_credentials,
    },
    Deed {
        name: "consent revoked",
        weight: 15,
        act: token::revoke_consent,
    },
    Deed {
        name: "consents of a subject revoked",
        weight: 8,
        act: token::revoke_subject,
    },
    Deed {
        name: "logins of a subject revoked",
        weight: 10,
        act: token::revoke_logins,
    },
    Deed {
        name: "client created",
        weight: 10,
        act: admin::create_client,
    },
    Deed {
        name: "client updated",
        weight: 15,
        act: admin::update_client,
    },
    Deed {
        name: "client lifespans set",
        weight: 8,
        act: admin::set_lifespans,
    },
    Deed {
        name: "client deleted",
        weight: 6,
        act: admin::delete_client,
    },
    Deed {
        name: "key created",
        weight: 8,
        act: admin::create_key,
    },
    Deed {
        name: "key deleted",
        weight: 8,
        act: admin::delete_key,
    },
    Deed {
        name: "assertion noted",
        weight: 10,
        act: admin::note_assertion,
    },
    Deed {
        name: "janitor: access tokens",
        weight: 5,
        act: |tx| admin::janitor(tx, "access"),
    },
    Deed {
        name: "janitor: refresh tokens",
        weight: 5,
        act: |tx| admin::janitor(tx, "refresh"),
    },
];
