-- A login session ends as 1.11 does it: its logins go by a cascade, consents and tokens stay. :'id' of the session
DELETE FROM hydra_oauth2_authentication_session WHERE id = :'id';
