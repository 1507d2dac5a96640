//! One small database a test; the rows are the shortest that mean something.

use super::{
    ConsentOrLoginKey, Expected, Row, Tables, canonical_client, expected_carried, expected_client,
    expected_flows, flow_differences, row_differences,
};

const NID: &str = "3c5a1f0e-0000-4000-8000-000000000001";

fn row(pairs: &[(&str, &str)]) -> Row {
    pairs
        .iter()
        .map(|(column, value)| ((*column).to_owned(), Some((*value).to_owned())))
        .collect()
}

fn with(mut row: Row, pairs: &[(&str, &str)]) -> Row {
    row.extend(self::row(pairs));
    row
}

fn login() -> Row {
    row(&[
        ("challenge", "l1"),
        ("verifier", "lv"),
        ("csrf", "lc"),
        ("subject", ""),
        ("request_url", "https://x/auth"),
        ("skip", "f"),
        ("client_id", "c"),
        ("requested_at", "2024-01-01 00:00:00"),
        ("requested_scope", "openid|a"),
        ("requested_at_audience", ""),
        ("oidc_context", "{}"),
        ("login_session_id", "s1"),
    ])
}

fn login_handled() -> Row {
    row(&[
        ("challenge", "l1"),
        ("subject", "ann"),
        ("remember", "t"),
        ("remember_for", "60"),
        ("error", "{}"),
        ("acr", "1"),
        ("was_used", "t"),
        ("context", r#"{"k": 1}"#),
        ("amr", "pwd"),
        ("authenticated_at", "2024-01-01 00:00:05"),
    ])
}

fn consent() -> Row {
    row(&[
        ("challenge", "k1"),
        ("login_challenge", "l1"),
        ("verifier", "kv"),
        ("csrf", "kc"),
        ("subject", "ann"),
        ("skip", "f"),
        ("request_url", "https://x/auth"),
        ("client_id", "c"),
        ("requested_at", "2024-01-01 00:00:10"),
        ("acr", "1"),
        ("requested_scope", "openid|a"),
        ("requested_at_audience", ""),
        ("oidc_context", "{}"),
        ("login_session_id", "s1"),
        ("context", r#"{"k":1}"#),
        ("amr", "pwd"),
    ])
}

fn consent_handled() -> Row {
    row(&[
        ("challenge", "k1"),
        ("granted_scope", ""),
        ("granted_at_audience", "a||b"),
        ("remember", "t"),
        ("remember_for", "3600"),
        ("error", "{}"),
        ("requested_at", "2024-01-01 00:00:20"),
        ("was_used", "t"),
        ("session_access_token", "{}"),
        ("session_id_token", r#"{"b":1,"a":2}"#),
        ("handled_at", "2024-01-01 00:00:30"),
    ])
}

fn tables(
    login: Vec<Row>,
    login_handled: Vec<Row>,
    consent: Vec<Row>,
    consent_handled: Vec<Row>,
) -> Tables {
    Tables {
        login_requests: login,
        login_handled,
        consent_requests: consent,
        consent_handled,
        nid: NID.to_owned(),
    }
}

fn only(tables: &Tables) -> Expected {
    let flows = expected_flows(tables);
    assert_eq!(flows.len(), 1);
    flows.into_values().next().unwrap_or_default()
}

fn value<'a>(flow: &'a Expected, column: &str) -> Option<Option<&'a str>> {
    flow.get(column).map(Option::as_deref)
}

#[test]
fn every_state_is_what_happened_last() {
    let unused = &[("was_used", "f")];
    let failed = &[("error", r#"{"error": "access_denied"}"#)];
    let cases = [
        ("1", None, None, None),
        ("2", Some(with(login_handled(), unused)), None, None),
        ("128", Some(with(login_handled(), failed)), None, None),
        ("3", Some(login_handled()), None, None),
        ("4", Some(login_handled()), Some(consent()), None),
        ("4", None, Some(consent()), None),
        (
            "129",
            Some(login_handled()),
            Some(consent()),
            Some(with(consent_handled(), failed)),
        ),
        (
            "5",
            Some(login_handled()),
            Some(consent()),
            Some(with(consent_handled(), unused)),
        ),
        (
            "6",
            Some(with(login_handled(), &[("error", "")])),
            Some(consent()),
            Some(consent_handled()),
        ),
    ];
    for (state, login_handled, consent, consent_handled) in cases {
        let list = |row: Option<Row>| row.into_iter().collect();
        let flow = only(&tables(
            vec![login()],
            list(login_handled),
            list(consent),
            list(consent_handled),
        ));
        assert_eq!(value(&flow, "state"), Some(Some(state)));
    }
}

#[test]
fn a_used_consent_is_judged_in_full() {
    let flow = only(&tables(
        vec![login()],
        vec![login_handled()],
        vec![consent()],
        vec![consent_handled()],
    ));
    for (column, expected) in [
        ("login_challenge", "l1"),
        ("login_verifier", "lv"),
        ("subject", "ann"),
        ("requested_scope", r#"["openid","a"]"#),
        ("requested_at_audience", "[]"),
        ("granted_scope", "[]"),
        ("granted_at_audience", r#"["a","b"]"#),
        ("amr", r#"["pwd"]"#),
        ("context", r#"{"k":1}"#),
        ("session_id_token", r#"{"a":2,"b":1}"#),
        ("login_error", "{}"),
        ("consent_error", "{}"),
        ("login_remember_for", "60"),
        ("login_session_id", "s1"),
        ("consent_handled_at", "2024-01-01 00:00:30"),
        ("acr", "1"),
        ("consent_remembered_until", "1704070820000000"),
        ("nid", NID),
        ("consent_was_used", "t"),
    ] {
        assert_eq!(value(&flow, column), Some(Some(expected)), "{column}");
    }
    assert_eq!(value(&flow, "requested_at"), None);
    assert_eq!(value(&flow, "consent_remember_for"), None);
}

#[test]
fn an_orphan_consent_keeps_its_flow_without_login_columns() {
    let mut orphan = consent();
    orphan.insert("login_challenge".to_owned(), None);
    orphan.insert("login_session_id".to_owned(), None);
    let flow = only(&tables(
        vec![],
        vec![],
        vec![orphan],
        vec![consent_handled()],
    ));
    assert_eq!(value(&flow, "state"), Some(Some("6")));
    assert_eq!(value(&flow, "subject"), Some(Some("ann")));
    assert_eq!(value(&flow, "login_session_id"), Some(None));
    assert_eq!(value(&flow, "acr"), Some(Some("1")));
    assert_eq!(value(&flow, "login_challenge"), None);
}

#[test]
fn two_consents_of_one_login_are_two_flows() {
    let second = with(consent(), &[("challenge", "k2"), ("verifier", "kv2")]);
    let flows = expected_flows(&tables(
        vec![login()],
        vec![login_handled()],
        vec![consent(), second],
        vec![consent_handled()],
    ));
    let states: Vec<_> = flows
        .values()
        .map(|flow| (value(flow, "state"), value(flow, "login_challenge")))
        .collect();
    assert_eq!(states, [(Some(Some("6")), None), (Some(Some("4")), None)]);
}

#[test]
fn the_subject_is_the_first_that_is_not_empty() {
    let subject = |login: Row, handled: Vec<Row>| {
        value(
            &only(&tables(vec![login], handled, vec![], vec![])),
            "subject",
        )
        .map(|it| it.map(str::to_owned))
    };
    assert_eq!(
        subject(with(login(), &[("subject", "bob")]), vec![login_handled()]),
        Some(Some("ann".to_owned()))
    );
    assert_eq!(
        subject(with(login(), &[("subject", "bob")]), vec![]),
        Some(Some("bob".to_owned()))
    );
    assert_eq!(subject(login(), vec![]), Some(Some(String::new())));
}

#[test]
fn what_the_two_sides_say_differently_is_not_judged() {
    let other = with(
        consent(),
        &[("request_url", "https://y/auth"), ("amr", "otp")],
    );
    let flow = only(&tables(
        vec![login()],
        vec![login_handled()],
        vec![other],
        vec![],
    ));
    assert_eq!(value(&flow, "request_url"), None);
    assert_eq!(value(&flow, "amr"), None);
    assert_eq!(value(&flow, "client_id"), Some(Some("c")));
}

#[test]
fn differences_name_flow_and_column() {
    let tables = tables(
        vec![login()],
        vec![login_handled()],
        vec![consent()],
        vec![consent_handled()],
    );
    let expected = expected_flows(&tables);
    let mut green: Row = only(&tables)
        .into_iter()
        .map(|(column, value)| (column.to_owned(), value))
        .collect();
    // Another way to the same end: the flow counts from the login, so it remembers for longer.
    green.extend(row(&[
        ("requested_at", "2024-01-01 00:00:00"),
        ("consent_remember_for", "3620"),
        ("context", r#"{"k": 1}"#),
    ]));
    assert_eq!(
        flow_differences(&expected, &[green.clone()]),
        Vec::<String>::new()
    );

    let wrong = with(
        green.clone(),
        &[("state", "128"), ("consent_remember_for", "3600")],
    );
    let named = flow_differences(
        &expected,
        &[
            wrong,
            green.clone(),
            with(green, &[("consent_challenge_id", "k9")]),
        ],
    );
    assert_eq!(
        named,
        [
            r#"Consent("k1"): consent_remembered_until"#,
            r#"Consent("k1"): state"#,
            r#"Consent("k1"): twice"#,
            r#"Consent("k9"): not expected"#,
        ]
    );
    let key = ConsentOrLoginKey::Consent("k1".to_owned());
    assert_eq!(
        flow_differences(&expected, &[]),
        [format!("{key:?}: missing")]
    );
}

#[test]
fn a_client_has_json_lists_and_a_new_name_for_its_number() {
    let client = row(&[
        ("id", "c"),
        ("pk", "7"),
        ("contacts", r#""Ops" <ops@x>"#),
        ("audience", "a||b"),
        ("scope", "a b"),
    ]);
    let expected = expected_client(&client, NID);
    let green = row(&[
        ("id", "c"),
        ("pk_deprecated", "7"),
        ("pk", "any"),
        ("contacts", r#"["\"Ops\" <ops@x>"]"#),
        ("audience", r#"["a", "b"]"#),
        ("scope", "a b"),
        ("nid", NID),
        ("access_token_strategy", ""),
        ("skip_consent", "f"),
    ]);
    assert_eq!(
        row_differences(&expected, &canonical_client(&green)),
        Vec::<String>::new()
    );
    let stock = with(green, &[("audience", r#"["a", "", "b"]"#)]);
    assert_eq!(
        row_differences(&expected, &canonical_client(&stock)),
        ["audience"]
    );
}

#[test]
fn a_token_keeps_its_challenge() {
    let token = row(&[("signature", "s"), ("challenge_id", "k1")]);
    let mut green = with(token.clone(), &[("nid", NID)]);
    assert_eq!(
        row_differences(&expected_carried(&token, NID), &green),
        Vec::<String>::new()
    );
    green.insert("challenge_id".to_owned(), None);
    assert_eq!(
        row_differences(&expected_carried(&token, NID), &green),
        ["challenge_id"]
    );
}
