-- A refresh token was used or revoked: it stays, and is active no more. :'signature' as it stands in the table
UPDATE hydra_oauth2_refresh SET active = false WHERE signature = :'signature';
