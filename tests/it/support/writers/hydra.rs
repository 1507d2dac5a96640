//! Hydra 1.11: the statements of its own events, each event in as many transactions as 1.11 makes of it.

use super::transaction::Deed;

mod admin;
mod flow;
mod shape;
mod tables;
mod token;

pub(super) use flow::Flow;
pub(super) use tables::TABLES;

/// The operations that are counted within others, or that name themselves.
pub(super) const ALSO: &[&str] = &[
    "rows rolled back to a savepoint",
    "session opened",
    "login requested",
    "login accepted",
    "login rejected",
    "login used",
    "session authenticated",
    "consent requested",
    "consent accepted",
    "consent rejected",
    "consent used",
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
    "logins of a removed session",
    "consents orphaned",
    "rows of a revoked consent",
    "rows of a deleted client",
    "issuers of a deleted key",
];

/// The operations that the service does by itself, and that are not made up to be hard to follow.
pub(super) fn oauth() -> Vec<Deed> {
    let made_up = [
        "verifiers swapped through a temporary value",
        "keys exchanged",
        "large value left as it is",
        "key changed beside a large value",
    ];
    let mut deeds = DEEDS.to_vec();
    deeds.retain(|deed| !made_up.contains(&deed.name));
    deeds
}

/// The operations of the service.
pub(super) const DEEDS: &[Deed] = &[
    Deed {
        name: "",
        weight: 260,
        act: flow::advance,
    },
    Deed {
        name: "refresh token reused",
        weight: 8,
        act: token::reuse_refresh,
    },
    Deed {
        name: "code reused",
        weight: 8,
        act: token::reuse_code,
    },
    Deed {
        name: "client credentials granted",
        weight: 20,
        act: token::client_credentials,
    },
    Deed {
        name: "tokens of a client deleted",
        weight: 3,
        act: token::delete_of_client,
    },
    Deed {
        name: "consent revoked",
        weight: 12,
        act: token::revoke_consent,
    },
    Deed {
        name: "consents of a subject revoked",
        weight: 6,
        act: token::revoke_subject,
    },
    Deed {
        name: "logins of a subject revoked",
        weight: 4,
        act: token::revoke_logins,
    },
    Deed {
        name: "client created",
        weight: 10,
        act: admin::create_client,
    },
    Deed {
        name: "client updated",
        weight: 10,
        act: admin::update_client,
    },
    Deed {
        name: "client lifespans set",
        weight: 8,
        act: admin::set_lifespans,
    },
    Deed {
        name: "client renamed",
        weight: 6,
        act: admin::rename_client,
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
        weight: 10,
        act: admin::delete_key,
    },
    Deed {
        name: "issuer trusted",
        weight: 8,
        act: admin::trust,
    },
    Deed {
        name: "assertion noted",
        weight: 10,
        act: admin::note_assertion,
    },
    Deed {
        name: "subject obfuscated",
        weight: 8,
        act: admin::obfuscate,
    },
    Deed {
        name: "janitor: access tokens",
        weight: 4,
        act: |tx| admin::janitor_tokens(tx, "access"),
    },
    Deed {
        name: "janitor: refresh tokens",
        weight: 4,
        act: |tx| admin::janitor_tokens(tx, "refresh"),
    },
    Deed {
        name: "janitor: consent requests",
        weight: 5,
        act: admin::janitor_consents,
    },
    Deed {
        name: "janitor: login requests",
        weight: 5,
        act: admin::janitor_logins,
    },
    Deed {
        name: "verifiers swapped through a temporary value",
        weight: 12,
        act: shape::verifiers,
    },
    Deed {
        name: "keys exchanged",
        weight: 10,
        act: shape::keys,
    },
    Deed {
        name: "large value left as it is",
        weight: 25,
        act: shape::leave,
    },
    Deed {
        name: "key changed beside a large value",
        weight: 15,
        act: shape::rekey,
    },
];
