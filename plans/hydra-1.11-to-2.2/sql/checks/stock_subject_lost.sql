-- stock_subject_lost: flows whose subject stock leaves empty, as the login was not skipped: revocation by subject misses them.
-- For stock.toml; warn.
SELECT 'hydra_oauth2_authentication_request' AS table_name, l.challenge AS key, 'subject is lost' AS reason
FROM hydra_oauth2_authentication_request AS l
LEFT JOIN hydra_oauth2_authentication_request_handled AS lh ON lh.challenge = l.challenge
WHERE l.subject = ''
  AND (lh.subject <> '' OR EXISTS (SELECT FROM hydra_oauth2_consent_request AS c WHERE c.login_challenge = l.challenge AND c.subject <> ''))
