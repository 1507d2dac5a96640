-- What was answered to a login request. 2.2 writes '{}' for no error, and NULL before there is an answer.
-- Lists are JSON in 2.2 and 'a|b|c' in 1.11, where a '|' inside an element is written '\|'.
SELECT
    f.login_challenge AS challenge,
    f.subject AS subject,
    f.login_remember AS remember,
    f.login_remember_for AS remember_for,
    f.login_error AS error,
    f.acr AS acr,
    f.login_authenticated_at AS authenticated_at,
    f.login_was_used AS was_used,
    f.forced_subject_identifier AS forced_subject_identifier,
    f.context::text AS context,
    coalesce((SELECT string_agg(replace(x.e, '|', '\|'), '|' ORDER BY x.n)
              FROM jsonb_array_elements_text(CASE jsonb_typeof(f.amr) WHEN 'array' THEN f.amr ELSE '[]' END)
                  WITH ORDINALITY AS x (e, n)), '') AS amr
FROM hydra_oauth2_flow AS f
WHERE :batch
  AND f.login_challenge NOT LIKE 'consent-%'
  AND f.login_error IS NOT NULL
