//! Row operations that Hydra itself hardly does, but that any service may: unique values and keys that go from one row to
//! another, and changes beside values that are stored out of line.

use super::super::link::Failure;
use super::super::transaction::{Acted, End, Tx};

/// Key and another column of two neighbours that nobody else holds.
type Two = [(String, String); 2];

fn two(
    tx: &mut Tx<'_>,
    table: &str,
    key: &str,
    column: &str,
    start: &str,
) -> Result<Option<Two>, Failure> {
    let rows = tx.ask(&format!(
        "SELECT {key}, {column} FROM {table} WHERE {key} >= '{start}' ORDER BY {key} LIMIT 2 FOR UPDATE SKIP LOCKED"
    ))?;
    let found: Vec<(String, String)> = rows
        .into_iter()
        .filter_map(|row| {
            let [key, value] = <[Option<String>; 2]>::try_from(row).ok()?;
            Some((key?, value?))
        })
        .collect();
    Ok(found.try_into().ok())
}

/// Two logins or consents exchange their verifiers, which must differ at any time.
pub(super) fn verifiers(tx: &mut Tx<'_>) -> Acted {
    let tables = [
        "hydra_oauth2_authentication_request",
        "hydra_oauth2_consent_request",
    ];
    let (table, way) = (*tx.rng.pick(&tables), tx.rng.hex(31));
    if let Some([(one, first), (two, second)]) = two(tx, table, "challenge", "verifier", "{h}")? {
        tx.run(&format!(
            "UPDATE {table} SET verifier = '-{way}' WHERE challenge = '{one}'; UPDATE {table} SET verifier = '{first}' WHERE challenge = '{two}';
             UPDATE {table} SET verifier = '{second}' WHERE challenge = '{one}'"
        ))?;
    }
    Ok(End::Commit)
}

/// Two tokens exchange their keys, so that each key is another row afterwards.
pub(super) fn keys(tx: &mut Tx<'_>) -> Acted {
    let table = *tx.rng.pick(&[
        "hydra_oauth2_access",
        "hydra_oauth2_refresh",
        "hydra_oauth2_pkce",
    ]);
    if let Some([(one, _), (two, _)]) = two(tx, table, "signature", "request_id", "{b}")? {
        tx.run(&format!(
            "UPDATE {table} SET signature = '-{one}' WHERE signature = '{one}'; UPDATE {table} SET signature = '{one}' WHERE signature = '{two}';
             UPDATE {table} SET signature = '{two}' WHERE signature = '-{one}'"
        ))?;
    }
    Ok(End::Commit)
}

/// A random row with a large value, by its key.
fn large_row(
    tx: &mut Tx<'_>,
    table: &str,
    key: &str,
    column: &str,
) -> Result<Option<String>, Failure> {
    let start = if key == "signature" { "{b}" } else { "{h}" };
    tx.one(&format!(
        "SELECT {key} FROM {table} WHERE {key} >= '{start}' AND octet_length({column}) > 8000 ORDER BY {key} LIMIT 1 FOR UPDATE SKIP LOCKED"
    ))
}

/// Columns beside a value that is stored out of line: the log does not repeat it.
pub(super) fn leave(tx: &mut Tx<'_>) -> Acted {
    let changes = [
        (
            "hydra_oauth2_access",
            "signature",
            "session_data",
            "subject = 'left'",
        ),
        (
            "hydra_oauth2_refresh",
            "signature",
            "session_data",
            "active = NOT active",
        ),
        (
            "hydra_oauth2_code",
            "signature",
            "form_data",
            "active = NOT active, granted_scope = 'left'",
        ),
        (
            "hydra_oauth2_authentication_request",
            "challenge",
            "request_url",
            "skip = NOT skip",
        ),
        (
            "hydra_oauth2_consent_request",
            "challenge",
            "context",
            "acr = '1', amr = 'left|a'",
        ),
        (
            "hydra_oauth2_consent_request_handled",
            "challenge",
            "session_access_token",
            "was_used = NOT was_used",
        ),
    ];
    let (table, key, column, sets) = *tx.rng.pick(&changes);
    if let Some(row) = large_row(tx, table, key, column)? {
        tx.run(&format!("UPDATE {table} SET {sets} WHERE {key} = '{row}'"))?;
    }
    Ok(End::Commit)
}

/// The log then has the old key, the new one, and no large value.
pub(super) fn rekey(tx: &mut Tx<'_>) -> Acted {
    let table = *tx.rng.pick(&[
        "hydra_oauth2_access",
        "hydra_oauth2_refresh",
        "hydra_oauth2_oidc",
    ]);
    let signature = tx.rng.base64(43);
    if let Some(row) = large_row(tx, table, "signature", "session_data")? {
        tx.run(&format!(
            "UPDATE {table} SET signature = '{signature}' WHERE signature = '{row}'"
        ))?;
    }
    Ok(End::Commit)
}
