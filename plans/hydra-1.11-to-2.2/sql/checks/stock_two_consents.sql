-- stock_two_consents: two consents of one login, which 1.11 allows: one flow cannot hold both, stock fails (23505).
-- For stock.toml; stop.
SELECT 'hydra_oauth2_consent_request' AS table_name, c.challenge AS key, 'not the only consent of its login' AS reason
FROM hydra_oauth2_consent_request AS c
WHERE EXISTS (
    SELECT FROM hydra_oauth2_consent_request AS other
    WHERE other.login_challenge = c.login_challenge AND other.challenge <> c.challenge)
