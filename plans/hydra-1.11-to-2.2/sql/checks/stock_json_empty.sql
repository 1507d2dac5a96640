-- stock_json_empty: '' where 2.2 has jsonb. 1.11 reads it as an empty object, stock fails (22P02).
-- For stock.toml; stop.
SELECT table_name, key, column_name || ' is empty' AS reason
FROM (
    SELECT 'hydra_oauth2_authentication_request', challenge, 'oidc_context', oidc_context FROM hydra_oauth2_authentication_request
    UNION ALL
    SELECT 'hydra_oauth2_authentication_request_handled', challenge, 'context', context FROM hydra_oauth2_authentication_request_handled
    UNION ALL
    SELECT 'hydra_oauth2_consent_request_handled', challenge, 'session_access_token', session_access_token FROM hydra_oauth2_consent_request_handled
    UNION ALL
    SELECT 'hydra_oauth2_consent_request_handled', challenge, 'session_id_token', session_id_token FROM hydra_oauth2_consent_request_handled
) AS j (table_name, key, column_name, json)
WHERE json = ''
