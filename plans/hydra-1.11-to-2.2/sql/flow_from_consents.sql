-- One flow for every consent request, with what 1.11 meant by it. flow_from_logins.sql makes the rest.
--
-- The key is the login's challenge. A logout in 1.11 deletes the login and leaves the consent and its tokens: such a consent
-- has a key made from its own challenge (40 characters; a real challenge has 32 and no '-'), and so has any but the earliest
-- consent of one login. Tokens point at consent_challenge_id, which never changes.
--
-- The error columns hold '{}' or '' on success. A consent was asked for only after a used, successful login, so that is what
-- stands where the login's own row is gone. 1.11 counts remember_for from the consent, 2.2 from requested_at.
-- JSON is text in 1.11 and jsonb in 2.2, which cannot hold \u0000: it becomes \ufffd (check: json_nul). '' reads as '{}'.
-- Lists are 'a|b|c' in 1.11. Its reader drops empty elements and takes '\|' for a '|' inside one; after a '\', '|'s never
-- separate. A list without a backslash is cut the short way; NULL is an empty list.
SELECT
    CASE WHEN l.challenge IS NOT NULL AND NOT EXISTS (
             SELECT FROM hydra_oauth2_consent_request AS earlier
             WHERE earlier.login_challenge = c.login_challenge
               AND (earlier.requested_at, earlier.challenge COLLATE "C") < (c.requested_at, c.challenge COLLATE "C"))
         THEN l.challenge
         ELSE 'consent-' || md5(c.challenge) END AS login_challenge,
    coalesce(l.verifier, '') AS login_verifier,
    coalesce(l.csrf, '') AS login_csrf,
    coalesce(nullif(c.subject, ''), nullif(lh.subject, ''), l.subject, '') AS subject,
    coalesce(l.request_url, c.request_url) AS request_url,
    coalesce(l.skip, false) AS login_skip,
    c.client_id AS client_id,
    coalesce(ch.requested_at, c.requested_at) AS requested_at,
    l.authenticated_at AS login_initialized_at,
    coalesce(nullif(CASE WHEN strpos(c.oidc_context, '\u0000') = 0 THEN c.oidc_context
                         ELSE regexp_replace(c.oidc_context, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') END, ''), '{}')::jsonb AS oidc_context,
    coalesce(c.login_session_id, l.login_session_id) AS login_session_id,
    CASE
        WHEN lh.error NOT IN ('', '{}') THEN 128
        WHEN ch.error NOT IN ('', '{}') THEN 129
        WHEN ch.was_used THEN 6
        WHEN ch.challenge IS NOT NULL THEN 5
        ELSE 4
    END AS state,
    coalesce(lh.remember, false) AS login_remember,
    coalesce(lh.remember_for, 0) AS login_remember_for,
    coalesce(nullif(lh.error, ''), '{}') AS login_error,
    coalesce(lh.acr, c.acr, '') AS acr,
    coalesce(lh.authenticated_at, c.authenticated_at) AS login_authenticated_at,
    coalesce(lh.was_used, true) AS login_was_used,
    coalesce(nullif(c.forced_subject_identifier, ''), lh.forced_subject_identifier, '') AS forced_subject_identifier,
    coalesce(nullif(CASE WHEN strpos(coalesce(lh.context, c.context), '\u0000') = 0 THEN coalesce(lh.context, c.context)
                         ELSE regexp_replace(coalesce(lh.context, c.context), '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') END, ''), '{}')::jsonb AS context,
    c.challenge AS consent_challenge_id,
    c.skip AS consent_skip,
    c.verifier AS consent_verifier,
    c.csrf AS consent_csrf,
    coalesce(ch.remember, false) AS consent_remember,
    coalesce(ch.remember_for, 0) AS consent_remember_for,
    ch.handled_at AS consent_handled_at,
    CASE WHEN ch.challenge IS NOT NULL THEN coalesce(nullif(ch.error, ''), '{}') END AS consent_error,
    coalesce(nullif(CASE WHEN strpos(ch.session_access_token, '\u0000') = 0 THEN ch.session_access_token
                         ELSE regexp_replace(ch.session_access_token, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') END, ''), '{}')::jsonb AS session_access_token,
    coalesce(nullif(CASE WHEN strpos(ch.session_id_token, '\u0000') = 0 THEN ch.session_id_token
                         ELSE regexp_replace(ch.session_id_token, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g') END, ''), '{}')::jsonb AS session_id_token,
    coalesce(ch.was_used, false) AS consent_was_used,
    :'nid'::uuid AS nid,
    CASE WHEN strpos(c.requested_scope, '\') = 0 THEN to_jsonb(array_remove(string_to_array(c.requested_scope, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(c.requested_scope, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS requested_scope,
    CASE WHEN strpos(c.requested_at_audience, '\') = 0 THEN to_jsonb(array_remove(string_to_array(c.requested_at_audience, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(c.requested_at_audience, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS requested_at_audience,
    CASE WHEN strpos(coalesce(lh.amr, c.amr), '\') = 0 THEN to_jsonb(array_remove(string_to_array(coalesce(lh.amr, c.amr), '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(coalesce(lh.amr, c.amr), '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS amr,
    CASE WHEN strpos(ch.granted_scope, '\') = 0 THEN to_jsonb(array_remove(string_to_array(ch.granted_scope, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(ch.granted_scope, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS granted_scope,
    CASE WHEN strpos(ch.granted_at_audience, '\') = 0 THEN to_jsonb(array_remove(string_to_array(ch.granted_at_audience, '|'), ''))
         ELSE to_jsonb(ARRAY(SELECT replace(f.m[1], '\|', '|')
                             FROM regexp_matches(ch.granted_at_audience, '((?:[^\\|]|\\\|*(?:[^|]|$))+)', 'g') WITH ORDINALITY AS f (m, n) ORDER BY f.n)) END AS granted_at_audience,
    false AS login_extend_session_lifespan,
    NULL::varchar AS identity_provider_session_id
FROM hydra_oauth2_consent_request AS c
LEFT JOIN hydra_oauth2_authentication_request AS l ON l.challenge = c.login_challenge
LEFT JOIN hydra_oauth2_authentication_request_handled AS lh ON lh.challenge = c.login_challenge
LEFT JOIN hydra_oauth2_consent_request_handled AS ch ON ch.challenge = c.challenge
WHERE :batch
