//! A grant of 2.2, from its session over the flow, which is written once, to code, tokens, rotations and logout: one step a
//! transaction.

use super::super::link::Failure;
use super::super::random::{Value, quote};
use super::super::transaction::{Acted, End, Tx};
use super::NID;

/// As many as a writer follows at once.
const AT_ONCE: usize = 8;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Authenticate,
    Consent,
    Code,
    Oidc,
    Pkce,
    Redeem,
    Exchange,
    Tokens,
    RevokeAccess,
    LogoutAccept,
    LogoutUse,
    LogoutEnd,
}

/// A grant under way.
#[derive(Clone, Debug)]
pub(in super::super) struct Grant {
    stage: Stage,
    client: String,
    subject: String,
    session: String,
    consent: String,
    code: String,
    logout: String,
}

impl Grant {
    /// An INSERT into one of the tables of tokens, whose lists stayed as they were.
    fn token(&self, tx: &mut Tx<'_>, table: &str, signature: &str) -> String {
        let session = Value::LargeJson.sql(tx.rng);
        format!(
            "INSERT INTO hydra_oauth2_{table} (signature, nid, request_id, requested_at, client_id, scope, granted_scope, form_data, session_data,
                 subject, active, requested_audience, granted_audience, challenge_id)
             VALUES ('{signature}', {NID}, '{consent}', now(), '{client}', 'openid|offline', 'openid|offline', 'response_type=code', {session},
                 {subject}, true, '', '', '{consent}')",
            consent = self.consent,
            client = self.client,
            subject = quote(&self.subject),
        )
    }
}

/// The next step of a grant, or a new one.
pub(super) fn advance(tx: &mut Tx<'_>) -> Acted {
    let known = tx.memory.grants.len();
    if known == 0 || known < AT_ONCE && tx.rng.chance(25) {
        return open(tx);
    }
    let place = usize::try_from(tx.rng.below(known as u64)).expect("a place");
    let mut grant = tx.memory.grants.swap_remove(place);
    if let Some(next) = step(tx, &grant)? {
        grant.stage = next;
        tx.memory.grants.push(grant);
    }
    Ok(End::Commit)
}

fn open(tx: &mut Tx<'_>) -> Acted {
    tx.name = "session opened";
    let client = tx.one("SELECT id FROM hydra_client WHERE pk_deprecated >= ({f} * (SELECT max(pk_deprecated) FROM hydra_client))::integer ORDER BY pk_deprecated LIMIT 1")?;
    let Some(client) = client else {
        return Ok(End::Commit);
    };
    let grant = Grant {
        stage: Stage::Authenticate,
        client,
        subject: if tx.rng.chance(30) {
            "zoë@example.com".to_owned()
        } else {
            tx.rng.uuid()
        },
        session: tx.rng.uuid(),
        consent: tx.rng.hex(32),
        code: tx.rng.hex(96),
        logout: tx.rng.uuid(),
    };
    tx.run(&format!(
        "INSERT INTO hydra_oauth2_authentication_session (id, nid, authenticated_at, subject, remember) VALUES ('{}', {NID}, NULL, '', false)",
        grant.session
    ))?;
    tx.memory.grants.push(grant);
    Ok(End::Commit)
}

/// One step; what comes next. A step that finds nothing ends the grant: somebody has removed what it needs.
fn step(tx: &mut Tx<'_>, grant: &Grant) -> Result<Option<Stage>, Failure> {
    match grant.stage {
        Stage::Authenticate => {
            tx.name = "session authenticated";
            let (session, subject) = (&grant.session, quote(&grant.subject));
            let changed = tx.run(&format!(
                "UPDATE hydra_oauth2_authentication_session SET authenticated_at = now(), subject = {subject}, remember = true WHERE id = '{session}' AND nid = {NID}"
            ))?;
            go(changed, Stage::Consent)
        }
        Stage::Consent => consent(tx, grant),
        Stage::Code | Stage::Oidc | Stage::Pkce | Stage::Redeem | Stage::Exchange => {
            code(tx, grant)
        }
        Stage::Tokens | Stage::RevokeAccess => tokens(tx, grant),
        Stage::LogoutAccept | Stage::LogoutUse | Stage::LogoutEnd => logout(tx, grant),
    }
}

fn go(changed: u64, next: Stage) -> Result<Option<Stage>, Failure> {
    Ok((changed > 0).then_some(next))
}

/// 2.2 keeps a flow in its challenges, and writes the row when the consent is used.
fn consent(tx: &mut Tx<'_>, grant: &Grant) -> Result<Option<Stage>, Failure> {
    let rejected = tx.rng.chance(15);
    tx.name = if rejected {
        "consent rejected"
    } else {
        "consent given"
    };
    let (state, error, granted) = if rejected {
        (129, r#"{"error":"access_denied","valid":true}"#, "[]")
    } else {
        (6, "{}", r#"["openid","offline"]"#)
    };
    let login = tx.rng.hex(32);
    let (login_verifier, consent_verifier) = (tx.rng.hex(32), tx.rng.hex(32));
    let [context, access, id] = [Value::Json; 3].map(|value| value.sql(tx.rng));
    let skip = tx.rng.chance(30);
    let remember_for = tx.rng.below(3) * 1800;
    let Grant {
        client,
        session,
        consent,
        ..
    } = grant;
    let subject = quote(&grant.subject);
    let changed = tx.run(&format!(
        "INSERT INTO hydra_oauth2_flow (login_challenge, login_verifier, login_csrf, subject, request_url, login_skip, client_id, requested_at,
             login_initialized_at, oidc_context, login_session_id, state, login_remember, login_remember_for, login_error, acr,
             login_authenticated_at, login_was_used, forced_subject_identifier, context, consent_challenge_id, consent_skip, consent_verifier,
             consent_csrf, consent_remember, consent_remember_for, consent_handled_at, consent_error, session_access_token, session_id_token,
             consent_was_used, nid, requested_scope, requested_at_audience, amr, granted_scope, granted_at_audience)
         VALUES ('{login}', '{login_verifier}', '{login_verifier}', {subject}, 'https://id.example.com/oauth2/auth?client_id={client}', {skip},
             '{client}', now(), now(), {context}, '{session}', {state}, true, 3600, '{{}}', '0', now(), true, '', {context}, '{consent}', {skip},
             '{consent_verifier}', '{consent_verifier}', true, {remember_for}, now(), '{error}', {access}, {id}, true, {NID},
             '[\"openid\",\"offline\"]', '[\"https://api.example.com\"]', '[\"pwd\",\"otp\"]', '{granted}', '[]')"
    ))?;
    Ok((changed > 0 && !rejected).then_some(Stage::Code))
}

fn code(tx: &mut Tx<'_>, grant: &Grant) -> Result<Option<Stage>, Failure> {
    let (name, table, next) = match grant.stage {
        Stage::Code => ("code issued", "code", Stage::Oidc),
        Stage::Oidc => ("oidc session stored", "oidc", Stage::Pkce),
        Stage::Pkce => ("pkce session stored", "pkce", Stage::Redeem),
        Stage::Redeem => {
            tx.name = "pkce session redeemed";
            let changed = tx.run(&format!(
                "DELETE FROM hydra_oauth2_pkce WHERE signature = '{}' AND nid = {NID}",
                grant.code
            ))?;
            return go(changed, Stage::Exchange);
        }
        _ => {
            tx.name = "code exchanged";
            let changed = tx.run(&format!(
                "UPDATE hydra_oauth2_code SET active = false WHERE signature = '{}' AND nid = {NID}",
                grant.code
            ))?;
            issue(tx, grant)?;
            return go(changed, Stage::Tokens);
        }
    };
    tx.name = name;
    let insert = grant.token(tx, table, &grant.code);
    let changed = tx.run(&insert)?;
    go(changed, next)
}

/// A pair of tokens, under hashed signatures.
fn issue(tx: &mut Tx<'_>, grant: &Grant) -> Result<(), Failure> {
    let [access, refresh] = [96, 64].map(|digits| tx.rng.hex(digits));
    for (table, signature) in [("access", access), ("refresh", refresh)] {
        let insert = grant.token(tx, table, &signature);
        tx.run(&insert)?;
    }
    Ok(())
}

fn tokens(tx: &mut Tx<'_>, grant: &Grant) -> Result<Option<Stage>, Failure> {
    let consent = &grant.consent;
    let end_access =
        format!("DELETE FROM hydra_oauth2_access WHERE request_id = '{consent}' AND nid = {NID}");
    let end_refresh = format!(
        "UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = '{consent}' AND nid = {NID} AND active"
    );
    if grant.stage == Stage::RevokeAccess {
        tx.name = "access tokens revoked";
        tx.run(&end_access)?;
        return Ok(None);
    }
    match tx.rng.below(10) {
        0..5 => {
            tx.name = "refresh token rotated";
            tx.run(&end_access)?;
            let changed = tx.run(&end_refresh)?;
            issue(tx, grant)?;
            go(changed, Stage::Tokens)
        }
        5..7 => {
            tx.name = "refresh token revoked";
            let changed = tx.run(&end_refresh)?;
            go(changed, Stage::RevokeAccess)
        }
        _ => {
            tx.name = "logout requested";
            let Grant {
                logout,
                client,
                session,
                ..
            } = grant;
            let (verifier, subject) = (tx.rng.uuid(), quote(&grant.subject));
            let changed = tx.run(&format!(
                "INSERT INTO hydra_oauth2_logout_request (challenge, verifier, subject, sid, client_id, request_url, redir_url, was_used, accepted,
                     rejected, rp_initiated, nid)
                 VALUES ('{logout}', '{verifier}', {subject}, '{session}', '{client}', '/oauth2/sessions/logout', 'https://app.example.com/bye',
                     false, false, false, true, {NID})"
            ))?;
            go(changed, Stage::LogoutAccept)
        }
    }
}

fn logout(tx: &mut Tx<'_>, grant: &Grant) -> Result<Option<Stage>, Failure> {
    let (name, set, next) = match grant.stage {
        Stage::LogoutAccept => ("logout accepted", "accepted", Stage::LogoutUse),
        Stage::LogoutUse => ("logout used", "was_used", Stage::LogoutEnd),
        _ => {
            tx.name = "session removed";
            remove_session(tx, &grant.session)?;
            return Ok(None);
        }
    };
    tx.name = name;
    let changed = tx.run(&format!(
        "UPDATE hydra_oauth2_logout_request SET {set} = true WHERE challenge = '{}' AND nid = {NID}",
        grant.logout
    ))?;
    go(changed, next)
}

/// Deletes a session. In 2.2 its flows lose it and stay; in 1.11 a session takes its logins along.
pub(super) fn remove_session(tx: &mut Tx<'_>, session: &str) -> Result<u64, Failure> {
    let flows = tx.number(&format!(
        "SELECT count(*) FROM hydra_oauth2_flow WHERE login_session_id = '{session}'"
    ))?;
    let changed = tx.run(&format!(
        "DELETE FROM hydra_oauth2_authentication_session WHERE id = '{session}' AND nid = {NID}"
    ))?;
    tx.count("flows that lost their session", flows);
    Ok(changed)
}
