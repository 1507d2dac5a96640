-- A row of hydra_oauth2_oidc was removed. :'signature' as it stands in the table
DELETE FROM hydra_oauth2_oidc WHERE signature = :'signature';
