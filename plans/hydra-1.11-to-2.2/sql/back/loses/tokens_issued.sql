-- Access tokens with the hashed signature of 2.2.
SELECT a.signature, a.request_id, a.client_id, a.requested_at
FROM hydra_oauth2_access AS a
WHERE a.signature ~ '^[0-9a-f]{96}$'
