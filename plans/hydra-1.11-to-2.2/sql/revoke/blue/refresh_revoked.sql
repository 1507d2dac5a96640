-- Somebody has revoked a refresh token in front of the service: its whole grant ends.
-- The grant is found by the token's row: if that may be gone, send grant_revoked. :'signature' of that token
DELETE FROM hydra_oauth2_access
WHERE request_id IN (SELECT r.request_id FROM hydra_oauth2_refresh AS r WHERE r.signature = :'signature');
UPDATE hydra_oauth2_refresh SET active = false
WHERE request_id IN (SELECT r.request_id FROM hydra_oauth2_refresh AS r WHERE r.signature = :'signature');
