-- An assertion was used: it may not be again. :'signature' and :'expires_at' of it
INSERT INTO hydra_oauth2_jti_blacklist (signature, expires_at, nid) VALUES (:'signature', :'expires_at', :'nid')
ON CONFLICT (signature, nid) DO NOTHING;
