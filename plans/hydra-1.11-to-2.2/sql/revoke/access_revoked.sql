-- Somebody has revoked an access token in front of the service: its whole grant ends.
-- The grant is found by the token's row: if that may be gone, send grant_revoked. :'signature' of that token
UPDATE hydra_oauth2_refresh SET active = false
WHERE nid = :'nid' AND request_id IN (SELECT a.request_id FROM hydra_oauth2_access AS a WHERE a.signature = :'signature');
DELETE FROM hydra_oauth2_access
WHERE nid = :'nid' AND request_id IN (SELECT a.request_id FROM hydra_oauth2_access AS a WHERE a.signature = :'signature');
