-- stock_consent_without_handled_login: an open consent whose login has no handled row: it would be in state 4, which needs login_error; stock fails (23514).
-- For stock.toml; stop.
SELECT 'hydra_oauth2_consent_request' AS table_name, c.challenge AS key, 'login not handled' AS reason
FROM hydra_oauth2_consent_request AS c
JOIN hydra_oauth2_authentication_request AS l ON l.challenge = c.login_challenge
WHERE NOT EXISTS (SELECT FROM hydra_oauth2_authentication_request_handled AS lh WHERE lh.challenge = l.challenge)
  AND NOT EXISTS (SELECT FROM hydra_oauth2_consent_request_handled AS ch WHERE ch.challenge = c.challenge)
