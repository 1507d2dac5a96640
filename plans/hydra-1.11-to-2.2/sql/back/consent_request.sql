-- A consent request for every flow that has one. A flow whose key was made from its consent has lost its login, as a logout
-- of 1.11 leaves it.
-- Lists are JSON in 2.2 and 'a|b|c' in 1.11, where a '|' inside an element is written '\|'.
SELECT
    f.consent_challenge_id AS challenge,
    coalesce(f.consent_verifier, '') AS verifier,
    f.client_id AS client_id,
    f.subject AS subject,
    f.request_url AS request_url,
    f.consent_skip AS skip,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(f.requested_scope) WHEN 'array' THEN f.requested_scope ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS requested_scope,
    coalesce(f.consent_csrf, '') AS csrf,
    f.login_authenticated_at AS authenticated_at,
    f.requested_at AS requested_at,
    f.oidc_context::text AS oidc_context,
    f.forced_subject_identifier AS forced_subject_identifier,
    f.login_session_id AS login_session_id,
    CASE WHEN f.login_challenge NOT LIKE 'consent-%' THEN f.login_challenge END AS login_challenge,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(f.requested_at_audience) WHEN 'array' THEN f.requested_at_audience ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS requested_at_audience,
    f.acr AS acr,
    f.context::text AS context,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(f.amr) WHEN 'array' THEN f.amr ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS amr
FROM hydra_oauth2_flow AS f
WHERE :batch
  AND f.consent_challenge_id IS NOT NULL
