-- Flows with a list element that 1.11's form cannot hold: an empty one, or one with a backslash.
SELECT f.login_challenge, f.requested_scope, f.requested_at_audience, f.amr, f.granted_scope, f.granted_at_audience
FROM hydra_oauth2_flow AS f
WHERE EXISTS (
    SELECT FROM jsonb_array_elements(jsonb_build_array(f.requested_scope, f.requested_at_audience, f.amr, f.granted_scope, f.granted_at_audience)) AS l (list)
    CROSS JOIN LATERAL jsonb_array_elements_text(CASE jsonb_typeof(l.list) WHEN 'array' THEN l.list ELSE '[]' END) AS x (e)
    WHERE x.e = '' OR strpos(x.e, '\') > 0)
