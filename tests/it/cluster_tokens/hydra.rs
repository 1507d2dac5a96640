//! The tokens of Hydra 1.11, as `plans/hydra-1.11-to-2.2/tokens.toml.part` has them, through a whole migration.

use std::path::Path;

use crate::support::{Fixture, Migration, Program, Seed};

/// Tokens that live now: an access and a refresh token, revoked ones, an encrypted one and one of before 1.10.
const TOKENS: &str = r#"
CREATE TEMP TABLE chosen AS SELECT client_id, challenge_id, subject FROM hydra_oauth2_access WHERE challenge_id IS NOT NULL LIMIT 1;
INSERT INTO hydra_oauth2_access (signature, request_id, requested_at, client_id, scope, granted_scope, form_data, session_data, subject, challenge_id)
SELECT 'live-' || i, challenge_id, now() AT TIME ZONE 'UTC', client_id, '', '', '',
       CASE i WHEN 3 THEN 'ZW5jcnlwdGVk' WHEN 4 THEN '{"idToken":{"ExpiresAt":{"access_token":"2999-01-01T00:00:00Z"}}}'
              ELSE '{"id_token":{"expires_at":{"access_token":"' || life || '"}},"extra":{}}' END, subject, challenge_id
FROM chosen, generate_series(1, 4) AS i,
     LATERAL (SELECT to_char((now() + interval '40 minutes') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US') || '777Z' AS life) AS l;
INSERT INTO hydra_oauth2_refresh (signature, request_id, requested_at, client_id, scope, granted_scope, form_data, session_data, subject, active, challenge_id)
SELECT 'live-' || i, challenge_id, now() AT TIME ZONE 'UTC', client_id, '', '', '',
       CASE i WHEN 3 THEN '{"id_token":{"expires_at":{"access_token":"' || life || '"}}}'
              ELSE '{"id_token":{"expires_at":{"access_token":"' || life || '","refresh_token":"' || life || '"}},"extra":{}}' END,
       subject, i <> 2, challenge_id
FROM chosen, generate_series(1, 3) AS i,
     LATERAL (SELECT to_char((now() + interval '40 minutes') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS life) AS l;
UPDATE hydra_client SET authorization_code_grant_access_token_lifespan = 3600000000000
WHERE id = (SELECT min(id) FROM hydra_client);
"#;

const LIVES: &str = "
SELECT string_agg(concat_ws('|', signature, active, session_data::jsonb #>> '{id_token,expires_at}'), ',' ORDER BY signature)
FROM (SELECT signature, active, session_data FROM hydra_oauth2_access WHERE signature IN ('live-1', 'live-2', 'live-4')
      UNION ALL SELECT 'r' || signature, active, session_data FROM hydra_oauth2_refresh WHERE signature LIKE 'live-%') AS t";

#[test]
fn hydras_tokens_live_longer_for_the_window_and_as_before_after_it() {
    let migration = Migration::prepared(Fixture::Hydra(500), "plan.toml", Seed::Live, &[TOKENS]);
    let fragment =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/hydra-1.11-to-2.2/tokens.toml.part");
    migration.with_table(&std::fs::read_to_string(fragment).expect("tokens.toml.part"));
    let plan = migration.path("plan.toml").display().to_string();
    let tokens = |way: &str, more: &[&str]| {
        let mut command = migration.command(&["check"]);
        let environment: Vec<_> = command
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
            .collect();
        command = crate::support::greenlight();
        command
            .args(["tokens", way, &plan, "--json"])
            .args(more)
            .envs(environment);
        Program::start(&mut command).end().with(0).json()
    };
    migration.run(&["check"]).with(0);
    let on_blue = |sql: &str| migration.pair.blue.psql("blue", sql);
    let before = on_blue(LIVES);
    let spans = "SELECT string_agg(authorization_code_grant_access_token_lifespan::text, ',') FROM hydra_client";
    let span = on_blue(spans);
    let looked = tokens("extend", &[]);
    let unread = looked["lives"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["name"] == "hydra_oauth2_access")
        .map(|row| row["unread"].clone());
    assert!(
        unread.and_then(|unread| unread.as_u64()) >= Some(2),
        "{looked:#}"
    );
    // Green follows: what is written on blue from here on reaches it as any write does.
    migration.run(&["run", "--until", "compare"]).with(0);
    tokens("extend", &["--execute"]);
    let longer = "SELECT count(*) FROM (
        SELECT session_data::jsonb #>> '{id_token,expires_at,access_token}' AS life FROM hydra_oauth2_access WHERE signature IN ('live-1', 'live-2')
        UNION ALL SELECT session_data::jsonb #>> '{id_token,expires_at,refresh_token}' FROM hydra_oauth2_refresh WHERE signature LIKE 'live-%') AS t
        WHERE life::timestamptz BETWEEN now() + interval '5 hours' AND now() + interval '6 hours'";
    assert_eq!(
        on_blue(longer),
        "3",
        "two access tokens and a refresh token"
    );
    assert_ne!(on_blue(spans), span);
    // Tokens of the fixture that SQL cannot read and that are old: the gate bounds them, and they are over.
    let gates = migration.run(&["cutover"]).with(0).json();
    assert!(
        gates["gates"].to_string().contains("tokens that expire"),
        "{gates:#}"
    );
    migration.run(&migration.cutover()).with(0);
    assert_eq!(migration.on_green(LIVES), before);
    assert_eq!(migration.on_green(spans), span);
}
