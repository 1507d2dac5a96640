-- What 2.2 notes of a flow and 1.11 does not.
SELECT f.login_challenge, f.login_extend_session_lifespan, f.identity_provider_session_id
FROM hydra_oauth2_flow AS f
WHERE f.login_extend_session_lifespan OR f.identity_provider_session_id IS NOT NULL
