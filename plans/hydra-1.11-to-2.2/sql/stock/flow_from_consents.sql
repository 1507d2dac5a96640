-- Flows of consent requests whose login request is still there; flow_from_logins.sql makes the rest.
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
        WHEN ch.error IS NOT NULL THEN 129
        WHEN ch.was_used THEN 6
        WHEN ch.challenge IS NOT NULL THEN 5
        ELSE 4
    END AS state,
    coalesce(lh.remember, false) AS login_remember,
    coalesce(lh.remember_for, 0) AS login_remember_for,
    lh.error AS login_error,
    coalesce(lh.acr, '') AS acr,
    lh.authenticated_at AS login_authenticated_at,
    coalesce(lh.was_used, false) AS login_was_used,
    coalesce(c.forced_subject_identifier, lh.forced_subject_identifier, '') AS forced_subject_identifier,
    coalesce(lh.context, '{}')::jsonb AS context,
    c.challenge AS consent_challenge_id,
    c.skip AS consent_skip,
    c.verifier AS consent_verifier,
    c.csrf AS consent_csrf,
    coalesce(ch.remember, false) AS consent_remember,
    coalesce(ch.remember_for, 0) AS consent_remember_for,
    ch.handled_at AS consent_handled_at,
    ch.error AS consent_error,
    coalesce(ch.session_access_token, '{}')::jsonb AS session_access_token,
    coalesce(ch.session_id_token, '{}')::jsonb AS session_id_token,
    coalesce(ch.was_used, false) AS consent_was_used,
    :'nid'::uuid AS nid,
    CASE WHEN l.requested_scope IN ('', '[]') THEN '[]'::jsonb ELSE ('["' || replace(l.requested_scope, '|', '","') || '"]')::jsonb END AS requested_scope,
    CASE WHEN coalesce(l.requested_at_audience, '') IN ('', '[]') THEN '[]'::jsonb ELSE ('["' || replace(coalesce(l.requested_at_audience, ''), '|', '","') || '"]')::jsonb END AS requested_at_audience,
    CASE WHEN coalesce(lh.amr, '') IN ('', '[]') THEN '[]'::jsonb ELSE ('["' || replace(coalesce(lh.amr, ''), '|', '","') || '"]')::jsonb END AS amr,
    CASE WHEN coalesce(ch.granted_scope, '') IN ('', '[]') THEN NULL ELSE ('["' || replace(coalesce(ch.granted_scope, ''), '|', '","') || '"]')::jsonb END AS granted_scope,
    CASE WHEN coalesce(ch.granted_at_audience, '') IN ('', '[]') THEN '[]'::jsonb ELSE ('["' || replace(coalesce(ch.granted_at_audience, ''), '|', '","') || '"]')::jsonb END AS granted_at_audience,
    false AS login_extend_session_lifespan,
    NULL::varchar AS identity_provider_session_id
FROM hydra_oauth2_consent_request AS c
JOIN hydra_oauth2_authentication_request AS l ON l.challenge = c.login_challenge
LEFT JOIN hydra_oauth2_authentication_request_handled AS lh ON lh.challenge = c.login_challenge
LEFT JOIN hydra_oauth2_consent_request_handled AS ch ON ch.challenge = c.challenge
WHERE :batch
