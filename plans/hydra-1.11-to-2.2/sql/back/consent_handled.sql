-- What was answered to a consent request: tokens of 1.11 point at it. 2.2 has no error before there is an answer.
-- Lists are JSON in 2.2 and 'a|b|c' in 1.11, where a '|' inside an element is written '\|'.
SELECT
    f.consent_challenge_id AS challenge,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(f.granted_scope) WHEN 'array' THEN f.granted_scope ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS granted_scope,
    f.consent_remember AS remember,
    coalesce(f.consent_remember_for, 0) AS remember_for,
    f.consent_error AS error,
    f.requested_at AS requested_at,
    f.session_access_token::text AS session_access_token,
    f.session_id_token::text AS session_id_token,
    f.consent_was_used AS was_used,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(f.granted_at_audience) WHEN 'array' THEN f.granted_at_audience ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS granted_at_audience,
    f.consent_handled_at AS handled_at
FROM hydra_oauth2_flow AS f
WHERE :batch
  AND f.consent_challenge_id IS NOT NULL
  AND f.consent_error IS NOT NULL
