//! What administrators and the janitor do in 2.2: clients, keys, and what has expired.

use super::super::random::{Value, quote};
use super::super::transaction::{Acted, End, Tx};
use super::NID;

/// A random client that nobody else holds.
const CLIENT: &str = "SELECT pk_deprecated FROM hydra_client WHERE pk_deprecated >= ({f} * (SELECT max(pk_deprecated) FROM hydra_client))::integer
                      ORDER BY pk_deprecated LIMIT 1 FOR UPDATE SKIP LOCKED";

/// A list as 2.2 writes it, with what 1.11 has to escape.
fn list(tx: &mut Tx<'_>) -> String {
    let lists = [
        "[]",
        r#"["openid","offline"]"#,
        r#"["a|b","c"]"#,
        r#"["größe","\"q\"","two words"]"#,
    ];
    quote(tx.rng.pick::<&str>(&lists))
}

pub(super) fn create_client(tx: &mut Tx<'_>) -> Acted {
    let (id, pk, secret) = (tx.rng.uuid(), tx.rng.uuid(), tx.rng.base64(60));
    let name = quote(&tx.rng.words());
    let [uris, contacts, audience] = [(); 3].map(|()| list(tx));
    let metadata = Value::Json.sql(tx.rng);
    tx.run(&format!(
        "INSERT INTO hydra_client (id, nid, pk, client_name, client_secret, redirect_uris, grant_types, response_types, scope, owner, policy_uri,
             tos_uri, client_uri, logo_uri, contacts, sector_identifier_uri, jwks, jwks_uri, request_uris, token_endpoint_auth_method,
             subject_type, allowed_cors_origins, audience, metadata)
         VALUES ('{id}', {NID}, '{pk}', {name}, '{secret}', {uris}, '[\"authorization_code\"]', '[\"code\"]', 'openid offline', '', '',
             '', '', '', {contacts}, '', '{{}}', '', '[]', 'none', 'public', '[]', {audience}, {metadata})"
    ))?;
    Ok(End::Commit)
}

pub(super) fn update_client(tx: &mut Tx<'_>) -> Acted {
    let name = quote(&tx.rng.words());
    let [uris, contacts, origins] = [(); 3].map(|()| list(tx));
    if let Some(pk) = tx.one(CLIENT)? {
        tx.run(&format!(
            "UPDATE hydra_client SET client_name = {name}, client_secret = client_secret, redirect_uris = {uris}, grant_types = grant_types,
                 contacts = {contacts}, allowed_cors_origins = {origins}, metadata = metadata, updated_at = now()
             WHERE pk_deprecated = {pk} AND nid = {NID}"
        ))?;
    }
    Ok(End::Commit)
}

pub(super) fn set_lifespans(tx: &mut Tx<'_>) -> Acted {
    let hours = tx.rng.below(72);
    if let Some(pk) = tx.one(CLIENT)? {
        tx.run(&format!(
            "UPDATE hydra_client SET authorization_code_grant_access_token_lifespan = {hours} * 3600000000000,
                 implicit_grant_id_token_lifespan = NULL, updated_at = now() WHERE pk_deprecated = {pk}"
        ))?;
    }
    Ok(End::Commit)
}

/// The newest of those with few tokens, as long as enough are left: everything of a client goes with it.
pub(super) fn delete_client(tx: &mut Tx<'_>) -> Acted {
    let few = "SELECT id FROM hydra_client c WHERE (SELECT count(*) FROM hydra_client) > 10
               AND (SELECT count(*) FROM (SELECT FROM hydra_oauth2_access WHERE client_id = c.id LIMIT 20) a) < 20
               ORDER BY pk_deprecated DESC LIMIT 1 OFFSET ({f} * 4)::integer";
    if let Some(client) = tx.one(few)? {
        let tables = ["access", "refresh", "code", "oidc", "flow"];
        let counts = tables.map(|table| {
            format!("(SELECT count(*) FROM hydra_oauth2_{table} WHERE client_id = '{client}')")
        });
        let hang = tx.number(&format!("SELECT {}", counts.join(" + ")))?;
        tx.run(&format!(
            "DELETE FROM hydra_client WHERE id = '{client}' AND nid = {NID}"
        ))?;
        tx.count("rows of a deleted client", hang);
    }
    Ok(End::Commit)
}

pub(super) fn create_key(tx: &mut Tx<'_>) -> Acted {
    let (kid, data) = (tx.rng.uuid(), Value::Large.sql(tx.rng));
    for side in ["public", "private"] {
        let pk = tx.rng.uuid();
        tx.run(&format!(
            "INSERT INTO hydra_jwk (pk, nid, sid, kid, version, keydata) VALUES ('{pk}', {NID}, 'hydra.openid.id-token', '{side}:{kid}', 0, {data})"
        ))?;
    }
    Ok(End::Commit)
}

pub(super) fn delete_key(tx: &mut Tx<'_>) -> Acted {
    let one = "SELECT pk FROM hydra_jwk WHERE (SELECT count(*) FROM hydra_jwk) > 10
               AND pk_deprecated >= ({f} * (SELECT max(pk_deprecated) FROM hydra_jwk))::integer ORDER BY pk_deprecated LIMIT 1";
    if let Some(pk) = tx.one(one)? {
        tx.run(&format!("DELETE FROM hydra_jwk WHERE pk = '{pk}'"))?;
    }
    Ok(End::Commit)
}

pub(super) fn note_assertion(tx: &mut Tx<'_>) -> Acted {
    let signature = tx.rng.hex(64);
    tx.run("DELETE FROM hydra_oauth2_jti_blacklist WHERE expires_at < now() - interval '1 year'")?;
    tx.run(&format!(
        "INSERT INTO hydra_oauth2_jti_blacklist (signature, nid, expires_at) VALUES ('{signature}', {NID}, now() + interval '1 hour')"
    ))?;
    Ok(End::Commit)
}

/// A batch of the oldest.
pub(super) fn janitor(tx: &mut Tx<'_>, table: &str) -> Acted {
    tx.run(&format!(
        "DELETE FROM hydra_oauth2_{table} WHERE signature IN (
             SELECT signature FROM hydra_oauth2_{table} WHERE requested_at < now() ORDER BY requested_at LIMIT 5)"
    ))?;
    Ok(End::Commit)
}
