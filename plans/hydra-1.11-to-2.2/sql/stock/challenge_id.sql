-- challenge_id of any token table: kept where the consent's login is still there, else NULL, as no flow is made for it.
SELECT c.challenge
FROM hydra_oauth2_consent_request AS c
JOIN hydra_oauth2_authentication_request AS l ON l.challenge = c.login_challenge
WHERE c.challenge = challenge_id
