-- The reshaped tokens: what a transform of a plan looks like.
SELECT
    t.signature AS signature,
    t.request_id AS request_id,
    t.requested_at AS requested_at,
    t.client_id AS client_id,
    to_jsonb(array_remove(string_to_array(t.scope, '|'), '')) AS scope,
    to_jsonb(array_remove(string_to_array(t.granted_scope, '|'), '')) AS granted_scope,
    t.form_data AS form_data,
    t.session_data AS session_data,
    t.subject AS subject,
    t.active AS active,
    t.requested_audience AS requested_audience,
    t.granted_audience AS granted_audience,
    t.challenge_id AS challenge_id,
    :'nid'::uuid AS nid,
    t.requested_at + CASE WHEN t.active THEN interval '1 hour' ELSE interval '0' END AS expires_at
FROM hydra_oauth2_access AS t
WHERE :batch
