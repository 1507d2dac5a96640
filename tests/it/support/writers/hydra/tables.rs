//! The tables of Hydra 1.11 and what may be written to them. What the plan's data checks stop at is left out; NUL escapes
//! are as well, for the plan changes them.

use super::super::random::Value;
use super::super::random::Value::{
    Base64, Bool, Hex, Int, Json, JsonText, Large, LargeJson, List, Maybe, Of, Sql, Time, Uuid,
    Words,
};
use super::super::storm::Table;

const CLIENT: Value = Sql(
    "(SELECT id FROM hydra_client WHERE pk >= ({f} * (SELECT max(pk) FROM hydra_client))::integer ORDER BY pk LIMIT 1)",
);
const SESSION: Value = Sql(
    "(SELECT id FROM hydra_oauth2_authentication_session WHERE id >= '{h}' ORDER BY id LIMIT 1)",
);
const LOGIN: Value = Sql(
    "(SELECT challenge FROM hydra_oauth2_authentication_request WHERE challenge >= '{h}' ORDER BY challenge LIMIT 1)",
);
const CONSENT: Value = Sql(
    "(SELECT challenge FROM hydra_oauth2_consent_request_handled WHERE challenge >= '{h}' ORDER BY challenge LIMIT 1)",
);
/// If there is none, the foreign key refuses the row: it happens to services too.
const UNHANDLED_LOGIN: Value = Sql(
    "coalesce((SELECT challenge FROM hydra_oauth2_authentication_request r WHERE challenge >= '{h}'
     AND NOT EXISTS (SELECT FROM hydra_oauth2_authentication_request_handled h WHERE h.challenge = r.challenge) ORDER BY challenge LIMIT 1), \'none\')",
);
const UNHANDLED_CONSENT: Value = Sql(
    "coalesce((SELECT challenge FROM hydra_oauth2_consent_request r WHERE challenge >= '{h}'
     AND NOT EXISTS (SELECT FROM hydra_oauth2_consent_request_handled h WHERE h.challenge = r.challenge) ORDER BY challenge LIMIT 1), \'none\')",
);
/// Zero, an hour, for ever: what a client sets.
const SECONDS: Value = Of(&["0", "3600", "2592000", "-1", "2147483647"]);
const NANOSECONDS: Value = Maybe(&Of(&["3600000000000", "7200000000000", "-1", "0"]));
const SUBJECT: Value = Of(&[
    "''",
    "'zoë@example.com'",
    "'a''b\\c'",
    "'user-1'",
    "repeat('ü', 200)",
]);
const ALGORITHM: Value = Of(&["''", "'none'", "'RS256'"]);
const URI: Value = Of(&[
    "''",
    "'https://app.example.com/%2F?a=b'",
    "'https://münchen.example.com'",
]);
const TIME: Value = Time(2025, 2027);
/// Short: with a long rejection 2.2 could not build an index.
const ERROR: Value = Of(&[
    "''",
    "'{}'",
    "'{\"error\":\"access_denied\",\"error_description\":\"Der \\\"Nutzer\\\" sagte nein\",\"status_code\":403,\"valid\":true}'",
]);

/// The five tables of tokens have the same columns.
const fn tokens(name: &'static str, weight: u64) -> Table {
    Table {
        name,
        weight,
        key: &["signature"],
        start: "signature >= '{b}'",
        fresh: &[("signature", Base64(43))],
        sets: &[
            ("request_id", Uuid),
            ("requested_at", TIME),
            ("client_id", CLIENT),
            ("scope", List),
            ("granted_scope", List),
            ("form_data", Large),
            ("session_data", LargeJson),
            ("subject", SUBJECT),
            ("active", Bool),
            ("requested_audience", Maybe(&List)),
            ("granted_audience", Maybe(&List)),
            ("challenge_id", Maybe(&CONSENT)),
        ],
        rekey: &[("signature", Base64(43))],
        goes: "true",
        moves: "true",
    }
}

/// All tables but `schema_migration`.
pub(in super::super) const TABLES: &[Table] = &[
    tokens("hydra_oauth2_access", 20),
    tokens("hydra_oauth2_refresh", 20),
    tokens("hydra_oauth2_code", 14),
    tokens("hydra_oauth2_oidc", 14),
    tokens("hydra_oauth2_pkce", 14),
    Table {
        name: "hydra_oauth2_authentication_session",
        weight: 10,
        key: &["id"],
        start: "id >= '{h}'",
        fresh: &[("id", Uuid)],
        sets: &[("authenticated_at", Maybe(&TIME)), ("subject", SUBJECT), ("remember", Bool)],
        rekey: &[("id", Uuid)],
        // Logouts are among the service's own operations; too many of them would leave no logins.
        goes: "NOT EXISTS (SELECT FROM hydra_oauth2_authentication_request WHERE login_session_id = id)",
        moves: "NOT EXISTS (SELECT FROM hydra_oauth2_authentication_request WHERE login_session_id = id)
                AND NOT EXISTS (SELECT FROM hydra_oauth2_consent_request WHERE login_session_id = id)",
    },
    Table {
        name: "hydra_oauth2_authentication_request",
        weight: 20,
        key: &["challenge"],
        start: "challenge >= '{h}'",
        fresh: &[("challenge", Hex(32)), ("verifier", Hex(32))],
        sets: &[
            ("requested_scope", List),
            ("verifier", Hex(32)),
            ("csrf", Hex(32)),
            ("subject", SUBJECT),
            ("request_url", Large),
            ("skip", Bool),
            ("client_id", CLIENT),
            ("requested_at", TIME),
            ("authenticated_at", Maybe(&TIME)),
            ("oidc_context", JsonText),
            ("login_session_id", Maybe(&SESSION)),
            ("requested_at_audience", Maybe(&List)),
        ],
        rekey: &[("challenge", Hex(32))],
        goes: "true",
        moves: "NOT EXISTS (SELECT FROM hydra_oauth2_authentication_request_handled h WHERE h.challenge = hydra_oauth2_authentication_request.challenge)
                AND NOT EXISTS (SELECT FROM hydra_oauth2_consent_request c WHERE c.login_challenge = hydra_oauth2_authentication_request.challenge)",
    },
    Table {
        name: "hydra_oauth2_authentication_request_handled",
        weight: 20,
        key: &["challenge"],
        start: "challenge >= '{h}'",
        fresh: &[("challenge", UNHANDLED_LOGIN)],
        sets: &[
            ("subject", SUBJECT),
            ("remember", Bool),
            ("remember_for", SECONDS),
            ("error", ERROR),
            ("acr", Words),
            ("requested_at", TIME),
            ("authenticated_at", Maybe(&TIME)),
            ("was_used", Bool),
            ("forced_subject_identifier", Maybe(&SUBJECT)),
            ("context", LargeJson),
            ("amr", List),
        ],
        rekey: &[("challenge", UNHANDLED_LOGIN)],
        goes: "true",
        moves: "true",
    },
    Table {
        name: "hydra_oauth2_consent_request",
        weight: 20,
        key: &["challenge"],
        start: "challenge >= '{h}'",
        fresh: &[("challenge", Hex(32)), ("verifier", Hex(32))],
        sets: &[
            ("verifier", Hex(32)),
            ("client_id", CLIENT),
            ("subject", SUBJECT),
            ("request_url", Large),
            ("skip", Bool),
            ("requested_scope", List),
            ("csrf", Hex(32)),
            ("authenticated_at", Maybe(&TIME)),
            ("requested_at", TIME),
            ("oidc_context", JsonText),
            ("forced_subject_identifier", Maybe(&SUBJECT)),
            ("login_session_id", Maybe(&SESSION)),
            ("login_challenge", Maybe(&LOGIN)),
            ("requested_at_audience", Maybe(&List)),
            ("acr", Maybe(&Words)),
            ("context", LargeJson),
            ("amr", List),
        ],
        rekey: &[("challenge", Hex(32))],
        goes: "true",
        moves: "NOT EXISTS (SELECT FROM hydra_oauth2_consent_request_handled h WHERE h.challenge = hydra_oauth2_consent_request.challenge)",
    },
    Table {
        name: "hydra_oauth2_consent_request_handled",
        weight: 20,
        key: &["challenge"],
        start: "challenge >= '{h}'",
        fresh: &[("challenge", UNHANDLED_CONSENT)],
        sets: &[
            ("granted_scope", List),
            ("remember", Bool),
            ("remember_for", SECONDS),
            ("error", ERROR),
            ("requested_at", TIME),
            ("session_access_token", LargeJson),
            ("session_id_token", JsonText),
            ("authenticated_at", Maybe(&TIME)),
            ("was_used", Bool),
            ("granted_at_audience", Maybe(&List)),
            ("handled_at", Maybe(&TIME)),
        ],
        rekey: &[("challenge", UNHANDLED_CONSENT)],
        goes: "true",
        moves: "NOT EXISTS (SELECT FROM hydra_oauth2_access WHERE challenge_id = challenge) AND NOT EXISTS (SELECT FROM hydra_oauth2_refresh WHERE challenge_id = challenge)
                AND NOT EXISTS (SELECT FROM hydra_oauth2_code WHERE challenge_id = challenge) AND NOT EXISTS (SELECT FROM hydra_oauth2_oidc WHERE challenge_id = challenge)
                AND NOT EXISTS (SELECT FROM hydra_oauth2_pkce WHERE challenge_id = challenge)",
    },
    Table {
        name: "hydra_client",
        weight: 36,
        key: &["pk"],
        start: "pk >= ({f} * (SELECT max(pk) FROM hydra_client))::integer",
        fresh: &[("pk", Sql("nextval('hydra_client_pk_seq')")), ("id", Uuid)],
        sets: &[
            ("client_name", Words),
            ("client_secret", Base64(60)),
            ("redirect_uris", List),
            ("grant_types", List),
            ("response_types", List),
            ("scope", Words),
            ("owner", Words),
            ("policy_uri", URI),
            ("tos_uri", URI),
            ("client_uri", URI),
            ("logo_uri", URI),
            ("contacts", List),
            ("client_secret_expires_at", SECONDS),
            ("sector_identifier_uri", URI),
            ("jwks", LargeJson),
            ("jwks_uri", URI),
            ("request_uris", List),
            ("token_endpoint_auth_method", Of(&["''", "'none'", "'client_secret_post'"])),
            ("request_object_signing_alg", ALGORITHM),
            ("userinfo_signed_response_alg", ALGORITHM),
            ("subject_type", Of(&["'public'", "'pairwise'", "''"])),
            ("allowed_cors_origins", List),
            ("audience", List),
            ("created_at", TIME),
            ("updated_at", TIME),
            ("frontchannel_logout_uri", URI),
            ("frontchannel_logout_session_required", Bool),
            ("post_logout_redirect_uris", List),
            ("backchannel_logout_uri", URI),
            ("backchannel_logout_session_required", Bool),
            ("metadata", Json),
            ("token_endpoint_auth_signing_alg", ALGORITHM),
            ("authorization_code_grant_access_token_lifespan", NANOSECONDS),
            ("authorization_code_grant_id_token_lifespan", NANOSECONDS),
            ("authorization_code_grant_refresh_token_lifespan", NANOSECONDS),
            ("client_credentials_grant_access_token_lifespan", NANOSECONDS),
            ("implicit_grant_access_token_lifespan", NANOSECONDS),
            ("implicit_grant_id_token_lifespan", NANOSECONDS),
            ("jwt_bearer_grant_access_token_lifespan", NANOSECONDS),
            ("password_grant_access_token_lifespan", NANOSECONDS),
            ("password_grant_refresh_token_lifespan", NANOSECONDS),
            ("refresh_token_grant_id_token_lifespan", NANOSECONDS),
            ("refresh_token_grant_access_token_lifespan", NANOSECONDS),
            ("refresh_token_grant_refresh_token_lifespan", NANOSECONDS),
            ("registration_access_token_signature", Base64(43)),
        ],
        // Nothing refers to this key: clients are referred to by their id.
        rekey: &[("pk", Sql("nextval('hydra_client_pk_seq')"))],
        goes: "NOT EXISTS (SELECT FROM hydra_oauth2_authentication_request WHERE client_id = id) AND NOT EXISTS (SELECT FROM hydra_oauth2_access WHERE client_id = id)
               AND (SELECT count(*) FROM hydra_client) > 15",
        moves: "true",
    },
    Table {
        name: "hydra_jwk",
        weight: 10,
        key: &["pk"],
        start: "pk >= ({f} * (SELECT max(pk) FROM hydra_jwk))::integer",
        fresh: &[("pk", Sql("nextval('hydra_jwk_pk_seq')")), ("kid", Uuid)],
        sets: &[("sid", Words), ("kid", Uuid), ("version", Int(0, 3)), ("keydata", Large), ("created_at", TIME)],
        rekey: &[("pk", Sql("nextval('hydra_jwk_pk_seq')"))],
        goes: "NOT EXISTS (SELECT FROM hydra_oauth2_trusted_jwt_bearer_issuer WHERE key_set = sid AND key_id = kid)",
        moves: "true",
    },
    Table {
        name: "hydra_oauth2_trusted_jwt_bearer_issuer",
        weight: 10,
        key: &["id"],
        start: "id >= '{h}00000-0000-0000-0000-000000000000'",
        fresh: &[("id", Uuid), ("issuer", Base64(20))],
        sets: &[
            ("issuer", Base64(20)),
            ("subject", SUBJECT),
            ("scope", List),
            ("(key_set, key_id)", Sql("(SELECT sid, kid FROM hydra_jwk WHERE pk >= ({f} * (SELECT max(pk) FROM hydra_jwk))::integer ORDER BY pk LIMIT 1)")),
            ("created_at", TIME),
            ("expires_at", TIME),
            ("allow_any_subject", Bool),
        ],
        rekey: &[("id", Uuid)],
        goes: "(SELECT count(*) FROM hydra_oauth2_trusted_jwt_bearer_issuer) > 3",
        moves: "true",
    },
    Table {
        name: "hydra_oauth2_logout_request",
        weight: 14,
        key: &["challenge"],
        start: "challenge >= '{h}'",
        fresh: &[("challenge", Uuid), ("verifier", Uuid)],
        sets: &[
            ("verifier", Uuid),
            ("subject", SUBJECT),
            ("sid", Uuid),
            ("client_id", Maybe(&CLIENT)),
            ("request_url", Large),
            ("redir_url", URI),
            ("was_used", Bool),
            ("accepted", Bool),
            ("rejected", Bool),
            ("rp_initiated", Bool),
        ],
        rekey: &[("challenge", Uuid)],
        goes: "true",
        moves: "true",
    },
    Table {
        name: "hydra_oauth2_jti_blacklist",
        weight: 14,
        key: &["signature"],
        start: "signature >= '{h}'",
        fresh: &[("signature", Hex(64))],
        sets: &[("expires_at", TIME)],
        rekey: &[("signature", Hex(64))],
        goes: "true",
        moves: "true",
    },
    Table {
        name: "hydra_oauth2_obfuscated_authentication_session",
        weight: 9,
        key: &["subject", "client_id"],
        start: "subject >= '{h}'",
        fresh: &[("subject", Uuid), ("client_id", CLIENT), ("subject_obfuscated", Hex(32))],
        sets: &[("subject_obfuscated", Hex(32))],
        rekey: &[("subject", Uuid), ("client_id", CLIENT)],
        goes: "true",
        moves: "true",
    },
];
