-- Clients: 1.11's number is still there beside the uuid, and 2.2 counts it on.
-- Lists are JSON in 2.2 and 'a|b|c' in 1.11, where a '|' inside an element is written '\|'.
SELECT
    c.pk_deprecated AS pk,
    c.id AS id,
    c.client_name AS client_name,
    c.client_secret AS client_secret,
    c.scope AS scope,
    c.owner AS owner,
    c.policy_uri AS policy_uri,
    c.tos_uri AS tos_uri,
    c.client_uri AS client_uri,
    c.logo_uri AS logo_uri,
    c.client_secret_expires_at AS client_secret_expires_at,
    c.sector_identifier_uri AS sector_identifier_uri,
    c.jwks AS jwks,
    c.jwks_uri AS jwks_uri,
    c.token_endpoint_auth_method AS token_endpoint_auth_method,
    c.request_object_signing_alg AS request_object_signing_alg,
    c.userinfo_signed_response_alg AS userinfo_signed_response_alg,
    c.subject_type AS subject_type,
    c.created_at AS created_at,
    c.updated_at AS updated_at,
    c.frontchannel_logout_uri AS frontchannel_logout_uri,
    c.frontchannel_logout_session_required AS frontchannel_logout_session_required,
    c.backchannel_logout_uri AS backchannel_logout_uri,
    c.backchannel_logout_session_required AS backchannel_logout_session_required,
    c.metadata AS metadata,
    c.token_endpoint_auth_signing_alg AS token_endpoint_auth_signing_alg,
    c.authorization_code_grant_access_token_lifespan AS authorization_code_grant_access_token_lifespan,
    c.authorization_code_grant_id_token_lifespan AS authorization_code_grant_id_token_lifespan,
    c.authorization_code_grant_refresh_token_lifespan AS authorization_code_grant_refresh_token_lifespan,
    c.client_credentials_grant_access_token_lifespan AS client_credentials_grant_access_token_lifespan,
    c.implicit_grant_access_token_lifespan AS implicit_grant_access_token_lifespan,
    c.implicit_grant_id_token_lifespan AS implicit_grant_id_token_lifespan,
    c.jwt_bearer_grant_access_token_lifespan AS jwt_bearer_grant_access_token_lifespan,
    c.password_grant_access_token_lifespan AS password_grant_access_token_lifespan,
    c.password_grant_refresh_token_lifespan AS password_grant_refresh_token_lifespan,
    c.refresh_token_grant_id_token_lifespan AS refresh_token_grant_id_token_lifespan,
    c.refresh_token_grant_access_token_lifespan AS refresh_token_grant_access_token_lifespan,
    c.refresh_token_grant_refresh_token_lifespan AS refresh_token_grant_refresh_token_lifespan,
    c.registration_access_token_signature AS registration_access_token_signature,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(c.redirect_uris) WHEN 'array' THEN c.redirect_uris ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS redirect_uris,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(c.grant_types) WHEN 'array' THEN c.grant_types ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS grant_types,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(c.response_types) WHEN 'array' THEN c.response_types ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS response_types,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(c.audience) WHEN 'array' THEN c.audience ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS audience,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(c.allowed_cors_origins) WHEN 'array' THEN c.allowed_cors_origins ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS allowed_cors_origins,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(c.contacts) WHEN 'array' THEN c.contacts ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS contacts,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(c.request_uris) WHEN 'array' THEN c.request_uris ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS request_uris,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(c.post_logout_redirect_uris) WHEN 'array' THEN c.post_logout_redirect_uris ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS post_logout_redirect_uris
FROM hydra_client AS c
WHERE :batch
