//! Every file of the reference plan's revocations, run by a real server on either side: one event of each kind, and nobody else's
//! rows.

use std::collections::BTreeSet;

use super::outside::{append_to, with_file};
use crate::support::{Fixture, Seed};

/// Rows of their own for the kinds: each is named after its kind. Tokens of one kind are one grant.
const ROWS: &str = "
    CREATE FUNCTION pg_temp.token(kind text, place text, client text) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE format('INSERT INTO hydra_oauth2_%s
            (signature, request_id, client_id, scope, granted_scope, form_data, session_data, subject)
            VALUES (%L, %L, %L, '''', '''', '''', '''', '''')', place, kind, kind, client);
    END $$;
    CREATE TEMP TABLE one AS SELECT * FROM hydra_client ORDER BY id LIMIT 1;
    INSERT INTO hydra_client SELECT (jsonb_populate_record(one, jsonb_build_object('id', c.id, 'pk', nextval('hydra_client_pk_seq')))).*
    FROM one, (VALUES ('base'), ('client_deleted'), ('client_row_deleted')) AS c (id);
    INSERT INTO hydra_jwk (sid, kid, keydata)
    SELECT k, k, '{}' FROM unnest(ARRAY['issuer_deleted', 'key_deleted', 'key_row_deleted']) AS k;
    INSERT INTO hydra_oauth2_trusted_jwt_bearer_issuer (id, issuer, subject, scope, key_set, key_id)
    SELECT md5(k)::uuid, k, k, '', k, k FROM unnest(ARRAY['issuer_deleted', 'key_deleted', 'key_row_deleted']) AS k;
    SELECT pg_temp.token(k, p, 'base') FROM (VALUES ('access_deleted', 'access'),
        ('access_revoked', 'access'), ('access_revoked', 'refresh'), ('refresh_revoked', 'access'), ('refresh_revoked', 'refresh'),
        ('grant_revoked', 'access'), ('grant_revoked', 'refresh'), ('refresh_deleted', 'refresh'), ('refresh_ended', 'refresh'),
        ('code_deleted', 'code'), ('code_ended', 'code'), ('oidc_deleted', 'oidc'), ('pkce_deleted', 'pkce')) AS t (k, p);
    SELECT pg_temp.token(k, 'access', k) FROM unnest(ARRAY['client_deleted', 'client_row_deleted']) AS k;";

/// What an event of a kind carries, by the expressions that blue gives it.
fn values(kind: &str) -> Vec<(&'static str, &'static str)> {
    match kind {
        "access_deleted" | "access_revoked" | "refresh_deleted" | "refresh_ended"
        | "refresh_revoked" | "code_deleted" | "code_ended" | "oidc_deleted" | "pkce_deleted" => {
            vec![("signature", "KIND")]
        }
        "grant_revoked" => vec![("request_id", "KIND")],
        "assertion_noted" => vec![
            ("signature", "KIND"),
            ("expires_at", "'2040-01-01 00:00:00.5'"),
        ],
        "client_deleted" => vec![("id", "KIND")],
        "client_row_deleted" => vec![
            ("id", "KIND"),
            ("pk", "(SELECT pk FROM hydra_client WHERE id = KIND)"),
        ],
        "key_deleted" => vec![("sid", "KIND"), ("kid", "KIND")],
        "key_row_deleted" => vec![
            ("sid", "KIND"),
            ("kid", "KIND"),
            ("pk", "(SELECT pk FROM hydra_jwk WHERE kid = KIND)"),
        ],
        "issuer_deleted" => vec![("id", "md5(KIND)::uuid")],
        "consent_revoked" => vec![(
            "challenge",
            "(SELECT min(challenge_id) FROM hydra_oauth2_access)",
        )],
        "session_ended" => vec![(
            "id",
            "(SELECT min(id) FROM hydra_oauth2_authentication_session
              WHERE id IN (SELECT login_session_id FROM hydra_oauth2_authentication_request))",
        )],
        _ => panic!("`{kind}` has no event in this test"),
    }
}

/// What stands of a kind's rows, and how much of it before and after. `VALUE` is the first value of its event.
fn standing(kind: &str) -> (String, &'static str, &'static str) {
    let count =
        |table: &str, condition: &str| format!("(SELECT count(*) FROM {table} WHERE {condition})");
    let active = |table: &str| count(table, "active AND request_id = VALUE");
    let key = || {
        count("hydra_jwk", "kid = VALUE")
            + " + "
            + &count("hydra_oauth2_trusted_jwt_bearer_issuer", "key_id = VALUE")
    };
    let client = || {
        count("hydra_client", "id = VALUE")
            + " + "
            + &count("hydra_oauth2_access", "client_id = VALUE")
    };
    let grant = || active("hydra_oauth2_access") + " + " + &active("hydra_oauth2_refresh");
    match kind {
        "access_deleted" => (active("hydra_oauth2_access"), "1", "0"),
        "access_revoked" | "refresh_revoked" | "grant_revoked" => (grant(), "2", "0"),
        "refresh_deleted" => (count("hydra_oauth2_refresh", "signature = VALUE"), "1", "0"),
        "refresh_ended" => (active("hydra_oauth2_refresh"), "1", "0"),
        "code_deleted" => (count("hydra_oauth2_code", "signature = VALUE"), "1", "0"),
        "code_ended" => (active("hydra_oauth2_code"), "1", "0"),
        "oidc_deleted" => (count("hydra_oauth2_oidc", "signature = VALUE"), "1", "0"),
        "pkce_deleted" => (count("hydra_oauth2_pkce", "signature = VALUE"), "1", "0"),
        "assertion_noted" => (
            count(
                "hydra_oauth2_jti_blacklist",
                "signature = VALUE AND expires_at = '2040-01-01 00:00:00.5'",
            ),
            "0",
            "1",
        ),
        "client_deleted" | "client_row_deleted" => (client(), "2", "0"),
        "key_deleted" | "key_row_deleted" => (key(), "2", "0"),
        "issuer_deleted" => (
            count("hydra_oauth2_trusted_jwt_bearer_issuer", "id = VALUE"),
            "1",
            "0",
        ),
        "consent_revoked" => (
            format!(
                "least(1, {} + {})",
                count("hydra_oauth2_access", "challenge_id = VALUE"),
                count("hydra_oauth2_refresh", "active AND challenge_id = VALUE")
            ),
            "1",
            "0",
        ),
        "session_ended" => (
            count("hydra_oauth2_authentication_session", "id = VALUE"),
            "1",
            "0",
        ),
        _ => panic!("`{kind}` is not looked at in this test"),
    }
}

/// The kinds that a folder of the plan has files for.
fn kinds(folder: &str) -> BTreeSet<String> {
    let folder = Fixture::Hydra(0).folder().join(folder);
    let files = std::fs::read_dir(folder).expect("the folder");
    files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "sql"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

#[test]
fn an_event_of_every_kind_does_its_work_on_green_and_on_blue() {
    let all = kinds("sql/revoke");
    assert_eq!(all, kinds("sql/revoke/blue"));
    assert!(all.len() >= 18, "{all:?}");
    let scene = with_file(Seed::Copy, "1s");
    scene.on_blue(ROWS);
    let consents = "SELECT 'access ' || signature FROM hydra_oauth2_access WHERE challenge_id = (SELECT min(challenge_id) FROM hydra_oauth2_access)
        UNION ALL SELECT 'refresh ' || r.signature FROM hydra_oauth2_refresh AS r WHERE r.challenge_id = (SELECT min(challenge_id) FROM hydra_oauth2_access)
        UNION ALL SELECT 'code ' || c.signature FROM hydra_oauth2_code AS c WHERE c.challenge_id = (SELECT min(challenge_id) FROM hydra_oauth2_access)";
    let consents = scene.on_blue(consents);
    scene.migration.run(&["run"]).with(0);
    let lives = (scene.green_lives(), scene.blue_lives());
    let mut looks = Vec::new();
    for kind in &all {
        let pairs: Vec<String> =
            std::iter::once(format!("'id', 'event of {kind}', 'kind', '{kind}'"))
                .chain(values(kind).iter().map(|(name, expression)| {
                    let expression = expression.replace("KIND", &format!("'{kind}'"));
                    format!("'{name}', ({expression})::text")
                }))
                .collect();
        let event = scene.on_blue(&format!("SELECT jsonb_build_object({})", pairs.join(", ")));
        let first = values(kind)[0].1.replace("KIND", &format!("'{kind}'"));
        let value = format!("'{}'", scene.on_blue(&format!("SELECT {first}")));
        let (look, before, after) = standing(kind);
        looks.push((
            kind,
            "SELECT ".to_owned() + &look.replace("VALUE", &value),
            before,
            after,
        ));
        append_to(&scene.migration.path("revoked.jsonl"), &(event + "\n"));
    }
    for (kind, look, before, _after) in &looks {
        assert_eq!((kind, scene.on_blue(look).as_str()), (kind, *before));
        assert_eq!((kind, scene.on_green(look).as_str()), (kind, *before));
    }
    let replayed = scene.revocations("replay", &[]).with(0).json();
    assert_eq!(
        (&replayed["done"], &replayed["tombstones"]),
        (&all.len().into(), &0.into())
    );
    for (kind, look, before, after) in &looks {
        assert_eq!((kind, scene.on_green(look).as_str()), (kind, *after));
        assert_eq!((kind, scene.on_blue(look).as_str()), (kind, *before));
    }
    scene.migration.run(&["abort"]).with(0);
    for (kind, look, _before, after) in &looks {
        assert_eq!((kind, scene.on_blue(look).as_str()), (kind, *after));
    }
    // Nobody else's token is dead.
    let others = |token: &&String| {
        let signature = token.split(' ').nth(1).unwrap_or_default();
        !all.contains(signature) && !consents.lines().any(|line| line == token.as_str())
    };
    for (before, now) in [
        (lives.0, scene.green_lives()),
        (lives.1, scene.blue_lives()),
    ] {
        let extra: Vec<&String> = before.difference(&now).filter(others).collect();
        assert!(extra.is_empty(), "{extra:?}");
    }
}
