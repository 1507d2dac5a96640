-- Clients: lists become JSON, the new primary key is (id, nid). The uuid, random in a stock migration, comes from the id.
-- Lists are 'a|b|c' in 1.11. Its reader drops empty elements and takes '\|' for a '|' inside one; after a '\', '|'s never
-- separate. A list without a backslash is cut the short way; NULL is an empty list.
SELECT
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
    c.pk AS pk_deprecated,
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
    md5('hydra_client:' || c.id)::uuid AS pk,
    :'nid'::uuid AS nid,
    CASE WHEN strpos(c.redirect_uris, '\') = 0 THEN to_jsonb(array_remove(string_to_array(c.redirect_uris, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(c.redirect_uris, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS redirect_uris,
    CASE WHEN strpos(c.grant_types, '\') = 0 THEN to_jsonb(array_remove(string_to_array(c.grant_types, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(c.grant_types, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS grant_types,
    CASE WHEN strpos(c.response_types, '\') = 0 THEN to_jsonb(array_remove(string_to_array(c.response_types, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(c.response_types, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS response_types,
    CASE WHEN strpos(c.audience, '\') = 0 THEN to_jsonb(array_remove(string_to_array(c.audience, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(c.audience, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS audience,
    CASE WHEN strpos(c.allowed_cors_origins, '\') = 0 THEN to_jsonb(array_remove(string_to_array(c.allowed_cors_origins, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(c.allowed_cors_origins, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS allowed_cors_origins,
    CASE WHEN strpos(c.contacts, '\') = 0 THEN to_jsonb(array_remove(string_to_array(c.contacts, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(c.contacts, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS contacts,
    CASE WHEN strpos(c.request_uris, '\') = 0 THEN to_jsonb(array_remove(string_to_array(c.request_uris, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(c.request_uris, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS request_uris,
    CASE WHEN strpos(c.post_logout_redirect_uris, '\') = 0 THEN to_jsonb(array_remove(string_to_array(c.post_logout_redirect_uris, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(c.post_logout_redirect_uris, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS post_logout_redirect_uris,
    '' AS access_token_strategy,
    false AS skip_consent,
    NULL::boolean AS skip_logout_consent
FROM hydra_client AS c
WHERE :batch
