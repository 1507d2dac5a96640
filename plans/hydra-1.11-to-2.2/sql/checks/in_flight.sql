-- in_flight: logins and consents under way (ttl.login_consent_request, 30 minutes): 2.2 does not know their challenges, these users
-- start over.
-- For plan.toml and stock.toml; warn.
SELECT 'hydra_oauth2_authentication_request' AS table_name, l.challenge AS key, 'login under way' AS reason
FROM hydra_oauth2_authentication_request AS l
WHERE l.requested_at > now() AT TIME ZONE 'UTC' - interval '30 minutes'
  AND NOT EXISTS (
      SELECT FROM hydra_oauth2_consent_request AS c
      JOIN hydra_oauth2_consent_request_handled AS ch ON ch.challenge = c.challenge
      WHERE c.login_challenge = l.challenge AND (ch.was_used OR ch.error NOT IN ('', '{}')))
