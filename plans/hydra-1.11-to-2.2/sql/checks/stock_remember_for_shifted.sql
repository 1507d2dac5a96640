-- stock_remember_for_shifted: remembered consents with an end: stock counts remember_for from the login request instead of the consent.
-- For stock.toml; warn.
SELECT 'hydra_oauth2_consent_request_handled' AS table_name, ch.challenge AS key, 'remembered from another time' AS reason
FROM hydra_oauth2_consent_request_handled AS ch
JOIN hydra_oauth2_consent_request AS c ON c.challenge = ch.challenge
JOIN hydra_oauth2_authentication_request AS l ON l.challenge = c.login_challenge
WHERE ch.remember AND ch.remember_for > 0 AND ch.requested_at <> l.requested_at
