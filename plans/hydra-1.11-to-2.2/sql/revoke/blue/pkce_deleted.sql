-- A row of hydra_oauth2_pkce was removed. :'signature' as it stands in the table
DELETE FROM hydra_oauth2_pkce WHERE signature = :'signature';
