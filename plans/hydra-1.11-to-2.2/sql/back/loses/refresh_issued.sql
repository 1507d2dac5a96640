-- Refresh tokens of requests that have an access token with the hashed signature of 2.2.
SELECT r.signature, r.request_id, r.client_id, r.requested_at
FROM hydra_oauth2_refresh AS r
WHERE r.active
  AND EXISTS (SELECT FROM hydra_oauth2_access AS a WHERE a.request_id = r.request_id AND a.signature ~ '^[0-9a-f]{96}$')
