-- Sessions with the session of an identity provider.
SELECT s.id, s.identity_provider_session_id
FROM hydra_oauth2_authentication_session AS s
WHERE s.identity_provider_session_id IS NOT NULL
