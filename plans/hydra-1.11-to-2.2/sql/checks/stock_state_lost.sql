-- stock_state_lost: handled logins without an error that stock marks as failed (state 128): their consents are forgotten and not listed,
-- and `hydra janitor --requests` on green deletes them with their tokens.
-- For stock.toml; warn.
SELECT 'hydra_oauth2_authentication_request_handled' AS table_name, lh.challenge AS key, 'state becomes 128' AS reason
FROM hydra_oauth2_authentication_request_handled AS lh
WHERE lh.error IN ('', '{}')
