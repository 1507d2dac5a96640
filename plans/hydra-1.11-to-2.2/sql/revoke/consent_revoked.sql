-- A consent was removed, and with it all its tokens: 1.11's request ids first, then what its cascades have taken. Said in
-- full, since green has no foreign keys before it takes over, and since of an orphan's tokens only the challenge is known.
-- :'challenge' of the consent
DELETE FROM hydra_oauth2_access WHERE (request_id = :'challenge' OR challenge_id = :'challenge') AND nid = :'nid';
DELETE FROM hydra_oauth2_refresh WHERE challenge_id = :'challenge' AND nid = :'nid';
UPDATE hydra_oauth2_refresh SET active = false WHERE request_id = :'challenge' AND nid = :'nid';
DELETE FROM hydra_oauth2_code WHERE challenge_id = :'challenge' AND nid = :'nid';
DELETE FROM hydra_oauth2_oidc WHERE challenge_id = :'challenge' AND nid = :'nid';
DELETE FROM hydra_oauth2_pkce WHERE challenge_id = :'challenge' AND nid = :'nid';
DELETE FROM hydra_oauth2_flow WHERE consent_challenge_id = :'challenge' AND nid = :'nid';
