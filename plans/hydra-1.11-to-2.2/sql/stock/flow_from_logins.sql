-- Flows of login requests that no consent request belongs to; flow_from_consents.sql makes the rest.
-- Together, the two queries make what the stock migrator makes of login requests joined with consents, its bugs kept:
-- an error column that is not NULL counts as an error, the subject is the login request's, lists become JSON by text
-- replacement, an empty granted_scope is lost, a consent without its login is lost.
SELECT
    l.challenge AS login_challenge,
    l.verifier AS login_verifier,
    l.csrf AS login_csrf,
    l.subject AS subject,
    l.request_url AS request_url,
    l.skip AS login_skip,
    l.client_id AS client_id,
    l.requested_at AS requested_at,
    l.authenticated_at AS login_initialized_at,
    l.oidc_context::jsonb AS oidc_context,
    l.login_session_id AS login_session_id,
    CASE
        WHEN lh.error IS NOT NULL THEN 128
        WHEN lh.was_used THEN 3
        WHEN lh.challenge IS NOT NULL THEN 2
        ELSE 1
    END AS state,
    coalesce(lh.remember, false) AS login_remember,
    coalesce(lh.remember_for, 0) AS login_remember_for,
    lh.error AS login_error,
    coalesce(lh.acr, '') AS acr,
    lh.authenticated_at AS login_authenticated_at,
    coalesce(lh.was_used, false) AS login_was_used,
    coalesce(lh.forced_subject_identifier, '') AS forced_subject_identifier,
    coalesce(lh.context, '{}')::jsonb AS context,
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
    CASE WHEN l.requested_scope IN ('', '[]') THEN '[]'::jsonb ELSE ('["' || replace(l.requested_scope, '|', '","') || '"]')::jsonb END AS requested_scope,
    CASE WHEN coalesce(l.requested_at_audience, '') IN ('', '[]') THEN '[]'::jsonb ELSE ('["' || replace(coalesce(l.requested_at_audience, ''), '|', '","') || '"]')::jsonb END AS requested_at_audience,
    CASE WHEN coalesce(lh.amr, '') IN ('', '[]') THEN '[]'::jsonb ELSE ('["' || replace(coalesce(lh.amr, ''), '|', '","') || '"]')::jsonb END AS amr,
    NULL::jsonb AS granted_scope,
    '[]'::jsonb AS granted_at_audience,
    false AS login_extend_session_lifespan,
    NULL::varchar AS identity_provider_session_id
FROM hydra_oauth2_authentication_request AS l
LEFT JOIN hydra_oauth2_authentication_request_handled AS lh ON lh.challenge = l.challenge
WHERE :batch
  AND NOT EXISTS (SELECT FROM hydra_oauth2_consent_request AS c WHERE c.login_challenge = l.challenge)
