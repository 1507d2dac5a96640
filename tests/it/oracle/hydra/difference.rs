//! Brings green's rows into the form of an expectation and names what differs.

use std::collections::{BTreeMap, BTreeSet};

use super::reading::{json, remembered_until};
use super::{CLIENT_LISTS, ConsentOrLoginKey, Expected, REMEMBERED_UNTIL, Row, get};

/// The jsonb columns of a flow.
const FLOW_JSON: [&str; 9] = [
    "oidc_context",
    "context",
    "session_access_token",
    "session_id_token",
    "requested_scope",
    "requested_at_audience",
    "amr",
    "granted_scope",
    "granted_at_audience",
];

/// Returns green's flow in the form of an expectation, and which flow it is.
fn canonical_flow(green: &Row) -> (ConsentOrLoginKey, Row) {
    let key = match get(green, "consent_challenge_id") {
        Some(challenge) => ConsentOrLoginKey::Consent(challenge.to_owned()),
        None => {
            ConsentOrLoginKey::Login(get(green, "login_challenge").unwrap_or_default().to_owned())
        }
    };
    let mut flow = canonical(green, &FLOW_JSON);
    let until = remembered_until(
        get(green, "requested_at"),
        get(green, "consent_remember_for"),
    );
    flow.insert(REMEMBERED_UNTIL.to_owned(), until);
    (key, flow)
}

/// Returns green's client in the form of an expectation.
pub(crate) fn canonical_client(green: &Row) -> Row {
    canonical(green, &CLIENT_LISTS)
}

/// Compares every flow; returns one line a difference, without values. Empty: all that is judged is as expected.
pub(crate) fn flow_differences(
    expected: &BTreeMap<ConsentOrLoginKey, Expected>,
    green: &[Row],
) -> Vec<String> {
    let mut differences = Vec::new();
    let mut seen = BTreeSet::new();
    for row in green {
        let (key, actual) = canonical_flow(row);
        match expected.get(&key) {
            None => differences.push(format!("{key:?}: not expected")),
            Some(_) if seen.contains(&key) => differences.push(format!("{key:?}: twice")),
            Some(flow) => {
                let judged = flow.iter().map(|(column, value)| (*column, value));
                differences.extend(
                    column_differences(judged, &actual)
                        .into_iter()
                        .map(|column| format!("{key:?}: {column}")),
                );
            }
        }
        seen.insert(key);
    }
    differences.extend(
        expected
            .keys()
            .filter(|key| !seen.contains(key))
            .map(|key| format!("{key:?}: missing")),
    );
    differences
}

/// Compares a client or a carried row; returns the names of the columns that differ.
pub(crate) fn row_differences(expected: &Row, canonical: &Row) -> Vec<String> {
    column_differences(
        expected
            .iter()
            .map(|(column, value)| (column.as_str(), value)),
        canonical,
    )
}

fn column_differences<'a>(
    judged: impl Iterator<Item = (&'a str, &'a Option<String>)>,
    actual: &Row,
) -> Vec<String> {
    judged
        .filter(|(column, value)| actual.get(*column) != Some(*value))
        .map(|(column, _)| column.to_owned())
        .collect()
}

fn canonical(green: &Row, json_columns: &[&str]) -> Row {
    green
        .iter()
        .map(|(column, value)| match value {
            // Text that is no JSON stays as it is, and differs.
            Some(text) if json_columns.contains(&column.as_str()) => (
                column.clone(),
                Some(json(text).unwrap_or_else(|| text.clone())),
            ),
            Some(_) | None => (column.clone(), value.clone()),
        })
        .collect()
}
