-- A row of hydra_oauth2_code was removed. :'signature' as it stands in the table
DELETE FROM hydra_oauth2_code WHERE signature = :'signature';
