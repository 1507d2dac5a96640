//! What happens to tokens and consents outside a login: reuse, revocation, grants to machines.

use super::super::link::Failure;
use super::super::random::{Value, quote};
use super::super::transaction::{Acted, End, Text, Tx};
use super::flow::remove_session;

/// A row as an array of so many values, none of them NULL.
fn values<const N: usize>(rows: Vec<Text>) -> Option<[String; N]> {
    let row: Option<Vec<String>> = rows.into_iter().next()?.into_iter().collect();
    row?.try_into().ok()
}

/// Somebody uses a refresh token twice: the whole chain ends.
pub(super) fn reuse_refresh(tx: &mut Tx<'_>) -> Acted {
    let found = tx.ask("SELECT signature, request_id FROM hydra_oauth2_refresh WHERE signature >= '{b}' AND NOT active ORDER BY signature LIMIT 1")?;
    if let Some([signature, request]) = values(found) {
        tx.run(&format!(
            "DELETE FROM hydra_oauth2_refresh WHERE signature = '{signature}'"
        ))?;
        tx.run(&format!(
            "UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = '{request}'"
        ))?;
        tx.run(&format!(
            "DELETE FROM hydra_oauth2_access WHERE request_id = '{request}'"
        ))?;
    }
    Ok(End::Commit)
}

/// Somebody uses a code twice. 1.11 does this in two transactions; each of them may be the last.
pub(super) fn reuse_code(tx: &mut Tx<'_>) -> Acted {
    let found = tx.ask("SELECT signature, request_id FROM hydra_oauth2_code WHERE signature >= '{b}' AND NOT active ORDER BY signature LIMIT 1")?;
    if let Some([_, request]) = values(found) {
        let first = tx.rng.chance(50);
        tx.run(&if first {
            format!("DELETE FROM hydra_oauth2_access WHERE request_id = '{request}'")
        } else {
            format!("UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = '{request}'")
        })?;
    }
    Ok(End::Commit)
}

pub(super) fn client_credentials(tx: &mut Tx<'_>) -> Acted {
    let (signature, request) = (tx.rng.base64(43), tx.rng.uuid());
    let session = Value::LargeJson.sql(tx.rng);
    let template = "SELECT id FROM hydra_client WHERE pk >= ({f} * (SELECT max(pk) FROM hydra_client))::integer ORDER BY pk LIMIT 1";
    if let Some(client) = tx.one(template)? {
        tx.run(&format!(
            "INSERT INTO hydra_oauth2_access (signature, request_id, requested_at, client_id, scope, granted_scope, form_data, session_data, subject,
                 active, requested_audience, granted_audience, challenge_id)
             VALUES ('{signature}', '{request}', now(), '{client}', 'read', 'read', 'grant_type=client_credentials', {session}, '{client}', true, '', '', NULL)"
        ))?;
    }
    Ok(End::Commit)
}

/// Of the client with the fewest, or all would be gone soon.
pub(super) fn delete_of_client(tx: &mut Tx<'_>) -> Acted {
    let fewest =
        "SELECT client_id FROM hydra_oauth2_access GROUP BY client_id ORDER BY count(*) LIMIT 1";
    if let Some(client) = tx.one(fewest)? {
        tx.run(&format!(
            "DELETE FROM hydra_oauth2_access WHERE client_id = '{client}'"
        ))?;
    }
    Ok(End::Commit)
}

/// Revokes one consent as 1.11 does: its request ids first, then the request, whose cascades take all that is left.
fn revoke(tx: &mut Tx<'_>, consent: &str) -> Result<u64, Failure> {
    tx.run(&format!(
        "DELETE FROM hydra_oauth2_access WHERE request_id = '{consent}'"
    ))?;
    tx.run(&format!(
        "UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = '{consent}'"
    ))?;
    let tables = ["access", "refresh", "code", "oidc", "pkce"];
    let counts = tables.map(|table| {
        format!("(SELECT count(*) FROM hydra_oauth2_{table} WHERE challenge_id = '{consent}')")
    });
    let hang = tx.number(&format!(
        "SELECT {} + (SELECT count(*) FROM hydra_oauth2_consent_request_handled WHERE challenge = '{consent}')",
        counts.join(" + ")
    ))?;
    let gone = tx.run(&format!(
        "DELETE FROM hydra_oauth2_consent_request WHERE challenge = '{consent}'"
    ))?;
    tx.count("rows of a revoked consent", hang);
    Ok(gone)
}

pub(super) fn revoke_consent(tx: &mut Tx<'_>) -> Acted {
    let template = "SELECT challenge FROM hydra_oauth2_consent_request_handled WHERE challenge >= '{h}' ORDER BY challenge LIMIT 1";
    if let Some(consent) = tx.one(template)? {
        revoke(tx, &consent)?;
    }
    Ok(End::Commit)
}

pub(super) fn revoke_subject(tx: &mut Tx<'_>) -> Acted {
    // The updates of random rows give many consents one subject; an administrator ends a few.
    let found = tx.ask(
        "SELECT challenge FROM hydra_oauth2_consent_request WHERE subject = (
             SELECT subject FROM hydra_oauth2_consent_request WHERE challenge >= '{h}' ORDER BY challenge LIMIT 1)
         ORDER BY challenge LIMIT 4",
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
