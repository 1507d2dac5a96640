//! What happens in 2.2 to tokens and consents outside a grant: reuse, revocation, grants to machines.

use super::super::link::Failure;
use super::super::random::{Value, quote};
use super::super::transaction::{Acted, End, Tx};
use super::NID;
use super::grant::remove_session;

/// Somebody uses a refresh token twice, maybe one of 1.11: the whole chain ends.
pub(super) fn reuse_refresh(tx: &mut Tx<'_>) -> Acted {
    let found = tx.ask("SELECT signature, request_id FROM hydra_oauth2_refresh WHERE signature >= '{b}' AND NOT active ORDER BY signature LIMIT 1")?;
    if let Some([Some(signature), Some(request)]) = found.first().map(Vec::as_slice) {
        for sql in [
            format!("DELETE FROM hydra_oauth2_refresh WHERE signature = '{signature}'"),
            format!(
                "UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = '{request}'"
            ),
            format!("DELETE FROM hydra_oauth2_access WHERE request_id = '{request}'"),
        ] {
            tx.run(&format!("{sql} AND nid = {NID}"))?;
        }
    }
    Ok(End::Commit)
}

pub(super) fn client_credentials(tx: &mut Tx<'_>) -> Acted {
    let (signature, request) = (tx.rng.hex(96), tx.rng.uuid());
    let session = Value::LargeJson.sql(tx.rng);
    let template = "SELECT id FROM hydra_client WHERE pk_deprecated >= ({f} * (SELECT max(pk_deprecated) FROM hydra_client))::integer ORDER BY pk_deprecated LIMIT 1";
    if let Some(client) = tx.one(template)? {
        tx.run(&format!(
            "INSERT INTO hydra_oauth2_access (signature, nid, request_id, requested_at, client_id, scope, granted_scope, form_data, session_data,
                 subject, active, requested_audience, granted_audience, challenge_id)
             VALUES ('{signature}', {NID}, '{request}', now(), '{client}', 'read', 'read', 'grant_type=client_credentials', {session}, '{client}',
                 true, '', '', NULL)"
        ))?;
    }
    Ok(End::Commit)
}

/// Revokes one consent: its request ids first, then the flow, whose cascades take all tokens that are left.
fn revoke(tx: &mut Tx<'_>, consent: &str) -> Result<(), Failure> {
    tx.run(&format!(
        "DELETE FROM hydra_oauth2_access WHERE request_id = '{consent}' AND nid = {NID}"
    ))?;
    tx.run(&format!(
        "UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = '{consent}' AND nid = {NID}"
    ))?;
    let counts = ["access", "refresh", "code", "oidc", "pkce"].map(|table| {
        format!("(SELECT count(*) FROM hydra_oauth2_{table} WHERE challenge_id = '{consent}')")
    });
    let hang = tx.number(&format!("SELECT {}", counts.join(" + ")))?;
    tx.run(&format!(
        "DELETE FROM hydra_oauth2_flow WHERE consent_challenge_id = '{consent}' AND nid = {NID}"
    ))?;
    tx.count("rows of a revoked consent", hang);
    Ok(())
}

pub(super) fn revoke_consent(tx: &mut Tx<'_>) -> Acted {
    let template = "SELECT consent_challenge_id FROM hydra_oauth2_flow WHERE consent_challenge_id >= '{h}' ORDER BY consent_challenge_id LIMIT 1";
    if let Some(consent) = tx.one(template)? {
        revoke(tx, &consent)?;
    }
    Ok(End::Commit)
}

pub(super) fn revoke_subject(tx: &mut Tx<'_>) -> Acted {
    let found = tx.ask(
        "SELECT consent_challenge_id FROM hydra_oauth2_flow WHERE consent_challenge_id IS NOT NULL AND subject = (
             SELECT subject FROM hydra_oauth2_flow WHERE login_challenge >= '{h}' ORDER BY login_challenge LIMIT 1)
         ORDER BY consent_challenge_id LIMIT 4",
    )?;
    for consent in found.into_iter().flatten().flatten() {
        revoke(tx, &consent)?;
    }
    Ok(End::Commit)
}

pub(super) fn revoke_logins(tx: &mut Tx<'_>) -> Acted {
    let template = "SELECT subject FROM hydra_oauth2_authentication_session WHERE id >= '{h}' AND length(subject) = 36 ORDER BY id LIMIT 1";
    if let Some(subject) = tx.one(template)? {
        let subject = quote(&subject);
        let sessions = tx.ask(&format!(
            "SELECT id FROM hydra_oauth2_authentication_session WHERE subject = {subject} ORDER BY id LIMIT 4"
        ))?;
        for session in sessions.into_iter().flatten().flatten() {
            remove_session(tx, &session)?;
        }
    }
    Ok(End::Commit)
}
