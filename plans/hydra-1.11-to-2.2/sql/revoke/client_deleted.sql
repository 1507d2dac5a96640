-- A client was removed with everything of it. Said in full, since green has no foreign keys before it takes over.
-- Whoever tells of it knows no more than this: a client that was made again under this id goes, too.
-- :'id' of the client
DELETE FROM hydra_oauth2_access WHERE client_id = :'id' AND nid = :'nid';
DELETE FROM hydra_oauth2_refresh WHERE client_id = :'id' AND nid = :'nid';
DELETE FROM hydra_oauth2_code WHERE client_id = :'id' AND nid = :'nid';
DELETE FROM hydra_oauth2_oidc WHERE client_id = :'id' AND nid = :'nid';
DELETE FROM hydra_oauth2_pkce WHERE client_id = :'id' AND nid = :'nid';
DELETE FROM hydra_oauth2_logout_request WHERE client_id = :'id' AND nid = :'nid';
DELETE FROM hydra_oauth2_obfuscated_authentication_session WHERE client_id = :'id' AND nid = :'nid';
DELETE FROM hydra_oauth2_flow WHERE client_id = :'id' AND nid = :'nid';
DELETE FROM hydra_client WHERE id = :'id' AND nid = :'nid';
