-- stock_orphan_consent: consents whose user logged out: stock drops them and nulls challenge_id of their tokens; refreshing one then fails, as the
-- session data still names the consent.
-- For stock.toml; warn.
SELECT 'hydra_oauth2_consent_request' AS table_name, c.challenge AS key, 'its login is gone' AS reason
FROM hydra_oauth2_consent_request AS c
WHERE NOT EXISTS (SELECT FROM hydra_oauth2_authentication_request AS l WHERE l.challenge = c.login_challenge)
