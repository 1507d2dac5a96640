-- A key was removed, and with it the issuers who were trusted by it. Whoever tells of it knows no more than this: a key that was
-- made again under these names goes, too. :'sid' and :'kid' of the key
DELETE FROM hydra_oauth2_trusted_jwt_bearer_issuer WHERE key_set = :'sid' AND key_id = :'kid' AND nid = :'nid';
DELETE FROM hydra_jwk WHERE sid = :'sid' AND kid = :'kid' AND nid = :'nid';
