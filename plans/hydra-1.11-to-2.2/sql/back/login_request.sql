-- A login request for every flow, those left out whose key was made from a consent: 1.11 had none for them.
-- A subject stands in a request of 1.11 only where the login was skipped. `requested_at` is left out: a flow that came from
-- 1.11 has that of its consent, so blue keeps its own, and a new request gets the time at which it reaches blue.
-- Lists are JSON in 2.2 and 'a|b|c' in 1.11, where a '|' inside an element is written '\|'.
SELECT
    f.login_challenge AS challenge,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(f.requested_scope) WHEN 'array' THEN f.requested_scope ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS requested_scope,
    f.login_verifier AS verifier,
    f.login_csrf AS csrf,
    CASE WHEN f.login_skip THEN f.subject ELSE '' END AS subject,
    f.request_url AS request_url,
    f.login_skip AS skip,
    f.client_id AS client_id,
    f.login_initialized_at AS authenticated_at,
    f.oidc_context::text AS oidc_context,
    f.login_session_id AS login_session_id,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(f.requested_at_audience) WHEN 'array' THEN f.requested_at_audience ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS requested_at_audience
FROM hydra_oauth2_flow AS f
WHERE :batch
  AND f.login_challenge NOT LIKE 'consent-%'
