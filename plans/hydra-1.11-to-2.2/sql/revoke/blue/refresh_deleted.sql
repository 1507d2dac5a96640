-- A refresh token was removed: used twice, or with what it hangs on. :'signature' as it stands in the table
DELETE FROM hydra_oauth2_refresh WHERE signature = :'signature';
