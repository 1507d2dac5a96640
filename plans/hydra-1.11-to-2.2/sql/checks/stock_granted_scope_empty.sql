-- stock_granted_scope_empty: consents that granted no scope: NULL after stock, where the other lists become [].
-- For stock.toml; warn.
SELECT 'hydra_oauth2_consent_request_handled' AS table_name, challenge AS key, 'granted_scope becomes NULL' AS reason
FROM hydra_oauth2_consent_request_handled
WHERE granted_scope = ''
