-- json_surrogate: JSON holding half of a surrogate pair (\ud800 to \udfff), which jsonb refuses: the transform fails on it.
-- For plan.toml and stock.toml; stop.
SELECT table_name, key, column_name || ' holds half a surrogate pair' AS reason
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
WHERE json ~* '\\ud[89a-f]'
  AND regexp_replace(json, '\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}', '', 'gi') ~* '(?<!\\)(\\\\)*\\ud[89a-f][0-9a-f]{2}'
