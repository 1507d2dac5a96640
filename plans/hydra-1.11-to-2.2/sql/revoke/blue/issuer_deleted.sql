-- An issuer is trusted no more. :'id' of the issuer
DELETE FROM hydra_oauth2_trusted_jwt_bearer_issuer WHERE id = :'id';
