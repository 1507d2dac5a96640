-- One flow for every login request that no consent request belongs to. flow_from_consents.sql makes the rest.
-- JSON is text in 1.11 and jsonb in 2.2, which cannot hold \u0000: it becomes \ufffd (check: json_nul). '' reads as '{}'.
-- Lists are 'a|b|c' in 1.11. Its reader drops empty elements and takes '\|' for a '|' inside one; after a '\', '|'s never
-- separate. A list without a backslash is cut the short way; NULL is an empty list.
SELECT
    l.challenge AS login_challenge,
    l.verifier AS login_verifier,
    l.csrf AS login_csrf,
    coalesce(nullif(lh.subject, ''), l.subject) AS subject,
    l.request_url AS request_url,
    l.skip AS login_skip,
    l.client_id AS client_id,
    l.requested_at AS requested_at,
    l.authenticated_at AS login_initialized_at,
    coalesce(nullif(CASE WHEN strpos(l.oidc_context, '\u0000') = 0 THEN l.oidc_context
                         ELSE regexp_replace(l.oidc_context, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') END, ''), '{}')::jsonb AS oidc_context,
    l.login_session_id AS login_session_id,
    CASE
        WHEN lh.error NOT IN ('', '{}') THEN 128
        WHEN lh.was_used THEN 3
        WHEN lh.challenge IS NOT NULL THEN 2
        ELSE 1
    END AS state,
    coalesce(lh.remember, false) AS login_remember,
    coalesce(lh.remember_for, 0) AS login_remember_for,
    CASE WHEN lh.challenge IS NOT NULL THEN coalesce(nullif(lh.error, ''), '{}') END AS login_error,
    coalesce(lh.acr, '') AS acr,
    lh.authenticated_at AS login_authenticated_at,
    coalesce(lh.was_used, false) AS login_was_used,
    coalesce(lh.forced_subject_identifier, '') AS forced_subject_identifier,
    coalesce(nullif(CASE WHEN strpos(lh.context, '\u0000') = 0 THEN lh.context
                         ELSE regexp_replace(lh.context, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') END, ''), '{}')::jsonb AS context,
    NULL::varchar AS consent_challenge_id,
    false AS consent_skip,
    NULL::varchar AS consent_verifier,
    NULL::varchar AS consent_csrf,
    false AS consent_remember,
    0 AS consent_remember_for,
    NULL::timestamp AS consent_handled_at,
    NULL::text AS consent_error,
    '{}'::jsonb AS session_access_token,
    '{}'::jsonb AS session_id_token,
    false AS consent_was_used,
    :'nid'::uuid AS nid,
    CASE WHEN strpos(l.requested_scope, '\') = 0 THEN to_jsonb(array_remove(string_to_array(l.requested_scope, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(l.requested_scope, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS requested_scope,
    CASE WHEN strpos(l.requested_at_audience, '\') = 0 THEN to_jsonb(array_remove(string_to_array(l.requested_at_audience, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(l.requested_at_audience, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS requested_at_audience,
    CASE WHEN strpos(lh.amr, '\') = 0 THEN to_jsonb(array_remove(string_to_array(lh.amr, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(lh.amr, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS amr,
    '[]'::jsonb AS granted_scope,
    '[]'::jsonb AS granted_at_audience,
    false AS login_extend_session_lifespan,
    NULL::varchar AS identity_provider_session_id
FROM hydra_oauth2_authentication_request AS l
LEFT JOIN hydra_oauth2_authentication_request_handled AS lh ON lh.challenge = l.challenge
WHERE :batch
  AND NOT EXISTS (SELECT FROM hydra_oauth2_consent_request AS c WHERE c.login_challenge = l.challenge)
