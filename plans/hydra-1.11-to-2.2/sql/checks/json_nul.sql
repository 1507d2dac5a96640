-- json_nul: JSON holding \u0000, which jsonb cannot: the plan turns it into \ufffd.
-- For plan.toml; warn.
SELECT table_name, key, column_name || ' holds \u0000' AS reason
FROM (
    SELECT 'hydra_oauth2_authentication_request', challenge, 'oidc_context', oidc_context FROM hydra_oauth2_authentication_request
    UNION ALL
    SELECT 'hydra_oauth2_authentication_request_handled', challenge, 'context', context FROM hydra_oauth2_authentication_request_handled
    UNION ALL
    SELECT 'hydra_oauth2_consent_request', challenge, 'oidc_context', oidc_context FROM hydra_oauth2_consent_request
    UNION ALL
    SELECT 'hydra_oauth2_consent_request', challenge, 'context', context FROM hydra_oauth2_consent_request
    UNION ALL
    SELECT 'hydra_oauth2_consent_request_handled', challenge, 'session_access_token', session_access_token FROM hydra_oauth2_consent_request_handled
    UNION ALL
    SELECT 'hydra_oauth2_consent_request_handled', challenge, 'session_id_token', session_id_token FROM hydra_oauth2_consent_request_handled
) AS j (table_name, key, column_name, json)
WHERE strpos(json, '\u0000') > 0 AND json ~ '(?<!\\)(\\\\)*\\u0000'
