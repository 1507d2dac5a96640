//! What administrators and the janitor do: clients, keys, trusted issuers, and what has expired.

use super::super::random::{Value, fill, quote};
use super::super::transaction::{Acted, End, Tx};

/// A random client that nobody else holds.
const CLIENT: &str = "SELECT pk FROM hydra_client WHERE pk >= ({f} * (SELECT max(pk) FROM hydra_client))::integer ORDER BY pk LIMIT 1 FOR UPDATE SKIP LOCKED";

pub(super) fn create_client(tx: &mut Tx<'_>) -> Acted {
    let (id, secret, name) = (tx.rng.uuid(), tx.rng.base64(60), quote(&tx.rng.words()));
    let [uris, contacts, audience] = [Value::List; 3].map(|value| value.sql(tx.rng));
    let metadata = Value::Json.sql(tx.rng);
    tx.run(&format!(
        "INSERT INTO hydra_client (id, client_name, client_secret, redirect_uris, grant_types, response_types, scope, owner, policy_uri, tos_uri,
             client_uri, logo_uri, contacts, sector_identifier_uri, jwks, jwks_uri, request_uris, token_endpoint_auth_method, subject_type,
             allowed_cors_origins, audience, metadata)
         VALUES ('{id}', {name}, '{secret}', {uris}, 'authorization_code|refresh_token', 'code', 'openid offline', '', '', '', '', '', {contacts},
             '', '{{}}', '', '', 'none', 'public', '', {audience}, {metadata})"
    ))?;
    Ok(End::Commit)
}

/// 1.11 writes all columns of a client, whatever has changed.
pub(super) fn update_client(tx: &mut Tx<'_>) -> Acted {
    let name = quote(&tx.rng.words());
    let [uris, contacts, origins] = [Value::List; 3].map(|value| value.sql(tx.rng));
    if let Some(pk) = tx.one(CLIENT)? {
        tx.run(&format!(
            "UPDATE hydra_client SET client_name = {name}, client_secret = client_secret, redirect_uris = {uris}, grant_types = grant_types,
                 response_types = response_types, scope = scope, owner = owner, policy_uri = policy_uri, tos_uri = tos_uri, client_uri = client_uri,
                 contacts = {contacts}, jwks = jwks, allowed_cors_origins = {origins}, audience = audience, metadata = metadata, updated_at = now()
             WHERE pk = {pk}"
        ))?;
    }
    Ok(End::Commit)
}

/// Not done by 1.11 itself, but by people with psql, to a client that nobody has used.
pub(super) fn rename_client(tx: &mut Tx<'_>) -> Acted {
    let id = tx.rng.uuid();
    let unused = "SELECT pk FROM hydra_client WHERE pk >= ({f} * (SELECT max(pk) FROM hydra_client))::integer
                  AND NOT EXISTS (SELECT FROM hydra_oauth2_access WHERE client_id = id)
                  AND NOT EXISTS (SELECT FROM hydra_oauth2_authentication_request WHERE client_id = id)
                  ORDER BY pk LIMIT 1 FOR UPDATE SKIP LOCKED";
    if let Some(pk) = tx.one(unused)? {
        let changed = tx.run(&format!(
            "UPDATE hydra_client SET id = '{id}' WHERE pk = {pk}"
        ))?;
        tx.columns.push(("hydra_client.id".to_owned(), changed));
    }
    Ok(End::Commit)
}

pub(super) fn set_lifespans(tx: &mut Tx<'_>) -> Acted {
    let hours = tx.rng.below(72);
    if let Some(pk) = tx.one(CLIENT)? {
        tx.run(&format!(
            "UPDATE hydra_client SET authorization_code_grant_access_token_lifespan = {hours} * 3600000000000,
                 refresh_token_grant_access_token_lifespan = {hours} * 3600000000000, implicit_grant_id_token_lifespan = NULL, updated_at = now()
             WHERE pk = {pk}"
        ))?;
    }
    Ok(End::Commit)
}

/// The newest of those with few tokens, as long as enough are left: everything of a client goes with it.
pub(super) fn delete_client(tx: &mut Tx<'_>) -> Acted {
    let few = "SELECT id FROM hydra_client c WHERE (SELECT count(*) FROM hydra_client) > 15
               AND (SELECT count(*) FROM (SELECT FROM hydra_oauth2_access WHERE client_id = c.id LIMIT 20) a) < 20
               ORDER BY pk DESC LIMIT 1 OFFSET ({f} * 4)::integer";
    if let Some(client) = tx.one(few)? {
        let tables = [
            "access",
            "refresh",
            "code",
            "oidc",
            "pkce",
            "authentication_request",
            "consent_request",
            "logout_request",
        ];
        let counts = tables.map(|table| {
            format!("(SELECT count(*) FROM hydra_oauth2_{table} WHERE client_id = '{client}')")
        });
        let hang = tx.number(&format!("SELECT {}", counts.join(" + ")))?;
        tx.run(&format!("DELETE FROM hydra_client WHERE id = '{client}'"))?;
        tx.count("rows of a deleted client", hang);
    }
    Ok(End::Commit)
}

pub(super) fn create_key(tx: &mut Tx<'_>) -> Acted {
    let (kid, data) = (tx.rng.uuid(), Value::Large.sql(tx.rng));
    tx.run(&format!(
        "INSERT INTO hydra_jwk (sid, kid, version, keydata) VALUES ('hydra.openid.id-token', 'public:{kid}', 0, {data}),
             ('hydra.openid.id-token', 'private:{kid}', 0, {data})"
    ))?;
    Ok(End::Commit)
}

pub(super) fn delete_key(tx: &mut Tx<'_>) -> Acted {
    let found = tx.ask(
        "SELECT k.pk, (SELECT count(*) FROM hydra_oauth2_trusted_jwt_bearer_issuer i WHERE i.key_set = k.sid AND i.key_id = k.kid)
         FROM hydra_jwk k WHERE (SELECT count(*) FROM hydra_jwk) > 20 AND k.pk >= ({f} * (SELECT max(pk) FROM hydra_jwk))::integer
         ORDER BY k.pk LIMIT 1",
    )?;
    if let Some([Some(pk), Some(issuers)]) = found.first().map(Vec::as_slice) {
        tx.run(&format!("DELETE FROM hydra_jwk WHERE pk = {pk}"))?;
        tx.count(
            "issuers of a deleted key",
            issuers.parse().expect("a number"),
        );
    }
    Ok(End::Commit)
}

pub(super) fn trust(tx: &mut Tx<'_>) -> Acted {
    let (id, issuer) = (tx.rng.uuid(), tx.rng.hex(12));
    let template = format!(
        "INSERT INTO hydra_oauth2_trusted_jwt_bearer_issuer (id, issuer, subject, scope, key_set, key_id, expires_at)
         SELECT '{id}', 'https://{issuer}.example.com', 'service', 'read|write', sid, kid, now() + interval '1 day' FROM hydra_jwk
         WHERE pk >= ({{f}} * (SELECT max(pk) FROM hydra_jwk))::integer ORDER BY pk LIMIT 1"
    );
    let sql = fill(&template, tx.rng);
    tx.run(&sql)?;
    Ok(End::Commit)
}

/// 1.11 removes what has expired whenever it notes an assertion.
pub(super) fn note_assertion(tx: &mut Tx<'_>) -> Acted {
    let signature = tx.rng.hex(64);
    let life = if tx.rng.chance(50) {
        "1 hour"
    } else {
        "-1 second"
    };
    tx.run("DELETE FROM hydra_oauth2_jti_blacklist WHERE signature = ANY (ARRAY(
                SELECT signature FROM hydra_oauth2_jti_blacklist WHERE expires_at < now() AT TIME ZONE 'UTC' ORDER BY signature LIMIT 20 FOR UPDATE SKIP LOCKED))")?;
    tx.run(&format!(
        "INSERT INTO hydra_oauth2_jti_blacklist (signature, expires_at) VALUES ('{signature}', now() AT TIME ZONE 'UTC' + interval '{life}')"
    ))?;
    Ok(End::Commit)
}

pub(super) fn obfuscate(tx: &mut Tx<'_>) -> Acted {
    let (subject, obfuscated) = (tx.rng.uuid(), tx.rng.hex(32));
    let template = format!(
        "INSERT INTO hydra_oauth2_obfuscated_authentication_session (subject, client_id, subject_obfuscated)
         SELECT '{subject}', id, '{obfuscated}' FROM hydra_client WHERE pk >= ({{f}} * (SELECT max(pk) FROM hydra_client))::integer ORDER BY pk LIMIT 1"
    );
    let sql = fill(&template, tx.rng);
    tx.run(&sql)?;
    Ok(End::Commit)
}

/// The oldest ones in a batch: the clock of the test is not that of the fixture, so age alone would take all or nothing.
pub(super) fn janitor_tokens(tx: &mut Tx<'_>, table: &str) -> Acted {
    tx.run(&format!(
        "DELETE FROM hydra_oauth2_{table} WHERE signature IN (
             SELECT signature FROM (SELECT signature FROM hydra_oauth2_{table} WHERE requested_at < now() AT TIME ZONE 'UTC' - interval '1 day'
                                    ORDER BY requested_at LIMIT 8) AS s)"
    ))?;
    Ok(End::Commit)
}

/// Those that nobody has handled in time, and those that were rejected.
pub(super) fn janitor_consents(tx: &mut Tx<'_>) -> Acted {
    tx.run(
        "DELETE FROM hydra_oauth2_consent_request WHERE challenge IN (
             SELECT challenge FROM (
                 SELECT r.challenge FROM hydra_oauth2_consent_request r LEFT JOIN hydra_oauth2_consent_request_handled h ON h.challenge = r.challenge
                 WHERE (h.challenge IS NULL OR (h.error <> '{}' AND h.error <> '')) AND r.requested_at < now() AT TIME ZONE 'UTC' - interval '30 minutes'
                 ORDER BY r.challenge LIMIT 5) AS s)",
    )?;
    Ok(End::Commit)
}

/// See [`janitor_consents`].
pub(super) fn janitor_logins(tx: &mut Tx<'_>) -> Acted {
    tx.run(
        "DELETE FROM hydra_oauth2_authentication_request WHERE challenge IN (
             SELECT challenge FROM (
                 SELECT r.challenge FROM hydra_oauth2_authentication_request r
                 LEFT JOIN hydra_oauth2_authentication_request_handled h ON h.challenge = r.challenge
                 WHERE (h.challenge IS NULL OR (h.error <> '{}' AND h.error <> '')) AND r.requested_at < now() AT TIME ZONE 'UTC' - interval '30 minutes'
                 ORDER BY r.challenge LIMIT 5) AS s)",
    )?;
    Ok(End::Commit)
}
