-- An assertion was used: it may not be again. :'signature' and :'expires_at' of it
INSERT INTO hydra_oauth2_jti_blacklist (signature, expires_at) VALUES (:'signature', :'expires_at') ON CONFLICT (signature) DO NOTHING;
