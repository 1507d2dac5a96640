CREATE UNIQUE INDEX hydra_oauth2_access_pkey ON hydra_oauth2_access (signature);
CREATE INDEX hydra_oauth2_access_challenge_id_idx ON hydra_oauth2_access (challenge_id);
CREATE INDEX hydra_oauth2_access_client_id_idx ON hydra_oauth2_access (client_id);
CREATE INDEX hydra_oauth2_access_client_id_subject_idx ON hydra_oauth2_access (client_id, subject);
CREATE INDEX hydra_oauth2_access_request_id_idx ON hydra_oauth2_access (request_id);
CREATE INDEX hydra_oauth2_access_requested_at_idx ON hydra_oauth2_access (requested_at);
ALTER TABLE hydra_oauth2_access ADD CONSTRAINT hydra_oauth2_access_pkey PRIMARY KEY USING INDEX hydra_oauth2_access_pkey;
