-- consent_error_long: a consent rejection too long for hydra_oauth2_flow_previous_consents_idx (2,704 bytes with subject and client):
-- the index cannot be built.
-- For plan.toml and stock.toml; stop.
SELECT 'hydra_oauth2_consent_request_handled' AS table_name, ch.challenge AS key, pg_column_size(ch.error) || ' bytes of error' AS reason
FROM hydra_oauth2_consent_request_handled AS ch
JOIN hydra_oauth2_consent_request AS c ON c.challenge = ch.challenge
WHERE ch.error NOT IN ('', '{}')
  AND pg_column_size(ch.error) + octet_length(c.subject) + octet_length(c.client_id) > 2600
