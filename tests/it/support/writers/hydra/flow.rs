//! A login, from its request over consent, code, tokens and rotations to its logout: one step a transaction, as 1.11 does
//! it, so that whatever stops the server stops logins half way.

use super::super::link::Failure;
use super::super::random::{Value, quote};
use super::super::transaction::{Acted, End, Tx};

/// As many as a writer follows at once.
const AT_ONCE: usize = 8;

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Request,
    HandleLogin,
    UseLogin,
    Authenticate,
    RequestConsent,
    HandleConsent,
    UseConsent,
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

/// A login under way.
#[derive(Clone, Debug)]
pub(in super::super) struct Flow {
    stage: Stage,
    client: String,
    subject: String,
    session: String,
    login: String,
    consent: String,
    code: String,
    refresh: String,
    logout: String,
    scope: String,
}

impl Flow {
    fn new(tx: &mut Tx<'_>, client: String) -> Self {
        let subject = if tx.rng.chance(20) {
            "zoë@example.com".to_owned()
        } else {
            tx.rng.uuid()
        };
        Self {
            stage: Stage::Request,
            client,
            subject,
            session: tx.rng.uuid(),
            login: tx.rng.hex(32),
            consent: tx.rng.hex(32),
            code: tx.rng.base64(43),
            refresh: tx.rng.base64(43),
            logout: tx.rng.uuid(),
            scope: "openid|offline|profile".to_owned(),
        }
    }

    /// An INSERT into one of the tables of tokens.
    fn token(&self, tx: &mut Tx<'_>, table: &str, signature: &str) -> String {
        let session = Value::LargeJson.sql(tx.rng);
        format!(
            "INSERT INTO hydra_oauth2_{table} (signature, request_id, requested_at, client_id, scope, granted_scope, form_data, session_data, subject,
                 active, requested_audience, granted_audience, challenge_id)
             VALUES ('{signature}', '{consent}', now(), '{client}', '{scope}', '{scope}', 'client_id={client}&response_type=code', {session}, {subject},
                 true, '', '', '{consent}')",
            consent = self.consent,
            client = self.client,
            scope = self.scope,
            subject = quote(&self.subject),
        )
    }
}

/// The next step of a login, or a new one.
pub(super) fn advance(tx: &mut Tx<'_>) -> Acted {
    let known = tx.memory.flows.len();
    if known == 0 || known < AT_ONCE && tx.rng.chance(25) {
        return open(tx);
    }
    let place = usize::try_from(tx.rng.below(known as u64)).expect("a place");
    let mut flow = tx.memory.flows.swap_remove(place);
    if let Some(next) = step(tx, &mut flow)? {
        flow.stage = next;
        tx.memory.flows.push(flow);
    }
    Ok(End::Commit)
}

/// The first of the two transactions of a request for a login.
fn open(tx: &mut Tx<'_>) -> Acted {
    tx.name = "session opened";
    let client = tx.one("SELECT id FROM hydra_client WHERE pk >= ({f} * (SELECT max(pk) FROM hydra_client))::integer ORDER BY pk LIMIT 1")?;
    if let Some(client) = client {
        let flow = Flow::new(tx, client);
        tx.run(&format!(
            "INSERT INTO hydra_oauth2_authentication_session (id, authenticated_at, subject, remember) VALUES ('{}', NULL, '', false)",
            flow.session
        ))?;
        tx.memory.flows.push(flow);
    }
    Ok(End::Commit)
}

/// One step; what comes next. A step that finds nothing ends the login: somebody has removed what it needs.
fn step(tx: &mut Tx<'_>, flow: &mut Flow) -> Result<Option<Stage>, Failure> {
    match flow.stage {
        Stage::Request | Stage::HandleLogin | Stage::UseLogin | Stage::Authenticate => {
            login(tx, flow)
        }
        Stage::RequestConsent | Stage::HandleConsent | Stage::UseConsent => consent(tx, flow),
        Stage::Code | Stage::Oidc | Stage::Pkce | Stage::Redeem | Stage::Exchange => code(tx, flow),
        Stage::Tokens | Stage::RevokeAccess => tokens(tx, flow),
        Stage::LogoutAccept | Stage::LogoutUse | Stage::LogoutEnd => logout(tx, flow),
    }
}

fn go(changed: u64, next: Stage) -> Result<Option<Stage>, Failure> {
    Ok((changed > 0).then_some(next))
}

fn login(tx: &mut Tx<'_>, flow: &Flow) -> Result<Option<Stage>, Failure> {
    let Flow {
        client,
        session,
        login,
        scope,
        ..
    } = flow;
    let subject = quote(&flow.subject);
    match flow.stage {
        Stage::Request => {
            tx.name = "login requested";
            let verifier = tx.rng.hex(32);
            let context = Value::JsonText.sql(tx.rng);
            let changed = tx.run(&format!(
                "INSERT INTO hydra_oauth2_authentication_request (challenge, requested_scope, verifier, csrf, subject, request_url, skip, client_id,
                     requested_at, authenticated_at, oidc_context, login_session_id, requested_at_audience)
                 VALUES ('{login}', '{scope}', '{verifier}', '{verifier}', '', 'https://id.example.com/oauth2/auth?client_id={client}', false, '{client}',
                     now(), NULL, {context}, '{session}', '')"
            ))?;
            go(changed, Stage::HandleLogin)
        }
        Stage::HandleLogin => {
            let rejected = tx.rng.chance(22);
            tx.name = if rejected {
                "login rejected"
            } else {
                "login accepted"
            };
            let error = if rejected {
                r#"{"error":"access_denied","error_description":"Zoë said no","valid":true}"#
            } else {
                "{}"
            };
            let context = Value::Json.sql(tx.rng);
            let changed = tx.run(&format!(
                "INSERT INTO hydra_oauth2_authentication_request_handled (challenge, subject, remember, remember_for, error, acr, requested_at,
                     authenticated_at, was_used, forced_subject_identifier, context, amr)
                 VALUES ('{login}', {subject}, true, 3600, '{error}', '0', now(), now(), false, '', {context}, 'pwd|otp')"
            ))?;
            Ok((changed > 0 && !rejected).then_some(Stage::UseLogin))
        }
        Stage::UseLogin => {
            tx.name = "login used";
            let changed = tx.run(&format!(
                "UPDATE hydra_oauth2_authentication_request_handled SET was_used = true WHERE challenge = '{login}'"
            ))?;
            go(changed, Stage::Authenticate)
        }
        _ => {
            tx.name = "session authenticated";
            let changed = tx.run(&format!(
                "UPDATE hydra_oauth2_authentication_session SET authenticated_at = now(), subject = {subject}, remember = true WHERE id = '{session}'"
            ))?;
            go(changed, Stage::RequestConsent)
        }
    }
}

fn consent(tx: &mut Tx<'_>, flow: &Flow) -> Result<Option<Stage>, Failure> {
    let Flow {
        client,
        session,
        login,
        consent,
        scope,
        ..
    } = flow;
    match flow.stage {
        Stage::RequestConsent => {
            tx.name = "consent requested";
            let (verifier, subject) = (tx.rng.hex(32), quote(&flow.subject));
            let context = Value::JsonText.sql(tx.rng);
            let changed = tx.run(&format!(
                "INSERT INTO hydra_oauth2_consent_request (challenge, verifier, client_id, subject, request_url, skip, requested_scope, csrf,
                     authenticated_at, requested_at, oidc_context, forced_subject_identifier, login_session_id, login_challenge,
                     requested_at_audience, acr, context, amr)
                 VALUES ('{consent}', '{verifier}', '{client}', {subject}, 'https://id.example.com/oauth2/auth', false, '{scope}', '{verifier}',
                     now(), now(), {context}, '', '{session}', '{login}', '', '0', '{{}}', 'pwd|otp')"
            ))?;
            go(changed, Stage::HandleConsent)
        }
        Stage::HandleConsent => {
            let rejected = tx.rng.chance(22);
            tx.name = if rejected {
                "consent rejected"
            } else {
                "consent accepted"
            };
            let (error, granted) = if rejected {
                (r#"{"error":"access_denied","valid":true}"#, "")
            } else {
                ("{}", scope.as_str())
            };
            let (access, id) = (Value::Json.sql(tx.rng), Value::JsonText.sql(tx.rng));
            let changed = tx.run(&format!(
                "INSERT INTO hydra_oauth2_consent_request_handled (challenge, granted_scope, remember, remember_for, error, requested_at,
                     session_access_token, session_id_token, authenticated_at, was_used, granted_at_audience, handled_at)
                 VALUES ('{consent}', '{granted}', true, 0, '{error}', now(), {access}, {id}, now(), false, '', now())"
            ))?;
            Ok((changed > 0 && !rejected).then_some(Stage::UseConsent))
        }
        _ => {
            tx.name = "consent used";
            let changed = tx.run(&format!(
                "UPDATE hydra_oauth2_consent_request_handled SET was_used = true WHERE challenge = '{consent}'"
            ))?;
            go(changed, Stage::Code)
        }
    }
}

fn code(tx: &mut Tx<'_>, flow: &mut Flow) -> Result<Option<Stage>, Failure> {
    let (name, table, next) = match flow.stage {
        Stage::Code => ("code issued", "code", Stage::Oidc),
        Stage::Oidc => ("oidc session stored", "oidc", Stage::Pkce),
        Stage::Pkce => ("pkce session stored", "pkce", Stage::Redeem),
        Stage::Redeem => {
            tx.name = "pkce session redeemed";
            let changed = tx.run(&format!(
                "DELETE FROM hydra_oauth2_pkce WHERE signature = '{}'",
                flow.code
            ))?;
            return go(changed, Stage::Exchange);
        }
        _ => {
            tx.name = "code exchanged";
            let access = tx.rng.base64(43);
            let [access, refresh] = [
                flow.token(tx, "access", &access),
                flow.token(tx, "refresh", &flow.refresh),
            ];
            let changed = tx.run(&format!(
                "UPDATE hydra_oauth2_code SET active = false WHERE signature = '{}'",
                flow.code
            ))?;
            tx.run(&access)?;
            tx.run(&refresh)?;
            return go(changed, Stage::Tokens);
        }
    };
    tx.name = name;
    let insert = flow.token(tx, table, &flow.code);
    let changed = tx.run(&insert)?;
    go(changed, next)
}

fn tokens(tx: &mut Tx<'_>, flow: &mut Flow) -> Result<Option<Stage>, Failure> {
    let consent = &flow.consent;
    let end_access = format!("DELETE FROM hydra_oauth2_access WHERE request_id = '{consent}'");
    let end_refresh =
        format!("UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = '{consent}'");
    if flow.stage == Stage::RevokeAccess {
        tx.name = "access tokens revoked";
        tx.run(&end_access)?;
        return Ok(None);
    }
    match tx.rng.below(10) {
        0..5 => {
            tx.name = "refresh token rotated";
            let next = tx.rng.base64(43);
            let access = tx.rng.base64(43);
            let [access, refresh] = [
                flow.token(tx, "access", &access),
                flow.token(tx, "refresh", &next),
            ];
            tx.run(&end_access)?;
            let changed = tx.run(&end_refresh)?;
            tx.run(&access)?;
            tx.run(&refresh)?;
            flow.refresh = next;
            go(changed, Stage::Tokens)
        }
        5..7 => {
            tx.name = "refresh token revoked";
            let changed = tx.run(&end_refresh)?;
            go(changed, Stage::RevokeAccess)
        }
        _ => {
            tx.name = "logout requested";
            let Flow {
                logout,
                client,
                session,
                ..
            } = &*flow;
            let (verifier, subject) = (tx.rng.uuid(), quote(&flow.subject));
            let changed = tx.run(&format!(
                "INSERT INTO hydra_oauth2_logout_request (challenge, verifier, subject, sid, client_id, request_url, redir_url, was_used, accepted,
                     rejected, rp_initiated)
                 VALUES ('{logout}', '{verifier}', {subject}, '{session}', '{client}', '/oauth2/sessions/logout', 'https://app.example.com/bye',
                     false, false, false, true)"
            ))?;
            go(changed, Stage::LogoutAccept)
        }
    }
}

/// The logins of the session go with it, its consents lose them, the tokens stay.
fn logout(tx: &mut Tx<'_>, flow: &Flow) -> Result<Option<Stage>, Failure> {
    let (name, set, next) = match flow.stage {
        Stage::LogoutAccept => ("logout accepted", "accepted", Stage::LogoutUse),
        Stage::LogoutUse => ("logout used", "was_used", Stage::LogoutEnd),
        _ => {
            tx.name = "session removed";
            remove_session(tx, &flow.session)?;
            return Ok(None);
        }
    };
    tx.name = name;
    let changed = tx.run(&format!(
        "UPDATE hydra_oauth2_logout_request SET {set} = true WHERE challenge = '{}'",
        flow.logout
    ))?;
    go(changed, next)
}

/// Deletes a session, and counts what follows it.
pub(super) fn remove_session(tx: &mut Tx<'_>, session: &str) -> Result<u64, Failure> {
    let of_session = |table: &str| {
        format!("SELECT count(*) FROM hydra_oauth2_{table} WHERE login_session_id = '{session}'")
    };
    let logins = tx.number(&of_session("authentication_request"))?;
    let consents = tx.number(&of_session("consent_request"))?;
    let changed = tx.run(&format!(
        "DELETE FROM hydra_oauth2_authentication_session WHERE id = '{session}'"
    ))?;
    tx.count("logins of a removed session", logins);
    tx.count("consents orphaned", consents);
    Ok(changed)
}
