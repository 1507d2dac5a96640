-- A consent is removed as 1.11 does it: its request ids first, then its request, whose cascades take all that is left.
-- :'challenge' of the consent
DELETE FROM hydra_oauth2_access WHERE request_id = :'challenge';
UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = :'challenge';
DELETE FROM hydra_oauth2_consent_request WHERE challenge = :'challenge';
