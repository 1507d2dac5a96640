-- A code was exchanged: it may not be again. :'signature' as it stands in the table
UPDATE hydra_oauth2_code SET active = false WHERE signature = :'signature';
