//! What the rows of Hydra 1.11 mean in 2.2, worked out a second time, in Rust, without the plan's SQL.
//!
//! Rows are maps from column name to PostgreSQL's text form (`None` is NULL), read with `TimeZone = 'UTC'` and ISO dates.
//! An expectation names only the columns that are judged; a column on which the meaning is open is left out, and the
//! comment there says so with the words *not judged*. Lists and contexts are compared as parsed JSON: `flow_differences`
//! and `canonical_client` bring green's rows into the form of the expectation.

mod difference;
mod reading;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub(crate) use self::difference::{canonical_client, flow_differences, row_differences};
use self::reading::{json, list_json, remembered_until};

/// One row of either version: column name to text form.
pub(crate) type Row = BTreeMap<String, Option<String>>;

/// The judged columns of one row of 2.2.
pub(crate) type Expected = BTreeMap<&'static str, Option<String>>;

/// Which flow a row of 2.2 is. The derived login challenge of orphans and second consents is not prescribed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ConsentOrLoginKey {
    /// `consent_challenge_id`, where the flow has one.
    Consent(String),
    /// `login_challenge` of a flow without consent.
    Login(String),
}

/// The four tables of 1.11 that became flows, and the network that owns every row of 2.2.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tables {
    pub(crate) login_requests: Vec<Row>,
    pub(crate) login_handled: Vec<Row>,
    pub(crate) consent_requests: Vec<Row>,
    pub(crate) consent_handled: Vec<Row>,
    pub(crate) nid: String,
}

/// The list columns of a client.
const CLIENT_LISTS: [&str; 8] = [
    "redirect_uris",
    "grant_types",
    "response_types",
    "contacts",
    "request_uris",
    "allowed_cors_origins",
    "audience",
    "post_logout_redirect_uris",
];

/// Until when a remembered consent is remembered, in microseconds of the Unix epoch. Not a column: see [`expected_flows`].
const REMEMBERED_UNTIL: &str = "consent_remembered_until";

/// One login request with what was made of it.
#[derive(Clone, Copy)]
struct Login<'a> {
    request: &'a Row,
    handled: Option<&'a Row>,
}

/// One consent request with what was made of it.
#[derive(Clone, Copy)]
struct Consent<'a> {
    request: &'a Row,
    handled: Option<&'a Row>,
}

/// Returns every flow that 2.2 must have, by the key that both versions know.
///
/// One flow a consent request, orphan or not, and one for each login request without consent.
pub(crate) fn expected_flows(tables: &Tables) -> BTreeMap<ConsentOrLoginKey, Expected> {
    let login_handled = by_challenge(&tables.login_handled);
    let consent_handled = by_challenge(&tables.consent_handled);
    let logins: BTreeMap<&str, Login<'_>> = by_challenge(&tables.login_requests)
        .into_iter()
        .map(|(challenge, request)| {
            (
                challenge,
                Login {
                    request,
                    handled: login_handled.get(challenge).copied(),
                },
            )
        })
        .collect();
    let mut consents_of: BTreeMap<&str, usize> = BTreeMap::new();
    for login_challenge in tables
        .consent_requests
        .iter()
        .filter_map(|row| get(row, "login_challenge"))
    {
        *consents_of.entry(login_challenge).or_default() += 1;
    }

    let mut flows = BTreeMap::new();
    for (challenge, request) in by_challenge(&tables.consent_requests) {
        let consent = Consent {
            request,
            handled: consent_handled.get(challenge).copied(),
        };
        let login_challenge = get(request, "login_challenge");
        let login = login_challenge.and_then(|key| logins.get(key)).copied();
        let shared =
            login_challenge.is_some_and(|key| consents_of.get(key).is_some_and(|count| *count > 1));
        let key = ConsentOrLoginKey::Consent(challenge.to_owned());
        flows.insert(key, flow(login, Some(consent), shared, &tables.nid));
    }
    for (challenge, login) in &logins {
        if !consents_of.contains_key(challenge) {
            let key = ConsentOrLoginKey::Login((*challenge).to_owned());
            flows.insert(key, flow(Some(*login), None, false, &tables.nid));
        }
    }
    flows
}

/// Returns one flow. `shared`: other consent requests hang on the same login request.
fn flow(
    login: Option<Login<'_>>,
    consent: Option<Consent<'_>>,
    shared: bool,
    nid: &str,
) -> Expected {
    let mut flow = Expected::new();
    flow.insert("nid", some(nid));
    flow.insert("login_extend_session_lifespan", some("f"));
    flow.insert("identity_provider_session_id", None);
    state(&mut flow, login, consent);
    both(&mut flow, login, consent);
    match login {
        // Not judged: which of several consents keeps the login's challenge, and what the others get in its columns.
        Some(login) if !shared => login_columns(&mut flow, login, consent.is_some()),
        // Not judged: an orphan's login columns. The logout deleted the login request.
        Some(_) | None => {}
    }
    match consent {
        Some(consent) => consent_columns(&mut flow, consent),
        None => no_consent_columns(&mut flow),
    }
    // Not judged otherwise: 1.11 counts the consent's memory from the handled row, 2.2 from requested_at, so either
    // requested_at or consent_remember_for may have moved. What must hold is when the memory ends.
    if let (Some(login), None) = (login, consent) {
        flow.insert("requested_at", owned(login.request, "requested_at"));
    }
    flow
}

/// State by what happened last. An error is an error only if it says something: 1.11 stores `{}` for none.
fn state(flow: &mut Expected, login: Option<Login<'_>>, consent: Option<Consent<'_>>) {
    let failed = |row: &Row| !matches!(get(row, "error"), None | Some("" | "{}"));
    let used = |row: &Row| get(row, "was_used") == Some("t");
    let login_handled = login.and_then(|login| login.handled);
    let state = match (login_handled, consent) {
        (Some(login), _) if failed(login) => "128",
        (_, Some(consent)) => match consent.handled {
            Some(consent) if failed(consent) => "129",
            Some(consent) if used(consent) => "6",
            Some(_) => "5",
            None => "4",
        },
        (Some(login), None) if used(login) => "3",
        (Some(_), None) => "2",
        (None, None) => "1",
    };
    flow.insert("state", some(state));
}

/// The columns that login and consent both know.
fn both(flow: &mut Expected, login: Option<Login<'_>>, consent: Option<Consent<'_>>) {
    let login_request = login.map(|login| login.request);
    let login_handled = login.and_then(|login| login.handled);
    let consent_request = consent.map(|consent| consent.request);

    let named = |row: Option<&'_ Row>| {
        row.and_then(|row| get(row, "subject"))
            .filter(|subject| !subject.is_empty())
            .map(str::to_owned)
    };
    let subject = named(consent_request)
        .or_else(|| named(login_handled))
        .or_else(|| named(login_request));
    flow.insert("subject", Some(subject.unwrap_or_default()));

    // Not judged where the two sides differ: nothing says which one wins.
    for column in ["client_id", "request_url"] {
        if let Some(value) = agreed(login_request, consent_request, |row| {
            get(row, column).map(str::to_owned)
        }) {
            flow.insert(column, Some(value));
        }
    }
    for column in ["requested_scope", "requested_at_audience"] {
        if let Some(value) = agreed(login_request, consent_request, |row| {
            list_json(get(row, column)?)
        }) {
            flow.insert(column, Some(value));
        }
    }
    if let Some(value) = agreed(login_request, consent_request, |row| {
        json(get(row, "oidc_context")?)
    }) {
        flow.insert("oidc_context", Some(value));
    }
    // NULL is a session that ended. An orphan's is NULL already; a login that never had one agrees with its consent.
    match (
        login_request.map(|row| get(row, "login_session_id")),
        consent_request.map(|row| get(row, "login_session_id")),
    ) {
        (Some(one), Some(other)) if one != other => {} // not judged
        (Some(session), _) | (None, Some(session)) => {
            flow.insert("login_session_id", session.map(str::to_owned));
        }
        (None, None) => {}
    }

    // These the login's answer gave and the consent request copied. Not judged before there is either.
    if let Some(value) = agreed(login_handled, consent_request, |row| {
        Some(get(row, "acr").unwrap_or_default().to_owned())
    }) {
        flow.insert("acr", Some(value));
    }
    let forced = |row: &Row| {
        Some(
            get(row, "forced_subject_identifier")
                .unwrap_or_default()
                .to_owned(),
        )
    };
    if let Some(value) = agreed(login_handled, consent_request, forced) {
        flow.insert("forced_subject_identifier", Some(value));
    }
    if let Some(value) = agreed(login_handled, consent_request, |row| {
        list_json(get(row, "amr")?)
    }) {
        flow.insert("amr", Some(value));
    }
    if let Some(value) = agreed(login_handled, consent_request, |row| {
        json(get(row, "context")?)
    }) {
        flow.insert("context", Some(value));
    }
}

fn login_columns(flow: &mut Expected, login: Login<'_>, asked_for_consent: bool) {
    flow.insert("login_challenge", owned(login.request, "challenge"));
    flow.insert("login_verifier", owned(login.request, "verifier"));
    flow.insert("login_csrf", owned(login.request, "csrf"));
    flow.insert("login_skip", owned(login.request, "skip"));
    // By position in both catalogs, between requested_at and oidc_context, and by 1.11's columns that are not lost.
    flow.insert(
        "login_initialized_at",
        owned(login.request, "authenticated_at"),
    );
    let Some(handled) = login.handled else {
        // Not judged: the error (NULL, '' or '{}') and remember_for of a login that nobody answered, and whether it was
        // used where a consent was asked for nevertheless, which 1.11 did after a used login only.
        if !asked_for_consent {
            flow.insert("login_was_used", some("f"));
        }
        flow.insert("login_remember", some("f"));
        return;
    };
    flow.insert("login_was_used", owned(handled, "was_used"));
    flow.insert("login_remember", owned(handled, "remember"));
    flow.insert("login_remember_for", owned(handled, "remember_for"));
    // Not judged where the login has none: 1.11 copies it to the consent, which may have kept it.
    let authenticated = owned(handled, "authenticated_at");
    if authenticated.is_some() || !asked_for_consent {
        flow.insert("login_authenticated_at", authenticated);
    }
    error(flow, "login_error", handled);
}

fn consent_columns(flow: &mut Expected, consent: Consent<'_>) {
    flow.insert("consent_challenge_id", owned(consent.request, "challenge"));
    flow.insert("consent_verifier", owned(consent.request, "verifier"));
    flow.insert("consent_csrf", owned(consent.request, "csrf"));
    flow.insert("consent_skip", owned(consent.request, "skip"));
    let Some(handled) = consent.handled else {
        // Not judged: error, remember_for, grants and session of a consent that nobody answered.
        flow.insert("consent_was_used", some("f"));
        flow.insert("consent_remember", some("f"));
        flow.insert("consent_handled_at", None);
        return;
    };
    flow.insert("consent_was_used", owned(handled, "was_used"));
    flow.insert("consent_remember", owned(handled, "remember"));
    // Not judged where 1.11 has none (rows older than the column): requested_at may stand in.
    if get(handled, "handled_at").is_some() {
        flow.insert("consent_handled_at", owned(handled, "handled_at"));
    }
    if get(handled, "remember") == Some("t") && get(handled, "remember_for") != Some("0") {
        if let Some(until) =
            remembered_until(get(handled, "requested_at"), get(handled, "remember_for"))
        {
            flow.insert(REMEMBERED_UNTIL, Some(until));
        }
    } else {
        flow.insert("consent_remember_for", owned(handled, "remember_for"));
    }
    error(flow, "consent_error", handled);
    for column in ["granted_scope", "granted_at_audience"] {
        if let Some(value) = get(handled, column).and_then(list_json) {
            flow.insert(column, Some(value));
        }
    }
    for column in ["session_access_token", "session_id_token"] {
        if let Some(value) = get(handled, column).and_then(json) {
            flow.insert(column, Some(value));
        }
    }
}

fn no_consent_columns(flow: &mut Expected) {
    for column in [
        "consent_challenge_id",
        "consent_verifier",
        "consent_csrf",
        "consent_handled_at",
    ] {
        flow.insert(column, None);
    }
    for column in ["consent_skip", "consent_was_used", "consent_remember"] {
        flow.insert(column, some("f"));
    }
    // Not judged: remember_for, error, grants and session of a consent that was never asked for.
}

/// The error's text is unchanged. Not judged where 1.11 has '': 2.2 says `{}` for no error.
fn error(flow: &mut Expected, column: &'static str, handled: &Row) {
    if get(handled, "error") != Some("") {
        flow.insert(column, owned(handled, "error"));
    }
}

/// Returns the client of 2.2: lists as JSON, the number under its new name, everything else unchanged.
///
/// Not judged: `pk` (random in 2.2) and `skip_logout_consent` (NULL and false mean the same).
pub(crate) fn expected_client(row: &Row, nid: &str) -> Row {
    let mut client = expected_numbered(row, nid);
    for column in CLIENT_LISTS {
        client.remove(column);
        if let Some(list) = get(row, column).and_then(list_json) {
            client.insert(column.to_owned(), Some(list));
        }
    }
    client.insert("access_token_strategy".to_owned(), some(""));
    client.insert("skip_consent".to_owned(), some("f"));
    client
}

/// Returns a row of a table whose integer `pk` became `pk_deprecated`: clients and JSON web keys. Its new `pk` is not judged.
pub(crate) fn expected_numbered(row: &Row, nid: &str) -> Row {
    let mut numbered = expected_carried(row, nid);
    if let Some(number) = numbered.remove("pk") {
        numbered.insert("pk_deprecated".to_owned(), number);
    }
    numbered
}

/// Returns a row that only gains its network. Tokens are such rows, an orphan's with its `challenge_id` as it was.
pub(crate) fn expected_carried(row: &Row, nid: &str) -> Row {
    let mut carried = row.clone();
    carried.insert("nid".to_owned(), some(nid));
    carried
}

/// Returns what both rows say, or what the only row says. `None` where they differ or one of them cannot be read.
fn agreed(
    one: Option<&Row>,
    other: Option<&Row>,
    read: impl Fn(&Row) -> Option<String>,
) -> Option<String> {
    match (one, other) {
        (Some(one), Some(other)) => read(one).filter(|value| read(other).as_ref() == Some(value)),
        (Some(only), None) | (None, Some(only)) => read(only),
        (None, None) => None,
    }
}

/// Indexes rows by challenge.
fn by_challenge(rows: &[Row]) -> BTreeMap<&str, &Row> {
    rows.iter()
        .filter_map(|row| Some((get(row, "challenge")?, row)))
        .collect()
}

fn get<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row.get(column)?.as_deref()
}

fn owned(row: &Row, column: &str) -> Option<String> {
    get(row, column).map(str::to_owned)
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}
