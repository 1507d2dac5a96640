-- Settings of clients that 1.11 does not know.
SELECT c.id, c.access_token_strategy, c.skip_consent, c.skip_logout_consent
FROM hydra_client AS c
WHERE c.access_token_strategy <> '' OR c.skip_consent OR c.skip_logout_consent
